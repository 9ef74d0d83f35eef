package client

import "golang.org/x/text/language"

// spellings are the words of both forms: those of this package, which are mBank's,
// and PolishAPI's.
var spellings = [...][2]string{
	{"SINGLE", "single"}, {"MULTIPLE", "multiple"}, {"PSD2_REGULATORY", "psd2Regulatory"},
	{"EXPRESS_D0", "ExpressD0"}, {"STANDARD_D1", "StandardD1"}, {"URGENT_D1", "UrgentD1"}, {"STANDARD_D2", "StandardD2"},
	{SystemElixir, "Elixir"}, {SystemExpressElixir, "ExpressElixir"}, {SystemSorbnet, "Sorbnet"}, {SystemBlueCash, "BlueCash"},
	{SystemInternal, "Internal"}, {SystemSEPA, "SEPA"}, {SystemInstantSEPA, "InstantSEPA"}, {SystemTarget, "Target"}, {SystemSwift, "Swift"},
	{"IMMEDIATE", "Immediate"}, {"FUTURE_DATED", "FutureDated"},
	{"DAY", "day"}, {"WEEK", "week"}, {"MONTH", "month"}, {"BEFORE", "before"}, {"AFTER", "after"},
	{StatusSubmitted, "submitted"}, {StatusPending, "pending"}, {StatusScheduled, "scheduled"}, {StatusDone, "done"},
	{StatusRejected, "rejected"}, {StatusCancelled, "cancelled"}, {StatusHold, "hold"},
	{StatusInProgress, "inProgress"}, {StatusPartiallyDone, "partiallyDone"}, {"CLOSE", "close"},
	{"INDIVIDUAL", "individual"}, {"CORPORATION", "corporation"},
	{"OWNER", "Owner"}, {"BORROWER", "Borrower"}, {"GUARANTOR", "Guarantor"}, {"PROXY_OWNER", "ProxyOwner"},
	{"BENEFICIARY", "Beneficiary"}, {"TRUSTEE", "Trustee"},
	{"GENERAL", "General"}, {"SPECIAL", "Special"}, {"ADMINISTRATOR", "Administrator"}, {"USER", "User"},
}

// polish is a word as PolishAPI spells it. One that is not known goes as it is: the
// bank says what is wrong with it.
func polish(word string) string { return spelling(word, 0) }

// plain is a word of PolishAPI as this package spells it.
func plain(word string) string { return spelling(word, 1) }

func spelling(word string, known int) string {
	for i := range spellings {
		if spellings[i][known] == word {
			return spellings[i][1-known]
		}
	}
	return word
}

// polishKind are the words for a kind of payment.
type polishKind struct {
	kind   Kind
	word   string // in the paths, and of types
	system string // where the caller names none: the standard has no word for that
}

var polishKinds = [...]polishKind{
	{Domestic, "domestic", SystemElixir}, {EEA, "EEA", SystemSEPA}, {NonEEA, "nonEEA", SystemSwift}, {Tax, "tax", SystemElixir},
}

func (k Kind) polish() polishKind {
	for _, w := range polishKinds {
		if w.kind == k {
			return w
		}
	}
	return polishKinds[0]
}

// foreign tells whether the payee's country is said.
func (k Kind) foreign() bool { return k == EEA || k == NonEEA }

// alpha3 is a country in three letters, as PolishAPI has them (ISO 3166-1). What is
// none goes as it is.
func alpha3(country string) string {
	if r, err := language.ParseRegion(country); err == nil && r.IsCountry() {
		return r.ISO3()
	}
	return country
}

// alpha2 is a country in two letters.
func alpha2(country string) string {
	if r, err := language.ParseRegion(country); err == nil && r.IsCountry() {
		return r.String()
	}
	return country
}
