package authserver

import (
	"fmt"
	"strings"

	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// OperationSubject is what a challenge for a prepared operation confirms
// (partner-api §8: amount, payee and title; dynamic linking, RTS 2018/389
// art. 5). Amount and Payee stand apart from the Text, "" where no money moves.
func (s *Server) OperationSubject(a payment.Authorisation, lang party.Language) sca.Subject {
	w := wordsIn(lang)
	d := sca.Display{Text: w.operation(&a), Payee: payee(a.Payee)}
	if a.Amount.Currency() != "" {
		d.Amount = w.money(a.Amount)
	}
	return sca.Subject{Purpose: sca.ForOperation, ID: string(a.ID), Binding: a.Binding(), Display: d}
}

// operation is one sentence on what is done, its title, its date and its fee.
func (w *words) operation(a *payment.Authorisation) string {
	title := w.quoted(a.Draft.Title)
	var text string
	switch a.Draft.Kind {
	case payment.PlaceHold:
		text = fmt.Sprintf(w.hold, title)
	case payment.ChangeHold, payment.ChangePayment:
		text = w.holdChanged
		if a.Draft.Kind == payment.ChangePayment {
			text = w.payChanged
		}
		if a.Draft.Title != "" {
			text += " " + title
		}
	case payment.Pay:
		text = fmt.Sprintf(w.pay, title)
		if a.Draft.Hold != "" {
			text = fmt.Sprintf(w.settle, title)
		}
	case payment.Permit:
		text = fmt.Sprintf(w.permit, w.permissions(a.Draft.Permissions))
	}
	if !a.Draft.ValidTo.IsZero() {
		text += fmt.Sprintf(w.until, calendar.DateOf(a.Draft.ValidTo))
	}
	if a.Draft.ExecutionDate != (calendar.Date{}) {
		text += fmt.Sprintf(w.on, a.Draft.ExecutionDate)
	}
	if a.Fee.IsPositive() {
		text += fmt.Sprintf(w.fee, w.money(a.Fee))
	}
	return text + "."
}

// payee is name and number, the number in the groups in which people compare
// numbers.
func payee(p ledger.Party) string {
	number := p.Number
	if len(number) == 26 {
		groups := []string{number[:2]}
		for i := 2; i < len(number); i += 4 {
			groups = append(groups, number[i:i+4])
		}
		number = strings.Join(groups, " ")
	}
	switch {
	case number == "":
		return p.Name
	case p.Name == "":
		return number
	}
	return p.Name + ", " + number
}

// sms is the text with a code: the code first, then what it confirms.
func (w *words) sms(code string, d sca.Display) string {
	parts := []string{fmt.Sprintf(w.code, code), d.Text}
	if d.Amount != "" {
		parts = append(parts, fmt.Sprintf(w.sum, d.Amount))
	}
	if d.Payee != "" {
		parts = append(parts, fmt.Sprintf(w.payee, d.Payee))
	}
	return strings.Join(append(parts, w.secret), " ")
}
