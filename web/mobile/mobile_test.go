package mobile

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/intake"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/clock"
	"okienko/edge"
	"okienko/ident"
	"okienko/store"
	"okienko/test/engine"
)

const (
	bartek party.PersonID = "bartek"
	device string         = "phone-bartek"
	path   string         = "/mobile/v1/approvals"
)

// world is the real authorisation server and store behind the door.
type world struct {
	*testing.T
	bank, wall *clock.Manual
	store      *store.Store
	auth       *authserver.Server
	door       http.Handler
	key        *ecdsa.PrivateKey // Bartek's
	other      *ecdsa.PrivateKey // of Anna's device
	confirmed  []sca.ID
	refused    []sca.ID
	outcome    error // what Confirmed answers
}

func newWorld(t *testing.T, rate edge.Rate) *world {
	t.Helper()
	w := &world{T: t, bank: clock.NewManual(time.Date(2030, 1, 1, 9, 0, 0, 0, time.UTC)), wall: clock.NewManual(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))}
	ctx := t.Context()
	var err error
	w.store, err = store.Open(ctx, engine.Keep(t, store.Config{Environment: partner.Test, Key: make([]byte, 32), Clock: w.bank, Wall: w.wall}))
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	der := func(k **ecdsa.PrivateKey) []byte {
		var err error
		*k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		w.must(err)
		b, err := x509.MarshalPKIXPublicKey(&(*k).PublicKey)
		w.must(err)
		return b
	}
	now := w.bank.Now()
	w.must(w.store.Import(ctx, &intake.Batch{
		Persons: []party.Person{
			{ID: bartek, FirstName: "Bartek", LastName: "Lis", Language: party.English, UsesApp: true},
			{ID: "anna", FirstName: "Anna", LastName: "Żak", Language: party.Polish, UsesApp: true},
		},
		Customers: []party.Customer{
			{ID: "c1", Segment: party.Individual, Name: "Bartek Lis", Person: bartek, Since: now},
			{ID: "c2", Segment: party.Individual, Name: "Anna Żak", Person: "anna", Since: now},
		},
		Devices: []sca.Device{
			{ID: device, Person: bartek, Name: "Pixel", PublicKey: der(&w.key), EnrolledAt: now},
			{ID: "phone-anna", Person: "anna", Name: "Fairphone", PublicKey: der(&w.other), EnrolledAt: now},
			{ID: "phone-old", Person: bartek, Name: "Nokia", PublicKey: der(new(*ecdsa.PrivateKey)), EnrolledAt: now, RemovedAt: now},
		},
	}))
	w.auth = authserver.New(authserver.Config{
		Store: w.store, Agreements: w.store, Partners: w.store, Parties: w.store, Accounts: w.store, SCA: w.store,
		Clock: w.bank, IDs: ident.New(w.wall), Environment: partner.Test, Consents: w.store,
	})
	w.door = edge.Mount(New(Config{
		Auth: w.auth, Book: w.store, Codes: w.auth, Wall: w.wall, Rate: rate,
		Confirmed: func(_ context.Context, c sca.Challenge) error {
			w.confirmed = append(w.confirmed, c.ID)
			return w.outcome
		},
		Refused: func(_ context.Context, c sca.Challenge) error { w.refused = append(w.refused, c.ID); return nil },
	}))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func sign(t *testing.T, k *ecdsa.PrivateKey, text []byte) string {
	t.Helper()
	sum := sha256.Sum256(text)
	sig, err := ecdsa.SignASN1(rand.Reader, k, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sig)
}

// send signs a request as a device does; change may spoil it afterwards.
func (w *world) send(method, path string, body string, change func(*http.Request)) (int, map[string]any) {
	w.Helper()
	r := httptest.NewRequest(method, path, bytes.NewBufferString(body))
	at := strconv.FormatInt(w.wall.Now().Unix(), 10)
	r.Header.Set(HeaderDevice, device)
	r.Header.Set(HeaderTime, at)
	r.Header.Set(HeaderSignature, sign(w.T, w.key, RequestText(method, path, device, at, []byte(body))))
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	w.door.ServeHTTP(rec, r)
	var answer map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		w.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	return rec.Code, answer
}

func (w *world) waits(p party.PersonID, purpose sca.Purpose) sca.Challenge {
	w.Helper()
	c, err := w.auth.Challenge(w.Context(), p, sca.Mobile, sca.Subject{
		Purpose: purpose, ID: "subject", Binding: "7:250.00", Display: sca.Display{Text: "Hold \"Ekspres\"", Amount: "250.00 PLN", Payee: "Automaty"},
	})
	w.must(err)
	return c
}

func answerOf(t *testing.T, k *ecdsa.PrivateKey, text []byte) string {
	return fmt.Sprintf(`{"signature":%q}`, sign(t, k, text))
}

func TestApproving(t *testing.T) {
	w := newWorld(t, edge.Rate{})
	c, foreign := w.waits(bartek, sca.ForOperation), w.waits("anna", sca.ForOperation)
	status, got := w.send("GET", path, "", nil)
	list := got["approvals"].([]any)
	if status != 200 || len(list) != 1 {
		t.Fatalf("%d %v", status, got)
	}
	// What is listed is all that a device needs for what it signs.
	item := list[0].(map[string]any)
	nonce, err := base64.StdEncoding.DecodeString(item["nonce"].(string))
	w.must(err)
	shown := sca.Challenge{ID: sca.ID(item["id"].(string)), Nonce: nonce, Subject: sca.Subject{
		Purpose: sca.Purpose(item["purpose"].(string)), Binding: item["binding"].(string)}}
	if item["amount"] != "250.00 PLN" || item["text"] != "Hold \"Ekspres\"" || item["expiresAt"] != "2030-01-01T09:05:00Z" {
		t.Errorf("listed as %v", item)
	}
	one := path + "/" + string(c.ID)

	for body, want := range map[string]int{
		`{}`: 400, `{"signature":1}`: 400, `{"signature":"%%"}`: 400, `{"signature":"AA==","x":1}`: 400, ``: 400,
		answerOf(t, w.other, authserver.SignedText(shown)):  403, // another device's word
		answerOf(t, w.key, authserver.RejectionText(shown)): 403, // a no is no yes
	} {
		if status, got := w.send("POST", one+"/approve", body, nil); status != want {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	if status, _ := w.send("POST", path+"/"+string(foreign.ID)+"/approve", answerOf(t, w.key, authserver.SignedText(foreign)), nil); status != 404 {
		t.Errorf("somebody else's approval: %d", status)
	}
	if len(w.confirmed) != 0 {
		t.Fatal("done without a word")
	}

	yes := answerOf(t, w.key, authserver.SignedText(shown))
	w.outcome = errors.New("the desk is gone")
	if status, got := w.send("POST", one+"/approve", yes, nil); status != 500 || got["message"] != "Internal Server Error" {
		t.Errorf("%d %v", status, got)
	}
	// The word was given; the device asks again and the act follows.
	w.outcome = nil
	if status, got := w.send("POST", one+"/approve", yes, nil); status != 200 || got["status"] != "passed" || got["reason"] != nil {
		t.Errorf("%d %v", status, got)
	}
	if len(w.confirmed) != 2 {
		t.Errorf("confirmed %v", w.confirmed)
	}
	if _, got := w.send("GET", path, "", nil); len(got["approvals"].([]any)) != 0 {
		t.Errorf("still listed: %v", got)
	}
}

func TestABankThatRefusesTellsWhy(t *testing.T) {
	w := newWorld(t, edge.Rate{})
	c := w.waits(bartek, sca.ForOperation)
	w.outcome = bank.Refuse(bank.DailyLimit, "too much")
	status, got := w.send("POST", path+"/"+string(c.ID)+"/approve", answerOf(t, w.key, authserver.SignedText(c)), nil)
	if status != 200 || got["reason"] != "daily_limit" {
		t.Errorf("%d %v", status, got)
	}
}

func TestRefusing(t *testing.T) {
	w := newWorld(t, edge.Rate{})
	c := w.waits(bartek, sca.ForOperation)
	one := path + "/" + string(c.ID)
	if status, _ := w.send("POST", one+"/refuse", answerOf(t, w.key, authserver.SignedText(c)), nil); status != 403 {
		t.Errorf("a yes is no no: %d", status)
	}
	if status, got := w.send("POST", one+"/refuse", answerOf(t, w.key, authserver.RejectionText(c)), nil); status != 200 || got["status"] != "refused" {
		t.Errorf("%d %v", status, got)
	}
	if status, _ := w.send("POST", one+"/approve", answerOf(t, w.key, authserver.SignedText(c)), nil); status != 410 {
		t.Errorf("approved after the refusal: %d", status)
	}
	if len(w.refused) != 1 || len(w.confirmed) != 0 {
		t.Errorf("refused %v, confirmed %v", w.refused, w.confirmed)
	}
}

func TestCodesForThirdParties(t *testing.T) {
	w := newWorld(t, edge.Rate{})
	const codes = "/mobile/v1/external-codes"
	seen := map[any]bool{}
	for _, body := range []string{"", "{}"} {
		status, got := w.send("POST", codes, body, nil)
		if code, _ := got["code"].(string); status != 200 || len(code) != 8 || got["expiresAt"] != "2030-01-01T09:02:00Z" || len(got) != 2 {
			t.Errorf("%d %v", status, got)
		}
		seen[got["code"]] = true
	}
	if len(seen) != 2 {
		t.Errorf("drawn: %v", seen)
	}
	for _, body := range []string{`{"person":"anna"}`, "x"} {
		if status, got := w.send("POST", codes, body, nil); status != 400 || got["code"] != nil {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	if status, got := w.send("POST", codes, "", func(r *http.Request) { r.Header.Set(HeaderDevice, "phone-old") }); status != 401 || got["code"] != nil {
		t.Errorf("a removed device: %d %v", status, got)
	}
	bare := edge.Mount(New(Config{Auth: w.auth, Book: w.store, Wall: w.wall, Confirmed: func(context.Context, sca.Challenge) error { return nil }}))
	rec := httptest.NewRecorder()
	bare.ServeHTTP(rec, httptest.NewRequest("POST", codes, nil))
	if rec.Code != 404 {
		t.Errorf("a bank without third parties: %d", rec.Code)
	}
}

func TestOnlyEnrolledDevicesAreHeard(t *testing.T) {
	w := newWorld(t, edge.Rate{})
	c := w.waits(bartek, sca.ForOperation)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	old := strconv.FormatInt(w.wall.Now().Add(-91*time.Second).Unix(), 10)
	for name, change := range map[string]func(*http.Request){
		"no signature": func(r *http.Request) { r.Header.Del(HeaderSignature) },
		"no device":    func(r *http.Request) { r.Header.Del(HeaderDevice) },
		"unknown":      set(HeaderDevice, "nobody"),
		"odd id":       set(HeaderDevice, "phone'--"),
		"removed":      set(HeaderDevice, "phone-old"),
		"other device": set(HeaderDevice, "phone-anna"),
		"no time":      set(HeaderTime, "soon"),
		"other time":   set(HeaderTime, strconv.FormatInt(w.wall.Now().Unix()+1, 10)),
		"other path":   func(r *http.Request) { r.URL.Path += "/" + string(c.ID) + "/approve"; r.Method = "POST" },
		"other body": func(r *http.Request) {
			*r = *httptest.NewRequest("GET", path, bytes.NewBufferString("x")).WithContext(r.Context())
		},
		"old": func(r *http.Request) {
			r.Header.Set(HeaderTime, old)
			r.Header.Set(HeaderSignature, sign(t, w.key, RequestText("GET", path, device, old, nil)))
		},
	} {
		if status, got := w.send("GET", path, "", change); status != 401 || got["approvals"] != nil {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	// None of it counted as a wrong try.
	if status, _ := w.send("POST", path+"/"+string(c.ID)+"/approve", answerOf(t, w.key, authserver.SignedText(c)), nil); status != 200 {
		t.Errorf("strangers locked the factor: %d", status)
	}
}

func TestErrorsOfTheEdgeAreJSON(t *testing.T) {
	w := newWorld(t, edge.Rate{Burst: 1, Every: time.Hour})
	if status, got := w.send("GET", "/mobile/v1/nothing", "", nil); status != 404 || got["error"] != "not_found" {
		t.Errorf("%d %v", status, got)
	}
	if status, got := w.send("DELETE", path, "", nil); status != 405 || got["error"] != "method_not_allowed" {
		t.Errorf("%d %v", status, got)
	}
	if status, _ := w.send("GET", path, "", nil); status != 200 {
		t.Errorf("%d", status)
	}
	if status, got := w.send("GET", path, "", nil); status != 429 || got["error"] != "too_many_requests" {
		t.Errorf("%d %v", status, got)
	}
}
