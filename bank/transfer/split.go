package transfer

import (
	"strings"

	"okienko/bank/money"
)

// The longest words of a split payment's message (psd2 §8).
const (
	maxTaxID        = 14
	maxInvoice      = 35 // exactly the length of a KSeF number
	maxSplitWords   = 33
	maxSplitInMinor = 9_999_999_999 // ten characters with the comma and two decimals
)

func (i *Instruction) split() error {
	s := i.Split
	if s == nil {
		return nil
	}
	const vat = "transactionInfoSp.spTaxAmount"
	switch {
	case i.Kind != Domestic:
		return refuse("splitPayment", "Only a domestic transfer can be split.")
	case i.Amount.Currency() != money.PLN:
		return refuse("transferData.currency", "A split payment is in PLN.")
	case i.Mode == Recurring:
		return refuse("splitPayment", "A split payment names one invoice, so it does not recur.")
	case s.TaxID == "":
		return refuse("transactionInfoSp.spTaxIdentificationNumber", "The supplier's tax number is needed.")
	case s.Invoice == "":
		return refuse("transactionInfoSp.spInvoiceNumber", "The number of the invoice is needed.")
	case s.VAT.Currency() != money.PLN || s.VAT.IsNegative():
		return refuse(vat, "The VAT is an amount in PLN.")
	case s.VAT.MoreThan(i.Amount):
		return refuse(vat, "The VAT is at most the whole amount.")
	case s.VAT.Minor() > maxSplitInMinor:
		return refuse(vat, "The VAT does not fit into the message of the payment system.")
	}
	for _, w := range [...]struct {
		field, text string
		most        int
	}{
		{"spTaxIdentificationNumber", s.TaxID, maxTaxID}, {"spInvoiceNumber", s.Invoice, maxInvoice}, {"spDescription", s.Description, maxSplitWords},
	} {
		if err := text("transactionInfoSp."+w.field, w.text, w.most); err != nil {
			return err
		}
	}
	return nil
}

// Title is the title by which Elixir carries a split payment (psd2 §8):
// "/VAT/23,00/IDC/5250007738/INV/FV 1/TXT/For work".
func (s *Split) Title() string {
	b := "/VAT/" + strings.Replace(s.VAT.String(), ".", ",", 1) + "/IDC/" + s.TaxID + "/INV/" + s.Invoice
	if s.Description != "" {
		b += "/TXT/" + s.Description
	}
	return b
}

// Title is what stands on the payee's statement.
func (i *Instruction) Title() string {
	switch {
	case i.Split != nil:
		return i.Split.Title()
	case i.TaxForm != nil:
		return i.TaxForm.Title()
	}
	return i.Description
}

// Title is the title of a tax transfer as Elixir carries it: the payer, the
// period, the form and the obligation.
func (t *TaxForm) Title() string {
	b := "/TI/" + t.PayerIDType + t.PayerID
	if t.PeriodType != "" {
		b += "/OKR/" + t.Year[max(0, len(t.Year)-2):] + t.PeriodType + t.PeriodID
	}
	b += "/SFP/" + t.FormCode
	if t.Obligation != "" {
		b += "/TXT/" + t.Obligation
	}
	return b
}
