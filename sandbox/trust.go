package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// caOrganisation marks every authority that a sandbox has ever made. It stands
// in the signed name, so it cannot be taken off without making another one; a
// real bank refuses to start with such an anchor (design §4).
const caOrganisation = "okienko sandbox CA"

// Lives of the certificates, by the wall clock: TLS is judged by it, whatever
// the bank clock shows (design §3, Time). A server certificate of more than 825
// days is refused by Apple's systems even under an authority that the user
// trusts, so it is shorter and made anew at a start in its last two months.
const (
	caLife     = 10 * 365 * 24 * time.Hour
	serverLife = 820 * 24 * time.Hour
	renewAhead = 60 * 24 * time.Hour
	skew       = time.Hour // a clock that is a little behind still accepts them
)

// Trust is the sandbox's own certificate authority and the server certificate
// for this machine. Both are made at first start and never shipped.
type Trust struct {
	CA     *x509.Certificate
	Server tls.Certificate
	CAPEM  []byte

	key *ecdsa.PrivateKey // of the CA
}

// Pool holds the authority alone.
func (t *Trust) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(t.CA)
	return pool
}

// IsSandboxCA tells whether a certificate was made by the authority of any
// sandbox, or is one.
func IsSandboxCA(c *x509.Certificate) bool {
	return slices.Contains(c.Subject.Organization, caOrganisation) || slices.Contains(c.Issuer.Organization, caOrganisation)
}

// NewTrust makes an authority and a server certificate that live in memory.
func NewTrust(wall time.Time) (*Trust, error) {
	t := &Trust{}
	if err := t.makeCA(wall); err != nil {
		return nil, fmt.Errorf("sandbox: CA: %w", err)
	}
	if err := t.makeServer(wall); err != nil {
		return nil, fmt.Errorf("sandbox: server certificate: %w", err)
	}
	return t, nil
}

// The files of a Trust in its folder.
const (
	CAFile     = "ca.pem" // the authority's certificate, to be trusted by clients
	caKeyFile  = "ca-key.pem"
	serverFile = "server.pem" // certificate and key
)

// OpenTrust reads the authority from a folder, or makes it there at first start.
func OpenTrust(folder string, wall time.Time) (*Trust, error) {
	t := &Trust{}
	switch err := t.loadCA(folder); {
	case errors.Is(err, fs.ErrNotExist):
		if err := t.makeCA(wall); err != nil {
			return nil, fmt.Errorf("sandbox: CA: %w", err)
		}
		if err := t.saveCA(folder); err != nil {
			return nil, fmt.Errorf("sandbox: CA: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("sandbox: CA in %s: %w", folder, err)
	}
	if t.loadServer(folder, wall) {
		return t, nil
	}
	if err := t.makeServer(wall); err != nil {
		return nil, fmt.Errorf("sandbox: server certificate: %w", err)
	}
	if err := t.saveServer(folder); err != nil {
		return nil, fmt.Errorf("sandbox: server certificate: %w", err)
	}
	return t, nil
}

func (t *Trust) makeCA(wall time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{caOrganisation}, CommonName: "okienko sandbox CA " + hex.EncodeToString(serial.Bytes()[:4])},
		NotBefore:    wall.Add(-skew), NotAfter: wall.Add(caLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		// Whoever trusts this authority in a browser risks nothing beyond the own
		// machine, also when the key is stolen.
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost"},
		PermittedIPRanges: []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}, {IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)}},
	}
	return t.sign(template, key)
}

func (t *Trust) sign(template *x509.Certificate, key *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if t.CA, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	t.key, t.CAPEM = key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return nil
}

func (t *Trust) makeServer(wall time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{"okienko sandbox"}, CommonName: "localhost"},
		NotBefore: wall.Add(-skew), NotAfter: wall.Add(serverLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, t.CA, key.Public(), t.key)
	if err != nil {
		return err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	t.Server = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	return nil
}

func (t *Trust) loadCA(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, CAFile))
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(filepath.Join(folder, caKeyFile))
	if err != nil {
		return fmt.Errorf("the key is missing beside %s: %w", CAFile, errors.New(caKeyFile)) // not ErrNotExist: half an authority is not a first start
	}
	pair, err := tls.X509KeyPair(text, secret)
	if err != nil {
		return err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !IsSandboxCA(pair.Leaf) || !pair.Leaf.IsCA {
		return errors.New("not the authority of a sandbox")
	}
	t.CA, t.CAPEM, t.key = pair.Leaf, text, key
	return nil
}

// saveCA writes the key first: a certificate without its key would be taken for
// a damaged authority at the next start.
func (t *Trust) saveCA(folder string) error {
	key, err := keyPEM(t.key)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(folder, caKeyFile), key); err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, CAFile), t.CAPEM)
}

// loadServer tells whether a server certificate was there that still serves; one
// that does not is only made anew.
func (t *Trust) loadServer(folder string, wall time.Time) bool {
	text, err := os.ReadFile(filepath.Join(folder, serverFile))
	if err != nil {
		return false
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil || pair.Leaf.CheckSignatureFrom(t.CA) != nil || wall.Before(pair.Leaf.NotBefore) || wall.Add(renewAhead).After(pair.Leaf.NotAfter) {
		return false
	}
	t.Server = pair
	return true
}

func (t *Trust) saveServer(folder string) error {
	key, err := keyPEM(t.Server.PrivateKey)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: t.Server.Certificate[0]})
	return writeFile(filepath.Join(folder, serverFile), append(text, key...))
}
