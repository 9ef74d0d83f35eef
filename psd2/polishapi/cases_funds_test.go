package polishapi_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// psd2 §10: confirmation of funds, and the end of consents.

// consentsToFunds has Anna let a card issuer ask about an account.
func (w *world) consentsToFunds(issuer string, id account.ID) {
	w.T.Helper()
	ask := authserver.FundsAsk{Person: annaP, Customer: anna, Account: id, Issuer: thirdparty.Organisation(issuer), Until: noon.AddDate(0, 0, 90)}
	subject, err := w.Auth.FundsSubject(w.T.Context(), ask, party.Polish)
	must(w.T, err)
	_, err = w.Auth.GiveFunds(w.T.Context(), ask, w.Confirm(annaP, subject))
	must(w.T, err)
}

// available asks whether an amount is on an account.
func (p *tpp) available(v polishapi.Version, number, amount, currency string) *ask {
	return p.ask(v, "confirmation/getConfirmationOfFunds", m{"accountNumber": number, "amount": amount, "currency": currency})
}

func TestCase76Funds(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			number := numberOf(1)
			none := body(w.one.available(v, number, "1.00", "PLN").send().Fails(http.StatusForbidden, "insufficient_scope"))
			if unknown := body(w.one.available(v, numberOf(77), "1.00", "PLN").send()); unknown != none {
				t.Errorf("an oracle: %s %s", none, unknown)
			}
			w.consentsToFunds(oneOrg, annas)
			says := func(amount string, want bool) {
				t.Helper()
				o := w.one.available(v, number, amount, "PLN").send().Is(http.StatusOK).Object()
				if len(o) != 2 || o["fundsAvailable"] != want || o["responseHeader"] == nil { // never a balance
					t.Errorf("%s: %v", amount, o)
				}
			}
			says("1000.00", true) // exactly what is available
			says("1000.01", false)
			says("0.01", true)
			w.PairShop().Holds(400_00) // holds count
			says("600.00", true)
			says("600.01", false)
			if a := w.Account(annas); a.Held != pln(400_00) || a.Booked != pln(1_000_00) {
				t.Errorf("asking moved something: %s booked, %s held", a.Booked, a.Held)
			}
			bad := func(number, amount, currency string) {
				t.Helper()
				w.one.available(v, number, amount, currency).send().Fails(http.StatusBadRequest, "invalid_field")
			}
			bad(number, "1.00", "EUR")
			for _, amount := range []string{"0.00", "-1.00", "1", "1,00", "1.5", "1.234", "01.00", "x", ""} {
				bad(number, amount, "PLN")
			}
			for _, currency := range []string{"JPY", "pln", "", "XXX"} {
				bad(number, "1.00", currency)
			}
			for _, other := range []string{"", "123", number[:25] + "0", mask(1), strings.Repeat("9", 34), strings.Repeat("9", 40)} {
				bad(other, "1.00", "PLN")
			}
			// The consent is for one issuer and one account.
			if foreign := body(w.other.available(v, number, "1.00", "PLN").send()); foreign != none {
				t.Error(foreign)
			}
			if another := body(w.one.available(v, numberOf(2), "1.00", "PLN").send()); another != none {
				t.Error(another)
			}
			must(t, w.Store.SetAccess(t.Context(), annas, account.Access{State: account.AccessBlocked, By: "test", At: noon}, psd2test.Staff("access", "account")))
			w.one.available(v, number, "1.00", "PLN").send().Fails(http.StatusForbidden, "forbidden")
			w.consentsToFunds(oneOrg, annasE)
			if w.one.available(v, numberOf(3), "0.01", "EUR").send().Is(http.StatusOK).At("fundsAvailable") != false {
				t.Error("there are euros on an empty account")
			}
			must(t, w.Store.SetAccountStatus(t.Context(), annasE, account.Closed, psd2test.Staff("status", "account")))
			w.one.available(v, numberOf(3), "0.01", "EUR").send().Fails(http.StatusForbidden, "forbidden")
			w.Clock.Advance(91 * 24 * time.Hour)
			if ended := body(w.one.available(v, number, "1.00", "PLN").send()); ended != none {
				t.Error(ended)
			}
		})
	}
}

func TestCase76Limit(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Rules.FundsCalls = 3 })
	w.consentsToFunds(oneOrg, annas)
	for _, v := range versions { // the limit is of the account, whatever the version
		w.one.available(v, numberOf(1), "1.00", "PLN").send().Is(http.StatusOK)
	}
	for _, v := range versions {
		r := w.one.available(v, numberOf(1), "1.00", "PLN").send().Fails(http.StatusTooManyRequests, "too_many_requests")
		if r.Header.Get("Retry-After") == "" {
			t.Errorf("%v", r.Header)
		}
	}
	w.Clock.Advance(24*time.Hour + time.Second)
	w.one.available(v212, numberOf(1), "1.00", "PLN").send().Is(http.StatusOK)
}

func TestCase77DeleteConsent(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			got := w.one.lists(v, annas)
			id := consentOf(got)
			remove := func(p *tpp, id any) *ask { return p.ask(v, "accounts/deleteConsent", m{"consentId": id}) }
			list := func(t tokens) *ask { return w.one.ask(v, "accounts/getAccounts", nil).with(t.access).present() }
			if has := remove(w.one, id).head != nil; has != (v != v211) {
				t.Errorf("the request has a requestHeader: %v", has)
			}
			foreign := body(remove(w.other, id).send().Fails(http.StatusForbidden, "forbidden"))
			list(got).send().Is(http.StatusOK)
			gone := remove(w.one, id).send().Is(http.StatusNoContent)
			if gone.Body != "" || gone.Header.Get("Content-Type") != "" || gone.Header.Get("X-JWS-SIGNATURE") != "" {
				t.Errorf("204 with %q %v", gone.Body, gone.Header)
			}
			list(got).send().Fails(http.StatusUnauthorized, "invalid_token")
			refused := w.one.refresh(v, got.refresh).send().Fails(http.StatusBadRequest, "invalid_grant")
			if refused.Text("error") != "invalid_grant" {
				t.Error(refused.Body)
			}
			w.one.exchange(v, got.access, id, withMask(mask(1), infoPrivilege(90))).send().Fails(http.StatusBadRequest, "invalid_grant")
			for _, id := range []string{id, "nobody", " ", strings.Repeat("x", 64)} {
				if have := body(remove(w.one, id).send()); have != foreign {
					t.Errorf("%q is answered %s, another's %s", id, have, foreign)
				}
			}
			for _, id := range []any{nil, "", strings.Repeat("x", 129), 1} {
				remove(w.one, id).send().Fails(http.StatusBadRequest, "invalid_field")
			}
		})
	}
}

// The customer withdraws in internet banking; what was ordered before lives on.
func TestCase77Withdrawn(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			got := w.one.lists(v, annas)
			c, err := w.Store.ConsentByTPP(t.Context(), thirdparty.ClientID(w.one.client), consentOf(got))
			must(t, err)
			must(t, w.Auth.WithdrawConsent(t.Context(), annaP, c.ID))
			w.one.ask(v, "accounts/getAccounts", nil).with(got.access).send().Fails(http.StatusUnauthorized, "invalid_token")
			w.one.refresh(v, got.refresh).send().Fails(http.StatusBadRequest, "invalid_grant")
			w.one.ask(v, "accounts/deleteConsent", m{"consentId": consentOf(got)}).send().Fails(http.StatusForbidden, "forbidden")
			pay := w.one.mayPay(v, "pis:domestic", inElixir("5.00"))
			w.one.pays(v, "domestic", pay.access, "mine", inElixir("5.00")).send().Is(http.StatusOK)
			w.one.ask(v, "accounts/deleteConsent", m{"consentId": consentOf(pay)}).send().Is(http.StatusNoContent)
			info := w.one.reads(v, 90, annas)
			if have := amounts(w.one.read(v, "getTransactionsPending", info.access, numberOf(1)).send()); have != "5.00" {
				t.Errorf("pending is %q", have)
			}
		})
	}
}

// After any sequence of payments, holds and jumps of the clock, what account
// information says is what the ledger says and what confirmations of funds say.
func TestBalancesAgree(t *testing.T) {
	w := newWorld(t)
	s := w.PairShop()
	w.consentsToFunds(oneOrg, annas)
	chance := rand.New(rand.NewPCG(7, 3))
	var got tokens
	var proven time.Time
	pay := func(step int, o m) {
		v := versions[step%len(versions)]
		t := w.one.mayPay(v, "pis:domestic", o)
		w.one.pays(v, "domestic", t.access, fmt.Sprint("p", step), o).send().Is(http.StatusOK)
	}
	for step := range 30 {
		v := versions[step%len(versions)]
		minor := chance.Int64N(60_00) + 1
		amount := pln(minor).String()
		switch chance.IntN(5) {
		case 0:
			if a := w.Account(annas); free(t, a).Minor() > minor && s.N < 24 {
				s.Holds(minor)
			}
		case 1:
			pay(step, inElixir(amount))
		case 2:
			o := domestic(v)
			o["transferData"] = m{"description": "Faktura 1", "amount": amount, "currency": "PLN"}
			pay(step, o)
		case 3:
			w.Moves(bobs, annas, chance.Int64N(1_00)+1, "zwrot")
		case 4:
			w.Clock.Advance(time.Duration(chance.IntN(10)) * time.Hour)
			w.carriedOut()
		}
		if now := w.Clock.Now(); proven.IsZero() || now.Sub(proven) > 5*time.Minute {
			got, proven = w.one.reads(v, 1, annas), now
		}
		a := w.Account(annas)
		have := free(t, a)
		r := w.one.read(v, "getAccount", got.access, numberOf(1)).send().Is(http.StatusOK)
		if r.Text("account", "availableBalance") != have.String() || r.Text("account", "bookingBalance") != a.Booked.String() {
			t.Fatalf("step %d: the ledger has %s available of %s, account information says %s", step, have, a.Booked, r.Body)
		}
		more := money.New(have.Minor()+1, money.PLN)
		if w.one.available(v, numberOf(1), more.String(), "PLN").send().Is(http.StatusOK).At("fundsAvailable") != false ||
			(have.IsPositive() && w.one.available(v, numberOf(1), have.String(), "PLN").send().Is(http.StatusOK).At("fundsAvailable") != true) {
			t.Fatalf("step %d: %s available, and confirmations of funds say otherwise", step, have)
		}
	}
}

// free is what the ledger has available.
func free(t *testing.T, a account.Account) money.Amount {
	t.Helper()
	out, err := a.Available()
	must(t, err)
	return out
}
