package seal_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"okienko/bank"
	"okienko/eidas/seal"
)

type vectors struct {
	CertificatePEM string   `json:"certificatePem"`
	X5T            string   `json:"x5tS256"`
	Vectors        []vector `json:"vectors"`
}

type vector struct {
	Profile        string            `json:"profile"`
	Name           string            `json:"name"`
	RequestTarget  string            `json:"requestTarget"`
	RequestHeaders map[string]string `json:"requestHeaders"`
	RequestBody    string            `json:"requestBody"`
	Protected      string            `json:"expectedProtectedHeader"`
	Payload        string            `json:"expectedPayload"`
	Value          string            `json:"value"`
}

// payload is what the bank rebuilds from a request in the vector's profile.
func (v *vector) payload() ([]byte, error) {
	if v.Profile == "polishapi" {
		return []byte(v.RequestBody), nil
	}
	headers := http.Header{}
	for name, value := range v.RequestHeaders {
		headers.Set(name, " "+value+"\t") // as a client may send it
	}
	return seal.AppendPayload(nil, v.RequestTarget, headers, []byte(v.RequestBody))
}

func readVectors(t *testing.T) (vectors, *x509.Certificate) {
	t.Helper()
	folder := os.Getenv("OKIENKO_SPEC_DIR")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "spec")
	}
	text, err := os.ReadFile(filepath.Join(folder, "psd2", "mbank", "jws-test-vectors.json"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the signature vectors are not here: %v", err)
		}
		t.Skipf("THE SIGNATURE VECTORS ARE NOT HERE, so signatures were held against go-jose only: %v", err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(v.CertificatePEM))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return v, cert
}

func TestVectorsVerify(t *testing.T) {
	all, cert := readVectors(t)
	if len(all.Vectors) != 5 {
		t.Errorf("%d vectors, want 5", len(all.Vectors))
	}
	for _, v := range all.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			payload, err := v.payload()
			if err != nil {
				t.Fatal(err)
			}
			if string(payload) != v.Payload {
				t.Errorf("rebuilt %s\nwant    %s", payload, v.Payload)
			}
			s, err := seal.Parse(v.Value, seal.RS256)
			if err != nil {
				t.Fatal(err)
			}
			if s.Thumbprint != all.X5T || s.Alg != seal.RS256 || s.Typ != "JWT" || s.URL != "https://tpp.example/qsealc.pem" ||
				(s.KeyID != "") != (v.Profile == "polishapi") {
				t.Errorf("read %+v", s.Header)
			}
			if err := s.Verify(cert, payload); err != nil {
				t.Error(err)
			}
			for i := range payload { // any other byte anywhere
				payload[i] ^= 1
				if err := s.Verify(cert, payload); bank.CodeOf(err) != bank.SignatureInvalid {
					t.Fatalf("verifies with another byte %d: %v", i, err)
				}
				payload[i] ^= 1
			}
			if err := s.Verify(cert, append(payload, ' ')); err == nil {
				t.Error("verifies with a space more")
			}
		})
	}
}

// Our header is that of the vectors, byte for byte, so that RS256 gives their signatures.
func TestHeaderIsWrittenAsInTheVectors(t *testing.T) {
	all, _ := readVectors(t)
	key := rsaKey(t)
	for _, v := range all.Vectors {
		parsed, err := seal.Parse(v.Value, seal.RS256)
		if err != nil {
			t.Fatal(err)
		}
		value, err := seal.Sign(key, parsed.Header, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := base64.RawURLEncoding.DecodeString(strings.Split(value, ".")[0])
		if err != nil || string(text) != v.Protected {
			t.Errorf("%s: %s, %v", v.Name, text, err)
		}
	}
}
