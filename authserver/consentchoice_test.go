package authserver_test

import (
	"strings"
	"testing"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/party"
)

func TestAccountsThatMayBeChosen(t *testing.T) {
	w := thirdParties(t)
	number := func(id account.ID) string { return w.mem.accounts[id].NRB.String() }
	offered := func(t *testing.T, a authserver.ConsentAsk, person party.PersonID, c party.CustomerID) ([]account.ID, error) {
		t.Helper()
		p, err := w.PendingConsent(t.Context(), w.ask(t, a))
		must(t, err)
		all, err := w.ConsentAccounts(t.Context(), p, person, c)
		var ids []account.ID
		for i := range all {
			ids = append(ids, all[i].ID)
		}
		return ids, err
	}
	for name, tt := range map[string]struct {
		change   func(*authserver.ConsentAsk)
		pays     bool
		person   party.PersonID
		customer party.CustomerID
		want     []account.ID
		code     bank.Code
	}{
		"all of hers":           {nil, false, "anna", "c-anna", []account.ID{annas, annas2, "acc-anna-eur"}, ""},
		"those that are named":  {func(a *authserver.ConsentAsk) { a.Consent.Wanted = []string{number(annas2), number(bobs)} }, false, "anna", "c-anna", []account.ID{annas2}, ""},
		"none is hers":          {func(a *authserver.ConsentAsk) { a.Consent.Wanted = []string{number(bobs)} }, false, "anna", "c-anna", nil, ""},
		"of the right currency": {nil, true, "anna", "c-anna", []account.ID{annas, annas2}, ""},
		"the named sender": {func(a *authserver.ConsentAsk) { a.Consent.Payment.Orders[0].Order.Sender.Account = number(annas2) },
			true, "anna", "c-anna", []account.ID{annas2}, ""},
		"another's sender": {func(a *authserver.ConsentAsk) { a.Consent.Payment.Orders[0].Order.Sender.Account = number(bobs) },
			true, "anna", "c-anna", nil, ""},
		"VAT accounts may be read":  {nil, false, "anna", "c-shop", []account.ID{"acc-shop", shopsVAT}, ""},
		"VAT accounts do not pay":   {nil, true, "anna", "c-shop", []account.ID{"acc-shop"}, ""},
		"a stranger's accounts":     {nil, false, "anna", "c-bob", nil, bank.NotFound},
		"a role that does not bind": {nil, false, "firma-proxy_user", "c-firma", nil, bank.PermissionMissing},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.infoAsk(name)
			if tt.pays {
				a = w.payAsk(name, w.order(100))
			}
			if tt.change != nil {
				tt.change(&a)
			}
			got, err := offered(t, a, tt.person, tt.customer)
			wantCode(t, err, tt.code)
			if len(got) != len(tt.want) || strings.Join(texts(got), ",") != strings.Join(texts(tt.want), ",") {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}

	w.access(annas, account.AccessBlocked)
	got, err := offered(t, w.infoAsk("one blocked"), "anna", "c-anna")
	must(t, err)
	if len(got) != 2 {
		t.Errorf("the others go on: %v", got)
	}
	a := w.infoAsk("only the blocked one")
	a.Consent.Wanted = []string{number(annas)}
	_, err = offered(t, a, "anna", "c-anna")
	wantCode(t, err, bank.AccessBlocked)
}

func texts(ids []account.ID) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, string(id))
	}
	return out
}

func (w *thirdWorld) access(id account.ID, s account.AccessState) {
	a := w.mem.accounts[id]
	a.Access = account.Access{State: s, By: "staff:hotline", At: start, Why: "test"}
	w.mem.accounts[id] = a
}

func TestChoicesThatCannotBeMade(t *testing.T) {
	w := thirdParties(t)
	w.access("acc-firma", account.AccessOff)
	for name, tt := range map[string]struct {
		pays   bool
		choice authserver.ConsentChoice
		code   bank.Code
		field  string
	}{
		"nothing":                 {false, choice(), bank.InvalidParameter, "account"},
		"two that pay":            {true, choice(annas, annas2), bank.InvalidParameter, "account"},
		"another's":               {false, choice(annas, bobs), bank.NotFound, ""},
		"for another":             {false, authserver.ConsentChoice{Person: "anna", Customer: "c-bob", Accounts: []account.ID{bobs}}, bank.NotFound, ""},
		"another currency":        {true, choice("acc-anna-eur"), bank.InvalidParameter, "account"},
		"VAT account":             {true, authserver.ConsentChoice{Person: "anna", Customer: "c-shop", Accounts: []account.ID{shopsVAT}}, bank.InvalidParameter, "account"},
		"access is off":           {false, authserver.ConsentChoice{Person: "firma-representative", Customer: "c-firma", Accounts: []account.ID{"acc-firma"}}, bank.AccessOff, ""},
		"role that does not bind": {false, authserver.ConsentChoice{Person: "firma-proxy_special", Customer: "c-firma", Accounts: []account.ID{"acc-firma"}}, bank.PermissionMissing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.infoAsk(name)
			if tt.pays {
				a = w.payAsk(name, w.order(100))
			}
			_, err := w.ChooseForConsent(t.Context(), w.ask(t, a), tt.choice)
			wantField(t, err, tt.code, tt.field)
		})
	}
}
