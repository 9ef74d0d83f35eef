package trustservice

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"time"

	"okienko/eidas"
)

// Bad names a way in which a certificate is wrong on purpose.
type Bad string

// The ways. Each breaks one rule and keeps all others.
const (
	Good              Bad = ""
	Expired           Bad = "expired"      // ran out yesterday
	Revoked           Bad = "revoked"      // withdrawn as soon as it was issued
	WrongRole         Bad = "wrong-role"   // a role's name is not that of its object identifier
	NoRole            Bad = "no-role"      // a statement without any role
	WrongIssuer       Bad = "wrong-issuer" // issued by an authority that nobody trusts
	WrongOrganisation Bad = "wrong-org"    // well-formed, but of another organisation than was asked for
	NoStatement       Bad = "no-statement" // qualified, but not for payment services
)

// Bads lists the ways.
func Bads() []Bad {
	return []Bad{Expired, Revoked, WrongRole, NoRole, WrongIssuer, WrongOrganisation, NoStatement}
}

// Request is what a TPP asks for.
type Request struct {
	Organisation eidas.Organisation
	Name         string      // legal name
	Roles        eidas.Roles // none: information, initiation, card issuing
	Type         eidas.Type  // QWAC or QSealC
	NotBefore    time.Time   // zero: now
	NotAfter     time.Time   // zero: ten years later
	Bad          Bad
}

// Issued is a certificate with the key that was made for it. The service keeps the first and forgets the second.
type Issued struct {
	Certificate *x509.Certificate
	Issuer      *x509.Certificate
	Key         crypto.Signer
	X5U         string // where the service publishes the certificate
}

// Chain is what the holder presents.
func (i *Issued) Chain() []*x509.Certificate { return []*x509.Certificate{i.Certificate, i.Issuer} }

// CertificatePEM is the certificate, followed by its issuer.
func (i *Issued) CertificatePEM() []byte {
	return append(certificatePEM(i.Certificate), certificatePEM(i.Issuer)...)
}

// KeyPEM is the key in PKCS #8, a secret.
func (i *Issued) KeyPEM() ([]byte, error) { return keyPEM(i.Key) }

// TLS is the certificate for a tls.Config.
func (i *Issued) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.Certificate.Raw, i.Issuer.Raw}, PrivateKey: i.Key, Leaf: i.Certificate}
}

const rsaBits = 2048 // RS256 is what both forms demand of seals; making such a key takes a tenth of a second, and more than 2048 much longer

// Issue makes a key and a certificate for it.
func (s *Service) Issue(r Request) (Issued, error) {
	issued, err := s.issue(r)
	if err != nil {
		return Issued{}, fmt.Errorf("trustservice: %w", err)
	}
	if r.Bad == Revoked {
		return issued, s.Revoke(issued.Certificate)
	}
	return issued, nil
}

func (s *Service) issue(r Request) (Issued, error) {
	if _, err := eidas.ParseOrganisation(string(r.Organisation)); err != nil {
		return Issued{}, err
	}
	if r.Name == "" {
		return Issued{}, errors.New("a certificate needs the name of its holder")
	}
	if r.Bad != Good && !slices.Contains(Bads(), r.Bad) {
		return Issued{}, fmt.Errorf("unknown way of being bad %q", r.Bad)
	}
	if len(r.Roles) == 0 {
		r.Roles = eidas.Roles{eidas.Information, eidas.Initiation, eidas.CardIssuing}
	}
	key, err := newKey(r.Type)
	if err != nil {
		return Issued{}, err
	}
	template, err := s.template(r, key)
	if err != nil {
		return Issued{}, err
	}
	issuer := s.qtsp
	if r.Bad == WrongIssuer {
		if issuer, err = s.stranger(); err != nil {
			return Issued{}, err
		}
	}
	made, err := issuer.sign(template, key.Public())
	if err != nil {
		return Issued{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(&record{Certificate: made.Raw, Type: string(r.Type), parsed: made})
	if err := s.save(); err != nil {
		return Issued{}, err
	}
	return Issued{Certificate: made, Issuer: issuer.certificate, Key: key, X5U: s.places.x5u(made)}, nil
}

func newKey(t eidas.Type) (crypto.Signer, error) {
	switch t {
	case eidas.QWAC:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case eidas.QSealC:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return nil, fmt.Errorf("a %q is not issued", t)
}

// stranger gives an authority of its own making, outside the tree.
func (s *Service) stranger() (*authority, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rogue == nil {
		made, err := newAuthority("okienko sandbox stranger", nil, s.places, s.settings.Clock.Now())
		if err != nil {
			return nil, err
		}
		s.rogue = made
	}
	return s.rogue, nil
}

func (s *Service) template(r Request, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	id, err := keyID(key.Public())
	if err != nil {
		return nil, err
	}
	statements, err := statements(r)
	if err != nil {
		return nil, err
	}
	from, until := s.life(r)
	t := &x509.Certificate{
		SerialNumber: serial, Subject: subject(r), SubjectKeyId: id, NotBefore: from, NotAfter: until, BasicConstraintsValid: true,
		OCSPServer: []string{s.places.ocsp()}, IssuingCertificateURL: []string{s.places.issuer()}, CRLDistributionPoints: []string{s.places.crl()},
		ExtraExtensions: []pkix.Extension{{Id: eidas.StatementsID(), Value: statements}},
	}
	policy := []uint64{0, 4, 0, 19495, 3, 1} // QCP-w-psd2: ETSI TS 119 495, 6.1
	if r.Type == eidas.QWAC {
		t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	} else {
		t.KeyUsage = x509.KeyUsageContentCommitment | x509.KeyUsageDigitalSignature
		policy = []uint64{0, 4, 0, 194112, 1, 1} // QCP-l: ETSI EN 319 411-2, 5.3
	}
	oid, err := x509.OIDFromInts(policy)
	t.Policies = []x509.OID{oid}
	return t, err
}

func (s *Service) life(r Request) (from, until time.Time) {
	now := s.settings.Clock.Now()
	from, until = r.NotBefore, r.NotAfter
	if r.Bad == Expired {
		return now.AddDate(-2, 0, 0), now.AddDate(0, 0, -1)
	}
	if from.IsZero() {
		from = now.Add(-behind)
	}
	if until.IsZero() {
		until = now.Add(certificateLife)
	}
	return from, until
}

func subject(r Request) pkix.Name {
	organisation := r.Organisation
	if r.Bad == WrongOrganisation {
		organisation = otherThan(organisation)
	}
	return pkix.Name{
		Country: []string{organisation.Country()}, Organization: []string{r.Name}, CommonName: r.Name + " (sandbox " + string(r.Type) + ")",
		ExtraNames: []pkix.AttributeTypeAndValue{{Type: eidas.OrganisationID(), Value: string(organisation)}},
	}
}

func otherThan(o eidas.Organisation) eidas.Organisation {
	stem := "PSD" + o.Country() + "-" + o.Authority() + "-"
	if other := eidas.Organisation(stem + "0000000000"); other != o {
		return other
	}
	return eidas.Organisation(stem + "0000000001")
}

func statements(r Request) ([]byte, error) {
	s := eidas.Statements{Compliance: true, Types: []eidas.Type{r.Type}}
	if r.Bad == NoStatement {
		return s.Encode()
	}
	id := r.Organisation.Country() + "-" + r.Organisation.Authority()
	s.PSD2 = &eidas.PSD2{Roles: r.Roles, NCAName: supervisor(id), NCAID: id}
	if r.Bad == NoRole {
		s.PSD2.Roles = nil
	}
	value, err := s.Encode()
	if err == nil && r.Bad == WrongRole {
		value = renameRole(value, r.Roles)
	}
	return value, err
}

// renameRole gives the first role the name of another and keeps its object identifier. The codec does not write such a
// statement; names of roles are all of one length, so the encoding stays right.
func renameRole(value []byte, roles eidas.Roles) []byte {
	other := eidas.AccountServicing
	if roles[0] == other {
		other = eidas.Information
	}
	return bytes.Replace(value, []byte(roles[0]), []byte(other), 1)
}

func supervisor(id string) string {
	switch id {
	case "PL-PFSA", "PL-KNF":
		return "Polish Financial Supervision Authority"
	}
	return "Supervisor " + id
}
