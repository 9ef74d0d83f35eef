package eidas_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"
	"time"

	"okienko/bank"
	"okienko/eidas"
)

func TestGoodCertificatesAreRead(t *testing.T) {
	root := newCA(t, "Qualified Root", nil)
	qtsp := newCA(t, "Qualified Issuer", root)
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, root)})
	for _, of := range []eidas.Type{eidas.QWAC, eidas.QSealC} {
		cert := qtsp.leaf(t, of, nil)
		for range 2 { // found out, and remembered
			got, err := check(c, of, cert, qtsp.cert)
			if err != nil {
				t.Fatalf("%s: %v", of, err)
			}
			sum := sha256.Sum256(cert.Raw)
			if got.Organisation != tppID || got.Name != tppName || got.Type != of || got.NCAID != "PL-PFSA" || got.X509 != cert && !got.X509.Equal(cert) ||
				!got.Roles.Has(eidas.Information) || !got.Roles.Has(eidas.Initiation) || got.Roles.Has(eidas.CardIssuing) ||
				got.Thumbprint != base64.RawURLEncoding.EncodeToString(sum[:]) {
				t.Errorf("read as %+v", got)
			}
		}
	}
}

func TestTheIssuingAuthorityAloneMayBeTrusted(t *testing.T) {
	qtsp := newCA(t, "Qualified Issuer", newCA(t, "Qualified Root", nil))
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, qtsp)})
	if _, err := check(c, eidas.QSealC, qtsp.leaf(t, eidas.QSealC, nil)); err != nil {
		t.Error(err)
	}
}

func TestCriticalStatementsAreUnderstood(t *testing.T) {
	qtsp := newCA(t, "Qualified Issuer", nil)
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, qtsp)})
	critical := func(id []int) func(*x509.Certificate, *eidas.Statements) {
		return func(x *x509.Certificate, s *eidas.Statements) {
			x.ExtraExtensions = []pkix.Extension{{Id: eidas.StatementsID(), Critical: true, Value: encoded(t, *s)}}
			if id != nil {
				x.ExtraExtensions = append(x.ExtraExtensions, pkix.Extension{Id: id, Critical: true, Value: []byte{5, 0}})
			}
		}
	}
	if _, err := check(c, eidas.QWAC, qtsp.leaf(t, eidas.QWAC, critical(nil))); err != nil {
		t.Error(err)
	}
	_, err := check(c, eidas.QWAC, qtsp.leaf(t, eidas.QWAC, critical([]int{1, 2, 3, 4})))
	breaks(t, err, eidas.ErrIssuer) // crypto/x509 builds no path with what nobody understands
}

// Each certificate breaks one rule; the cause names it.
func TestEachRuleRefuses(t *testing.T) {
	type change = func(*x509.Certificate, *eidas.Statements)
	qtsp, other := newCA(t, "Qualified Issuer", nil), newCA(t, "Another Issuer", nil)
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, qtsp)})
	organisation := func(values ...any) change {
		return func(x *x509.Certificate, _ *eidas.Statements) {
			x.Subject.ExtraNames = nil
			for _, v := range values {
				x.Subject.ExtraNames = append(x.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: eidas.OrganisationID(), Value: v})
			}
		}
	}
	for name, test := range map[string]struct {
		of     eidas.Type
		change change
		rule   error
	}{
		"no statements": {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.ExtraExtensions = []pkix.Extension{} }, eidas.ErrStatement},
		"statements are no DER": {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) {
			x.ExtraExtensions = []pkix.Extension{{Id: eidas.StatementsID(), Value: []byte("no")}}
		}, eidas.ErrStatement},
		"not qualified":            {eidas.QWAC, func(_ *x509.Certificate, s *eidas.Statements) { s.Compliance = false }, eidas.ErrStatement},
		"not for payments":         {eidas.QWAC, func(_ *x509.Certificate, s *eidas.Statements) { s.PSD2 = nil }, eidas.ErrStatement},
		"no role":                  {eidas.QSealC, func(_ *x509.Certificate, s *eidas.Statements) { s.PSD2.Roles = nil }, eidas.ErrRoles},
		"a seal as QWAC":           {eidas.QWAC, func(_ *x509.Certificate, s *eidas.Statements) { s.Types = []eidas.Type{eidas.QSealC} }, eidas.ErrType},
		"a QWAC as seal":           {eidas.QSealC, func(_ *x509.Certificate, s *eidas.Statements) { s.Types = []eidas.Type{eidas.QWAC} }, eidas.ErrType},
		"a person's":               {eidas.QSealC, func(_ *x509.Certificate, s *eidas.Statements) { s.Types = []eidas.Type{eidas.QSign} }, eidas.ErrType},
		"of no type":               {eidas.QSealC, func(_ *x509.Certificate, s *eidas.Statements) { s.Types = nil }, eidas.ErrType},
		"of both types":            {eidas.QWAC, func(_ *x509.Certificate, s *eidas.Statements) { s.Types = []eidas.Type{eidas.QWAC, eidas.QSealC} }, eidas.ErrType},
		"no organisation":          {eidas.QWAC, organisation(), eidas.ErrOrganisation},
		"two organisations":        {eidas.QWAC, organisation(tppID, "PSDPL-PFSA-1"), eidas.ErrOrganisation},
		"a tax number":             {eidas.QWAC, organisation("VATPL-5250007738"), eidas.ErrOrganisation},
		"no legal name":            {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.Subject.Organization = nil }, eidas.ErrOrganisation},
		"no key usage":             {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.KeyUsage = 0 }, eidas.ErrKeyUsage},
		"QWAC that only seals":     {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.KeyUsage = x509.KeyUsageContentCommitment }, eidas.ErrKeyUsage},
		"seal that only enciphers": {eidas.QSealC, func(x *x509.Certificate, _ *eidas.Statements) { x.KeyUsage = x509.KeyUsageKeyEncipherment }, eidas.ErrKeyUsage},
		"an authority":             {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.IsCA, x.BasicConstraintsValid = true, true }, eidas.ErrKeyUsage},
		"no client authentication": {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) {
			x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}, eidas.ErrExtKeyUsage},
		"no extended key usage":      {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.ExtKeyUsage = nil }, eidas.ErrExtKeyUsage},
		"expired a second ago":       {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.NotAfter = start.Add(-time.Second) }, eidas.ErrExpired},
		"valid in a second":          {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.NotBefore = start.Add(time.Second) }, eidas.ErrNotYetValid},
		"expired seal":               {eidas.QSealC, func(x *x509.Certificate, _ *eidas.Statements) { x.NotAfter = start.Add(-time.Second) }, eidas.ErrExpired},
		"a seal that only commits":   {eidas.QSealC, func(x *x509.Certificate, _ *eidas.Statements) { x.KeyUsage = x509.KeyUsageContentCommitment }, nil},
		"expires this very second":   {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.NotAfter = start }, nil},
		"valid from this second":     {eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.NotBefore = start }, nil},
		"a hyphen within the number": {eidas.QWAC, organisation("PSDPL-PFSA-52-50"), nil},
	} {
		_, err := check(c, test.of, qtsp.leaf(t, test.of, test.change))
		if test.rule == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		t.Run(name, func(t *testing.T) { breaks(t, err, test.rule) })
	}
	_, err := check(c, eidas.QWAC, other.leaf(t, eidas.QWAC, nil), other.cert)
	breaks(t, err, eidas.ErrIssuer)
	_, err = check(c, eidas.QWAC, qtsp.cert)
	breaks(t, err, eidas.ErrStatement)
	forged := *qtsp.leaf(t, eidas.QWAC, nil)
	forged.Raw = append([]byte(nil), forged.Raw...)
	forged.Signature = append([]byte{forged.Signature[0]}, make([]byte, len(forged.Signature)-1)...)
	_, err = check(c, eidas.QWAC, &forged)
	breaks(t, err, eidas.ErrIssuer)
	for _, chain := range [][]*x509.Certificate{nil, {nil}} {
		if _, err := check(c, eidas.QWAC, chain...); bank.CodeOf(err) != bank.CertificateMissing {
			t.Errorf("no certificate: %v", err)
		}
	}
	_, err = check(c, eidas.QWAC, append([]*x509.Certificate{qtsp.leaf(t, eidas.QWAC, nil)}, make([]*x509.Certificate, 20)...)...)
	breaks(t, err, eidas.ErrIssuer)
}

func TestWeakKeysAreRefused(t *testing.T) {
	qtsp := newCA(t, "Qualified Issuer", nil)
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, qtsp)})
	t.Setenv("GODEBUG", "rsa1024min=0")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	huge := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 16384, 1), E: 65537}
	for name, key := range map[string]crypto.PublicKey{"RSA 1024": small.Public(), "RSA 16385": huge, "P-224": p224.Public(), "Ed25519": edwards} {
		t.Run(name, func(t *testing.T) {
			_, err := check(c, eidas.QSealC, qtsp.issue(t, template(t, eidas.QSealC, nil), key))
			if err == nil {
				t.Fatal("accepted")
			}
			breaks(t, err, eidas.ErrKey)
		})
	}
}

func TestTestAndProductionNeverCross(t *testing.T) {
	genuine, sandbox := newCA(t, "Qualified Issuer", nil), newCA(t, eidas.SandboxOrganisation, nil)
	nobody, err := eidas.NewRevocation(eidas.RevocationSettings{Fetcher: dead{}, Wall: newHand(), Mode: eidas.Soft})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]eidas.Settings{
		"a sandbox's issuer in production":   {Environment: eidas.Production, Issuers: issuers(eidas.Production, sandbox), Revocation: nobody},
		"a test issuer in production":        {Environment: eidas.Production, Issuers: issuers(eidas.Test, genuine), Revocation: nobody},
		"a production issuer in a test":      {Environment: eidas.Test, Issuers: issuers(eidas.Production, genuine)},
		"production without revocation":      {Environment: eidas.Production, Issuers: issuers(eidas.Production, genuine)},
		"no environment":                     {Issuers: issuers("", genuine)},
		"a certificate that is no authority": {Environment: eidas.Test, Issuers: []eidas.Issuer{{Certificate: genuine.leaf(t, eidas.QWAC, nil), Environment: eidas.Test}}},
	} {
		s.Clock = newHand()
		if _, err := eidas.NewChecker(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	production := checker(t, eidas.Settings{Environment: eidas.Production, Issuers: issuers(eidas.Production, genuine), Revocation: nobody})
	if _, err := check(production, eidas.QWAC, genuine.leaf(t, eidas.QWAC, nil)); err != nil {
		t.Error(err)
	}
	// Also when somebody got a trusted issuer to certify a sandbox.
	_, err = check(production, eidas.QWAC, sandbox.leaf(t, eidas.QWAC, nil), sandbox.cert)
	breaks(t, err, eidas.ErrSandbox)
	if err := production.SetIssuers(issuers(eidas.Production, sandbox)); err == nil {
		t.Error("a sandbox's issuer was taken in later")
	}
	if _, err := check(production, eidas.QWAC, genuine.leaf(t, eidas.QWAC, nil)); err != nil {
		t.Errorf("after a refused change of issuers: %v", err)
	}
}

func TestAnIssuerIsTrustedOnlyForItsTypes(t *testing.T) {
	qtsp := newCA(t, "Qualified Issuer", nil)
	c := checker(t, eidas.Settings{Issuers: []eidas.Issuer{{Certificate: qtsp.cert, Environment: eidas.Test, Types: []eidas.Type{eidas.QSealC}}}})
	if _, err := check(c, eidas.QSealC, qtsp.leaf(t, eidas.QSealC, nil)); err != nil {
		t.Error(err)
	}
	_, err := check(c, eidas.QWAC, qtsp.leaf(t, eidas.QWAC, nil))
	breaks(t, err, eidas.ErrIssuer)
}

// What is remembered does not outlive the certificate, its issuer, or the trust in it.
func TestARememberedCertificateStillEnds(t *testing.T) {
	root := newCA(t, "Qualified Root", nil)
	clock := newHand()
	qtsp := newCA(t, "Qualified Issuer", root)
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, root), Clock: clock})
	long := qtsp.leaf(t, eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.NotAfter = start.AddDate(30, 0, 0) })
	short := qtsp.leaf(t, eidas.QWAC, nil)
	good := func(cert *x509.Certificate) {
		t.Helper()
		if _, err := check(c, eidas.QWAC, cert, qtsp.cert); err != nil {
			t.Error(err)
		}
	}
	good(long)
	good(short)
	if _, err := check(c, eidas.QSealC, short, qtsp.cert); err == nil {
		t.Error("a remembered QWAC passes as a seal")
	}
	clock.add(3 * 365 * 24 * time.Hour)
	_, err := check(c, eidas.QWAC, short, qtsp.cert)
	breaks(t, err, eidas.ErrExpired)
	good(long)
	clock.add(20 * 365 * 24 * time.Hour)
	_, err = check(c, eidas.QWAC, long, qtsp.cert)
	breaks(t, err, eidas.ErrIssuer)
	clock.add(-23 * 365 * 24 * time.Hour)
	good(long)
	if err := c.SetIssuers(issuers(eidas.Test, newCA(t, "Another", nil))); err != nil {
		t.Fatal(err)
	}
	_, err = check(c, eidas.QWAC, long, qtsp.cert)
	breaks(t, err, eidas.ErrIssuer)
}

// Under a bound of one, certificates push each other out and are still judged rightly, from many goroutines.
func TestMemoryIsBoundedAndShared(t *testing.T) {
	qtsp := newCA(t, "Qualified Issuer", nil)
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, qtsp), Remember: 1})
	certs := []*x509.Certificate{qtsp.leaf(t, eidas.QWAC, nil), qtsp.leaf(t, eidas.QWAC, nil), qtsp.leaf(t, eidas.QSealC, nil)}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 30 {
				cert := certs[(i+n)%len(certs)]
				_, err := check(c, eidas.QWAC, cert)
				if (err == nil) != (cert != certs[2]) {
					t.Errorf("certificate %d: %v", (i+n)%len(certs), err)
				}
			}
		})
	}
	all.Wait()
}

func FuzzParse(f *testing.F) {
	qtsp := newCA(f, "Qualified Issuer", nil)
	f.Add(qtsp.leaf(f, eidas.QWAC, nil).Raw)
	f.Add(qtsp.leaf(f, eidas.QSealC, nil).Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return
		}
		if got, err := eidas.Parse(c); err == nil && (got.Organisation == "" || len(got.Roles) == 0 || got.Name == "") {
			t.Fatalf("read as %+v from %s", got, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		}
	})
}

func BenchmarkCheckRemembered(b *testing.B) {
	qtsp := newCA(b, "Qualified Issuer", nil)
	c := checker(b, eidas.Settings{Issuers: issuers(eidas.Test, qtsp)})
	chain := []*x509.Certificate{qtsp.leaf(b, eidas.QWAC, nil)}
	for b.Loop() {
		if _, err := c.CheckQWAC(context.Background(), chain); err != nil {
			b.Fatal(err)
		}
	}
}
