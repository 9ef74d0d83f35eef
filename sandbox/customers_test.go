package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/sandbox"
)

// pages takes the place of the bank's pages, and remembers what was done there.
type pages struct {
	sandbox.ConsentDesk
	asked  xs2a.Consent
	choice map[party.CustomerID][]account.Account
	only   party.CustomerID // of whom the third party asks; "" of anybody
	did    []string
	limits limit.OfCustomer
	until  time.Time
}

func (p *pages) AskedConsent(_ context.Context, request string) (xs2a.Consent, error) {
	if request != "r1" {
		return xs2a.Consent{}, bank.Refuse(bank.NotFound, "There is no such request.")
	}
	return p.asked, nil
}

func (p *pages) ConsentAccounts(_ context.Context, _ string, _ party.PersonID, c party.CustomerID) ([]account.Account, error) {
	if p.only != "" && c != p.only {
		return nil, bank.Refuse(bank.NotFound, "There is no such request.")
	}
	if c == "customer-bilecik" {
		return nil, bank.Refuse(bank.AccessOff, "Access by third parties is off on this account.")
	}
	return p.choice[c], nil
}

func (p *pages) ApproveConsent(_ context.Context, request string, who party.PersonID, c party.CustomerID, accounts []account.ID) (string, error) {
	p.did = append(p.did, fmt.Sprint("approve ", request, " ", who, " ", c, " ", accounts))
	return "https://tpp.example/?code=c&state=s", nil
}

func (p *pages) RefuseConsent(_ context.Context, request string, who party.PersonID) (string, error) {
	p.did = append(p.did, fmt.Sprint("refuse ", request, " ", who))
	return "https://tpp.example/?error=access_denied&state=s", nil
}

func (p *pages) GiveFunds(_ context.Context, who party.PersonID, c party.CustomerID, a account.ID, issuer thirdparty.Organisation, until time.Time) (xs2a.Consent, error) {
	p.did, p.until = append(p.did, fmt.Sprint("funds ", who, " ", c, " ", a, " ", issuer)), until
	return xs2a.Consent{ID: "f1", Scope: xs2a.Funds, Status: xs2a.Active, Until: until}, nil
}

func (p *pages) SwitchAccess(_ context.Context, who party.PersonID, a account.ID, on bool) (account.Account, error) {
	p.did = append(p.did, fmt.Sprint("access ", who, " ", a, " ", on))
	return account.Account{ID: a, Booked: money.Zero(money.PLN), Held: money.Zero(money.PLN), Overdraft: money.Zero(money.PLN), Access: account.Access{State: account.AccessOff}}, nil
}

func (p *pages) SetLimits(_ context.Context, who party.PersonID, c party.CustomerID, to limit.OfCustomer) error {
	p.did, p.limits = append(p.did, fmt.Sprint("limits ", who, " ", c)), to
	return nil
}

// customers is the door over a real store with the world in it.
func customers(t *testing.T) (*pages, func(method, path, body string, into any) (int, string), map[string]string) {
	t.Helper()
	st, w, at := made(t, sandbox.OnlyOpening)
	if err := w.MoveIn(t.Context(), st, st, func(s string) []byte { return []byte(s) }, day); err != nil {
		t.Fatal(err)
	}
	phone, err := sandbox.NewPhone(sandbox.PhoneConfig{Owners: w.Owners})
	if err != nil {
		t.Fatal(err)
	}
	p := &pages{choice: map[party.CustomerID][]account.Account{}}
	numbers := map[string]string{}
	for _, a := range w.Batch.Accounts {
		numbers[string(a.ID)] = string(a.NRB)
		if a.Customer == "customer-anna" || a.Customer == "customer-kawomat" {
			p.choice[a.Customer] = append(p.choice[a.Customer], a)
		}
	}
	mux := http.NewServeMux()
	sandbox.NewCustomers(sandbox.CustomersConfig{Phone: phone, Desk: p, Parties: st, Accounts: st, Consents: st, Limits: st, Clock: at}).Routes(mux)
	return p, func(method, path, body string, into any) (int, string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Host = "localhost:8445"
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, r)
		if into != nil {
			if err := json.Unmarshal(answer.Body.Bytes(), into); err != nil {
				t.Fatalf("%s %s: %d %s", method, path, answer.Code, answer.Body)
			}
		}
		var refused struct{ Error string }
		_ = json.Unmarshal(answer.Body.Bytes(), &refused)
		return answer.Code, refused.Error
	}, numbers
}

func TestCustomersChooseAsTheySayOrWhatIsUsual(t *testing.T) {
	p, ask, numbers := customers(t)
	for _, c := range []struct {
		name  string
		scope xs2a.Scope
		body  string
		want  string
	}{
		{"all of one's own to read", xs2a.AccountInfo, `{"login":"anna"}`, "approve r1 person-anna customer-anna [account-anna-main account-anna-savings]"},
		{"the first of them pays", xs2a.Payments, `{"login":"anna","accounts":null}`, "approve r1 person-anna customer-anna [account-anna-main]"},
		{"one of them", xs2a.AccountInfo, `{"login":"anna","accounts":["` + numbers["account-anna-savings"] + `"]}`, "approve r1 person-anna customer-anna [account-anna-savings]"},
		{"an account says for whom", xs2a.Payments, `{"login":"jan","accounts":["` + numbers["account-kawomat-usd"] + `"]}`, "approve r1 person-jan customer-kawomat [account-kawomat-usd]"},
		{"the company by name", xs2a.Payments, `{"login":"jan","customer":"customer-kawomat"}`, "approve r1 person-jan customer-kawomat [account-kawomat]"},
		{"whoever has no account acts for the company", xs2a.Payments, `{"login":"helena.kruk"}`, "approve r1 person-helena.kruk customer-kawomat [account-kawomat]"},
	} {
		p.asked, p.did = xs2a.Consent{Scope: c.scope}, nil
		var out struct{ Redirect string }
		if status, code := ask("POST", "/api/consents/r1/approve", c.body, &out); status != http.StatusOK || out.Redirect == "" || !slices.Equal(p.did, []string{c.want}) {
			t.Errorf("%s: %d %s %q", c.name, status, code, p.did)
		}
	}
	p.asked, p.did, p.only = xs2a.Consent{Scope: xs2a.Payments}, nil, "customer-kawomat"
	if status, code := ask("POST", "/api/consents/r1/approve", `{"login":"jan"}`, nil); status != http.StatusOK || !slices.Equal(p.did, []string{"approve r1 person-jan customer-kawomat [account-kawomat]"}) {
		t.Errorf("a company was asked for: %d %s %q", status, code, p.did)
	}
	p.did = nil
	if status, code := ask("POST", "/api/consents/r1/approve", `{"login":"jan","customer":"customer-jan"}`, nil); status == http.StatusOK || len(p.did) != 0 {
		t.Errorf("somebody else than was asked for: %d %s %q", status, code, p.did)
	}
	p.did, p.only = nil, ""
	for _, c := range []struct {
		name, path, body string
		status           int
		code             bank.Code
	}{
		{"nobody", "/api/consents/r1/approve", `{}`, 400, bank.InvalidParameter},
		{"a stranger", "/api/consents/r1/approve", `{"login":"nobody"}`, 404, bank.NotFound},
		{"another request", "/api/consents/r2/approve", `{"login":"anna"}`, 404, bank.NotFound},
		{"somebody else's account", "/api/consents/r1/approve", `{"login":"anna","accounts":["` + numbers["account-jan-main"] + `"]}`, 404, bank.NotFound},
		{"accounts of two customers", "/api/consents/r1/approve", `{"login":"jan","accounts":["` + numbers["account-jan-main"] + `","` + numbers["account-kawomat"] + `"]}`, 404, bank.NotFound},
		{"a field that is none", "/api/consents/r1/approve", `{"login":"anna","acounts":[]}`, 400, bank.InvalidParameter},
		{"a field of another form", "/api/consents/r1/approve", `{"login":7}`, 400, bank.InvalidParameter},
		{"an account of nobody", "/api/people/anna/access", `{"account":"1","on":true}`, 404, bank.NotFound},
		{"neither on nor off", "/api/people/anna/access", `{"account":"` + numbers["account-anna-main"] + `"}`, 400, bank.InvalidParameter},
		{"a limit that is none", "/api/people/anna/limits", `{"oneOff":{"weekly":"1.00"}}`, 400, bank.InvalidParameter},
		{"a limit that is no amount", "/api/people/anna/limits", `{"oneOff":{"daily":"1,00"}}`, 400, bank.InvalidParameter},
	} {
		if status, code := ask("POST", c.path, c.body, nil); status != c.status || code != string(c.code) {
			t.Errorf("%s: %d %s", c.name, status, code)
		}
	}
	if len(p.did) != 0 {
		t.Errorf("refused, and yet done: %q", p.did)
	}
}

func TestCustomersRefuseGiveFundsAndSwitchAccess(t *testing.T) {
	p, ask, numbers := customers(t)
	for _, c := range []struct{ path, body string }{
		{"/api/consents/r1/refuse", `{"login":"anna"}`},
		{"/api/consents/r1/refuse", `{}`},
		{"/api/funds-consents", `{"login":"anna","account":"` + numbers["account-anna-main"] + `","issuer":"PSDPL-PFSA-0000000004"}`},
		{"/api/people/jan/access", `{"account":"` + numbers["account-kawomat-vat"] + `","on":false}`},
	} {
		if status, code := ask("POST", c.path, c.body, nil); status != http.StatusOK {
			t.Errorf("%s: %d %s", c.path, status, code)
		}
	}
	want := []string{"refuse r1 person-anna", "refuse r1 ", "funds person-anna customer-anna account-anna-main PSDPL-PFSA-0000000004", "access person-jan account-kawomat-vat false"}
	if !slices.Equal(p.did, want) || !p.until.Equal(day.Add(xs2a.MaxLife)) {
		t.Errorf("%q until %v", p.did, p.until)
	}
}

func TestLimitsAreChangedWhereTheyAreNamed(t *testing.T) {
	p, ask, _ := customers(t)
	type caps struct{ Single, Daily, Monthly *string }
	var before struct{ OneOff, Recurring caps }
	if status, _ := ask("GET", "/api/people/anna/limits", "", &before); status != http.StatusOK || before.OneOff.Daily == nil || *before.OneOff.Daily != "3000.00" || before.OneOff.Single != nil {
		t.Fatalf("%d %+v", status, before)
	}
	if status, code := ask("POST", "/api/people/anna/limits", `{"oneOff":{"single":"250.00","daily":null},"recurring":{"monthly":"900.00"}}`, nil); status != http.StatusOK {
		t.Fatalf("%d %s", status, code)
	}
	pln := func(minor int64) limit.Cap { return limit.CapAt(money.New(minor, money.PLN)) }
	want := limit.OfCustomer{OneOff: limit.Caps{Single: pln(250_00), Monthly: pln(10_000_00)}, Recurring: limit.Caps{Monthly: pln(900_00)}}
	if p.limits != want {
		t.Errorf("%+v", p.limits)
	}
}

func TestAskedConsentSaysWhatAndFromWhere(t *testing.T) {
	p, ask, numbers := customers(t)
	p.asked = xs2a.Consent{
		TPPID: "c-1", Name: "Przelewator S.A.", Organisation: "PSDPL-PFSA-0000000003", Scope: xs2a.Payments, Status: xs2a.Asked, Until: day.Add(time.Hour),
		Grants: []xs2a.Grant{{Right: xs2a.Initiate, Single: true}},
		Payment: &xs2a.What{Orders: []xs2a.Ordered{{System: transfer.ExpressElixir, Order: transfer.Instruction{
			Kind: transfer.Domestic, Recipient: transfer.Party{Name: "Bar Mleczny", Account: "63000000260000000000000042"}, Description: "Obiad", Amount: money.New(12_50, money.PLN),
		}}}},
	}
	var got struct {
		ThirdParty, ConsentID, Status string
		Payment                       struct {
			Orders []struct{ Amount, Currency, Payee, Account, Title, System string }
		}
		Choosable   []struct{ Number, Customer, Access string }
		Unchoosable []struct{ Customer, Why string }
	}
	if status, _ := ask("GET", "/api/consents/r1?login=marek", "", &got); status != http.StatusOK || got.ThirdParty != "Przelewator S.A." || got.ConsentID != "c-1" || got.Status != "asked" {
		t.Errorf("%d %+v", status, got)
	}
	if o := got.Payment.Orders; len(o) != 1 || o[0].Amount != "12.50" || o[0].Payee != "Bar Mleczny" || o[0].Title != "Obiad" || o[0].System != "ExpressElixir" {
		t.Errorf("%+v", o)
	}
	if u := got.Unchoosable; len(u) != 1 || u[0].Customer != "customer-bilecik" || u[0].Why != string(bank.AccessOff) {
		t.Errorf("%+v", u)
	}
	if ask("GET", "/api/consents/r1?login=anna", "", &got); len(got.Choosable) != 2 || got.Choosable[0].Number != numbers["account-anna-main"] || got.Choosable[0].Access != "on" {
		t.Errorf("%+v", got.Choosable)
	}
	var all struct {
		Accounts []struct{ Number, Of, Type, Currency, Available string }
	}
	if ask("GET", "/api/people/jan/accounts", "", &all); len(all.Accounts) != 7 {
		t.Errorf("jan reaches %+v", all.Accounts)
	}
}
