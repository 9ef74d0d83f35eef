package sandbox_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/thirdparty"
	"okienko/clock"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/sandbox"
)

const doors = "https://localhost:8445"

func opened(t testing.TB, folder string, at *clock.Manual, doors string) (*sandbox.ReadyTPP, *trustservice.Service) {
	t.Helper()
	trust, err := trustservice.Open(trustservice.Settings{Folder: filepath.Join(folder, "trust"), Clock: at, BaseURL: doors + sandbox.TrustPath})
	if err != nil {
		t.Fatal(err)
	}
	ready, err := sandbox.OpenReadyTPP(sandbox.ReadyTPPConfig{
		Folder: filepath.Join(folder, "tpp"), Seed: 1, Trust: trust, Clock: at, URL: "https://localhost:8447", Bank: "bank-simulator-pl-retail", Doors: doors, CA: []byte("CA\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return ready, trust
}

// What a first start has made the next one finds; a clock that has outrun the
// certificates has them made anew, and the client gets the new key beside the old.
func TestReadyThirdPartyOutlivesAStart(t *testing.T) {
	folder, at := t.TempDir(), clock.NewManual(day)
	st, w, _ := made(t, sandbox.OnlyOpening)
	for range 2 { // the second time it is there
		if err := w.Supervise(t.Context(), st, day); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := st.Entries(t.Context())
	if err != nil || len(entries) != len(w.Supervised) {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	first, _ := opened(t, folder, at, doors)
	if err := first.Register(t.Context(), st, at.Now()); err != nil {
		t.Fatal(err)
	}
	client, err := st.Client(t.Context(), thirdparty.ClientID(first.ClientID))
	if err != nil || client.Standing() != nil || len(client.Keys) != 1 || !slices.Equal(client.RedirectURIs, []string{doors + "/callback/tpp"}) {
		t.Fatalf("%+v %v", client, err)
	}
	entry, err := st.Entry(t.Context(), client.Organisation)
	for _, r := range []thirdparty.Role{thirdparty.AccountInformation, thirdparty.PaymentInitiation, thirdparty.CardIssuing} {
		if err != nil || entry.Allows(r, day) != nil {
			t.Errorf("the register does not give it %s: %v", r, err)
		}
	}

	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "tpp", "qwac.pem"), filepath.Join(folder, "tpp", "qwac-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	read, err := eidas.Parse(pair.Leaf)
	if err != nil || string(read.Organisation) != string(client.Organisation) {
		t.Errorf("the QWAC is of %v, %v", read.Organisation, err)
	}
	certificate, err := os.ReadFile(filepath.Join(folder, "tpp", "qsealc.pem"))
	if err != nil {
		t.Fatal(err)
	}
	again, _ := opened(t, folder, at, doors)
	if again.SealURL != first.SealURL || string(again.QSealC) != string(certificate) || again.ClientID != first.ClientID {
		t.Error("another start made another third party")
	}
	moved, _ := opened(t, folder, at, "https://localhost:9999")
	if err := moved.Register(t.Context(), st, at.Now()); err != nil {
		t.Fatal(err)
	}
	at.Advance(11 * 365 * 24 * time.Hour)
	renewed, _ := opened(t, folder, at, "https://localhost:9999")
	if string(renewed.QSealC) == string(certificate) {
		t.Error("eleven years later its certificates are the old ones")
	}
	if err := renewed.Register(t.Context(), st, at.Now()); err != nil {
		t.Fatal(err)
	}
	client, err = st.Client(t.Context(), client.ID)
	if err != nil || len(client.Keys) != 2 || len(client.RedirectURIs) != 2 || !client.Redirects("https://localhost:9999/callback/tpp") {
		t.Errorf("%d keys, %v, %v", len(client.Keys), client.RedirectURIs, err)
	}
	if _, err := st.ClientOf(t.Context(), "PSDPL-PFSA-0000000002"); bank.CodeOf(err) != bank.NotFound {
		t.Errorf("another one is registered: %v", err)
	}
}

// The address that a certificate names as its x5u answers with it.
func TestTrustServicePublishesAmongTheDoors(t *testing.T) {
	ready, trust := opened(t, t.TempDir(), clock.NewManual(day), doors)
	mux := http.NewServeMux()
	sandbox.NewTrustDoor(trust).Routes(mux)
	get := func(host, address string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), "GET", strings.TrimPrefix(address, doors), nil)
		r.Host = host
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Result()
	}
	answer := get("localhost:8445", ready.SealURL)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	block, _ := pem.Decode(text)
	if err != nil || block == nil {
		t.Fatalf("%s: %d %q %v", ready.SealURL, answer.StatusCode, text, err)
	}
	published, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !strings.Contains(ready.SealURL, eidas.Thumbprint(published)) {
		t.Errorf("%s is of %v, %v", ready.SealURL, published.Subject, err)
	}
	foreign := get("bank.example", ready.SealURL)
	defer foreign.Body.Close()
	if foreign.StatusCode != http.StatusNotFound {
		t.Errorf("a foreign name gets %d", foreign.StatusCode)
	}
}

// BenchmarkReadyTPP is what a start pays for the trust service and the ready
// third party: the first one, with an RSA key, and every other.
func BenchmarkReadyTPP(b *testing.B) {
	at := clock.NewManual(day)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			opened(b, b.TempDir(), at, doors)
		}
	})
	b.Run("again", func(b *testing.B) {
		folder := b.TempDir()
		opened(b, folder, at, doors)
		for b.Loop() {
			opened(b, folder, at, doors)
		}
	})
}

// What comes back is shown as it came: the state of a third party may be anything.
func TestThirdPartysCustomersComeBack(t *testing.T) {
	callback, err := sandbox.NewCallback(sandbox.CallbackConfig{Doors: doors})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	callback.Routes(mux)
	for query, want := range map[string]struct {
		status int
		text   string
	}{
		"?code=3f2a&state=a%3Cb%3E%20%C5%BC": {http.StatusOK, "a&lt;b&gt; ż"},
		"?error=access_denied&state=s1":      {http.StatusOK, "did not consent"},
		"":                                   {http.StatusBadRequest, "ends here"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/callback/tpp"+query, nil)
		r.Host = "localhost:8445"
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.text) {
			t.Errorf("%q: %d %s", query, w.Code, w.Body)
		}
	}
}
