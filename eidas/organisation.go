package eidas

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Organisation is the organizationIdentifier (2.5.4.97) of a payment service provider: ETSI TS 119 495, 5.2.1. It is what
// binds a TPP: certificates come and go, this stays.
type Organisation string

const (
	organisationPrefix = "PSD"
	maxOrganisation    = 128 // characters; X.520 has no bound, tppId of PolishAPI has this one
)

// ParseOrganisation reads "PSDPL-PFSA-5250007738": PSD, the country, the supervisor, and the number by which that
// supervisor knows the organisation, which may hold anything printable, hyphens too.
func ParseOrganisation(text string) (Organisation, error) {
	rest, ok := strings.CutPrefix(text, organisationPrefix)
	if !ok {
		return "", fmt.Errorf("organizationIdentifier %q does not begin with PSD", text)
	}
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxOrganisation {
		return "", fmt.Errorf("organizationIdentifier of %d bytes is too long or not UTF-8", len(text))
	}
	country, rest, _ := strings.Cut(rest, "-")
	authority, number, ok := strings.Cut(rest, "-")
	switch {
	case len(country) != 2 || !capitals(country):
		return "", fmt.Errorf("organizationIdentifier %q has no country", text)
	case !ok || len(authority) < 2 || len(authority) > 8 || !capitals(authority):
		return "", fmt.Errorf("organizationIdentifier %q has no supervisor of two to eight letters", text)
	case number == "" || strings.TrimSpace(number) != number || strings.ContainsFunc(number, control):
		return "", fmt.Errorf("organizationIdentifier %q has no number", text)
	}
	return Organisation(text), nil
}

// Country is the ISO 3166 code of the home supervisor's country.
func (o Organisation) Country() string { c, _, _ := o.parts(); return c }

// Authority is the supervisor's short name within its country.
func (o Organisation) Authority() string { _, a, _ := o.parts(); return a }

// Number is the organisation's number with its supervisor.
func (o Organisation) Number() string { _, _, n := o.parts(); return n }

func (o Organisation) parts() (country, authority, number string) {
	country, rest, _ := strings.Cut(strings.TrimPrefix(string(o), organisationPrefix), "-")
	authority, number, _ = strings.Cut(rest, "-")
	return country, authority, number
}

func capitals(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}

func control(r rune) bool { return r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) }
