package authserver_test

import (
	"context"
	"crypto/rand"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/partner"
)

type ctx = context.Context

// One call that breaks every rule, mended one rule at a time. At the end the
// code must be good still: nothing but a good call spends it.
func TestGrantRefusesInOrderAndSparesTheCode(t *testing.T) {
	w := open(t)
	code := w.pair(t, annasChoice())
	var p authserver.GrantParams
	for _, step := range []struct {
		code  bank.Code
		field string
		mend  func()
	}{
		{bank.InvalidParameter, "grant_type", func() { p.GrantType = "password" }},
		{bank.InvalidParameter, "client_id", func() { p.ClientID = "nobody" }},
		{bank.InvalidParameter, "client_secret", func() { p.ClientSecret = w.secret[1:] }},
		{bank.RequestInvalid, "", func() { p.GrantType = "authorization_code" }},
		{bank.InvalidParameter, "code", func() { p.Code = code }},
		{bank.InvalidParameter, "state", func() { p.State = strings.ToLower(state) }},
		{bank.InvalidParameter, "redirect_uri", func() { p.RedirectURI = redirect + "/" }},
		{bank.ClientWrong, "", func() { p.ClientID = string(client) }},
		{bank.ClientWrong, "", func() { p.ClientSecret = w.secret }},
		{bank.AddressNotAllowed, "", func() { p.From = netip.MustParseAddr("198.51.100.7") }},
		{bank.AddressNotAllowed, "", func() { p.From = inNet }},
		{bank.GrantInvalid, "", func() { p.State = state }},
		{bank.GrantInvalid, "", func() { p.RedirectURI = redirect; p.CodeVerifier = strings.Repeat("a", 43) }},
		{bank.GrantInvalid, "", func() { p.CodeVerifier = "" }},
	} {
		_, err := w.Grant(t.Context(), p)
		wantCode(t, err, step.code)
		if r, ok := err.(*bank.Refusal); !ok || r.Field != step.field {
			t.Fatalf("%v: want field %q", err, step.field)
		}
		step.mend()
	}
	a, err := w.Grant(t.Context(), p)
	must(t, err)
	if a.ExpiresIn != 1200 || a.RefreshExpiresIn != 7776000 || a.AccountRef != w.agreement(t).AccountRef {
		t.Errorf("%+v", a)
	}
	want := []string{
		"FIN:c-anna:PAYMENTS:CREATE:80.00:200.00:900.00:40.00:-1:-1:-1:PLN:CURRENT:STANDARD:" + a.AccountRef,
		"FIN:c-anna:BLOCKADES:CREATE:80.00:200.00:900.00:40.00:3600:5:5:PLN:CURRENT:STANDARD:" + a.AccountRef,
	}
	if !slices.Equal(a.Permissions, want) {
		t.Errorf("permissions %q", a.Permissions)
	}
}

func TestRefreshParametersAreNeeded(t *testing.T) {
	w := open(t)
	_, err := w.Grant(t.Context(), w.byRefresh(""))
	wantCode(t, err, bank.InvalidParameter)
	_, err = w.Grant(t.Context(), w.byRefresh(strings.Repeat("a", 43)))
	wantCode(t, err, bank.GrantInvalid)
}

func TestUnknownClientAndWrongSecretAreOneAnswer(t *testing.T) {
	w := open(t)
	wrong := w.byRefresh("x")
	wrong.ClientSecret = strings.Repeat("a", 43)
	unknown := wrong
	unknown.ClientID = "nobody"
	_, err1 := w.Grant(t.Context(), wrong)
	_, err2 := w.Grant(t.Context(), unknown)
	wantCode(t, err1, bank.ClientWrong)
	if err1.Error() != err2.Error() {
		t.Errorf("%v and %v", err1, err2)
	}
}

func TestASecretCanBeChangedWithoutAGap(t *testing.T) {
	w := open(t)
	fresh, hash, err := authserver.NewSecret(rand.Reader)
	must(t, err)
	must(t, w.store.AddSecret(t.Context(), client, hash, start, start.Add(time.Hour),
		audit.Record{At: start, Actor: audit.Actor{Kind: audit.Staff, ID: "s"}, Act: "test", Subject: "test"}))
	try := func(secret string) bank.Code {
		p := w.byRefresh("x")
		p.ClientSecret = secret
		_, err := w.Grant(t.Context(), p)
		return bank.CodeOf(err)
	}
	if a, b := try(w.secret), try(fresh); a != bank.GrantInvalid || b != bank.GrantInvalid {
		t.Errorf("while both are valid: %q, %q", a, b)
	}
	w.clock.Advance(time.Hour)
	if a, b := try(w.secret), try(fresh); a != bank.ClientWrong || b != bank.GrantInvalid {
		t.Errorf("afterwards: %q, %q", a, b)
	}
}

func TestCodesLiveAMinute(t *testing.T) {
	w := open(t)
	code := w.pair(t, annasChoice())
	w.clock.Advance(time.Minute - time.Microsecond)
	late := w.pair(t, annasChoice()) // pairing again ends the older code
	_, err := w.Grant(t.Context(), w.byCode(code))
	wantCode(t, err, bank.GrantInvalid)
	w.clock.Advance(time.Minute)
	_, err = w.Grant(t.Context(), w.byCode(late))
	wantCode(t, err, bank.GrantInvalid)
	code = w.pair(t, annasChoice())
	w.clock.Advance(time.Minute - time.Microsecond)
	_, err = w.Grant(t.Context(), w.byCode(code))
	must(t, err)
}

func TestACodeIsOfOneClient(t *testing.T) {
	w := open(t)
	code := w.pair(t, annasChoice())
	p := w.byCode(code)
	p.ClientID = string(native)
	_, err := w.Grant(t.Context(), p)
	wantCode(t, err, bank.GrantInvalid)
	_, err = w.Grant(t.Context(), w.byCode(code))
	must(t, err)
}

func TestPKCEAtTheExchange(t *testing.T) {
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
	w := open(t)
	b := beginParams()
	b.CodeChallenge, b.CodeChallengeMethod = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256"
	r, err := w.Begin(t.Context(), b)
	must(t, err)
	r, err = w.Choose(t.Context(), r.ID, annasChoice())
	must(t, err)
	subject, err := w.PairingSubject(t.Context(), r)
	must(t, err)
	to, err := w.Pair(t.Context(), r.ID, "anna", w.confirm(t, "anna", subject))
	must(t, err)
	p := w.byCode(query(t, to).Get("code"))
	for _, wrong := range []string{"", strings.Repeat("a", 43), b.CodeChallenge} {
		p.CodeVerifier = wrong
		_, err := w.Grant(t.Context(), p)
		wantCode(t, err, bank.GrantInvalid)
	}
	p.CodeVerifier = verifier
	_, err = w.Grant(t.Context(), p)
	must(t, err)
}

func TestACodeIsSpentOnceUnderConcurrency(t *testing.T) {
	w := open(t)
	p := w.byCode(w.pair(t, annasChoice()))
	good := race(8, func() (authserver.GrantAnswer, error) { return w.Grant(t.Context(), p) }, t)
	// Seven reuses have revoked what the one success got.
	_, err := w.Check(t.Context(), good.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
	_, err = w.Grant(t.Context(), w.byRefresh(good.RefreshToken))
	wantCode(t, err, bank.GrantInvalid)
}

func TestARefreshTokenIsSpentOnceUnderConcurrency(t *testing.T) {
	w := open(t)
	p := w.byRefresh(w.tokens(t).RefreshToken)
	good := race(8, func() (authserver.GrantAnswer, error) { return w.Grant(t.Context(), p) }, t)
	_, err := w.Check(t.Context(), good.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
}

// race runs f n times at once; exactly one may succeed, the others are
// GrantInvalid.
func race(n int, f func() (authserver.GrantAnswer, error), t *testing.T) (good authserver.GrantAnswer) {
	t.Helper()
	answers, errs := make([]authserver.GrantAnswer, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i], errs[i] = f() })
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			good = answers[i]
			continue
		}
		wantCode(t, err, bank.GrantInvalid)
	}
	if won != 1 {
		t.Fatalf("%d of %d succeeded", won, n)
	}
	return good
}

func TestRefreshGivesNewTokensWithANewLife(t *testing.T) {
	w := open(t)
	first := w.tokens(t)
	w.clock.Advance(partner.DefaultRefreshTTL - time.Microsecond)
	second, err := w.Grant(t.Context(), w.byRefresh(first.RefreshToken))
	must(t, err)
	if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken || second.AccountRef != first.AccountRef ||
		second.RefreshExpiresIn != first.RefreshExpiresIn {
		t.Errorf("%+v", second)
	}
	w.clock.Advance(partner.DefaultRefreshTTL - time.Microsecond)
	third, err := w.Grant(t.Context(), w.byRefresh(second.RefreshToken))
	must(t, err)
	w.clock.Advance(partner.DefaultRefreshTTL)
	_, err = w.Grant(t.Context(), w.byRefresh(third.RefreshToken))
	wantCode(t, err, bank.GrantInvalid)
}

func TestReuseOfADeadRefreshTokenEndsAllTokens(t *testing.T) {
	w := open(t)
	first := w.tokens(t)
	second, err := w.Grant(t.Context(), w.byRefresh(first.RefreshToken))
	must(t, err)
	_, err = w.Check(t.Context(), second.AccessToken)
	must(t, err)
	_, err = w.Grant(t.Context(), w.byRefresh(first.RefreshToken))
	wantCode(t, err, bank.GrantInvalid)
	_, err = w.Check(t.Context(), second.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
	_, err = w.Grant(t.Context(), w.byRefresh(second.RefreshToken))
	wantCode(t, err, bank.GrantInvalid)
}

func TestARefreshTokenIsNoAccessTokenNorACode(t *testing.T) {
	w := open(t)
	a := w.tokens(t)
	_, err := w.Check(t.Context(), a.RefreshToken)
	wantCode(t, err, bank.TokenUnknown)
	_, err = w.Grant(t.Context(), w.byRefresh(a.AccessToken))
	wantCode(t, err, bank.GrantInvalid)
	_, err = w.Grant(t.Context(), w.byCode(a.RefreshToken))
	wantCode(t, err, bank.GrantInvalid)
	_, err = w.Check(t.Context(), a.AccessToken)
	must(t, err)
}

func TestCheck(t *testing.T) {
	w := open(t)
	a := w.tokens(t)
	got, err := w.Check(t.Context(), a.AccessToken)
	must(t, err)
	if got.Agreement.ID != w.agreement(t).ID || got.Customer.ID != "c-anna" || got.Account.ID != annas || got.Token.Client != client {
		t.Errorf("%+v", got)
	}
	for token, want := range map[string]bank.Code{
		"": bank.TokenMissing, "x": bank.TokenUnknown, strings.Repeat("a", 43): bank.TokenUnknown, a.AccessToken + "=": bank.TokenUnknown,
	} {
		_, err := w.Check(t.Context(), token)
		wantCode(t, err, want)
	}
	w.clock.Advance(20*time.Minute - time.Microsecond)
	_, err = w.Check(t.Context(), a.AccessToken)
	must(t, err)
	w.clock.Advance(time.Microsecond)
	_, err = w.Check(t.Context(), a.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
}

func TestTokensDieWithTheAgreement(t *testing.T) {
	for _, status := range []consent.Status{consent.Suspended, consent.Ended} {
		w := open(t)
		a := w.tokens(t)
		_, err := w.store.ChangeAgreement(t.Context(), w.agreement(t).ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
			a.Status = status
			return nil, nil
		})
		must(t, err)
		_, err = w.Check(t.Context(), a.AccessToken)
		wantCode(t, err, bank.TokenInvalid)
		_, err = w.Grant(t.Context(), w.byRefresh(a.RefreshToken))
		wantCode(t, err, bank.GrantInvalid)
	}
}

func TestARefreshTokenIsOfOneClient(t *testing.T) {
	w := open(t)
	a := w.tokens(t)
	p := w.byRefresh(a.RefreshToken)
	p.ClientID = string(native)
	_, err := w.Grant(t.Context(), p)
	wantCode(t, err, bank.GrantInvalid)
	_, err = w.Grant(t.Context(), w.byRefresh(a.RefreshToken)) // a stranger's try spent nothing
	must(t, err)
}
