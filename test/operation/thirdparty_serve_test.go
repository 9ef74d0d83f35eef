package operation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"okienko/client"
	"okienko/eidas"
	"okienko/test/process"
)

// licensed is a third party of the test's own supervisor and trust service.
const licensed = "PSDPL-PFSA-7010023456"

// qualified issues a certificate as a qualified trust service would: the test's
// CA has nothing of a sandbox in its name.
func (a *authority) qualified(t *testing.T, of eidas.Type, key crypto.Signer) *x509.Certificate {
	t.Helper()
	s := eidas.Statements{Compliance: true, Types: []eidas.Type{of}, PSD2: &eidas.PSD2{
		Roles: eidas.Roles{eidas.Information, eidas.Initiation}, NCAName: "Polish Financial Supervision Authority", NCAID: "PL-PFSA",
	}}
	value, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		Subject: pkix.Name{Country: []string{"PL"}, Organization: []string{"Licencjonowana S.A."}, CommonName: "Licencjonowana S.A.",
			ExtraNames: []pkix.AttributeTypeAndValue{{Type: eidas.OrganisationID(), Value: licensed}}},
		ExtraExtensions: []pkix.Extension{{Id: eidas.StatementsID(), Value: value}},
		// Nobody answers there: this bank accepts that, softly.
		CRLDistributionPoints: []string{"http://crl.qtsp.invalid/list.crl"},
	}
	if of == eidas.QWAC {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	} else {
		template.KeyUsage |= x509.KeyUsageContentCommitment
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// served adds the interface for licensed third parties to the configuration.
func (p *production) served(issuer, revocation, more string) string {
	listen := freePort(p.t)
	url := "https://" + strings.Replace(listen, "127.0.0.1", "localhost", 1)
	p.settings["uid_b"] += "\n[psd2]\nlisten = \"" + listen + "\"\nurl = \"" + url + "\"\ncertificate = \"" + p.settings["people_cert"] +
		"\"\nkey = \"" + p.settings["people_key"] + "\"\nbank_ids = [\"pl-retail\"]\nissuers = [\"" + issuer + "\"]\nrevocation = \"" + revocation + "\"\n" + more
	return url
}

// thirdParty is a client with certificates of the test's own trust service.
func (p *production) thirdParty(url string, change ...func(*client.Config)) *client.Client {
	p.t.Helper()
	transport, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	seal, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		p.t.Fatal(err)
	}
	qwac := p.ca.qualified(p.t, eidas.QWAC, transport)
	roots := x509.NewCertPool()
	roots.AddCert(p.ca.cert)
	cfg := client.Config{
		URL: url, Bank: "pl-retail", QWAC: tls.Certificate{Certificate: [][]byte{qwac.Raw}, PrivateKey: transport},
		Seal: seal, SealCertificate: p.ca.qualified(p.t, eidas.QSealC, seal), Organisation: licensed, Roots: roots, Tries: 1,
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := client.New(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.Close)
	return c
}

// stops closes the bank and has its books verified.
func (p *production) stops() {
	p.t.Helper()
	if err := p.program.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if status := ends(p.t, p.program, time.Minute); status != 0 {
		p.t.Errorf("the bank ended with %d: %s", status, p.program.Log())
	}
	if err := process.Verify(p.t.Context(), binary, p.settings["data"]); err != nil {
		p.t.Errorf("verify: %v", err)
	}
}

func statusOf(err error) int {
	var no *client.Error
	if errors.As(err, &no) {
		return no.Status
	}
	return 0
}

// A bank by configuration lets a licensed third party in by its certificate and
// the register, and by nothing else; papers are asked for only when that is
// configured.
func TestServeToLicensedThirdParties(t *testing.T) {
	t.Parallel()
	p := newProduction(t)
	url := p.served(p.path("ca.pem"), "soft", "")
	p.open()
	tpp := p.thirdParty(url)
	register := func() (client.Registered, error) {
		return tpp.Register(t.Context(), client.Registration{Name: "Licencjonowana S.A.", Email: "api@tpp.example", RedirectURIs: []string{"https://tpp.example/back"}})
	}
	known, err := register()
	if err != nil || known.ClientID == "" {
		t.Fatalf("registering: %+v, %v", known, err)
	}
	if again, err := register(); err != nil || again.ClientID != known.ClientID {
		t.Errorf("registering again: %+v, %v", again, err)
	}
	tpp = tpp.As(known.ClientID)
	ask := func() (client.Asked, error) {
		return tpp.Ask(t.Context(), client.Consent{
			Accounts: true, RedirectURI: "https://tpp.example/back", Until: time.Now().AddDate(0, 0, 90),
			Customer: &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"},
		})
	}
	if _, err := ask(); statusOf(err) != http.StatusForbidden {
		t.Errorf("without an entry in the register: %v", err)
	}
	text, err := os.ReadFile("../../docs/examples/register.toml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.path("register.toml"), 0o644, string(text))
	if out := p.must(os.Getuid(), "--apply", "--why", "list of today", "tpp", "register", p.path("register.toml")); !strings.Contains(out, licensed) {
		t.Errorf("importing the register: %s", out)
	}
	asked, err := ask()
	if err != nil || !strings.HasPrefix(asked.Redirect, p.settings["people_url"]+"/consent/") {
		t.Fatalf("asking for a consent: %+v, %v", asked, err)
	}
	status, body, err := process.Call(t.Context(), p.client, http.MethodGet, asked.Redirect, "", "")
	if err != nil || status != http.StatusOK && status != http.StatusSeeOther {
		t.Errorf("the customer's page: %d %.200s, %v", status, body, err)
	}
	p.must(os.Getuid(), "--apply", "--why", "key stolen", "tpp", "block", licensed)
	if _, err := ask(); statusOf(err) != http.StatusForbidden {
		t.Errorf("blocked: %v", err)
	}
	if strings.Contains(p.program.Log(), "X-Okienko-Reason") {
		t.Error("a real bank tells its rules")
	}
	p.stops()
}

// A bank by configuration serves the standard at paths of its own, and signs what
// it answers with its own seal: here at those of a hub, with a version that has
// another number there.
func TestServePolishAPI(t *testing.T) {
	t.Parallel()
	p := newProduction(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	seal := p.ca.qualified(t, eidas.QSealC, key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.path("seal.pem"), 0o644, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: seal.Raw})))
	write(t, p.path("seal.key"), 0o600, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	text, err := os.ReadFile("../../docs/examples/register.toml")
	if err != nil {
		t.Fatal(err)
	}
	url := p.served(p.path("ca.pem"), "soft", strings.Join([]string{
		`polishapi = { "v2_1_3.1" = "2.1.2", "v3_0.2" = "3.0" }`, `sign_key = "` + p.path("seal.key") + `"`, `sign_certificate = "` + p.path("seal.pem") + `"`,
		`sign_url = "https://bank.example/seal.pem"`, "",
	}, "\n"))
	p.open()
	write(t, p.path("register.toml"), 0o644, string(text))
	p.must(os.Getuid(), "--apply", "--why", "list of today", "tpp", "register", p.path("register.toml"))
	tpp := p.thirdParty(url, func(c *client.Config) {
		c.Form, c.Version, c.RegisterVersion, c.Bank, c.BankSeal = client.PolishAPI212, "2_1_3.1", "3_0.2", "", seal
	})
	known, err := tpp.Register(t.Context(), client.Registration{Name: "Licencjonowana S.A.", Email: "api@tpp.example", RedirectURIs: []string{"https://tpp.example/back"}})
	if err != nil || known.ClientID == "" {
		t.Fatalf("registering: %+v, %v", known, err)
	}
	tpp = tpp.As(known.ClientID)
	asked, err := tpp.Ask(t.Context(), client.Consent{
		Accounts: true, RedirectURI: "https://tpp.example/back", Until: time.Now().AddDate(0, 0, 90),
		Customer: &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"},
	})
	if err != nil || !strings.HasPrefix(asked.Redirect, p.settings["people_url"]+"/consent/") {
		t.Fatalf("asking for a consent: %+v, %v", asked, err)
	}
	for path, want := range map[string]int{"/v2_1_3.1/openapi.yaml": http.StatusOK, "/v2_1_1.1/openapi.yaml": http.StatusNotFound} {
		if status, body, err := process.Call(t.Context(), p.client, http.MethodGet, url+path, "", ""); err != nil || status != want {
			t.Errorf("%s: %d %.200s, %v", path, status, body, err)
		}
	}
	p.stops()
}

// With admission by papers a registered third party waits for the bank.
func TestServeAdmitsByPapers(t *testing.T) {
	t.Parallel()
	p := newProduction(t)
	url := p.served(p.path("ca.pem"), "soft", "admission = \"papers\"\npapers = [\"licence\"]\n")
	p.open()
	tpp := p.thirdParty(url)
	known, err := tpp.Register(t.Context(), client.Registration{Name: "Licencjonowana S.A.", Email: "api@tpp.example", RedirectURIs: []string{"https://tpp.example/back"}})
	if err != nil || known.Status == "active" {
		t.Fatalf("registering where papers are asked for: %+v, %v", known, err)
	}
	if out := p.must(os.Getuid(), "tpp", "list"); !strings.Contains(out, "waiting") || !strings.Contains(out, licensed) {
		t.Errorf("staff see:\n%s", out)
	}
	p.stops()
}

// A bank never starts with an issuer that a sandbox has made, and an unreachable
// responder shuts a hard one.
func TestServeRefusesTheSandboxAndTheUnchecked(t *testing.T) {
	t.Parallel()
	world := filepath.Join(t.TempDir(), "sandbox")
	if code, err := start(t, world, nil).Stop(); err != nil || code != 0 {
		t.Fatalf("the sandbox: %d, %v", code, err)
	}
	p := newProduction(t)
	issuers, err := filepath.Glob(filepath.Join(world, "trust", "qtsp*.pem"))
	if err != nil || len(issuers) == 0 {
		t.Fatalf("the sandbox has no trust service in its folder: %v, %v", issuers, err)
	}
	p.served(issuers[0], "hard", "")
	bank, err := process.Run(t.Context(), p.environment(), binary, "serve", "--config", p.config("bad.toml", nil))
	if err != nil {
		t.Fatal(err)
	}
	if status := ends(t, bank, 20*time.Second); status != 1 || !strings.Contains(bank.Log(), "sandbox") {
		t.Errorf("ended with %d: %s", status, bank.Log())
	}

	p = newProduction(t)
	url := p.served(p.path("ca.pem"), "hard", "")
	p.open()
	_, err = p.thirdParty(url).Register(t.Context(), client.Registration{Name: "Licencjonowana S.A.", Email: "api@tpp.example", RedirectURIs: []string{"https://tpp.example/back"}})
	if statusOf(err) != http.StatusUnauthorized {
		t.Errorf("a certificate that nobody could check: %v", err)
	}
	p.stops()
}
