package storetest

import (
	"errors"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/approval"
	"okienko/bank/audit"
)

// housekeeping holds logins, sessions, four eyes and the purge to their
// promises.
func housekeeping(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"wrong passwords at once are all counted", wrongPasswords},
		{"an unknown login is judged too", unknownLogin},
		{"a proposal waits for a second pair of eyes", proposals},
		{"a session lasts until it expires", sessions},
		{"a purge takes what has expired and nothing else", purge},
	})
}

func wrongPasswords(b *bed) {
	no := bank.Refuse(bank.LoginWrong, "No.")
	errs := together(fight, func(int) error {
		return b.TryLogin(b.ctx, "anna", func(l *authserver.Login) error {
			l.Wrong++
			l.LockedUntil = b.now().Add(time.Duration(l.Wrong) * time.Minute)
			return no
		})
	})
	if n := tally(errs); n[bank.LoginWrong] != fight {
		b.Errorf("outcomes: %v", n)
	}
	want := authserver.Login{
		Person: anna, Login: "anna", Password: "$argon2id$a", Wrong: fight, LockedUntil: b.now().Add(fight * time.Minute),
	}
	got, err := b.LoginOf(b.ctx, "anna")
	b.must(err)
	b.same(got, want)

	broken := errors.New("broken")
	err = b.TryLogin(b.ctx, "anna", func(l *authserver.Login) error { l.Wrong = 0; return broken })
	if !errors.Is(err, broken) {
		b.Errorf("got %v", err)
	}
	got, err = b.LoginOf(b.ctx, "anna")
	b.must(err)
	b.same(got, want)
	b.must(b.TryLogin(b.ctx, "anna", func(l *authserver.Login) error { l.Wrong, l.LockedUntil = 0, time.Time{}; return nil }))
	got, err = b.LoginOf(b.ctx, "anna")
	b.must(err)
	if got.Wrong != 0 || !got.LockedUntil.IsZero() {
		b.Errorf("after a right password: %+v", got)
	}
}

func unknownLogin(b *bed) {
	asked := false
	err := b.TryLogin(b.ctx, "nobody", func(l *authserver.Login) error {
		asked = l == nil
		return bank.Refuse(bank.LoginWrong, "No.")
	})
	b.refused(err, bank.LoginWrong)
	if !asked {
		b.Error("judge was not asked about an unknown login")
	}
}

func proposals(b *bed) {
	first := approval.Proposal{ID: "2", Act: "application.status", Subject: "client", Content: "PUBLIC", Why: "tested", By: "ewa", At: b.now(), Status: approval.Open}
	b.must(b.Propose(b.ctx, first, b.did("proposed")))
	b.move(time.Minute)
	second := first
	second.ID, second.At = "1", b.now()
	b.must(b.Propose(b.ctx, second, b.did("proposed")))
	open, err := b.Proposals(b.ctx, approval.Open)
	b.must(err)
	b.same(open, []approval.Proposal{first, second})

	decide := func(by string) error {
		_, err := b.ChangeProposal(b.ctx, first.ID, func(p *approval.Proposal) ([]audit.Record, error) {
			return []audit.Record{b.did("approved")}, p.Decide(true, by, b.now())
		})
		return err
	}
	b.refused(decide("ewa"), bank.ApprovalBySamePerson)
	errs := together(fight, func(int) error { return decide("jan") })
	if n := tally(errs); n[""] != 1 || n[bank.StatusNotAllowed] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	first.Status, first.DecidedBy, first.DecidedAt = approval.Approved, "jan", b.now()
	got, err := b.Proposal(b.ctx, first.ID)
	b.must(err)
	b.same(got, first)
	open, err = b.Proposals(b.ctx, approval.Open)
	b.must(err)
	b.same(open, []approval.Proposal{second})
}

func sessions(b *bed) {
	k := b.Sessions()
	is := func(want string) {
		b.Helper()
		data, found, err := k.FindCtx(b.ctx, "token")
		b.must(err)
		if string(data) != want || found != (want != "") {
			b.Errorf("found %q (%v), want %q", data, found, want)
		}
	}
	is("")
	b.must(k.CommitCtx(b.ctx, "token", []byte("one"), b.wall.Now().Add(time.Hour)))
	b.must(k.CommitCtx(b.ctx, "token", []byte("two"), b.wall.Now().Add(2*time.Hour)))
	b.move(2*time.Hour - time.Microsecond)
	is("two")
	b.move(time.Microsecond)
	is("")
	b.must(k.CommitCtx(b.ctx, "token", []byte("three"), b.wall.Now().Add(time.Hour)))
	is("three")
	b.must(k.DeleteCtx(b.ctx, "token"))
	is("")
	b.must(k.DeleteCtx(b.ctx, "token"))
}

func purge(b *bed) {
	_, code := b.pairAnna("r")
	b.must(b.redeem(code, "1"))
	b.must(b.rotate("1", "2"))
	b.message("m", time.Minute)
	b.must(b.Sessions().CommitCtx(b.ctx, "old", []byte("x"), b.wall.Now().Add(time.Minute)))
	b.must(b.Sessions().CommitCtx(b.ctx, "new", []byte("x"), b.wall.Now().Add(48*time.Hour)))
	b.move(24 * time.Hour)

	n, err := b.Purge(b.ctx, b.now())
	b.must(err)
	// Two access tokens, the code, the request, the message, a session.
	if n != 6 {
		b.Errorf("%d rows were purged", n)
	}
	_, err = b.Access(b.ctx, digest("access 2"))
	b.refused(err, bank.NotFound)
	_, err = b.Request(b.ctx, "r")
	b.refused(err, bank.NotFound)
	if _, found, err := b.Sessions().FindCtx(b.ctx, "new"); err != nil || !found {
		b.Errorf("a session that lasts is gone (%v)", err)
	}
	b.must(b.rotate("2", "3"))
	b.refused(b.rotate("1", "4"), bank.GrantInvalid) // spent long ago, not yet expired: still known
	if b.alive("3") {
		b.Error("after a purge the reuse of a refresh token goes unseen")
	}
	n, err = b.Purge(b.ctx, b.now())
	b.must(err)
	if n != 0 {
		b.Errorf("%d more rows were purged", n)
	}
}
