package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
)

// The bank's own accounts in other currencies: an entry balances in one, and the
// accounts of intake.Own are in PLN.
const (
	sepaAccount      account.ID = "own-sepa"
	euroFromBefore   account.ID = "own-opening-eur"
	dollarFromBefore account.ID = "own-opening-usd"
)

// event is a movement that is planned: it happens if there is money for it.
type event struct {
	at       time.Time
	kind     ledger.Kind
	title    string
	from, to account.ID
	payer    ledger.Party
	payee    ledger.Party
	minor    int64
	currency money.Currency
	// above stands in the place of an amount: whatever is on the account beyond
	// it. Without such a purse everybody would grow richer from month to month.
	above int64
	spare bool // may be left out to keep the world small
}

// history plans everybody's months, keeps as much as Entries allows, and books
// it in order of time by the ledger's own rules.
func (b *builder) history() error {
	at := b.first.Start().UTC()
	for _, own := range []struct {
		id       account.ID
		name     string
		currency money.Currency
	}{{sepaAccount, "SEPA", money.EUR}, {euroFromBefore, "Opening balances in EUR", money.EUR}, {dollarFromBefore, "Opening balances in USD", money.USD}} {
		zero := money.Zero(own.currency)
		b.account(account.Account{ID: own.id, Kind: account.Own, Holder: own.name, Name: own.name, Status: account.Open, OpenedAt: at,
			Access: account.Access{State: account.AccessOff, By: "bank", At: at, Why: "the bank's own account"}, Booked: zero, Held: zero, Overdraft: zero})
	}
	// A person's month is about forty events; growing the slice would copy them
	// several times over.
	p := &plan{builder: b, events: make([]event, 0, 40*b.cfg.Months*(len(b.households)+len(b.firms)))}
	if b.cfg.Entries == OnlyOpening {
		p.events = nil
	}
	p.openings()
	if b.cfg.Entries != OnlyOpening {
		for m := b.first; m.Before(b.today); m = nextMonth(m) {
			for i, h := range b.households {
				p.household(h, i, m)
			}
			for i, f := range b.firms {
				p.firm(f, i, m)
			}
		}
	}
	slices.SortStableFunc(p.events, func(x, y event) int { return x.at.Compare(y.at) })
	if err := p.thin(); err != nil {
		return err
	}
	return p.book()
}

func nextMonth(d calendar.Date) calendar.Date {
	n := d.AddDays(31)
	return calendar.Date{Year: n.Year, Month: n.Month, Day: 1}
}

// plan gathers events.
type plan struct {
	*builder
	events []event
}

// add plans an event for a time of a day, unless the day has not passed: what
// lies in the future belongs to those who use the sandbox. The last hours of
// yesterday are left to the closing entries.
func (p *plan) add(day calendar.Date, minute int, e event) {
	if e.minor <= 0 && e.above <= 0 || !day.Before(p.today) || day.Before(p.first) {
		return
	}
	e.at = day.Start().Add(time.Duration(minute) * time.Minute).UTC()
	if e.currency == "" {
		e.currency = money.PLN
	}
	p.events = append(p.events, e)
}

// openings brings in what people had before. It is enough for a month, so that
// nobody's history begins with a refused rent.
func (p *plan) openings() {
	for i := range p.world.Batch.Accounts {
		a := &p.world.Batch.Accounts[i]
		if a.Kind == account.Own || a.Status == account.Closed {
			continue
		}
		d := throw(p.cfg.Seed, "opening of "+string(a.ID))
		e := event{kind: ledger.Opening, title: "Saldo początkowe", from: intake.OpeningAccount, to: a.ID, minor: d.grosze(1500, 6000), payee: p.end(a.ID)}
		switch {
		case a.Currency() == money.EUR:
			e.from, e.currency, e.minor = euroFromBefore, money.EUR, d.grosze(400, 900)
		case a.Currency() == money.USD:
			e.from, e.currency = dollarFromBefore, money.USD
		case a.Product.Type == "BUSINESS":
			e.minor = d.grosze(40_000, 120_000)
		}
		if minor, ok := p.opening[a.ID]; ok {
			e.minor = minor
		}
		p.add(p.first, 60, e)
	}
}

// thin leaves out spare events, evenly, until what stays fits into Entries with
// the closing entries.
func (p *plan) thin() error {
	if p.cfg.Entries == OnlyOpening {
		return nil
	}
	spare := 0
	for _, e := range p.events {
		if e.spare {
			spare++
		}
	}
	over := len(p.events) + len(roles())*2 - p.cfg.Entries
	switch {
	case over <= 0:
		return nil
	case over > spare:
		return fmt.Errorf("sandbox: a history of %d months needs at least %d entries", p.cfg.Months, p.cfg.Entries+over-spare)
	}
	kept, seen := p.events[:0], 0
	for _, e := range p.events {
		if e.spare {
			seen++
			if seen*over/spare != (seen-1)*over/spare {
				continue
			}
		}
		kept = append(kept, e)
	}
	p.events = kept
	return nil
}

// book posts the events over accounts of its own and keeps those that the
// ledger takes: a card is declined for want of money here as it is in life.
func (p *plan) book() error {
	books := books{}
	for _, a := range intake.Own(p.first.Start()) {
		books[a.ID] = &a
	}
	for _, a := range p.world.Batch.Accounts {
		books[a.ID] = &a
	}
	p.world.Batch.Entries = make([]ledger.Entry, 0, len(p.events)+2*len(roles()))
	for _, e := range p.events {
		if err := p.post(books, e); err != nil {
			return err
		}
	}
	return p.close(books)
}

type books map[account.ID]*account.Account

func (b books) Account(id account.ID) *account.Account { return b[id] }

func (p *plan) post(in books, e event) error {
	if e.above > 0 {
		const rounded = 50_00
		if e.minor = (in[e.from].Booked.Minor() - e.above) / rounded * rounded; e.minor <= 0 {
			return nil
		}
	}
	postings, err := ledger.Move(e.from, e.to, money.New(e.minor, e.currency))
	if err != nil {
		return fmt.Errorf("sandbox: %s: %w", e.title, err)
	}
	trial := ledger.Entry{Postings: slices.Clone(postings)} // Post fills in what only the bank itself can know
	if err := ledger.Post(in, &trial); err != nil {
		if bank.CodeOf(err) == bank.InsufficientFunds {
			return nil
		}
		return fmt.Errorf("sandbox: %s: %w", e.title, err)
	}
	entries := &p.world.Batch.Entries
	*entries = append(*entries, ledger.Entry{
		ID: ledger.EntryID(fmt.Sprintf("history-%06d", len(*entries)+1)), At: e.at, Kind: e.kind, Title: e.title,
		Payer: e.payer, Payee: e.payee, Postings: postings,
	})
	return nil
}

// close ends the named accounts in the balances that documents name.
func (p *plan) close(in books) error {
	var closing []event
	at := p.today.Start().Add(-30 * time.Minute).UTC()
	for _, h := range p.households {
		for id, target := range h.target {
			outside := ledger.Party{Name: h.customer.Name, Number: elsewhere(p.cfg.Seed, h.customer.Name)}
			e := event{at: at, kind: ledger.Transfer, title: "Przelew własny", currency: in[id].Currency(),
				from: intake.ElixirAccount, to: id, payer: outside, payee: p.end(id), minor: target - in[id].Booked.Minor()}
			if e.currency == money.EUR {
				e.from = sepaAccount
			}
			if e.minor < 0 {
				e.from, e.to, e.payer, e.payee, e.minor = e.to, e.from, e.payee, e.payer, -e.minor
			}
			if e.minor != 0 {
				closing = append(closing, e)
			}
		}
	}
	slices.SortFunc(closing, func(x, y event) int { return cmp.Compare(x.from+x.to, y.from+y.to) }) // a map has no order
	for _, e := range closing {
		if err := p.post(in, e); err != nil {
			return err
		}
	}
	return nil
}
