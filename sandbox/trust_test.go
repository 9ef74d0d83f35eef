package sandbox_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"okienko/sandbox"
)

var wall = time.Date(2026, 11, 21, 14, 30, 0, 0, time.UTC)

func TestTrustIsMadeOnceAndKeptPrivately(t *testing.T) {
	folder := t.TempDir()
	first, err := sandbox.OpenTrust(folder, wall)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sandbox.OpenTrust(folder, wall.Add(48*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !again.CA.Equal(first.CA) || !again.Server.Leaf.Equal(first.Server.Leaf) {
		t.Error("the second start made other certificates")
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
}

func TestServerCertificateIsRenewedUnderTheSameAuthority(t *testing.T) {
	folder := t.TempDir()
	first, err := sandbox.OpenTrust(folder, wall)
	if err != nil {
		t.Fatal(err)
	}
	later := wall.AddDate(2, 6, 0)
	renewed, err := sandbox.OpenTrust(folder, later)
	if err != nil {
		t.Fatal(err)
	}
	if !renewed.CA.Equal(first.CA) || renewed.Server.Leaf.Equal(first.Server.Leaf) {
		t.Error("after two and a half years the server certificate is the old one, or the authority is not")
	}
	if _, err := renewed.Server.Leaf.Verify(x509.VerifyOptions{Roots: first.Pool(), DNSName: "localhost", CurrentTime: later}); err != nil {
		t.Errorf("clients that trust the authority refuse the new certificate: %v", err)
	}
	if life := renewed.Server.Leaf.NotAfter.Sub(renewed.Server.Leaf.NotBefore); life > 825*24*time.Hour {
		t.Errorf("a life of %v is refused by Apple's systems", life)
	}
}

func TestDamagedAuthorityIsNotReplaced(t *testing.T) {
	folder := t.TempDir()
	if _, err := sandbox.OpenTrust(folder, wall); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "ca-key.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.OpenTrust(folder, wall); err == nil {
		t.Error("an authority without its key was replaced: those who trust it would not know why nothing works")
	}
}

func TestAuthorityVouchesForThisMachineOnly(t *testing.T) {
	trust, err := sandbox.NewTrust(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("in")) }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{trust.Server}}
	server.StartTLS()
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust.Pool()}, DisableKeepAlives: true}}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		res, err := client.Get("https://" + net.JoinHostPort(host, port))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		res.Body.Close()
	}
	if len(trust.CA.PermittedDNSDomains) != 1 || !trust.CA.PermittedDNSDomainsCritical || len(trust.CA.PermittedIPRanges) != 2 {
		t.Error("the authority may vouch for other names")
	}
}

func TestSandboxAuthoritiesAreKnown(t *testing.T) {
	trust, err := sandbox.NewTrust(wall)
	if err != nil {
		t.Fatal(err)
	}
	if !sandbox.IsSandboxCA(trust.CA) || !sandbox.IsSandboxCA(trust.Server.Leaf) {
		t.Error("a sandbox's own certificate is not known as one")
	}
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	if sandbox.IsSandboxCA(server.Certificate()) {
		t.Error("a certificate from elsewhere is taken for a sandbox's")
	}
}
