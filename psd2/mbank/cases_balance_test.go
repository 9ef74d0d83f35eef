package mbank_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/money"
)

// What a third party had ordered, and a partner, stands in the list that fits
// its state, once: what was booked is shown by its booking.
func TestPaymentsInTheLists(t *testing.T) {
	w := newWorld(t)
	s := w.PairShop()
	s.Cancels(s.Schedules(3_00, calendar.DateOf(noon).AddDays(5)))
	s.Schedules(4_00, calendar.DateOf(noon).AddDays(5))
	w.one.paid("pending", small())
	w.one.paid("inside", inside())
	w.one.paid("rejected", small(`"10.00"`, `"5000.00"`))
	w.one.paid("later", small(`"currency":"PLN"}`, `"currency":"PLN","executionDate":"2026-12-01"}`, `"deliveryMode"`, `"executionMode":"FUTURE_DATED","deliveryMode"`))
	got := w.one.reads(infoPrivilege(90), annas)
	list := func(status string) reply {
		t.Helper()
		return w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?transactionStatus="+status, "").with(got.access).present().send().is(http.StatusOK)
	}
	amounts := func(status string) (out []string) {
		r := list(status)
		for i := range ids(r) {
			out = append(out, r.text("transactions", i, "amount"))
		}
		return out
	}
	for status, want := range map[string]string{
		"PENDING": "[-10.00]", "SCHEDULED": "[-10.00 -4.00]", "REJECTED": "[-5000.00]", "CANCELLED": "[-3.00]", "HOLD": "[]", "DONE": "[-10.00]",
	} {
		if have := fmt.Sprint(amounts(status)); have != want {
			t.Errorf("%s: %s, want %s", status, have, want)
		}
	}
	if r := list("REJECTED"); r.text("transactions", 0, "rejectionReason") == "" || r.text("transactions", 0, "rejectionDate") == "" {
		t.Error(r.body)
	}
	if r := list("SCHEDULED"); r.text("transactions", 0, "auxData", "executionDate")[:10] != "2026-12-01" {
		t.Error(r.body)
	}
	pending := ids(list("PENDING"))[0]
	detail := func() reply {
		return w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions/"+pending, "").with(got.access).present().send()
	}
	if r := detail().is(http.StatusOK); r.text("tppTransactionId") != "pending" || r.text("transactionStatus") != "PENDING" {
		t.Error(r.body)
	}
	w.Clock.Advance(48 * time.Hour) // a session of Elixir has taken it
	w.settle()
	got = w.one.reads(infoPrivilege(90), annas)
	if have := fmt.Sprint(amounts("PENDING"), amounts("DONE")); have != "[] [-10.00 -10.00]" {
		t.Error(have)
	}
	detail().fails(http.StatusNotFound, "ResourceNotFoundError") // its booking shows it now
	booked := list("DONE")
	first := w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions/"+ids(booked)[0], "").with(got.access).present().send().is(http.StatusOK)
	if first.text("tppTransactionId") != "pending" {
		t.Errorf("the booking of a third party's payment lacks its id: %s", first.body)
	}
}

// After any sequence of payments, holds, cancellations and jumps of the clock,
// what account information says is what the ledger says and what confirmations
// of funds say.
func TestBalancesAgree(t *testing.T) {
	w := newWorld(t)
	s := w.PairShop()
	w.givesFunds(oneOrg, annas)
	chance := rand.New(rand.NewPCG(4, 2))
	var access tokens
	var proven time.Time
	for step := range 60 {
		minor := chance.Int64N(60_00) + 1
		amount := pln(minor).String()
		switch chance.IntN(6) {
		case 0:
			if free, err := w.freeOf(); err == nil && free.Minor() > minor && s.N < 24 {
				s.Holds(minor)
			}
		case 1:
			w.one.paid(fmt.Sprint("e", step), small(`"10.00"`, `"`+amount+`"`))
		case 2:
			w.one.paid(fmt.Sprint("i", step), inside(`"10.00"`, `"`+amount+`"`))
		case 3:
			w.Moves(bobs, annas, chance.Int64N(1_00)+1, "zwrot")
		case 4:
			_, made := w.one.paid(fmt.Sprint("c", step), small(`"10.00"`, `"`+amount+`"`))
			if made.text("generalStatus") == "PENDING" {
				id := made.text("aspspPaymentId")
				w.one.cancel("/payments/domestic/"+id, w.one.pis(cancelling(id), annas).access).is(http.StatusNoContent)
			}
		case 5:
			w.Clock.Advance(time.Duration(chance.IntN(10)) * time.Hour)
			w.settle()
		}
		if now := w.Clock.Now(); proven.IsZero() || now.Sub(proven) > 5*time.Minute {
			access, proven = w.one.reads(infoPrivilege(1), annas), now
		}
		free, err := w.freeOf()
		must(t, err)
		r := w.one.ask("GET", "/accounts/"+access.refs[0], "").with(access.access).present().send().is(http.StatusOK)
		if r.text("availableBalance") != free.String() || r.text("bookingBalance") != w.Account(annas).Booked.String() {
			t.Fatalf("step %d: the ledger has %s available, account information says %s", step, free, r.body)
		}
		if free.IsZero() {
			continue
		}
		more := money.New(free.Minor()+1, money.PLN)
		if yes, no := w.one.funds(string(numberOf(1)), free.String(), "PLN"), w.one.funds(string(numberOf(1)), more.String(), "PLN"); yes.body != `{"fundsAvailable":true}` || no.body != `{"fundsAvailable":false}` {
			t.Fatalf("step %d: %s available, and confirmations of funds say %s %s", step, free, yes.body, no.body)
		}
	}
}

func (w *world) freeOf() (money.Amount, error) {
	a := w.Account(annas)
	return a.Available()
}
