package authserver_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// One request that breaks every rule, mended one rule at a time.
func TestBeginRefusesInOrder(t *testing.T) {
	w := open(t)
	var p authserver.BeginParams
	for _, step := range []struct {
		code  bank.Code
		field string
		mend  func()
	}{
		{bank.InvalidParameter, "client_id", func() { p.ClientID = "nobody" }},
		{bank.InvalidParameter, "response_type", func() { p.ResponseType = "token" }},
		{bank.InvalidParameter, "state", func() { p.State = state[1:] }},
		{bank.InvalidParameter, "redirect_uri", func() { p.RedirectURI = redirect + "/" }},
		{bank.InvalidParameter, "scope", func() { p.Scope = "everything" }},
		{bank.ApplicationUnknown, "", func() { p.ClientID = string(client) }},
		{bank.RedirectUnknown, "", func() { p.RedirectURI = redirect }},
		{bank.RequestInvalid, "", func() { p.ResponseType = "code" }},
		{bank.RequestInvalid, "", func() { p.State = state }},
		{bank.RequestInvalid, "", func() { p.Scope = "open-api"; p.CodeChallengeMethod = "plain" }},
		{bank.RequestInvalid, "", func() { p.CodeChallengeMethod = "" }},
	} {
		_, err := w.Begin(t.Context(), p)
		wantCode(t, err, step.code)
		if r, ok := err.(*bank.Refusal); !ok || r.Field != step.field {
			t.Fatalf("%v: field %q, want %q", err, r.Field, step.field)
		}
		step.mend()
	}
	r, err := w.Begin(t.Context(), p)
	must(t, err)
	if r.ExpiresAt.Sub(r.CreatedAt) != 10*time.Minute || r.Status != authserver.RequestOpen || r.State != state {
		t.Errorf("%+v", r)
	}
}

func TestNativeApplicationsMustSendPKCE(t *testing.T) {
	w := open(t)
	p := beginParams()
	p.ClientID, p.RedirectURI = string(native), "com.shop:/back"
	_, err := w.Begin(t.Context(), p)
	wantCode(t, err, bank.RequestInvalid)
	p.CodeChallenge, p.CodeChallengeMethod = strings.Repeat("a", 43), "S256"
	_, err = w.Begin(t.Context(), p)
	must(t, err)
}

func TestRequestsEnd(t *testing.T) {
	w := open(t)
	_, err := w.Pending(t.Context(), "nothing")
	wantCode(t, err, bank.NotFound)

	r := w.begin(t)
	p, err := w.Pending(t.Context(), r.ID)
	must(t, err)
	if p.Application.Name != "Sklep" || p.Partner.Name != "Rowery" || !reflect.DeepEqual(p.Request, r) {
		t.Errorf("%+v", p)
	}
	to, err := w.RefusePairing(t.Context(), r.ID)
	must(t, err)
	if to != redirect+"?error=access_denied&state="+state {
		t.Errorf("refused to %s", to)
	}
	ended := func(id authserver.RequestID) {
		t.Helper()
		_, err := w.Pending(t.Context(), id)
		wantCode(t, err, bank.RequestEnded)
		_, err = w.Choose(t.Context(), id, annasChoice())
		wantCode(t, err, bank.RequestEnded)
		_, err = w.RefusePairing(t.Context(), id)
		wantCode(t, err, bank.RequestEnded)
		_, err = w.Pair(t.Context(), id, "anna", "")
		wantCode(t, err, bank.RequestEnded)
	}
	ended(r.ID)

	late := w.begin(t)
	w.clock.Advance(10*time.Minute - time.Microsecond)
	_, err = w.Pending(t.Context(), late.ID)
	must(t, err)
	w.clock.Advance(time.Microsecond)
	ended(late.ID)
}

// Who may pair, by representation and by the application's status
// (partner-api §2). Bob is an employee of the partner; c-shop is the partner's
// own company.
func TestMayPair(t *testing.T) {
	const no, role, status = bank.NotFound, bank.PermissionMissing, bank.ApplicationStatus
	people := []struct {
		person   party.PersonID
		customer party.CustomerID
	}{
		{"anna", "c-anna"}, {"bob", "c-bob"}, {"anna", "c-shop"}, {"bob", "c-anna"},
		{"firma-owner", "c-firma"}, {"firma-proxy_special", "c-firma"}, {"firma-proxy_user", "c-firma"},
		{"bob", "c-firma"} /* until now */, {"anna", "c-firma"}, /* from later on */
	}
	for _, tt := range []struct {
		env    partner.Environment
		status partner.Status
		want   [9]bank.Code
	}{
		{partner.Test, partner.Sandbox, [9]bank.Code{"", "", "", no, status, role, role, no, no}},
		{partner.Test, partner.Public, [9]bank.Code{"", "", "", no, status, role, role, no, no}},
		{partner.Production, partner.Sandbox, [9]bank.Code{status, status, status, no, status, role, role, no, no}},
		{partner.Production, partner.Beta, [9]bank.Code{status, "", "", no, status, role, role, no, no}},
		{partner.Production, partner.Public, [9]bank.Code{"", "", "", no, status, role, role, no, no}},
	} {
		w := newWorld(t, tt.env, tt.status)
		p, err := w.Pending(t.Context(), w.begin(t).ID)
		must(t, err)
		for i, who := range people {
			c, err := w.store.Customer(t.Context(), who.customer)
			must(t, err)
			if got := bank.CodeOf(w.MayPair(t.Context(), p, who.person, &c)); got != tt.want[i] {
				t.Errorf("%s %s: %s for %s: %q, want %q", tt.env, tt.status, who.person, who.customer, got, tt.want[i])
			}
		}
	}
}

func TestRolesThatBindACompany(t *testing.T) {
	w := open(t)
	p, err := w.Pending(t.Context(), w.begin(t).ID)
	must(t, err)
	p.Partner.Customer = "c-firma" // its own company: the application is open to it
	c, err := w.store.Customer(t.Context(), "c-firma")
	must(t, err)
	for _, r := range party.Roles {
		want := bank.Code("")
		if r == party.ProxySpecial || r == party.ProxyUser {
			want = bank.PermissionMissing
		}
		if got := bank.CodeOf(w.MayPair(t.Context(), p, party.PersonID("firma-"+r), &c)); got != want {
			t.Errorf("%s: %q, want %q", r, got, want)
		}
	}
	c.Blocked = party.Block{By: "staff", At: start}
	wantCode(t, w.MayPair(t.Context(), p, "firma-owner", &c), bank.CustomerBlocked)
}

func TestChooseRefuses(t *testing.T) {
	w := open(t)
	rec := audit.Record{At: start, Actor: audit.Actor{Kind: audit.Staff, ID: "s"}, Act: "test", Subject: "test"}
	for _, tt := range []struct {
		name  string
		make  func(*authserver.Choice)
		code  bank.Code
		field string
	}{
		{"unknown customer", func(c *authserver.Choice) { c.Customer = "c-nobody" }, bank.NotFound, ""},
		{"somebody else's customer", func(c *authserver.Choice) { c.Customer, c.Account = "c-bob", bobs }, bank.NotFound, ""},
		{"unknown account", func(c *authserver.Choice) { c.Account = "acc-nothing" }, bank.NotFound, ""},
		{"somebody else's account", func(c *authserver.Choice) { c.Account = bobs }, bank.NotFound, ""},
		{"the bank's account", func(c *authserver.Choice) { c.Account = account.FeeIncome }, bank.NotFound, ""},
		{"account in euro", func(c *authserver.Choice) { c.Account = "acc-anna-eur" }, bank.InvalidParameter, "account"},
		{"permission never defined", func(c *authserver.Choice) { c.Permissions = append(c.Permissions, user) }, bank.PermissionForeign, ""},
		{"obligatory one missing", func(c *authserver.Choice) { c.Permissions = []consent.Permission{hold} }, bank.InvalidParameter, "permissions"},
		{"nothing at all", func(c *authserver.Choice) { c.Permissions = nil }, bank.InvalidParameter, "permissions"},
		{"single limit", func(c *authserver.Choice) { c.Limits.Single = pln(100_01) }, bank.InvalidParameter, "single"},
		{"daily limit", func(c *authserver.Choice) { c.Limits.Daily = pln(300_01) }, bank.InvalidParameter, "daily"},
		{"monthly limit", func(c *authserver.Choice) { c.Limits.Monthly = pln(1000_01) }, bank.InvalidParameter, "monthly"},
		{"unconfirmed", func(c *authserver.Choice) { c.Limits.Unconfirmed = pln(50_01) }, bank.InvalidParameter, "unconfirmed"},
		{"below zero", func(c *authserver.Choice) { c.Limits.Daily = pln(-1) }, bank.InvalidParameter, "daily"},
		{"no limits", func(c *authserver.Choice) { c.Limits = authserver.Choice{}.Limits }, bank.InvalidParameter, "single"},
		{"blocked account", func(*authserver.Choice) {
			must(t, w.store.SetAccountStatus(t.Context(), annas, account.Blocked, rec))
		}, bank.AccountBlocked, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id, c := w.begin(t).ID, annasChoice()
			tt.make(&c)
			_, err := w.Choose(t.Context(), id, c)
			wantCode(t, err, tt.code)
			if r, ok := err.(*bank.Refusal); !ok || r.Field != tt.field {
				t.Errorf("field of %v, want %q", err, tt.field)
			}
			p, err := w.Pending(t.Context(), id)
			must(t, err)
			if p.Request.Choice != nil {
				t.Error("a refused choice was kept")
			}
		})
	}
}

func TestChoiceIsKeptInTheOrderOfTheApplication(t *testing.T) {
	w := open(t)
	c := annasChoice()
	c.Permissions = []consent.Permission{history, pay, history}
	c.Limits = limitsOf(100_00, 300_00, 1000_00, 50_00) // exactly the maximum
	r, err := w.Choose(t.Context(), w.begin(t).ID, c)
	must(t, err)
	if want := []consent.Permission{pay, history}; !reflect.DeepEqual(r.Choice.Permissions, want) {
		t.Errorf("%v", r.Choice.Permissions)
	}
}

func TestPairingSubjectIsBoundToEveryChoice(t *testing.T) {
	w := open(t)
	base, err := w.Choose(t.Context(), w.begin(t).ID, annasChoice())
	must(t, err)
	subject := func(r authserver.Request) sca.Subject {
		s, err := w.PairingSubject(t.Context(), r)
		must(t, err)
		return s
	}
	first := subject(base)
	want := "Połączenie aplikacji „Sklep” (Rowery) z rachunkiem ...0001. " +
		"Limity: jednorazowo 80,00 PLN, dziennie 200,00 PLN, miesięcznie 900,00 PLN, bez potwierdzenia do 40,00 PLN. Liczba uprawnień: 2."
	if first.Display != (sca.Display{Text: want}) || first.Purpose != sca.ForPairing || first.ID != string(base.ID) {
		t.Errorf("%+v", first)
	}
	seen := map[string]string{first.Binding: "the choice itself"}
	for name, change := range map[string]func(*authserver.Request){
		"request":     func(r *authserver.Request) { r.ID += "x" },
		"client":      func(r *authserver.Request) { r.Client = native },
		"person":      func(r *authserver.Request) { r.Choice.Person = "bob" },
		"customer":    func(r *authserver.Request) { r.Choice.Customer = "c-shop" },
		"account":     func(r *authserver.Request) { r.Choice.Account = annas2 },
		"permission":  func(r *authserver.Request) { r.Choice.Permissions = r.Choice.Permissions[:1] },
		"single":      func(r *authserver.Request) { r.Choice.Limits.Single = pln(1) },
		"daily":       func(r *authserver.Request) { r.Choice.Limits.Daily = pln(1) },
		"monthly":     func(r *authserver.Request) { r.Choice.Limits.Monthly = pln(1) },
		"unconfirmed": func(r *authserver.Request) { r.Choice.Limits.Unconfirmed = pln(1) },
	} {
		r, c := base, *base.Choice
		r.Choice = &c
		change(&r)
		b := subject(r).Binding
		if other, taken := seen[b]; taken {
			t.Errorf("changing the %s binds to the same as %s", name, other)
		}
		seen[b] = name
	}
	r, c := base, *base.Choice
	c.Permissions = []consent.Permission{hold, pay}
	r.Choice = &c
	if subject(r).Binding != first.Binding {
		t.Error("the order of the permissions changes what is confirmed")
	}
	_, err = w.PairingSubject(t.Context(), w.begin(t))
	wantCode(t, err, bank.RequestInvalid)
}
