package office

import (
	"crypto/elliptic"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

func refusalOf(err error) *bank.Refusal {
	var no *bank.Refusal
	if !errors.As(err, &no) {
		return &bank.Refusal{}
	}
	return no
}

// possible is one command of every name that the furnished bank would carry out;
// only names one of them, where others are of no use, or is "".
func possible(t *testing.T, b *testBank, only string) map[string]Command {
	t.Helper()
	holdID := b.hold()
	b.do(&EnrolDevice{Person: "person-ewa.sowa", Name: "Phone", PublicKey: newDeviceKey(t, elliptic.P256())})
	devices, err := b.store.Devices(t.Context(), "person-ewa.sowa")
	if err != nil {
		t.Fatal(err)
	}
	raised := exampleApplication(t)
	raised.Limits.Single = "900.00"
	proposal := b.propose(&PutApplication{Document: raised})
	newPartner := example[PartnerDocument](t, "partner.toml")
	newPartner.ID = "second"
	customers := CustomersDocument{Persons: []PersonDocument{{ID: "person-new", FirstName: "Jan", LastName: "Nowy"}}}
	all := map[string]Command{
		"partner.put":          &PutPartner{newPartner},
		"application.put":      &PutApplication{exampleApplication(t)},
		"application.status":   &SetStatus{Application: "kajak-app", Status: "BETA"},
		"application.secret":   &NewSecret{Application: "kajak-app", KeepMinutes: 60},
		"application.prove":    &ProveDomain{Application: "kajak-app"},
		"customers.import":     &ImportCustomers{customers},
		"customer.block":       &BlockCustomer{Customer: "customer-marek.lis", Why: "court order"},
		"customer.limits":      &SetCustomerLimits{Customer: "customer-marek.lis", Limits: CustomerCapsDocument{Daily: "10.00", Monthly: "20.00", RecurringSingle: "5.00"}},
		"account.status":       &SetAccountStatus{Account: "account-marek.lis", Status: "blocked", Why: "court order"},
		"account.access":       &SetAccess{Account: "account-marek.lis", State: "off", Why: "court order"},
		"device.enrol":         &EnrolDevice{Person: "person-marek.lis", Name: "Telefon Marka", PublicKey: newDeviceKey(t, elliptic.P256())},
		"device.remove":        &RemoveDevice{Device: devices[0].ID},
		"person.unlock":        &Unlock{Person: "person-marek.lis", What: "login"},
		"pairing.end":          &EndPairing{Agreement: "pairing"},
		"hold.release":         &ReleaseHold{Hold: holdID},
		"list.partners":        &ListPartners{},
		"list.applications":    &ListApplications{},
		"list.pairings":        &ListPairings{Customer: "customer-marek.lis"},
		"list.accounts":        &ListAccounts{Customer: "customer-marek.lis"},
		"list.proposals":       &ListProposals{},
		"proposal.description": &ShowProposal{Proposal: proposal},
	}
	if forThirdParties(only) {
		maps.Copy(all, b.thirdPartyCommands())
	}
	return all
}

func TestEveryCommandIsTestedHere(t *testing.T) {
	b := furnished(t)
	have := slices.Sorted(maps.Keys(possible(t, b, "")))
	if want := slices.Sorted(maps.Keys(commands())); !slices.Equal(have, want) {
		t.Errorf("commands %v\ntested   %v", want, have)
	}
}

func TestCommandsSurviveTheWay(t *testing.T) {
	for name, c := range possible(t, furnished(t), "") {
		text, err := Encode(c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(string(text), `"name":"`+name+`"`) {
			t.Errorf("%s is encoded as %s", name, text)
		}
		again, err := Decode(text)
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s came back as %+v, %v", name, again, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{
		``, `null`, `{}`, `{"name":"bank.rob","body":{}}`, `{"name":"list.partners"}`, `{"name":"list.partners","body":{"All":true}}`,
		`{"name":"list.partners","body":{}} {}`, `{"name":"list.partners","body":{},"by":"x"}`, `{"name":"pairing.end","body":{"Agreement":7}}`,
	} {
		if c, err := Decode([]byte(text)); err == nil || c != nil {
			t.Errorf("Decode(%s) = %v, %v", text, c, err)
		}
	}
}

// Trying tells, and changes no byte of the store.
func TestTryingHasNoEffect(t *testing.T) {
	b := furnished(t)
	possibles := possible(t, b, "")
	before := b.dump()
	for name, c := range possibles {
		r, err := b.try(c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		looks := strings.HasPrefix(name, "list.") || name == "proposal.description" || name == "third_party.show" || name == "transfer.show"
		if len(r.Lines) == 0 || r.Proposal != "" || r.Applied != looks {
			t.Errorf("%s reports %+v", name, r)
		}
		if after := b.dump(); after != before {
			t.Fatalf("%s, only tried, changed the store", name)
		}
	}
}

// Every command does what it says and is written down with who and why.
func TestDoingHasTheEffect(t *testing.T) {
	for name, check := range map[string]func(t *testing.T, b *testBank) bool{
		"partner.put": func(t *testing.T, b *testBank) bool {
			p, err := b.store.Partner(t.Context(), "second")
			return err == nil && p.Name == "Kajak" && p.Agreement.Signed()
		},
		"application.put": func(t *testing.T, b *testBank) bool { return b.application().Name == "Kajak" },
		"application.secret": func(t *testing.T, b *testBank) bool {
			s, err := b.store.Secrets(t.Context(), "kajak-app", b.clock.Now())
			return err == nil && len(s) == 1
		},
		"application.prove": func(t *testing.T, b *testBank) bool { return b.application().Domain.ProvenAt.Equal(b.clock.Now()) },
		"customers.import": func(t *testing.T, b *testBank) bool {
			p, err := b.store.Person(t.Context(), "person-new")
			return err == nil && p.Language == party.Polish
		},
		"customer.block": func(t *testing.T, b *testBank) bool {
			c, err := b.store.Customer(t.Context(), "customer-marek.lis")
			return err == nil && c.Blocked == party.Block{By: "staff:a.nowak", At: b.clock.Now(), Why: "court order"}
		},
		"customer.limits": func(t *testing.T, b *testBank) bool {
			l, err := b.store.CustomerLimits(t.Context(), "customer-marek.lis")
			return err == nil && l.OneOff.Daily.Amount == pln(10_00) && !l.OneOff.Single.Set
		},
		"account.status": func(t *testing.T, b *testBank) bool { return b.account("account-marek.lis").Status == account.Blocked },
		"account.access": func(t *testing.T, b *testBank) bool {
			return b.account("account-marek.lis").Access == account.Access{State: account.AccessOff, By: "staff:a.nowak", At: b.clock.Now(), Why: "court order"}
		},
		"device.enrol": func(t *testing.T, b *testBank) bool {
			p, err := b.store.Person(t.Context(), "person-marek.lis")
			return err == nil && p.UsesApp
		},
		"device.remove": func(t *testing.T, b *testBank) bool {
			p, err := b.store.Person(t.Context(), "person-ewa.sowa")
			return err == nil && !p.UsesApp
		},
		"person.unlock": func(*testing.T, *testBank) bool { return true }, // see TestUnlockEndsTheLock
		"pairing.end": func(t *testing.T, b *testBank) bool {
			g, err := b.store.Agreement(t.Context(), "pairing")
			return err == nil && g.Status == consent.Ended && g.EndedBy == "staff:a.nowak" && g.EndedAt.Equal(b.clock.Now())
		},
		"hold.release": func(t *testing.T, b *testBank) bool { return b.account("account-marek.lis").Held == pln(0) },
		"register.import": func(t *testing.T, b *testBank) bool {
			e, err := b.store.Entry(t.Context(), "PSDLT-LB-304411110")
			return err == nil && slices.Equal(e.Roles, []thirdparty.Role{thirdparty.AccountInformation})
		},
		"third_party.apply": func(t *testing.T, b *testBank) bool { return len(b.admission(newcomerTPP).Papers) == 1 },
		"third_party.paper": func(t *testing.T, b *testBank) bool {
			p := b.admission(waitingTPP).Papers[0]
			return p.Status == thirdparty.Accepted && p.Reviewer == "staff:a.nowak" && p.Reason == "seen" && p.Reviewed.Equal(b.clock.Now())
		},
		"third_party.refuse": func(t *testing.T, b *testBank) bool { return b.admission(waitingTPP).Status == thirdparty.TurnedOut },
		"third_party.block":  func(t *testing.T, b *testBank) bool { return b.client(readyTPP).Status == thirdparty.Blocked },
		"third_party.lenience": func(t *testing.T, b *testBank) bool {
			return b.client(readyTPP).Lenience == thirdparty.Lenience{AnyUUID: true, LooseNumbers: true, UnknownFields: true}
		},
		"hotline": func(t *testing.T, b *testBank) bool {
			return b.account("account-kajak").Access == account.Access{State: account.AccessOn, By: "hotline staff:a.nowak", At: b.clock.Now(), Why: "an accounting program"}
		},
		"consent.end": func(t *testing.T, b *testBank) bool {
			g, err := b.store.Consent(t.Context(), "consent")
			return err == nil && g.Status == xs2a.Ended && g.EndedBy == "staff:a.nowak"
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := furnished(t)
			c := possible(t, b, name)[name]
			already := len(b.audited())
			if r := b.do(c); !r.Applied || r.Proposal != "" {
				t.Fatalf("reports %+v", r)
			}
			if !check(t, b) {
				t.Error("it had not the effect")
			}
			said := b.audited()
			if len(said) <= already || !strings.Contains(said[len(said)-1], "|staff:a.nowak|") {
				t.Errorf("the audit says %v", said[already:])
			}
		})
	}
}

func (b *testBank) account(id account.ID) account.Account {
	b.t.Helper()
	a, err := b.store.Account(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func TestReleasedHoldIsRefusedAgain(t *testing.T) {
	b := furnished(t)
	id := b.hold()
	b.do(&ReleaseHold{Hold: id})
	if h, err := b.store.Hold(t.Context(), ledger.HoldID(id)); err != nil || h.Status != ledger.Released {
		t.Fatalf("%+v, %v", h, err)
	}
	_, err := b.try(&ReleaseHold{Hold: id})
	refused(t, err, bank.HoldReleased, "")
}

func TestUnlockEndsTheLock(t *testing.T) {
	b := furnished(t)
	err := b.store.TryLogin(t.Context(), "marek.lis", func(l *authserver.Login) error {
		l.Wrong, l.LockedUntil = 5, b.clock.Now().AddDate(0, 0, 1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.do(&Unlock{Person: "person-marek.lis", What: "login"})
	l, err := b.store.LoginOf(t.Context(), "marek.lis")
	if err != nil || l.Wrong != 0 || !l.LockedUntil.IsZero() {
		t.Errorf("the login is %+v, %v", l, err)
	}
}

// The bank keeps a hash of a secret and of a password, and neither in clear.
func TestSecretsAreShownOnceAndKeptAsHashes(t *testing.T) {
	b := furnished(t)
	shown := strings.Join(b.do(&NewSecret{Application: "kajak-app"}).Lines, "\n")
	if strings.Count(shown, testSecret) != 1 || !strings.Contains(shown, "kajak-app") {
		t.Errorf("shown:\n%s", shown)
	}
	r, err := b.try(&NewSecret{Application: "kajak-app"})
	if err != nil || strings.Contains(strings.Join(r.Lines, "\n"), testSecret) {
		t.Errorf("shown again: %v, %v", r.Lines, err)
	}
	kept := b.dump()
	for _, clear := range []string{testSecret, "koza pije herbate", "90031554328", "+48600700801"} {
		if strings.Contains(kept, clear) {
			t.Errorf("the store holds %q in clear", clear)
		}
	}
	if !strings.Contains(kept, "hash of ") {
		t.Error("no password was taken in")
	}
}

func TestOlderSecretsEnd(t *testing.T) {
	b := furnished(t)
	b.do(&NewSecret{Application: "kajak-app"})
	n := 0
	b.NewSecret = func() (string, []byte, error) { n++; return "new", []byte{byte(n)}, nil }
	valid := func() int {
		s, err := b.store.Secrets(t.Context(), "kajak-app", b.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return len(s)
	}
	b.clock.Advance(1e9)
	b.do(&NewSecret{Application: "kajak-app", KeepMinutes: 10})
	if valid() != 2 {
		t.Errorf("%d secrets are valid while the partner changes over", valid())
	}
	b.clock.Advance(10 * 60e9)
	if valid() != 1 {
		t.Errorf("%d secrets are valid afterwards", valid())
	}
}
