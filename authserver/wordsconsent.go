package authserver

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// consentWords are what people read on a phone about licensed third parties.
type consentWords struct {
	reads    string // third party, end, what, accounts
	renewed  string // third party, what, accounts
	funds    string // third party, end, account
	looks    string // third party, end, what
	on, off  string // account
	pays     string // title, account, third party
	pack     string // number of transfers, account, third party
	tax      string // form, period
	cancels  string // third party, what
	order    string // title
	bundle   string // number of transfers
	standing string // title

	system, inside, fee, fees, vat, date string

	every    map[transfer.Unit][2]string // one, several
	from, to string

	list, single, history string

	rights map[xs2a.Right]string
}

func polishConsents() consentWords {
	return consentWords{
		reads:   "Zezwalasz firmie %s do %s odczytywać: %s. Rachunki: %s.",
		renewed: "Przedłużasz o 180 dni od dziś zgodę dla firmy %s na odczyt: %s. Rachunki: %s.",
		funds:   "Zezwalasz firmie %s do %s pytać bank, czy na rachunku %s jest dość pieniędzy. Firma pozna tylko odpowiedź tak lub nie.",
		looks:   "Zezwalasz firmie %s do %s sprawdzać stan: %s.",
		on:      "Włączasz dostęp firm zewnętrznych do rachunku %s.",
		off:     "Wyłączasz dostęp firm zewnętrznych do rachunku %s.",
		pays:    "%s z rachunku %s na wniosek firmy %s",
		pack:    "Paczka przelewów (liczba: %d) z rachunku %s na wniosek firmy %s",
		tax:     "Przelew podatkowy %s", order: "Przelew %s", bundle: "paczka przelewów (liczba: %d)", standing: "Zlecenie stałe %s",
		cancels: "Odwołanie na wniosek firmy %s: %s.",
		system:  ", systemem %s", inside: ", wewnątrz banku", fee: ", opłata %s", fees: ", opłaty razem %s",
		vat: ", w tym VAT %s (podzielona płatność)", date: ", data wykonania %s",
		every: map[transfer.Unit][2]string{
			transfer.Day: {", codziennie", ", co %d dni"}, transfer.Week: {", co tydzień", ", co %d tyg."}, transfer.Month: {", co miesiąc", ", co %d mies."},
		},
		from: " od %s", to: " do %s",
		list:   "listę rachunków, a po niej dane i historię (do 1460 dni) tych z nich, które firma wskaże",
		single: "%s (jeden raz)", history: "%s z %d dni",
		rights: map[xs2a.Right]string{
			xs2a.ReadAccount: "dane i saldo", xs2a.ReadDone: "historię operacji", xs2a.ReadPending: "operacje w toku",
			xs2a.ReadScheduled: "zaplanowane operacje", xs2a.ReadRejected: "odrzucone operacje", xs2a.ReadCancelled: "odwołane operacje",
			xs2a.ReadHolds: "blokady środków", xs2a.ReadTransaction: "szczegóły operacji",
		},
	}
}

func englishConsents() consentWords {
	return consentWords{
		reads:   "You let %s read until %s: %s. Accounts: %s.",
		renewed: "You renew, for 180 days from today, the consent that lets %s read: %s. Accounts: %s.",
		funds:   "You let %s ask the bank until %s whether there is enough money on the account %s. It learns only yes or no.",
		looks:   "You let %s check until %s the state of: %s.",
		on:      "You switch on access by third parties to the account %s.",
		off:     "You switch off access by third parties to the account %s.",
		pays:    "%s from the account %s, at the request of %s",
		pack:    "Bundle of transfers (number: %d) from the account %s, at the request of %s",
		tax:     "Tax transfer %s", order: "Transfer %s", bundle: "bundle of transfers (number: %d)", standing: "Standing order %s",
		cancels: "Cancelling at the request of %s: %s.",
		system:  ", by %s", inside: ", inside the bank", fee: ", fee %s", fees: ", fees of %s in all",
		vat: ", of it VAT %s (split payment)", date: ", to be executed on %s",
		every: map[transfer.Unit][2]string{
			transfer.Day: {", every day", ", every %d days"}, transfer.Week: {", every week", ", every %d weeks"}, transfer.Month: {", every month", ", every %d months"},
		},
		from: " from %s", to: " until %s",
		list:   "the list of accounts, and then details and history (up to 1460 days) of those that it names",
		single: "%s (once)", history: "%s of %d days",
		rights: map[xs2a.Right]string{
			xs2a.ReadAccount: "details and balance", xs2a.ReadDone: "history", xs2a.ReadPending: "pending operations",
			xs2a.ReadScheduled: "scheduled operations", xs2a.ReadRejected: "rejected operations", xs2a.ReadCancelled: "cancelled operations",
			xs2a.ReadHolds: "holds", xs2a.ReadTransaction: "details of operations",
		},
	}
}

// consent says what a consent lets a third party do, for the chosen accounts; of
// is what it cancels or looks at, where it does.
func (w *words) consent(c *xs2a.Consent, chosen []account.Account, of *object) sca.Display {
	third := w.quoted(c.Name)
	switch {
	case c.Payment == nil:
		var numbers []string
		for i := range chosen {
			numbers = append(numbers, tail(&chosen[i]))
		}
		return sca.Display{Text: fmt.Sprintf(w.third.reads, third, day(c.Until), w.readings(c), strings.Join(numbers, ", "))}
	case len(c.Payment.Orders) == 0:
		return w.aboutObject(c, of)
	case c.Payment.Bundle:
		return w.bundled(c, &chosen[0])
	}
	o := &c.Payment.Orders[0]
	text := fmt.Sprintf(w.third.pays, w.titled(&o.Order), tail(&chosen[0]), third) + w.terms(o)
	return sca.Display{Text: text + ".", Amount: w.money(o.Order.Amount), Payee: recipient(&o.Order)}
}

// readings lists what a consent to account information lets a third party read.
func (w *words) readings(c *xs2a.Consent) string {
	out := make([]string, 0, len(c.Grants))
	for _, g := range c.Grants {
		text, known := w.third.rights[g.Right]
		if !known {
			text = w.third.list
		}
		if g.HistoryDays > 0 {
			text = fmt.Sprintf(w.third.history, text, g.HistoryDays)
		}
		if g.Single {
			text = fmt.Sprintf(w.third.single, text)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// titled names an order by its kind and title.
func (w *words) titled(o *transfer.Instruction) string {
	switch {
	case o.TaxForm != nil:
		return fmt.Sprintf(w.third.tax, strings.TrimSpace(o.TaxForm.FormCode+" "+o.TaxForm.Year+o.TaxForm.PeriodType+o.TaxForm.PeriodID))
	case o.Mode == transfer.Recurring:
		return fmt.Sprintf(w.third.standing, w.quoted(o.Description))
	}
	return fmt.Sprintf(w.third.order, w.quoted(o.Description))
}

// terms say how, when and at what price an order goes.
func (w *words) terms(o *xs2a.Ordered) string {
	text := w.third.inside
	if o.System != transfer.Internal {
		text = fmt.Sprintf(w.third.system, systemName(o.System))
	}
	if split := o.Order.Split; split != nil {
		text += fmt.Sprintf(w.third.vat, w.money(split.VAT))
	}
	if r := o.Order.Recurrence; r != nil && o.Order.Mode == transfer.Recurring {
		form := w.third.every[r.Every]
		if r.Count > 1 {
			text += fmt.Sprintf(form[1], r.Count)
		} else {
			text += form[0]
		}
		text += fmt.Sprintf(w.third.from, r.Start)
		if !r.End.IsZero() {
			text += fmt.Sprintf(w.third.to, r.End)
		}
	} else if first := firstDay(&o.Order); !first.IsZero() {
		text += fmt.Sprintf(w.third.date, first)
	}
	if o.Fee.IsPositive() {
		text += fmt.Sprintf(w.third.fee, w.money(o.Fee))
	}
	return text
}

// systemName is a payment system as people write it.
func systemName(s transfer.System) string {
	switch s {
	case transfer.ExpressElixir:
		return "Express Elixir"
	case transfer.InstantSEPA:
		return "SEPA Instant"
	case transfer.Target:
		return "TARGET"
	case transfer.Swift:
		return "SWIFT"
	}
	return string(s)
}

// bundled says the sum of a bundle and names every payee of it (RTS 2018/389
// art. 5(3)(b)).
func (w *words) bundled(c *xs2a.Consent, payer *account.Account) sca.Display {
	orders := c.Payment.Orders
	text := fmt.Sprintf(w.third.pack, len(orders), tail(payer), w.quoted(c.Name))
	fees := make([]money.Amount, 0, len(orders))
	payees := make([]string, 0, len(orders))
	for i := range orders {
		o := &orders[i].Order
		fees = append(fees, orders[i].Fee)
		payees = append(payees, o.Recipient.Name+" "+shortNumber(o.Recipient.Account)+" "+w.money(o.Amount))
	}
	if sum, err := money.Sum(payer.Currency(), fees...); err == nil && sum.IsPositive() {
		text += fmt.Sprintf(w.third.fees, w.money(sum))
	}
	return sca.Display{Text: text + ".", Amount: w.money(c.Payment.Total), Payee: strings.Join(payees, "; ")}
}

// aboutObject says what is cancelled or looked at.
func (w *words) aboutObject(c *xs2a.Consent, of *object) sca.Display {
	what, payee := fmt.Sprintf(w.third.bundle, of.count), strconv.Itoa(of.count)
	if c.Payment.OfBundle == "" {
		what, payee = w.titled(&of.order), recipient(&of.order)
		what = strings.ToLower(what[:1]) + what[1:] // inside a sentence; all of ours begin with ASCII
	}
	if c.Grant(xs2a.CancelPayment) == nil {
		return sca.Display{Text: fmt.Sprintf(w.third.looks, w.quoted(c.Name), day(c.Until), what)}
	}
	return sca.Display{Text: fmt.Sprintf(w.third.cancels, w.quoted(c.Name), what), Amount: w.money(of.order.Amount), Payee: payee}
}

func (w *words) renewal(c *xs2a.Consent) string {
	var numbers []string
	for _, r := range c.Accounts {
		if !r.Past {
			numbers = append(numbers, shortNumber(r.Number))
		}
	}
	return fmt.Sprintf(w.third.renewed, w.quoted(c.Name), w.readings(c), strings.Join(numbers, ", "))
}

func (w *words) mayAskFunds(issuer string, a *account.Account, until time.Time) string {
	return fmt.Sprintf(w.third.funds, w.quoted(issuer), day(until), tail(a))
}

func (w *words) accessSwitched(a *account.Account, on bool) string {
	if on {
		return fmt.Sprintf(w.third.on, tail(a))
	}
	return fmt.Sprintf(w.third.off, tail(a))
}

// recipient is the payee of an order, by name and full number.
func recipient(o *transfer.Instruction) string {
	return payee(ledger.Party{Name: o.Recipient.Name, Number: o.Recipient.Account})
}

func day(t time.Time) string { return calendar.DateOf(t).String() }

// shortNumber is what tail shows of an account, for a number alone.
func shortNumber(number string) string {
	if len(number) > 4 {
		return "..." + number[len(number)-4:]
	}
	return number
}
