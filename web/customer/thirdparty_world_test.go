package customer

import (
	"context"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

const (
	portfel  thirdparty.Organisation = "PSDPL-PFSA-5250007738" // everything
	karta    thirdparty.Organisation = "PSDPL-PFSA-1132245670" // card issuer
	goBack                           = "https://portfel.example/back?keep=1"
	farAway                          = "10114020040000000000000101" // at another bank
	landlord                         = "Jan Nowak"
)

// silentNetwork takes every payment and never says what became of it.
type silentNetwork struct{}

func (silentNetwork) Check(context.Context, transfer.System, *transfer.Instruction) error { return nil }
func (silentNetwork) Send(context.Context, *transfer.Transfer) (rail.Verdict, error) {
	return rail.Verdict{Outcome: rail.Unknown}, nil
}

// third registers the third party, once.
func (w *world) third() *thirdparty.Client {
	w.Helper()
	since := w.bank.Now().AddDate(-1, 0, 0)
	w.must(w.store.ImportEntries(w.ctx, []thirdparty.Entry{
		{Organisation: portfel, Name: "Portfel Rodzinny S.A.", Country: "PL", Roles: []thirdparty.Role{thirdparty.AccountInformation, thirdparty.PaymentInitiation}, Since: since, ImportedAt: since},
		{Organisation: karta, Name: "Karta Miejska S.A.", Country: "PL", Roles: []thirdparty.Role{thirdparty.CardIssuing}, Since: since, ImportedAt: since},
	}, w.bank.Now(), w.did("register.imported")))
	c, err := w.store.ChangeClient(w.ctx, portfel, func(had *thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		if had != nil {
			return *had, nil, nil
		}
		return thirdparty.Client{
			ID: "11111111-2222-1333-8444-555555555555", Organisation: portfel, Name: "Portfel Rodzinny S.A.", RedirectURIs: []string{goBack},
			Status: thirdparty.Active, StatusBy: "test", Since: since,
		}, []audit.Record{w.did("third_party.registered")}, nil
	})
	w.must(err)
	return &c
}

// asks opens a request as the door for third parties does.
func (w *world) asks(c xs2a.Consent) string {
	w.Helper()
	return w.asksOf(authserver.PSUContext{}, c)
}

// asksOf does so and says whom the third party sends.
func (w *world) asksOf(sent authserver.PSUContext, c xs2a.Consent) string {
	w.Helper()
	if c.Until.IsZero() {
		c.Until = w.bank.Now().Add(90 * 24 * time.Hour)
	}
	r, err := w.auth.AskConsent(w.ctx, authserver.ConsentAsk{Client: w.third(), Consent: c, State: state, RedirectURI: goBack, Context: sent})
	w.must(err)
	return string(r.ID)
}

func toRead(id string) xs2a.Consent {
	return xs2a.Consent{TPPID: id, Scope: xs2a.AccountInfo, Grants: []xs2a.Grant{
		{Right: xs2a.ReadAccount}, {Right: xs2a.ReadDone, HistoryDays: 90}, {Right: xs2a.ReadTransaction, Single: true},
	}}
}

// rent is a transfer to another bank.
func rent(minor int64) *transfer.Instruction {
	return &transfer.Instruction{
		Kind: transfer.Domestic, Recipient: transfer.Party{Account: farAway, Name: landlord, Address: transfer.Address{Lines: []string{"ul. Długa 5"}}},
		Description: "Czynsz za grudzień", Amount: pln(minor), Delivery: transfer.StandardD1, System: transfer.Elixir, Mode: transfer.Immediate,
	}
}

func toPay(id string, orders ...*transfer.Instruction) xs2a.Consent {
	right, what := xs2a.Initiate, &xs2a.What{}
	for i, o := range orders {
		ordered := xs2a.Ordered{Order: *o}
		if len(orders) > 1 {
			ordered.TPPID = id + string(rune('a'+i))
			right, what.Bundle = xs2a.InitiateBundle, true
			if i == 0 {
				what.Total = money.Zero(o.Amount.Currency())
			}
			what.Total, _ = what.Total.Add(o.Amount)
		}
		if o.Mode == transfer.Recurring {
			right = xs2a.InitiateRecurring
		}
		what.Orders = append(what.Orders, ordered)
	}
	return xs2a.Consent{TPPID: id, Scope: xs2a.Payments, Grants: []xs2a.Grant{{Right: right, Single: true}, {Right: xs2a.ReadPayment}}, Payment: what}
}

// gives has Anna give a consent by her code, and finds it.
func (w *world) gives(b *browser, c xs2a.Consent, accounts ...account.ID) xs2a.Consent {
	w.Helper()
	id := w.asks(c)
	form := []string{"decision", "continue"}
	for _, a := range accounts {
		form = append(form, "account", string(a))
	}
	b.post("/consent/"+id, form...).leads(303, "/factor/consent/"+id)
	b.post("/factor/consent/"+id+"/code", "code", w.sms(anna)).leads(303, goBack+"&code=")
	got, err := w.store.ConsentByTPP(w.ctx, w.third().ID, c.TPPID)
	w.must(err)
	return got
}

// pays has the payment of a consent made, as the door for third parties does.
func (w *world) pays(c *xs2a.Consent) payment.Outcome {
	w.Helper()
	o := &payment.Initiate{Consent: c.ID, Client: c.Client, TPPID: "pay-" + c.TPPID, Bundle: c.Payment.Bundle, Total: c.Payment.Total}
	for i := range c.Payment.Orders {
		o.Orders = append(o.Orders, payment.Initiation{TPPID: c.Payment.Orders[i].TPPID, Order: c.Payment.Orders[i].Order})
	}
	out, err := w.desk.Do(w.ctx, o)
	w.must(err)
	return out
}

func later(o *transfer.Instruction, on calendar.Date) *transfer.Instruction {
	o.Mode, o.ExecutionDate = transfer.FutureDated, on
	return o
}

func monthly(o *transfer.Instruction, from calendar.Date) *transfer.Instruction {
	o.Mode, o.Recurrence = transfer.Recurring, &transfer.Recurrence{Start: from, Every: transfer.Month, Count: 1}
	return o
}

// limited sets a customer's own limits; nil leaves one out.
func (w *world) limited(who party.PersonID, c party.CustomerID, daily int64) {
	w.Helper()
	b := w.as(who, c)
	b.post("/limits", "oneoff_single", "", "oneoff_daily", pln(daily).String(), "oneoff_monthly", "", "recurring_single", "", "recurring_daily", "", "recurring_monthly", "").leads(303, "/limits")
}
