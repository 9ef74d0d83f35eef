package transfer

import "strings"

// countries are the officially assigned codes of ISO 3166-1 alpha-2, and XK, which
// payment systems use for Kosovo. Each stands before a space.
const countries = "" +
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ " +
	"BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR " +
	"CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU " +
	"ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ " +
	"LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ " +
	"MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF " +
	"PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI " +
	"SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR " +
	"TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW " +
	"XK "

// inEEA are the members of the European Economic Area: the European Union,
// Iceland, Liechtenstein and Norway.
const inEEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK "

// sanctioned are the countries to which this bank sends nothing: those against
// whose whole financial sector the measures of the European Union stand, and where
// a payment would be stopped on its way. A bank that must judge persons and goods
// has a screening system of its own between here and its payment systems.
const sanctioned = "IR KP SY "

// IsCountry tells whether a code is a country's in ISO 3166-1 alpha-2.
func IsCountry(code string) bool { return listed(countries, code) }

// InEEA tells whether a country is in the European Economic Area.
func InEEA(code string) bool { return listed(inEEA, code) }

// Sanctioned tells whether the bank sends nothing to a country.
func Sanctioned(code string) bool { return listed(sanctioned, code) }

func listed(list, code string) bool {
	return len(code) == 2 && code[0] != ' ' && code[1] != ' ' && strings.Contains(list, code+" ")
}

// sameCountry compares a bank's country with that of an account number. Places
// that belong to France or Finland have codes of their own in BICs and share the
// country's account numbers (SWIFT IBAN registry).
func sameCountry(bic, account string) bool {
	switch bic {
	case "GF", "GP", "MQ", "RE", "PF", "TF", "YT", "NC", "BL", "MF", "PM", "WF":
		bic = "FR"
	case "AX":
		bic = "FI"
	case "GG", "IM", "JE":
		bic = "GB"
	}
	return bic == account
}
