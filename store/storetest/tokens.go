package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/sca"
)

// fight is how many callers want the same thing at once.
const fight = 8

func tokens(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"pairing again makes the next version of the same agreement", pairAgain},
		{"a request is given once", requestOnce},
		{"a refused pairing spends and keeps nothing", pairingRefused},
		{"an agreement keeps the name by which the account is known", refStays},
		{"a code is good once, and its reuse ends what came of it", codeOnce},
		{"one code redeemed by many at once", codeFight},
		{"a code that is refused stays good until it expires", codeRefused},
		{"a refresh token is good once, and its reuse ends everything", refreshOnce},
		{"one refresh token rotated by many at once", refreshFight},
		{"a refresh token of an older pairing ends nothing of the next one", refreshOfOlder},
		{"a refresh token that is refused stays good until it expires", refreshRefused},
		{"an access token leads to all that stands behind it", accessWhole},
		{"ending an agreement ends its tokens and codes at once", endingEnds},
	})
}

func pairAgain(b *bed) {
	first, code := b.pairAnna("first")
	b.must(b.redeem(code, "old"))
	_, unused := b.pairAnna("second")
	b.move(time.Minute / 2)

	r := b.request("third", theClient, bartek, ofAnna, annasSavings)
	_, err := b.ChangeRequest(b.ctx, r.ID, func(r *authserver.Request) error {
		r.Choice.Permissions, r.Choice.Limits = []consent.Permission{makeHold}, someLimits(20)
		return nil
	})
	b.must(err)
	use := b.passed("challenge third", bartek, sca.ForPairing, "third", "chosen")
	last := b.code(r)
	got, err := b.Pair(b.ctx, r.ID, use, last, b.give)
	b.must(err)

	kept, err := b.Agreement(b.ctx, first.ID)
	b.must(err)
	b.same(kept, got)
	want := first
	want.Version, want.Person, want.Account, want.Limits, want.GivenAt = 3, bartek, annasSavings, someLimits(20), b.now()
	want.Grants = []consent.Grant{{Permission: makeHold, GivenAt: b.now(), ValidSeconds: 3600, Quota: 10, Left: 10}}
	b.same(got, want)

	if b.alive("old") {
		b.Error("a token of the version before is still good")
	}
	b.refused(b.redeem(unused, "unused"), bank.GrantInvalid)
	b.must(b.redeem(last, "new"))
	list, err := b.AgreementsOf(b.ctx, ofAnna)
	b.must(err)
	b.same(list, []consent.Agreement{got})
	given, err := b.Request(b.ctx, r.ID)
	b.must(err)
	if given.Status != authserver.RequestGiven {
		b.Errorf("the request is %s", given.Status)
	}
}

func requestOnce(b *bed) {
	r := b.request("r", theClient, anna, ofAnna, annasAccount)
	uses := make([]consent.Use, fight)
	for i := range uses {
		uses[i] = b.passed(fmt.Sprint("challenge ", i), anna, sca.ForPairing, "r", "chosen")
	}
	errs := together(fight, func(i int) error {
		code := b.code(r)
		code.Hash = digest(fmt.Sprint("code ", i))
		_, err := b.Pair(b.ctx, r.ID, uses[i], code, b.give)
		return err
	})
	if n := tally(errs); n[""] != 1 || n[bank.RequestEnded] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	spent := 0
	for _, u := range uses {
		c, err := b.Challenge(b.ctx, u.Challenge)
		b.must(err)
		if c.Status == sca.Spent {
			spent++
		}
	}
	if spent != 1 {
		b.Errorf("%d confirmations were spent on one pairing", spent)
	}
}

func pairingRefused(b *bed) {
	r := b.request("r", theClient, anna, ofAnna, annasAccount)
	use := b.passed("challenge", anna, sca.ForPairing, "r", "chosen")
	_, err := b.Pair(b.ctx, r.ID, use, b.code(r), func(authserver.Request, *consent.Agreement) (consent.Agreement, []audit.Record, error) {
		return consent.Agreement{}, nil, bank.Refuse(bank.ApplicationStatus, "No.")
	})
	b.refused(err, bank.ApplicationStatus)

	wrong := use
	wrong.Binding = "something else"
	_, err = b.Pair(b.ctx, r.ID, wrong, b.code(r), b.give)
	b.refused(err, bank.ChallengeForeign)
	wrong = use
	wrong.Person = bartek
	_, err = b.Pair(b.ctx, r.ID, wrong, b.code(r), b.give)
	b.refused(err, bank.ChallengeForeign)

	list, err := b.AgreementsOf(b.ctx, ofAnna)
	b.must(err)
	if len(list) != 0 {
		b.Errorf("a refused pairing was kept: %+v", list)
	}
	b.refused(b.redeem(b.code(r), "x"), bank.GrantInvalid)
	_, err = b.Pair(b.ctx, r.ID, use, b.code(r), b.give) // neither request nor challenge was used up
	b.must(err)

	bare := authserver.Request{ID: "bare", Client: theClient, State: "s", Status: authserver.RequestOpen, CreatedAt: b.now(), ExpiresAt: b.now().Add(time.Minute)}
	b.must(b.SaveRequest(b.ctx, bare))
	got, err := b.Request(b.ctx, "bare")
	b.must(err)
	b.same(got, bare)
	_, err = b.Pair(b.ctx, "bare", use, b.code(bare), b.give)
	b.refused(err, bank.RequestInvalid)
}

func refStays(b *bed) {
	first, _ := b.pairAnna("first")
	r := b.request("second", theClient, anna, ofAnna, annasAccount)
	use := b.passed("challenge", anna, sca.ForPairing, "second", "chosen")
	_, err := b.Pair(b.ctx, r.ID, use, b.code(r), func(r authserver.Request, before *consent.Agreement) (consent.Agreement, []audit.Record, error) {
		a, records, err := b.give(r, before)
		a.AccountRef = "another"
		return a, records, err
	})
	if err == nil {
		b.Error("pairing again changed the name of the account")
	}
	_, err = b.ChangeAgreement(b.ctx, first.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
		a.AccountRef = "another"
		return nil, nil
	})
	if err == nil {
		b.Error("a change changed the name of the account")
	}
	got, err := b.Agreement(b.ctx, first.ID)
	b.must(err)
	b.same(got, first)
}

func codeOnce(b *bed) {
	_, code := b.pairAnna("r")
	var saw authserver.Code
	a, err := b.Redeem(b.ctx, code.Hash, b.now(), func(c authserver.Code) error { saw = c; return nil },
		func(_ authserver.Code, a consent.Agreement) (authserver.Issued, error) {
			return b.issue(a.AccountRef), nil
		})
	b.must(err)
	b.same(saw, code)
	if a.ID != code.Agreement || !b.alive("ref-r") {
		b.Errorf("redeemed for %s, its token alive: %v", a.ID, b.alive("ref-r"))
	}
	b.must(b.rotate("ref-r", "next"))

	b.move(time.Hour) // long expired: reuse is reuse
	b.refused(b.redeem(code, "again"), bank.GrantInvalid)
	if b.alive("ref-r") || b.alive("next") || b.alive("again") {
		b.Error("a token of a code used twice is good")
	}
	b.refused(b.rotate("next", "more"), bank.GrantInvalid)
}

func codeFight(b *bed) {
	_, code := b.pairAnna("r")
	errs := together(fight, func(i int) error { return b.redeem(code, fmt.Sprint("t", i)) })
	if n := tally(errs); n[""] != 1 || n[bank.GrantInvalid] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	for i, err := range errs {
		_, known := b.Access(b.ctx, digest(fmt.Sprint("access t", i)))
		if (err == nil) != (known == nil) {
			b.Errorf("caller %d was told %v and has a token: %v", i, err, known)
		}
		if b.alive(fmt.Sprint("t", i)) {
			b.Errorf("the token of caller %d outlived the reuse", i)
		}
	}
}

func codeRefused(b *bed) {
	_, code := b.pairAnna("r")
	mine := errors.New("not the one who asked")
	no := func(authserver.Code) error { return mine }
	issue := func(authserver.Code, consent.Agreement) (authserver.Issued, error) { return b.issue("x"), nil }
	if _, err := b.Redeem(b.ctx, code.Hash, b.now(), no, issue); !errors.Is(err, mine) {
		b.Errorf("got %v instead of what check returned", err)
	}
	_, err := b.Redeem(b.ctx, digest("unknown"), b.now(), no, issue)
	b.refused(err, bank.GrantInvalid)
	b.move(time.Minute - time.Microsecond)
	b.must(b.redeem(code, "good"))

	_, late := b.pairAnna("late")
	b.move(time.Minute)
	b.refused(b.redeem(late, "late"), bank.GrantInvalid)
}

func refreshOnce(b *bed) {
	_, code := b.pairAnna("r")
	b.must(b.redeem(code, "1"))
	b.must(b.rotate("1", "2"))
	if !b.alive("1") || !b.alive("2") {
		b.Error("a refresh ended an access token before its time")
	}
	b.move(91 * 24 * time.Hour) // expired since: reuse is reuse
	b.refused(b.rotate("1", "3"), bank.GrantInvalid)
	if b.alive("1") || b.alive("2") || b.alive("3") {
		b.Error("a token is good after the reuse of a dead refresh token")
	}
	b.refused(b.rotate("unknown", "4"), bank.GrantInvalid)

	// An access token does not refresh.
	_, code = b.pairAnna("r2")
	b.must(b.redeem(code, "5"))
	_, err := b.Rotate(b.ctx, digest("access 5"), b.now(), func(authserver.Token) error { return nil },
		func(authserver.Token, consent.Agreement) (authserver.Issued, error) { return b.issue("6"), nil })
	b.refused(err, bank.GrantInvalid)
	if !b.alive("5") {
		b.Error("trying an access token as a refresh token revoked it")
	}
}

// The application may be refreshing with what it had while the customer pairs
// again: that is no thief, and must not cost the customer one more pairing.
func refreshOfOlder(b *bed) {
	_, code := b.pairAnna("r")
	b.must(b.redeem(code, "1"))
	b.must(b.rotate("1", "2"))
	_, code = b.pairAnna("again")
	b.must(b.redeem(code, "3"))
	for _, old := range []string{"1", "2"} {
		b.refused(b.rotate(old, "4"), bank.GrantInvalid)
	}
	if !b.alive("3") || b.alive("2") {
		b.Error("the tokens of an older pairing live, or took the new ones with them")
	}
	b.must(b.rotate("3", "5"))
}

func refreshFight(b *bed) {
	_, code := b.pairAnna("r")
	b.must(b.redeem(code, "first"))
	errs := together(fight, func(i int) error { return b.rotate("first", fmt.Sprint("t", i)) })
	if n := tally(errs); n[""] != 1 || n[bank.GrantInvalid] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	if b.alive("first") {
		b.Error("the access token from before the reuse is good")
	}
	for i := range errs {
		if b.alive(fmt.Sprint("t", i)) {
			b.Errorf("the token of caller %d outlived the reuse", i)
		}
	}
}

func refreshRefused(b *bed) {
	_, code := b.pairAnna("r")
	b.must(b.redeem(code, "1"))
	var saw authserver.Token
	_, err := b.Rotate(b.ctx, digest("refresh 1"), b.now(), func(t authserver.Token) error {
		saw = t
		return bank.Refuse(bank.ClientWrong, "No.")
	}, func(authserver.Token, consent.Agreement) (authserver.Issued, error) { return b.issue("x"), nil })
	b.refused(err, bank.ClientWrong)
	b.same(saw, authserver.Token{
		Hash: digest("refresh 1"), Kind: authserver.RefreshToken, Client: theClient, Agreement: code.Agreement, Family: code.Hash,
		IssuedAt: b.now(), ExpiresAt: b.now().Add(90 * 24 * time.Hour),
	})
	b.move(90*24*time.Hour - time.Microsecond)
	b.must(b.rotate("1", "2"))
	b.move(90 * 24 * time.Hour)
	b.refused(b.rotate("2", "3"), bank.GrantInvalid)
}

func accessWhole(b *bed) {
	agreement, code := b.pairAnna("r")
	b.must(b.redeem(code, "1"))
	_, err := b.ChangeAgreement(b.ctx, agreement.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
		a.Account = annasSavings
		return nil, nil
	})
	b.must(err)
	agreement.Account = annasSavings

	got, err := b.Access(b.ctx, digest("access 1"))
	b.must(err)
	b.same(got.Token, authserver.Token{
		Hash: digest("access 1"), Kind: authserver.AccessToken, Client: theClient, Agreement: agreement.ID, Family: code.Hash,
		IssuedAt: b.now(), ExpiresAt: b.now().Add(20 * time.Minute),
	})
	b.same(got.Agreement, agreement)
	b.same(got.Customer, b.people().Customers[0])
	want, err := b.Account(b.ctx, annasSavings)
	b.must(err)
	b.same(got.Account, want)

	_, err = b.Access(b.ctx, digest("refresh 1"))
	b.refused(err, bank.NotFound)
}

// stands gives an agreement a status by the customer's own hand.
func (b *bed) stands(id consent.ID, to consent.Status) {
	b.Helper()
	_, err := b.ChangeAgreement(b.ctx, id, nil, func(a *consent.Agreement) ([]audit.Record, error) {
		a.Status = to
		return []audit.Record{b.did("pairing." + string(to))}, nil
	})
	b.must(err)
}

func endingEnds(b *bed) {
	a, code := b.pairAnna("r")
	b.must(b.redeem(code, "1"))
	b.stands(a.ID, consent.Ended)
	got, err := b.Access(b.ctx, digest("access 1"))
	b.must(err)
	if got.Token.RevokedAt.IsZero() || got.Agreement.Status != consent.Ended {
		b.Errorf("the token of an ended pairing: %+v", got.Token)
	}
	b.refused(b.rotate("1", "2"), bank.GrantInvalid)

	// Not only while it is ended: what ended stays so.
	_, code = b.pairAnna("again")
	b.stands(a.ID, consent.Suspended)
	b.refused(b.redeem(code, "3"), bank.GrantInvalid)
	b.stands(a.ID, consent.Active)
	b.refused(b.redeem(code, "4"), bank.GrantInvalid)
	b.refused(b.rotate("1", "5"), bank.GrantInvalid)
}
