package authserver

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"okienko/bank"
	"okienko/bank/partner"
)

// PKCE (RFC 7636) ties a code to whoever asked for it: a code that leaks on its
// way through a phone is worth nothing without the verifier.

// pkceAsked refuses a pairing request whose PKCE is not S256, or lacks where
// the application is native (RFC 8252 §6). A challenge without a method means
// "plain" in RFC 7636, which protects from nobody who reads the request.
func pkceAsked(app *partner.Application, challenge, method string) error {
	switch {
	case challenge == "" && method == "":
		if app.Native {
			return bank.Refuse(bank.RequestInvalid, "A native application sends a code_challenge.")
		}
		return nil
	case method != "S256":
		return bank.Refuse(bank.RequestInvalid, "The code_challenge_method is S256.")
	case len(challenge) != secretChars || !alphanumeric(challenge, "-_"):
		return bank.Refuse(bank.RequestInvalid, "The code_challenge is a SHA-256 in base64url without padding.")
	}
	return nil
}

// pkceKept tells whether the exchange keeps to what the request asked. A
// verifier without a challenge is a no too: somebody removed the challenge on
// the way (RFC 9700 §2.1.1, downgrade).
func pkceKept(app *partner.Application, challenge, verifier string) bool {
	if challenge == "" {
		return verifier == "" && !app.Native
	}
	if len(verifier) < 43 || len(verifier) > 128 || !alphanumeric(verifier, "-._~") {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return same(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}

// alphanumeric tells whether a text holds ASCII letters, digits and others only.
func alphanumeric(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}
