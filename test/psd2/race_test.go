package psd2

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"okienko/bank/thirdparty"
	"okienko/client"
	"okienko/okienkotest"
)

// callers is how many call at once.
const callers = 12

// together has every caller do something at the same moment.
func together(n int, do func(caller int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-begin
			errs[i] = do(i)
		})
	}
	close(begin)
	all.Wait()
	return errs
}

// one wants exactly one caller to have succeeded, and the others to be refused
// with a code.
func one(t *testing.T, errs []error, code string) {
	t.Helper()
	won := 0
	for _, err := range errs {
		var no *client.Error
		switch {
		case err == nil:
			won++
		case !errors.As(err, &no) || no.Code != code:
			t.Errorf("a caller got %v, want %s", err, code)
		}
	}
	if won != 1 {
		t.Errorf("%d callers of %d succeeded", won, len(errs))
	}
}

// code has jan give a consent and returns the code before anybody redeems it.
func code(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, k client.Consent, from string) string {
	t.Helper()
	asked, err := ask(t, b, p, k)
	if err != nil {
		t.Fatal(err)
	}
	a := b.Answer(t, "approve", "jan", asked.Redirect, from)
	code, denied, err := client.Returned(a.Field("redirect"), asked.State)
	if err != nil || denied != "" || code == "" {
		t.Fatalf("no code: %d %s (%s, %v)", a.Status, a.Body, denied, err)
	}
	return code
}

// Of any number of callers who redeem one code, or refresh with one token, one is
// given tokens.
func TestOneCodeAndOneRefreshTokenServeOnce(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN").Number
	for range 3 {
		once := code(t, b, p, client.Consent{Read: &client.Read{Numbers: []string{from}, Days: 10, Statuses: every}}, from)
		one(t, together(callers, func(int) error {
			_, err := p.Redeem(t.Context(), once, p.Folder.RedirectURI)
			return err
		}), "invalid_grant")
		given := reads(t, p, "jan", from)
		one(t, together(callers, func(int) error {
			_, err := p.Refresh(t.Context(), given.Refresh)
			return err
		}), "invalid_grant")
	}
}

// A consent pays once: under one id everybody is told of the same payment, under
// ids of their own one caller pays and the others are refused.
func TestOneConsentPaysOnce(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	pay := domestic("7.00", "Once")
	pay.Sender.AccountNumber = from.Number
	same := p.Consent(t, "jan", client.Consent{Payment: &pay}, from.Number)
	var mu sync.Mutex
	ids := map[string]bool{}
	for _, err := range together(callers, func(int) error {
		made, err := p.Pay(t.Context(), same.Session(), "one-id", pay)
		mu.Lock()
		defer mu.Unlock()
		ids[made.PaymentID] = true
		return err
	}) {
		if err != nil {
			t.Errorf("a repeat under one id: %v", err)
		}
	}
	if len(ids) != 1 {
		t.Errorf("one id made the payments %v", ids)
	}
	if now := from.again(t, b); now.Available != less(t, from.Available, "7.00") {
		t.Errorf("available %s, before %s", now.Available, from.Available)
	}
	different := p.Consent(t, "jan", client.Consent{Payment: &pay}, from.Number)
	one(t, together(callers, func(int) error {
		_, err := p.Pay(t.Context(), different.Session(), client.NewID(), pay)
		return err
	}), "ConsentUsedUpError")
	if now := from.again(t, b); now.Available != less(t, from.Available, "14.00") {
		t.Errorf("available %s, before %s", now.Available, from.Available)
	}
}

// While callers cancel, the clock reaches the session in which the payment
// leaves: it is cancelled once, or done.
func TestCancelAgainstTheClock(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	ends := map[string]int{}
	for round, day := 0, tuesday; round < 6; round, day = round+1, day.AddDays(7) {
		before := from.again(t, b)
		session := day.Start().Add(12 * time.Hour)
		to(t, b, session.Add(-4*time.Second))
		made, given := pays(t, p, "jan", from.Number, domestic("9.00", "Race"))
		cancelling := p.Consent(t, "jan", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}}, from.Number)
		errs := together(callers, func(caller int) error {
			if caller == round {
				for range round / 2 { // a little later in later rounds
					if _, err := p.PaymentStatus(t.Context(), given.Session(), made); err != nil {
						return err
					}
				}
				return b.MoveClock(t.Context(), session)
			}
			return p.Cancel(t.Context(), cancelling.Session(), "", made.PaymentID)
		})
		if errs[round] != nil {
			t.Fatal(errs[round])
		}
		cancelled := 0
		for caller, err := range errs {
			switch {
			case caller == round:
			case err == nil:
				cancelled++
			case !refusedWith(err, http.StatusNotFound) && !refusedWith(err, http.StatusBadRequest):
				t.Errorf("cancelling: %v", err)
			}
		}
		want, left := "DONE", "9.00"
		if cancelled > 0 {
			want, left = "CANCELLED", "0.00"
		}
		if cancelled > 1 {
			t.Errorf("%d callers cancelled one payment", cancelled)
		}
		becomes(t, b, p, given, made, want)
		if now := from.again(t, b); now.Booked != less(t, before.Booked, left) || now.Available != less(t, before.Available, left) {
			t.Errorf("%s: before %+v, after %+v", want, before, now)
		}
		ends[want]++
	}
	t.Logf("%v", ends)
}

// One organisation becomes one client, whoever of its machines registers first.
func TestOneOrganisationRegistersOnce(t *testing.T) {
	b := start(t)
	made, err := b.Inside().NewThirdParty(t.Context(), "Wszyscy Naraz", []string{"PSP_AI"}, "")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := made.Save(folder); err != nil {
		t.Fatal(err)
	}
	p := b.OpenThirdParty(t, folder)
	var mu sync.Mutex
	ids := map[string]bool{}
	for _, err := range together(callers, func(int) error {
		known, err := p.Register(t.Context(), client.Registration{Name: "Wszyscy Naraz", Email: "api@tpp.example", RedirectURIs: []string{p.Folder.RedirectURI}})
		mu.Lock()
		defer mu.Unlock()
		ids[known.ClientID] = true
		return err
	}) {
		if err != nil {
			t.Errorf("registering: %v", err)
		}
	}
	if len(ids) != 1 {
		t.Errorf("one organisation became the clients %v", ids)
	}
	register, ok := b.Inside().Books.(interface {
		Clients(ctx context.Context) ([]thirdparty.Client, error)
	})
	if !ok {
		t.Fatal("the books know no clients")
	}
	all, err := register.Clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if string(all[i].Organisation) == p.Folder.Organisation && (!ids[string(all[i].ID)] || len(all[i].Keys) != 1) {
			t.Errorf("the books know the client %s with %d keys, the third party %v", all[i].ID, len(all[i].Keys), ids)
		}
	}
}

// Of any number of requests with one id, one is answered.
func TestOneRequestIDServesOnce(t *testing.T) {
	_, p := open(t)
	given := p.Consent(t, "jan", client.Consent{Accounts: true})
	conns := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{p.Folder.QWAC}, RootCAs: p.Folder.Roots, MinVersion: tls.VersionTLS12}, MaxConnsPerHost: callers}
	defer conns.CloseIdleConnections()
	signed, err := p.NewRequest(t.Context(), http.MethodGet, "/"+p.Folder.Bank+"/v3/accounts", given.Access, map[string]string{
		"PSU-Session": "true", "PSU-IP-Address": "203.0.113.7", "PSU-IP-Port": "50123", "PSU-User-Agent": "a test",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got := map[int]int{}
	for _, err := range together(callers, func(int) error {
		again := signed.Clone(t.Context())
		again.Body = http.NoBody
		resp, err := conns.RoundTrip(again)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		got[resp.StatusCode]++
		return resp.Body.Close()
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if got[http.StatusOK] != 1 || got[http.StatusBadRequest] != callers-1 {
		t.Errorf("one request id was answered %v", got)
	}
}
