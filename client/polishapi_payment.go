package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The name and address of PolishAPI: a name and up to three lines of address.
const (
	maxLines = 4
	maxLine  = 35
)

type polishLines struct {
	Value []string `json:"value,omitempty"`
}

// party is one end of a payment on the wire, and of a transaction.
type polishParty struct {
	AccountNumber string       `json:"accountNumber,omitempty"`
	MassPayment   string       `json:"accountMassPayment,omitempty"` // AIS
	Bank          *polishBank  `json:"bank,omitempty"`               // AIS
	NameAddress   *polishLines `json:"nameAddress,omitempty"`
	CountryCode   string       `json:"countryCode,omitempty"`
}

type polishBank struct {
	BIC         string        `json:"bicOrSwift,omitempty"`
	Name        string        `json:"name,omitempty"`
	Code        string        `json:"code,omitempty"`
	CountryCode string        `json:"countryCode,omitempty"`
	Address     polishAddress `json:"address,omitzero"`
}

// polishAddress is a bank's: lines alone, which 3.0 puts into an object.
type polishAddress struct {
	lines   []string
	wrapped bool
}

// MarshalJSON writes what the version has.
func (a polishAddress) MarshalJSON() ([]byte, error) {
	if a.wrapped {
		return json.Marshal(polishLines{a.lines})
	}
	return json.Marshal(a.lines)
}

// UnmarshalJSON reads either form.
func (a *polishAddress) UnmarshalJSON(text []byte) error {
	var wrapped polishLines
	if err := json.Unmarshal(text, &wrapped); err == nil {
		a.lines, a.wrapped = wrapped.Value, true
		return nil
	}
	return json.Unmarshal(text, &a.lines)
}

type polishTransfer struct {
	Description   string `json:"description,omitempty"`
	Amount        string `json:"amount"`
	Currency      string `json:"currency,omitempty"`
	ExecutionDate string `json:"executionDate,omitempty"`
}

// polishPayment is a payment wherever one stands: alone, in a bundle, in a standing
// order, in a privilege.
type polishPayment struct {
	UsageLimit      string         `json:"scopeUsageLimit,omitempty"` // in a privilege
	OwnID           string         `json:"tppTransactionId,omitempty"`
	Recipient       polishParty    `json:"recipient"`
	RecipientBank   *polishBank    `json:"recipientBank,omitempty"`
	Sender          polishParty    `json:"sender"`
	TransferData    polishTransfer `json:"transferData"`
	TaxForm         *TaxForm       `json:"usInfo,omitempty"`
	TransferCharges string         `json:"transferCharges,omitempty"`
	DeliveryMode    string         `json:"deliveryMode"`
	System          string         `json:"system"`
	Hold            bool           `json:"hold,omitempty"`
	ExecutionMode   string         `json:"executionMode,omitempty"`
	SplitPayment    bool           `json:"splitPayment,omitempty"`
	Split           *Split         `json:"transactionInfoSp,omitempty"`
}

// recurring is the caller's word for a standing order; in PolishAPI that is an
// operation of its own.
const recurring = "RECURRING"

// payment words a payment. What cannot be said is refused: leaving it out would
// make another payment than the caller's.
func (p polishAPI) payment(in *Payment) (*polishPayment, error) {
	if err := p.sayable(in); err != nil {
		return nil, err
	}
	k := in.Kind.polish()
	out := &polishPayment{
		OwnID: in.OwnID, TaxForm: in.TaxForm, TransferCharges: in.TransferCharges, DeliveryMode: polish(in.DeliveryMode),
		System: polish(in.System), Hold: in.Hold, SplitPayment: in.SplitPayment, Split: in.Split,
		TransferData: polishTransfer{
			Description: in.TransferData.Description, Amount: in.TransferData.Amount, Currency: in.TransferData.Currency,
			ExecutionDate: in.TransferData.ExecutionDate,
		},
	}
	if in.System == "" {
		out.System = polish(k.system)
	}
	if in.ExecutionMode != recurring {
		out.ExecutionMode = polish(in.ExecutionMode)
	}
	var err error
	if out.Recipient, err = p.party(&in.Recipient, in.Kind, true); err != nil {
		return nil, fmt.Errorf("client: the recipient: %w", err)
	}
	if out.Sender, err = p.party(&in.Sender, in.Kind, false); err != nil {
		return nil, fmt.Errorf("client: the sender: %w", err)
	}
	if b := in.RecipientBank; b != nil {
		out.RecipientBank = &polishBank{BIC: b.BIC, Name: b.Name, Code: b.Code, CountryCode: alpha3(b.CountryCode)}
		if len(b.Address) > 0 {
			out.RecipientBank.Address = polishAddress{b.Address, p.c.cfg.Form == PolishAPI30}
		}
	}
	return out, nil
}

func (p polishAPI) sayable(in *Payment) error {
	what := ""
	switch {
	case (in.SplitPayment || in.Split != nil) && p.c.cfg.Form != PolishAPI30:
		what = "a split payment before 3.0"
	case in.TransferData.AdditionalFields != nil:
		what = "additional fields of a transfer"
	case in.Recipient.Identifiers != nil || in.Sender.Identifiers != nil:
		what = "identifiers"
	case in.Recipient.UltimateRecipient != nil || in.Sender.UltimateSender != nil:
		what = "for whom an end of the payment acts"
	case (in.ExecutionMode == recurring) != (in.TransferData.Recurrence != nil):
		return errors.New("client: a standing order is RECURRING and has a recurrence")
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNotInForm, what)
}

// party words one end of a payment. needed says that it must have a name.
func (p polishAPI) party(in *Party, k Kind, needed bool) (polishParty, error) {
	out := polishParty{AccountNumber: in.AccountNumber}
	country := in.CountryCode
	if country == "" && in.Address != nil {
		country = in.Address.Address.CountryCode
	}
	if needed && k.foreign() && p.c.cfg.Form != PolishAPI211 {
		out.CountryCode = alpha3(country)
		country = ""
	}
	if country == "PL" && !k.foreign() {
		country = ""
	}
	lines := in.lines(country)
	if len(lines) == 0 && !needed {
		return out, nil
	}
	if len(lines) > maxLines {
		return out, fmt.Errorf("%w: a name and %d lines of address", ErrNotInForm, len(lines)-1)
	}
	for _, l := range lines {
		if utf8.RuneCountInString(l) > maxLine {
			return out, fmt.Errorf("%w: a line of more than %d characters, %q; Party.Lines says how the address is cut", ErrNotInForm, maxLine, l)
		}
	}
	out.NameAddress = &polishLines{lines}
	return out, nil
}

// lines are the name and the address of a party.
func (in *Party) lines(country string) []string {
	name, rest := in.Name, in.Lines
	if a := in.Address; a != nil {
		if name == "" {
			name = a.Name
		}
		if len(rest) == 0 {
			rest = a.Address.lines(country)
		}
	}
	if name == "" && len(rest) == 0 {
		return nil
	}
	return append([]string{name}, rest...)
}

// lines writes a structured address as on an envelope.
func (a *Address) lines(country string) []string {
	var out []string
	for _, parts := range [][]string{
		{a.Department, a.SubDepartment, a.StreetName, a.BuildingNumber, a.BuildingName, a.Floor, a.Room, a.PostBox},
		{a.PostCode, a.TownName, a.TownLocationName},
		{a.DistrictName, a.CountrySubDivision, country},
	} {
		if line := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// payment reads a payment back from what was granted.
func (w *polishPayment) payment(k Kind) *Payment {
	out := &Payment{
		Kind: k, OwnID: w.OwnID, Recipient: w.Recipient.party(), Sender: w.Sender.party(), RecipientBank: w.RecipientBank.bank(),
		DeliveryMode: plain(w.DeliveryMode), System: plain(w.System), ExecutionMode: plain(w.ExecutionMode), Hold: w.Hold,
		SplitPayment: w.SplitPayment, Split: w.Split, TaxForm: w.TaxForm, TransferCharges: w.TransferCharges,
		TransferData: TransferData{
			Description: w.TransferData.Description, Amount: w.TransferData.Amount, Currency: w.TransferData.Currency,
			ExecutionDate: w.TransferData.ExecutionDate,
		},
	}
	return out
}

func (w *polishParty) party() Party {
	out := Party{AccountNumber: w.AccountNumber, CountryCode: alpha2(w.CountryCode), MassPayment: w.MassPayment, Bank: w.Bank.bank()}
	if n := w.NameAddress; n != nil && len(n.Value) > 0 {
		out.Name, out.Lines = n.Value[0], n.Value[1:]
	}
	return out
}

func (w *polishBank) bank() *RecipientBank {
	if w == nil {
		return nil
	}
	return &RecipientBank{BIC: w.BIC, Name: w.Name, Code: w.Code, CountryCode: alpha2(w.CountryCode), Address: w.Address.lines}
}

// polishBundle is a bundle in an order and in a privilege.
type polishBundle struct {
	UsageLimit string           `json:"scopeUsageLimit,omitempty"`
	OwnID      string           `json:"tppBundleId,omitempty"`
	Total      string           `json:"transfersTotalAmount"`
	Type       string           `json:"typeOfTransfers"`
	Domestic   []*polishPayment `json:"domesticTransfers,omitempty"`
	EEA        []*polishPayment `json:"EEATransfers,omitempty"`
	NonEEA     []*polishPayment `json:"nonEEATransfers,omitempty"`
	Tax        []*polishPayment `json:"taxTransfers,omitempty"`
}

// list is where the transfers of a kind stand.
func (w *polishBundle) list(k Kind) *[]*polishPayment {
	switch k {
	case EEA:
		return &w.EEA
	case NonEEA:
		return &w.NonEEA
	case Tax:
		return &w.Tax
	}
	return &w.Domestic
}

func (p polishAPI) bundle(in *Bundle) (*polishBundle, error) {
	out := &polishBundle{Total: in.Total, Type: in.Kind.polish().word}
	list := out.list(in.Kind)
	for i := range in.Transfers {
		one := in.Transfers[i]
		if one.OwnID == "" {
			return nil, errNoOwnID
		}
		one.Kind = in.Kind
		w, err := p.payment(&one)
		if err != nil {
			return nil, err
		}
		*list = append(*list, w)
	}
	return out, nil
}

func (w *polishBundle) bundle() *Bundle {
	out := &Bundle{Kind: kindOf(w.Type), Total: w.Total}
	for _, one := range *w.list(out.Kind) {
		if one != nil {
			out.Transfers = append(out.Transfers, *one.payment(out.Kind))
		}
	}
	return out
}

// kindOf reads the word for a kind; one that is not known is domestic, as elsewhere.
func kindOf(word string) Kind {
	for _, w := range polishKinds {
		if w.word == word {
			return w.kind
		}
	}
	return Domestic
}

// polishRecurring is a standing order in an order and in a privilege.
type polishRecurring struct {
	UsageLimit string         `json:"scopeUsageLimit,omitempty"`
	OwnID      string         `json:"tppRecurringPaymentId,omitempty"`
	Recurrence *Recurrence    `json:"recurrence"`
	Type       string         `json:"typeOfPayment"`
	Domestic   *polishPayment `json:"domesticPayment,omitempty"`
	EEA        *polishPayment `json:"EEAPayment,omitempty"`
	NonEEA     *polishPayment `json:"nonEEAPayment,omitempty"`
	Tax        *polishPayment `json:"taxPayment,omitempty"`
}

func (w *polishRecurring) one(k Kind) **polishPayment {
	switch k {
	case EEA:
		return &w.EEA
	case NonEEA:
		return &w.NonEEA
	case Tax:
		return &w.Tax
	}
	return &w.Domestic
}

func (p polishAPI) recurring(in *Payment) (*polishRecurring, error) {
	w, err := p.payment(in)
	if err != nil {
		return nil, err
	}
	w.OwnID = "" // the standing order has one
	out := &polishRecurring{Type: in.Kind.polish().word, Recurrence: in.TransferData.Recurrence.spelt(polish)}
	*out.one(in.Kind) = w
	return out, nil
}

func (w *polishRecurring) payment() *Payment {
	k := kindOf(w.Type)
	out := &Payment{Kind: k}
	if one := *w.one(k); one != nil {
		out = one.payment(k)
	}
	out.ExecutionMode = recurring
	out.TransferData.Recurrence = w.Recurrence.spelt(plain)
	return out
}

// spelt is a recurrence with its words spelt another way.
func (r *Recurrence) spelt(as func(string) string) *Recurrence {
	if r == nil {
		return nil
	}
	out := *r
	out.Frequency.Type, out.DayOff = as(r.Frequency.Type), as(r.DayOff)
	return &out
}
