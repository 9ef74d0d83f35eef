package authserver_test

import (
	"slices"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/party"
)

func TestLogIn(t *testing.T) {
	w := open(t)
	p, err := w.LogIn(t.Context(), "anna", password)
	must(t, err)
	if p.ID != "anna" {
		t.Errorf("%+v", p)
	}
	_, wrong := w.LogIn(t.Context(), "anna", password+" ")
	_, unknown := w.LogIn(t.Context(), "nobody", password)
	wantCode(t, wrong, bank.LoginWrong)
	if wrong.Error() != unknown.Error() {
		t.Errorf("%v and %v", wrong, unknown)
	}
}

func TestFiveWrongTriesLockALoginForAQuarter(t *testing.T) {
	w := open(t)
	try := func(password string, want bank.Code) {
		t.Helper()
		_, err := w.LogIn(t.Context(), "anna", password)
		wantCode(t, err, want)
	}
	for range 4 {
		try("wrong", bank.LoginWrong)
	}
	try(password, "") // four are forgiven, and forgotten
	for range 5 {
		try("wrong", bank.LoginWrong)
	}
	try(password, bank.LoginLocked)
	try("wrong", bank.LoginLocked)
	w.clock.Advance(15*time.Minute - time.Microsecond)
	try(password, bank.LoginLocked)
	w.clock.Advance(time.Microsecond)
	try("wrong", bank.LoginWrong) // the tries inside the lock did not count
	try(password, "")
}

// changing shows another kept password than the one on which the server has
// computed.
type changing struct {
	authserver.Store
	to string
}

func (c changing) TryLogin(ctx ctx, login string, judge func(*authserver.Login) error) error {
	return c.Store.TryLogin(ctx, login, func(l *authserver.Login) error {
		kept := l.Password
		defer func() { l.Password = kept }()
		l.Password = c.to
		return judge(l)
	})
}

func TestAPasswordThatWasChangedMeanwhileDoesNotOpen(t *testing.T) {
	w := open(t)
	s := w.with(func(c *authserver.Config) { c.Store = changing{w.store, "$another"} })
	for range 6 { // right for one hash, never tried on the other: no try of either
		_, err := s.LogIn(t.Context(), "anna", password)
		wantCode(t, err, bank.LoginWrong)
	}
	_, err := w.LogIn(t.Context(), "anna", password)
	must(t, err)
}

func TestContextsAreThoseOfNow(t *testing.T) {
	w := open(t)
	names := func(p party.PersonID) []string {
		all, err := w.Contexts(t.Context(), p)
		must(t, err)
		var out []string
		for _, a := range all {
			out = append(out, string(a.Customer.ID)+" "+string(a.Representation.Role))
		}
		return out
	}
	if got := names("anna"); !slices.Equal(got, []string{"c-anna owner", "c-shop owner"}) {
		t.Errorf("anna: %q", got)
	}
	if got := names("bob"); !slices.Equal(got, []string{"c-bob owner"}) {
		t.Errorf("bob: %q", got)
	}
	w.clock.Advance(time.Hour)
	if got := names("anna"); !slices.Contains(got, "c-firma proxy_general") {
		t.Errorf("anna, an hour later: %q", got)
	}
}
