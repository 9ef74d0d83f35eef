package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"okienko/bank"
	"okienko/bank/partner"
)

const proofToken = "t0ken-of-the-partner"

// zone is a domain name system of one record.
type zone struct {
	name  string
	texts []string
	err   error
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if z.err == nil && name != z.name {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return z.texts, z.err
}

func TestProveByDNS(t *testing.T) {
	record := func(texts ...string) zone { return zone{name: "_okienko.partner.example.", texts: texts} }
	for _, tt := range []struct {
		name   string
		zone   zone
		domain string
		refuse string // words of the refusal, "" when proven
	}{
		{"the record", record("okienko-domain=" + proofToken), "partner.example", ""},
		{"among others", record("v=spf1 -all", "okienko-domain="+proofToken), "partner.example", ""},
		{"another token", record("okienko-domain=another"), "partner.example", "No TXT record"},
		{"the token alone", record(proofToken), "partner.example", "No TXT record"},
		{"no record", zone{name: "_okienko.other.example."}, "partner.example", "There is no TXT record _okienko.partner.example"},
		{"no answer", zone{err: &net.DNSError{Err: "timeout", IsTimeout: true}}, "partner.example", "try again later"},
		{"no domain", record("okienko-domain=" + proofToken), "localhost", "no domain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := proverOver(tt.zone, nil, nil)
			err := p.Prove(t.Context(), partner.DomainProof{Domain: tt.domain, Method: partner.ByDNS, Token: proofToken})
			checkProof(t, err, tt.refuse)
		})
	}
}

// silent is a domain name system that never answers.
type silent struct{}

func (silent) LookupTXT(ctx context.Context, _ string) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestProveWaitsFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		// The transport lets a connection that nobody awaits any more finish.
		given := make(chan struct{})
		never := func(context.Context, string, string) (net.Conn, error) {
			<-given
			return nil, errors.New("too late")
		}
		p := proverOver(silent{}, never, nil)
		checkProof(t, p.Prove(t.Context(), partner.DomainProof{Domain: "partner.example", Method: partner.ByDNS, Token: proofToken}), "try again later")
		checkProof(t, p.Prove(t.Context(), partner.DomainProof{Domain: "partner.example", Method: partner.ByFile, Token: proofToken}), "try again later")
		if waited := time.Since(began); waited != 2*proofTime {
			t.Errorf("staff waited %s for two proofs", waited)
		}
		close(given)
		synctest.Wait()
	})
}

func checkProof(t *testing.T, err error, refuse string) {
	t.Helper()
	if refuse == "" {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	var no *bank.Refusal
	if !errors.As(err, &no) {
		t.Fatalf("no refusal but: %v", err)
	}
	if no.Field != "domain" || !strings.Contains(no.Public, refuse) {
		t.Errorf("refused with %q, want words %q", no.Public, refuse)
	}
}

// site is a partner's server with a certificate of its domain, and a prover
// whose connections all end there.
func site(t *testing.T, h http.Handler) *prover {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of handshakes that the tests break off
	srv.StartTLS()                                   // its certificate is for example.com, among others
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasSuffix(address, ":443") {
			t.Errorf("the prover connects to %s", address)
		}
		return (&net.Dialer{}).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	return proverOver(zone{}, dial, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
}

func TestProveByFile(t *testing.T) {
	const path = "/.well-known/okienko-domain.txt"
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte(text))
		}
	}
	leads := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/moved.txt" {
				_, _ = w.Write([]byte(proofToken))
				return
			}
			http.Redirect(w, r, to, http.StatusFound)
		}
	}
	for _, tt := range []struct {
		name   string
		server http.HandlerFunc
		refuse string
	}{
		{"the token", says(proofToken), ""},
		{"a line", says(proofToken + "\n"), ""},
		{"a line of Windows", says(proofToken + "\r\nmore\r\n"), ""},
		{"another token", says("another\n" + proofToken), "first line"},
		{"a longer token", says(proofToken + "x"), "first line"},
		{"nothing", says(""), "first line"},
		{"a page", says(proofToken + "\n" + strings.Repeat("x", maxProof)), "more than 1024 bytes"},
		{"no file", http.NotFound, "answers 404"},
		{"moved within", leads("/moved.txt"), ""},
		{"to another host", leads("https://www.example.com/moved.txt"), "another place"},
		{"to another port", leads("https://example.com:8443/moved.txt"), "another place"},
		{"to plain http", leads("http://example.com/moved.txt"), "another place"},
		{"in a circle", leads(path), "another place"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := site(t, tt.server).Prove(t.Context(), partner.DomainProof{Domain: "example.com", Method: partner.ByFile, Token: proofToken})
			checkProof(t, err, tt.refuse)
		})
	}
	t.Run("a certificate of nobody's", func(t *testing.T) {
		p := site(t, says(proofToken))
		p.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
		checkProof(t, p.Prove(t.Context(), partner.DomainProof{Domain: "example.com", Method: partner.ByFile, Token: proofToken}), "could not be read")
	})
}

// A partner names a domain that leads into the bank: the connection is refused
// after the name was resolved, and nothing arrives.
func TestProveDoesNotReachInside(t *testing.T) {
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the bank's own server was asked") }))
	t.Cleanup(inside.Close)
	real := &net.Dialer{Control: publicOnly} // as in newProver
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return real.DialContext(ctx, network, inside.Listener.Addr().String())
	}
	err := proverOver(zone{}, dial, nil).Prove(t.Context(), partner.DomainProof{Domain: "partner.example", Method: partner.ByFile, Token: proofToken})
	checkProof(t, err, "not public")
}

func TestProveRefusesWithoutMethodOrToken(t *testing.T) {
	p := proverOver(zone{}, nil, nil)
	checkProof(t, p.Prove(t.Context(), partner.DomainProof{Domain: "partner.example", Method: "mail", Token: proofToken}), "by dns or by file")
	checkProof(t, p.Prove(t.Context(), partner.DomainProof{Domain: "partner.example", Method: partner.ByDNS}), "no token")
}

func TestPublicAddresses(t *testing.T) {
	for address, public := range map[string]bool{
		"1.1.1.1": true, "193.0.6.139": true, "172.15.255.255": true, "172.32.0.1": true, "100.63.255.255": true, "100.128.0.1": true,
		"2606:4700::1": true, "2a00:1450::1": true, "::ffff:1.1.1.1": true,
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "::ffff:127.0.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "::ffff:10.0.0.1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "fc00::1": false, "fd12::1": false,
		"100.64.0.1": false, "100.127.255.255": false, "192.0.0.1": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false,
		"203.0.113.1": false, "224.0.0.1": false, "ff02::1": false, "240.0.0.1": false, "255.255.255.255": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != public {
			t.Errorf("isPublic(%s) = %v", address, got)
		}
	}
}
