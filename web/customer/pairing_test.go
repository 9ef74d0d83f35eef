package customer

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
)

func TestPairingBySMS(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	id := w.request(redirect)
	page, factor := "/pair/"+id, "/factor/pairing/"+id

	// A stranger logs in first, is told for whom, and comes back.
	at := b.get(page).leads(303, "/login?next=").header.Get("Location")
	b.get(at).says(200, "After you log in, you will see what Kawomat asks for.").not("timed")
	b.post(at, "login", "anna", "password", password).leads(303, page)

	v := b.get(page).says(200, "Kawomat asks to connect", "Automaty Wiślane", "Kawa <bez> karty", "Konto codzienne",
		"access", "Access for applications is switched off on this account.", "This account is not kept in złoty.", `src="/logos/kawomat"`)
	if p := v.header.Get("Content-Security-Policy"); !strings.Contains(p, "form-action 'self' https://app.example") {
		t.Errorf("the form may not lead back to the application: %s", p)
	}
	if strings.Contains(v.text, `name="permission" value="USER:READ_DET" checked`) {
		t.Error("an optional permission is ticked before anybody has agreed to it")
	}

	// Faults come back beside their fields, and nothing is chosen.
	b.post(page, b.choice("single", "1,2,3", "daily", "900", "monthly", "")...).
		says(422, "Choose one of the options.", "Enter an amount", "may not be above PLN 800.00", "Fill in this field.", `value="1,2,3"`)
	b.post(page, b.choice("account", string(annaOff))...).says(422, "This option cannot be chosen.")
	b.post(page, b.choice("account", string(annaEuro))...).says(422, "This option cannot be chosen.")
	b.post(page, b.choice("account", string(bartekMain))...).says(422, "This option cannot be chosen.")
	b.post(page, b.choice("account", string(annaMain), "single", "300", "daily", "200")...).says(422, "may not be higher than")
	b.get(factor).leads(303, page)

	b.post(page, append(b.choice("account", string(annaMain), "single", "250,00", "threshold", "50"), "permission", "USER:READ_DET")...).leads(303, factor)
	v = b.get(factor).says(200, "Connecting Kawomat to your account", "••• ••• 200", "Konto codzienne").not("48600100200")
	if p := v.header.Get("Content-Security-Policy"); !strings.Contains(p, "https://app.example") {
		t.Errorf("the code form may not lead back to the application: %s", p)
	}
	b.post(factor+"/code", "code", "12").says(422, "Enter the whole code from the SMS.")
	code := w.sms(anna)
	back := b.post(factor+"/code", "code", code[:3]+" "+code[3:]).leads(303, redirect+"&code=").header.Get("Location")
	u, err := url.Parse(back)
	w.must(err)
	if q := u.Query(); q.Get("state") != state || q.Get("keep") != "1" || q.Get("code") == "" {
		t.Errorf("the application gets %q", back)
	}

	all, err := w.store.AgreementsOf(w.ctx, ofAnna)
	w.must(err)
	want := limit.Limits{Single: pln(25_000), Daily: pln(80_000), Monthly: pln(200_000), Unconfirmed: pln(5_000)}
	if len(all) != 1 || all[0].Limits != want || len(all[0].Grants) != 3 || all[0].Account != annaMain || all[0].Person != anna {
		t.Fatalf("paired as %+v", all)
	}

	// Whatever is sent again finds nothing more to do.
	b.post(factor+"/code", "code", code).says(410, "The request has expired")
	b.post(page, b.choice("account", string(annaSpare))...).says(410, "already been settled")
	b.get(page).says(410)
	if again, err := w.store.AgreementsOf(w.ctx, ofAnna); err != nil || len(again) != 1 || again[0].Version != all[0].Version {
		t.Errorf("a form sent again changed the pairing: %+v, %v", again, err)
	}

	// Pairing again starts from what stands, and says that it replaces it.
	b.get("/pair/"+w.request(redirect)).says(200, "connected already", `value="USER:READ_DET" checked`, `value="250.00"`)
}

func TestPairingByTheMobileApp(t *testing.T) {
	w := newWorld(t)
	b := w.as(bartek, ofBartek)
	id := w.request(redirect)
	factor := "/factor/pairing/" + id
	b.post("/pair/"+id, b.choice("account", string(bartekMain))...).leads(303, factor)
	b.get(factor).says(200, "Choose how to confirm", "Pixel Bartka", "••• ••• 300")
	b.post(factor+"/method").says(422, "Choose one of the options.")
	b.post(factor+"/method", "method", "app").leads(303, factor)

	b.get(factor).says(200, "Confirm in the mobile app", "Pixel Bartka")
	b.post(factor+"/continue").says(409, "Your approval has not reached us yet")

	w.approve(false)
	b.get(factor).says(200, "Refused in the app").not("continue-form")
	b.post(factor+"/resend").leads(303, factor)
	b.get(factor).says(200, "Confirm in the mobile app")
	w.approve(true)
	b.get(factor).says(200, "Approved in the app", "continue-form")
	b.post(factor+"/continue").leads(303, redirect+"&code=")
	b.post(factor + "/continue").says(410)
}

func TestAnotherMethodAfterAll(t *testing.T) {
	w := newWorld(t)
	b := w.as(bartek, ofBartek)
	id := w.request(scheme)
	factor := "/factor/pairing/" + id
	b.post("/pair/"+id, b.choice("account", string(bartekMain))...).leads(303, factor)
	b.post(factor+"/method", "method", "app").leads(303, factor)
	b.post(factor+"/sms").leads(303, factor)
	b.get(factor).says(200, "Enter the SMS code")
	first := w.sms(bartek)
	b.post(factor+"/resend").leads(303, factor)
	b.get(factor).says(200, "We have sent a new code.")
	b.get(factor).not("We have sent a new code.")
	if second := w.sms(bartek); first != second {
		b.post(factor+"/code", "code", first).says(422, "4 attempts left")
		b.post(factor+"/code", "code", second).leads(303, scheme+"?code=")
	}
}

func TestCancelLeadsBackToTheConsent(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	id := w.request(redirect)
	b.post("/pair/"+id, b.choice("account", string(annaMain))...).leads(303, "/factor/")
	b.post("/factor/pairing/"+id+"/cancel").leads(303, "/pair/"+id)
	b.post("/factor/pairing/"+id+"/code", "code", w.sms(anna)).leads(303, "/factor/pairing/"+id) // forgotten
	b.get("/factor/pairing/"+id).says(200, "Choose how to confirm")
}

func TestRefusedPairing(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	for _, refuse := range []func(id string) *view{
		func(id string) *view { return b.post("/pair/"+id, "decision", "refuse") },
		func(id string) *view { return b.post("/pair/" + id + "/refuse") },
	} {
		id := w.request(redirect)
		v := refuse(id).leads(303, redirect+"&error=access_denied")
		if !strings.Contains(v.header.Get("Location"), "state="+state) {
			t.Error("the state is lost")
		}
		b.get("/pair/" + id).says(410)
	}
	if all, err := w.store.AgreementsOf(w.ctx, ofAnna); err != nil || len(all) != 0 {
		t.Errorf("refused, and paired: %v, %v", all, err)
	}
}

func TestFiveWrongCodesLock(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	id := w.request(redirect)
	factor := "/factor/pairing/" + id
	b.post("/pair/"+id, b.choice("account", string(annaMain))...).leads(303, factor)
	right := w.sms(anna)
	wrong := "000000"
	if right == wrong {
		wrong = "111111"
	}
	for left := 4; left > 0; left-- {
		b.post(factor+"/code", "code", wrong).says(422, "The code is wrong.")
	}
	b.post(factor+"/code", "code", wrong).says(403, "locked", "will work again on 18 November 2026, 12:30").not("code-form")
	b.post(factor+"/code", "code", right).says(403, "locked", "will work again on 18 November 2026, 12:30").not("code-form")
	b.post(factor+"/resend").says(403, "this way of confirming is locked", "will work again on 18 November 2026, 12:30")
	b.post("/pair/"+id, b.choice("account", string(annaMain))...).says(403, "this way of confirming is locked")
	w.bank.Advance(31 * time.Minute)
	id = w.request(redirect)
	b.post("/pair/"+id, b.choice("account", string(annaMain))...).leads(303, "/factor/pairing/"+id)
}

func TestExpiredCodeAndRequest(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	id := w.request(redirect)
	factor := "/factor/pairing/" + id
	b.post("/pair/"+id, b.choice("account", string(annaMain))...).leads(303, factor)
	w.bank.Advance(6 * time.Minute)
	b.get(factor).says(200, "The code has expired.").not("code-form")
	b.post(factor+"/code", "code", "123456").says(410, "The code has expired.")
	w.bank.Advance(6 * time.Minute)
	b.get(factor).says(410, "The request has expired")
	b.get("/pair/" + id).says(410)
	b.get("/pair/unknown").says(404)
}

// A confirmation given for one choice serves no other.
func TestChoiceChangedAfterTheCode(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	id := w.request(redirect)
	factor := "/factor/pairing/" + id
	b.post("/pair/"+id, b.choice("account", string(annaMain), "single", "10")...).leads(303, factor)
	code := w.sms(anna)
	// Another window widens the choice; the code on the phone still says 10.
	b.post("/pair/"+id, b.choice("account", string(annaMain), "single", "500")...).leads(303, factor)
	b.post(factor+"/code", "code", code).says(422, "The code is wrong.")
	if all, err := w.store.AgreementsOf(w.ctx, ofAnna); err != nil || len(all) != 0 {
		t.Errorf("paired on the code of another choice: %v, %v", all, err)
	}
}

func TestSomebodyElsesChoiceIsNotConfirmed(t *testing.T) {
	w := newWorld(t)
	a, b := w.as(anna, ofAnna), w.as(bartek, ofBartek)
	id := w.request(redirect)
	a.post("/pair/"+id, a.choice("account", string(annaMain))...).leads(303, "/factor/pairing/"+id)
	b.get("/factor/pairing/"+id).leads(303, "/pair/"+id)
	b.post("/factor/pairing/"+id+"/method", "method", "sms").leads(303, "/pair/"+id)
}

func TestWhoMayPair(t *testing.T) {
	t.Run("beta", func(t *testing.T) {
		w := newWorld(t, inProduction(partner.Beta))
		w.as(anna, ofAnna).get("/pair/"+w.request(redirect)).says(403, "Only people named by its provider may use it.")
		w.as(bartek, ofBartek).get("/pair/"+w.request(redirect)).says(200, "is in beta")
	})
	t.Run("sandbox application in production", func(t *testing.T) {
		w := newWorld(t, inProduction(partner.Sandbox))
		w.as(anna, ofAnna).get("/pair/"+w.request(redirect)).says(403, "only in the bank’s test environment")
	})
	t.Run("company", func(t *testing.T) {
		w := newWorld(t)
		id := w.request(redirect)
		w.as(bartek, wiatrak).get("/pair/"+id).says(403, "accounts of personal customers", `id="context" href="/context?next=%2Fpair%2F`+id)
	})
	t.Run("without power", func(t *testing.T) {
		w := newWorld(t)
		b := w.as(celina, wiatrak)
		b.get("/").says(200, "Firmowe", "Wiatrak")
		b.get("/pair/"+w.request(redirect)).says(403, "You may not do this on your own")
	})
	t.Run("blocked", func(t *testing.T) {
		w := newWorld(t)
		w.must(w.store.Block(w.ctx, ofAnna, party.Block{By: "staff:ewa", At: w.bank.Now(), Why: "test"}, w.did("customer.blocked")))
		b := w.as(anna, ofAnna)
		b.get("/pair/"+w.request(redirect)).says(403, "Access for applications is blocked")
	})
	t.Run("no account", func(t *testing.T) {
		w := newWorld(t)
		for _, a := range []string{string(annaMain), string(annaSpare)} {
			acc, err := w.store.Account(w.ctx, account.ID(a))
			w.must(err)
			acc.Access.State = "off"
			w.must(w.store.SetAccess(w.ctx, acc.ID, acc.Access, audit.Record{At: w.bank.Now(), Actor: audit.Actor{Kind: audit.Staff, ID: "ewa"}, Act: "access", Subject: "test"}))
		}
		w.as(anna, ofAnna).get("/pair/"+w.request(redirect)).says(403, "There is no account to connect")
	})
}

func TestEndedPairingCanBeGivenAgain(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	b := w.as(anna, ofAnna)
	page := "/applications/" + string(g.ID)
	b.get(page+"/end").says(200, "End the connection with Kawomat?", "no active holds")
	b.get(page).says(200, "active") // asking changed nothing
	b.post(page + "/end").says(400)
	b.post(page+"/end", "decision", "yes").leads(303, page)
	b.get(page).says(200, "The connection has been ended.").not("limits-form", "move-form", page+"/end")
	b.get(page+"/end").leads(303, page)
	now, err := w.store.Agreement(w.ctx, g.ID)
	w.must(err)
	if now.Status != consent.Ended || now.EndedBy != "customer:anna" {
		t.Errorf("ended as %s by %s", now.Status, now.EndedBy)
	}
	b.get("/pair/"+w.request(redirect)).says(200, "Kawomat asks to connect to your account").not("connected already")
}
