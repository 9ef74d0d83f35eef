package authserver

import (
	"strings"
	"testing"

	"okienko/bank"
	"okienko/bank/partner"
)

// The pair of RFC 7636, appendix B.
const (
	rfcVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfcChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func TestPKCEIsS256OrNothing(t *testing.T) {
	for _, tt := range []struct {
		name, challenge, method string
		web, native             bank.Code
	}{
		{"none", "", "", "", bank.RequestInvalid},
		{"S256", rfcChallenge, "S256", "", ""},
		{"plain", rfcChallenge, "plain", bank.RequestInvalid, bank.RequestInvalid},
		{"no method means plain", rfcChallenge, "", bank.RequestInvalid, bank.RequestInvalid},
		{"method alone", "", "S256", bank.RequestInvalid, bank.RequestInvalid},
		{"lower case", rfcChallenge, "s256", bank.RequestInvalid, bank.RequestInvalid},
		{"too short", rfcChallenge[1:], "S256", bank.RequestInvalid, bank.RequestInvalid},
		{"padded", rfcChallenge[1:] + "=", "S256", bank.RequestInvalid, bank.RequestInvalid},
	} {
		if got := bank.CodeOf(pkceAsked(&partner.Application{}, tt.challenge, tt.method)); got != tt.web {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.web)
		}
		if got := bank.CodeOf(pkceAsked(&partner.Application{Native: true}, tt.challenge, tt.method)); got != tt.native {
			t.Errorf("%s, native: %q, want %q", tt.name, got, tt.native)
		}
	}
}

func TestPKCEIsKeptAtTheExchange(t *testing.T) {
	for _, tt := range []struct {
		name, challenge, verifier string
		native, want              bool
	}{
		{"none of it", "", "", false, true},
		{"none of it, native since", "", "", true, false},
		{"RFC 7636 appendix B", rfcChallenge, rfcVerifier, true, true},
		{"verifier missing", rfcChallenge, "", false, false},
		{"challenge removed on the way", "", rfcVerifier, false, false},
		{"the challenge itself", rfcChallenge, rfcChallenge, false, false},
		{"another verifier", rfcChallenge, strings.Repeat("a", 43), false, false},
		{"too short", rfcChallenge, rfcVerifier[:42], false, false},
		{"too long", rfcChallenge, strings.Repeat("a", 129), false, false},
	} {
		if got := pkceKept(&partner.Application{Native: tt.native}, tt.challenge, tt.verifier); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
