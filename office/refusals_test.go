package office

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"okienko/bank"
	"okienko/bank/partner"
)

// TestRefusals tries what cannot be done, each against the furnished bank after
// first was done.
func TestRefusals(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	key := newDeviceKey(t, elliptic.P256())
	const marek, app = "customer-marek.lis", "kajak-app"
	enrol := func(key []byte) Command {
		return &EnrolDevice{Person: "person-marek.lis", Name: "Phone", PublicKey: key}
	}
	for _, tt := range []struct {
		name  string
		first []Command
		try   Command
		code  bank.Code
		field string
	}{
		{"status of an unknown application", nil, &SetStatus{Application: "none", Status: "BETA"}, bank.NotFound, ""},
		{"an unknown status", nil, &SetStatus{Application: app, Status: "OPEN"}, bank.InvalidParameter, "status"},
		{"the same status", nil, &SetStatus{Application: app, Status: "SANDBOX"}, bank.StatusNotAllowed, ""},
		{"a secret for an unknown application", nil, &NewSecret{Application: "none"}, bank.NotFound, ""},
		{"secrets kept for a negative time", nil, &NewSecret{Application: app, KeepMinutes: -1}, bank.InvalidParameter, "keep"},
		{"secrets kept too long", nil, &NewSecret{Application: app, KeepMinutes: 7*24*60 + 1}, bank.InvalidParameter, "keep"},
		// In nanoseconds this many minutes wrap around to four.
		{"secrets kept beyond all numbers", nil, &NewSecret{Application: app, KeepMinutes: 307445734561830}, bank.InvalidParameter, "keep"},
		{"a proof for an unknown application", nil, &ProveDomain{Application: "none"}, bank.NotFound, ""},
		{"a proof without a domain", []Command{withoutDomain(t)}, &ProveDomain{Application: app}, bank.InvalidParameter, "domain"},

		{"an unknown customer blocked", nil, &BlockCustomer{Customer: "none", Why: "x"}, bank.NotFound, ""},
		{"a block without a reason", nil, &BlockCustomer{Customer: marek}, bank.InvalidParameter, "why"},
		{"a block for a reason of two lines", nil, &BlockCustomer{Customer: marek, Why: "x\ny"}, bank.InvalidParameter, "why"},
		{"a second block", []Command{&BlockCustomer{Customer: marek, Why: "x"}}, &BlockCustomer{Customer: marek, Why: "x"}, bank.StatusNotAllowed, ""},
		{"no block to lift", nil, &BlockCustomer{Customer: marek, Lift: true, Why: "x"}, bank.StatusNotAllowed, ""},
		{"a block lifted without a reason", []Command{&BlockCustomer{Customer: marek, Why: "x"}}, &BlockCustomer{Customer: marek, Lift: true}, bank.InvalidParameter, "why"},
		{"limits of an unknown customer", nil, &SetCustomerLimits{Customer: "none"}, bank.NotFound, ""},
		{"a limit that is no amount", nil, &SetCustomerLimits{Customer: marek, Limits: CustomerCapsDocument{RecurringDaily: "1,00"}}, bank.InvalidParameter, "recurring_daily"},

		{"an unknown account", nil, &SetAccountStatus{Account: "none", Status: "blocked", Why: "x"}, bank.NotFound, ""},
		{"the bank's own account blocked", nil, &SetAccountStatus{Account: "own-fee-income", Status: "blocked", Why: "x"}, bank.StatusNotAllowed, ""},
		{"an unknown state of an account", nil, &SetAccountStatus{Account: "account-kajak", Status: "frozen", Why: "x"}, bank.InvalidParameter, "status"},
		{"an open account opened", nil, &SetAccountStatus{Account: "account-kajak", Status: "open", Why: "x"}, bank.StatusNotAllowed, ""},
		{"an account with money closed", nil, &SetAccountStatus{Account: "account-marek.lis", Status: "closed", Why: "x"}, bank.StatusNotAllowed, ""},
		{"an account blocked without a reason", nil, &SetAccountStatus{Account: "account-kajak", Status: "blocked"}, bank.InvalidParameter, "why"},
		{"a closed account opened", []Command{&SetAccountStatus{Account: "account-kajak", Status: "closed", Why: "x"}},
			&SetAccountStatus{Account: "account-kajak", Status: "open", Why: "x"}, bank.AccountClosed, ""},
		{"access to an unknown account", nil, &SetAccess{Account: "none", State: "on", Why: "x"}, bank.NotFound, ""},
		{"access to the bank's own account", nil, &SetAccess{Account: "own-fee-income", State: "on", Why: "x"}, bank.StatusNotAllowed, ""},
		{"access to a closed account", []Command{&SetAccountStatus{Account: "account-kajak", Status: "closed", Why: "x"}},
			&SetAccess{Account: "account-kajak", State: "on", Why: "x"}, bank.AccountClosed, ""},
		{"an unknown state of access", nil, &SetAccess{Account: "account-kajak", State: "half", Why: "x"}, bank.InvalidParameter, "state"},
		{"access as it stands", nil, &SetAccess{Account: "account-kajak", State: "off", Why: "x"}, bank.StatusNotAllowed, ""},
		{"access without a reason", nil, &SetAccess{Account: "account-marek.lis", State: "off"}, bank.InvalidParameter, "why"},

		{"a device of nobody", nil, &EnrolDevice{Person: "none", Name: "Phone", PublicKey: key}, bank.NotFound, ""},
		{"a device without a name", nil, &EnrolDevice{Person: "person-marek.lis", PublicKey: key}, bank.InvalidParameter, "name"},
		{"a device with a hidden character", nil, &EnrolDevice{Person: "person-marek.lis", Name: "Pho\u202ene", PublicKey: key}, bank.InvalidParameter, "name"},
		{"a key that is no PEM", nil, enrol([]byte("key")), bank.InvalidParameter, "key"},
		{"a private key", nil, enrol(private), bank.InvalidParameter, "key"},
		{"a key on another curve", nil, enrol(newDeviceKey(t, elliptic.P384())), bank.InvalidParameter, "key"},
		{"a key that is garbage", nil, enrol(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})), bank.InvalidParameter, "key"},
		{"the same device again", []Command{enrol(key)}, enrol(key), bank.StatusNotAllowed, ""},
		{"an unknown device removed", nil, &RemoveDevice{Device: "none"}, bank.NotFound, ""},
		{"nobody unlocked", nil, &Unlock{Person: "none", What: "login"}, bank.NotFound, ""},
		{"an unknown lock", nil, &Unlock{Person: "person-marek.lis", What: "door"}, bank.InvalidParameter, "what"},
		{"an unknown pairing ended", nil, &EndPairing{Agreement: "none"}, bank.NotFound, ""},
		{"an unknown hold released", nil, &ReleaseHold{Hold: "none"}, bank.NotFound, ""},
		{"pairings of an unknown customer", nil, &ListPairings{Customer: "none"}, bank.NotFound, ""},
		{"accounts of an unknown customer", nil, &ListAccounts{Customer: "none"}, bank.NotFound, ""},
		{"an unknown proposal", nil, &ShowProposal{Proposal: "none"}, bank.NotFound, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := furnished(t)
			for _, c := range tt.first {
				b.do(c)
			}
			before := b.dump()
			_, err := b.try(tt.try)
			refused(t, err, tt.code, tt.field)
			_, err = b.Do(t.Context(), Request{Command: tt.try, By: "a.nowak", Why: "test", Apply: true})
			refused(t, err, tt.code, tt.field)
			if b.dump() != before {
				t.Error("the refused command had an effect")
			}
		})
	}
}

func withoutDomain(t *testing.T) Command {
	d := exampleApplication(t)
	d.Domain, d.DomainMethod = "", ""
	return &PutApplication{d}
}

func TestEndedPairingAndRemovedDeviceAreRefusedAgain(t *testing.T) {
	b := furnished(t)
	b.pair()
	b.do(&EndPairing{Agreement: "pairing"})
	_, err := b.try(&EndPairing{Agreement: "pairing"})
	refused(t, err, bank.AgreementEnded, "")
	b.do(&EnrolDevice{Person: "person-marek.lis", Name: "Phone", PublicKey: newDeviceKey(t, elliptic.P256())})
	devices, err := b.store.Devices(t.Context(), "person-marek.lis")
	if err != nil {
		t.Fatal(err)
	}
	b.do(&RemoveDevice{Device: devices[0].ID})
	_, err = b.try(&RemoveDevice{Device: devices[0].ID})
	refused(t, err, bank.StatusNotAllowed, "")
}

// What an application's status stands on cannot be taken away under it.
func TestAnOpenApplicationKeepsItsGround(t *testing.T) {
	b := furnished(t)
	b.approve(b.propose(toBeta))
	partnerWith := func(change func(*PartnerDocument)) Command {
		d := example[PartnerDocument](t, "partner.toml")
		change(&d)
		return &PutPartner{d}
	}
	applicationWith := func(change func(*ApplicationDocument)) Command {
		d := exampleApplication(t)
		change(&d)
		return &PutApplication{d}
	}
	other := example[PartnerDocument](t, "partner.toml")
	other.ID = "other"
	b.do(&PutPartner{other})
	for _, tt := range []struct {
		name  string
		try   Command
		code  bank.Code
		field string
	}{
		{"no agreement", partnerWith(func(d *PartnerDocument) { d.Agreement, d.SignedOn = "", "" }), bank.StatusNotAllowed, ""},
		{"no customer", partnerWith(func(d *PartnerDocument) { d.Customer = "" }), bank.StatusNotAllowed, ""},
		{"another customer", partnerWith(func(d *PartnerDocument) { d.Customer = "customer-marek.lis" }), bank.InvalidParameter, "customer"},
		{"no account", applicationWith(func(d *ApplicationDocument) { d.Account = "" }), bank.InvalidParameter, "account"},
		{"another partner", applicationWith(func(d *ApplicationDocument) { d.Partner = "other" }), bank.InvalidParameter, "partner"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := b.try(tt.try)
			refused(t, err, tt.code, tt.field)
		})
	}
	b.do(applicationWith(func(d *ApplicationDocument) { d.Name = "Kajak 2" }))
	if a := b.application(); a.Status != partner.Beta || a.Name != "Kajak 2" {
		t.Errorf("replaced, it is %s %q", a.Status, a.Name)
	}
}

// Replacing keeps what the document does not say.
func TestReplacingKeepsSecretsLogoAndProof(t *testing.T) {
	b := furnished(t)
	b.do(&NewSecret{Application: "kajak-app"})
	b.do(&ProveDomain{Application: "kajak-app"})
	was := b.application()
	if was.Domain.Token == "" || was.Domain.ProvenAt.IsZero() || len(was.Logo.Bytes) == 0 {
		t.Fatalf("registered: %+v", was.Domain)
	}
	b.clock.Advance(1e9)
	d := exampleApplication(t)
	d.Logo, d.LogoType = nil, ""
	b.do(&PutApplication{d})
	now := b.application()
	if now.Domain != was.Domain || string(now.Logo.Bytes) != string(was.Logo.Bytes) || now.Logo.MediaType != was.Logo.MediaType || !now.Since.Equal(was.Since) {
		t.Errorf("kept: %+v since %s", now.Domain, now.Since)
	}
	if s, err := b.store.Secrets(t.Context(), "kajak-app", b.clock.Now()); err != nil || len(s) != 1 {
		t.Errorf("%d secrets, %v", len(s), err)
	}
	d.Domain = "kajak2.example"
	b.do(&PutApplication{d})
	if now := b.application(); !now.Domain.ProvenAt.IsZero() || now.Domain.Token == was.Domain.Token {
		t.Errorf("another domain is proven by the proof of the first: %+v", now.Domain)
	}
}
