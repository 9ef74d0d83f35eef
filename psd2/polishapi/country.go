package polishapi

import (
	"slices"

	"golang.org/x/text/language"

	"okienko/psd2/wire"
)

// Kosovo has no code of its own in the standard; these are in use among banks, and
// the library knows another of three letters.
const (
	kosovo2 = "XK"
	kosovo3 = "XKX"
)

// country reads a country of three letters (ISO 3166-1 alpha-3; psd2 §2.5), and
// gives the two by which the bank knows it.
func country(b wire.Branch, name string) string {
	s := b.Text(name, 3)
	if s == "" {
		return ""
	}
	if s == kosovo3 {
		return kosovo2
	}
	region, err := language.ParseRegion(s)
	letters := !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < 'A' || c > 'Z' })
	if err != nil || len(s) != 3 || !letters || !region.IsCountry() || region.ISO3() != s || region.String() == kosovo2 {
		b.Blame(b.Path+name, "A country is three letters of ISO 3166-1, POL.")
		return ""
	}
	return region.String()
}

// alpha3 spells a country of two letters with three, "" for what is none.
func alpha3(alpha2 string) string {
	if alpha2 == kosovo2 {
		return kosovo3
	}
	region, err := language.ParseRegion(alpha2)
	if err != nil || !region.IsCountry() {
		return ""
	}
	return region.ISO3()
}
