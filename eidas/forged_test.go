package eidas_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"okienko/eidas"
)

// Nothing that somebody on the line could send makes a certificate good.
func TestAnswersThatAreNotTheIssuersAreWorthNothing(t *testing.T) {
	stranger := newCA(t, "Stranger", nil)
	responder := func(b *bed, by *ca, usage x509.ExtKeyUsage, until time.Time) *ca {
		key := newKey(t)
		x := &x509.Certificate{Subject: pkix.Name{CommonName: "responder"}, NotBefore: start.AddDate(0, -1, 0), NotAfter: until,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}}
		return &ca{cert: by.issue(t, x, key.Public()), key: key}
	}
	later := start.AddDate(1, 0, 0)
	for name, test := range map[string]struct {
		ocsp func(b *bed, request []byte) ([]byte, error)
		fine bool
	}{
		"the issuer's":                      {fine: true, ocsp: func(b *bed, r []byte) ([]byte, error) { return b.signOCSP(r, nil, b.ca, nil) }},
		"the issuer's with its certificate": {fine: true, ocsp: func(b *bed, r []byte) ([]byte, error) { return b.signOCSP(r, b.ca.cert, b.ca, nil) }},
		"a delegate's": {fine: true, ocsp: func(b *bed, r []byte) ([]byte, error) {
			d := responder(b, b.ca, x509.ExtKeyUsageOCSPSigning, later)
			return b.signOCSP(r, d.cert, d, nil)
		}},
		"another TPP's": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			d := responder(b, b.ca, x509.ExtKeyUsageClientAuth, later)
			return b.signOCSP(r, d.cert, d, nil)
		}},
		"an expired delegate's": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			d := responder(b, b.ca, x509.ExtKeyUsageOCSPSigning, start.Add(-time.Hour))
			return b.signOCSP(r, d.cert, d, nil)
		}},
		"a stranger's delegate's": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			d := responder(b, stranger, x509.ExtKeyUsageOCSPSigning, later)
			return b.signOCSP(r, d.cert, d, nil)
		}},
		"a stranger's": {ocsp: func(b *bed, r []byte) ([]byte, error) { return b.signOCSP(r, nil, stranger, nil) }},
		"about another certificate": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) { a.SerialNumber = big.NewInt(7) })
		}},
		"of yesterday": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) {
				a.ThisUpdate, a.NextUpdate = start.AddDate(0, 0, -1), start.Add(-time.Second)
			})
		}},
		"of tomorrow": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) {
				a.ThisUpdate, a.NextUpdate = start.AddDate(0, 0, 1), start.AddDate(0, 0, 2)
			})
		}},
		"old and without an end": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) { a.ThisUpdate, a.NextUpdate = start.Add(-time.Hour), time.Time{} })
		}},
		"new and without an end": {fine: true, ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) { a.NextUpdate = time.Time{} })
		}},
		"rubbish": {ocsp: func(*bed, []byte) ([]byte, error) { return []byte("<html>captive portal</html>"), nil }},
		"nothing": {ocsp: func(*bed, []byte) ([]byte, error) { return nil, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, nil)
			b.crl = nil
			b.ocsp = func(r []byte) ([]byte, error) { return test.ocsp(b, r) }
			if c := b.cert(nil); test.fine {
				b.good(c)
			} else {
				b.bad(c, eidas.ErrUnchecked)
			}
		})
	}
}

// idp is issuingDistributionPoint with a name, or flags as DER.
func idp(t testing.TB, address string, flags ...byte) pkix.Extension {
	t.Helper()
	var body []byte
	if address != "" {
		name := append([]byte{0x86, byte(len(address))}, address...)
		full := append([]byte{0xa0, byte(len(name))}, name...)
		body = append([]byte{0xa0, byte(len(full))}, full...)
	}
	body = append(body, flags...)
	return pkix.Extension{Id: []int{2, 5, 29, 28}, Critical: true, Value: append([]byte{0x30, byte(len(body))}, body...)}
}

func TestListsThatDoNotCoverTheCertificateAreWorthNothing(t *testing.T) {
	stranger := newCA(t, "Stranger", nil)
	extension := func(e pkix.Extension) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.ExtraExtensions = append(l.ExtraExtensions, e) }
	}
	for name, test := range map[string]struct {
		change func(*x509.RevocationList)
		by     *ca
		fine   bool
	}{
		"the issuer's":                   {fine: true},
		"a stranger's":                   {by: stranger},
		"of this place":                  {fine: true, change: extension(idp(t, crlAt))},
		"of end entities":                {fine: true, change: extension(idp(t, "", 0x81, 1, 0xff))},
		"of another place":               {change: extension(idp(t, "http://crl.qtsp.example/2.crl"))},
		"of authorities":                 {change: extension(idp(t, "", 0x82, 1, 0xff))},
		"of some reasons":                {change: extension(idp(t, "", 0x83, 2, 4, 0x40))},
		"of other authorities":           {change: extension(idp(t, "", 0x84, 1, 0xff))},
		"of attribute certificates":      {change: extension(idp(t, "", 0x85, 1, 0xff))},
		"a delta":                        {change: extension(pkix.Extension{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}})},
		"unreadable distribution point":  {change: extension(pkix.Extension{Id: []int{2, 5, 29, 28}, Critical: true, Value: []byte{1, 2, 3}})},
		"an unknown but harmless remark": {fine: true, change: extension(pkix.Extension{Id: []int{1, 2, 3}, Value: []byte{5, 0}})},
		"of yesterday": {change: func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = start.AddDate(0, 0, -1), start.Add(-time.Second)
		}},
		"of tomorrow": {change: func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = start.AddDate(0, 0, 1), start.AddDate(0, 0, 2)
		}},
		"entry of another authority": {change: func(l *x509.RevocationList) {
			l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: big.NewInt(5), RevocationTime: start,
				ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}}}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, nil)
			b.ocsp = nil
			if test.by != nil {
				b.ca = test.by
			}
			b.crl = func() ([]byte, error) { return b.signCRL(test.change) }
			if c := b.cert(nil); test.fine {
				b.good(c)
			} else {
				b.bad(c, eidas.ErrUnchecked)
			}
		})
	}
	t.Run("rubbish", func(t *testing.T) {
		b := newBed(t, nil)
		b.ocsp = nil
		b.crl = func() ([]byte, error) { return []byte("404"), nil }
		b.bad(b.cert(nil), eidas.ErrUnchecked)
	})
}
