package client

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
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
	Relations []Relation `json:"psuRelations,omitempty"` // not in PolishAPI 2.1.1
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
	Proxy string `json:"typeOfProxy,omitempty"` // GENERAL, SPECIAL, ADMINISTRATOR, USER
	Stake int    `json:"stake,omitempty"`       // of an owner of a company, in per cent
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

	// In PolishAPI 3.0 alone.
	VATAccount     string   `json:"vatAccountNrb,omitempty"`
	LinkedAccounts []string `json:"linkedAccountNumber,omitempty"`
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

	// In PolishAPI alone, and but for MCC in the details.
	MCC          string   `json:"mcc,omitempty"` // what the merchant sells
	ZUS          *ZUSForm `json:"zusInfo,omitempty"`
	Card         *Card    `json:"cardInfo,omitempty"`
	Rates        []Rate   `json:"transactionRate,omitempty"`
	BaseCurrency string   `json:"baseCurrency,omitempty"`
	BaseAmount   string   `json:"amountBaseCurrency,omitempty"`
	InstrumentID string   `json:"usedPaymentInstrumentId,omitempty"`
	TPPName      string   `json:"tppName,omitempty"`
}

// ZUSForm is what a payment of social insurance says to the ZUS.
type ZUSForm struct {
	Payer struct {
		NIP    string `json:"nip"`
		ID     string `json:"additionalPayorId"`
		IDType string `json:"additionalPayorIdType"` // P, R, 1, 2
	} `json:"payerInfo"`
	ContributionType   string `json:"contributionType"`
	ContributionID     string `json:"contributionId"`
	ContributionPeriod string `json:"contributionPeriod"` // MMYYYY
	PaymentType        string `json:"paymentTypeId"`
	Obligation         string `json:"obligationId"`
}

// Card is the card of a payment by card, its number masked.
type Card struct {
	Holder string `json:"cardHolder"`
	Number string `json:"cardNumber"`
}

// Rate is a rate at which an amount was exchanged.
type Rate struct {
	Rate json.Number `json:"rate"`
	From string      `json:"fromCurrency"`
	To   string      `json:"toCurrency"`
}

// Accounts lists the accounts of an Accounts consent.
func (c *Client) Accounts(ctx context.Context, s Session) ([]Account, error) {
	return c.form().accounts(ctx, s)
}

// AccountDetails reads one account of a Read consent.
func (c *Client) AccountDetails(ctx context.Context, s Session, accountID string) (AccountDetails, error) {
	return c.form().account(ctx, s, accountID)
}

// Transaction reads one item with its details.
func (c *Client) Transaction(ctx context.Context, s Session, accountID, transactionID string) (Transaction, error) {
	return c.form().transaction(ctx, s, accountID, transactionID)
}

var errCircle = errors.New("client: the bank's pages go in a circle")

// Filter chooses transactions; empty fields do not restrict. Dates are
// "2026-11-21", in Warsaw. PolishAPI reads one Status at a time, so there it is
// needed.
type Filter struct {
	Status   string
	From, To string
	PageSize int

	// In PolishAPI alone.
	FromID               string // of the newest item that is known already
	BookedFrom, BookedTo string // not of holds
	MinAmount, MaxAmount string
	Category             string // CREDIT or DEBIT
}

// Page is one page of transactions.
type Page struct {
	Transactions []Transaction `json:"transactions"`
	Links        []Link        `json:"links"`

	// Of PolishAPI, where the next page is asked for by the words of the first.
	next, account string
	filter        Filter
}

// Link is a way on from an answer.
type Link struct {
	Rel    string `json:"rel"`
	Href   string `json:"href"`
	Action string `json:"action"`
}

// Next is the address of the page after this one, or in PolishAPI its id; "" at the
// end.
func (p *Page) Next() string {
	if p.next != "" {
		return p.next
	}
	for _, l := range p.Links {
		if l.Rel == "nextPage" {
			return l.Href
		}
	}
	return ""
}

// TransactionsPage reads the first page of transactions, newest first.
func (c *Client) TransactionsPage(ctx context.Context, s Session, accountID string, f Filter) (Page, error) {
	return c.form().firstPage(ctx, s, accountID, f)
}

// PageAfter reads the page that follows one. It counts as the same call, so it
// costs none of the day's four.
func (c *Client) PageAfter(ctx context.Context, s Session, p Page) (Page, error) {
	return c.form().pageAfter(ctx, s, &p)
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
				err = errCircle
			}
		}
	}
}

// Holds goes through what is held on an account: Transactions of StatusHold.
func (c *Client) Holds(ctx context.Context, s Session, accountID string, f Filter) iter.Seq2[Transaction, error] {
	f.Status = StatusHold
	return c.Transactions(ctx, s, accountID, f)
}

// Funds asks whether an amount is available on an account (PSD2 art. 65). The
// customer has consented to that at the bank, for this card issuer; there is no
// token.
func (c *Client) Funds(ctx context.Context, accountNumber, amount, currency string) (bool, error) {
	return c.form().funds(ctx, accountNumber, amount, currency)
}
