package eidas_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"okienko/eidas"
)

func encoded(t testing.TB, s eidas.Statements) []byte {
	t.Helper()
	value, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

var full = eidas.Statements{
	Compliance: true, SSCD: true, Types: []eidas.Type{eidas.QSealC},
	PSD2: &eidas.PSD2{
		Roles:   eidas.Roles{eidas.AccountServicing, eidas.Initiation, eidas.Information, eidas.CardIssuing},
		NCAName: "Komisja Nadzoru Finansowego – Żółć", NCAID: "PL-PFSA",
	},
	Others: []eidas.OtherStatement{{ID: asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 3}, Info: []byte{2, 1, 20}}},
}

func TestStatementsComeBackAsTheyWent(t *testing.T) {
	for _, s := range []eidas.Statements{{}, {Compliance: true}, {Types: []eidas.Type{eidas.QWAC, eidas.QSign}}, full} {
		back, err := eidas.ParseStatements(encoded(t, s))
		if err != nil {
			t.Errorf("%+v: %v", s, err)
		} else if !reflect.DeepEqual(back, s) {
			t.Errorf("went as %+v, came back as %+v", s, back)
		}
	}
}

// The encoding is held against that of encoding/asn1, written from the ASN.1 module of TS 119 495, annex A.
func TestStatementsAreTheASN1OfTheStandard(t *testing.T) {
	type role struct {
		OID  asn1.ObjectIdentifier
		Name string `asn1:"utf8"`
	}
	type psd2 struct {
		Roles   []role
		NCAName string `asn1:"utf8"`
		NCAID   string `asn1:"utf8"`
	}
	type compliance struct{ ID asn1.ObjectIdentifier }
	type types struct {
		ID    asn1.ObjectIdentifier
		Types []asn1.ObjectIdentifier
	}
	type licence struct {
		ID   asn1.ObjectIdentifier
		Info psd2
	}
	want, err := asn1.Marshal(struct {
		A compliance
		B types
		C licence
	}{
		compliance{asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}},
		types{asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6}, []asn1.ObjectIdentifier{{0, 4, 0, 1862, 1, 6, 3}}},
		licence{asn1.ObjectIdentifier{0, 4, 0, 19495, 2}, psd2{
			[]role{{asn1.ObjectIdentifier{0, 4, 0, 19495, 1, 3}, "PSP_AI"}, {asn1.ObjectIdentifier{0, 4, 0, 19495, 1, 2}, "PSP_PI"}},
			"Komisja Nadzoru Finansowego – Żółć", "PL-PFSA"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := encoded(t, eidas.Statements{Compliance: true, Types: []eidas.Type{eidas.QWAC}, PSD2: &eidas.PSD2{
		Roles: eidas.Roles{eidas.Information, eidas.Initiation}, NCAName: full.PSD2.NCAName, NCAID: "PL-PFSA"}})
	if !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func TestMalformedStatementsAreRefused(t *testing.T) {
	good := encoded(t, full)
	swap := func(from, to string) []byte {
		if !bytes.Contains(good, []byte(from)) {
			t.Fatalf("%q is not in the good one", from)
		}
		return bytes.Replace(good, []byte(from), []byte(to), 1)
	}
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	long := encoded(t, eidas.Statements{PSD2: &eidas.PSD2{NCAName: strings.Repeat("ą", 256), NCAID: "PL-PFSA"}}) // fits to the character
	if _, err := eidas.ParseStatements(long); err != nil {
		t.Errorf("256 characters: %v", err)
	}
	for name, value := range map[string][]byte{
		"nothing":                       {},
		"cut short":                     good[:len(good)-1],
		"something behind":              append(bytes.Clone(good), 0),
		"a set":                         append([]byte{0x31}, good[1:]...),
		"indefinite length":             unhex("3080 3008 0606 04008E460101 0000"),
		"length not minimal":            unhex("308108 3006 0604 04008E46"),
		"role name of another":          swap("PSP_AI", "PSP_PI"),
		"role name unknown":             swap("PSP_AI", "PSP_XX"),
		"role name in lower case":       swap("PSP_AI", "psp_ai"),
		"role unknown":                  swap("\x04\x00\x81\x98\x27\x01\x03", "\x04\x00\x81\x98\x27\x01\x05"),
		"role outside the arc":          swap("\x04\x00\x81\x98\x27\x01\x03", "\x04\x00\x81\x98\x27\x03\x03"),
		"role twice":                    swap("\x04\x00\x81\x98\x27\x01\x03\x0c\x06PSP_AI", "\x04\x00\x81\x98\x27\x01\x02\x0c\x06PSP_PI"),
		"role name not UTF8String":      swap("\x0c\x06PSP_AI", "\x13\x06PSP_AI"),
		"supervisor not UTF-8":          swap("Ż", "\xff\xfe"),
		"type unknown":                  swap("\x04\x00\x8e\x46\x01\x06\x02", "\x04\x00\x8e\x46\x01\x06\x04"),
		"compliance with a value":       unhex("300C 300A 0606 04008E460101 0500"),
		"compliance twice":              unhex("3014 3008 0606 04008E460101 3008 0606 04008E460101"),
		"no type":                       unhex("300C 300A 0606 04008E460106 3000"),
		"type twice":                    unhex("301E 301C 0606 04008E460106 3012 0607 04008E46010601 0607 04008E46010601"),
		"identifier with leading zeros": unhex("300B 3009 0607 0480008E460101"),
		"other with two values":         unhex("300E 300C 0606 04008E460103 0500 0500"),
		"PSD2 without supervisor":       unhex("300E 300C 0606 040081982702 3002 3000"),
		"too many bytes":                make([]byte, 9<<10),
	} {
		if s, err := eidas.ParseStatements(value); err == nil {
			t.Errorf("%s: accepted as %+v", name, s)
		}
	}
}

func TestStatementsThatCannotBeWritten(t *testing.T) {
	for name, s := range map[string]eidas.Statements{
		"unknown type":        {Types: []eidas.Type{"QWhat"}},
		"unknown role":        {PSD2: &eidas.PSD2{Roles: eidas.Roles{"PSP_XX"}, NCAName: "a", NCAID: "b"}},
		"no name":             {PSD2: &eidas.PSD2{NCAID: "b"}},
		"name too long":       {PSD2: &eidas.PSD2{NCAName: strings.Repeat("a", 257), NCAID: "b"}},
		"supervisor no UTF-8": {PSD2: &eidas.PSD2{NCAName: "a", NCAID: "\xff"}},
	} {
		if value, err := s.Encode(); err == nil {
			t.Errorf("%s: written as %x", name, value)
		}
	}
}

func TestOrganisation(t *testing.T) {
	for text, want := range map[string][3]string{
		"PSDPL-PFSA-5250007738":       {"PL", "PFSA", "5250007738"},
		"PSDPL-KNF-1234567890":        {"PL", "KNF", "1234567890"},
		"PSDDE-BAFIN-123-45/6 é":      {"DE", "BAFIN", "123-45/6 é"},
		"PSDFI-FINFSA-1234567-8":      {"FI", "FINFSA", "1234567-8"},
		"PSDES-BDE-3DFD21":            {"ES", "BDE", "3DFD21"},
		"PSDLU-CSSF-B00000123":        {"LU", "CSSF", "B00000123"},
		"PSDNL-ABCDEFGH-R0000-000001": {"NL", "ABCDEFGH", "R0000-000001"},
	} {
		o, err := eidas.ParseOrganisation(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := [3]string{o.Country(), o.Authority(), o.Number()}; got != want || string(o) != text {
			t.Errorf("%s: read as %q", text, got)
		}
	}
	for _, text := range []string{
		"", "PSD", "PSDPL", "PSDPL-PFSA", "PSDPL-PFSA-", "PSDpl-PFSA-1", "psdPL-PFSA-1", "VATPL-5250007738", "PSDP-PFSA-1", "PSDPLN-PFSA-1",
		"PSDPL-P-1", "PSDPL-PFSAPFSAX-1", "PSDPL-PF5A-1", "PSDPL-PFSA- 1", "PSDPL-PFSA-1 ", "PSDPL-PFSA-1\n2", "PSDPL-PFSA-\x00", "PSDPL-PFSA-\xff",
		" PSDPL-PFSA-1", "PSDPŁ-PFSA-1", "PSDPL-PFSA-" + strings.Repeat("1", 200),
	} {
		if o, err := eidas.ParseOrganisation(text); err == nil {
			t.Errorf("%q: accepted as %q", text, o)
		}
	}
}

// Whatever bytes arrive, a statement that was accepted can be written and read again without a change of meaning.
func FuzzParseStatements(f *testing.F) {
	f.Add(encoded(f, full))
	f.Add(encoded(f, eidas.Statements{}))
	f.Fuzz(func(t *testing.T, value []byte) {
		s, err := eidas.ParseStatements(value)
		if err != nil {
			return
		}
		again, err := eidas.ParseStatements(encoded(t, s))
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%+v became %+v, %v", s, again, err)
		}
		// What is accepted is DER for another reader too.
		var raw []asn1.RawValue
		if rest, err := asn1.Unmarshal(value, &raw); err != nil || len(rest) > 0 {
			t.Fatalf("accepted %x, which encoding/asn1 does not read: %v", value, err)
		}
		for _, r := range raw {
			if r.Tag != asn1.TagSequence {
				t.Fatalf("accepted %x", value)
			}
		}
	})
}

func FuzzParseOrganisation(f *testing.F) {
	f.Add("PSDPL-PFSA-5250007738")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := eidas.ParseOrganisation(text)
		if err == nil && "PSD"+o.Country()+"-"+o.Authority()+"-"+o.Number() != text {
			t.Fatalf("%q has the parts %q %q %q", text, o.Country(), o.Authority(), o.Number())
		}
	})
}
