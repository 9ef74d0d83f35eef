package sandbox

import (
	"fmt"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
)

// Password is the one password of everybody in the made-up world.
const Password = "okienko-sandbox"

// The sizes of a world.
const (
	DefaultSeed    = 1
	DefaultMonths  = 9
	DefaultEntries = 15_000 // imported in well under a second and a half
	MaxEntries     = 25_000
	OnlyOpening    = -1 // Entries: balances without a history, for tests that start many banks
)

// DefaultDoors is where the sandbox serves its phone, clock and callbacks.
const DefaultDoors = "https://localhost:8445"

// Config says which world to make.
type Config struct {
	Seed uint64
	// Now is the bank clock. Only its day in Warsaw counts: the same seed and the
	// same day give the same bytes.
	Now time.Time
	// PasswordHash is the stored form (argon2id, PHC) of Password. It is made once
	// for all: sixty of them would take longer than everything else.
	PasswordHash string
	Months       int    // of history, 6 to 12; 0 is DefaultMonths
	Entries      int    // at most so many; 0 is DefaultEntries, OnlyOpening none but the opening ones
	Doors        string // base URL of the sandbox's own doors; "" is DefaultDoors
}

// World is what was made up. Batch goes into the bank first, then partners,
// applications and their secrets.
type World struct {
	Batch    intake.Batch
	Partners []partner.Partner
	// Applications carry the status that each is to have. A register starts every
	// application in SANDBOX; the status is set afterwards.
	Applications []partner.Application
	Secrets      []Secret
	Owners       []Owner            // of phones
	Cast         []Character        // those whom documents and tests name
	Supervised   []thirdparty.Entry // the supervisor's register of third parties
}

// Secret is the client secret of an application, in clear.
type Secret struct {
	Client consent.ClientID
	Text   string
}

// Character is somebody whom documents and tests rely on.
type Character struct {
	Login, Name, Story string
}

func (c Config) complete() (Config, error) {
	if c.Months == 0 {
		c.Months = DefaultMonths
	}
	if c.Entries == 0 {
		c.Entries = DefaultEntries
	}
	if c.Doors == "" {
		c.Doors = DefaultDoors
	}
	switch {
	case c.Now.IsZero():
		return c, fmt.Errorf("sandbox: a world needs a day")
	case c.Months < 6 || c.Months > 12:
		return c, fmt.Errorf("sandbox: %d months of history; 6 to 12 can be had", c.Months)
	case c.Entries > MaxEntries:
		return c, fmt.Errorf("sandbox: %d entries; %d are the most", c.Entries, MaxEntries)
	}
	return c, nil
}

// NewWorld makes a world up. It fails only on a configuration that makes no
// sense, or when a table of this package is wrong.
func NewWorld(cfg Config) (*World, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	today := calendar.DateOf(cfg.Now)
	b := &builder{
		cfg: cfg, today: today, mint: newMint(cfg.Seed),
		first: calendar.Date{Year: today.Year, Month: today.Month, Day: 1}.AddDays(-1),
		world: &World{}, at: map[account.ID]int{}, opening: map[account.ID]int64{},
	}
	for range cfg.Months - 1 {
		b.first = calendar.Date{Year: b.first.Year, Month: b.first.Month, Day: 1}.AddDays(-1)
	}
	b.first.Day = 1
	b.world.Batch.Limits = map[party.CustomerID]limit.OfCustomer{}
	for _, step := range []func() error{b.people, b.companies, b.partners, b.supervisor, b.currencies, b.history} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.world, nil
}

// builder makes one world.
type builder struct {
	cfg     Config
	today   calendar.Date
	first   calendar.Date // first day of the history
	mint    *mint
	world   *World
	at      map[account.ID]int   // where in the batch an account stands
	opening map[account.ID]int64 // opening balances other than the usual ones

	households []*household
	firms      []*firm
}

// household is an individual customer with what its history needs.
type household struct {
	person   party.Person
	customer party.Customer
	main     account.ID
	savings  account.ID // "" without
	euro     account.ID // "" without
	income   int64      // a month, minor units
	pension  bool
	employer *firm // nil: one at another bank
	outside  string
	target   map[account.ID]int64 // balances in which the history must end
}

// firm is a company or a sole trader.
type firm struct {
	customer party.Customer
	account  account.ID
	sole     bool
	turnover int64 // a month, minor units
}

func (b *builder) account(a account.Account) {
	b.at[a.ID] = len(b.world.Batch.Accounts)
	b.world.Batch.Accounts = append(b.world.Batch.Accounts, a)
}

// accountByID points into the batch until the next account is added.
func (b *builder) accountByID(id account.ID) *account.Account {
	at, ok := b.at[id]
	if !ok {
		return nil
	}
	return &b.world.Batch.Accounts[at]
}

// end is how an account appears at the other end of a transfer.
func (b *builder) end(id account.ID) ledger.Party {
	a := b.accountByID(id)
	if a == nil {
		return ledger.Party{}
	}
	return ledger.Party{Name: a.Holder, Number: string(a.NRB)}
}
