package polishapi_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/eidas/trustservice"
	"okienko/psd2/psd2test"
)

// TestHowKeysAreNamed: third parties name their key by a thumbprint, in base64url
// or in hexadecimal, or by a kid alone, which is their organisation for most and
// the identifier of the key for some (psd2 §4.1).
func TestHowKeysAreNamed(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	own := w.one.papers.Seal.Certificate
	sum, ski := eidas.Thumbprint(own), hex.EncodeToString(own.SubjectKeyId)
	if ski == "" {
		t.Fatal("the seal has no key identifier")
	}
	hexSum := hexOf(t, sum)
	by := func(kid, thumbprint string) *ask {
		a := w.one.ask(v212, "accounts/getAccounts", nil).with(token).present()
		a.protected = seal.Header{Alg: seal.RS256, KeyID: kid, Thumbprint: thumbprint}
		return a
	}
	for name, a := range map[string]*ask{
		"base64url":                     by("", sum),
		"hexadecimal":                   by("", hexSum),
		"hexadecimal in capitals":       by("", strings.ToUpper(hexSum)),
		"with the organisation":         by(oneOrg, sum),
		"with a kid of nobody's":        by("key-7", sum),
		"the organisation alone":        by(oneOrg, ""),
		"the key's identifier":          by(ski, ""),
		"the identifier in capitals":    by(strings.ToUpper(ski), ""),
		"the thumbprint as kid":         by(sum, ""),
		"the identifier, with its sum":  by(ski, sum),
		"the identifier behind colons":  by(colons(ski), ""),
		"the organisation, and the hex": by(oneOrg, hexSum),
	} {
		if got := a.send(); got.Status != http.StatusOK {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	for name, a := range map[string]*ask{
		"nothing":                          by("", ""),
		"a kid of nobody's alone":          by("key-7", ""),
		"another organisation":             by(otherOrg, sum),
		"another organisation alone":       by(otherOrg, ""),
		"another's key identifier":         by(hex.EncodeToString(w.other.papers.Seal.Certificate.SubjectKeyId), ""),
		"another's thumbprint":             by("", eidas.Thumbprint(w.other.papers.Seal.Certificate)),
		"the organisation, by another key": by(oneOrg, ""),
	} {
		if name == "the organisation, by another key" {
			a.papers = psd2test.Papers{QWAC: a.papers.QWAC, Seal: w.other.papers.Seal}
		}
		if got := a.send(); got.Status != http.StatusUnauthorized || got.Text("code") != "signature_invalid" {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	// Of several registered keys the one that signed is found.
	renewed := psd2test.Papers{QWAC: w.one.papers.QWAC, Seal: ca.Issue(oneOrg, eidas.QSealC, trustservice.Good)}
	w.AddKey(oneOrg, renewed)
	a := by(oneOrg, "")
	a.papers = renewed
	a.send().Is(http.StatusOK)
	by(oneOrg, "").send().Is(http.StatusOK)
}

func hexOf(t *testing.T, thumbprint string) string {
	t.Helper()
	sum, err := base64.RawURLEncoding.DecodeString(thumbprint)
	must(t, err)
	return hex.EncodeToString(sum)
}

func colons(s string) string {
	var parts []string
	for i := 0; i < len(s); i += 2 {
		parts = append(parts, s[i:i+2])
	}
	return strings.Join(parts, ":")
}
