package transfer

import (
	"errors"

	"okienko/bank/money"
	"okienko/bank/nrb"
)

// The charges of a transfer outside the EEA (psd2 §8).
const (
	Shared      = "SHA"
	ByPayer     = "OUR"
	ByRecipient = "BEN"
)

func (i *Instruction) recipientAccount() error {
	const field = "recipient.accountNumber"
	s := i.Recipient.Account
	switch i.Kind {
	case Domestic, Tax:
		n, err := nrb.Parse(s)
		if err != nil {
			return number(field, err)
		}
		if !nrb.ValidBankCode(n.BankCode()) {
			return unreachable(field, "No bank has the sort code of the account number.")
		}
		return nil
	case EEA:
		return i.accountInEEA(field)
	}
	return i.accountAbroad(field)
}

func (i *Instruction) accountInEEA(field string) error {
	iban, err := nrb.ParseIBAN(i.Recipient.Account)
	if err != nil {
		return number(field, err)
	}
	country := iban.Country()
	if !InEEA(country) {
		return refuse(field, "The account is outside the European Economic Area.")
	}
	if n, ok := iban.NRB(); ok && !nrb.ValidBankCode(n.BankCode()) {
		return unreachable(field, "No bank has the sort code of the account number.")
	}
	if c := i.RecipientCountry; c != "" {
		switch {
		case !IsCountry(c):
			return refuse("recipient.countryCode", "A country has two letters (ISO 3166-1 alpha-2).")
		case c != country:
			return refuse("recipient.countryCode", "The country is not that of the account number.")
		}
	}
	return nil
}

// accountAbroad takes an IBAN, which must be right, or a number of another form.
func (i *Instruction) accountAbroad(field string) error {
	s := i.Recipient.Account
	if s == "" || len(s) > 34 {
		return refuse(field, "An account number has 1 to 34 characters.")
	}
	for j := range len(s) {
		c := s[j]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '/' && c != '-' {
			return refuse(field, "An account number has letters, digits, slashes and dashes.")
		}
	}
	if !looksLikeIBAN(s) {
		return nil
	}
	iban, err := nrb.ParseIBAN(s)
	switch {
	case errors.Is(err, nrb.ErrCountry):
		return nil // of a country whose numbers the bank cannot judge
	case err != nil:
		return number(field, err)
	}
	if c := i.RecipientBank.country(); c != "" && !sameCountry(c, iban.Country()) {
		return refuse("recipientBank.countryCode", "The country of the bank is not that of the account number.")
	}
	return nil
}

func looksLikeIBAN(s string) bool {
	return len(s) >= 15 && IsCountry(s[:2]) && '0' <= s[2] && s[2] <= '9' && '0' <= s[3] && s[3] <= '9'
}

// country is where the bank is, by its BIC if it has one.
func (b *Bank) country() string {
	if validBIC(b.BIC) {
		return b.BIC[4:6]
	}
	return b.Country
}

// recipientBank judges the payee's bank. Domestic orders may carry a BIC, as
// mBank's own example does; it routes nothing there.
func (i *Instruction) recipientBank() error {
	b := &i.RecipientBank
	const bic = "recipientBank.bicOrSwift"
	if b.BIC != "" && !validBIC(b.BIC) {
		return refuse(bic, "A BIC has 8 or 11 letters and digits, with the country in the middle (ISO 9362).")
	}
	if i.Kind == EEA && b.BIC != "" && !sameCountry(b.country(), i.Recipient.Account[:2]) {
		return refuse(bic, "The country of the BIC is not that of the account number.")
	}
	if i.Kind != NonEEA {
		return nil
	}
	if b.Country != "" && !IsCountry(b.Country) {
		return refuse("recipientBank.countryCode", "A country has two letters (ISO 3166-1 alpha-2).")
	}
	if b.BIC == "" && (b.Name == "" || b.Country == "") {
		return refuse("recipientBank", "The payee's bank is needed: its BIC, or its name and country.")
	}
	if b.Country != "" && b.BIC != "" && !sameCountry(b.country(), b.Country) {
		return refuse(bic, "The country of the BIC is not that of the bank.")
	}
	for _, w := range [...]struct{ field, text string }{{"name", b.Name}, {"code", b.Code}} {
		if err := text("recipientBank."+w.field, w.text, maxText); err != nil {
			return err
		}
	}
	if err := lines("recipientBank.address", b.Lines); err != nil {
		return err
	}
	for _, c := range [...]string{b.country(), b.Country, i.Recipient.Address.Country, i.Recipient.Ultimate.Address.Country} {
		if Sanctioned(c) {
			return unreachable("recipientBank.countryCode", "The bank sends no money to this country.")
		}
	}
	return i.charges()
}

// charges knows the three ways. Between banks of the EEA and in one of its
// currencies each side pays its own (PSD2 art. 62(2)).
func (i *Instruction) charges() error {
	switch i.Charges {
	case Shared:
		return nil
	case ByPayer, ByRecipient:
		if InEEA(i.RecipientBank.country()) && currencyOfEEA(i.Amount.Currency()) {
			return refuse("transferCharges", "Inside the European Economic Area the charges are shared (SHA).")
		}
		return nil
	}
	return refuse("transferCharges", "Charges are SHA, OUR or BEN.")
}

func currencyOfEEA(c money.Currency) bool {
	switch c {
	case money.EUR, money.PLN, "CZK", "DKK", "HUF", "NOK", "RON", "SEK", "CHF": // the franc is Liechtenstein's
		return true
	}
	return false
}

// validBIC follows ISO 9362: four letters or digits of the party, the country, two
// of the place, and three of the branch or none.
func validBIC(s string) bool {
	if len(s) != 8 && len(s) != 11 {
		return false
	}
	for j := range len(s) {
		letter := 'A' <= s[j] && s[j] <= 'Z'
		digit := '0' <= s[j] && s[j] <= '9'
		if !letter && (!digit || j == 4 || j == 5) {
			return false
		}
	}
	return IsCountry(s[4:6])
}
