package eidas

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"slices"
)

// Certificate is what a QWAC or QSealC says. That it says so proves nothing until a Checker has accepted it.
type Certificate struct {
	X509         *x509.Certificate
	Organisation Organisation
	Name         string // the legal name in the subject
	Roles        Roles
	Type         Type
	NCAName      string
	NCAID        string
	Thumbprint   string // x5t#S256 of RFC 7515, 4.1.8
}

var oidOrganisation = asn1.ObjectIdentifier{2, 5, 4, 97}

// OrganisationID is the object identifier of organizationIdentifier, a part of the subject.
func OrganisationID() asn1.ObjectIdentifier { return slices.Clone(oidOrganisation) }

// Thumbprint is x5t#S256: SHA-256 over the DER of a certificate in base64url without padding (RFC 7515, 4.1.8).
func Thumbprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Parse reads the statements and the subject of a certificate and judges nothing else. The error wraps ErrStatement,
// ErrType, ErrRoles or ErrOrganisation.
func Parse(c *x509.Certificate) (Certificate, error) {
	statements, err := statementsOf(c)
	if err != nil {
		return Certificate{}, err
	}
	switch {
	case !statements.Compliance:
		return Certificate{}, fmt.Errorf("%w: no QcCompliance", ErrStatement)
	case len(statements.Types) != 1:
		return Certificate{}, fmt.Errorf("%w: types %v, want exactly one", ErrType, statements.Types)
	case statements.PSD2 == nil:
		return Certificate{}, fmt.Errorf("%w: no PSD2 statement", ErrStatement)
	case len(statements.PSD2.Roles) == 0:
		return Certificate{}, fmt.Errorf("%w: the PSD2 statement names no role", ErrRoles)
	}
	organisation, name, err := subjectOf(c)
	if err != nil {
		return Certificate{}, fmt.Errorf("%w: %w", ErrOrganisation, err)
	}
	return Certificate{
		X509: c, Organisation: organisation, Name: name,
		Roles: statements.PSD2.Roles, Type: statements.Types[0],
		NCAName: statements.PSD2.NCAName, NCAID: statements.PSD2.NCAID,
		Thumbprint: Thumbprint(c),
	}, nil
}

func statementsOf(c *x509.Certificate) (Statements, error) {
	var value []byte
	for _, e := range c.Extensions { // crypto/x509 has refused an extension that stands twice
		if e.Id.Equal(oidStatements) {
			value = e.Value
		}
	}
	if value == nil {
		return Statements{}, fmt.Errorf("%w: the extension is missing", ErrStatement)
	}
	s, err := ParseStatements(value)
	if err != nil {
		return Statements{}, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return s, nil
}

// subjectOf gives who the certificate is for. Each attribute may stand once: with two, two readers could see two
// organisations.
func subjectOf(c *x509.Certificate) (Organisation, string, error) {
	var found []string
	for _, attribute := range c.Subject.Names {
		if attribute.Type.Equal(oidOrganisation) {
			text, ok := attribute.Value.(string)
			if !ok {
				return "", "", fmt.Errorf("organizationIdentifier is not a text")
			}
			found = append(found, text)
		}
	}
	if len(found) != 1 {
		return "", "", fmt.Errorf("organizationIdentifier stands %d times, want once", len(found))
	}
	if len(c.Subject.Organization) != 1 || c.Subject.Organization[0] == "" {
		return "", "", fmt.Errorf("organizationName stands %d times, want once", len(c.Subject.Organization))
	}
	organisation, err := ParseOrganisation(found[0])
	return organisation, c.Subject.Organization[0], err
}
