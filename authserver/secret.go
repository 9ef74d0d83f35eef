package authserver

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"strconv"

	"okienko/bank/sca"
)

const (
	secretBytes = 32
	secretChars = 43 // of 32 bytes in base64url without padding
)

// NewSecret draws a client secret, code or token: 32 random bytes in base64url.
// Only its hash is kept.
func NewSecret(random io.Reader) (secret string, hash []byte, err error) {
	var b [secretBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", nil, fmt.Errorf("authserver: a new secret: %w", err)
	}
	secret = base64.RawURLEncoding.EncodeToString(b[:])
	return secret, HashSecret(secret), nil
}

// HashSecret is the form in which a secret is kept: its SHA-256. A slow hash
// would protect nothing: 256 bits of chance cannot be guessed, however fast.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// secretIs tells whether a secret is behind one of the hashes. It always walks
// all of them, and one more when there is none, so that its time says nothing.
func secretIs(secret string, hashes [][]byte) bool {
	sum := HashSecret(secret)
	match := 0
	for _, h := range hashes {
		match |= subtle.ConstantTimeCompare(sum, h)
	}
	if len(hashes) == 0 {
		subtle.ConstantTimeCompare(sum, make([]byte, sha256.Size))
	}
	return match == 1
}

// same compares texts of which one is a secret or repeats one.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// newCode draws the code of an SMS, every one of the million alike.
func newCode(random io.Reader) (string, error) {
	n, err := rand.Int(random, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("authserver: a new code: %w", err)
	}
	return fmt.Sprintf("%0*d", sca.CodeDigit, n), nil
}

// hashCode hashes a code with the challenge that it answers, so that equal
// codes of two challenges do not show. Six digits can be guessed from the hash
// by whoever reads the database; five tries and five minutes protect them, not
// this.
func hashCode(id sca.ID, code string) []byte {
	sum := sha256.Sum256([]byte(string(id) + "|" + code))
	return sum[:]
}

// bind writes parts behind their lengths, so that no two lists of parts share
// a text.
func bind(parts ...string) string {
	b := make([]byte, 0, 160)
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(append(append(b, ':'), p...), '|')
	}
	return string(b)
}
