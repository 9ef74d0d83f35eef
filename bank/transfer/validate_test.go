package transfer_test

import (
	"errors"
	"strings"
	"testing"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/transfer"
)

const today = "2026-03-10"

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func amount(s string, c money.Currency) money.Amount {
	a, err := money.Parse(s, c)
	if err != nil {
		panic(err)
	}
	return a
}

func domestic() transfer.Instruction {
	return transfer.Instruction{
		Kind: transfer.Domestic, Recipient: transfer.Party{Account: "20114000000000000000000300", Name: "Jan Kowalski"},
		Description: "Transfer", Amount: amount("0.01", money.PLN), Delivery: transfer.StandardD1,
	}
}

func split() transfer.Instruction {
	i := domestic()
	i.Amount = amount("1.23", money.PLN)
	i.Split = &transfer.Split{VAT: amount("0.23", money.PLN), TaxID: "5512265909", Invoice: "FVS-01-01-2020-0001", Description: "Split payment"}
	return i
}

func eea() transfer.Instruction {
	i := domestic()
	i.Kind, i.Recipient.Account, i.Amount = transfer.EEA, "DE89370400440532013000", amount("10.00", money.EUR)
	return i
}

func abroad() transfer.Instruction {
	i := eea()
	i.Kind, i.Recipient.Account, i.Amount, i.Delivery, i.Charges = transfer.NonEEA, "000123456789", amount("10.00", money.USD), transfer.StandardD2, "SHA"
	i.RecipientBank = transfer.Bank{BIC: "CHASUS33", Name: "Chase", Country: "US"}
	return i
}

// tax is a PIT of a person with a PESEL, to the individual tax account.
func tax() transfer.Instruction {
	i := domestic()
	i.Kind, i.Description, i.Recipient.Account = transfer.Tax, "", micro("1", "44051401359")
	i.TaxForm = &transfer.TaxForm{PayerID: "44051401359", PayerIDType: "P", FormCode: "PIT-37", PeriodType: "R", Year: "2025"}
	return i
}

// office is a form that goes to an account of an office.
func office() transfer.Instruction {
	i := tax()
	i.Recipient.Account = withCheck("10101270" + "0000000000000001")
	i.TaxForm.FormCode, i.TaxForm.PeriodType, i.TaxForm.Year = "PCC-3", "", ""
	return i
}

func recurring() transfer.Instruction {
	i := domestic()
	i.Mode, i.Recurrence = transfer.Recurring, &transfer.Recurrence{Start: day("2026-03-31"), Every: transfer.Month, Count: 1}
	return i
}

func TestWellFormedOrders(t *testing.T) {
	for name, i := range map[string]transfer.Instruction{
		"domestic": domestic(), "split": split(), "eea": eea(), "abroad": abroad(), "tax": tax(), "office": office(), "recurring": recurring(),
	} {
		if err := i.Validate(day(today)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The rules of psd2 §10 PIS, one by one: what is refused, and with which field.
func TestRules(t *testing.T) {
	with := func(from func() transfer.Instruction, change func(i *transfer.Instruction)) transfer.Instruction {
		i := from()
		change(&i)
		return i
	}
	type order = *transfer.Instruction
	lines := func(n, long int) []string {
		var out []string
		for range n {
			out = append(out, strings.Repeat("ż", long))
		}
		return out
	}
	for _, c := range []struct {
		name  string
		order transfer.Instruction
		field string // "" passes
		code  bank.Code
	}{
		{"58 nothing", with(domestic, func(i order) { i.Amount = amount("0.00", money.PLN) }), "transferData.amount", ""},
		{"58 unknown currency", with(domestic, func(i order) { i.Amount = money.New(1, "XXX") }), "transferData.currency", ""},
		{"59 a digit mistyped", with(domestic, func(i order) { i.Recipient.Account = "20114000000000000000000301" }), "recipient.accountNumber", ""},
		{"59 25 digits", with(domestic, func(i order) { i.Recipient.Account = "2011400000000000000000030" }), "recipient.accountNumber", ""},
		{"59 27 digits", with(domestic, func(i order) { i.Recipient.Account = "201140000000000000000003000" }), "recipient.accountNumber", ""},
		{"59 letters", with(domestic, func(i order) { i.Recipient.Account = "2011400000000000000000030X" }), "recipient.accountNumber", ""},
		{"59 none", with(domestic, func(i order) { i.Recipient.Account = "" }), "recipient.accountNumber", ""},
		{"59 PL before it", with(domestic, func(i order) { i.Recipient.Account = "PL20114000000000000000000300" }), "", ""},
		{"59 spaces", with(domestic, func(i order) { i.Recipient.Account = "20 1140 0000 0000 0000 0000 0300" }), "", ""},
		{"59 another country", with(domestic, func(i order) { i.Recipient.Account = "DE89370400440532013000" }), "recipient.accountNumber", ""},
		{"59 no such sort code", with(domestic, func(i order) { i.Recipient.Account = withCheck("11400001" + "0000000000000001") }), "recipient.accountNumber", bank.RailUnavailable},
		{"59 to itself", with(domestic, func(i order) { i.Sender.Account = i.Recipient.Account }), "recipient.accountNumber", ""},
		{"59 to itself, written otherwise", with(domestic, func(i order) { i.Sender.Account = "PL20 1140 0000 0000 0000 0000 0300" }), "recipient.accountNumber", ""},
		{"59 a wrong sender", with(domestic, func(i order) { i.Sender.Account = "85114000000000000000000101" }), "sender.accountNumber", ""},
		{"57 a sender", with(domestic, func(i order) { i.Sender.Account = "85114000000000000000000100" }), "", ""},
		{"60 no name", with(domestic, func(i order) { i.Recipient.Name = "" }), "recipient.name", ""},
		{"60 no title", with(domestic, func(i order) { i.Description = "" }), "transferData.description", ""},
		{"60 140 characters", with(domestic, func(i order) { i.Description = strings.Repeat("ż", 140) }), "", ""},
		{"60 141 characters", with(domestic, func(i order) { i.Description = strings.Repeat("z", 141) }), "transferData.description", ""},
		{"60 a line break", with(domestic, func(i order) { i.Description = "a\nb" }), "transferData.description", ""},
		{"60 a turn of direction", with(domestic, func(i order) { i.Recipient.Name = "a\u202eb" }), "recipient.name", ""},
		{"60 not UTF-8", with(domestic, func(i order) { i.Recipient.Name = "a\xff" }), "recipient.name", ""},
		{"60 4 lines of 35", with(domestic, func(i order) { i.Recipient.Address.Lines = lines(4, 35) }), "", ""},
		{"60 a line of 36", with(domestic, func(i order) { i.Recipient.Address.Lines = lines(4, 36) }), "recipient.address.addressLine", ""},
		{"60 5 lines", with(domestic, func(i order) { i.Recipient.Address.Lines = lines(5, 1) }), "recipient.address.addressLine", ""},
		{"61 EUR", with(domestic, func(i order) { i.Amount = amount("1.00", money.EUR) }), "transferData.currency", ""},
		{"61 EUR inside the bank", with(domestic, func(i order) { i.Amount, i.System = amount("1.00", money.EUR), transfer.Internal }), "", ""},
		{"61 a later day without the day", with(domestic, func(i order) { i.Mode = transfer.FutureDated }), "transferData.executionDate", ""},
		{"61 yesterday", with(domestic, func(i order) { i.Mode, i.ExecutionDate = transfer.FutureDated, day("2026-03-09") }), "transferData.executionDate", ""},
		{"61 yesterday at once", with(domestic, func(i order) { i.Mode, i.ExecutionDate = transfer.Immediate, day("2026-03-09") }), "transferData.executionDate", ""},
		{"61 today", with(domestic, func(i order) { i.Mode, i.ExecutionDate = transfer.FutureDated, day(today) }), "", ""},
		{"61 a later day at once", with(domestic, func(i order) { i.Mode, i.ExecutionDate = transfer.Immediate, day("2026-03-12") }), "", ""},
		{"61 in a year", with(domestic, func(i order) { i.ExecutionDate = day("2027-03-10") }), "", ""},
		{"61 in more than a year", with(domestic, func(i order) { i.ExecutionDate = day("2027-03-11") }), "transferData.executionDate", ""},
		{"61 unknown mode", with(domestic, func(i order) { i.Mode = "Sometimes" }), "executionMode", ""},
		{"62 above Express Elixir", with(domestic, func(i order) { i.System, i.Amount = transfer.ExpressElixir, amount("250000.01", money.PLN) }), "transferData.amount", bank.RailUnavailable},
		{"62 the most of Express Elixir", with(domestic, func(i order) { i.System, i.Amount = transfer.ExpressElixir, amount("250000.00", money.PLN) }), "", ""},
		{"62 below Sorbnet", with(domestic, func(i order) { i.System, i.Amount = transfer.Sorbnet, amount("999999.99", money.PLN) }), "transferData.amount", bank.RailUnavailable},
		{"62 the least of Sorbnet", with(domestic, func(i order) { i.System, i.Amount = transfer.Sorbnet, amount("1000000.00", money.PLN) }), "", ""},
		{"domestic through SEPA", with(domestic, func(i order) { i.System = transfer.SEPA }), "system", ""},
		{"unknown system", with(domestic, func(i order) { i.System = "Pigeon" }), "system", ""},
		{"no delivery", with(domestic, func(i order) { i.Delivery = "" }), "deliveryMode", ""},
		{"domestic in two days", with(domestic, func(i order) { i.Delivery = transfer.StandardD2 }), "deliveryMode", ""},
		{"a BIC of mBank's example", with(domestic, func(i order) { i.RecipientBank.BIC = "DABAIE2D" }), "", ""},
		{"66 the country", with(eea, func(i order) { i.RecipientCountry = "DE" }), "", ""},
		{"66 another country", with(eea, func(i order) { i.RecipientCountry = "FR" }), "recipient.countryCode", ""},
		{"66 alpha-3", with(eea, func(i order) { i.RecipientCountry = "DEU" }), "recipient.countryCode", ""},
		{"66 too short for its country", with(eea, func(i order) { i.Recipient.Account = "DE8937040044053201300" }), "recipient.accountNumber", ""},
		{"66 wrong check digits", with(eea, func(i order) { i.Recipient.Account = "DE88370400440532013000" }), "recipient.accountNumber", ""},
		{"66 outside the EEA", with(eea, func(i order) { i.Recipient.Account = "CH9300762011623852957" }), "recipient.accountNumber", ""},
		{"66 in PLN", with(eea, func(i order) { i.Amount = amount("1.00", money.PLN) }), "transferData.currency", ""},
		{"66 BIC of the country", with(eea, func(i order) { i.RecipientBank.BIC = "DEUTDEFF500" }), "", ""},
		{"66 BIC of another country", with(eea, func(i order) { i.RecipientBank.BIC = "BNPAFRPP" }), "recipientBank.bicOrSwift", ""},
		{"66 not a BIC", with(eea, func(i order) { i.RecipientBank.BIC = "DEUTDE" }), "recipientBank.bicOrSwift", ""},
		{"66 a Polish account", with(eea, func(i order) { i.Recipient.Account = "20114000000000000000000300" }), "", ""},
		{"66 through Elixir", with(eea, func(i order) { i.System = transfer.Elixir }), "system", ""},
		{"66 above instant SEPA", with(eea, func(i order) { i.System, i.Amount = transfer.InstantSEPA, amount("100000.01", money.EUR) }), "transferData.amount", bank.RailUnavailable},
		{"66 the most of instant SEPA", with(eea, func(i order) { i.System, i.Amount = transfer.InstantSEPA, amount("100000.00", money.EUR) }), "", ""},
		{"67 charges", with(abroad, func(i order) { i.Charges = "ABC" }), "transferCharges", ""},
		{"67 charges of the payer", with(abroad, func(i order) { i.Charges = "OUR" }), "", ""},
		{"67 charges not said", with(abroad, func(i order) { i.Charges = "" }), "", ""},
		{"67 OUR inside the EEA", with(abroad, func(i order) {
			i.Charges, i.RecipientBank, i.Amount = "OUR", transfer.Bank{BIC: "KOMBCZPP"}, amount("1.00", "CZK")
		}), "transferCharges", ""},
		{"67 no bank", with(abroad, func(i order) { i.RecipientBank = transfer.Bank{} }), "recipientBank", ""},
		{"67 a bank by name", with(abroad, func(i order) { i.RecipientBank.BIC = "" }), "", ""},
		{"67 BIC of another country", with(abroad, func(i order) { i.RecipientBank.Country = "CA" }), "recipientBank.bicOrSwift", ""},
		{"67 sanctioned", with(abroad, func(i order) { i.RecipientBank = transfer.Bank{Name: "A bank", Country: "KP"} }), "recipientBank.countryCode", bank.RailUnavailable},
		{"67 sanctioned by BIC", with(abroad, func(i order) { i.RecipientBank = transfer.Bank{BIC: "BKIMIRTH"} }), "recipientBank.countryCode", bank.RailUnavailable},
		{"67 a wrong IBAN", with(abroad, func(i order) {
			i.Recipient.Account, i.RecipientBank = "GB29NWBK60161331926818", transfer.Bank{BIC: "NWBKGB2L"}
		}), "recipient.accountNumber", ""},
		{"67 a bank elsewhere than the IBAN", with(abroad, func(i order) { i.Recipient.Account = "GB29NWBK60161331926819" }), "recipientBank.countryCode", ""},
		{"67 strange characters", with(abroad, func(i order) { i.Recipient.Account = "12;34" }), "recipient.accountNumber", ""},
		{"68 a form without its period", with(tax, func(i order) { i.TaxForm.PeriodType, i.TaxForm.Year = "", "" }), "usInfo.periodType", ""},
		{"68 no data", with(tax, func(i order) { i.TaxForm = nil }), "usInfo", ""},
		{"68 data of another kind", with(domestic, func(i order) { i.TaxForm = tax().TaxForm }), "usInfo", ""},
		{"68 EUR", with(tax, func(i order) { i.Amount = amount("1.00", money.EUR) }), "transferData.currency", ""},
		{"68 a PESEL called a NIP", with(tax, func(i order) { i.TaxForm.PayerIDType = "N" }), "usInfo.payorId", ""},
		{"68 a wrong PESEL", with(tax, func(i order) { i.TaxForm.PayerID = "44051401358" }), "usInfo.payorId", ""},
		{"68 unknown kind of id", with(tax, func(i order) { i.TaxForm.PayerIDType = "X" }), "usInfo.payorIdType", ""},
		{"68 another's tax account", with(tax, func(i order) { i.Recipient.Account = micro("1", "02070803628") }), "recipient.accountNumber", ""},
		{"68 a tax account by NIP", with(tax, func(i order) {
			i.Recipient.Account, i.TaxForm.PayerID, i.TaxForm.PayerIDType = micro("2", "5250007738"), "5250007738", "N"
		}), "", ""},
		{"68 an id card owns no tax account", with(tax, func(i order) { i.TaxForm.PayerID, i.TaxForm.PayerIDType = "ABC123456", "1" }), "recipient.accountNumber", ""},
		{"68 PIT to an office", with(tax, func(i order) { i.Recipient.Account = office().Recipient.Account }), "recipient.accountNumber", ""},
		{"68 PCC to a tax account", with(office, func(i order) { i.Recipient.Account = tax().Recipient.Account }), "recipient.accountNumber", ""},
		{"68 PCC to a shop", with(office, func(i order) { i.Recipient.Account = domestic().Recipient.Account }), "recipient.accountNumber", ""},
		{"68 PIT, as Elixir writes it", with(tax, func(i order) { i.TaxForm.FormCode = "PIT37" }), "", ""},
		{"68 month 13", with(tax, func(i order) { i.TaxForm.PeriodType, i.TaxForm.PeriodID = "M", "13" }), "usInfo.periodId", ""},
		{"68 month 2", with(tax, func(i order) { i.TaxForm.PeriodType, i.TaxForm.PeriodID, i.TaxForm.Year = "M", "02", "26" }), "", ""},
		{"68 the third ten days", with(tax, func(i order) { i.TaxForm.PeriodType, i.TaxForm.PeriodID = "D", "0302" }), "", ""},
		{"68 30 February", with(tax, func(i order) { i.TaxForm.PeriodType, i.TaxForm.PeriodID = "J", "3002" }), "usInfo.periodId", ""},
		{"68 a year of three digits", with(tax, func(i order) { i.TaxForm.Year = "025" }), "usInfo.year", ""},
		{"68 no form", with(tax, func(i order) { i.TaxForm.FormCode = "" }), "usInfo.formCode", ""},
		{"68 through Sorbnet", with(tax, func(i order) { i.System = transfer.Sorbnet }), "system", ""},
		{"69 no data", with(domestic, func(i order) { i.Split = &transfer.Split{} }), "transactionInfoSp.spTaxIdentificationNumber", ""},
		{"69 no invoice", with(split, func(i order) { i.Split.Invoice = "" }), "transactionInfoSp.spInvoiceNumber", ""},
		{"69 VAT above the whole", with(split, func(i order) { i.Split.VAT = amount("1.24", money.PLN) }), "transactionInfoSp.spTaxAmount", ""},
		{"69 VAT of the whole", with(split, func(i order) { i.Split.VAT = amount("1.23", money.PLN) }), "", ""},
		{"69 no VAT", with(split, func(i order) { i.Split.VAT = amount("0.00", money.PLN) }), "", ""},
		{"69 VAT in EUR", with(split, func(i order) { i.Split.VAT = amount("0.23", money.EUR) }), "transactionInfoSp.spTaxAmount", ""},
		{"69 foreign currency", with(split, func(i order) { i.Amount, i.System = amount("1.23", money.EUR), transfer.Internal }), "transferData.currency", ""},
		{"69 abroad", with(eea, func(i order) { i.Split = split().Split }), "splitPayment", ""},
		{"69 a KSeF number", with(split, func(i order) { i.Split.Invoice = strings.Repeat("1", 35) }), "", ""},
		{"69 longer than Elixir carries", with(split, func(i order) { i.Split.Invoice = strings.Repeat("1", 36) }), "transactionInfoSp.spInvoiceNumber", ""},
		{"71 no recurrence", with(recurring, func(i order) { i.Recurrence = nil }), "transferData.recurrence", ""},
		{"71 recurrence of another mode", with(recurring, func(i order) { i.Mode = transfer.Immediate }), "transferData.recurrence", ""},
		{"71 ends before it starts", with(recurring, func(i order) { i.Recurrence.End = day("2026-03-30") }), "transferData.recurrence.endDate", ""},
		{"71 one payment", with(recurring, func(i order) { i.Recurrence.End = day("2026-03-31") }), "", ""},
		{"71 every 0 months", with(recurring, func(i order) { i.Recurrence.Count = 0 }), "transferData.recurrence.frequency.periodValue", ""},
		{"71 every year", with(recurring, func(i order) { i.Recurrence.Every = "year" }), "transferData.recurrence.frequency.periodType", ""},
		{"71 started", with(recurring, func(i order) { i.Recurrence.Start = day("2026-03-09") }), "transferData.recurrence.startDate", ""},
		{"80 country and town alone", with(domestic, func(i order) { i.Recipient.Address = transfer.Address{Country: "PL", Town: "Warszawa"} }), "", ""},
		{"80 unknown country", with(domestic, func(i order) { i.Recipient.Address.Country = "ZZ" }), "recipient.address.countryCode", ""},
		{"80 alpha-3", with(domestic, func(i order) { i.Sender.Address.Country = "POL" }), "sender.address.countryCode", ""},
		{"80 of the ultimate recipient", with(domestic, func(i order) { i.Recipient.Ultimate.Address.Country = "ZZ" }), "recipient.ultimate.address.countryCode", ""},
		{"81 mBank's LEI", with(domestic, func(i order) {
			i.Recipient.Identifiers = transfer.Identifiers{Type: "LEI", Value: "recipientIdValue", Issuer: "recipientIssuer"}
		}), "", ""},
		{"unknown kind", with(domestic, func(i order) { i.Kind = "barter" }), "kind", ""},
	} {
		before := c.order.Content()
		err := c.order.Validate(day(today))
		var r *bank.Refusal
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.field == "":
		case c.code == "":
			c.code = bank.InvalidParameter
			fallthrough
		default:
			if !errors.As(err, &r) || r.Field != c.field || r.Code != c.code {
				t.Errorf("%s: %v; want %s of %s", c.name, err, c.code, c.field)
			}
		}
		if c.order.Content() != before {
			t.Errorf("%s: judging the order changed it", c.name)
		}
	}
}

func TestBundles(t *testing.T) {
	good := func() []transfer.Part {
		one, two := domestic(), domestic()
		two.Amount = amount("0.02", money.PLN)
		return []transfer.Part{{TPPID: "a", Order: &one}, {TPPID: "b", Order: &two}}
	}
	for _, c := range []struct {
		name  string
		spoil func(p []transfer.Part) []transfer.Part
		total string
		field string
	}{
		{"as it should be", nil, "0.03", ""},
		{"another total", nil, "0.04", "transfersTotalAmount"},
		{"empty", func([]transfer.Part) []transfer.Part { return nil }, "0.00", "transfers"},
		{"one id twice", func(p []transfer.Part) []transfer.Part { p[1].TPPID = "a"; return p }, "0.03", "transfers[1].tppPaymentId"},
		{"no id", func(p []transfer.Part) []transfer.Part { p[0].TPPID = ""; return p }, "0.03", "transfers[0].tppPaymentId"},
		{"one of them wrong", func(p []transfer.Part) []transfer.Part { p[1].Order.Recipient.Name = ""; return p }, "0.03", "transfers[1].recipient.name"},
		{"two currencies", func(p []transfer.Part) []transfer.Part {
			p[1].Order.System, p[1].Order.Amount = transfer.Internal, amount("0.02", money.EUR)
			return p
		}, "0.03", "transfers[1].transferData.currency"},
		{"two kinds", func(p []transfer.Part) []transfer.Part { o := eea(); p[1].Order = &o; return p }, "0.03", "transfers[1].kind"},
		{"one recurs", func(p []transfer.Part) []transfer.Part { o := recurring(); p[0].Order = &o; return p }, "0.03", "transfers[0].executionMode"},
		{"two payers", func(p []transfer.Part) []transfer.Part {
			p[0].Order.Sender.Account, p[1].Order.Sender.Account = "85114000000000000000000100", "88342437927928550883469351"
			return p
		}, "0.03", "transfers[1].sender.accountNumber"},
		{"too many", func(p []transfer.Part) []transfer.Part {
			return append(p, make([]transfer.Part, transfer.MaxBundle)...)
		}, "0.03", "transfers"},
	} {
		parts := good()
		if c.spoil != nil {
			parts = c.spoil(parts)
		}
		err := transfer.ValidateBundle(parts, amount(c.total, money.PLN), day(today))
		var r *bank.Refusal
		if c.field == "" && err != nil || c.field != "" && (!errors.As(err, &r) || r.Field != c.field) {
			t.Errorf("%s: %v; want the field %q", c.name, err, c.field)
		}
	}
}
