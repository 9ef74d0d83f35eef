package okienkotest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"testing"

	"okienko/client"
)

// ThirdParty is a licensed third party of a test: a client of the bank, with its
// folder.
type ThirdParty struct {
	*client.Client
	Folder client.Folder
	Path   string // of the folder
	bank   *Bank
}

// ThirdParty makes a third party with some roles, PSP_AI PSP_PI PSP_IC when none
// is named, and registers it over the interface.
func (b *Bank) ThirdParty(t testing.TB, name string, roles ...string) *ThirdParty {
	t.Helper()
	p := b.thirdParty(t, name, "", roles)
	known, err := p.Register(t.Context(), client.Registration{Name: name, Email: "api@tpp.example", RedirectURIs: []string{p.Folder.RedirectURI}})
	if err != nil {
		t.Fatalf("registering %s: %v", name, err)
	}
	p.Client = p.As(known.ClientID)
	p.Folder.ClientID = known.ClientID
	return p
}

// BadThirdParty makes one whose certificates are bad on purpose; it is registered.
func (b *Bank) BadThirdParty(t testing.TB, name, bad string) *ThirdParty {
	t.Helper()
	return b.thirdParty(t, name, bad, nil)
}

func (b *Bank) thirdParty(t testing.TB, name, bad string, roles []string) *ThirdParty {
	t.Helper()
	if len(roles) == 0 {
		roles = []string{"PSP_AI", "PSP_PI", "PSP_IC"}
	}
	made, err := b.inside.NewThirdParty(t.Context(), name, roles, bad)
	if err != nil {
		t.Fatalf("making %s: %v", name, err)
	}
	folder := t.TempDir()
	if err := made.Save(folder); err != nil {
		t.Fatal(err)
	}
	return b.OpenThirdParty(t, folder)
}

// OpenThirdParty opens a third party by its folder.
func (b *Bank) OpenThirdParty(t testing.TB, folder string) *ThirdParty {
	t.Helper()
	f, err := client.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	f.Tries = 1 // a test wants to see every answer
	c, err := client.New(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &ThirdParty{Client: c, Folder: f, Path: folder, bank: b}
}

// In is the same third party speaking another form; change may alter how it calls.
func (p *ThirdParty) In(t testing.TB, form client.Form, change ...func(*client.Config)) *ThirdParty {
	t.Helper()
	f := p.Folder
	f.Speak(form)
	for _, c := range change {
		c(&f.Config)
	}
	c, err := client.New(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &ThirdParty{Client: c, Folder: f, Path: p.Path, bank: p.bank}
}

// Consented is a consent that a customer has given, with its first tokens.
type Consented struct {
	client.Tokens
	client.Asked
}

// Session is the customer's, with the customer there.
func (c *Consented) Session() client.Session {
	return client.Session{Token: c.Access, Present: somebody()}
}

// somebody is the machine of a customer who is there.
func somebody() *client.Customer {
	return &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"}
}

// Alone is the same without the customer.
func (c *Consented) Alone() client.Session { return client.Session{Token: c.Access} }

// Consent asks for a consent, has a made-up customer give it, and redeems the
// code. Accounts are numbers; none lets the sandbox choose.
func (p *ThirdParty) Consent(t testing.TB, login string, k client.Consent, accounts ...string) *Consented {
	t.Helper()
	k.RedirectURI = p.Folder.RedirectURI
	if k.Until.IsZero() {
		k.Until = p.bank.Inside().Now().AddDate(0, 0, 90)
	}
	if k.Customer == nil {
		k.Customer = somebody()
	}
	asked, err := p.Ask(t.Context(), k)
	if err != nil {
		t.Fatalf("asking for a consent: %v", err)
	}
	a := p.bank.Answer(t, "approve", login, asked.Redirect, accounts...)
	code, denied, err := client.Returned(a.Field("redirect"), asked.State)
	if err != nil || denied != "" || code == "" {
		t.Fatalf("the customer came back without a code: %d %s (%s, %v)", a.Status, a.Body, denied, err)
	}
	tokens, err := p.Redeem(t.Context(), code, k.RedirectURI)
	if err != nil {
		t.Fatalf("redeeming the code: %v", err)
	}
	return &Consented{Tokens: tokens, Asked: asked}
}

// Answer has a made-up customer approve or refuse what the bank's page at an
// address asks, by the sandbox's own doors.
func (b *Bank) Answer(t testing.TB, do, login, page string, accounts ...string) *Answer {
	t.Helper()
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]any{"login": login}
	if len(accounts) > 0 {
		said["accounts"] = accounts
	}
	body, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	return b.Customers(t, http.MethodPost, "/api/consents/"+path.Base(u.Path)+"/"+do, body)
}

// Customers calls the sandbox's doors by which made-up customers act.
func (b *Bank) Customers(t testing.TB, method, path string, body []byte) *Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.Sandbox+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	return b.Do(t, req)
}
