package psd2

import (
	"time"

	bankaccount "okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/transfer"
	"okienko/client"
	"okienko/okienkotest"
)

// rank orders the statuses of the wire: none follows one of a higher rank, and
// those of the highest are for ever.
func rank(status string) int {
	switch status {
	case "SUBMITTED":
		return 0
	case "SCHEDULED", "IN_PROGRESS":
		return 1
	case "PENDING":
		return 2
	}
	return last
}

const last = 3

// follow asks for the status of something that was ordered.
func (g *game) follow() {
	g.Helper()
	if len(g.orders) == 0 {
		return
	}
	o := g.orders[g.dice.IntN(len(g.orders))]
	next, err := o.by.Refresh(g.Context(), o.given.Refresh)
	if client.IsGone(err) {
		g.met("consents that ran out")
		return
	}
	if err != nil {
		g.Fatal(err)
	}
	o.given.Tokens = next
	ask := o.by.PaymentStatus
	if o.bundle {
		ask = o.by.BundleStatus
	}
	now, err := ask(g.Context(), o.given.Session(), o.made)
	if err != nil {
		g.Fatalf("status: %v", err)
	}
	if was, is := rank(o.status), rank(now.GeneralStatus); is < was || (was == last && now.GeneralStatus != o.status) {
		g.Errorf("%s has become %s", o.status, now.GeneralStatus)
	}
	if o.status != now.GeneralStatus {
		o.status = now.GeneralStatus
		g.met(o.status)
	}
}

// agreeAll holds every account, and every transfer in the books, against what was
// before.
func (g *game) agreeAll() {
	g.Helper()
	for _, a := range g.accounts {
		g.agree(a)
		for _, t := range g.transfers(g.stored(a), nil) {
			was := g.statuses[t.ID]
			switch {
			case was.Final() && t.Status != was, was == transfer.Pending && t.Status == transfer.Scheduled, t.Status == transfer.Submitted && was != "":
				g.Errorf("transfer %s was %s and is %s", t.ID, was, t.Status)
			}
			g.statuses[t.ID] = t.Status
		}
	}
}

func (g *game) stored(a *watched) bankaccount.Account {
	g.Helper()
	stored, err := g.Inside().Books.AccountByNumber(g.Context(), nrb.NRB(a.Number))
	if err != nil {
		g.Fatal(err)
	}
	return stored
}

// transfers are all of an account with some statuses.
func (g *game) transfers(a bankaccount.Account, statuses []transfer.Status) []transfer.Transfer {
	g.Helper()
	const size = 500
	var out []transfer.Transfer
	f := transfer.Filter{Account: a.ID, Statuses: statuses, Size: size}
	for {
		page, err := books(g.T, g.Bank).Transfers(g.Context(), f)
		if err != nil {
			g.Fatal(err)
		}
		if out = append(out, page...); len(page) < size {
			return out
		}
		f.BeforeAt, f.BeforeID = page[size-1].CreatedAt, page[size-1].ID
	}
}

// agree compares the ledger, AIS and CAF about one account, through one of the
// third parties.
func (g *game) agree(a *watched) {
	g.Helper()
	by := g.dice.IntN(len(g.parties))
	p, s := g.parties[by], g.session(a, by)
	id := a.reads[by].AccountIDs()[0]
	stored := g.stored(a)
	free, err := stored.Available()
	if err != nil {
		g.Fatal(err)
	}
	c := stored.Currency()
	if free.IsNegative() {
		g.Errorf("%s %s is overdrawn: %s", a.login, a.Name, free)
	}
	details, err := p.AccountDetails(g.Context(), s, id)
	if err != nil || details.BookingBalance != stored.Booked.String() || details.AvailableBalance != free.String() {
		g.Errorf("%s %s: the ledger has %s, %s available; AIS %s, %s (%v)", a.login, a.Name, stored.Booked, free, details.BookingBalance, details.AvailableBalance, err)
	}
	if a.Type != "VAT" {
		more := money.New(free.Minor()+1, c)
		for _, ask := range []struct {
			amount money.Amount
			want   bool
		}{{free, true}, {more, false}} {
			if !ask.amount.IsPositive() {
				continue
			}
			if got, err := p.Funds(g.Context(), a.Number, ask.amount.String(), string(c)); err != nil || got != ask.want {
				g.Errorf("%s %s has %s available; CAF says %t of %s (%v)", a.login, a.Name, free, got, ask.amount, err)
			}
		}
	}
	g.shown(a, &stored, p, s, id)
}

// shown holds what AIS lists against the balances: what waits and what is held is
// what is set aside, and each booked item leads to the balance of the next.
func (g *game) shown(a *watched, stored *bankaccount.Account, p *okienkotest.ThirdParty, s client.Session, id string) {
	g.Helper()
	c := stored.Currency()
	aside := int64(0)
	for _, status := range []string{"PENDING", "HOLD"} {
		for _, one := range transactions(g.T, p, s, id, client.Filter{Status: status}) {
			aside -= pln(g.T, one.Amount).Minor()
		}
	}
	// The VAT account pays its part of a split payment, which is shown where the
	// rest of it is paid.
	for _, o := range g.accounts {
		if a.Customer != o.Customer || (o != a && a.Type != "VAT") {
			continue
		}
		for _, t := range g.transfers(g.stored(o), []transfer.Status{transfer.Pending}) {
			switch {
			case o == a:
				aside -= t.FromVAT.Minor()
			case t.VAT == stored.ID:
				aside += t.FromVAT.Minor()
			}
		}
	}
	if aside != stored.Held.Minor() {
		g.Errorf("%s %s: %s is set aside, AIS shows %s", a.login, a.Name, stored.Held, money.New(aside, c))
	}
	page, err := p.TransactionsPage(g.Context(), s, id, client.Filter{Status: "DONE", PageSize: 50})
	if err != nil {
		g.Fatal(err)
	}
	balance := stored.Booked.String()
	for _, one := range page.Transactions {
		if one.Balance != balance {
			g.Errorf("%s %s: after %q the balance was %s, the next item says %s", a.login, a.Name, one.Description, one.Balance, balance)
			return
		}
		balance = less(g.T, one.Balance, one.Amount)
	}
}

// session is a fresh one for an account, under a consent of its own.
func (g *game) session(a *watched, by int) client.Session {
	g.Helper()
	p, now := g.parties[by], g.Inside().Now()
	if a.reads[by] == nil || now.Sub(a.given[by]) > 80*24*time.Hour {
		a.reads[by] = reads(g.T, p, a.login, a.Number)
		a.at[by], a.given[by] = now, now
	}
	if now.Sub(a.at[by]) > 5*time.Minute {
		a.reads[by].Tokens = refreshed(g.T, p, a.reads[by].Refresh)
		a.at[by] = now
	}
	return a.reads[by].Session()
}
