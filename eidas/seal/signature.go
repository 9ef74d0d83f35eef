package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"okienko/bank"
)

// Algorithm is a JWS algorithm of RFC 7518, 3.1.
type Algorithm string

// The algorithms that this package knows. There is no "none" and none with a shared secret, so no setting can allow one.
const (
	RS256 Algorithm = "RS256" // the one that PolishAPI and mBank use
	PS256 Algorithm = "PS256"
	ES256 Algorithm = "ES256"
)

// Signature is a detached JWS as it arrived. Nothing in it is proven before Verify.
type Signature struct {
	Header
	protected string // as it arrived, for that is what is signed
	value     []byte
}

// Header is the protected header.
type Header struct {
	Alg        Algorithm
	Typ        string // "JWT", or nothing
	KeyID      string // kid
	URL        string // x5u
	Thumbprint string // x5t#S256 in base64url without padding, however it was sent
}

const (
	maxValue     = 8 << 10 // bytes of the header: RSA of 8192 bits needs 1.4 kB, an x5u can be long
	rsaBytesMost = 8192 / 8
	p256Bytes    = 32
)

// The public sentences. A signature that does not verify is refused in one way, whatever the reason; the log has it.
const (
	sayMissing  = "The request carries no detached signature."
	sayUnread   = "The signature cannot be read."
	sayMismatch = "The signature does not match the request."
)

func unread(cause string) error {
	return bank.Refuse(bank.SignatureInvalid, sayUnread).Because(errors.New(cause))
}

// Parse reads the value of the signature header. A value that is absent, or that carries its payload, is SignatureMissing
// (there is no detached signature); everything else that is wrong is SignatureInvalid. The algorithm must be one of
// those handed in: which are allowed is never for the message to say.
func Parse(value string, allowed ...Algorithm) (*Signature, error) {
	if value == "" {
		return nil, bank.Refuse(bank.SignatureMissing, sayMissing)
	}
	if len(value) > maxValue {
		return nil, unread("longer than any signature")
	}
	protected, rest, ok := strings.Cut(value, ".")
	payload, last, ok2 := strings.Cut(rest, ".")
	switch {
	case !ok || !ok2 || strings.Contains(last, "."):
		return nil, unread("not three parts")
	case payload != "":
		return nil, bank.Refuse(bank.SignatureMissing, sayMissing).Because(errors.New("the payload is attached"))
	case protected == "" || last == "":
		return nil, unread("an empty part")
	}
	text, err := decode(protected)
	if err != nil {
		return nil, unread("header: " + err.Error())
	}
	s := &Signature{protected: protected}
	if err := s.Header.read(text); err != nil {
		return nil, unread("header: " + err.Error())
	}
	if !slices.Contains(allowed, s.Alg) {
		return nil, unread(fmt.Sprintf("algorithm %q is not allowed", s.Alg))
	}
	if s.value, err = decode(last); err != nil {
		return nil, unread("signature: " + err.Error())
	}
	if len(s.value) > rsaBytesMost {
		return nil, unread("signature: longer than any key")
	}
	return s, nil
}

// decode refuses padding, bits beyond the last byte, and the line breaks that package base64 skips: one signature has one
// spelling.
func decode(part string) ([]byte, error) {
	if strings.IndexByte(part, '\n') >= 0 || strings.IndexByte(part, '\r') >= 0 {
		return nil, errors.New("a line break in base64url")
	}
	return base64.RawURLEncoding.Strict().DecodeString(part)
}

// Verify tells whether the key of a certificate made this signature over the payload, and whether the thumbprint in the
// header, if there is one, is that of the certificate.
func (s *Signature) Verify(cert *x509.Certificate, payload []byte) error {
	if s.Thumbprint != "" {
		sum := sha256.Sum256(cert.Raw)
		if subtle.ConstantTimeCompare([]byte(s.Thumbprint), []byte(base64.RawURLEncoding.EncodeToString(sum[:]))) != 1 {
			return mismatch(errors.New("x5t#S256 is that of another certificate"))
		}
	}
	return s.VerifyKey(cert.PublicKey, payload)
}

// VerifyKey is Verify for a bare key: the thumbprint is not looked at.
func (s *Signature) VerifyKey(key crypto.PublicKey, payload []byte) error {
	digest := sha256.Sum256(signingInput(s.protected, payload))
	switch public := key.(type) {
	case *rsa.PublicKey:
		switch s.Alg {
		case RS256:
			return mismatch(rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], s.value))
		case PS256:
			return mismatch(rsa.VerifyPSS(public, crypto.SHA256, digest[:], s.value, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
		}
	case *ecdsa.PublicKey:
		if s.Alg == ES256 && public.Curve == elliptic.P256() {
			if len(s.value) != 2*p256Bytes {
				return mismatch(errors.New("an ES256 signature has 64 bytes"))
			}
			r, t := new(big.Int).SetBytes(s.value[:p256Bytes]), new(big.Int).SetBytes(s.value[p256Bytes:])
			if !ecdsa.Verify(public, digest[:], r, t) {
				return mismatch(errors.New("ES256 does not verify"))
			}
			return nil
		}
	}
	return mismatch(fmt.Errorf("algorithm %s does not fit a key %T", s.Alg, key))
}

func mismatch(err error) error {
	if err == nil {
		return nil
	}
	return bank.Refuse(bank.SignatureInvalid, sayMismatch).Because(err)
}

func signingInput(protected string, payload []byte) []byte {
	input := make([]byte, 0, len(protected)+1+base64.RawURLEncoding.EncodedLen(len(payload)))
	input = append(input, protected...)
	input = append(input, '.')
	return base64.RawURLEncoding.AppendEncode(input, payload)
}

// thumbprint reads x5t#S256: base64url as RFC 7515 wants it, or the hexadecimal that some clients send. It gives the
// former.
func thumbprint(sent string) (string, error) {
	switch len(sent) {
	case base64.RawURLEncoding.EncodedLen(sha256.Size):
		if _, err := decode(sent); err != nil {
			return "", err
		}
		return sent, nil
	case hex.EncodedLen(sha256.Size):
		sum, err := hex.DecodeString(sent)
		return base64.RawURLEncoding.EncodeToString(sum), err
	}
	return "", fmt.Errorf("a thumbprint of %d characters", len(sent))
}
