package authserver

import (
	"crypto/rand"
	"io"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/rail"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Config is what a Server works with. Everything but Random, PasswordSlots,
// Network and ConsentRules is needed; where no licensed third party is served,
// nor is anything from Consents down.
type Config struct {
	Store      Store
	Agreements consent.Book
	Partners   partner.Register
	Parties    party.Register
	Accounts   account.Register
	SCA        sca.Book
	Clock      bank.Clock // bank clock: it rules codes, tokens, challenges and locks
	IDs        bank.IDs
	Random     io.Reader // secrets and codes, by many goroutines at once; crypto/rand.Reader when nil

	Environment partner.Environment
	// PasswordSlots bounds the passwords that are checked at the same time, each
	// of which takes 19 MiB; DefaultPasswordSlots when zero.
	PasswordSlots int

	Consents     ConsentStore
	ConsentBook  xs2a.Book
	ThirdParties thirdparty.Register
	Transfers    transfer.Reader
	Counters     Counters
	Access       AccessBook
	// Network judges orders before a customer is asked; without one only payments
	// inside the bank are taken.
	Network      rail.Network
	ConsentRules ConsentRules
	// Decided is called when a callback has become due; nil does without.
	Decided func()
}

// DefaultPasswordSlots keeps the memory of a wave of log-ins below 40 MiB.
const DefaultPasswordSlots = 2

// Server hands out codes and tokens and decides who somebody is. All its
// methods may be called concurrently.
type Server struct {
	store      Store
	agreements consent.Book
	partners   partner.Register
	parties    party.Register
	accounts   account.Register
	sca        sca.Book
	clock      bank.Clock
	ids        bank.IDs
	random     io.Reader
	world      partner.Environment
	passwords  chan struct{} // one slot for each password that is being checked

	consents  ConsentStore
	book      xs2a.Book
	third     thirdparty.Register
	transfers transfer.Reader
	counters  Counters
	access    AccessBook
	network   rail.Network
	rules     ConsentRules
	decided   func()
}

// New makes a server. It has nothing to start and nothing to stop.
func New(c Config) *Server {
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.PasswordSlots <= 0 {
		c.PasswordSlots = DefaultPasswordSlots
	}
	if c.Decided == nil {
		c.Decided = func() {}
	}
	return &Server{
		store: c.Store, agreements: c.Agreements, partners: c.Partners, parties: c.Parties,
		accounts: c.Accounts, sca: c.SCA, clock: c.Clock, ids: c.IDs, random: c.Random,
		world: c.Environment, passwords: make(chan struct{}, c.PasswordSlots),
		consents: c.Consents, book: c.ConsentBook, third: c.ThirdParties, transfers: c.Transfers,
		counters: c.Counters, access: c.Access, network: c.Network, rules: c.ConsentRules.withDefaults(), decided: c.Decided,
	}
}

// now is the instant by which one call decides. Microseconds are what is kept:
// an answer must say what a later reading says.
func (s *Server) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }
