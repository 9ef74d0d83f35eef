package app

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"okienko/eidas"
	"okienko/eidas/seal"
)

// A key that cannot make the signatures of the interface stops the bank's start,
// and not every answer after a payment was booked.
func TestSealMustSign(t *testing.T) {
	for _, c := range []struct {
		curve elliptic.Curve
		good  bool
	}{{elliptic.P256(), true}, {elliptic.P384(), false}} {
		key, err := ecdsa.GenerateKey(c.curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		cert := selfSigned(t, key)
		got, err := newSeal(key, []*x509.Certificate{cert}, "https://bank.example/seal.pem")
		if (err == nil) != c.good {
			t.Errorf("%s: %v", c.curve.Params().Name, err)
		}
		if err != nil {
			continue
		}
		text, err := got.Sign([]byte("answer"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := seal.Parse(text, seal.ES256)
		if err != nil || s.Verify(cert, []byte("answer")) != nil || s.KeyID != got.KeyID || got.KeyID != eidas.Thumbprint(cert) {
			t.Errorf("signed as %+v (%v), the key is called %q", s, err, got.KeyID)
		}
	}
}

func selfSigned(t *testing.T, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
