package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"okienko/bank"
	"okienko/eidas/seal"
)

func asRefusal(err error, r **bank.Refusal) bool { return errors.As(err, r) }

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificate(t testing.TB, key crypto.Signer) *x509.Certificate { return numbered(t, key, 1) }

func numbered(t testing.TB, key crypto.Signer, serial int64) *x509.Certificate {
	t.Helper()
	day := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "TPP"}, NotBefore: day, NotAfter: day.AddDate(1, 0, 0)}
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

func thumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

var all = []seal.Algorithm{seal.RS256, seal.PS256, seal.ES256}

var text = []byte(`{"uri":"/x","headers":{},"body":"ż\"<&>"}`)

// Signatures of ours are read by go-jose, and those of go-jose by us.
func TestSignaturesAgreeWithGoJose(t *testing.T) {
	keys := map[seal.Algorithm]crypto.Signer{seal.RS256: rsaKey(t), seal.PS256: rsaKey(t), seal.ES256: ecKey(t, elliptic.P256())}
	for alg, key := range keys {
		cert := certificate(t, key)
		for range 20 { // ES256 signatures differ in length before they are padded
			ours, err := seal.Sign(key, seal.Header{Alg: alg, Typ: "JWT", KeyID: "PSDPL-\"ż", URL: "https://tpp.example/q.pem", Thumbprint: thumbprint(cert)}, text)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := jose.ParseDetached(ours, text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatalf("%s: %v", alg, err)
			}
			if _, err := theirs.Verify(key.Public()); err != nil {
				t.Fatalf("%s: go-jose: %v", alg, err)
			}
			if h := theirs.Signatures[0].Protected; h.KeyID != "PSDPL-\"ż" || h.ExtraHeaders["typ"] != "JWT" || h.ExtraHeaders["x5u"] != "https://tpp.example/q.pem" {
				t.Errorf("go-jose reads %+v", h)
			}
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("x5t#S256", thumbprint(cert)))
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			theirs, err := signer.Sign(text)
			if err != nil {
				t.Fatal(err)
			}
			value, err := theirs.DetachedCompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			s, err := seal.Parse(value, all...)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(cert, text); err != nil || s.Typ != "JWT" || s.Alg != alg {
				t.Errorf("%s: %+v, %v", alg, s.Header, err)
			}
		}
	}
}

func TestSignatureOfAnotherIsRefused(t *testing.T) {
	key, other, ec := rsaKey(t), rsaKey(t), ecKey(t, elliptic.P256())
	cert, otherCert := certificate(t, key), certificate(t, other)
	sign := func(k crypto.Signer, h seal.Header) *seal.Signature {
		t.Helper()
		value, err := seal.Sign(k, h, text)
		if err != nil {
			t.Fatal(err)
		}
		s, err := seal.Parse(value, all...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	named, bare := sign(key, seal.Header{Alg: seal.RS256, Thumbprint: thumbprint(cert)}), sign(key, seal.Header{Alg: seal.RS256})
	if err := errors.Join(named.Verify(cert, text), bare.Verify(cert, text), bare.VerifyKey(key.Public(), text)); err != nil {
		t.Fatal(err)
	}
	renewed := numbered(t, key, 2) // the same key under another certificate
	for name, err := range map[string]error{
		"another certificate":         named.Verify(otherCert, text),
		"another key":                 bare.Verify(otherCert, text),
		"thumbprint of another":       sign(key, seal.Header{Alg: seal.RS256, Thumbprint: thumbprint(otherCert)}).Verify(cert, text),
		"thumbprint of a renewal":     named.Verify(renewed, text),
		"another payload":             named.Verify(cert, append(bytes.Clone(text), '\n')),
		"no payload":                  named.Verify(cert, nil),
		"a key of another kind":       bare.VerifyKey(ec.Public(), text),
		"ES256 under an RSA key":      sign(ec, seal.Header{Alg: seal.ES256}).VerifyKey(key.Public(), text),
		"ES256 under another curve":   sign(ec, seal.Header{Alg: seal.ES256}).VerifyKey(ecKey(t, elliptic.P384()).Public(), text),
		"ES256 under another key":     sign(ec, seal.Header{Alg: seal.ES256}).VerifyKey(ecKey(t, elliptic.P256()).Public(), text),
		"PS256 under another key":     sign(key, seal.Header{Alg: seal.PS256}).VerifyKey(other.Public(), text),
		"a key of no kind":            bare.VerifyKey("key", text),
		"ES256 with ASN.1 inside":     asn1Signature(t, ec).VerifyKey(ec.Public(), text),
		"RS256 said to be PS256":      relabelled(t, key).VerifyKey(key.Public(), text),
		"PS256 with a salt too small": pssWithSalt(t, key, 1).VerifyKey(key.Public(), text),
		"PS256 with a salt too large": pssWithSalt(t, key, 64).VerifyKey(key.Public(), text),
	} {
		if bank.CodeOf(err) != bank.SignatureInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := pssWithSalt(t, key, 32).VerifyKey(key.Public(), text); err != nil {
		t.Errorf("PS256 as RFC 7518 wants it: %v", err)
	}
}

func digestOf(protected string) []byte {
	sum := sha256.Sum256([]byte(protected + "." + base64.RawURLEncoding.EncodeToString(text)))
	return sum[:]
}

func assembled(t testing.TB, header string, sign func(digest []byte) ([]byte, error)) *seal.Signature {
	t.Helper()
	protected := base64.RawURLEncoding.EncodeToString([]byte(header))
	value, err := sign(digestOf(protected))
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.Parse(protected+".."+base64.RawURLEncoding.EncodeToString(value), all...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asn1Signature(t testing.TB, key *ecdsa.PrivateKey) *seal.Signature {
	return assembled(t, `{"alg":"ES256"}`, func(d []byte) ([]byte, error) { return ecdsa.SignASN1(rand.Reader, key, d) })
}

func relabelled(t testing.TB, key *rsa.PrivateKey) *seal.Signature {
	return assembled(t, `{"alg":"PS256"}`, func(d []byte) ([]byte, error) { return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, d) })
}

func pssWithSalt(t testing.TB, key *rsa.PrivateKey, salt int) *seal.Signature {
	return assembled(t, `{"alg":"PS256"}`, func(d []byte) ([]byte, error) {
		return rsa.SignPSS(rand.Reader, key, crypto.SHA256, d, &rsa.PSSOptions{SaltLength: salt})
	})
}

func TestParseRefuses(t *testing.T) {
	key := rsaKey(t)
	good, err := seal.Sign(key, seal.Header{Alg: seal.RS256, Typ: "JWT"}, text)
	if err != nil {
		t.Fatal(err)
	}
	protected, _, _ := strings.Cut(good, ".")
	signature := good[strings.LastIndex(good, ".")+1:]
	with := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + ".." + signature
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, public) // the classic confusion: the public key as a shared secret
	hs := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`))
	fmt.Fprintf(mac, "%s.%s", hs, base64.RawURLEncoding.EncodeToString(text))
	for name, test := range map[string]struct {
		value string
		code  bank.Code
	}{
		"nothing":                    {"", bank.SignatureMissing},
		"payload attached":           {protected + "." + base64.RawURLEncoding.EncodeToString(text) + "." + signature, bank.SignatureMissing},
		"one part":                   {protected, bank.SignatureInvalid},
		"two parts":                  {protected + "." + signature, bank.SignatureInvalid},
		"four parts":                 {good + ".", bank.SignatureInvalid},
		"five parts, encrypted":      {"a.b.c.d.e", bank.SignatureInvalid},
		"no header":                  {".." + signature, bank.SignatureInvalid},
		"no signature":               {protected + "..", bank.SignatureInvalid},
		"padding":                    {good + "=", bank.SignatureInvalid},
		"padding in the header":      {protected + "=.." + signature, bank.SignatureInvalid},
		"plain base64":               {protected + "..ab+/", bank.SignatureInvalid},
		"line break in the header":   {protected[:8] + "\n" + protected[8:] + ".." + signature, bank.SignatureInvalid},
		"line break in the value":    {good[:len(good)-4] + "\r\n" + good[len(good)-4:], bank.SignatureInvalid},
		"space before":               {" " + good, bank.SignatureInvalid},
		"bits beyond the last byte":  {protected + "..AB", bank.SignatureInvalid},
		"alg none":                   {with(`{"alg":"none"}`), bank.SignatureInvalid},
		"alg None":                   {with(`{"alg":"None"}`), bank.SignatureInvalid},
		"HS256 with the public key":  {hs + ".." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), bank.SignatureInvalid},
		"alg that is not allowed":    {with(`{"alg":"ES256"}`), bank.SignatureInvalid},
		"alg unknown":                {with(`{"alg":"RS1"}`), bank.SignatureInvalid},
		"alg in lower case":          {with(`{"alg":"rs256"}`), bank.SignatureInvalid},
		"alg missing":                {with(`{"typ":"JWT"}`), bank.SignatureInvalid},
		"alg by another case":        {with(`{"ALG":"RS256"}`), bank.SignatureInvalid},
		"alg twice":                  {with(`{"alg":"RS256","alg":"RS256"}`), bank.SignatureInvalid},
		"alg twice, once escaped":    {with(`{"alg":"RS256","\u0061lg":"RS256"}`), bank.SignatureInvalid},
		"alg null":                   {with(`{"alg":null}`), bank.SignatureInvalid},
		"alg a list":                 {with(`{"alg":["RS256"]}`), bank.SignatureInvalid},
		"crit unknown":               {with(`{"alg":"RS256","crit":["exp"],"exp":1}`), bank.SignatureInvalid},
		"crit empty":                 {with(`{"alg":"RS256","crit":[]}`), bank.SignatureInvalid},
		"b64":                        {with(`{"alg":"RS256","b64":false,"crit":["b64"]}`), bank.SignatureInvalid},
		"b64 not critical":           {with(`{"alg":"RS256","b64":false}`), bank.SignatureInvalid},
		"kid a number":               {with(`{"alg":"RS256","kid":1}`), bank.SignatureInvalid},
		"x5u an object":              {with(`{"alg":"RS256","x5u":{}}`), bank.SignatureInvalid},
		"thumbprint too short":       {with(`{"alg":"RS256","x5t#S256":"abc"}`), bank.SignatureInvalid},
		"thumbprint padded":          {with(`{"alg":"RS256","x5t#S256":"` + strings.Repeat("A", 43) + `="}`), bank.SignatureInvalid},
		"thumbprint with other bits": {with(`{"alg":"RS256","x5t#S256":"` + strings.Repeat("A", 42) + `B"}`), bank.SignatureInvalid},
		"thumbprint no hexadecimal":  {with(`{"alg":"RS256","x5t#S256":"` + strings.Repeat("g", 64) + `"}`), bank.SignatureInvalid},
		"thumbprint empty":           {with(`{"alg":"RS256","x5t#S256":""}`), bank.SignatureInvalid},
		"header not UTF-8":           {with("{\"alg\":\"RS256\",\"kid\":\"\xff\"}"), bank.SignatureInvalid},
		"header a list":              {with(`["alg"]`), bank.SignatureInvalid},
		"header with a comma more":   {with(`{"alg":"RS256",}`), bank.SignatureInvalid},
		"header with something more": {with(`{"alg":"RS256"}{}`), bank.SignatureInvalid},
		"header with a BOM":          {with("\ufeff{\"alg\":\"RS256\"}"), bank.SignatureInvalid},
		"header of many members":     {with(`{"alg":"RS256"` + members(20) + `}`), bank.SignatureInvalid},
		"header of great depth":      {with(`{"alg":"RS256","a":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`), bank.SignatureInvalid},
		"a signature of a megabyte":  {protected + ".." + strings.Repeat("A", 1<<20), bank.SignatureInvalid},
		"a signature of no key":      {protected + ".." + strings.Repeat("A", 4000), bank.SignatureInvalid},
	} {
		s, err := seal.Parse(test.value, seal.RS256)
		if bank.CodeOf(err) != test.code || s != nil {
			t.Errorf("%s: got %v, %v, want %s", name, s, err, test.code)
		}
	}
	if _, err := seal.Parse(good); bank.CodeOf(err) != bank.SignatureInvalid {
		t.Errorf("with nothing allowed: %v", err)
	}
}

func members(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, `,"m%d":1`, i)
	}
	return s.String()
}

func TestParseIsLenientWhereItMayBe(t *testing.T) {
	sum := sha256.Sum256([]byte("certificate"))
	want := base64.RawURLEncoding.EncodeToString(sum[:])
	for name, header := range map[string]string{
		"base64url":           `{"alg":"RS256","x5t#S256":"` + want + `"}`,
		"hexadecimal":         `{"alg":"RS256","x5t#S256":"` + hex.EncodeToString(sum[:]) + `"}`,
		"capital hexadecimal": `{"alg":"RS256","x5t#S256":"` + strings.ToUpper(hex.EncodeToString(sum[:])) + `"}`,
		"order and spaces":    "\t{ \"x5t#S256\" :\n\"" + want + "\" , \"alg\"\r:\"RS256\" } ",
		"unknown members":     `{"exp":-1.5e+3,"x5c":["a",{"b":[true,false,null,"\ud83d\ude00",0]}],"alg":"RS256","x5t#S256":"` + want + `","jwk":{}}`,
		"escapes":             `{"\u0061lg":"RS\u003256","x5t#S256":"` + want + `","x":"\"\\\/\b\f\n\r\t"}`,
	} {
		s, err := seal.Parse(base64.RawURLEncoding.EncodeToString([]byte(header))+"..AA", seal.RS256)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if s.Thumbprint != want || s.Typ != "" {
			t.Errorf("%s: %+v", name, s.Header)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	key, ec := rsaKey(t), ecKey(t, elliptic.P256())
	for name, test := range map[string]struct {
		key crypto.Signer
		h   seal.Header
	}{
		"none":          {key, seal.Header{Alg: "none"}},
		"no algorithm":  {key, seal.Header{}},
		"ES256 by RSA":  {key, seal.Header{Alg: seal.ES256}},
		"RS256 by EC":   {ec, seal.Header{Alg: seal.RS256}},
		"ES256 by P384": {ecKey(t, elliptic.P384()), seal.Header{Alg: seal.ES256}},
		"kid not UTF-8": {key, seal.Header{Alg: seal.RS256, KeyID: "\xff"}},
	} {
		if value, err := seal.Sign(test.key, test.h, text); err == nil {
			t.Errorf("%s: %s", name, value)
		}
	}
}

// What is accepted as a header is an object for encoding/json too, with the same members; and nothing panics.
func FuzzParse(f *testing.F) {
	for _, h := range []string{`{"alg":"RS256","typ":"JWT","kid":"k","x5u":"u","x5t#S256":"` + strings.Repeat("A", 43) + `"}`, `{"alg":"RS256","a":[{"b":-0.1e5},"\ud83d\ude00"]}`, `{"alg":"RS256","alg":1}`, `{`} {
		f.Add([]byte(h), "AA", true)
	}
	f.Add([]byte("x.y.z"), "", false)
	f.Fuzz(func(t *testing.T, header []byte, signature string, encode bool) {
		value := string(header)
		if encode {
			value = base64.RawURLEncoding.EncodeToString(header) + ".." + signature
		}
		s, err := seal.Parse(value, all...)
		if err != nil {
			if code := bank.CodeOf(err); code != bank.SignatureInvalid && code != bank.SignatureMissing {
				t.Fatalf("%q: %v", value, err)
			}
			return
		}
		read, err := base64.RawURLEncoding.Strict().DecodeString(value[:strings.IndexByte(value, '.')])
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		var m map[string]any
		if err := json.Unmarshal(read, &m); err != nil {
			t.Fatalf("accepted %q, which encoding/json refuses: %v", read, err)
		}
		is := func(name, got string) {
			if want, ok := m[name]; ok && want != got || !ok && got != "" {
				t.Fatalf("%s is %q in %q", name, got, read)
			}
		}
		is("alg", string(s.Alg))
		is("typ", s.Typ)
		is("kid", s.KeyID)
		is("x5u", s.URL)
		if _, ok := m["crit"]; ok || m["x5t#S256"] == nil && s.Thumbprint != "" {
			t.Fatalf("accepted %q as %+v", read, s.Header)
		}
		if s.VerifyKey(nil, nil) == nil {
			t.Fatal("verifies without a key")
		}
	})
}
