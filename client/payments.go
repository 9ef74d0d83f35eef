package client

import (
	"context"
	"net/http"
	"net/url"
)

// Kind is the kind of a payment, as it stands in the paths.
type Kind string

// The kinds of payment. A payment without one is domestic.
const (
	Domestic Kind = "domestic"
	Tax      Kind = "tax"
	EEA      Kind = "eea"
	NonEEA   Kind = "non-eea"
)

// Payment is one payment in the bank's words (psd2 §3.5). What is posted must be
// what the customer consented to: keep the value.
type Payment struct {
	Kind            Kind           `json:"-"`
	TPPPaymentID    string         `json:"tppPaymentId,omitempty"` // inside a bundle
	Recipient       Party          `json:"recipient"`
	RecipientBank   *RecipientBank `json:"recipientBank,omitempty"` // NonEEA
	Sender          Party          `json:"sender"`                  // empty: the customer chooses
	TransferData    TransferData   `json:"transferData"`
	DeliveryMode    string         `json:"deliveryMode"`            // EXPRESS_D0, STANDARD_D1, URGENT_D1, STANDARD_D2
	System          string         `json:"system,omitempty"`        // ELIXIR, EXPRESS_ELIXIR, SORBNET, BLUE_CASH, INTERNAL, SEPA …
	ExecutionMode   string         `json:"executionMode,omitempty"` // IMMEDIATE, FUTURE_DATED, RECURRING
	Hold            bool           `json:"hold,omitempty"`
	SplitPayment    bool           `json:"splitPayment,omitempty"`
	Split           *Split         `json:"transactionInfoSp,omitempty"`
	TaxForm         *TaxForm       `json:"usInfo,omitempty"`
	TransferCharges string         `json:"transferCharges,omitempty"` // NonEEA: SHA, OUR, BEN
}

// Party is one end of a payment.
type Party struct {
	AccountNumber string       `json:"accountNumber,omitempty"`
	Name          string       `json:"name,omitempty"`
	CountryCode   string       `json:"countryCode,omitempty"`
	Address       *NameAddress `json:"nameAddressStructured,omitempty"`
}

// NameAddress is a name with a structured address.
type NameAddress struct {
	Name    string  `json:"name,omitempty"`
	Address Address `json:"addressStructured"`
}

// Address is a structured address.
type Address struct {
	CountryCode    string `json:"countryCode,omitempty"`
	TownName       string `json:"townName,omitempty"`
	StreetName     string `json:"streetName,omitempty"`
	BuildingNumber string `json:"buildingNumber,omitempty"`
	PostCode       string `json:"postCode,omitempty"`
}

// RecipientBank is the payee's bank outside the EEA.
type RecipientBank struct {
	BIC         string `json:"bicOrSwift,omitempty"`
	Name        string `json:"name,omitempty"`
	CountryCode string `json:"countryCode,omitempty"`
}

// TransferData is what is paid, when, and with what words. Amounts are decimal
// texts, "12.50".
type TransferData struct {
	Description   string      `json:"description,omitempty"`
	Amount        string      `json:"amount"`
	Currency      string      `json:"currency"`
	ExecutionDate string      `json:"executionDate,omitempty"`
	Recurrence    *Recurrence `json:"recurrence,omitempty"`
}

// Recurrence says when a recurring payment is made.
type Recurrence struct {
	StartDate string    `json:"startDate"`
	EndDate   string    `json:"endDate,omitempty"`
	Frequency Frequency `json:"frequency"`
	DayOff    string    `json:"dayOffOffsetType"` // BEFORE or AFTER
}

// Frequency is every so many days, weeks or months.
type Frequency struct {
	Type  string `json:"periodType"` // DAY, WEEK, MONTH
	Value int    `json:"periodValue"`
}

// Split is the VAT part of a split payment.
type Split struct {
	Invoice     string `json:"spInvoiceNumber"`
	TaxID       string `json:"spTaxIdentificationNumber"`
	TaxAmount   string `json:"spTaxAmount"`
	Description string `json:"spDescription,omitempty"`
}

// TaxForm is the tax office's part of a tax payment.
type TaxForm struct {
	Payer      TaxPayer `json:"payerInfo"`
	FormCode   string   `json:"formCode"`
	PeriodID   string   `json:"periodId,omitempty"`
	PeriodType string   `json:"periodType,omitempty"`
	Year       int      `json:"year,omitempty"`
	Obligation string   `json:"obligationId,omitempty"`
}

// TaxPayer is whose tax is paid.
type TaxPayer struct {
	ID   string `json:"payorId"`
	Type string `json:"payorIdType"` // N, P, R, 1, 2, 3
}

// Bundle is many payments of one kind that are consented to and ordered together.
type Bundle struct {
	Kind      Kind      `json:"-"`
	Total     string    `json:"transfersTotalAmount"`
	Transfers []Payment `json:"transfers"`
}

func (k Kind) path() string {
	if k == "" {
		k = Domestic
	}
	return string(k)
}

// words are the names of a kind in privileges and requests.
func (k Kind) words() (privilege, request string) {
	switch k {
	case Tax:
		return "tax", "tax"
	case EEA:
		return "eea", "eea"
	case NonEEA:
		return "nonEea", "nonEea"
	}
	return "domestic", "domestic"
}

func (p *Payment) privilege() string {
	name, _ := p.Kind.words()
	return "pis:" + name
}

func (p *Payment) request() string {
	_, name := p.Kind.words()
	return name + "PaymentRequest"
}

func (b *Bundle) privilege() string {
	name, _ := b.Kind.words()
	return "pis:bundle-" + name
}

func (b *Bundle) request() string {
	switch b.Kind {
	case Tax:
		return "bundleTaxPaymentsRequest"
	case EEA:
		return "bundleEeaPaymentsRequest"
	case NonEEA:
		return "bundleNonEeaPaymentsRequest"
	}
	return "bundleDomesticPaymentsRequest"
}

// Initiated is what the bank answers to an order, and what it says of it later.
type Initiated struct {
	PaymentID string `json:"aspspPaymentId"`
	BundleID  string `json:"aspspBundleId"`
	// GeneralStatus is SUBMITTED, PENDING, SCHEDULED, DONE, REJECTED or CANCELLED;
	// of a bundle IN_PROGRESS, DONE, PARTIALLY_DONE or CANCELLED.
	GeneralStatus  string      `json:"generalStatus"`
	DetailedStatus string      `json:"detailedStatus"`
	System         string      `json:"system"`    // by which it goes
	Rejection      *Rejection  `json:"rejection"` // nil unless it was rejected, or its money came back
	Transfers      []Initiated `json:"transfers"` // of a bundle, asked for by BundleStatus
	TPPPaymentID   string      `json:"tppPaymentId"`
	Links          []Link      `json:"links"`

	// Of a recurring payment: SUBMITTED, IN_PROGRESS, CANCELLED or CLOSE, how many
	// payments were made, and the day of the next one.
	RecurringStatus string `json:"recurringPaymentStatus"`
	PaymentsMade    int    `json:"paymentsMade"`
	NextDay         string `json:"nextExecutionDate"`
}

// Rejection says why a payment failed, in parts that a program can read.
type Rejection struct {
	Reason       string `json:"reason"`
	Message      string `json:"message"`
	Field        string `json:"field"` // of the order, "" when none is at fault
	ConsentValid bool   `json:"consentValid"`
	Reference    string `json:"referenceNumber"`
}

// status is the path under which the bank tells of what was ordered.
func (i *Initiated) status() string {
	if len(i.Links) == 0 {
		return ""
	}
	return i.Links[0].Href
}

// Pay orders the payment that the customer has consented to. id is the third
// party's own id of it: however often it is posted under the same id, the bank
// executes it once.
func (c *Client) Pay(ctx context.Context, s Session, id string, p Payment) (Initiated, error) {
	return c.order(ctx, s, "/payments/"+p.Kind.path(), "TPP-Payment-ID", id, &p)
}

// PayBundle orders a bundle, as Pay does a payment.
func (c *Client) PayBundle(ctx context.Context, s Session, id string, b Bundle) (Initiated, error) {
	return c.order(ctx, s, "/payments/bundle/"+b.Kind.path(), "TPP-Bundle-ID", id, &b)
}

func (c *Client) order(ctx context.Context, s Session, path, header, id string, body any) (Initiated, error) {
	h := map[string]string{header: id}
	for name, value := range s.Present.headers(true) {
		h[name] = value
	}
	var out Initiated
	err := c.do(ctx, call{method: http.MethodPost, path: c.bank(path), token: s.Token, body: body, headers: h, repeatable: id != ""}, &out)
	return out, err
}

// PaymentStatus asks what became of an order. The token is one of the order's own
// consent after a Refresh, or of a consent for its status.
func (c *Client) PaymentStatus(ctx context.Context, s Session, i Initiated) (Initiated, error) {
	out := Initiated{Links: i.Links}
	err := c.get(ctx, s, c.pathOf(i.status()), &out)
	return out, err
}

// BundleStatus asks what became of a bundle and of each payment in it.
func (c *Client) BundleStatus(ctx context.Context, s Session, i Initiated) (Initiated, error) {
	out := Initiated{Links: i.Links}
	err := c.get(ctx, s, c.pathOf(i.status())+"?transactionsIncluded=true", &out)
	return out, err
}

// Cancel cancels a payment that is not executed yet, with the token of a consent
// for that.
func (c *Client) Cancel(ctx context.Context, s Session, k Kind, paymentID string) error {
	return c.delete(ctx, s, "/payments/"+k.path()+"/"+url.PathEscape(paymentID))
}

// CancelBundle cancels what of a bundle is not executed yet.
func (c *Client) CancelBundle(ctx context.Context, s Session, k Kind, bundleID string) error {
	return c.delete(ctx, s, "/payments/bundle/"+k.path()+"/"+url.PathEscape(bundleID))
}

// delete is made once: a second try would find nothing left to cancel, and could
// not tell that from a refusal.
func (c *Client) delete(ctx context.Context, s Session, path string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: c.bank(path), token: s.Token, headers: s.Present.headers(true)}, nil)
}
