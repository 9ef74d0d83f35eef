package authserver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/party"
)

// asked asks for the list of accounts of whom the third party says that it sends.
func (w *thirdWorld) asked(t *testing.T, c authserver.PSUContext) *authserver.PendingConsent {
	t.Helper()
	a := w.listAsk(fmt.Sprint("sent-", len(w.mem.requests)))
	a.Context = c
	p, err := w.PendingConsent(t.Context(), w.ask(t, a))
	must(t, err)
	return &p
}

func TestWhatNamesNobodyIsRefused(t *testing.T) {
	w := thirdParties(t)
	for _, tt := range []struct {
		name  string
		c     authserver.PSUContext
		field string
	}{
		{"a type without a value", authserver.PSUContext{PersonBy: "P"}, "psuIdentifierValue"},
		{"a value without a type", authserver.PSUContext{PersonID: annasPESEL}, "psuIdentifierType"},
		{"an unknown type", authserver.PSUContext{PersonBy: "X", PersonID: annasPESEL}, "psuIdentifierType"},
		{"an unknown type without a value", authserver.PSUContext{PersonBy: "X"}, "psuIdentifierType"},
		{"a type in small letters", authserver.PSUContext{PersonBy: "p", PersonID: annasPESEL}, "psuIdentifierType"},
		{"a company's type for a person", authserver.PSUContext{PersonBy: "N", PersonID: firmasNIP}, "psuIdentifierType"},
		{"a mistyped PESEL", authserver.PSUContext{PersonBy: "P", PersonID: "44051401358"}, "psuIdentifierValue"},
		{"a PESEL with a space", authserver.PSUContext{PersonBy: "P", PersonID: annasPESEL + " "}, "psuIdentifierValue"},
		{"an endless login", authserver.PSUContext{PersonBy: "L", PersonID: strings.Repeat("a", 65)}, "psuIdentifierValue"},
		{"a login of two words", authserver.PSUContext{PersonBy: "L", PersonID: "anna nowak"}, "psuIdentifierValue"},
		{"a login that is no text", authserver.PSUContext{PersonBy: "L", PersonID: "anna\x00"}, "psuIdentifierValue"},
		{"a company's type without a value", authserver.PSUContext{CompanyBy: "R"}, "psuContextIdentifierValue"},
		{"a company's value without a type", authserver.PSUContext{CompanyID: firmasNIP}, "psuContextIdentifierType"},
		{"an unknown type of company", authserver.PSUContext{CompanyBy: "K", CompanyID: firmasNIP}, "psuContextIdentifierType"},
		{"a mistyped NIP", authserver.PSUContext{CompanyBy: "N", CompanyID: "5260250996"}, "psuContextIdentifierValue"},
		{"a NIP with dashes", authserver.PSUContext{CompanyBy: "N", CompanyID: "526-025-09-95"}, "psuContextIdentifierValue"},
		{"a mistyped REGON", authserver.PSUContext{CompanyBy: "R", CompanyID: "123456786"}, "psuContextIdentifierValue"},
		{"a company in a personal context", authserver.PSUContext{Kind: authserver.ContextPersonal, CompanyBy: "N", CompanyID: firmasNIP}, "isCompanyContext"},
		{"a context of another kind", authserver.PSUContext{Kind: "family"}, "isCompanyContext"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.listAsk("c")
			a.Context = tt.c
			_, err := w.AskConsent(t.Context(), a)
			wantField(t, err, bank.InvalidParameter, tt.field)
			for _, said := range []string{tt.c.PersonID, tt.c.CompanyID} {
				if said != "" && strings.Contains(err.Error(), said) {
					t.Errorf("the refusal repeats %s: %v", said, err)
				}
			}
		})
	}
	if len(w.mem.requests) != 0 {
		t.Error("a refused call has left a request")
	}
}

// Nobody learns from the call who is a customer, and no number is kept.
func TestAStrangersNumberIsTakenAsAnyOther(t *testing.T) {
	w := thirdParties(t)
	for name, c := range map[string]authserver.PSUContext{
		"PESEL":                   {PersonBy: "P", PersonID: "02070803628"},
		"login":                   {PersonBy: "L", PersonID: "nobody.at-all"},
		"NIP":                     {CompanyBy: "N", CompanyID: "1234563218"},
		"REGON":                   {CompanyBy: "R", CompanyID: "12345678512347"},
		"a person, and a company": {PersonBy: "P", PersonID: annasPESEL, CompanyBy: "N", CompanyID: "1234563218"},
	} {
		if f := w.asked(t, c).Request.For; f == nil || !f.Nobody || f.Person != "" || f.Customers != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	known := w.asked(t, authserver.PSUContext{PersonBy: "P", PersonID: annasPESEL, CompanyBy: "R", CompanyID: firmasREGON}).Request.For
	if known == nil || known.Nobody || known.Person != "anna" || !slices.Equal(known.Customers, []party.CustomerID{"c-firma"}) {
		t.Errorf("%+v", known)
	}
	kept := fmt.Sprintf("%+v %+v %+v", w.mem.requests, w.mem.consents, w.mem.records)
	for _, r := range w.mem.requests {
		kept += fmt.Sprintf(" %+v", *r.For)
	}
	for _, number := range []string{annasPESEL, "02070803628", "nobody.at-all", "1234563218", "12345678512347", firmasREGON} {
		if strings.Contains(kept, number) {
			t.Errorf("%s is kept", number)
		}
	}
}

// Anna has her own account and the shop Rowery Nowak; from an hour on she acts
// for Firma too. Bob has his own account.
func TestOnlyWhomTheThirdPartySentMayGive(t *testing.T) {
	w := thirdParties(t)
	w.clock.Set(start.Add(2 * time.Hour))
	all := []party.CustomerID{"c-anna", "c-firma", "c-shop"}
	const bobToo = "c-bob"
	person := func(by, id string) authserver.PSUContext { return authserver.PSUContext{PersonBy: by, PersonID: id} }
	company := func(by, id string) authserver.PSUContext { return authserver.PSUContext{CompanyBy: by, CompanyID: id} }
	for name, tt := range map[string]struct {
		c    authserver.PSUContext
		anna []party.CustomerID
		bob  bool
	}{
		"anybody":                  {authserver.PSUContext{}, all, true},
		"for a company":            {authserver.PSUContext{Kind: authserver.ContextCompany}, []party.CustomerID{"c-firma", "c-shop"}, false},
		"for themselves":           {authserver.PSUContext{Kind: authserver.ContextPersonal}, []party.CustomerID{"c-anna"}, true},
		"Anna by PESEL":            {person("P", annasPESEL), all, false},
		"Anna by login":            {person("L", "anna"), all, false},
		"Anna for herself":         {authserver.PSUContext{Kind: authserver.ContextPersonal, PersonBy: "L", PersonID: "anna"}, []party.CustomerID{"c-anna"}, false},
		"Anna for a company":       {authserver.PSUContext{Kind: authserver.ContextCompany, PersonBy: "P", PersonID: annasPESEL}, []party.CustomerID{"c-firma", "c-shop"}, false},
		"somebody else":            {person("P", "02070803628"), nil, false},
		"Firma by NIP":             {company("N", firmasNIP), []party.CustomerID{"c-firma"}, false},
		"Firma by REGON":           {company("R", firmasREGON), []party.CustomerID{"c-firma"}, false},
		"Firma in its own context": {authserver.PSUContext{Kind: authserver.ContextCompany, CompanyBy: "N", CompanyID: firmasNIP}, []party.CustomerID{"c-firma"}, false},
		"a company elsewhere":      {company("N", "1234563218"), nil, false},
		"Anna for a company elsewhere": {authserver.PSUContext{PersonBy: "L", PersonID: "anna", CompanyBy: "N", CompanyID: "1234563218"},
			nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.listAsk(name)
			a.Context = tt.c
			p, err := w.PendingConsent(t.Context(), w.ask(t, a))
			must(t, err)
			if got := w.mayAnswer(t, &p, "anna"); !slices.Equal(got, tt.anna) {
				t.Errorf("Anna may answer for %v, want %v", got, tt.anna)
			}
			if got := w.mayAnswer(t, &p, "bob"); slices.Contains(got, bobToo) != tt.bob || len(got) > 1 {
				t.Errorf("Bob may answer for %v", got)
			}
			for customer, of := range map[party.CustomerID]account.ID{"c-anna": annas, "c-firma": "acc-firma", "c-shop": "acc-shop"} {
				w.givesOnly(t, &p, authserver.ConsentChoice{Person: "anna", Customer: customer, Accounts: []account.ID{of}}, slices.Contains(tt.anna, customer))
			}
			w.givesOnly(t, &p, authserver.ConsentChoice{Person: "bob", Customer: bobToo, Accounts: []account.ID{bobs}}, tt.bob)
		})
	}
}

// mayAnswer are the customers for whom a person may answer, by id.
func (w *thirdWorld) mayAnswer(t *testing.T, p *authserver.PendingConsent, who party.PersonID) []party.CustomerID {
	t.Helper()
	all, err := w.ConsentContexts(t.Context(), *p, who)
	must(t, err)
	var out []party.CustomerID
	for i := range all {
		out = append(out, all[i].Customer.ID)
	}
	slices.Sort(out)
	return out
}

// givesOnly holds that a choice is open to whom the third party sent, and that
// anybody else is refused like somebody who never had the link.
func (w *thirdWorld) givesOnly(t *testing.T, p *authserver.PendingConsent, c authserver.ConsentChoice, may bool) {
	t.Helper()
	accounts, err := w.ConsentAccounts(t.Context(), *p, c.Person, c.Customer)
	if may && (err != nil || len(accounts) == 0) || !may && (bank.CodeOf(err) != bank.NotFound || accounts != nil) {
		t.Errorf("accounts of %s for %s: %v, %v", c.Customer, c.Person, accounts, err)
	}
	_, err = w.ChooseForConsent(t.Context(), p.Request.ID, c)
	if may && err != nil || !may && bank.CodeOf(err) != bank.NotFound {
		t.Errorf("%s chooses for %s: %v", c.Person, c.Customer, err)
	}
}

// A choice that is there all the same, from before an update perhaps, gives nothing.
func TestAForeignChoiceIsNotGiven(t *testing.T) {
	w := thirdParties(t)
	p := w.asked(t, authserver.PSUContext{})
	challenge := w.confirmed(t, p.Request.ID, choice(annas))
	r := w.mem.requests[p.Request.ID]
	r.For = &authserver.ConsentFor{Person: "bob"}
	w.mem.requests[p.Request.ID] = r
	_, err := w.GiveConsent(t.Context(), p.Request.ID, "anna", challenge)
	wantField(t, err, bank.NotFound, "")
}

// The third party of a request for somebody else learns what it learns of any no.
func TestARequestForNobodyEndsAsAnyNo(t *testing.T) {
	w := thirdParties(t)
	p := w.asked(t, authserver.PSUContext{PersonBy: "P", PersonID: "02070803628"})
	to, err := w.RefuseConsent(t.Context(), p.Request.ID, "anna")
	must(t, err)
	if q := query(t, to); q.Get("error") != "access_denied" || len(q) != 3 || q.Get("state") != "st&te=ż" {
		t.Errorf("back to %s", to)
	}
}
