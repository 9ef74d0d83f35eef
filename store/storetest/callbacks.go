package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/xs2a"
)

// callbacks holds one-time codes and callbacks to their promises.
func callbacks(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"one code shown by many at once asks once", externalFight},
		{"a person has one code, and nobody else has the same", externalReplaced},
		{"a refused code is counted, and nothing else is kept", externalRefused},
		{"many wrong codes at once all count", externalCounted},
		{"a callback is due with the decision, and not without", callbackAtomic},
		{"a decision made by many at once is told once", callbackDecidedOnce},
		{"many workers never hold one callback together", callbackFight},
		{"a callback whose worker has died is leased again", callbackLease},
		{"each try has a code of its own", freshCode},
		{"what was redeemed, ended or lost has no code", noFreshCode},
		{"requests lapse in their order, and are not cleared away before", lapsing},
	})
}

const callURL = "https://finansowo.example/called"

func callTo() authserver.CallbackTo {
	return authserver.CallbackTo{URL: callURL, APIKey: "the key", RequestID: "req-1", Form: "test 1"}
}

func (b *bed) code8(of party.PersonID, digits string) {
	b.Helper()
	kept, err := b.KeepExternalCode(b.ctx, authserver.KeptExternalCode{Person: of, Hash: digest(digits), Until: b.now().Add(2 * time.Minute)}, b.now(), b.did("code"))
	b.must(err)
	if !kept {
		b.Fatal("the code was not kept")
	}
}

// found lets a code pass that is there.
func found(_ *authserver.WrongCodes, c *authserver.KeptExternalCode) ([]audit.Record, error) {
	if c == nil {
		return nil, bank.Refuse(bank.GrantInvalid, "No.")
	}
	return nil, nil
}

func (b *bed) externally(id, digits string) (authserver.ConsentRequest, error) {
	c := b.reading(id)
	return b.AskExternally(b.ctx, digest(digits), c, authserver.ConsentRequest{
		ID: authserver.RequestID("request-" + c.ID), Consent: c.ID, Client: c.Client, State: "state of " + c.TPPID,
		CreatedAt: b.now(), ExpiresAt: b.now().Add(5 * time.Minute), Status: authserver.RequestOpen,
	}, callTo(), b.did("consent.asked"), found)
}

// asked has Anna asked with a code.
func (b *bed) asked(id string) authserver.ConsentRequest {
	b.Helper()
	b.code8(anna, "digits of "+id)
	r, err := b.externally(id, "digits of "+id)
	b.must(err)
	return r
}

// decided gives or refuses a request.
func (b *bed) decided(r authserver.ConsentRequest, give bool) error {
	if !give {
		_, err := b.ChangeConsentRequest(b.ctx, r.ID, func(r *authserver.ConsentRequest, c *xs2a.Consent) ([]audit.Record, error) {
			if r.Status != authserver.RequestOpen {
				return nil, bank.Refuse(bank.RequestEnded, "No.")
			}
			r.Status = authserver.RequestRefused
			if c.Status == xs2a.Asked {
				c.Status, c.EndedAt = xs2a.Refused, b.now()
			}
			return []audit.Record{b.did("consent.refused")}, nil
		})
		return err
	}
	use := b.passed("challenge "+string(r.ID), anna, sca.ForConsent, string(r.ID), "chosen")
	_, err := b.ChangeConsentRequest(b.ctx, r.ID, func(r *authserver.ConsentRequest, _ *xs2a.Consent) ([]audit.Record, error) {
		r.Choice = &authserver.ConsentChoice{Person: anna, Customer: ofAnna, Accounts: []account.ID{annasAccount}}
		return nil, nil
	})
	b.must(err)
	_, err = b.GiveConsent(b.ctx, r.ID, use, authserver.Code{}, b.decide)
	return err
}

func (b *bed) calls(worker string) []authserver.DueCallback {
	b.Helper()
	out, err := b.ClaimCallbacks(b.ctx, worker, 10, b.wall.Now(), b.wall.Now().Add(time.Minute))
	b.must(err)
	return out
}

// call is the only callback that is due.
func (b *bed) call() authserver.DueCallback {
	b.Helper()
	list := b.calls("w")
	if len(list) != 1 {
		b.Fatalf("%d callbacks are due", len(list))
	}
	return list[0]
}

func (b *bed) renew(d authserver.DueCallback, name string) authserver.CallbackState {
	b.Helper()
	state, err := b.RenewCode(b.ctx, d.ID, d.Fence, told(d, name, b.now()), b.now())
	b.must(err)
	return state
}

// told is the code of one try.
func told(d authserver.DueCallback, name string, now time.Time) authserver.Code {
	return authserver.Code{
		Hash: digest("told " + name), Client: consent.ClientID(d.Client), Agreement: consent.ID(d.Consent), State: d.State, ExpiresAt: now.Add(time.Minute),
	}
}

func externalFight(b *bed) {
	for round := range 8 {
		digits := fmt.Sprint("round ", round)
		b.code8(anna, digits)
		errs := together(fight, func(i int) error {
			_, err := b.externally(fmt.Sprint(round, "-", i), digits)
			return err
		})
		if n := tally(errs); n[""] != 1 || n[bank.GrantInvalid] != fight-1 {
			b.Fatalf("outcomes: %v", n)
		}
		for i, err := range errs {
			c, known := b.Consent(b.ctx, xs2a.ID(fmt.Sprint("consent-", round, "-", i)))
			if (err == nil) != (known == nil) {
				b.Errorf("caller %d was told %v, and its consent %+v: %v", i, err, c, known)
			}
		}
	}
}

func externalReplaced(b *bed) {
	b.code8(anna, "1")
	kept, err := b.KeepExternalCode(b.ctx, authserver.KeptExternalCode{Person: bartek, Hash: digest("1"), Until: b.now().Add(time.Minute)}, b.now(), b.did("code"))
	b.must(err)
	if kept {
		b.Error("two people have the same digits")
	}
	b.code8(anna, "1") // her own again
	b.code8(anna, "2")
	b.code8(bartek, "1") // free now
	_, err = b.externally("a", "3")
	b.refused(err, bank.GrantInvalid)
	r, err := b.externally("a", "1")
	b.must(err)
	if r.AskedOf != bartek {
		b.Errorf("asked of %s", r.AskedOf)
	}
	kept2, err := b.ConsentRequest(b.ctx, r.ID)
	b.must(err)
	b.same(kept2, r)
	b.move(2 * time.Minute)
	b.code8(bartek, "2") // Anna's has expired: its digits are free
	_, err = b.externally("b", "2")
	b.must(err)
	_, err = b.Purge(b.ctx, b.now().Add(time.Hour))
	b.must(err)
}

func externalRefused(b *bed) {
	b.code8(anna, "1")
	c := b.reading("a")
	r := authserver.ConsentRequest{ID: "r", Consent: c.ID, Client: c.Client, CreatedAt: b.now(), ExpiresAt: b.now().Add(time.Minute), Status: authserver.RequestOpen}
	try := func(count int, err error) error {
		_, got := b.AskExternally(b.ctx, digest("1"), c, r, callTo(), b.did("asked"), func(w *authserver.WrongCodes, k *authserver.KeptExternalCode) ([]audit.Record, error) {
			if w.Count != count || k == nil || k.Person != anna || !k.Until.Equal(b.now().Add(2*time.Minute)) || string(k.Hash) != string(digest("1")) {
				b.Errorf("judged %+v and %+v", w, k)
			}
			if w.Count > 0 && !w.Since.Equal(b.now()) {
				b.Errorf("since %s", w.Since)
			}
			*w = authserver.WrongCodes{Count: count + 1, Since: b.now()}
			return []audit.Record{b.did("wrong")}, err
		})
		return got
	}
	no := errors.New("no")
	for i := range 3 {
		if err := try(i, no); !errors.Is(err, no) {
			b.Errorf("got %v instead of what judge returned", err)
		}
	}
	_, err := b.Consent(b.ctx, c.ID)
	b.refused(err, bank.NotFound)
	_, err = b.ConsentRequest(b.ctx, r.ID)
	b.refused(err, bank.NotFound)
	// A consent id that is taken spends no code.
	b.ask(c)
	c.ID, r.Consent = "another", "another"
	b.refused(try(3, nil), bank.ConsentTaken)
	c.TPPID = "another"
	b.must(try(3, nil))
}

func externalCounted(b *bed) {
	b.reading("a")
	var mu sync.Mutex
	var counts []int
	together(fight, func(i int) error {
		c := b.readingNow(fmt.Sprint(i))
		_, err := b.AskExternally(b.ctx, digest("wrong"), c, authserver.ConsentRequest{ID: "r", Consent: c.ID, Client: c.Client}, callTo(), b.did("asked"),
			func(w *authserver.WrongCodes, _ *authserver.KeptExternalCode) ([]audit.Record, error) {
				w.Count++
				return nil, bank.Refuse(bank.GrantInvalid, fmt.Sprint(w.Count))
			})
		var no *bank.Refusal
		if !errors.As(err, &no) {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		n := 0
		_, err = fmt.Sscan(no.Public, &n)
		counts = append(counts, n)
		return err
	})
	slices.Sort(counts)
	for i, n := range counts {
		if n != i+1 || len(counts) != fight {
			b.Fatalf("the tries counted as %v", counts)
		}
	}
}

// readingNow is reading for a third party that is registered.
func (b *bed) readingNow(id string) xs2a.Consent {
	return xs2a.Consent{
		ID: xs2a.ID("consent-" + id), Version: 1, Client: theTPP, Organisation: theOrganisation, TPPID: "tpp-" + id, Scope: xs2a.AccountInfo,
		Until: b.now().Add(time.Hour), Status: xs2a.Asked, AskedAt: b.now(),
	}
}

func callbackAtomic(b *bed) {
	given, refused := b.asked("given"), b.asked("refused")
	b.asked("open")
	if list := b.calls("w"); len(list) != 0 {
		b.Fatalf("due before anything was decided: %+v", list)
	}
	use := b.passed("early", anna, sca.ForConsent, string(given.ID), "chosen")
	wrong := use
	wrong.Binding = "something else"
	b.choose(given)
	_, err := b.GiveConsent(b.ctx, given.ID, wrong, authserver.Code{}, b.decide)
	b.refused(err, bank.ChallengeForeign)
	_, err = b.GiveConsent(b.ctx, given.ID, use, consentCode(b.readingNow("given"), b.now()), b.decide)
	if err == nil {
		b.Fatal("a code was kept from which nobody is told")
	}
	if list := b.calls("w"); len(list) != 0 {
		b.Fatalf("due after what was undone: %+v", list)
	}
	_, err = b.GiveConsent(b.ctx, given.ID, use, authserver.Code{}, b.decide)
	b.must(err)
	b.move(time.Second)
	b.must(b.decided(refused, false))
	list := b.calls("w")
	want := authserver.DueCallback{
		ID: given.ID, Given: true, Since: b.wall.Now().Add(-time.Second), Tries: 1, Fence: 1,
		Callback: authserver.Callback{To: callTo(), Client: theTPP, Consent: "consent-given", TPPID: "tpp-given", State: "state of tpp-given"},
	}
	no := want
	no.ID, no.Given, no.Since, no.Consent, no.TPPID, no.State = refused.ID, false, b.wall.Now(), "consent-refused", "tpp-refused", "state of tpp-refused"
	slices.SortFunc(list, func(a, b authserver.DueCallback) int { return a.Since.Compare(b.Since) })
	b.same(list, []authserver.DueCallback{want, no})
	b.refused(b.decided(refused, false), bank.RequestEnded)

	// One whose consent its third party has withdrawn is told too; one with a page is not.
	withdrawn := b.asked("withdrawn")
	page := b.ask(b.reading("page"))
	for _, id := range []xs2a.ID{withdrawn.Consent, page.Consent} {
		_, err := b.ChangeConsent(b.ctx, id, nil, func(c *xs2a.Consent) ([]audit.Record, error) {
			c.Status, c.EndedAt = xs2a.Ended, b.now()
			return nil, nil
		})
		b.must(err)
	}
	b.must(b.decided(withdrawn, false))
	b.refused(b.decided(page, false), bank.RequestEnded)
	if d := b.call(); d.ID != withdrawn.ID || d.Given {
		b.Errorf("%+v", d)
	}
}

func callbackDecidedOnce(b *bed) {
	r := b.asked("a")
	b.choose(r)
	use := b.passed("challenge", anna, sca.ForConsent, string(r.ID), "chosen")
	errs := together(fight, func(i int) error {
		if i%2 == 0 {
			return b.decided(r, false)
		}
		_, err := b.GiveConsent(b.ctx, r.ID, use, authserver.Code{}, b.decide)
		return err
	})
	if n := tally(errs); n[""] != 1 || n[bank.RequestEnded] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	d := b.call()
	c, err := b.Consent(b.ctx, r.Consent)
	b.must(err)
	if d.Given != (c.Status == xs2a.Active) {
		b.Errorf("told %v of a consent that is %s", d.Given, c.Status)
	}
}

func callbackFight(b *bed) {
	const count = 20
	for i := range count {
		b.must(b.decided(b.asked(fmt.Sprint(i)), false))
	}
	var mu sync.Mutex
	seen := map[authserver.RequestID]int{}
	errs := together(fight, func(i int) error {
		for range count {
			got, err := b.ClaimCallbacks(b.ctx, fmt.Sprint("worker ", i), 3, b.wall.Now(), b.wall.Now().Add(time.Minute))
			if err != nil || len(got) == 0 {
				return err
			}
			if len(got) > 3 {
				return fmt.Errorf("%d callbacks leased instead of at most 3", len(got))
			}
			mu.Lock()
			for _, d := range got {
				seen[d.ID]++
			}
			mu.Unlock()
		}
		return nil
	})
	for _, err := range errs {
		b.must(err)
	}
	for id, n := range seen {
		if n != 1 {
			b.Errorf("callback of %s was leased %d times", id, n)
		}
	}
	if len(seen) != count {
		b.Errorf("%d callbacks of %d were leased", len(seen), count)
	}
}

func callbackLease(b *bed) {
	b.must(b.decided(b.asked("a"), false))
	first := b.call()
	b.move(time.Minute - time.Microsecond)
	if list := b.calls("second"); len(list) != 0 {
		b.Fatalf("leased while the lease stood: %+v", list)
	}
	b.move(time.Microsecond)
	second := b.call()
	if second.Fence <= first.Fence || second.Tries != 2 || !second.Since.Equal(first.Since) {
		b.Fatalf("leased %+v after %+v", second, first)
	}
	record := b.did("callback.delivered")
	for _, again := range []time.Time{{}, b.wall.Now()} { // the first worker wakes up: what it says no longer counts
		b.must(b.SettleCallback(b.ctx, first.ID, first.Fence, again, &record))
	}
	if list := b.calls("third"); len(list) != 0 {
		b.Errorf("an overtaken worker gave the callback away: %+v", list)
	}
	b.must(b.SettleCallback(b.ctx, second.ID, second.Fence, b.wall.Now().Add(time.Second), nil))
	if list := b.calls("third"); len(list) != 0 {
		b.Errorf("leased before its time: %+v", list)
	}
	b.move(time.Second)
	third := b.call()
	b.must(b.SettleCallback(b.ctx, third.ID, third.Fence, time.Time{}, &record))
	b.move(time.Hour)
	if list := b.calls("fourth"); len(list) != 0 {
		b.Errorf("told again: %+v", list)
	}
}

func freshCode(b *bed) {
	b.must(b.decided(b.asked("a"), true))
	d := b.call()
	for i := range 3 {
		if state := b.renew(d, fmt.Sprint(i)); state != authserver.CallbackReady {
			b.Fatalf("try %d is %s", i, state)
		}
	}
	for i := range 2 {
		b.refused(b.redeemConsent(told(d, fmt.Sprint(i), b.now()), fmt.Sprint("old", i)), bank.GrantInvalid)
	}
	for name, want := range map[string]bool{"told 2": true, "told 0": true, "code consent-page": false, "nothing": false} {
		if name == "code consent-page" {
			b.consented(b.reading("page"))
		}
		got, err := b.WasTold(b.ctx, digest(name))
		b.must(err)
		if got != want {
			b.Errorf("%s was told: %v", name, got)
		}
	}
	b.move(time.Minute - time.Microsecond)
	b.must(b.redeemConsent(told(d, "2", b.now()), "new"))
	if !b.good("new") || b.good("old0") {
		b.Error("the last code gives tokens, and no other")
	}
}

func noFreshCode(b *bed) {
	b.must(b.decided(b.asked("redeemed"), true))
	d := b.call()
	if state := b.renew(d, "1"); state != authserver.CallbackReady {
		b.Fatal(state)
	}
	b.must(b.redeemConsent(told(d, "1", b.now()), "t"))
	if state := b.renew(d, "2"); state != authserver.CallbackRedeemed {
		b.Errorf("a code more after the first was redeemed: %s", state)
	}
	stale := d
	stale.Fence--
	if state := b.renew(stale, "3"); state != authserver.CallbackLost {
		b.Errorf("a code for a worker that has lost its lease: %s", state)
	}
	if !b.good("t") {
		b.Error("a try has ended the tokens of the one before")
	}
	_, err := b.ChangeConsent(b.ctx, d.Consent, nil, func(c *xs2a.Consent) ([]audit.Record, error) {
		c.Status, c.EndedAt = xs2a.Ended, b.now()
		return nil, nil
	})
	b.must(err)
	if state := b.renew(d, "4"); state != authserver.CallbackEnded {
		b.Errorf("a code of a consent that has ended: %s", state)
	}
	b.must(b.SettleCallback(b.ctx, d.ID, d.Fence, time.Time{}, nil))
	if state := b.renew(d, "5"); state != authserver.CallbackLost {
		b.Errorf("a code of what was told: %s", state)
	}
	b.must(b.decided(b.asked("no"), false))
	no := b.call()
	if state := b.renew(no, "6"); state != authserver.CallbackLost {
		b.Errorf("a code of what was refused: %s", state)
	}
	for i := 2; i <= 6; i++ {
		if told, err := b.WasTold(b.ctx, digest(fmt.Sprint("told ", i))); err != nil || told {
			b.Errorf("code %d was kept: %v", i, err)
		}
	}
}

func lapsing(b *bed) {
	look := func(wantNext time.Duration, want ...string) {
		b.Helper()
		due, next, err := b.LapsingRequests(b.ctx, b.now(), 2)
		b.must(err)
		var ids []string
		for _, id := range due {
			ids = append(ids, string(id))
		}
		if wantNext == 0 && !next.IsZero() || wantNext > 0 && !next.Equal(b.now().Add(wantNext)) || !slices.Equal(ids, want) {
			b.Errorf("due %v, next %s", ids, next)
		}
	}
	look(0)
	b.ask(b.reading("page")) // has no phone to wait for
	for _, id := range []string{"z", "a", "m"} {
		b.asked(id)
		b.move(time.Minute)
	}
	look(2 * time.Minute)
	b.move(2 * time.Minute)
	look(time.Minute, "request-consent-z")
	b.move(2 * time.Minute)
	look(0, "request-consent-z", "request-consent-a")
	b.move(48 * time.Hour)
	_, err := b.Purge(b.ctx, b.now().Add(-24*time.Hour))
	b.must(err)
	_, err = b.ConsentRequest(b.ctx, "request-consent-page")
	b.refused(err, bank.NotFound)
	for _, id := range []string{"z", "a", "m"} {
		r, err := b.ConsentRequest(b.ctx, authserver.RequestID("request-consent-"+id))
		b.must(err)
		b.must(b.decided(r, false))
	}
	look(0)
	_, err = b.Purge(b.ctx, b.now().Add(-24*time.Hour))
	b.must(err)
	_, err = b.ConsentRequest(b.ctx, "request-consent-z")
	b.refused(err, bank.NotFound)
	if list := b.calls("w"); len(list) != 3 {
		b.Errorf("%d callbacks are left after the requests were cleared away", len(list))
	}
}
