package client

import (
	"context"
	"encoding/json"
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
	Number   string `json:"accountNumber"`
	TypeName string `json:"accountTypeName"`
	Type     Code   `json:"accountType"`
}

// Code is a code of the bank with its words.
type Code struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

// AccountDetails is one account. Amounts are decimal texts.
type AccountDetails struct {
	Account
	Name             string `json:"name"`
	ClientName       string `json:"accountNameClient"`
	HolderType       string `json:"accountHolderType"`
	Currency         string `json:"currency"`
	AvailableBalance string `json:"availableBalance"`
	BookingBalance   string `json:"bookingBalance"`
}

// Transaction is one item of an account.
type Transaction struct {
	ID              string `json:"aspspTransactionId"`
	Amount          string `json:"amount"`
	Currency        string `json:"currency"`
	Description     string `json:"description"`
	Type            string `json:"transactionType"`
	Category        string `json:"transactionCategory"` // CREDIT or DEBIT
	Status          string `json:"transactionStatus"`
	TradeDate       string `json:"tradeDate"`
	BookingDate     string `json:"bookingDate"`
	Balance         string `json:"postTransactionBalance"`
	RejectionReason string `json:"rejectionReason"`
	Sender          Party  `json:"sender"`
	Recipient       Party  `json:"recipient"`
}

// Accounts lists the accounts of an ais-accounts consent.
func (c *Client) Accounts(ctx context.Context, s Session) ([]Account, error) {
	var out struct {
		Accounts []Account `json:"accounts"`
	}
	err := c.get(ctx, s, c.bank("/accounts"), &out)
	return out.Accounts, err
}

// AccountDetails reads one account of an ais consent.
func (c *Client) AccountDetails(ctx context.Context, s Session, accountID string) (AccountDetails, error) {
	var out AccountDetails
	err := c.get(ctx, s, c.bank("/accounts/"+url.PathEscape(accountID)), &out)
	return out, err
}

// Transaction reads one item with its details.
func (c *Client) Transaction(ctx context.Context, s Session, accountID, transactionID string) (Transaction, error) {
	var out Transaction
	err := c.get(ctx, s, c.bank("/accounts/"+url.PathEscape(accountID)+"/transactions/"+url.PathEscape(transactionID)), &out)
	return out, err
}

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

// Next is the path of the page after this one, "" at the end.
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
	return c.page(ctx, s, c.bank("/accounts/"+url.PathEscape(accountID)+"/transactions")+f.query())
}

func (c *Client) page(ctx context.Context, s Session, path string) (Page, error) {
	var p Page
	err := c.get(ctx, s, path, &p)
	return p, err
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
			for _, t := range page.Transactions {
				if !yield(t, nil) {
					return
				}
			}
			next := page.Next()
			if next == "" {
				return
			}
			page, err = c.page(ctx, s, c.pathOf(next))
		}
	}
}

func (f Filter) query() string {
	q := make([]string, 0, 4)
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

// Link is a way on from an answer.
type Link struct {
	Rel    string `json:"rel"`
	Href   string `json:"href"`
	Action string `json:"action"`
}

// pathOf is the path of a link, whether the bank wrote it whole or not.
func (c *Client) pathOf(href string) string { return strings.TrimPrefix(href, c.base) }

func (c *Client) get(ctx context.Context, s Session, path string, out any) error {
	return c.do(ctx, call{method: http.MethodGet, path: path, token: s.Token, headers: s.Present.headers(true), repeatable: true}, out)
}

// Funds asks whether an amount is available on an account (PSD2 art. 65). The
// customer has consented to that at the bank.
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

// Get makes one signed call and returns the answer as it came. A path is written
// as on the request line.
func (c *Client) Get(ctx context.Context, path, token string) ([]byte, error) {
	var out json.RawMessage
	err := c.do(ctx, call{method: http.MethodGet, path: path, token: token, repeatable: true}, &out)
	return out, err
}
