package seal_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/eidas/seal"
)

// request is a payment as the samples of mBank have it, of some 900 bytes.
func request() (uri string, headers http.Header, body []byte) {
	headers = http.Header{}
	for name, value := range map[string]string{
		"TPP-ID": "PSDPL-PFSA-5250007738", "TPP-Request-ID": "c6c9f3c0-2c1b-11ef-8a3c-0242ac120002", "TPP-Payment-ID": "test-15-c6c9f3c0",
		"Client-ID": "11111111-2222-3333-4444-555555555555", "Authorization": "Bearer " + strings.Repeat("t", 43), "PSU-Session": "true",
		"Accept": "application/json; charset=utf-8", "Accept-Language": "pl", "Content-Type": "application/json",
	} {
		headers.Set(name, value)
	}
	body = []byte("{\n  \"recipient\": {\"accountNumber\": \"20114000000000000000000300\", \"name\": \"Zażółć gęślą jaźń\", \"nameAddressStructured\": {\"name\": \"Jan\"," +
		strings.Repeat(" \"streetName\": \"\",\n", 30) + " \"countryCode\": \"PL\"}},\n  \"transferData\": {\"description\": \"Faktura <1> & <2>\", \"amount\": \"0.01\", \"currency\": \"PLN\"}\n}")
	return "/pl-corpo/v3/payments/domestic", headers, body
}

// BenchmarkVerify measures a whole check beside the bare cryptography (SHA-256 over the same bytes and RSA) in the same
// run, in turns, and reports the ratio of the medians, which a busy machine moves least. It is to be at most 1.3.
func BenchmarkVerify(b *testing.B) {
	key := rsaKey(b)
	cert := certificate(b, key)
	uri, headers, body := request()
	payload, err := seal.AppendPayload(nil, uri, headers, body)
	if err != nil {
		b.Fatal(err)
	}
	value, err := seal.Sign(key, seal.Header{Alg: seal.RS256, Typ: "JWT", URL: "https://tpp.example/qsealc.pem", Thumbprint: thumbprint(cert)}, payload)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256(payload)
	bareValue, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	var bare, whole []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		from := time.Now()
		sum := sha256.Sum256(payload)
		if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], bareValue); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		rebuilt, err := seal.AppendPayload(nil, uri, headers, body)
		if err != nil {
			b.Fatal(err)
		}
		s, err := seal.Parse(value, seal.RS256)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Verify(cert, rebuilt); err != nil {
			b.Fatal(err)
		}
		bare, whole = append(bare, middle.Sub(from)), append(whole, time.Since(middle))
	}
	slices.Sort(bare)
	slices.Sort(whole)
	one, other := bare[len(bare)/2], whole[len(whole)/2]
	b.ReportMetric(float64(one.Nanoseconds()), "bare-ns")
	b.ReportMetric(float64(other.Nanoseconds()), "verify-ns")
	b.ReportMetric(float64(other)/float64(one), "ratio")
}

func BenchmarkAppendPayload(b *testing.B) {
	uri, headers, body := request()
	buffer := make([]byte, 0, 8<<10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.AppendPayload(buffer[:0], uri, headers, body); err != nil {
			b.Fatal(err)
		}
	}
}
