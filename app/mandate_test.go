package app_test

import (
	"net/http"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/office"
	"okienko/okienkotest"
	"okienko/test/engine"
)

// A proxy's power ends while an operation of the company waits on their phone:
// from then on their yes moves none of the company's money.
func TestMandateThatEndedConfirmsNothing(t *testing.T) {
	const second = account.ID("account-parkomat-second")
	start := calendar.DateOf(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))
	b := okienkotest.Start(t, okienkotest.Frozen(start.Start().Add(12*time.Hour)), okienkotest.Database(engine.DSN(t)))
	b.Office(t, &office.ImportCustomers{Document: office.CustomersDocument{Accounts: []office.AccountDocument{{
		ID: string(second), Customer: "customer-parkomat", NRB: "61109010140000071219812874", Opening: "1000.00",
	}}}})
	ends := start.AddDays(265).Start() // of Katarzyna's mandate, in the made-up world
	if err := b.MoveClock(t.Context(), ends.Add(-2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	katarzyna, err := b.Inside().Books.Person(t.Context(), "person-katarzyna")
	if err != nil {
		t.Fatal(err)
	}
	access, err := b.Inside().Auth.AccessSubject(t.Context(), katarzyna.ID, second, true, katarzyna.Language)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := b.Inside().Prove(t.Context(), katarzyna.ID, access)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Inside().Auth.SwitchAccess(t.Context(), katarzyna.ID, second, true, proof); err != nil {
		t.Fatal(err)
	}
	pln := func(zl int64) money.Amount { return money.New(zl*100, money.PLN) }
	permission := func(o consent.Object, a consent.Action) consent.Permission {
		return consent.Permission{Object: o, Action: a}
	}
	p, err := b.PairAs(t.Context(), b.Pair(t, "katarzyna", "parkomat").ReadyClient, authserver.Choice{
		Person: katarzyna.ID, Customer: "customer-parkomat", Account: second,
		Permissions: []consent.Permission{
			permission(consent.Blockades, consent.Create), permission(consent.Blockades, consent.ReadDet), permission(consent.Blockades, consent.Delete),
			permission(consent.Payments, consent.Create), permission(consent.Payments, consent.ReadDet),
		},
		Limits: limit.Limits{Single: pln(200), Daily: pln(300), Monthly: pln(1500), Unconfirmed: pln(50)},
	})
	if err != nil {
		t.Fatal(err)
	}
	asked := p.Post(t, "/account/"+p.AccountID+"/blockade/authorize", `{"operationId":"late","amount":"60.00","currency":"PLN","title":"Postój",
		"appType":"web","os_type":"ALL","callbackUri":"`+p.CallbackURI+`"}`)
	if asked.Status != http.StatusOK || asked.Field("redirectURI") != "" {
		t.Fatalf("%d %s", asked.Status, asked.Body)
	}
	if err := b.MoveClock(t.Context(), ends.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b.Approve(t, "katarzyna")
	op, err := b.Inside().Books.Authorisation(t.Context(), payment.AuthorisationID(asked.Field("authorizationId")))
	if err != nil || op.Status == payment.Done {
		t.Errorf("the operation is %s, %v", op.Status, err)
	}
	if a, err := b.Inside().Books.Account(t.Context(), second); err != nil || !a.Held.IsZero() {
		t.Errorf("%s is held on the company's account, %v", a.Held, err)
	}
}
