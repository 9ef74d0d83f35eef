package wire

import (
	"strconv"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/transfer"
	"okienko/edge"
)

// The longest texts that both forms share: PolishAPI's lengths (psd2 §2.5) and
// those of Elixir's message for split payments (psd2 §8).
const (
	TitleLength      = 140
	AccountLength    = 34
	bankCodeLength   = 10
	BICLength        = 11
	taxWordLength    = 7
	payerIDLength    = 20
	obligationLength = 40
	taxIDLength      = 14
	invoiceLength    = 35
	splitTextLength  = 33
	lineLength       = 35
	mostLines        = 4
)

// ParseInstant reads an instant with an offset or, as the standard shows it,
// without one: then it is of Warsaw (psd2 §2.1, §10 case 25).
func ParseInstant(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), true
	}
	for _, layout := range [...]string{"2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07"} { // as Java writes it
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05.999999999", s, calendar.Warsaw())
	return t.UTC(), err == nil
}

// AppendInstant writes an instant as of Warsaw: clients read the first ten
// characters as a day (psd2 §3.6), and it must be the day of the bank.
func AppendInstant(b []byte, name string, t time.Time) []byte {
	b = append(edge.AppendKey(b, name), '"')
	return append(t.In(calendar.Warsaw()).AppendFormat(b, "2006-01-02T15:04:05.000Z07:00"), '"')
}

// AppendMoney writes an amount as a text.
func AppendMoney(b []byte, name string, a money.Amount) []byte {
	b = append(edge.AppendKey(b, name), '"')
	return append(a.AppendString(b), '"')
}

// MaybeText writes a text that is not empty.
func MaybeText(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return edge.AppendStringField(dst, name, value)
}

// MaybeObject ends an object and drops one that came out empty. start is where
// its key began.
func MaybeObject(dst []byte, start int) []byte {
	if dst[len(dst)-1] == '{' {
		return dst[:start]
	}
	return append(dst, '}')
}

// Polish refuses what is not exactly the 26 digits of an account in Poland: of
// the two answers to spaces and "PL" the strict one is ours (psd2 §10 case 59,
// §0.1). To a third party to whom the bank is lenient both are read.
func (b Branch) Polish(name, number string) string {
	n, err := nrb.Parse(number)
	switch {
	case number == "" || (err == nil && string(n) == number):
	case err == nil && b.LooseNumbers:
		return string(n)
	default:
		b.Blame(b.Path+name, "An account number is 26 digits with right check digits, without spaces and country.")
	}
	return number
}

// Frequency reads how often payments of a standing order fall due, and away
// reads which way they go off a holiday.
func (b Branch) Frequency(r *transfer.Recurrence, units []Word[transfer.Unit], away []Word[OffHoliday]) {
	r.Start, r.End = b.Date("startDate"), b.Date("endDate")
	if r.Start.IsZero() {
		b.Blame(b.Path+"startDate", "The field is required.")
	}
	f := b.Inside("frequency")
	f.Only("periodType", "periodValue")
	if r.Every = OneOf(f, "periodType", units); r.Every == "" {
		f.Blame(f.Path+"periodType", "The field is required.")
	}
	const most = 1000 // days, weeks or months between two payments
	n, ok := f.Whole("periodValue")
	if !ok || n < 1 || n > most {
		f.Blame(f.Path+"periodValue", "A whole number from 1 to "+strconv.Itoa(most)+" is expected.")
		n = 1
	}
	r.Count = int(n)
	way := OneOf(b, "dayOffOffsetType", away)
	if way == "" {
		b.Blame(b.Path+"dayOffOffsetType", "The field is required.")
	}
	r.Before = way == DayBefore
}

// OffHoliday is the way off a holiday (psd2 §2.5, dayOffOffsetType).
type OffHoliday string

// The two ways.
const (
	DayBefore OffHoliday = "before"
	DayAfter  OffHoliday = "after"
)

// AppendFrequency writes what Frequency reads.
func AppendFrequency(dst []byte, r *transfer.Recurrence, units []Word[transfer.Unit], away []Word[OffHoliday]) []byte {
	dst = append(edge.AppendKey(dst, "recurrence"), '{')
	dst = edge.AppendStringField(dst, "startDate", r.Start.String())
	if !r.End.IsZero() {
		dst = edge.AppendStringField(dst, "endDate", r.End.String())
	}
	dst = append(edge.AppendKey(dst, "frequency"), '{')
	dst = edge.AppendStringField(dst, "periodType", Spell(units, r.Every))
	dst = edge.AppendIntField(dst, "periodValue", int64(r.Count))
	dst = append(dst, '}')
	way := DayAfter
	if r.Before {
		way = DayBefore
	}
	return append(edge.AppendStringField(dst, "dayOffOffsetType", Spell(away, way)), '}')
}

// Split reads the split-payment part: the flag and its details stand or fall
// together (psd2 §10 case 69).
func (b Branch) Split() *transfer.Split {
	wanted := b.Flag("splitPayment")
	d := b.Inside("transactionInfoSp")
	d.Only("spInvoiceNumber", "spTaxIdentificationNumber", "spTaxAmount", "spDescription")
	switch {
	case !wanted && !Blank(d.Object):
		b.Blame(b.Path+"splitPayment", "Details of a split payment without the flag.")
		return nil
	case !wanted:
		return nil
	case Blank(d.Object):
		b.Blame(b.Path+"transactionInfoSp", "A split payment needs its details.")
		return nil
	}
	return &transfer.Split{
		VAT: d.Amount("spTaxAmount", money.PLN), TaxID: d.Need("spTaxIdentificationNumber", taxIDLength),
		Invoice: d.Need("spInvoiceNumber", invoiceLength), Description: d.Text("spDescription", splitTextLength),
	}
}

// AppendSplit writes what Split reads.
func AppendSplit(dst []byte, s *transfer.Split) []byte {
	dst = append(edge.AppendKey(dst, "transactionInfoSp"), '{')
	dst = edge.AppendStringField(dst, "spInvoiceNumber", s.Invoice)
	dst = edge.AppendStringField(dst, "spTaxIdentificationNumber", s.TaxID)
	dst = AppendMoney(dst, "spTaxAmount", s.VAT)
	return append(MaybeText(dst, "spDescription", s.Description), '}')
}

// TaxForm reads usInfo. The kinds of payer identifier are texts, also where the
// official files write numbers.
func (b Branch) TaxForm() *transfer.TaxForm {
	b.Only("payerInfo", "formCode", "periodId", "periodType", "year", "obligationId")
	p := b.Inside("payerInfo")
	p.Only("payorId", "payorIdType")
	return &transfer.TaxForm{
		PayerID: p.Need("payorId", payerIDLength), PayerIDType: p.Need("payorIdType", 1),
		FormCode: b.Need("formCode", taxWordLength), PeriodID: b.Text("periodId", taxWordLength),
		PeriodType: b.Text("periodType", taxWordLength), Year: b.year("year"), Obligation: b.Text("obligationId", obligationLength),
	}
}

// year reads a year: PolishAPI has a number, forms of tax offices write two or
// four digits (psd2 §2.5, §8).
func (b Branch) year(name string) string {
	v, ok := b.Get(name)
	if !ok {
		return ""
	}
	if n, ok := v.Int64(); ok && n >= 0 && n <= 9999 {
		return strconv.FormatInt(n, 10)
	}
	s, ok := v.String()
	for i := range len(s) {
		ok = ok && s[i] >= '0' && s[i] <= '9'
	}
	if !ok || len(s) > 4 {
		b.Blame(b.Path+name, "A year has at most four digits.")
		return ""
	}
	return s
}

// AppendTaxForm writes what TaxForm reads; the year is a number for those who
// want one.
func AppendTaxForm(dst []byte, t *transfer.TaxForm, yearAsNumber bool) []byte {
	dst = append(edge.AppendKey(dst, "usInfo"), '{')
	dst = append(edge.AppendKey(dst, "payerInfo"), '{')
	dst = edge.AppendStringField(dst, "payorId", t.PayerID)
	dst = append(edge.AppendStringField(dst, "payorIdType", t.PayerIDType), '}')
	dst = edge.AppendStringField(dst, "formCode", t.FormCode)
	dst = MaybeText(dst, "periodId", t.PeriodID)
	dst = MaybeText(dst, "periodType", t.PeriodType)
	if n, err := strconv.ParseInt(t.Year, 10, 64); err == nil && yearAsNumber {
		dst = edge.AppendIntField(dst, "year", n)
	} else {
		dst = MaybeText(dst, "year", t.Year)
	}
	return append(MaybeText(dst, "obligationId", t.Obligation), '}')
}

// Bank reads the payee's bank of a transfer outside the EEA but for its address,
// which each form writes in its own way. country reads its country as the form
// writes countries; name is the longest name.
func (b Branch) Bank(to *transfer.Bank, name int, country func(Branch, string) string) {
	b.Only("bicOrSwift", "name", "code", "countryCode", "address")
	if bic := b.Text("bicOrSwift", BICLength); bic != "" {
		if to.BIC != "" && to.BIC != bic {
			b.Blame(b.Path+"bicOrSwift", "transferData.additionalFields.bicOrSwift names another bank.")
		}
		to.BIC = bic
	}
	to.Name, to.Code, to.Country = b.Text("name", name), b.Text("code", bankCodeLength), country(b, "countryCode")
}

// AppendBank writes what Bank reads, into an object that is open; country is the
// bank's as the form writes it.
func AppendBank(dst []byte, of *transfer.Bank, country string) []byte {
	dst = MaybeText(dst, "bicOrSwift", of.BIC)
	dst = MaybeText(dst, "name", of.Name)
	dst = MaybeText(dst, "code", of.Code)
	return MaybeText(dst, "countryCode", country)
}

// Lines reads up to four lines of 35 characters, of which those that say nothing
// are left out at the end only: which line it was matters. Addresses may be lines:
// the structured ones are asked of people (psd2 §2.5, §9).
func (b Branch) Lines(name string) []string {
	list := b.List(name)
	if len(list) > mostLines {
		b.Blame(b.Path+name, "At most four lines are allowed.")
		return nil
	}
	var out []string
	for i, v := range list {
		s, ok := v.String()
		if !ok || len([]rune(s)) > lineLength {
			b.Blame(b.Path+name+"["+strconv.Itoa(i)+"]", "A line is a text of at most 35 characters.")
			return nil
		}
		out = append(out, s)
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}
