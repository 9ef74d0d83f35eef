package trustservice

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"okienko/eidas"
)

// Lives, in bank time. An authority outlives what it issues: a sandbox whose clock has run for years still makes TPPs.
const (
	authorityLife   = 40 * 365 * 24 * time.Hour
	certificateLife = 10 * 365 * 24 * time.Hour
	behind          = time.Hour // a clock that is a little behind still accepts them
)

// authority is a certificate that issues others, with its key. The keys are of P-256: making one takes some ten
// microseconds, so that a sandbox starts at once.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newAuthority makes an authority under another, or a root when there is none.
func newAuthority(name string, parent *authority, places places, now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject: pkix.Name{Country: []string{"PL"}, Organization: []string{eidas.SandboxOrganisation},
			CommonName: name + " " + hex.EncodeToString(serial.Bytes()[:4])},
		NotBefore: now.Add(-behind), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: 1,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	made := &authority{key: key}
	signer := made
	if parent != nil {
		template.MaxPathLen, template.MaxPathLenZero = 0, true
		template.KeyUsage |= x509.KeyUsageDigitalSignature // it answers OCSP itself
		template.CRLDistributionPoints = []string{places.rootCRL()}
		signer = parent
	} else {
		signer.certificate = template
	}
	made.certificate, err = signer.sign(template, key.Public())
	return made, err
}

func (a *authority) sign(template *x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error) {
	text, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(text)
}

func newSerial() (*big.Int, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, err
	}
	b[0] = b[0]&0x3f | 0x40 // positive, and always of the same length
	return new(big.Int).SetBytes(b[:]), nil
}

func keyID(key crypto.PublicKey) ([]byte, error) {
	text, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return sum[:20], nil // RFC 7093, 2: any method that makes it unique
}

// loadAuthority tells by fs.ErrNotExist that the folder has none yet.
func loadAuthority(folder, name string) (*authority, error) {
	text, err := os.ReadFile(filepath.Join(folder, name+".pem"))
	if err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(filepath.Join(folder, name+"-key.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s.pem has lost its key", name) // half an authority is not a first start
	}
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(text, secret)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA || !eidas.MadeBySandbox(pair.Leaf) {
		return nil, fmt.Errorf("%s.pem is not an authority of a sandbox", name)
	}
	return &authority{certificate: pair.Leaf, key: key}, nil
}

// save writes the key first: a certificate without its key would be taken for damage at the next start.
func (a *authority) save(folder, name string) error {
	key, err := keyPEM(a.key)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(folder, name+"-key.pem"), key); err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, name+".pem"), certificatePEM(a.certificate))
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}), nil
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// writeFile replaces a file, whole or not at all, readable by its owner alone.
func writeFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // made with 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
