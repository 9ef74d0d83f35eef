package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
)

// Sign makes a detached JWS over a payload. The key may live in a device: only crypto.Signer is asked of it.
func Sign(key crypto.Signer, h Header, payload []byte) (string, error) {
	protected, err := h.encode()
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(signingInput(protected, payload))
	value, err := signDigest(key, h.Alg, digest[:])
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return protected + ".." + base64.RawURLEncoding.EncodeToString(value), nil
}

func signDigest(key crypto.Signer, alg Algorithm, digest []byte) ([]byte, error) {
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		switch alg {
		case RS256:
			return key.Sign(rand.Reader, digest, crypto.SHA256)
		case PS256:
			return key.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
		}
	case *ecdsa.PublicKey:
		if alg == ES256 && public.Curve == elliptic.P256() {
			return signES256(key, digest)
		}
	}
	return nil, fmt.Errorf("algorithm %q does not fit a key %T", alg, key.Public())
}

// signES256 turns the ASN.1 of crypto.Signer into the two numbers of RFC 7518, 3.4.
func signES256(key crypto.Signer, digest []byte) ([]byte, error) {
	text, err := key.Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(text, &pair); err != nil || len(rest) > 0 {
		return nil, errors.New("the key does not sign as ECDSA does")
	}
	value := make([]byte, 2*p256Bytes)
	pair.R.FillBytes(value[:p256Bytes])
	pair.S.FillBytes(value[p256Bytes:])
	return value, nil
}

// encode writes the header in the order that both forms show: alg, typ, kid, x5u, x5t#S256.
func (h *Header) encode() (string, error) {
	text := []byte(`{"alg":"` + string(h.Alg) + `"`)
	for _, m := range []struct{ name, value string }{{"typ", h.Typ}, {"kid", h.KeyID}, {"x5u", h.URL}, {"x5t#S256", h.Thumbprint}} {
		if m.value == "" {
			continue
		}
		text = append(text, `,"`+m.name+`":`...)
		var ok bool
		if text, ok = appendString(text, m.value); !ok {
			return "", fmt.Errorf("seal: %s is not UTF-8", m.name)
		}
	}
	return base64.RawURLEncoding.EncodeToString(append(text, '}')), nil
}
