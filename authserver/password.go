package authserver

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// What a password costs: 19 MiB, two passes, one lane, the first choice of the
// OWASP password storage cheat sheet for argon2id.
const (
	passwordMemory  = 19 << 10 // KiB
	passwordTime    = 2
	passwordThreads = 1
	passwordSalt    = 16 // bytes
	passwordKey     = 32 // bytes
)

// HashPassword hashes a password with argon2id into a PHC string. It takes 19
// MiB for its time; whoever hashes many bounds how many at once.
func HashPassword(password string, random io.Reader) (string, error) {
	salt := make([]byte, passwordSalt)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("authserver: salt of a password: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, passwordTime, passwordMemory, passwordThreads, passwordKey)
	return phc(salt, key), nil
}

func phc(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		passwordMemory, passwordTime, passwordThreads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

var errHash = errors.New("authserver: the kept password is not an argon2id hash of this bank's strength")

// passwordIs tells whether a password is the one of a kept hash. Only hashes of
// HashPassword's own cost are read: one that asked for a gigabyte would take the
// machine down, and one that asked for less would tell by its time that the
// login exists.
func passwordIs(password, kept string) (bool, error) {
	salt, key, err := parsePHC(kept)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), salt, passwordTime, passwordMemory, passwordThreads, passwordKey)
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

func parsePHC(kept string) (salt, key []byte, err error) {
	head := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, passwordMemory, passwordTime, passwordThreads)
	rest, ok := strings.CutPrefix(kept, head)
	if !ok {
		return nil, nil, errHash
	}
	saltText, keyText, ok := strings.Cut(rest, "$")
	if !ok {
		return nil, nil, errHash
	}
	b64 := base64.RawStdEncoding.Strict()
	if salt, err = b64.DecodeString(saltText); err != nil || len(salt) != passwordSalt {
		return nil, nil, errHash
	}
	if key, err = b64.DecodeString(keyText); err != nil || len(key) != passwordKey {
		return nil, nil, errHash
	}
	return salt, key, nil
}
