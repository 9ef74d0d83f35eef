package authserver

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"okienko/bank"
	"okienko/bank/party"
)

// ContextKind is in what capacity somebody is to give a consent.
type ContextKind string

// The capacities. Without one it is anybody's.
const (
	ContextCompany  ContextKind = "company"  // for a company: every segment but individuals
	ContextPersonal ContextKind = "personal" // for themselves
)

// PSUContext is whom a third party says that it sends (PolishAPI requestHeader of
// calls to the AS, psd2 §2.1; mBank's headers, psd2 §3.3). The zero value is
// anybody. The words of PersonBy and CompanyBy are the bank's own to choose.
type PSUContext struct {
	Kind                 ContextKind // isCompanyContext
	PersonBy, PersonID   string      // psuIdentifierType and Value: "P" PESEL, "L" login in internet banking
	CompanyBy, CompanyID string      // psuContextIdentifierType and Value: "N" NIP, "R" REGON
}

// maxLogin is the longest login that can name a person.
const maxLogin = 64

// addressed finds whom a third party sends, nil when that is anybody. A number
// that is no number is refused; one that nobody here has is not, so that no answer
// tells who is a customer (psd2 §10 case 33).
func (s *Server) addressed(ctx context.Context, c PSUContext) (*ConsentFor, error) {
	switch c.Kind {
	case "", ContextPersonal, ContextCompany:
	default:
		return nil, bank.RefuseField("isCompanyContext", "A context is of a company or personal.")
	}
	byPerson, err := identifier(c.PersonBy, c.PersonID, "psuIdentifier", map[string]func(string) bool{"P": isPESEL, "L": isLogin})
	if err != nil {
		return nil, err
	}
	byCompany, err := identifier(c.CompanyBy, c.CompanyID, "psuContextIdentifier", map[string]func(string) bool{"N": isNIP, "R": isREGON})
	switch {
	case err != nil:
		return nil, err
	case byCompany && c.Kind == ContextPersonal:
		return nil, bank.RefuseField("isCompanyContext", "A personal context names no company.")
	case !byPerson && !byCompany && c.Kind == "":
		return nil, nil
	}
	f := ConsentFor{Context: c.Kind}
	if byPerson {
		if f.Person, err = s.personBy(ctx, c.PersonBy, c.PersonID); err != nil {
			return nil, err
		}
		f.Nobody = f.Person == ""
	}
	if byCompany {
		if f.Customers, err = s.companiesBy(ctx, c.CompanyBy, c.CompanyID); err != nil {
			return nil, err
		}
		f.Nobody = f.Nobody || len(f.Customers) == 0
	}
	if f.Nobody {
		f.Person, f.Customers = "", nil
	}
	return &f, nil
}

// identifier judges a type and a value, which go together. No refusal repeats a
// value, which may be a person's number.
func identifier(by, value, field string, known map[string]func(string) bool) (given bool, err error) {
	switch good, ok := known[by]; {
	case by == "" && value == "":
		return false, nil
	case by == "":
		return false, bank.RefuseField(field+"Type", "An identifier needs its type.")
	case !ok:
		return false, bank.RefuseField(field+"Type", "The bank does not know this type of identifier.")
	case value == "":
		return false, bank.RefuseField(field+"Value", "A type of identifier needs a value.")
	case !good(value):
		return false, bank.RefuseField(field+"Value", "The identifier is not one of its type.")
	}
	return true, nil
}

func isPESEL(s string) bool { _, err := party.ParsePESEL(s); return err == nil }
func isNIP(s string) bool   { _, err := party.ParseNIP(s); return err == nil }
func isREGON(s string) bool { _, err := party.ParseREGON(s); return err == nil }

func isLogin(s string) bool {
	return len(s) <= maxLogin && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) })
}

// personBy is the person whom an identifier names, "" when the bank knows none.
func (s *Server) personBy(ctx context.Context, by, value string) (party.PersonID, error) {
	var id party.PersonID
	var err error
	if by == "P" {
		id, err = s.parties.PersonByPESEL(ctx, party.PESEL(value))
	} else {
		var l Login
		l, err = s.store.LoginOf(ctx, value)
		id = l.Person
	}
	if bank.CodeOf(err) == bank.NotFound {
		return "", nil
	}
	return id, err
}

// companiesBy are the companies that an identifier names.
func (s *Server) companiesBy(ctx context.Context, by, value string) ([]party.CustomerID, error) {
	if by == "N" {
		return s.parties.CompaniesByNIP(ctx, party.NIP(value))
	}
	return s.parties.CompaniesByREGON(ctx, party.REGON(value))
}

// has tells whether a person may answer for a customer, as far as whom the third
// party has sent goes.
func (f *ConsentFor) has(person party.PersonID, c *party.Customer) bool {
	switch {
	case f == nil:
		return true
	case f.Nobody, f.Person != "" && f.Person != person, len(f.Customers) > 0 && !slices.Contains(f.Customers, c.ID):
		return false
	case f.Context == ContextCompany:
		return c.Segment != party.Individual
	case f.Context == ContextPersonal:
		return c.Segment == party.Individual && c.Person == person
	}
	return true
}

// ConsentContexts lists the customers for whom a person may act now and for whom
// the third party asks: none when it sent somebody else, which it learns as
// access_denied alone.
func (s *Server) ConsentContexts(ctx context.Context, p PendingConsent, person party.PersonID) ([]party.ActsFor, error) {
	all, err := s.Contexts(ctx, person)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a party.ActsFor) bool { return !p.Request.For.has(person, &a.Customer) }), nil
}

// meant refuses, as NotFound, a person or a customer other than the third party
// asks for.
func (s *Server) meant(ctx context.Context, f *ConsentFor, person party.PersonID, c party.CustomerID) error {
	if f == nil {
		return nil
	}
	customer, err := s.parties.Customer(ctx, c)
	if err == nil && !f.has(person, &customer) {
		err = bank.Refuse(bank.NotFound, "There is no such request.")
	}
	return err
}
