package eidas

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
)

// RSA keys: below 2048 bits ETSI TS 119 312 does not allow them, and checking a signature under one of more than 8192
// costs so much that a few callers could keep the machine busy.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

func strongKey(c *x509.Certificate) error {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return fmt.Errorf("%w: RSA of %d bits", ErrKey, bits)
		}
		return nil
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() || key.Curve == elliptic.P384() || key.Curve == elliptic.P521() {
			return nil
		}
	}
	return fmt.Errorf("%w: %v", ErrKey, c.PublicKeyAlgorithm)
}
