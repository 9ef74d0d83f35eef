package mbank_test

import (
	"encoding/base64"
	"net/http/httptest"
	"testing"
	"time"

	"okienko/bank/audit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/thirdparty"
	"okienko/psd2"
	"okienko/psd2/mbank"
	"okienko/psd2/psd2test"
)

const (
	bankID = "pl-retail"
	path   = "/" + bankID + "/v3"

	bankCode = psd2test.BankCode
	people   = psd2test.People
	goBack   = psd2test.GoBack
	anna     = psd2test.Anna
	annaP    = psd2test.AnnaP
	bob      = psd2test.Bob
	bobP     = psd2test.BobP
	annas    = psd2test.Annas
	annas2   = psd2test.Annas2
	annasE   = psd2test.AnnasE
	bobs     = psd2test.Bobs
	oneOrg   = psd2test.OneOrg
	otherOrg = psd2test.OtherOrg
)

var (
	noon = psd2test.Noon()
	ca   = psd2test.NewCA()
)

func must(t testing.TB, err error) {
	t.Helper()
	psd2test.Must(t, err)
}

func pln(minor int64) money.Amount { return psd2test.PLN(minor) }

func numberOf(n int) nrb.NRB { return psd2test.NumberOf(n) }

func newUUID(at time.Time) string { return psd2test.NewUUID(at) }

func staff(act, subject string) audit.Record { return psd2test.Staff(act, subject) }

func everyRole() map[string][]thirdparty.Role { return psd2test.EveryRole() }

func encoded(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// world is a bank with this door, over TLS.
type world struct {
	*psd2test.World
	core  *psd2.Core
	net   *httptest.Server
	one   *tpp // a registered third party with every role
	other *tpp
}

type settings struct {
	core psd2.Config
	door mbank.Config
}

func newWorld(t testing.TB, change ...func(*settings)) *world {
	t.Helper()
	w := &world{World: psd2test.New(t, ca)}
	s := settings{
		core: w.Config,
		door: mbank.Config{
			BankIDs: []string{bankID, "pl-corpo"}, PeopleURL: people, Sandbox: true,
			Bank:   psd2.Bank{BIC: "OKIEPLPW", Name: "Okienko", Address: "ul. Prosta 1, 00-001 Warszawa"},
			Access: w.Note,
		},
	}
	for _, c := range change {
		c(&s)
	}
	w.core = psd2.New(s.core)
	s.door.Core = w.core
	w.net = w.Serve(mbank.New(s.door))
	w.one = w.register(oneOrg, ca.PapersOf(oneOrg))
	w.other = w.register(otherOrg, ca.PapersOf(otherOrg))
	return w
}

// register makes a third party with a client of its own.
func (w *world) register(org string, p psd2test.Papers) *tpp {
	w.T.Helper()
	return w.tpp(org, string(w.Register(org, p).ID), p)
}
