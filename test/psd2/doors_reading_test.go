package psd2

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"okienko/bank/xs2a"
	"okienko/client"
	"okienko/okienkotest"
)

// reader is a consent to read all of an account.
func (g *doors) reader(by int, login, number string) *given {
	g.Helper()
	have := g.usable(func(c *given) bool {
		return c.by == by && c.scope == xs2a.AccountInfo && !c.single && len(c.rights) == 2+len(every) && slices.Contains(c.numbers, number)
	})
	if len(have) > 0 {
		return have[g.dice.IntN(len(have))]
	}
	read := client.Read{Numbers: []string{number}, Days: 90, Statuses: every}
	if g.dice.IntN(3) > 0 {
		return g.asked(by, login, read.Numbers, client.Consent{Read: &read, Until: g.Inside().Now().AddDate(0, 0, 60+g.dice.IntN(110))})
	}
	return g.exchanged(by, login, &read)
}

// exchanged goes from the list of accounts to reading one of them, each step at a
// door of its own.
func (g *doors) exchanged(by int, login string, read *client.Read) *given {
	g.Helper()
	c := g.asked(by, login, read.Numbers, client.Consent{Accounts: true, Until: g.Inside().Now().AddDate(0, 0, 170)})
	s := g.session(c)
	for _, p := range g.parties[by] {
		list, err := p.Accounts(g.Context(), s)
		if err != nil || len(list) != 1 || list[0].Number[len(list[0].Number)-4:] != read.Numbers[0][len(read.Numbers[0])-4:] {
			g.Errorf("the list in %s is %+v, %v", speaks(p), list, err)
		}
	}
	p := g.in(by)
	g.say("an exchange in %s", speaks(p))
	tokens, err := p.ExchangeToAIS(g.Context(), c.tokens.Access, c.id, c.until, *read)
	if err != nil {
		g.Fatalf("exchanging in %s: %v", speaks(p), err)
	}
	c.tokens, c.at = tokens, g.Inside().Now()
	c.reads(read)
	g.refused(by, http.StatusUnauthorized, "the list with a token that was exchanged", func(p *okienkotest.ThirdParty) error {
		_, err := p.Accounts(g.Context(), s)
		return err
	})
	g.met("a list exchanged")
	return c
}

// own draws an account of a private customer who pays and reads.
func (g *doors) own() *watched {
	var some []*watched
	for _, a := range g.accounts {
		if (a.login == "jan" || a.login == "anna") && a.Customer == "customer-"+a.login {
			some = append(some, a)
		}
	}
	return some[g.dice.IntN(len(some))]
}

// readEverywhere reads an account under one token in every form: balances, a list
// by pages and one item, and what was not granted.
func (g *doors) readEverywhere() {
	g.Helper()
	a, by := g.own(), g.dice.IntN(len(g.parties))
	statuses := slices.Clone(every)
	g.dice.Shuffle(len(statuses), func(i, j int) { statuses[i], statuses[j] = statuses[j], statuses[i] })
	read := client.Read{Numbers: []string{a.Number}, Days: 30, Statuses: statuses[:1+g.dice.IntN(len(statuses)-1)]}
	var c *given
	if g.dice.IntN(2) == 0 {
		c = g.exchanged(by, a.login, &read)
	} else {
		c = g.asked(by, a.login, read.Numbers, client.Consent{Read: &read, Until: g.Inside().Now().AddDate(0, 0, 1+g.dice.IntN(100))})
	}
	s := g.session(c)
	g.sameDetails(a, c, s)
	g.sameList(a, c, s, read.Statuses[0])
	g.refused(by, http.StatusForbidden, "a list that was not granted", func(p *okienkotest.ThirdParty) error {
		_, err := p.TransactionsPage(g.Context(), s, g.handle(c, p, a.Number), client.Filter{Status: statuses[len(statuses)-1]})
		return err
	})
	g.refused(by, http.StatusForbidden, "the list of accounts with a token for one", func(p *okienkotest.ThirdParty) error {
		_, err := p.Accounts(g.Context(), s)
		return err
	})
	g.met("read in every form")
}

// sameList compares a list of an account, and its newest item, in all forms.
func (g *doors) sameList(a *watched, c *given, s client.Session, status string) {
	g.Helper()
	first := ""
	for i, p := range g.parties[c.by] {
		id := g.handle(c, p, a.Number)
		var text strings.Builder
		list := transactions(g.T, p, s, id, client.Filter{Status: status, PageSize: 1 + g.dice.IntN(30)})
		for n := range list {
			text.WriteString(spelt(&list[n]))
		}
		if len(list) > 0 {
			one, err := p.Transaction(g.Context(), s, id, list[0].ID)
			if err != nil || one.ID != list[0].ID || one.Amount != list[0].Amount || one.Description != list[0].Description {
				g.Errorf("the item %+v is %+v by itself in %s, %v", list[0], one, speaks(p), err)
			}
		}
		if i == 0 {
			first = text.String()
		} else if text.String() != first {
			g.Errorf("%s %s in %s:\n%sin %s:\n%s", a.Number, status, speaks(g.parties[c.by][0]), first, speaks(p), text.String())
		}
	}
}

// spelt is what every form says of an item.
func spelt(t *client.Transaction) string {
	return fmt.Sprintln(t.ID, t.Amount, t.Currency, t.Description, t.Category, t.Balance, t.BookingDate, t.TradeDate,
		t.Sender.AccountNumber, t.Recipient.AccountNumber, t.RejectionReason, t.HoldExpiration)
}

// readAlone calls without the customer: four calls in 24 hours, however they are
// split between the forms.
func (g *doors) readAlone() {
	g.Helper()
	a, by := g.own(), g.dice.IntN(len(g.parties))
	c := g.reader(by, a.login, a.Number)
	s := g.session(c)
	s.Present = nil
	kind := append([]string{""}, every...)[g.dice.IntN(1+len(every))]
	call := func(p *okienkotest.ThirdParty) (err error) {
		id := g.handle(c, p, a.Number)
		if kind == "" {
			_, err = p.AccountDetails(g.Context(), s, id)
		} else {
			_, err = p.TransactionsPage(g.Context(), s, id, client.Filter{Status: kind})
		}
		return err
	}
	key := a.Number + kind
	for range 2 + g.dice.IntN(5) {
		now := g.Inside().Now()
		c.calls[key] = slices.DeleteFunc(c.calls[key], func(at time.Time) bool { return now.Sub(at) >= 24*time.Hour })
		if len(c.calls[key]) >= 4 {
			g.say("a fifth call of %q alone in every form", kind)
			g.refused(by, http.StatusTooManyRequests, "a fifth call", call)
			g.met("the fifth call alone")
			return
		}
		p := g.in(by)
		g.say("call %d of %q alone in %s", len(c.calls[key])+1, kind, speaks(p))
		if err := call(p); err != nil {
			g.Errorf("call %d alone in %s: %v", len(c.calls[key])+1, speaks(p), err)
		}
		c.calls[key] = append(c.calls[key], now)
	}
}

// readOnce spends rights of a single use at one door, and finds them spent at all.
func (g *doors) readOnce() {
	g.Helper()
	a, by := g.own(), g.dice.IntN(len(g.parties))
	c := g.asked(by, a.login, []string{a.Number}, client.Consent{Read: &client.Read{Numbers: []string{a.Number}, Days: 20, Statuses: every, Once: true}})
	s := g.session(c)
	for _, status := range every[:1+g.dice.IntN(3)] {
		call := func(p *okienkotest.ThirdParty) error {
			_, err := p.TransactionsPage(g.Context(), s, g.handle(c, p, a.Number), client.Filter{Status: status})
			return err
		}
		p := g.in(by)
		if err := call(p); err != nil {
			g.Errorf("a single use of %s in %s: %v", status, speaks(p), err)
		}
		c.spent[rightOf[status]] = true
		g.refused(by, http.StatusForbidden, "a second use of "+status, call)
		g.met("a single use spent")
	}
}
