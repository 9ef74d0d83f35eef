package sandbox

import (
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// accountJSON is an account as its holder sees it.
type accountJSON struct {
	Customer  party.CustomerID    `json:"customer"`
	Of        string              `json:"of,omitempty"` // the customer's name
	Number    string              `json:"number"`
	Name      string              `json:"name"`
	Type      string              `json:"type"`
	Currency  money.Currency      `json:"currency"`
	Booked    string              `json:"booked"`
	Available string              `json:"available"`
	Status    account.Status      `json:"status"`
	Access    account.AccessState `json:"access"`
}

func accountOf(a *account.Account, of string) (accountJSON, error) {
	free, err := a.Available()
	return accountJSON{Customer: a.Customer, Of: of, Number: string(a.NRB), Name: a.Name, Type: a.Product.Type, Currency: a.Currency(),
		Booked: a.Booked.String(), Available: free.String(), Status: a.Status, Access: a.Access.State}, err
}

// capsJSON are three limits; null is none.
type capsJSON struct {
	Single  *string `json:"single"`
	Daily   *string `json:"daily"`
	Monthly *string `json:"monthly"`
}

type limitsJSON struct {
	Customer  party.CustomerID `json:"customer"`
	OneOff    capsJSON         `json:"oneOff"`
	Recurring capsJSON         `json:"recurring"`
}

func limitsOf(c party.CustomerID, l limit.OfCustomer) limitsJSON {
	text := func(k limit.Cap) *string {
		if !k.Set {
			return nil
		}
		s := k.Amount.String()
		return &s
	}
	caps := func(k limit.Caps) capsJSON { return capsJSON{text(k.Single), text(k.Daily), text(k.Monthly)} }
	return limitsJSON{c, caps(l.OneOff), caps(l.Recurring)}
}

// consentJSON is a consent as its customer sees it.
type consentJSON struct {
	ID           xs2a.ID                 `json:"id"`
	ThirdParty   string                  `json:"thirdParty"`
	Organisation thirdparty.Organisation `json:"organisation"`
	ConsentID    string                  `json:"consentId"` // the third party's own
	Scope        xs2a.Scope              `json:"scope"`
	Rights       []grantJSON             `json:"rights"`
	Numbers      []string                `json:"accounts,omitempty"`
	Payment      *paymentJSON            `json:"payment,omitempty"`
	Status       xs2a.Status             `json:"status"`
	Until        time.Time               `json:"until"`
	LastUsed     time.Time               `json:"lastUsed,omitzero"`
	LastRead     string                  `json:"lastRead,omitempty"`
}

type grantJSON struct {
	Right       xs2a.Right `json:"right"`
	Single      bool       `json:"single,omitempty"`
	Spent       bool       `json:"spent,omitempty"`
	HistoryDays int        `json:"historyDays,omitempty"`
}

// paymentJSON is what a payment consent is about.
type paymentJSON struct {
	Orders   []orderJSON `json:"orders,omitempty"`
	Total    string      `json:"total,omitempty"`
	Transfer string      `json:"transfer,omitempty"`
	Bundle   string      `json:"bundle,omitempty"`
	Standing string      `json:"standing,omitempty"`
}

type orderJSON struct {
	Amount   string         `json:"amount"`
	Currency money.Currency `json:"currency"`
	Payee    string         `json:"payee"`
	Account  string         `json:"account"`
	Title    string         `json:"title,omitempty"`
	Kind     string         `json:"kind"`
	System   string         `json:"system"`
	Fee      string         `json:"fee,omitempty"`
}

func consentOf(c *xs2a.Consent, now time.Time) consentJSON {
	out := consentJSON{ID: c.ID, ThirdParty: c.Name, Organisation: c.Organisation, ConsentID: c.TPPID, Scope: c.Scope, Rights: make([]grantJSON, len(c.Grants)),
		Status: c.At(now), Until: c.Until, LastUsed: c.LastUsed, LastRead: c.LastRead}
	for i, g := range c.Grants {
		out.Rights[i] = grantJSON(g)
	}
	for _, r := range c.Accounts {
		if !r.Past {
			out.Numbers = append(out.Numbers, r.Number)
		}
	}
	w := c.Payment
	if w == nil {
		return out
	}
	out.Payment = &paymentJSON{Transfer: string(w.Transfer), Bundle: string(w.OfBundle), Standing: string(w.Standing)}
	if w.Bundle {
		out.Payment.Total = w.Total.String()
	}
	for i := range w.Orders {
		o := &w.Orders[i]
		j := orderJSON{Amount: o.Order.Amount.String(), Currency: o.Order.Amount.Currency(), Payee: o.Order.Recipient.Name, Account: o.Order.Recipient.Account,
			Title: o.Order.Description, Kind: string(o.Order.Kind), System: string(o.System)}
		if o.Fee.Currency() != "" {
			j.Fee = o.Fee.String()
		}
		out.Payment.Orders = append(out.Payment.Orders, j)
	}
	return out
}

// whyJSON says why nothing of a customer may be chosen.
type whyJSON struct {
	Customer party.CustomerID `json:"customer"`
	Why      bank.Code        `json:"why"`
}
