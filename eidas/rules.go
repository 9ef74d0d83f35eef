package eidas

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"okienko/bank"
)

// The rules that a certificate can break. A refusal of this package wraps exactly one of them, and the detail for the log
// beside it. Their texts are safe to show: they say nothing that the holder of the certificate cannot read in it.
var (
	ErrMissing      = errors.New("no certificate was presented")
	ErrStatement    = errors.New("the qualified statements are missing or malformed (ETSI TS 119 495, 5.1)")
	ErrType         = errors.New("the certificate is of another type than its use needs (ETSI EN 319 412-5, 4.2.3)")
	ErrRoles        = errors.New("the certificate names no payment role (ETSI TS 119 495, 5.1)")
	ErrOrganisation = errors.New("the subject names no organisation with an identifier (ETSI TS 119 495, 5.2.1)")
	ErrKeyUsage     = errors.New("the key usage does not allow this use (ETSI EN 319 412-2, 4.3.2)")
	ErrExtKeyUsage  = errors.New("the extended key usage lacks client authentication (RFC 5280, 4.2.1.12)")
	ErrKey          = errors.New("the public key is too weak or of an unknown kind")
	ErrNotYetValid  = errors.New("the certificate is not valid yet")
	ErrExpired      = errors.New("the certificate has expired")
	ErrIssuer       = errors.New("the certificate was not issued by a trusted issuer")
	ErrSandbox      = errors.New("the certificate was made by a sandbox and is worth nothing here")
	ErrRevoked      = errors.New("the certificate is revoked")
	ErrUnchecked    = errors.New("whether the certificate is revoked cannot be found out now")
)

// refuse turns the breach of a rule into the refusal of the house.
func refuse(err error) error {
	for _, rule := range []error{
		ErrStatement, ErrType, ErrRoles, ErrOrganisation, ErrKeyUsage, ErrExtKeyUsage, ErrKey, ErrNotYetValid, ErrExpired,
		ErrIssuer, ErrSandbox, ErrRevoked, ErrUnchecked,
	} {
		if errors.Is(err, rule) {
			return bank.Refuse(bank.CertificateInvalid, rule.Error()).Because(err)
		}
	}
	if errors.Is(err, ErrMissing) {
		return bank.Refuse(bank.CertificateMissing, ErrMissing.Error()).Because(err)
	}
	return err // not the certificate's fault: cancelled, or a defect
}

// SandboxOrganisation marks every authority that a sandbox has ever made. It stands in the signed name, so it cannot be
// taken off without making another one.
const SandboxOrganisation = "okienko sandbox CA"

// MadeBySandbox tells whether a certificate is an authority of any sandbox, or was issued by one.
func MadeBySandbox(c *x509.Certificate) bool {
	return slices.Contains(c.Subject.Organization, SandboxOrganisation) || slices.Contains(c.Issuer.Organization, SandboxOrganisation)
}

// rule is what one use of a certificate needs.
type rule struct {
	keyUsage x509.KeyUsage      // at least one of them
	extended []x509.ExtKeyUsage // each of them
}

var rules = map[Type]rule{
	// TLS 1.2 and later sign the handshake, which is digitalSignature alone (RFC 8446, 4.4.2.2).
	QWAC: {keyUsage: x509.KeyUsageDigitalSignature, extended: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
	// A seal may be made for either (ETSI EN 319 412-2, 4.3.2, types A to E without key agreement).
	QSealC: {keyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment},
}

// obey checks all that does not change while the certificate lives.
func obey(c *Certificate, want Type) error {
	r := rules[want]
	switch {
	case c.Type != want:
		return fmt.Errorf("%w: a %s where a %s is needed", ErrType, c.Type, want)
	case c.X509.IsCA:
		return fmt.Errorf("%w: it is an authority", ErrKeyUsage)
	case c.X509.KeyUsage&r.keyUsage == 0:
		return fmt.Errorf("%w: bits %b, want one of %b", ErrKeyUsage, c.X509.KeyUsage, r.keyUsage)
	}
	for _, usage := range r.extended {
		if !slices.Contains(c.X509.ExtKeyUsage, usage) {
			return fmt.Errorf("%w: it has %v", ErrExtKeyUsage, c.X509.ExtKeyUsage)
		}
	}
	return strongKey(c.X509)
}
