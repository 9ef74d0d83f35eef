package authserver_test

import (
	"testing"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/party"
)

// switchOn has access to an account switched on, with the word of a challenge.
func (w *thirdWorld) switchOn(t *testing.T, person party.PersonID, id account.ID) {
	t.Helper()
	s, err := w.AccessSubject(t.Context(), person, id, true, party.English)
	must(t, err)
	if s.Display.Text != "You switch on access by third parties to the account ..."+w.mem.accounts[id].NRB.String()[22:]+"." {
		t.Error(s.Display.Text)
	}
	a, err := w.SwitchAccess(t.Context(), person, id, true, w.confirm(t, person, s))
	must(t, err)
	if a.Access.State != account.AccessOn || w.mem.accounts[id].Access != a.Access {
		t.Errorf("%+v", a.Access)
	}
}

func TestIndividualSwitchesAccessOffAndOn(t *testing.T) {
	w := thirdParties(t)
	off, err := w.SwitchAccess(t.Context(), "anna", annas, false, "")
	must(t, err)
	if off.Access.State != account.AccessOff || off.Access.By != "customer:anna" || !off.Access.At.Equal(start) {
		t.Errorf("%+v", off.Access)
	}
	if r := w.lastAct(t, "access.switched"); r.Subject != "account:acc-anna" || r.Before != "access=on" || r.After != "access=off" {
		t.Errorf("%+v", r)
	}
	_, err = w.SwitchAccess(t.Context(), "anna", annas, true, "")
	wantCode(t, err, bank.AuthorisationRequired)
	s, err := w.AccessSubject(t.Context(), "anna", annas, true, party.Polish)
	must(t, err)
	challenge := w.confirm(t, "anna", s)
	w.access(annas2, account.AccessOff)
	_, err = w.SwitchAccess(t.Context(), "anna", annas2, true, challenge)
	wantCode(t, err, bank.ChallengeForeign)
	w.switchOn(t, "anna", annas)
}

// Design §3: who switches access hangs on the segment.
func TestWhoMaySwitchAccess(t *testing.T) {
	w := thirdParties(t)
	w.access("acc-firma", account.AccessOff)
	w.switchOn(t, "firma-proxy_administrator", "acc-firma")
	for name, tt := range map[string]struct {
		person party.PersonID
		id     account.ID
		code   bank.Code
	}{
		"the hotline for a business": {"anna", "acc-shop", bank.StatusNotAllowed},
		"no stranger":                {"anna", bobs, bank.NotFound},
		"no role that does not bind": {"firma-proxy_user", "acc-firma", bank.PermissionMissing},
		"nobody what is not there":   {"anna", "none", bank.NotFound},
	} {
		if err := w.MaySwitchAccess(t.Context(), tt.person, tt.id); bank.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
		_, err := w.SwitchAccess(t.Context(), tt.person, tt.id, false, "")
		if bank.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBlockOfTheBankIsNotTheCustomersToLift(t *testing.T) {
	w := thirdParties(t)
	w.access(annas, account.AccessBlocked)
	wantCode(t, w.MaySwitchAccess(t.Context(), "anna", annas), bank.AccessBlocked)
	_, err := w.SwitchAccess(t.Context(), "anna", annas, false, "")
	wantCode(t, err, bank.AccessBlocked) // off would be less than blocked
	a := w.mem.accounts[annas]
	a.Access.By = "customer:anna"
	w.mem.accounts[annas] = a
	w.switchOn(t, "anna", annas)

	a.Status = account.Closed
	w.mem.accounts[annas] = a
	wantCode(t, w.MaySwitchAccess(t.Context(), "anna", annas), bank.AccountClosed)
}
