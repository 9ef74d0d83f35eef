package authserver

import (
	"fmt"
	"strings"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
)

// words are what people read on a phone: in an SMS and in the mobile
// application. They are plain text without markup.
type words struct {
	comma   bool // "1 234,56 PLN" rather than "PLN 1,234.56"
	quote   [2]string
	push    string
	code    string // begins the SMS, so that nothing a partner wrote stands before it
	sum     string
	payee   string
	secret  string
	paired  string // application, partner, account, limits, number of permissions
	within  string // single, daily, monthly, unconfirmed
	changed string // limits

	customerLimits             string // one-off, recurring
	single, daily, monthly, no string

	hold, holdChanged, pay, settle, payChanged, permit string
	until, on, fee                                     string

	actions map[consent.Action]string
	objects map[consent.Object]string

	third consentWords
}

// wordsIn are the words of a language; Polish ones for any that we do not know.
func wordsIn(l party.Language) *words {
	if l == party.English {
		return english()
	}
	return polish()
}

func polish() *words {
	return &words{
		third:   polishConsents(),
		comma:   true,
		quote:   [2]string{"„", "”"},
		push:    "Masz operację do potwierdzenia w aplikacji banku.",
		code:    "Kod: %s.",
		sum:     "Kwota: %s.",
		payee:   "Odbiorca: %s.",
		secret:  "Nikomu nie podawaj tego kodu.",
		paired:  "Połączenie aplikacji %s (%s) z rachunkiem %s. Limity: %s. Liczba uprawnień: %d.",
		within:  "jednorazowo %s, dziennie %s, miesięcznie %s, bez potwierdzenia do %s",
		changed: "Zmiana limitów połączonej aplikacji: %s.",

		customerLimits: "Zmiana Twoich limitów dla wszystkich aplikacji. Operacje jednorazowe: %s. Płatności cykliczne: %s.",
		single:         "pojedynczo %s", daily: "dziennie %s", monthly: "miesięcznie %s", no: "bez limitu",

		hold: "Blokada środków %s", holdChanged: "Zmiana blokady środków",
		pay: "Płatność %s", settle: "Płatność %s z zablokowanych środków", payChanged: "Zmiana zaplanowanej płatności",
		permit: "Dodatkowe uprawnienia aplikacji: %s",
		until:  ", ważna do %s", on: ", data wykonania %s", fee: ", opłata %s",

		actions: map[consent.Action]string{
			consent.ReadList: "przeglądanie listy %s", consent.ReadDet: "odczyt szczegółów %s", consent.Create: "zlecanie %s",
			consent.Delete: "odwoływanie %s", consent.Update: "zmienianie %s", consent.Auth: "zlecanie %s za Twoim potwierdzeniem",
		},
		objects: map[consent.Object]string{
			consent.Payments: "płatności", consent.Blockades: "blokad środków",
			consent.Transactions: "transakcji", consent.User: "Twoich danych",
		},
	}
}

func english() *words {
	return &words{
		third:   englishConsents(),
		quote:   [2]string{`"`, `"`}, // typographic ones would double the price of an SMS
		push:    "An operation waits for your confirmation in the bank's app.",
		code:    "Code: %s.",
		sum:     "Amount: %s.",
		payee:   "Payee: %s.",
		secret:  "Do not share this code with anyone.",
		paired:  "Connecting the application %s (%s) to the account %s. Limits: %s. Number of permissions: %d.",
		within:  "%s at a time, %s a day, %s a month, unconfirmed up to %s",
		changed: "New limits of a connected application: %s.",

		customerLimits: "New limits of yours for all applications. One-off operations: %s. Recurring payments: %s.",
		single:         "%s at a time", daily: "%s a day", monthly: "%s a month", no: "no limit",

		hold: "Hold %s", holdChanged: "Change of a hold",
		pay: "Payment %s", settle: "Payment %s from the held money", payChanged: "Change of a scheduled payment",
		permit: "More permissions for the application: %s",
		until:  ", valid until %s", on: ", to be executed on %s", fee: ", fee %s",

		actions: map[consent.Action]string{
			consent.ReadList: "list %s", consent.ReadDet: "read details of %s", consent.Create: "order %s",
			consent.Delete: "cancel %s", consent.Update: "change %s", consent.Auth: "order %s that you confirm",
		},
		objects: map[consent.Object]string{
			consent.Payments: "payments", consent.Blockades: "holds",
			consent.Transactions: "transactions", consent.User: "your data",
		},
	}
}

// money writes "1 234,56 PLN" or "PLN 1,234.56". The spaces are plain: a
// no-break space is missing from the alphabet of the SMS.
func (w *words) money(a money.Amount) string {
	digits, negative := strings.CutPrefix(a.String(), "-")
	whole, cents, _ := strings.Cut(digits, ".")
	unit := a.Currency().String()
	sign := ""
	if negative {
		sign = "-"
	}
	if w.comma {
		return sign + grouped(whole, " ") + "," + cents + " " + unit
	}
	return sign + unit + " " + grouped(whole, ",") + "." + cents
}

// grouped puts a separator between groups of three digits, from the right.
func grouped(digits, separator string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return digits
}

func (w *words) quoted(s string) string { return w.quote[0] + s + w.quote[1] }

func (w *words) limits(l limit.Limits) string {
	return fmt.Sprintf(w.within, w.money(l.Single), w.money(l.Daily), w.money(l.Monthly), w.money(l.Unconfirmed))
}

func (w *words) newLimits(to limit.Limits) string { return fmt.Sprintf(w.changed, w.limits(to)) }

func (w *words) newCustomerLimits(to limit.OfCustomer) string {
	return fmt.Sprintf(w.customerLimits, w.caps(to.OneOff), w.caps(to.Recurring))
}

func (w *words) caps(c limit.Caps) string {
	var out []string
	for _, one := range []struct {
		form string
		limit.Cap
	}{{w.single, c.Single}, {w.daily, c.Daily}, {w.monthly, c.Monthly}} {
		if one.Set {
			out = append(out, fmt.Sprintf(one.form, w.money(one.Amount)))
		}
	}
	if len(out) == 0 {
		return w.no
	}
	return strings.Join(out, ", ")
}

func (w *words) pairing(application, partner string, a *account.Account, c *Choice) string {
	return fmt.Sprintf(w.paired, w.quoted(application), partner, tail(a), w.limits(c.Limits), len(c.Permissions))
}

// tail names an account by its last four digits: enough for its owner, useless
// to whoever reads the SMS over a shoulder.
func tail(a *account.Account) string { return shortNumber(string(a.NRB)) }

func (w *words) permission(p consent.Permission) string {
	return fmt.Sprintf(w.actions[p.Action], w.objects[p.Object])
}

func (w *words) permissions(all []consent.Permission) string {
	out := make([]string, 0, len(all))
	for _, p := range all {
		out = append(out, w.permission(p))
	}
	return strings.Join(out, ", ")
}
