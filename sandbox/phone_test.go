package sandbox_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/notify"
	"okienko/sandbox"
)

// app is the bank's side of the mobile application: it knows the devices that
// the world enrolled and checks what they sign.
type app struct {
	devices map[string][]byte

	mu      sync.Mutex
	waiting []sca.Challenge
}

func yes(c sca.Challenge) []byte { return []byte("yes " + c.ID) }
func no(c sca.Challenge) []byte  { return []byte("no " + c.ID) }

func newApp(w *sandbox.World) *app {
	a := &app{devices: map[string][]byte{}}
	for _, d := range w.Batch.Devices {
		a.devices[d.ID] = d.PublicKey
	}
	return a
}

func (a *app) WaitingApprovals(context.Context, string) ([]sca.Challenge, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.waiting), nil
}

func (a *app) Approve(_ context.Context, id sca.ID, device string, signature []byte) (sca.Challenge, error) {
	return a.end(id, device, signature, yes, sca.Passed)
}

func (a *app) Reject(_ context.Context, id sca.ID, device string, signature []byte) (sca.Challenge, error) {
	return a.end(id, device, signature, no, sca.Refused)
}

func (a *app) end(id sca.ID, device string, signature []byte, text func(sca.Challenge) []byte, to sca.Status) (sca.Challenge, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.waiting, func(c sca.Challenge) bool { return c.ID == id })
	c := a.waiting[i]
	key, err := x509.ParsePKIXPublicKey(a.devices[device])
	if err != nil {
		return c, err
	}
	digest := sha256.Sum256(text(c))
	if !ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), digest[:], signature) {
		return c, bank.Refuse(bank.ChallengeWrong, "The signature is not that of an enrolled device.")
	}
	a.waiting = slices.Delete(a.waiting, i, i+1)
	c.Status = to
	return c, nil
}

func (a *app) wait(c sca.Challenge) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append([]sca.Challenge{c}, a.waiting...)
}

func newPhone(t *testing.T, cfg sandbox.PhoneConfig) (*sandbox.Phone, *app) {
	t.Helper()
	w := newWorld(t, sandbox.Config{Seed: 1, Entries: sandbox.OnlyOpening})
	a := newApp(w)
	// Not the world's own: a sandbox that starts again has only these.
	owners, err := sandbox.Owners(1)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Owners, cfg.App, cfg.ApprovalText, cfg.RejectionText = owners, a, yes, no
	p, err := sandbox.NewPhone(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p, a
}

func ask(t *testing.T, h interface{ Routes(*http.ServeMux) }, method, path string, into any) int {
	t.Helper()
	mux := http.NewServeMux()
	h.Routes(mux)
	return serve(t, mux, httptest.NewRequest(method, "https://localhost:8445"+path, nil), into)
}

func serve(t *testing.T, h http.Handler, r *http.Request, into any) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Errorf("%s %s: %v in %q", r.Method, r.URL, err, w.Body)
		}
	}
	return w.Code
}

type messages struct {
	Messages []struct{ ID, Text, Code, To string }
}

func sms(id, text string) notice.Message {
	return notice.Message{ID: id, Channel: notice.SMS, Person: "person-anna", To: "+48999100001", Text: text, CreatedAt: day}
}

func TestMessagesNewestFirstWithTheirCodes(t *testing.T) {
	p, _ := newPhone(t, sandbox.PhoneConfig{})
	for _, m := range []notice.Message{sms("m1", "Kod: 123456. Kwota: 1 250,00 PLN."), sms("m2", "Code: 654321. Amount: PLN 250000.00. To 61 1090 1014."), sms("m1", "Kod: 123456.")} {
		if err := p.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var got messages
	if status := ask(t, p, "GET", "/phone/anna/messages", &got); status != 200 || len(got.Messages) != 2 {
		t.Fatalf("%d %+v", status, got)
	}
	if m := got.Messages[0]; m.ID != "m2" || m.Code != "654321" {
		t.Errorf("%+v", m)
	}
	if m := got.Messages[1]; m.ID != "m1" || m.Code != "123456" {
		t.Errorf("%+v", m)
	}
	if ask(t, p, "GET", "/phone/anna/messages?after=m1", &got); len(got.Messages) != 1 || got.Messages[0].ID != "m2" {
		t.Errorf("after m1: %+v", got)
	}
	if ask(t, p, "GET", "/phone/jan/messages", &got); len(got.Messages) != 0 {
		t.Errorf("jan reads anna's messages: %+v", got)
	}
	if status := ask(t, p, "GET", "/phone/nobody/messages", nil); status != 404 {
		t.Errorf("nobody's phone: %d", status)
	}
}

func TestCodesAreFoundAndNothingElseIs(t *testing.T) {
	p, _ := newPhone(t, sandbox.PhoneConfig{})
	for i, c := range []struct{ text, code string }{
		{"Kod: 012345. Nikomu nie podawaj tego kodu.", "012345"},
		{"Your code is 987654", "987654"},
		{"Kod SMS nr 2 to: 445566", "445566"},
		{"777888 to Twoje hasło.", "777888"},
		{"Zapłata 250000.00 PLN na rachunek 61000000130000071219812874.", ""},
		{"Pozdrawiamy", ""},
	} {
		if err := p.Send(t.Context(), sms(fmt.Sprint(i), c.text)); err != nil {
			t.Fatal(err)
		}
		var got messages
		if ask(t, p, "GET", "/phone/anna/messages", &got); got.Messages[0].Code != c.code {
			t.Errorf("%q holds the code %q, found %q", c.text, c.code, got.Messages[0].Code)
		}
	}
}

func TestLongPollEndsWithTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPhone(t, sandbox.PhoneConfig{})
		began := time.Now()
		answered := make(chan messages)
		go func() {
			var got messages
			ask(t, p, "GET", "/phone/anna/messages?wait=5s", &got)
			answered <- got
		}()
		time.Sleep(2 * time.Second)
		if err := p.Send(t.Context(), sms("m1", "Kod: 123456.")); err != nil {
			t.Fatal(err)
		}
		if got := <-answered; len(got.Messages) != 1 || time.Since(began) != 2*time.Second {
			t.Errorf("%+v after %v", got, time.Since(began))
		}
		var got messages
		if ask(t, p, "GET", "/phone/anna/messages?wait=5s&after=m1", &got); len(got.Messages) != 0 || time.Since(began) != 7*time.Second {
			t.Errorf("nothing new: %+v after %v", got, time.Since(began))
		}
		if ask(t, p, "GET", "/phone/anna/messages?wait=10h&after=m1", &got); time.Since(began) > 30*time.Second {
			t.Errorf("a caller holds a connection for %v", time.Since(began))
		}
	})
}

func TestApprovalWaitsAndIsSignedByTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var confirmed []sca.ID
		p, a := newPhone(t, sandbox.PhoneConfig{Confirmed: func(_ context.Context, c sca.Challenge) error {
			confirmed = append(confirmed, c.ID)
			return nil
		}})
		var got struct {
			Approvals []struct{ ID, Text, Amount, Payee string }
		}
		waited := make(chan struct{})
		go func() {
			ask(t, p, "GET", "/phone/jan/approvals?wait=5s", &got)
			close(waited)
		}()
		synctest.Wait()
		display := sca.Display{Text: "Płatność „Kawa”.", Amount: "12,50 PLN", Payee: "Kawomat sp. z o.o."}
		a.wait(sca.Challenge{ID: "c1", Person: "person-jan", Method: sca.Mobile, Status: sca.Pending, Subject: sca.Subject{Purpose: sca.ForOperation, Display: display}})
		if err := p.Send(t.Context(), notice.Message{ID: "push", Channel: notice.Push, Person: "person-jan"}); err != nil {
			t.Fatal(err)
		}
		<-waited
		if len(got.Approvals) != 1 || got.Approvals[0].ID != "c1" || got.Approvals[0].Amount != "12,50 PLN" {
			t.Fatalf("%+v", got)
		}
		var done struct{ Status, Refused string }
		if status := ask(t, p, "POST", "/phone/jan/approvals/c1/approve", &done); status != 200 || done.Status != "passed" {
			t.Errorf("%d %+v", status, done)
		}
		if len(confirmed) != 1 || confirmed[0] != "c1" {
			t.Errorf("carried out: %v", confirmed)
		}
		if status := ask(t, p, "POST", "/phone/jan/approvals/c1/approve", nil); status != 404 {
			t.Errorf("approved twice: %d", status)
		}
		a.wait(sca.Challenge{ID: "c2", Person: "person-jan", Method: sca.Mobile, Status: sca.Pending})
		if status := ask(t, p, "POST", "/phone/jan/approvals/c2/reject", &done); status != 200 || done.Status != "refused" || len(confirmed) != 1 {
			t.Errorf("rejected: %d %+v, carried out %v", status, done, confirmed)
		}
		if status := ask(t, p, "POST", "/phone/anna/approvals/c2/approve", nil); status != 409 {
			t.Errorf("anna has no application: %d", status)
		}
	})
}

func TestApprovedAndRefusedIsSaid(t *testing.T) {
	p, a := newPhone(t, sandbox.PhoneConfig{Confirmed: func(context.Context, sca.Challenge) error {
		return bank.Refuse(bank.InsufficientFunds, "There is not enough money available on the account.")
	}})
	a.wait(sca.Challenge{ID: "c1", Person: "person-jan", Method: sca.Mobile, Status: sca.Pending})
	var done struct{ Status, Refused, Message string }
	if status := ask(t, p, "POST", "/phone/jan/approvals/c1/approve", &done); status != 200 || done.Status != "passed" || done.Refused != "insufficient_funds" || done.Message == "" {
		t.Errorf("%d %+v", status, done)
	}
}

func TestForeignPagesAndNamesAreRefused(t *testing.T) {
	p, _ := newPhone(t, sandbox.PhoneConfig{})
	mux := http.NewServeMux()
	p.Routes(mux)
	rebound := httptest.NewRequest("GET", "https://evil.example:8445/phone/anna/messages", nil)
	if status := serve(t, mux, rebound, nil); status != 404 {
		t.Errorf("a stranger's name leads to the codes: %d", status)
	}
	forged := httptest.NewRequest("POST", "https://localhost:8445/phone/jan/approvals/c1/approve", nil)
	forged.Header.Set("Sec-Fetch-Site", "cross-site")
	if status := serve(t, mux, forged, nil); status != 409 {
		t.Errorf("another site approves: %d", status)
	}
}

func TestInboxOutlivesTheProgramAndStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), sandbox.InboxFile)
	p, _ := newPhone(t, sandbox.PhoneConfig{Inbox: path, Keep: 3})
	const sent = 1100 // past the point at which the file is made anew
	for i := range sent {
		if err := p.Send(t.Context(), sms(fmt.Sprint(i), "Kod: 123456.")); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := newPhone(t, sandbox.PhoneConfig{Inbox: path, Keep: 3})
	kept, err := again.Messages("anna")
	if err != nil || len(kept) != 3 || kept[0].ID != fmt.Sprint(sent-1) {
		t.Errorf("%v, %d kept: %+v", err, len(kept), kept)
	}
}

type register map[party.PersonID]party.Person

func (r register) Person(_ context.Context, id party.PersonID) (party.Person, error) {
	p, ok := r[id]
	if !ok {
		return p, bank.Refuse(bank.NotFound, "There is no such person.")
	}
	return p, nil
}

func TestWhoComesLaterHasAPhoneToo(t *testing.T) {
	m := notice.Message{ID: "m", Channel: notice.SMS, Person: "p-9", Text: "Kod: 123456."}
	p, _ := newPhone(t, sandbox.PhoneConfig{People: register{"p-9": {ID: "p-9", Login: "ola", FirstName: "Ola", LastName: "Nowa"}}})
	if err := p.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var got messages
	if status := ask(t, p, "GET", "/phone/ola/messages", &got); status != 200 || len(got.Messages) != 1 {
		t.Errorf("%d %+v", status, got)
	}
	closed, _ := newPhone(t, sandbox.PhoneConfig{})
	if err := closed.Send(t.Context(), m); !notify.IsFinal(err) {
		t.Errorf("a message to nobody would be tried for ever: %v", err)
	}
}

func TestCallbackPrintsWhatCanBePasted(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 1, Entries: sandbox.OnlyOpening})
	c, err := sandbox.NewCallback(sandbox.CallbackConfig{Secrets: w.Secrets, Native: []consent.ClientID{"bilecik"}, PartnerAPI: "https://localhost:8444/rest/v1/open/api", Doors: sandbox.DefaultDoors, CAFile: "/data/o'hara/ca.pem"})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	c.Routes(mux)
	get := func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest("GET", "https://localhost:8445"+path, nil))
		return rec
	}
	start := get("/callback/bilecik/start")
	to, err := start.Result().Location()
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	if start.Code != 303 || len(q.Get("state")) != 128 || q.Get("redirect_uri") != "https://localhost:8445/callback/bilecik" || q.Get("code_challenge_method") != "S256" {
		t.Errorf("%d to %s", start.Code, to)
	}
	end := html.UnescapeString(get("/callback/bilecik?code=abc_-1&state=" + q.Get("state")).Body.String())
	for _, part := range []string{`curl --cacert '/data/o'\''hara/ca.pem' 'https://localhost:8444/rest/v1/open/api/grant'`, "'code=abc_-1'", "'client_id=bilecik'", "'code_verifier="} {
		if !strings.Contains(end, part) {
			t.Errorf("the page lacks %s:\n%s", part, end)
		}
	}
	if evil := get("/callback/kawomat?code=%27;rm%20-rf%20~;%27&state=x"); evil.Code != 400 || strings.Contains(evil.Body.String(), "rm") {
		t.Errorf("%d %s", evil.Code, evil.Body)
	}
	if refused := get("/callback/kawomat?error=access_denied&state=x"); !strings.Contains(refused.Body.String(), "access_denied") {
		t.Errorf("%s", refused.Body)
	}
	if op := get("/callback/kawomat/operation?authorizationId=a1&status=EXECUTED"); op.Code != 200 || !strings.Contains(html.UnescapeString(op.Body.String()), "/authorization/a1'") {
		t.Errorf("%d %s", op.Code, op.Body)
	}
	if unknown := get("/callback/nobody/start"); unknown.Code != 404 {
		t.Errorf("%d", unknown.Code)
	}
}

func TestPhoneDrawsCodesForThirdParties(t *testing.T) {
	drawn := 0
	p, _ := newPhone(t, sandbox.PhoneConfig{NewCode: func(_ context.Context, person party.PersonID) (string, time.Time, error) {
		drawn++
		return fmt.Sprintf("0000000%d", drawn), day.Add(2 * time.Minute), nil
	}})
	withApp, without := "", ""
	for _, o := range p.Owners() {
		if o.UsesApp {
			withApp = o.Login
		} else {
			without = o.Login
		}
	}
	if code, _ := p.Code(withApp, day); code != "" || !p.HasCodes(withApp) || p.HasCodes(without) || p.HasCodes("nobody") {
		t.Errorf("%q before any was drawn", code)
	}
	var got struct{ Code, ExpiresAt, Error string }
	for i := range 2 {
		if status := ask(t, p, "POST", "/phone/"+withApp+"/external-codes", &got); status != 200 || got.Code != fmt.Sprintf("0000000%d", i+1) || got.ExpiresAt != day.Add(2*time.Minute).Format(time.RFC3339) {
			t.Errorf("%d %+v", status, got)
		}
	}
	if code, until := p.Code(withApp, day.Add(2*time.Minute-1)); code != "00000002" || !until.Equal(day.Add(2*time.Minute)) {
		t.Errorf("the phone shows %q until %s", code, until)
	}
	if code, _ := p.Code(withApp, day.Add(2*time.Minute)); code != "" {
		t.Errorf("the phone still shows %q", code)
	}
	if status := ask(t, p, "POST", "/phone/"+without+"/external-codes", &got); status != 409 || got.Error != "factor_missing" {
		t.Errorf("a phone without the application: %d %+v", status, got)
	}
	if status := ask(t, p, "POST", "/phone/nobody/external-codes", &got); status != 404 || drawn != 2 {
		t.Errorf("nobody's phone: %d, %d drawn", status, drawn)
	}
	none, _ := newPhone(t, sandbox.PhoneConfig{})
	if status := ask(t, none, "POST", "/phone/"+withApp+"/external-codes", &got); status != 409 {
		t.Errorf("a bank without third parties: %d", status)
	}
}
