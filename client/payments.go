package client

import (
	"bytes"
	"strconv"
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

// kindWords are the names of a kind in privileges and in what stands in them.
type kindWords struct {
	kind                                      Kind
	privilege, request, bundle, bundleRequest string
}

var kinds = [...]kindWords{
	{Domestic, "pis:domestic", "domesticPaymentRequest", "pis:bundle-domestic", "bundleDomesticPaymentsRequest"},
	{Tax, "pis:tax", "taxPaymentRequest", "pis:bundle-tax", "bundleTaxPaymentsRequest"},
	{EEA, "pis:eea", "eeaPaymentRequest", "pis:bundle-eea", "bundleEeaPaymentsRequest"},
	{NonEEA, "pis:nonEea", "nonEeaPaymentRequest", "pis:bundle-nonEea", "bundleNonEeaPaymentsRequest"},
}

// words are those of domestic for a kind that is not known: the bank says that
// the path is not there.
func (k Kind) words() kindWords {
	for _, w := range kinds {
		if w.kind == k {
			return w
		}
	}
	return kinds[0]
}

func (k Kind) path() string {
	if k == "" {
		k = Domestic
	}
	return string(k)
}

// Payment is one payment in the bank's words (psd2 §3.5). What is posted must be
// what the customer consented to: keep the value.
type Payment struct {
	Kind            Kind           `json:"-"`
	OwnID           string         `json:"tppPaymentId,omitempty"` // inside a bundle, where each has one
	Recipient       Party          `json:"recipient"`
	RecipientBank   *RecipientBank `json:"recipientBank,omitempty"` // NonEEA
	Sender          Party          `json:"sender"`                  // empty: the customer chooses
	TransferData    TransferData   `json:"transferData"`
	DeliveryMode    string         `json:"deliveryMode"`            // EXPRESS_D0, STANDARD_D1, URGENT_D1, STANDARD_D2
	System          string         `json:"system,omitempty"`        // "": the bank chooses; in PolishAPI Elixir, SEPA or SWIFT
	ExecutionMode   string         `json:"executionMode,omitempty"` // IMMEDIATE, FUTURE_DATED, RECURRING
	Hold            bool           `json:"hold,omitempty"`
	SplitPayment    bool           `json:"splitPayment,omitempty"`      // Domestic
	Split           *Split         `json:"transactionInfoSp,omitempty"` // of a split payment
	TaxForm         *TaxForm       `json:"usInfo,omitempty"`            // Tax
	TransferCharges string         `json:"transferCharges,omitempty"`   // NonEEA: SHA, OUR, BEN
}

// The payment systems.
const (
	SystemElixir        = "ELIXIR"
	SystemExpressElixir = "EXPRESS_ELIXIR"
	SystemSorbnet       = "SORBNET"
	SystemBlueCash      = "BLUE_CASH"
	SystemInternal      = "INTERNAL"
	SystemSEPA          = "SEPA"
	SystemInstantSEPA   = "INSTANT_SEPA"
	SystemTarget        = "TARGET"
	SystemSwift         = "SWIFT"
)

// Party is one end of a payment. PolishAPI has a name of at most 35 characters and
// up to three lines of as many for the address: Lines, or they are made of Address.
type Party struct {
	AccountNumber     string       `json:"accountNumber,omitempty"`
	Name              string       `json:"name,omitempty"`
	CountryCode       string       `json:"countryCode,omitempty"` // recipient of EEA
	Address           *NameAddress `json:"nameAddressStructured,omitempty"`
	Identifiers       *Identifiers `json:"identifiers,omitempty"`
	UltimateSender    *Ultimate    `json:"ultimateSender,omitempty"`    // of a sender
	UltimateRecipient *Ultimate    `json:"ultimateRecipient,omitempty"` // of a recipient

	// In PolishAPI alone.
	Lines       []string       `json:"-"` // of the address
	MassPayment string         `json:"-"` // in a history: the number for mass payments
	Bank        *RecipientBank `json:"-"` // in a history: where the account is
}

// Ultimate is for whom one end of a payment acts.
type Ultimate struct {
	Address     *NameAddress `json:"nameAddressStructured,omitempty"`
	Identifiers *Identifiers `json:"identifiers,omitempty"`
}

// Identifiers are a LEI or a TXID.
type Identifiers struct {
	Type   string `json:"idType,omitempty"`
	Value  string `json:"idValue,omitempty"`
	Issuer string `json:"issuer,omitempty"`
}

// NameAddress is a name with a structured address.
type NameAddress struct {
	Name    string  `json:"name,omitempty"`
	Address Address `json:"addressStructured"`
}

// Address is a structured address; countries are two letters of ISO 3166-1.
type Address struct {
	CountryCode        string `json:"countryCode,omitempty"`
	TownName           string `json:"townName,omitempty"`
	TownLocationName   string `json:"townLocationName,omitempty"`
	DistrictName       string `json:"districtName,omitempty"`
	CountrySubDivision string `json:"countrySubDivision,omitempty"`
	PostBox            string `json:"postBox,omitempty"`
	SubDepartment      string `json:"subDepartment,omitempty"`
	Room               string `json:"room,omitempty"`
	BuildingName       string `json:"buildingName,omitempty"`
	StreetName         string `json:"streetName,omitempty"`
	BuildingNumber     string `json:"buildingNumber,omitempty"`
	PostCode           string `json:"postCode,omitempty"`
	Department         string `json:"department,omitempty"`
	Floor              string `json:"floor,omitempty"`
}

// RecipientBank is the payee's bank outside the EEA.
type RecipientBank struct {
	BIC         string   `json:"bicOrSwift,omitempty"`
	Name        string   `json:"name,omitempty"`
	Code        string   `json:"code,omitempty"` // of a national clearing system
	CountryCode string   `json:"countryCode,omitempty"`
	Address     []string `json:"address,omitempty"`
}

// TransferData is what is paid, when, and with what words. Amounts are decimal
// texts with two digits behind the point, "12.50".
type TransferData struct {
	Description      string            `json:"description,omitempty"` // all but Tax
	Amount           string            `json:"amount"`
	Currency         string            `json:"currency"`
	ExecutionDate    string            `json:"executionDate,omitempty"` // FUTURE_DATED
	Recurrence       *Recurrence       `json:"recurrence,omitempty"`    // RECURRING
	AdditionalFields *AdditionalFields `json:"additionalFields,omitempty"`
}

// AdditionalFields are those that only some transfers have.
type AdditionalFields struct {
	BIC       string `json:"bicOrSwift,omitempty"` // of the payee's bank in the EEA
	Reference string `json:"reference,omitempty"`
	KS        string `json:"KS,omitempty"` // symbols of Czech and Slovak payments: constant,
	VS        string `json:"VS,omitempty"` // variable,
	SS        string `json:"SS,omitempty"` // specific
}

// Recurrence says when a standing order pays.
type Recurrence struct {
	StartDate string    `json:"startDate"`
	EndDate   string    `json:"endDate,omitempty"`
	Frequency Frequency `json:"frequency"`
	DayOff    string    `json:"dayOffOffsetType"` // BEFORE or AFTER, where the day is none of business
}

// Frequency is every so many days, weeks or months.
type Frequency struct {
	Type  string `json:"periodType"` // DAY, WEEK, MONTH
	Value int    `json:"periodValue"`
}

// Split is the VAT part of a split payment (mechanizm podzielonej płatności).
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
	Year       Year     `json:"year,omitempty"`
	Obligation string   `json:"obligationId,omitempty"`
}

// TaxPayer is whose tax is paid.
type TaxPayer struct {
	ID   string `json:"payorId"`
	Type string `json:"payorIdType"` // N, P, R, 1, 2, 3
}

// Year is a year of four digits. It is sent as a number; banks write it as a text
// too.
type Year int

// UnmarshalJSON reads either form.
func (y *Year) UnmarshalJSON(text []byte) error {
	digits := string(bytes.Trim(text, `"`))
	if digits == "" || digits == "null" {
		return nil
	}
	n, err := strconv.Atoi(digits)
	*y = Year(n)
	return err
}

// Bundle is many payments of one kind that are consented to and ordered together.
type Bundle struct {
	Kind      Kind      `json:"-"`
	Total     string    `json:"transfersTotalAmount"`
	Transfers []Payment `json:"transfers"`
}

// The statuses of a payment, and, but for SUBMITTED, of what stands in a history,
// which has holds beside them. A status moves only forward, from the top down.
const (
	StatusSubmitted = "SUBMITTED" // the bank has taken the order
	StatusPending   = "PENDING"   // the money is set aside
	StatusScheduled = "SCHEDULED" // for a later day
	StatusDone      = "DONE"
	StatusRejected  = "REJECTED"
	StatusCancelled = "CANCELLED"
	StatusHold      = "HOLD"

	// Of bundles and standing orders.
	StatusInProgress    = "IN_PROGRESS"
	StatusPartiallyDone = "PARTIALLY_DONE"
)

// Initiated is what the bank answers to an order, and what it says of it later: of
// a payment, a standing order or a bundle.
type Initiated struct {
	Kind           Kind        `json:"-"`
	PaymentID      string      `json:"aspspPaymentId,omitempty"` // of a payment or a standing order
	BundleID       string      `json:"aspspBundleId,omitempty"`
	OwnPaymentID   string      `json:"tppPaymentId,omitempty"`
	OwnBundleID    string      `json:"tppBundleId,omitempty"`
	GeneralStatus  string      `json:"generalStatus"`
	DetailedStatus string      `json:"detailedStatus"` // in words
	System         string      `json:"system,omitempty"`
	Rejection      *Rejection  `json:"rejection,omitempty"` // why it failed, or its money came back
	Transfers      []Initiated `json:"transfers,omitempty"` // of a bundle, when BundleStatus asked
	Links          []Link      `json:"links,omitempty"`

	// Of a standing order.
	RecurringStatus string `json:"recurringPaymentStatus,omitempty"` // SUBMITTED, IN_PROGRESS, CANCELLED, CLOSE
	PaymentsMade    int    `json:"paymentsMade,omitempty"`
	NextExecution   string `json:"nextExecutionDate,omitempty"`
}

// Rejection explains a payment that failed.
type Rejection struct {
	Reason       string `json:"reason"`          // for programs
	Message      string `json:"message"`         // for people
	Field        string `json:"field,omitempty"` // of the payment, where one is at fault
	ConsentValid bool   `json:"consentValid"`
	Reference    string `json:"referenceNumber"` // by which the bank's hotline finds the case
}

// Final tells whether nothing more happens, except that money may still come back.
func (i *Initiated) Final() bool {
	switch i.GeneralStatus {
	case StatusDone, StatusRejected, StatusCancelled, StatusPartiallyDone:
		return true
	}
	return false
}
