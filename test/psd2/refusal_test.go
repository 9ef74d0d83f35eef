package psd2

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/thirdparty"
	"okienko/client"
	"okienko/eidas/trustservice"
	"okienko/office"
	"okienko/okienkotest"
)

// refusedAs wants an answer with a status and a code.
func refusedAs(t *testing.T, what string, err error, status int, code string) {
	t.Helper()
	var no *client.Error
	if !errors.As(err, &no) || no.Status != status || no.Code != code {
		t.Errorf("%s: %v, want %d %s", what, err, status, code)
	}
}

// ask asks for a consent for a month, of somebody who is there.
func ask(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, k client.Consent) (client.Asked, error) {
	t.Helper()
	k.Until, k.RedirectURI = b.Inside().Now().AddDate(0, 0, 30), p.Folder.RedirectURI
	k.Customer = &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"}
	return p.Ask(t.Context(), k)
}

// asks tries what each role is for, and tells the errors.
func asks(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty) map[string]error {
	t.Helper()
	pay := domestic("1.00", "Role")
	number := account(t, b, "jan", "PLN").Number
	_, accounts := ask(t, b, p, client.Consent{Accounts: true})
	_, payment := ask(t, b, p, client.Consent{Payment: &pay})
	_, funds := p.Funds(t.Context(), number, "1.00", "PLN")
	return map[string]error{"PSP_AI": accounts, "PSP_PI": payment, "PSP_IC": funds}
}

// A role that the certificates do not give is refused with 403, whatever the
// register says, and the role that they give is not.
func TestRolesOfTheCertificate(t *testing.T) {
	b := start(t)
	all := []string{"PSP_AI", "PSP_PI", "PSP_IC"}
	for _, role := range all {
		p := b.ThirdParty(t, "Only "+role, role)
		list(t, b, p, all...) // the register knows it with every role
		givesFunds(t, b, p)
		for needed, err := range asks(t, b, p) {
			switch {
			case needed != role:
				refusedAs(t, role+" does what "+needed+" is for", err, http.StatusForbidden, "RoleMissingError")
			case err != nil:
				t.Errorf("%s: %v", role, err)
			}
		}
	}
}

// givesFunds has jan let a third party ask for funds, where it may.
func givesFunds(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty) {
	t.Helper()
	a := b.Customers(t, http.MethodPost, "/api/funds-consents", []byte(`{"login":"jan","account":"`+account(t, b, "jan", "PLN").Number+`","issuer":"`+p.Folder.Organisation+`"}`))
	if a.Status != http.StatusOK {
		t.Fatalf("a consent for funds: %d %s", a.Status, a.Body)
	}
}

// list has staff import the supervisor's register, with other roles for a third
// party; none is a licence that was withdrawn yesterday.
func list(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, roles ...string) {
	t.Helper()
	register, ok := b.Inside().Books.(interface {
		Entries(ctx context.Context) ([]thirdparty.Entry, error)
	})
	if !ok {
		t.Fatal("the books know no register")
	}
	entries, err := register.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var document office.RegisterDocument
	for _, e := range entries {
		line := office.RegisterEntry{Organisation: string(e.Organisation), Name: e.Name, Country: e.Country}
		for _, r := range e.Roles {
			line.Roles = append(line.Roles, string(r))
		}
		if !e.Until.IsZero() {
			line.Until = calendar.DateOf(e.Until).String()
		}
		if line.Organisation == p.Folder.Organisation {
			line.Until = ""
			if len(roles) == 0 {
				line.Until = calendar.DateOf(b.Inside().Now()).AddDays(-1).String()
			} else {
				line.Roles = roles
			}
		}
		document.Entries = append(document.Entries, line)
	}
	b.Office(t, &office.ImportRegister{Document: document})
}

// A role that the register takes away, a licence that is withdrawn, and a block
// by staff each stop the very next call, under consents and tokens that stand.
func TestRegisterAndStaffStopTheNextCall(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	look := reads(t, p, "jan", from.Number)
	pay := domestic("5.00", "Between two calls")
	pay.Sender.AccountNumber = from.Number
	order := p.Consent(t, "jan", client.Consent{Payment: &pay}, from.Number)
	givesFunds(t, b, p)
	balance := func() error {
		_, err := p.AccountDetails(t.Context(), look.Session(), look.AccountIDs()[0])
		return err
	}
	funds := func() error {
		_, err := p.Funds(t.Context(), from.Number, "1.00", "PLN")
		return err
	}
	paying := func() error {
		_, err := p.Pay(t.Context(), order.Session(), "between-two-calls", pay)
		return err
	}
	goesOn := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	list(t, b, p, "PSP_AI")
	goesOn("reading, as an AISP", balance())
	refusedAs(t, "paying without the role", paying(), http.StatusForbidden, "RoleMissingError")
	refusedAs(t, "asking for funds without the role", funds(), http.StatusForbidden, "RoleMissingError")
	list(t, b, p, "PSP_PI", "PSP_IC")
	refusedAs(t, "reading without the role", balance(), http.StatusForbidden, "RoleMissingError")
	goesOn("asking for funds, as an issuer", funds())
	list(t, b, p)
	for what, call := range map[string]func() error{"reading": balance, "paying": paying, "funds": funds} {
		refusedAs(t, what+" without a licence", call(), http.StatusForbidden, "ThirdPartyBlockedError")
	}
	_, err := p.Refresh(t.Context(), look.Refresh)
	refusedAs(t, "refreshing without a licence", err, http.StatusForbidden, "ThirdPartyBlockedError")
	list(t, b, p, "PSP_AI", "PSP_PI", "PSP_IC")
	goesOn("reading, with the licence back", balance())
	b.Office(t, &office.BlockThirdParty{Organisation: p.Folder.Organisation, Why: "it reads at night"})
	for what, call := range map[string]func() error{"reading": balance, "paying": paying, "funds": funds} {
		refusedAs(t, what+" when staff blocked it", call(), http.StatusForbidden, "ThirdPartyBlockedError")
	}
	if now := from.again(t, b); now != from {
		t.Errorf("a refused call moved money: %+v, before %+v", now, from)
	}
	b.Office(t, &office.BlockThirdParty{Organisation: p.Folder.Organisation, Lift: true, Why: "it was somebody else"})
	goesOn("reading again", balance())
	goesOn("paying at last", paying())
}

// access switches third parties' access to an account of anna's.
func access(t *testing.T, b *okienkotest.Bank, number, on string) *okienkotest.Answer {
	t.Helper()
	return b.Customers(t, http.MethodPost, "/api/people/anna/access", []byte(`{"account":"`+number+`","on":`+on+`}`))
}

// An account whose access is switched off or blocked is refused at the next call,
// in every service; the other account of the same consent goes on, and nothing
// new is consented to for it.
func TestAccessIsSwitchedOffBetweenTwoCalls(t *testing.T) {
	b, p := open(t)
	annas := accounts(t, b, "anna", "PLN")
	first, second := annas[0], annas[1]
	look := reads(t, p, "anna", first.Number, second.Number)
	ids := map[string]string{}
	for _, one := range look.Details.Privileges {
		ids[one.AccountNumber] = one.AccountID
	}
	pay := domestic("5.00", "Switched off")
	pay.Sender.AccountNumber = first.Number
	order := p.Consent(t, "anna", client.Consent{Payment: &pay}, first.Number)
	a := b.Customers(t, http.MethodPost, "/api/funds-consents", []byte(`{"login":"anna","account":"`+first.Number+`","issuer":"`+p.Folder.Organisation+`"}`))
	if a.Status != http.StatusOK {
		t.Fatalf("a consent for funds: %d %s", a.Status, a.Body)
	}
	reaches := func(number string) error {
		id := ids[number]
		if id == "" {
			t.Fatalf("no handle of %s in %v", number, ids)
		}
		if _, err := p.AccountDetails(t.Context(), look.Session(), id); err != nil {
			return err
		}
		_, err := p.TransactionsPage(t.Context(), look.Session(), id, client.Filter{})
		return err
	}
	stopped := func(why, code string) {
		t.Helper()
		refusedAs(t, why+", reading", reaches(first.Number), http.StatusForbidden, "AccountAccessError")
		if err := reaches(second.Number); err != nil {
			t.Errorf("%s, the other account: %v", why, err)
		}
		_, err := p.Pay(t.Context(), order.Session(), "switched-off", pay)
		refusedAs(t, why+", paying", err, http.StatusForbidden, "AccountAccessError")
		_, err = p.Funds(t.Context(), first.Number, "1.00", "PLN")
		refusedAs(t, why+", funds", err, http.StatusForbidden, "AccountAccessError")
		asked, err := ask(t, b, p, client.Consent{Read: &client.Read{Numbers: []string{first.Number}, Days: 10, Statuses: every}})
		if err != nil {
			t.Fatal(err)
		}
		if a := b.Answer(t, "approve", "anna", asked.Redirect, first.Number); a.Status != http.StatusConflict || a.Field("error") != code {
			t.Errorf("%s, a new consent: %d %s, want %s", why, a.Status, a.Body, code)
		}
	}
	if err := errors.Join(reaches(first.Number), reaches(second.Number)); err != nil {
		t.Fatal(err)
	}
	if a := access(t, b, first.Number, "false"); a.Status != http.StatusOK {
		t.Fatalf("switching off: %d %s", a.Status, a.Body)
	}
	stopped("switched off", "access_off")
	if a := access(t, b, first.Number, "true"); a.Status != http.StatusOK {
		t.Fatalf("switching on: %d %s", a.Status, a.Body)
	}
	if err := reaches(first.Number); err != nil {
		t.Errorf("switched on again: %v", err)
	}
	stored, err := b.Inside().Books.Person(t.Context(), "person-anna")
	if err != nil {
		t.Fatal(err)
	}
	held, err := b.Inside().Books.AccountsOf(t.Context(), "customer-anna")
	if err != nil {
		t.Fatal(err)
	}
	b.Office(t, &office.Hotline{
		Account: string(held[0].ID), Do: "block", Person: "person-anna", PESEL: string(stored.PESEL), Answered: []string{string(office.AskAddress)}, Why: "lost her phone",
	})
	stopped("blocked by the hotline", "access_blocked")
	if a := access(t, b, first.Number, "true"); a.Status != http.StatusConflict {
		t.Errorf("the customer lifted the hotline's block: %d %s", a.Status, a.Body)
	}
}

// A consent that the customer withdraws in internet banking ends with its tokens;
// the customer's other consents stand.
func TestCustomerWithdrawsAConsent(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	gone, stays := reads(t, p, "jan", from.Number), reads(t, p, "jan", from.Number)
	id := ""
	for _, c := range consents(t, b, "jan") {
		if c.ConsentID == gone.ConsentID {
			id = c.ID
		}
	}
	if a := b.Customers(t, http.MethodPost, "/api/people/jan/consents/"+id+"/withdraw", nil); a.Status != http.StatusOK {
		t.Fatalf("withdrawing: %d %s", a.Status, a.Body)
	}
	_, err := p.AccountDetails(t.Context(), gone.Session(), gone.AccountIDs()[0])
	refusedAs(t, "the next call", err, http.StatusUnauthorized, "invalid_token")
	_, err = p.Refresh(t.Context(), gone.Refresh)
	refusedAs(t, "a refresh", err, http.StatusBadRequest, "invalid_grant")
	refusedAs(t, "deleting it", p.DeleteConsent(t.Context(), gone.ConsentID), http.StatusNotFound, "ResourceNotFoundError")
	if _, err := p.AccountDetails(t.Context(), stays.Session(), stays.AccountIDs()[0]); err != nil {
		t.Errorf("the other consent: %v", err)
	}
}

// A consent ends with its day, and with it the refresh token.
func TestConsentThatHasRunOut(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	until := b.Inside().Now().Add(5 * time.Minute) // less than an access token lives
	look := p.Consent(t, "jan", client.Consent{Read: &client.Read{Numbers: []string{from.Number}, Days: 10, Statuses: every}, Until: until}, from.Number)
	to(t, b, until.Add(-time.Second))
	if _, err := p.AccountDetails(t.Context(), look.Session(), look.AccountIDs()[0]); err != nil {
		t.Fatalf("a second before: %v", err)
	}
	to(t, b, until)
	_, err := p.AccountDetails(t.Context(), look.Session(), look.AccountIDs()[0])
	refusedAs(t, "at its end", err, http.StatusUnauthorized, "invalid_token")
	_, err = p.Refresh(t.Context(), look.Refresh)
	refusedAs(t, "a refresh", err, http.StatusBadRequest, "invalid_grant")
}

// What the customer refuses gives no code.
func TestCustomerRefuses(t *testing.T) {
	b, p := open(t)
	asked, err := ask(t, b, p, client.Consent{Accounts: true})
	if err != nil {
		t.Fatal(err)
	}
	a := b.Answer(t, "refuse", "jan", asked.Redirect)
	code, denied, err := client.Returned(a.Field("redirect"), asked.State)
	if code != "" || denied != "access_denied" || err != nil {
		t.Errorf("refused, and came back with code %q, %q, %v", code, denied, err)
	}
	if a := b.Answer(t, "approve", "jan", asked.Redirect); a.Status != http.StatusConflict {
		t.Errorf("approved after the refusal: %d %s", a.Status, a.Body)
	}
}

// Renewed certificates are those of the same third party: after registering again
// both pairs serve, under one client and its consents.
func TestRenewedCertificates(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	look := reads(t, p, "jan", from.Number)
	renewed := b.ThirdParty(t, p.Folder.Name)
	if renewed.ClientID() != p.ClientID() || renewed.Folder.Organisation != p.Folder.Organisation {
		t.Fatalf("renewed as %s of %s, was %s of %s", renewed.ClientID(), renewed.Folder.Organisation, p.ClientID(), p.Folder.Organisation)
	}
	for name, one := range map[string]*okienkotest.ThirdParty{"the old pair": p, "the new pair": renewed} {
		if _, err := one.AccountDetails(t.Context(), look.Session(), look.AccountIDs()[0]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := renewed.Refresh(t.Context(), look.Refresh); err != nil {
		t.Errorf("a refresh by the new pair: %v", err)
	}
}

// Certificates that are bad in any way are refused, though the client is known.
func TestBadCertificates(t *testing.T) {
	b := start(t)
	for _, bad := range trustservice.Bads() {
		p := b.BadThirdParty(t, "Bad "+string(bad), string(bad))
		_, err := ask(t, b, p, client.Consent{Accounts: true})
		var no *client.Error
		if !errors.As(err, &no) || no.Status != http.StatusUnauthorized || !slices.Contains([]string{"CertificateError", "ThirdPartyUnknownError"}, no.Code) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// What belongs to one third party is of no use to another.
func TestTokensOfAnotherThirdParty(t *testing.T) {
	b, p := open(t)
	thief := b.ThirdParty(t, "Cudze Tokeny")
	from := account(t, b, "jan", "PLN")
	look := reads(t, p, "jan", from.Number)
	_, err := thief.AccountDetails(t.Context(), look.Session(), look.AccountIDs()[0])
	refusedAs(t, "another's access token", err, http.StatusUnauthorized, "invalid_token")
	_, err = thief.Refresh(t.Context(), look.Refresh)
	refusedAs(t, "another's refresh token", err, http.StatusBadRequest, "invalid_grant")
	refusedAs(t, "another's consent", thief.DeleteConsent(t.Context(), look.ConsentID), http.StatusNotFound, "ResourceNotFoundError")
	made, _ := pays(t, p, "jan", from.Number, domestic("5.00", "Mine"))
	_, given := pays(t, thief, "jan", from.Number, domestic("6.00", "Thine"))
	_, err = thief.PaymentStatus(t.Context(), given.Session(), made)
	refusedAs(t, "another's payment", err, http.StatusNotFound, "ResourceNotFoundError")
	_, err = ask(t, b, thief, client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}})
	if !refusedWith(err, http.StatusNotFound) && !refusedWith(err, http.StatusBadRequest) {
		t.Errorf("cancelling another's payment: %v", err)
	}
}

// Over a limit of their own customers cannot confirm; a limit that is passed
// between consent and order rejects the payment, and says so.
func TestCustomerLimits(t *testing.T) {
	b, p := open(t)
	limits(t, b, "jan", `{"oneOff":{"daily":"100.00"}}`)
	from := account(t, b, "jan", "PLN")
	pay := domestic("100.01", "Too much")
	pay.Sender.AccountNumber = from.Number
	asked, err := ask(t, b, p, client.Consent{Payment: &pay})
	if err != nil {
		t.Fatal(err)
	}
	if a := b.Answer(t, "approve", "jan", asked.Redirect, from.Number); a.Status != http.StatusConflict || a.Field("error") != "customer_limit" {
		t.Errorf("confirmed over the limit: %d %s", a.Status, a.Body)
	}
	var given []*okienkotest.Consented
	var orders []client.Payment
	for _, title := range []string{"First", "Second"} {
		pay := domestic("60.00", title)
		pay.Sender.AccountNumber = from.Number
		given, orders = append(given, p.Consent(t, "jan", client.Consent{Payment: &pay}, from.Number)), append(orders, pay)
	}
	first, err := p.Pay(t.Context(), given[0].Session(), client.NewID(), orders[0])
	if err != nil || first.GeneralStatus != "PENDING" {
		t.Fatalf("the first: %+v, %v", first, err)
	}
	second, err := p.Pay(t.Context(), given[1].Session(), client.NewID(), orders[1])
	if err != nil || second.GeneralStatus != "REJECTED" || second.Rejection == nil || second.Rejection.Field != "transferData.amount" {
		t.Fatalf("the second: %+v, %v", second, err)
	}
	if got := second.Rejection; got.Reason != "CUSTOMER_LIMIT" {
		t.Errorf("rejected with %+v", got)
	}
	if now := from.again(t, b); now.Available != less(t, from.Available, "60.00") {
		t.Errorf("available %s, before %s", now.Available, from.Available)
	}
	// What is cancelled gives its part of the limit back.
	cancelling := p.Consent(t, "jan", client.Consent{Cancel: &client.Target{PaymentID: first.PaymentID}}, from.Number)
	if err := p.Cancel(t.Context(), cancelling.Session(), "", first.PaymentID); err != nil {
		t.Fatal(err)
	}
	if third, _ := pays(t, p, "jan", from.Number, domestic("100.00", "Third")); third.GeneralStatus != "PENDING" {
		t.Errorf("after the cancelling: %+v", third)
	}
}

// Holds of partners' applications are seen by third parties and count against
// what is available, for reading, confirming funds and paying.
func TestHoldsOfPartners(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	kawomat := b.Pair(t, "jan", "kawomat")
	look := reads(t, p, "jan", from.Number)
	givesFunds(t, b, p)
	held := kawomat.Post(t, "/account/"+kawomat.AccountID+"/blockade", `{"operationId":"k-1","amount":"40.00","currency":"PLN","title":"Kawa"}`)
	if held.Status != http.StatusCreated {
		t.Fatalf("a hold: %d %s", held.Status, held.Body)
	}
	id := look.AccountIDs()[0]
	if got := item(t, p, look.Session(), id, "HOLD", "Kawa"); got.Amount != "-40.00" {
		t.Errorf("the hold reads %+v", got)
	}
	free := less(t, from.Available, "40.00")
	details, err := p.AccountDetails(t.Context(), look.Session(), id)
	if err != nil || details.AvailableBalance != free || details.BookingBalance != from.Booked {
		t.Errorf("with a hold: %+v (%v), before %+v", details, err, from)
	}
	for amount, want := range map[string]bool{free: true, less(t, free, "-0.01"): false} {
		if got, err := p.Funds(t.Context(), from.Number, amount, "PLN"); err != nil || got != want {
			t.Errorf("funds of %s: %t, %v", amount, got, err)
		}
	}
	if a := kawomat.Delete(t, "/account/"+kawomat.AccountID+"/blockade/"+held.Field("blockadeId")); a.Status != http.StatusNoContent {
		t.Fatalf("releasing: %d %s", a.Status, a.Body)
	}
	none(t, p, look.Session(), id, "HOLD", "Kawa")
	if got, err := p.Funds(t.Context(), from.Number, from.Available, "PLN"); err != nil || !got {
		t.Errorf("funds after the release: %t, %v", got, err)
	}
}
