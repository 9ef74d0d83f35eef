package mbank_test

import (
	"net/http"
	"strings"
	"testing"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/thirdparty"
	"okienko/psd2/psd2test"
)

// psd2 §3.3: whom the third party says that it sends. What the core makes of it is
// tested in package authserver; here, that the headers reach it.
func TestTheCustomerThatIsSent(t *testing.T) {
	w := newWorld(t)
	asks := func(headers ...string) *ask {
		return w.one.authorize(w.one.authorizeBody("ais-accounts", newUUID(w.Wall.Now()), listPrivilege)).set(headers...)
	}
	for header, a := range map[string]*ask{
		"PSU-ID-Type":         asks("PSU-ID", "44051401359", "PSU-ID-Type", "X"),
		"PSU-ID:":             asks("PSU-ID", "44051401358", "PSU-ID-Type", "P"),
		"PSU-Context-ID-Type": asks("PSU-Context-ID", "5250007738", "PSU-Context-ID-Type", "X"),
		"PSU-Context-ID:":     asks("PSU-Context-ID-Type", "N"),
		"Company-Context":     asks("Company-Context", "yes"),
	} {
		got := a.send().fails(http.StatusBadRequest, "FieldValidationError")
		if !strings.Contains(got.text("message"), header) {
			t.Errorf("%s: %s", header, got.body)
		}
	}
	// Anna is sent by her PESEL: she may give, and Bob may not. A company is asked
	// for: neither may.
	link := func(a *ask) authserver.RequestID {
		return authserver.RequestID(strings.TrimPrefix(a.send().is(http.StatusOK).text("authorizationRedirectUri"), people+"/consent/"))
	}
	w.Gives(link(asks("PSU-ID", string(psd2test.AnnasPESEL), "PSU-ID-Type", "P", "Company-Context", "false")), annaP, anna, annas)
	for name, a := range map[string]*ask{
		"another person": asks("PSU-ID", string(psd2test.BobsPESEL), "PSU-ID-Type", "P"), "a company": asks("Company-Context", "true"),
		"nobody here": asks("PSU-ID", "nobody", "PSU-ID-Type", "L"),
	} {
		_, err := w.Auth.ChooseForConsent(t.Context(), link(a), authserver.ConsentChoice{Person: annaP, Customer: anna, Accounts: []account.ID{annas}})
		if bank.CodeOf(err) != bank.NotFound {
			t.Errorf("%s: Anna chose: %v", name, err)
		}
	}
}

// To whom the bank is lenient, fields that it does not know and loose numbers do
// no harm (psd2 §0.1).
func TestLenience(t *testing.T) {
	w := newWorld(t)
	loose := strings.Replace(w.one.authorizeBody("ais", newUUID(w.Wall.Now()), infoPrivilege(90)), `"state":`, `"colour":"blue","state":`, 1)
	w.one.authorize(loose).send().fails(http.StatusBadRequest, "FieldValidationError")
	w.Change(oneOrg, func(c *thirdparty.Client) { c.Lenience.UnknownFields = true })
	w.one.authorize(loose).send().is(http.StatusOK)

	number := string(numberOf(4))
	spaced := "PL " + number[:2] + " " + number[2:]
	pay := strings.Replace(`[{"pis:domestic":{"domesticPaymentRequest":{"recipient":{"accountNumber":"NUMBER","name":"Bob"},"sender":{},
		"transferData":{"description":"x","amount":"1.00","currency":"PLN"},"deliveryMode":"EXPRESS_D0","system":"INTERNAL"}}}]`, "NUMBER", spaced, 1)
	w.one.authorize(w.one.authorizeBody("pis", newUUID(w.Wall.Now()), pay)).send().fails(http.StatusBadRequest, "FieldValidationError")
	w.Change(oneOrg, func(c *thirdparty.Client) { c.Lenience.LooseNumbers = true })
	w.one.authorize(w.one.authorizeBody("pis", newUUID(w.Wall.Now()), pay)).send().is(http.StatusOK)
}
