package transfer

import (
	"strings"
	"time"

	"okienko/bank/nrb"
	"okienko/bank/party"
)

// The longest words of a tax transfer (psd2 §2.5).
const (
	maxPayerID    = 20
	maxFormCode   = 7
	maxObligation = 40
)

// The kinds of payer identifier (psd2 §2.5).
const (
	ByNIP      = "N"
	ByPESEL    = "P"
	ByREGON    = "R"
	ByIDCard   = "1"
	ByPassport = "2"
	ByOther    = "3"
)

// form says what the symbol of a tax form asks for.
type form struct {
	micro  bool // goes to the payer's own tax account
	period bool // needs a period
}

// formOf reads a symbol, with or without its dashes: PIT, CIT and VAT are paid to
// the individual tax account and for a period (psd2 §8), except what is paid once
// for one event. Every other form goes to an account of an office; those of the
// second list are for a period too.
func formOf(code string) form {
	s := strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code))
	switch s {
	case "VAT10", "VAT11", "VAT14", "VAT23": // imports within the Union: per acquisition
		return form{micro: true}
	case "AKC4", "AKC", "GL", "KP", "PPE", "PPL", "SD3M", "WZP":
		return form{period: true}
	}
	if strings.HasPrefix(s, "PIT") || strings.HasPrefix(s, "CIT") || strings.HasPrefix(s, "VAT") {
		return form{micro: true, period: true}
	}
	return form{}
}

func (i *Instruction) tax() error {
	t := i.TaxForm
	switch {
	case i.Kind != Tax && t != nil:
		return refuse("usInfo", "Only a tax transfer has the tax office's data.")
	case i.Kind != Tax:
		return nil
	case t == nil:
		return refuse("usInfo", "A tax transfer needs the tax office's data.")
	}
	if err := t.payer(); err != nil {
		return err
	}
	if t.FormCode == "" {
		return refuse("usInfo.formCode", "The symbol of the form is needed.")
	}
	for _, w := range [...]struct {
		field, text string
		most        int
	}{{"formCode", t.FormCode, maxFormCode}, {"obligationId", t.Obligation, maxObligation}} {
		if err := text("usInfo."+w.field, w.text, w.most); err != nil {
			return err
		}
	}
	if err := t.period(formOf(t.FormCode).period); err != nil {
		return err
	}
	return t.account(nrb.NRB(i.Recipient.Account))
}

func (t *TaxForm) payer() error {
	const field = "usInfo.payorId"
	if t.PayerID == "" {
		return refuse(field, "The payer's identifier is needed.")
	}
	if err := text(field, t.PayerID, maxPayerID); err != nil {
		return err
	}
	var err error
	switch t.PayerIDType {
	case ByNIP:
		_, err = party.ParseNIP(t.PayerID)
	case ByPESEL:
		_, err = party.ParsePESEL(t.PayerID)
	case ByREGON:
		_, err = party.ParseREGON(t.PayerID)
	case ByIDCard, ByPassport, ByOther:
	default:
		return refuse("usInfo.payorIdType", "The kind of identifier is N, P, R, 1, 2 or 3.")
	}
	if err != nil {
		return refuse(field, "The identifier is not of the kind that is said.")
	}
	return nil
}

func (t *TaxForm) period(needed bool) error {
	if t.Year == "" && t.PeriodType == "" && t.PeriodID == "" {
		if needed {
			return refuse("usInfo.periodType", "The form needs a period.")
		}
		return nil
	}
	if (len(t.Year) != 2 && len(t.Year) != 4) || !digits(t.Year) {
		return refuse("usInfo.year", "A year has two or four digits.")
	}
	if !validPeriod(t.PeriodType, t.PeriodID, t.Year) {
		return refuse("usInfo.periodId", "The number does not fit the kind of period.")
	}
	return nil
}

// validPeriod knows months, quarters, half-years and the year, and the two that
// are written with their month behind: the ten days "0212" and the day "3112".
func validPeriod(kind, id, year string) bool {
	if id != "" && !digits(id) {
		return false
	}
	within := func(s string, most int) bool {
		n := 0
		for j := range len(s) {
			n = n*10 + int(s[j]-'0')
		}
		return len(s) >= 1 && len(s) <= 2 && n >= 1 && n <= most
	}
	switch kind {
	case "M":
		return within(id, 12)
	case "K":
		return within(id, 4)
	case "P":
		return within(id, 2)
	case "R":
		return id == ""
	case "D":
		return len(id) == 4 && within(id[:2], 3) && within(id[2:], 12)
	case "J":
		if len(id) != 4 || !within(id[2:], 12) {
			return false
		}
		if len(year) == 2 {
			year = "20" + year
		}
		_, err := time.Parse("20060102", year+id[2:]+id[:2])
		return err == nil
	}
	return false
}

func digits(s string) bool {
	for j := range len(s) {
		if s[j] < '0' || s[j] > '9' {
			return false
		}
	}
	return true
}

// Where taxes are paid to (psd2 §8): offices bank with the NBP, whose sort codes
// begin with 1010, and the individual tax account is 1010 0071 222 Y ID with
// zeros behind.
const (
	nationalBank = "1010"
	microAccount = "10100071222"
)

// account refuses an account that is not the form's. An individual tax account
// names its owner: money paid there for another payer would be lost to both.
func (t *TaxForm) account(n nrb.NRB) error {
	const field = "recipient.accountNumber"
	body, micro := strings.CutPrefix(string(n[2:]), microAccount)
	switch {
	case !strings.HasPrefix(n.BankCode(), nationalBank):
		return refuse(field, "The account is not one of a tax office.")
	case formOf(t.FormCode).micro != micro:
		return refuse(field, "The account is not the one to which this form is paid.")
	case !micro:
		return nil
	}
	var owner string
	switch t.PayerIDType {
	case ByPESEL:
		owner = "1" + t.PayerID
	case ByNIP:
		owner = "2" + t.PayerID
	}
	if owner == "" || body != owner+strings.Repeat("0", len(body)-len(owner)) {
		return refuse(field, "The individual tax account is not the payer's.")
	}
	return nil
}
