package storetest

import (
	"fmt"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// payer is a customer of a world who lets a third party order transfers.
type payer struct {
	w        *world
	name     string
	customer party.CustomerID
	account  account.ID
}

// payer makes a customer with money.
func (w *world) payer(name string, balance money.Amount) payer {
	w.t.Helper()
	register(w.t, w.s, w.clock.Now())
	p := payer{w: w, name: name, customer: party.CustomerID("cus-" + name), account: account.ID("acc-" + name)}
	w.customer(name, p.account, balance)
	return p
}

// also gives the customer a second account, with money from an own account.
func (p payer) also(id account.ID, balance money.Amount, from account.ID) {
	w := p.w
	w.t.Helper()
	w.customers++
	number, err := nrb.Make("99900005", fmt.Sprintf("%016d", w.customers))
	must(w.t, err)
	zero := money.Zero(balance.Currency())
	now := w.clock.Now()
	postings, err := ledger.Move(from, id, balance)
	must(w.t, err)
	must(w.t, w.s.Import(w.t.Context(), &intake.Batch{
		Accounts: []account.Account{{
			ID: id, Kind: account.Customer, Customer: p.customer, NRB: number, Holder: p.name, Name: "Drugie", Status: account.Open,
			Access: account.FirstAccess(party.Individual, now), OpenedAt: now, Booked: zero, Held: zero, Overdraft: zero,
		}},
		Entries: []ledger.Entry{{ID: ledger.EntryID(w.ids.NewID()), At: now, Kind: ledger.Opening, Title: "Saldo początkowe", Postings: postings}},
	}))
}

// someFee is what every transfer of the suite costs, in its own currency.
func someFee(c money.Currency) money.Amount { return money.New(50, c) }

// elixir is the order of a domestic transfer to another bank, for the first session
// of the next business day.
func elixir(amount money.Amount) transfer.Instruction {
	number, err := nrb.Make("11402004", fmt.Sprintf("%016d", 7))
	if err != nil {
		panic(err)
	}
	return transfer.Instruction{
		Kind: transfer.Domestic, Recipient: transfer.Party{Account: string(number), Name: "Piotr Zet"}, Description: "Za obiad",
		Amount: amount, Delivery: transfer.StandardD1, System: transfer.Elixir, Mode: transfer.Immediate,
	}
}

// within is the order of a transfer inside the bank, to the partner of the world.
func within(amount money.Amount) transfer.Instruction {
	i := elixir(amount)
	i.System = transfer.Internal
	return i
}

func sepa(amount int64) transfer.Instruction {
	i := elixir(money.New(amount, money.EUR))
	i.Kind, i.System, i.Recipient.Account = transfer.EEA, transfer.SEPA, "DE89370400440532013000"
	return i
}

// asked asks for a consent to orders; the id is the third party's too.
func (p payer) asked(id string, c xs2a.Consent) authserver.ConsentRequest {
	w, now := p.w, p.w.clock.Now()
	w.t.Helper()
	c.ID, c.Version, c.Client, c.Organisation, c.Name, c.TPPID = xs2a.ID("consent-"+id), 1, theTPP, theOrganisation, "Finansowo", "tpp-"+id
	c.Scope, c.Status, c.AskedAt, c.Until = xs2a.Payments, xs2a.Asked, now, now.Add(100*24*time.Hour)
	r := authserver.ConsentRequest{
		ID: authserver.RequestID("request-" + id), Consent: c.ID, Client: theTPP, State: "s", RedirectURI: "https://finansowo.example/back",
		CreatedAt: now, ExpiresAt: now.Add(time.Hour), Status: authserver.RequestOpen,
	}
	must(w.t, w.s.AskConsent(w.t.Context(), c, r, audit.Record{At: now, Act: "consent.asked"}))
	r, err := w.s.ChangeConsentRequest(w.t.Context(), r.ID, func(r *authserver.ConsentRequest, _ *xs2a.Consent) ([]audit.Record, error) {
		r.Choice = &authserver.ConsentChoice{Person: party.PersonID("per-" + p.name), Customer: p.customer, Accounts: []account.ID{p.account}}
		return nil, nil
	})
	must(w.t, err)
	return r
}

// gives has a consent asked for and given, by the acts of the bank.
func (p payer) gives(id string, c xs2a.Consent) xs2a.Consent {
	w, now := p.w, p.w.clock.Now()
	w.t.Helper()
	r := p.asked(id, c)
	person := r.Choice.Person
	subject := sca.Subject{Purpose: sca.ForConsent, ID: string(r.Consent), Binding: "chosen"}
	challenge := w.passed(person, subject)
	given, err := w.s.GiveConsent(w.t.Context(), r.ID, consent.Use{Challenge: challenge, Person: person, Purpose: sca.ForConsent, Subject: subject.ID, Binding: "chosen"},
		authserver.Code{Hash: digest("code " + id), ExpiresAt: now.Add(time.Minute)}, func(r *authserver.ConsentRequest, c *xs2a.Consent) ([]audit.Record, error) {
			c.Status, c.Customer, c.Person, c.GivenAt, c.ProvenAt = xs2a.Active, p.customer, person, now, now
			c.Accounts = []xs2a.Reach{{Ref: "ref-" + id, Account: p.account, Number: string(w.account(p.account).NRB)}}
			return []audit.Record{{At: now, Act: "consent.given"}}, nil
		})
	must(w.t, err)
	_, err = w.s.RedeemConsent(w.t.Context(), digest("code "+id), now, func(authserver.Code) error { return nil },
		func(authserver.Code, *xs2a.Consent) (authserver.ConsentIssued, error) {
			token := func(name string) authserver.ConsentToken {
				return authserver.ConsentToken{Token: authserver.Token{Hash: digest(name + id), IssuedAt: now, ExpiresAt: now.Add(time.Hour)}}
			}
			return authserver.ConsentIssued{Access: token("access "), Refresh: token("refresh ")}, nil
		})
	must(w.t, err)
	return given
}

// to is a consent to orders, as it is asked for.
func to(orders ...transfer.Instruction) xs2a.Consent {
	c := xs2a.Consent{Payment: &xs2a.What{Bundle: len(orders) > 1}, Grants: []xs2a.Grant{{Right: xs2a.Initiate, Single: true}, {Right: xs2a.ReadPayment}}}
	for n, i := range orders {
		o := xs2a.Ordered{Order: i, System: i.System, Fee: someFee(i.Amount.Currency())}
		if len(orders) > 1 {
			o.TPPID = fmt.Sprintf("inner-%d-%s", n, i.Amount)
			c.Payment.Total = money.New(c.Payment.Total.Minor()+i.Amount.Minor(), i.Amount.Currency())
			c.Grants[0].Right = xs2a.InitiateBundle
		}
		if i.System == transfer.Internal {
			o.Payee = collector
		}
		if i.Split != nil {
			o.VAT = account.ID("vat-account")
		}
		if i.Recurrence != nil {
			c.Grants[0].Right = xs2a.InitiateRecurring
		}
		c.Payment.Orders = append(c.Payment.Orders, o)
	}
	return c
}

// order is what the third party sends for a consent.
func order(c xs2a.Consent) *payment.Initiate {
	o := &payment.Initiate{Consent: c.ID, Client: theTPP, TPPID: "order-" + c.TPPID, Bundle: c.Payment.Bundle, Total: c.Payment.Total}
	for _, one := range c.Payment.Orders {
		o.Orders = append(o.Orders, payment.Initiation{TPPID: one.TPPID, Order: one.Order})
	}
	return o
}

// pays has a consent given and its payment ordered.
func (p payer) pays(id string, orders ...transfer.Instruction) payment.Outcome {
	p.w.t.Helper()
	out, err := p.w.do(order(p.gives(id, to(orders...))))
	must(p.w.t, err)
	return out
}

// revokes is the order that cancels, under a consent of its own.
func (p payer) revokes(id string, what xs2a.What) *payment.Revoke {
	p.w.t.Helper()
	c := p.gives(id, xs2a.Consent{Payment: &what, Grants: []xs2a.Grant{{Right: xs2a.CancelPayment, Single: true}}})
	return &payment.Revoke{Consent: c.ID, Client: theTPP, Transfer: what.Transfer, Bundle: what.OfBundle, Standing: what.Standing}
}

func settle(id transfer.ID) *payment.Settle {
	return &payment.Settle{Transfer: id, Verdict: rail.Verdict{Outcome: rail.Settled}}
}
