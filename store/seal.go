package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// sealer encrypts what must not be read from a copy of the file (personal
// numbers, phone numbers, texts of messages), and blinds what must be found
// again without being read.
type sealer struct {
	box      cipher.AEAD
	blindKey []byte
	check    []byte // proves the key without telling anything of it
}

const sealVersion = 1 // first byte of everything sealed, for a change of cipher or key

func newSealer(key []byte) (sealer, error) {
	if len(key) != 32 {
		return sealer{}, fmt.Errorf("store: the key has %d bytes instead of 32", len(key))
	}
	// One key for each use, so that none of them says anything about another.
	derive := func(use string) ([]byte, error) { return hkdf.Key(sha256.New, key, nil, "okienko store "+use, 32) }
	sealKey, err1 := derive("seal")
	blindKey, err2 := derive("blind")
	check, err3 := derive("check")
	if err := errors.Join(err1, err2, err3); err != nil {
		return sealer{}, fmt.Errorf("store: deriving keys: %w", err)
	}
	block, err := aes.NewCipher(sealKey)
	if err != nil {
		return sealer{}, fmt.Errorf("store: %w", err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return sealer{}, fmt.Errorf("store: %w", err)
	}
	return sealer{box: box, blindKey: blindKey, check: check}, nil
}

// seal encrypts with AES-256-GCM under a random nonce. Nothing seals to
// nothing: whether somebody has a phone number is no secret.
func (s *sealer) seal(plain []byte) []byte {
	if len(plain) == 0 {
		return []byte{}
	}
	out := make([]byte, 1+s.box.NonceSize(), 1+s.box.NonceSize()+len(plain)+s.box.Overhead())
	out[0] = sealVersion
	nonce := out[1:]
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process instead
	return s.box.Seal(out, nonce, plain, nil)
}

// open reads what seal made.
func (s *sealer) open(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	n := 1 + s.box.NonceSize()
	if len(sealed) < n || sealed[0] != sealVersion {
		return nil, errors.New("store: sealed bytes of an unknown form")
	}
	plain, err := s.box.Open(nil, sealed[1:n], sealed[n:], nil)
	if err != nil {
		return nil, fmt.Errorf("store: sealed bytes do not open: %w", err)
	}
	return plain, nil
}

// blind is a keyed hash by which what is sealed is found again.
func (s *sealer) blind(text string) []byte {
	h := hmac.New(sha256.New, s.blindKey)
	h.Write([]byte(text))
	return h.Sum(nil)
}
