package payment_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// What licensed third parties order, in the small world of the teller. Anna also
// has an account in EUR and a VAT account.
const (
	fintech, other thirdparty.ClientID = "fintech", "other-tpp"
	euros, vat     account.ID          = "anna-euros", "anna-vat"
	orderFee                           = "0.50"
)

// Numbers of accounts: the payer's, and two payees' in other banks.
func numberOf(n int) string {
	made, err := nrb.Make("11402004", fmt.Sprintf("%016d", n))
	if err != nil {
		panic(err)
	}
	return string(made)
}

func elixirClearing() account.ID { return rail.Clearing(transfer.Elixir, money.PLN) }

// newAgency is a teller in whose world third parties order.
func newAgency(t *testing.T) *teller {
	t.Helper()
	k := newTeller(t)
	openForThirdParties(k.book.PutAccount)
	return k
}

func openForThirdParties(put func(account.Account)) {
	put(account.Account{
		ID: euros, Kind: account.Customer, Customer: anna, Holder: string(anna), Status: account.Open, Access: account.Access{State: account.AccessOn},
		Booked: eur("1000.00"), Held: eur("0.00"), Overdraft: eur("0.00"),
	})
	put(account.Account{
		ID: vat, Kind: account.Customer, Customer: anna, Holder: string(anna), Status: account.Open, Access: account.Access{State: account.AccessOff},
		Booked: pln("20.00"), Held: pln("0.00"), Overdraft: pln("0.00"),
	})
	own := func(id account.ID, zero money.Amount) {
		put(account.Account{ID: id, Kind: account.Own, Status: account.Open, Booked: zero, Held: zero, Overdraft: zero})
	}
	for _, s := range []transfer.System{transfer.Elixir, transfer.ExpressElixir} {
		own(rail.Clearing(s, money.PLN), pln("0.00"))
	}
	own(rail.Clearing(transfer.SEPA, money.EUR), eur("0.00"))
	own(rail.FeeIncome(money.EUR), eur("0.00"))
}

// elixir is the order of a domestic transfer through Elixir, due at the next session.
func elixir(amount string) *transfer.Instruction {
	return &transfer.Instruction{
		Kind: transfer.Domestic, Recipient: transfer.Party{Account: numberOf(7), Name: "Piotr Zet"}, Description: "Za obiad",
		Amount: pln(amount), Delivery: transfer.ExpressD0, System: transfer.Elixir,
	}
}

// inside is the order of a transfer to Ben, in this bank.
func inside(amount string) *transfer.Instruction {
	i := elixir(amount)
	i.System, i.Recipient.Account = transfer.Internal, numberOf(2)
	return i
}

func sepa(amount string) *transfer.Instruction {
	return &transfer.Instruction{
		Kind: transfer.EEA, Recipient: transfer.Party{Account: "DE89370400440532013000", Name: "Uwe"}, Description: "Rechnung",
		Amount: eur(amount), Delivery: transfer.StandardD1, System: transfer.SEPA,
	}
}

func dated(i *transfer.Instruction, on string) *transfer.Instruction {
	i.Mode, i.ExecutionDate = transfer.FutureDated, day(on)
	return i
}

func monthly(i *transfer.Instruction, from, until string) *transfer.Instruction {
	i.Mode, i.Recurrence = transfer.Recurring, &transfer.Recurrence{Start: day(from), Every: transfer.Month, Count: 1}
	if until != "" {
		i.Recurrence.End = day(until)
	}
	return i
}

func split(i *transfer.Instruction, tax string) *transfer.Instruction {
	i.Split = &transfer.Split{VAT: pln(tax), TaxID: "5512265909", Invoice: "FV 1"}
	return i
}

// consentTo is an active consent of Anna's to orders, as the authorisation server
// leaves it: account, way, fee and the payee in this bank are settled.
func consentTo(id string, bundle bool, orders ...*transfer.Instruction) xs2a.Consent {
	w := &xs2a.What{Bundle: bundle}
	right := xs2a.Initiate
	payer := xs2a.Reach{Ref: "ref-" + id, Account: purse, Number: numberOf(1)}
	for n, i := range orders {
		g := xs2a.Ordered{Order: *i, System: i.System, Fee: money.New(pln(orderFee).Minor(), i.Amount.Currency())}
		if bundle {
			g.TPPID = fmt.Sprintf("%s-%d", id, n)
		}
		if i.System == transfer.Internal {
			g.Payee = bens
		}
		if i.Split != nil {
			g.VAT = vat
		}
		if i.Amount.Currency() == money.EUR {
			payer.Account, payer.Number = euros, numberOf(3)
		}
		if i.Recurrence != nil {
			right = xs2a.InitiateRecurring
		}
		w.Orders = append(w.Orders, g)
	}
	if bundle {
		right, w.Total = xs2a.InitiateBundle, sumOf(orders)
	}
	return xs2a.Consent{
		ID: xs2a.ID(id), Version: 1, Client: fintech, Organisation: "PSDPL-KNF-1", Name: "Fintech", TPPID: "tpp-" + id, Scope: xs2a.Payments,
		Grants: []xs2a.Grant{{Right: right, Single: true}}, Accounts: []xs2a.Reach{payer}, Payment: w,
		Until: at(startOfTest).Add(100 * 24 * time.Hour), Status: xs2a.Active, Customer: anna, Person: annaHerself,
	}
}

func sumOf(orders []*transfer.Instruction) money.Amount {
	sum := money.Zero(orders[0].Amount.Currency())
	for _, i := range orders {
		sum, _ = sum.Add(i.Amount)
	}
	return sum
}

// initiation is the order that a consent is for, under the third party's id.
func initiation(c *xs2a.Consent, tppID string) *payment.Initiate {
	o := &payment.Initiate{Consent: c.ID, Client: c.Client, TPPID: tppID, Bundle: c.Payment.Bundle, Total: c.Payment.Total}
	for _, g := range c.Payment.Orders {
		o.Orders = append(o.Orders, payment.Initiation{TPPID: g.TPPID, Order: g.Order})
	}
	return o
}

// agreed puts a fresh consent to orders and gives what orders them.
func (k *teller) agreed(orders ...*transfer.Instruction) *payment.Initiate {
	c := consentTo(k.op(), false, orders...)
	k.book.PutConsent(c)
	return initiation(&c, "pay-"+string(c.ID))
}

func (k *teller) bundled(orders ...*transfer.Instruction) *payment.Initiate {
	c := consentTo(k.op(), true, orders...)
	k.book.PutConsent(c)
	return initiation(&c, "bundle-"+string(c.ID))
}

// sent orders one transfer under a fresh consent.
func (k *teller) sent(i *transfer.Instruction) *transfer.Transfer {
	k.t.Helper()
	return k.done(k.agreed(i)).Transfer
}

// cancelling is the cancelling of something under a fresh consent to that.
func (k *teller) cancelling(w xs2a.What) *payment.Revoke {
	c := consentTo(k.op(), false)
	c.Payment, c.Grants = &w, []xs2a.Grant{{Right: xs2a.CancelPayment, Single: true}}
	k.book.PutConsent(c)
	return &payment.Revoke{Consent: c.ID, Client: fintech, Transfer: w.Transfer, Bundle: w.OfBundle, Standing: w.Standing}
}

func settle(id transfer.ID) *payment.Settle {
	return &payment.Settle{Transfer: id, Verdict: rail.Verdict{Outcome: rail.Settled}}
}

func refuse(id transfer.ID, why string) *payment.Settle {
	return &payment.Settle{Transfer: id, Verdict: rail.Verdict{Outcome: rail.Refused, Reason: why}}
}

func (k *teller) transferNow(id transfer.ID) transfer.Transfer {
	k.t.Helper()
	tr, err := k.book.Transfer(context.Background(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return tr
}

// is asserts status and reason of a transfer, as kept.
func (k *teller) is(id transfer.ID, s transfer.Status, why bank.Code) {
	k.t.Helper()
	if tr := k.transferNow(id); tr.Status != s || tr.Reason != why {
		k.t.Errorf("transfer %s is %s (%q); want %s (%q)", id, tr.Status, tr.Reason, s, why)
	}
}

// counted asserts how much of a counter of Anna's is used today and this month.
func (k *teller) counted(s limit.Subject, today, month string) {
	k.t.Helper()
	for p, want := range map[limit.Period]string{limit.DayOf(k.now): today, limit.MonthOf(k.now): month} {
		got, _ := k.book.Counters(context.Background(), []limit.Key{{Subject: s, Period: p}})
		if n := got[limit.Key{Subject: s, Period: p}]; n.Minor() != pln(want).Minor() {
			k.t.Errorf("%s has used %v in %s; want %s", s, n, p, want)
		}
	}
}

func oneOff() limit.Subject    { return limit.OneOffOf(string(anna)) }
func recurring() limit.Subject { return limit.RecurringOf(string(anna)) }

// story is the statuses of a transfer's events, the last actor behind them.
func (k *teller) story(id transfer.ID) string {
	text, by := "", audit.Actor{}
	for _, e := range k.book.TransferEvents(id) {
		text, by = text+string(e.Status)+" ", e.By
	}
	return text + by.String()
}

func (k *teller) entriesOf(id transfer.ID) []ledger.Entry {
	var of []ledger.Entry
	for _, e := range k.book.Entries() {
		if e.Payment == string(id) {
			of = append(of, e)
		}
	}
	return of
}
