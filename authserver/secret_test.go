package authserver

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"okienko/bank/sca"
)

func TestNewSecretIs256BitsAndKnownByItsHash(t *testing.T) {
	a, hash, err := NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(a)
	if err != nil || len(raw) != 32 || len(a) != secretChars {
		t.Fatalf("secret %q: %d bytes, %v", a, len(raw), err)
	}
	if sum := sha256.Sum256([]byte(a)); !bytes.Equal(hash, sum[:]) {
		t.Error("the hash is not the SHA-256 of the secret")
	}
	b, _, err := NewSecret(rand.Reader)
	if err != nil || a == b {
		t.Errorf("two secrets are one: %v", err)
	}
	if _, _, err := NewSecret(strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a secret without randomness: %v", err)
	}
}

func TestSecretIsAnyOfTheHashes(t *testing.T) {
	old, current := HashSecret("old"), HashSecret("current")
	for _, tt := range []struct {
		secret string
		hashes [][]byte
		want   bool
	}{
		{"old", [][]byte{old, current}, true},
		{"current", [][]byte{old, current}, true},
		{"other", [][]byte{old, current}, false},
		{"old", [][]byte{current}, false},
		{"", nil, false},
		{"old", [][]byte{nil}, false},
		{string(old), [][]byte{old}, false}, // whoever read the hash has not the secret
	} {
		if got := secretIs(tt.secret, tt.hashes); got != tt.want {
			t.Errorf("secretIs(%q, %d hashes) = %v", tt.secret, len(tt.hashes), got)
		}
	}
}

func TestNewCodeHasSixDigitsAlways(t *testing.T) {
	low, err := newCode(bytes.NewReader(make([]byte, 16)))
	if err != nil || low != "000000" {
		t.Errorf("the lowest code is %q, %v", low, err)
	}
	seen := map[byte]bool{}
	for range 300 {
		c, err := newCode(rand.Reader)
		if err != nil || len(c) != sca.CodeDigit || strings.Trim(c, "0123456789") != "" {
			t.Fatalf("code %q, %v", c, err)
		}
		seen[c[0]] = true
	}
	if len(seen) != 10 {
		t.Errorf("300 codes begin with %d digits only", len(seen))
	}
}

func TestHashCodeIsOfOneChallenge(t *testing.T) {
	if bytes.Equal(hashCode("a", "123456"), hashCode("b", "123456")) {
		t.Error("equal codes of two challenges have one hash")
	}
	if !bytes.Equal(hashCode("a", "123456"), hashCode("a", "123456")) {
		t.Error("a code's hash is not repeatable")
	}
}

func FuzzBindIsUnambiguous(f *testing.F) {
	f.Add("a", "b", "ab", "")
	f.Add("1:a|", "", "1", ":a|")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if one := bind(a, b) == bind(c, d); one != (a == c && b == d) {
			t.Errorf("%q, %q and %q, %q: same text %v", a, b, c, d, one)
		}
		if bind(a, b) == bind(a, b, c) || bind(a+b) == bind(a, b) {
			t.Errorf("lists of different lengths share a text: %q %q %q", a, b, c)
		}
	})
}

func FuzzSignedTextIsUnambiguous(f *testing.F) {
	f.Add("id", []byte("nonce"), "pairing", "binding", "id", []byte("nonc"), "epairing", "binding")
	f.Add("i", []byte("|1:"), "p", "b", "i|", []byte("1:"), "p", "b")
	f.Fuzz(func(t *testing.T, id1 string, n1 []byte, p1, b1, id2 string, n2 []byte, p2, b2 string) {
		one := sca.Challenge{ID: sca.ID(id1), Nonce: n1, Subject: sca.Subject{Purpose: sca.Purpose(p1), Binding: b1}}
		two := sca.Challenge{ID: sca.ID(id2), Nonce: n2, Subject: sca.Subject{Purpose: sca.Purpose(p2), Binding: b2}}
		equal := id1 == id2 && bytes.Equal(n1, n2) && p1 == p2 && b1 == b2
		if got := bytes.Equal(SignedText(one), SignedText(two)); got != equal {
			t.Errorf("same text %v, same content %v", got, equal)
		}
		if bytes.Equal(SignedText(one), RejectionText(two)) {
			t.Error("a rejection reads as an approval")
		}
	})
}
