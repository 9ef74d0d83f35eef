package client

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Session is a customer's access token, with the customer's machine when the
// customer is there. Without one a call counts as made by the third party
// itself: four in 24 hours (psd2 §0.1).
type Session struct {
	Token   string
	Present *Customer
}

// Account is an account in a list.
type Account struct {
	Number    string     `json:"accountNumber"`
	TypeName  string     `json:"accountTypeName"`
	Type      Code       `json:"accountType"`
	Relations []Relation `json:"psuRelations"`
}

// Code is a code of the bank with its words.
type Code struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

// Relation is what the customer is to an account: OWNER, or PROXY_OWNER with the
// kind of proxy.
type Relation struct {
	Type  string `json:"typeOfRelation"`
	Proxy string `json:"typeOfProxy"` // GENERAL, SPECIAL, ADMINISTRATOR, USER
	Stake int    `json:"stake"`       // of an owner of a company, in per cent
}

// AccountDetails is one account. Amounts are decimal texts; the available one is
// never below zero.
type AccountDetails struct {
	Account
	Name             string       `json:"name"` // of the owner
	NameAddress      AddressLines `json:"nameAddress"`
	HolderType       string       `json:"accountHolderType"` // INDIVIDUAL or CORPORATION
	ClientName       string       `json:"accountNameClient"`
	Currency         string       `json:"currency"`
	AvailableBalance string       `json:"availableBalance"`
	BookingBalance   string       `json:"bookingBalance"`
	Bank             struct {
		BIC     string   `json:"bicOrSwift"`
		Name    string   `json:"name"`
		Address []string `json:"address"`
	} `json:"bank"`
	AuxData map[string]string `json:"auxData"`
}

// AddressLines are a name and an address in lines.
type AddressLines struct {
	Value []string `json:"value"`
}

// Transaction is one item of an account: something booked, on its way, held or
// that came to nothing. Instants are in Warsaw's time; their first ten characters
// are the bank's day.
type Transaction struct {
	ID              string            `json:"aspspTransactionId"`
	Amount          string            `json:"amount"` // below zero for a DEBIT
	Currency        string            `json:"currency"`
	Description     string            `json:"description"`
	Type            string            `json:"transactionType"`
	Category        string            `json:"transactionCategory"` // CREDIT or DEBIT
	Status          string            `json:"transactionStatus"`
	TradeDate       string            `json:"tradeDate"`
	BookingDate     string            `json:"bookingDate"`            // booked ones
	Balance         string            `json:"postTransactionBalance"` // booked ones
	Initiator       string            `json:"initiatorName"`
	Sender          Party             `json:"sender"`
	Recipient       Party             `json:"recipient"`
	RejectionReason string            `json:"rejectionReason"`    // rejected ones
	RejectionDate   string            `json:"rejectionDate"`      // rejected ones
	HoldExpiration  string            `json:"holdExpirationDate"` // holds
	AuxData         map[string]string `json:"auxData"`            // executionDate of scheduled ones

	// In the details alone.
	CurrencyDate string   `json:"currencyDate"`
	OwnID        string   `json:"tppTransactionId"` // of the payment, where this third party ordered it
	SplitPayment bool     `json:"splitPayment"`
	Split        *Split   `json:"transactionInfoSp"`
	TaxForm      *TaxForm `json:"usInfo"`
}

// Accounts lists the accounts of an Accounts consent.
func (c *Client) Accounts(ctx context.Context, s Session) ([]Account, error) {
	var out struct {
		Accounts []Account `json:"accounts"`
	}
	err := c.get(ctx, s, c.bank("/accounts"), &out)
	return out.Accounts, err
}

// AccountDetails reads one account of a Read consent.
func (c *Client) AccountDetails(ctx context.Context, s Session, accountID string) (AccountDetails, error) {
	var out AccountDetails
	err := c.get(ctx, s, c.account(accountID), &out)
	return out, err
}

// Transaction reads one item with its details.
func (c *Client) Transaction(ctx context.Context, s Session, accountID, transactionID string) (Transaction, error) {
	var out Transaction
	err := c.get(ctx, s, c.account(accountID)+"/transactions/"+url.PathEscape(transactionID), &out)
	return out, err
}

func (c *Client) account(id string) string { return c.bank("/accounts/" + url.PathEscape(id)) }

// Filter chooses transactions; empty fields do not restrict. Dates are
// "2026-11-21", in Warsaw.
type Filter struct {
	Status   string
	From, To string
	PageSize int
}

// Page is one page of transactions.
type Page struct {
	Transactions []Transaction `json:"transactions"`
	Links        []Link        `json:"links"`
}

// Link is a way on from an answer.
type Link struct {
	Rel    string `json:"rel"`
	Href   string `json:"href"`
	Action string `json:"action"`
}

// Next is the address of the page after this one, "" at the end.
func (p *Page) Next() string {
	for _, l := range p.Links {
		if l.Rel == "nextPage" {
			return l.Href
		}
	}
	return ""
}

// TransactionsPage reads the first page of transactions, newest first.
func (c *Client) TransactionsPage(ctx context.Context, s Session, accountID string, f Filter) (Page, error) {
	var p Page
	err := c.get(ctx, s, c.account(accountID)+"/transactions"+f.query(), &p)
	return p, err
}

// PageAfter reads the page that follows one. It counts as the same call, so it
// costs none of the day's four.
func (c *Client) PageAfter(ctx context.Context, s Session, p Page) (Page, error) {
	var next Page
	err := c.get(ctx, s, c.pathOf(p.Next()), &next)
	return next, err
}

// Transactions goes through the items of an account, newest first, and fetches
// pages as it goes. It stops at the first error.
func (c *Client) Transactions(ctx context.Context, s Session, accountID string, f Filter) iter.Seq2[Transaction, error] {
	return func(yield func(Transaction, error) bool) {
		page, err := c.TransactionsPage(ctx, s, accountID, f)
		for {
			if err != nil {
				yield(Transaction{}, err)
				return
			}
			for i := range page.Transactions {
				if !yield(page.Transactions[i], nil) {
					return
				}
			}
			last := page.Next()
			if last == "" {
				return
			}
			if page, err = c.PageAfter(ctx, s, page); err == nil && page.Next() == last {
				err = errors.New("client: the bank's pages go in a circle")
			}
		}
	}
}

func (f Filter) query() string {
	var q []string // in the order of the description, for whoever reads a log
	add := func(name, value string) {
		if value != "" {
			q = append(q, name+"="+url.QueryEscape(value))
		}
	}
	add("transactionStatus", f.Status)
	add("transactionDateFrom", f.From)
	add("transactionDateTo", f.To)
	if f.PageSize > 0 {
		add("pageSize", strconv.Itoa(f.PageSize))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + strings.Join(q, "&")
}

// pathOf is the path of a link, whether the bank wrote it whole or not. A link to
// another host is no path, and is refused before a token goes there.
func (c *Client) pathOf(href string) string { return strings.TrimPrefix(href, c.base) }

func (c *Client) get(ctx context.Context, s Session, path string, out any) error {
	return c.do(ctx, call{method: http.MethodGet, path: path, token: s.Token, headers: s.Present.headers(true), repeatable: true}, out)
}

// Funds asks whether an amount is available on an account (PSD2 art. 65). The
// customer has consented to that at the bank, for this card issuer; there is no
// token.
func (c *Client) Funds(ctx context.Context, accountNumber, amount, currency string) (bool, error) {
	var out struct {
		Available bool `json:"fundsAvailable"`
	}
	err := c.do(ctx, call{
		method: http.MethodPost, path: c.bank("/funds-confirmation"), repeatable: true,
		body: map[string]string{"accountNumber": accountNumber, "amount": amount, "currency": currency},
	}, &out)
	return out.Available, err
}
