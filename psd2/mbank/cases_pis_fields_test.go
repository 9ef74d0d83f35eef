package mbank_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/bank/nrb"
	"okienko/bank/transfer"
)

const atDomestic = "scope_details.privilegeList[0].pis:domestic.domesticPaymentRequest."

// faults have a payment refused at the consent, before anybody is asked, each with
// the field at fault.
func (w *world) faults(privilege func(string) string, body, at string, cases map[string][]string) {
	w.T.Helper()
	t := w.T.(*testing.T)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w.T = t
			w.one.asksFor(privilege(changed(body, c[1:]...))).faulty(at + c[0])
		})
	}
	w.T = t
}

func TestCase58Amounts(t *testing.T) {
	w := newWorld(t)
	cases := map[string][]string{}
	for _, amount := range []string{`"-1.00"`, `"1,00"`, `"1.234"`, `"01.00"`, `"1"`, `1.00`, `"0.00"`, `"99999999999999.99"`, `"0.1"`, `" 1.00"`, `"1e2"`, `""`} {
		cases[amount] = []string{"transferData.amount", `"10.00"`, amount}
	}
	w.faults(domestic, small(), atDomestic, cases)
	// In the payment itself the field's place is shorter.
	tok := w.one.pis(domestic(small()), annas)
	w.one.pays(tok.access, "x", small(`"10.00"`, `10.00`)).faulty("transferData.amount")
	w.untouched()
}

func TestCase59AccountNumbers(t *testing.T) {
	w := newWorld(t)
	const field = "recipient.accountNumber"
	w.faults(domestic, small(), atDomestic, map[string][]string{
		"wrong check digits": {field, kowalski, "21" + kowalski[2:]}, "25 digits": {field, kowalski, kowalski[:25]},
		"27 digits": {field, kowalski, kowalski + "0"}, "letters": {field, kowalski, kowalski[:25] + "O"},
		"PL before it": {field, kowalski, "PL" + kowalski}, "spaces": {field, kowalski, "20 1140 0000 0000 0000 0000 0300"},
		"the payer's own":             {field, `"sender":{}`, `"sender":{"accountNumber":"` + kowalski + `"}`},
		"the payer's number is wrong": {"sender.accountNumber", `"sender":{}`, `"sender":{"accountNumber":"123"}`},
	})
	// A sort code that no bank has: its eighth digit is the check of the seven.
	unknown, err := nrb.Make("11400001", "0000000000000300")
	must(t, err)
	w.one.asksFor(domestic(small(kowalski, string(unknown)))).fails(http.StatusUnprocessableEntity, "PaymentRefusedError").says(atDomestic + field)
}

func TestCase60Words(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("ż", 141)
	w.faults(domestic, small(), atDomestic, map[string][]string{
		"no name": {"recipient.name", "Jan Kowalski", ""}, "no title": {"transferData.description", `"Transfer"`, `""`},
		"a long name": {"recipient.name", "Jan Kowalski", long}, "a long title": {"transferData.description", `"Transfer"`, `"` + long + `"`},
		"control characters": {"transferData.description", `"Transfer"`, `"a\nb"`},
	})
	w.one.asksFor(domestic(small("Jan Kowalski", long[:len(long)-2], `"Transfer"`, `"`+long[:len(long)-2]+`"`))).is(http.StatusOK)
	// The four lines of older forms are left in one place alone: the bank abroad.
	lines := func(n, length int) string {
		line := `"` + strings.Repeat("x", length) + `"`
		return abroad(`"countryCode":"US"`, `"countryCode":"US","address":[`+strings.TrimSuffix(strings.Repeat(line+",", n), ",")+`]`)
	}
	w.one.asksFor(nonEEA(lines(4, 35))).is(http.StatusOK)
	const at = "scope_details.privilegeList[0].pis:nonEea.nonEeaPaymentRequest.recipientBank.address"
	w.one.asksFor(nonEEA(lines(4, 36))).faulty(at + "[0]")
	w.one.asksFor(nonEEA(lines(5, 35))).faulty(at)
}

func TestCase61Dates(t *testing.T) {
	w := newWorld(t)
	const later = `"executionMode":"FUTURE_DATED","deliveryMode"`
	const dated = `"currency":"PLN","executionDate":`
	w.faults(domestic, small(), atDomestic, map[string][]string{
		"EUR leaves the bank through no domestic system": {"transferData.currency", `"PLN"`, `"EUR"`},
		"yesterday":                {"transferData.executionDate", `"currency":"PLN"`, dated + `"2026-11-17"`},
		"later, without a day":     {"transferData.executionDate", `"deliveryMode"`, later},
		"later, and yesterday":     {"transferData.executionDate", `"currency":"PLN"`, dated + `"2026-11-17"`, `"deliveryMode"`, later},
		"in more than a year":      {"transferData.executionDate", `"currency":"PLN"`, dated + `"2027-11-30"`, `"deliveryMode"`, later},
		"a mode that there is not": {"executionMode", `"deliveryMode"`, `"executionMode":"Immediate","deliveryMode"`},
	})
	warsaw := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, time.FixedZone("CET", 3600))
	}
	// due has a payment made at an instant and tells when it leaves the bank.
	due := func(t *testing.T, at time.Time, body string) (time.Time, reply) {
		t.Helper()
		w.T = t
		w.Clock.Set(at)
		_, made := w.one.paid(newUUID(w.Wall.Now()), body)
		return w.transfer(made.text("aspspPaymentId")).Due, made
	}
	for _, c := range []struct {
		name   string
		now    time.Time
		body   string
		leaves time.Time
		status string
	}{
		{"Elixir with the next session", warsaw(11, 18, 12, 0), small("STANDARD_D1", "EXPRESS_D0"), warsaw(11, 18, 12, 0), "PENDING"},
		{"after the last session", warsaw(11, 18, 16, 0), small("STANDARD_D1", "EXPRESS_D0"), warsaw(11, 19, 8, 0), "PENDING"},
		{"the next business day", warsaw(11, 18, 16, 0), small(), warsaw(11, 19, 8, 0), "PENDING"},
		{"IMMEDIATE wins over a date", warsaw(11, 18, 17, 0), small(`"currency":"PLN"`, dated+`"2026-11-25"`, `"deliveryMode"`, `"executionMode":"IMMEDIATE","deliveryMode"`),
			warsaw(11, 19, 8, 0), "PENDING"},
		{"on a later day", warsaw(11, 18, 18, 0), small(`"currency":"PLN"`, dated+`"2026-11-25"`, `"deliveryMode"`, later), warsaw(11, 25, 6, 0), "SCHEDULED"},
		{"Elixir on a Sunday", warsaw(11, 22, 10, 0), small(), warsaw(11, 23, 8, 0), "PENDING"},
		{"express on a Sunday", warsaw(11, 22, 11, 0), small("STANDARD_D1", "EXPRESS_D0"), warsaw(11, 23, 8, 0), "PENDING"},
	} {
		t.Run(c.name, func(t *testing.T) {
			leaves, made := due(t, c.now, c.body)
			if !leaves.Equal(c.leaves) || made.text("generalStatus") != c.status {
				t.Errorf("%s, and it leaves at %s, want %s at %s", made.text("generalStatus"), leaves, c.status, c.leaves)
			}
		})
	}
}

// bankWith is an account of a bank whose sort code has a digit in the place that
// says to which scheme the bank does not belong (docs/sandbox.md).
func bankWith(t *testing.T, digit string) string {
	t.Helper()
	for check := '0'; check <= '9'; check++ {
		if code := "114000" + digit + string(check); nrb.ValidBankCode(code) {
			n, err := nrb.Make(code, "0000000000000300")
			must(t, err)
			return string(n)
		}
	}
	t.Fatal("no sort code")
	return ""
}

func TestCase62WhatNoSystemCarries(t *testing.T) {
	w := newWorld(t)
	for name, body := range map[string]string{
		"Express Elixir to a bank outside it": small(kowalski, bankWith(t, "4"), `"deliveryMode"`, `"system":"EXPRESS_ELIXIR","deliveryMode"`),
		"Express Elixir above its limit":      small(`"10.00"`, `"250000.01"`, `"deliveryMode"`, `"system":"EXPRESS_ELIXIR","deliveryMode"`),
		"Sorbnet below its minimum":           small(`"10.00"`, `"999999.99"`, `"deliveryMode"`, `"system":"SORBNET","deliveryMode"`),
	} {
		t.Run(name, func(t *testing.T) {
			w.T = t
			w.one.asksFor(domestic(body)).fails(http.StatusUnprocessableEntity, "PaymentRefusedError")
		})
	}
	w.T = t
	w.faults(domestic, small(), atDomestic, map[string][]string{
		"SEPA carries no domestic payment": {"system", `"deliveryMode"`, `"system":"SEPA","deliveryMode"`},
		"a system that there is not":       {"system", `"deliveryMode"`, `"system":"Elixir","deliveryMode"`},
	})
}

// The other three forms of transfer.
func eea(body string) string { return `[{"pis:eea":{"eeaPaymentRequest":` + body + `}}]` }

func nonEEA(body string) string { return `[{"pis:nonEea":{"nonEeaPaymentRequest":` + body + `}}]` }

func tax(body string) string { return `[{"pis:tax":{"taxPaymentRequest":` + body + `}}]` }

// europe is a payment in EUR to Germany.
func europe(pairs ...string) string {
	return changed(`{"recipient":{"accountNumber":"DE89370400440532013000","name":"Hans","countryCode":"DE"},"sender":{},`+
		`"transferData":{"description":"Invoice","amount":"10.00","currency":"EUR","additionalFields":{"bicOrSwift":"COBADEFFXXX"}},`+
		`"deliveryMode":"EXPRESS_D0","system":"INSTANT_SEPA"}`, pairs...)
}

// abroad is a payment to the United States.
func abroad(pairs ...string) string {
	return changed(`{"recipient":{"accountNumber":"12345678","name":"John"},"sender":{},"recipientBank":{"bicOrSwift":"CHASUS33","name":"Chase","countryCode":"US"},`+
		`"transferData":{"description":"Invoice","amount":"10.00","currency":"EUR"},"deliveryMode":"EXPRESS_D0","system":"SWIFT","transferCharges":"SHA"}`, pairs...)
}

// taxPayment is VAT for October, to the payer's own tax account.
func taxPayment(pairs ...string) string {
	return changed(`{"recipient":{"accountNumber":"03101000712222123456780200","name":"Urząd Skarbowy"},"sender":{},`+
		`"transferData":{"amount":"10.00","currency":"PLN"},"deliveryMode":"STANDARD_D1","system":"ELIXIR",`+
		`"usInfo":{"payerInfo":{"payorId":"1234567802","payorIdType":"N"},"formCode":"VAT-7","periodId":"10","periodType":"M","year":2026}}`, pairs...)
}

func TestCase66EEA(t *testing.T) {
	w := newWorld(t)
	const at = "scope_details.privilegeList[0].pis:eea.eeaPaymentRequest."
	const iban = "DE89370400440532013000"
	w.faults(eea, europe(), at, map[string][]string{
		"the country is another":       {"recipient.countryCode", `"countryCode":"DE"`, `"countryCode":"FR"`},
		"three letters of a country":   {"recipient.countryCode", `"countryCode":"DE"`, `"countryCode":"DEU"`},
		"too short for its country":    {"recipient.accountNumber", iban, iban[:21]},
		"wrong check digits":           {"recipient.accountNumber", iban, "DE90370400440532013000"},
		"outside the EEA":              {"recipient.accountNumber", iban, "CH9300762011623852957", `,"countryCode":"DE"`, ``},
		"SEPA in PLN":                  {"transferData.currency", `"EUR"`, `"PLN"`},
		"no currency":                  {"transferData.currency", `,"currency":"EUR"`, ``},
		"the bank is elsewhere":        {"transferData.additionalFields.bicOrSwift", "COBADEFFXXX", "BNPAFRPP"},
		"a system for Poland":          {"system", "INSTANT_SEPA", "ELIXIR"},
		"a delivery for far countries": {"deliveryMode", "EXPRESS_D0", "STANDARD_D2"},
	})
	w.euros(100_00)
	tok := w.one.pis(eea(europe()), annasE)
	made := w.one.post("/payments/eea", tok.access, "e", europe()).send().is(http.StatusCreated)
	w.settle()
	if got := w.one.status(made, tok.access).is(http.StatusOK); got.text("generalStatus") != "DONE" || w.Account(annasE).Booked.Minor() != 90_00 {
		t.Errorf("%s, booked %s", got.body, w.Account(annasE).Booked)
	}
}

func TestCase67OutsideTheEEA(t *testing.T) {
	w := newWorld(t)
	const at = "scope_details.privilegeList[0].pis:nonEea.nonEeaPaymentRequest."
	w.faults(nonEEA, abroad(), at, map[string][]string{
		"charges of nobody":  {"transferCharges", `"SHA"`, `"ABC"`},
		"no bank":            {"recipientBank", `"recipientBank":{"bicOrSwift":"CHASUS33","name":"Chase","countryCode":"US"},`, ``},
		"a BIC that is none": {"recipientBank.bicOrSwift", "CHASUS33", "CHAS1S33"},
		"another country":    {"recipientBank.bicOrSwift", `"countryCode":"US"`, `"countryCode":"GB"`},
		"SEPA":               {"system", `"SWIFT"`, `"SEPA"`},
	})
	w.one.asksFor(nonEEA(abroad("CHASUS33", "CBKPKPPY", `"countryCode":"US"`, `"countryCode":"KP"`))).
		fails(http.StatusUnprocessableEntity, "PaymentRefusedError").says(at + "recipientBank.countryCode")
	w.euros(100_00)
	tok := w.one.pis(nonEEA(abroad()), annasE)
	made := w.one.post("/payments/non-eea", tok.access, "n", abroad()).send().is(http.StatusCreated)
	w.settle()
	if got := w.one.status(made, tok.access).is(http.StatusOK); got.text("generalStatus") != "DONE" || got.text("system") != "SWIFT" {
		t.Errorf("%s", got.body)
	}
}

func TestCase68Tax(t *testing.T) {
	w := newWorld(t)
	const at = "scope_details.privilegeList[0].pis:tax.taxPaymentRequest."
	other, err := nrb.Make("10100071", "2222525000773800") // another payer's tax account
	must(t, err)
	w.faults(tax, taxPayment(), at, map[string][]string{
		"no period":                      {"usInfo.periodType", `,"periodId":"10","periodType":"M","year":2026`, ``},
		"a thirteenth month":             {"usInfo.periodId", `"periodId":"10"`, `"periodId":"13"`},
		"a NIP that is a PESEL":          {"usInfo.payerInfo.payorId", `"payorIdType":"N"`, `"payorIdType":"P"`},
		"a kind of id that there is not": {"usInfo.payerInfo.payorIdType", `"payorIdType":"N"`, `"payorIdType":"X"`},
		"EUR":                            {"transferData.currency", `"PLN"`, `"EUR"`},
		"another payer's account":        {"recipient.accountNumber", "03101000712222123456780200", string(other)},
		"no tax office":                  {"recipient.accountNumber", "03101000712222123456780200", kowalski},
		"a title":                        {"transferData.description", `"amount"`, `"description":"VAT","amount"`},
		"no form":                        {"usInfo.payerInfo.payorId", `"usInfo":{"payerInfo":{"payorId":"1234567802","payorIdType":"N"},"formCode":"VAT-7","periodId":"10","periodType":"M","year":2026}`, `"usInfo":{}`},
	})
	tok := w.one.pis(tax(taxPayment()), annas)
	made := w.one.post("/payments/tax", tok.access, "t", taxPayment()).send().is(http.StatusCreated)
	w.Clock.Set(noon.Add(24 * time.Hour))
	w.settle()
	if got := w.one.status(made, w.one.refresh(tok.refresh).tokens().access).is(http.StatusOK); got.text("generalStatus") != "DONE" {
		t.Errorf("%s", got.body)
	}
	if kept := w.transfer(made.text("aspspPaymentId")); !strings.Contains(kept.Order.Title(), "VAT-7") {
		t.Error("the title does not name the form")
	}
}

// split is a payment of 123.00 with 23.00 VAT.
func split(pairs ...string) string {
	return changed(small(`"10.00"`, `"123.00"`, `"deliveryMode"`, `"splitPayment":true,"transactionInfoSp":{"spInvoiceNumber":"FV 1",`+
		`"spTaxIdentificationNumber":"5512265909","spTaxAmount":"23.00","spDescription":"MPP"},"deliveryMode"`), pairs...)
}

func TestCase69SplitPayment(t *testing.T) {
	w := newWorld(t)
	w.faults(domestic, split(), atDomestic, map[string][]string{
		"no details":            {"transactionInfoSp", `"transactionInfoSp":{"spInvoiceNumber":"FV 1","spTaxIdentificationNumber":"5512265909","spTaxAmount":"23.00","spDescription":"MPP"},`, ``},
		"VAT above the amount":  {"transactionInfoSp.spTaxAmount", `"23.00"`, `"123.01"`},
		"EUR":                   {"transferData.currency", `"PLN"`, `"EUR"`},
		"no invoice":            {"transactionInfoSp.spInvoiceNumber", `"FV 1"`, `""`},
		"no supplier":           {"transactionInfoSp.spTaxIdentificationNumber", `"5512265909"`, `""`},
		"details, and no split": {"splitPayment", `"splitPayment":true`, `"splitPayment":false`},
	})
	// VAT of 0.00 is an invoice without VAT; a NIP with a wrong check digit is
	// mBank's own sample.
	w.one.asksFor(domestic(split(`"23.00"`, `"0.00"`))).is(http.StatusOK)
	vat := w.vat(10_00)
	tok := w.one.pis(domestic(split()), annas)
	made := w.one.pays(tok.access, "mpp", split()).is(http.StatusCreated)
	w.Clock.Set(noon.Add(24 * time.Hour))
	w.settle()
	if got := w.one.status(made, w.one.refresh(tok.refresh).tokens().access).is(http.StatusOK); got.text("generalStatus") != "DONE" {
		t.Fatalf("%s", got.body)
	}
	// The VAT account pays its share first: 10.00 of 23.00; the other account the rest.
	if got := w.Account(vat).Booked; !got.IsZero() {
		t.Errorf("the VAT account has %s", got)
	}
	if got := w.Account(annas).Booked; got != pln(1_000_00-113_00) {
		t.Errorf("the account has %s", got)
	}
	if kept := w.transfer(made.text("aspspPaymentId")); kept.Order.Title() != "/VAT/23,00/IDC/5512265909/INV/FV 1/TXT/MPP" {
		t.Errorf("the title is %q", kept.Order.Title())
	}
}

func TestCase71RecurringPayments(t *testing.T) {
	w := newWorld(t)
	standing := func(pairs ...string) string {
		return changed(inside(`"currency":"PLN"`, `"currency":"PLN","recurrence":{"startDate":"2026-12-31","endDate":"2027-03-31",`+
			`"frequency":{"periodType":"MONTH","periodValue":1},"dayOffOffsetType":"AFTER"}`, `"deliveryMode"`, `"executionMode":"RECURRING","deliveryMode"`), pairs...)
	}
	const at = "transferData.recurrence."
	w.faults(domestic, standing(), atDomestic, map[string][]string{
		"an end before the start": {at + "endDate", "2027-03-31", "2026-12-30"}, "every zero months": {at + "frequency.periodValue", `"periodValue":1`, `"periodValue":0`},
		"a start in the past": {at + "startDate", "2026-12-31", "2026-11-17"}, "a word of PolishAPI": {at + "frequency.periodType", "MONTH", "month"},
		"neither before nor after":        {at + "dayOffOffsetType", "AFTER", "NEVER"},
		"no recurrence":                   {"transferData.recurrence", `,"recurrence":{"startDate":"2026-12-31","endDate":"2027-03-31","frequency":{"periodType":"MONTH","periodValue":1},"dayOffOffsetType":"AFTER"}`, ``},
		"a recurrence of one that is not": {"transferData.recurrence", "RECURRING", "IMMEDIATE"},
	})
	days := func(t *testing.T, want []string, pairs ...string) {
		t.Helper()
		w := newWorld(t)
		tok := w.one.pis(domestic(standing(pairs...)), annas)
		made := w.one.pays(tok.access, "rent", standing(pairs...)).is(http.StatusCreated)
		if made.text("recurringPaymentStatus") != "SUBMITTED" || made.text("generalStatus") != "SUBMITTED" {
			t.Errorf("the order is %s", made.body)
		}
		for n, day := range want {
			if got := made.text("nextExecutionDate"); got != day {
				t.Errorf("payment %d is on %s, want %s", n+1, got, day)
			}
			w.Clock.Set(w.standing(made.text("aspspPaymentId")).Due)
			w.Wall.Set(w.Clock.Now())
			w.settle()
			if n == len(want)-1 {
				break
			}
			tok = w.one.refresh(tok.refresh).tokens()
			made = w.one.status(made, tok.access).is(http.StatusOK)
			if made.at("paymentsMade") != float64(n+1) || made.text("recurringPaymentStatus") != "IN_PROGRESS" {
				t.Errorf("after %d payments the order is %s", n+1, made.body)
			}
		}
		if n := len(w.transfers()); n != len(want) {
			t.Errorf("%d payments were made, want %d", n, len(want))
		}
	}
	// 31 January 2027 is a Sunday, and February has no 31st (its last day is a Sunday too).
	t.Run("after a holiday", func(t *testing.T) { days(t, []string{"2026-12-31", "2027-02-01", "2027-03-01"}) })
	t.Run("before a holiday", func(t *testing.T) { days(t, []string{"2026-12-31", "2027-01-29", "2027-02-26"}, "AFTER", "BEFORE") })
	t.Run("without an end", func(t *testing.T) {
		days(t, []string{"2026-12-31", "2027-01-07", "2027-01-14"}, `"endDate":"2027-03-31",`, ``, "MONTH", "WEEK")
	})
}

func (w *world) standing(handle string) transfer.Standing {
	w.T.Helper()
	s, err := w.Store.Standing(w.T.Context(), transfer.StandingID(own(handle)))
	must(w.T, err)
	return s
}

func TestCase80StructuredAddresses(t *testing.T) {
	w := newWorld(t)
	with := func(address string) string {
		return domestic(small(`"Jan Kowalski"`, `"Jan Kowalski","nameAddressStructured":{"addressStructured":`+address+`}`))
	}
	w.one.asksFor(with(`{"countryCode":"PL","townName":"Warszawa"}`)).is(http.StatusOK)
	const at = atDomestic + "recipient.nameAddressStructured.addressStructured.countryCode"
	w.one.asksFor(with(`{"countryCode":"QQ","townName":"Warszawa"}`)).faulty(at)
	w.one.asksFor(with(`{"countryCode":"POL","townName":"Warszawa"}`)).faulty(at)
	w.one.asksFor(with(`{"countryCode":"pl","townName":"Warszawa"}`)).faulty(at)
	// The form of versions 1 and 2.
	w.one.asksFor(domestic(small(`"Jan Kowalski"`, `"Jan Kowalski","address":{"addressLine":["ul. Prosta 1","Warszawa"],"country":"POL"}`))).
		faulty(atDomestic + "recipient.address")
}

func TestCase81IdentifiersAreNotJudged(t *testing.T) {
	w := newWorld(t)
	w.one.asksFor(domestic(small(`"Jan Kowalski"`, `"Jan Kowalski","identifiers":{"idType":"LEI","idValue":"recipientIdValue","issuer":"recipientIssuer"}`))).is(http.StatusOK)
	w.one.asksFor(domestic(small(`"Jan Kowalski"`, `"Jan Kowalski","identifiers":{"idType":"NIP","idValue":"1"}`))).faulty(atDomestic + "recipient.identifiers.idType")
}
