package eidas

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Type is what a qualified certificate is for: QcType of ETSI EN 319 412-5, 4.2.3.
type Type string

// The types. A QSign belongs to a person and is never accepted here.
const (
	QSign  Type = "QSign"  // electronic signature
	QSealC Type = "QSealC" // electronic seal
	QWAC   Type = "QWAC"   // web site authentication
)

// Role is a payment role of Directive (EU) 2015/2366, written as in ETSI TS 119 495, 5.1.
type Role string

// The roles.
const (
	AccountServicing Role = "PSP_AS"
	Initiation       Role = "PSP_PI"
	Information      Role = "PSP_AI"
	CardIssuing      Role = "PSP_IC"
)

// Roles are those of one certificate, each once, in the order of the certificate.
type Roles []Role

// Has tells whether a role is among them.
func (r Roles) Has(role Role) bool { return slices.Contains(r, role) }

// Statements are the qualified certificate statements of a certificate: RFC 3739, 3.2.6 with ETSI EN 319 412-5 and
// ETSI TS 119 495.
type Statements struct {
	Compliance bool             // QcCompliance: issued as a qualified certificate
	SSCD       bool             // QcSSCD: the key lives in a qualified device
	Types      []Type           // QcType
	PSD2       *PSD2            // nil: not a certificate of a payment service provider
	Others     []OtherStatement // what has no meaning here: QcPDS, retention, legislation
}

// PSD2 is the statement of ETSI TS 119 495, 5.1: what the home supervisor has licensed.
type PSD2 struct {
	Roles   Roles
	NCAName string // "Polish Financial Supervision Authority"
	NCAID   string // "PL-PFSA"
}

// OtherStatement is a statement kept as it came.
type OtherStatement struct {
	ID   asn1.ObjectIdentifier
	Info []byte // one DER element, or nothing
}

// Object identifiers of the extension, its statements and their values.
var (
	oidStatements = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}
	oidCompliance = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}
	oidSSCD       = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 4}
	oidQcType     = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6}
	oidPSD2       = asn1.ObjectIdentifier{0, 4, 0, 19495, 2}
	oidRole       = asn1.ObjectIdentifier{0, 4, 0, 19495, 1} // and the number below
	roleNumbers   = []Role{1: AccountServicing, 2: Initiation, 3: Information, 4: CardIssuing}
	typeNumbers   = []Type{1: QSign, 2: QSealC, 3: QWAC}
)

// StatementsID is the object identifier of the certificate extension.
func StatementsID() asn1.ObjectIdentifier { return slices.Clone(oidStatements) }

// Bounds. The largest extension of a real certificate that we know has about 400 bytes.
const (
	maxStatementBytes = 8 << 10
	maxStatements     = 32
	maxText           = 256 // characters of a role name, nCAName and nCAId: SIZE (1..256)
)

var (
	errDER      = errors.New("not strict DER")
	errTwice    = errors.New("stands twice")
	errTextSize = errors.New("is not UTF-8 text of 1 to 256 characters")
)

// ParseStatements reads the value of the extension. It accepts DER only, each statement once, and only roles whose
// object identifier and name agree: software that looks at one of the two must not see another licence than software
// that looks at the other.
func ParseStatements(value []byte) (Statements, error) {
	var s Statements
	if len(value) > maxStatementBytes {
		return s, fmt.Errorf("qcStatements of %d bytes", len(value))
	}
	in := cryptobyte.String(value)
	var list cryptobyte.String
	if !in.ReadASN1(&list, der.SEQUENCE) || !in.Empty() {
		return s, fmt.Errorf("qcStatements: %w", errDER)
	}
	seen := make([]string, 0, 8)
	for !list.Empty() {
		var statement cryptobyte.String
		var id asn1.ObjectIdentifier
		if !list.ReadASN1(&statement, der.SEQUENCE) || !statement.ReadASN1ObjectIdentifier(&id) {
			return Statements{}, fmt.Errorf("qcStatement: %w", errDER)
		}
		name := id.String()
		if slices.Contains(seen, name) || len(seen) == maxStatements {
			return Statements{}, fmt.Errorf("qcStatement %s %w", name, errTwice)
		}
		seen = append(seen, name)
		if err := s.read(id, statement); err != nil {
			return Statements{}, fmt.Errorf("qcStatement %s: %w", name, err)
		}
	}
	return s, nil
}

func (s *Statements) read(id asn1.ObjectIdentifier, info cryptobyte.String) (err error) {
	switch {
	case id.Equal(oidCompliance):
		s.Compliance = true
		return nothing(info)
	case id.Equal(oidSSCD):
		s.SSCD = true
		return nothing(info)
	case id.Equal(oidQcType):
		s.Types, err = readTypes(info)
		return err
	case id.Equal(oidPSD2):
		s.PSD2, err = readPSD2(info)
		return err
	}
	other := OtherStatement{ID: id}
	if !info.Empty() {
		var element cryptobyte.String
		if !info.ReadAnyASN1Element(&element, new(der.Tag)) || !info.Empty() {
			return errDER
		}
		other.Info = slices.Clone([]byte(element))
	}
	s.Others = append(s.Others, other)
	return nil
}

func nothing(info cryptobyte.String) error {
	if !info.Empty() {
		return errors.New("carries a value that the standard does not know")
	}
	return nil
}

func readTypes(info cryptobyte.String) ([]Type, error) {
	var list cryptobyte.String
	if !info.ReadASN1(&list, der.SEQUENCE) || !info.Empty() {
		return nil, errDER
	}
	var types []Type
	for !list.Empty() {
		var id asn1.ObjectIdentifier
		if !list.ReadASN1ObjectIdentifier(&id) {
			return nil, errDER
		}
		n, ok := below(id, oidQcType)
		if !ok || n < 1 || n >= len(typeNumbers) {
			return nil, fmt.Errorf("unknown type %v", id)
		}
		if slices.Contains(types, typeNumbers[n]) {
			return nil, fmt.Errorf("type %s %w", typeNumbers[n], errTwice)
		}
		types = append(types, typeNumbers[n])
	}
	if types == nil {
		return nil, errors.New("no type")
	}
	return types, nil
}

func readPSD2(info cryptobyte.String) (*PSD2, error) {
	var body, list cryptobyte.String
	if !info.ReadASN1(&body, der.SEQUENCE) || !info.Empty() || !body.ReadASN1(&list, der.SEQUENCE) {
		return nil, errDER
	}
	var p PSD2
	for !list.Empty() {
		role, err := readRole(&list)
		if err != nil {
			return nil, err
		}
		if p.Roles.Has(role) {
			return nil, fmt.Errorf("role %s %w", role, errTwice)
		}
		p.Roles = append(p.Roles, role)
	}
	var err error
	if p.NCAName, err = readText(&body); err != nil {
		return nil, fmt.Errorf("nCAName: %w", err)
	}
	if p.NCAID, err = readText(&body); err != nil {
		return nil, fmt.Errorf("nCAId: %w", err)
	}
	if !body.Empty() {
		return nil, errDER
	}
	return &p, nil
}

func readRole(list *cryptobyte.String) (Role, error) {
	var role cryptobyte.String
	var id asn1.ObjectIdentifier
	if !list.ReadASN1(&role, der.SEQUENCE) || !role.ReadASN1ObjectIdentifier(&id) {
		return "", errDER
	}
	name, err := readText(&role)
	if err != nil {
		return "", fmt.Errorf("role name: %w", err)
	}
	n, ok := below(id, oidRole)
	switch {
	case !role.Empty():
		return "", errDER
	case !ok || n < 1 || n >= len(roleNumbers):
		return "", fmt.Errorf("unknown role %v", id)
	case name != string(roleNumbers[n]):
		return "", fmt.Errorf("the role %v is %s and not %q", id, roleNumbers[n], name)
	}
	return roleNumbers[n], nil
}

func readText(in *cryptobyte.String) (string, error) {
	var text cryptobyte.String
	if !in.ReadASN1(&text, der.UTF8String) {
		return "", errDER
	}
	if !textFits(string(text)) {
		return "", errTextSize
	}
	return string(text), nil
}

func textFits(text string) bool {
	return utf8.ValidString(text) && text != "" && utf8.RuneCountInString(text) <= maxText
}

// below gives the last arc of an identifier that stands directly under a parent.
func below(id, parent asn1.ObjectIdentifier) (int, bool) {
	if len(id) != len(parent)+1 || !id[:len(parent)].Equal(parent) {
		return 0, false
	}
	return id[len(parent)], true
}

// Encode writes the value of the extension.
func (s *Statements) Encode() ([]byte, error) {
	var bad error
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		statement := func(id asn1.ObjectIdentifier, info func(*cryptobyte.Builder)) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(id)
				if info != nil {
					info(b)
				}
			})
		}
		if s.Compliance {
			statement(oidCompliance, nil)
		}
		if s.SSCD {
			statement(oidSSCD, nil)
		}
		if s.Types != nil {
			statement(oidQcType, func(b *cryptobyte.Builder) { bad = errors.Join(bad, writeTypes(b, s.Types)) })
		}
		if s.PSD2 != nil {
			statement(oidPSD2, func(b *cryptobyte.Builder) { bad = errors.Join(bad, s.PSD2.write(b)) })
		}
		for _, o := range s.Others {
			statement(o.ID, func(b *cryptobyte.Builder) { b.AddBytes(o.Info) })
		}
	})
	value, err := b.Bytes()
	if err = errors.Join(bad, err); err != nil {
		return nil, fmt.Errorf("eidas: qcStatements: %w", err)
	}
	return value, nil
}

func writeTypes(b *cryptobyte.Builder, types []Type) (err error) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, t := range types {
			n := slices.Index(typeNumbers, t)
			if n < 1 {
				err = fmt.Errorf("unknown type %q", t)
				return
			}
			b.AddASN1ObjectIdentifier(append(slices.Clone(oidQcType), n))
		}
	})
	return err
}

func (p *PSD2) write(b *cryptobyte.Builder) (err error) {
	if !textFits(p.NCAName) || !textFits(p.NCAID) {
		return fmt.Errorf("the supervisor %w", errTextSize)
	}
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, role := range p.Roles {
				n := slices.Index(roleNumbers, role)
				if n < 1 {
					err = fmt.Errorf("unknown role %q", role)
					return
				}
				b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(append(slices.Clone(oidRole), n))
					writeText(b, string(role))
				})
			}
		})
		writeText(b, p.NCAName)
		writeText(b, p.NCAID)
	})
	return err
}

func writeText(b *cryptobyte.Builder, text string) {
	b.AddASN1(der.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
}
