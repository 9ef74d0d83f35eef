package psd2

import (
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Item is one movement of an account, done or not, free of any wire form.
type Item struct {
	ID        string
	Right     xs2a.Right   // the right that shows it: where it stands
	At        time.Time    // ordered, placed or booked
	Amount    money.Amount // above zero
	Credit    bool
	Title     string
	Type      string // what kind of movement it is, a word of the bank's
	Sender    End
	Recipient End
	BookedAt  time.Time    // booked ones only
	After     money.Amount // booked ones only: the balance after it
	Execution time.Time    // scheduled ones only: when it is to be executed, the zero time when unknown
	Reason    bank.Code    // rejected ones only
	Detail    string       // the payment system's own words, ""
	EndedAt   time.Time    // rejected and cancelled ones
	HoldUntil time.Time    // holds only
	TPPID     string       // of a payment that a third party initiated
	Split     *transfer.Split
	TaxForm   *transfer.TaxForm
	client    thirdparty.ClientID // who initiated it, where a third party did
	seq       int64
	rank      int
	own       string // the id inside the bank
}

// End is one end of a movement.
type End struct{ Number, Name string }

// The kinds of object behind an item, as the third part of its id.
const (
	isEntry    = 'e'
	isTransfer = 't'
	isPayment  = 'p'
	isHold     = 'h'
)

// itemID is the third party's handle of an item: the id inside the bank, the
// kind of object, and the instant. Its form is that of mBank's own ids, so that
// a client that stumbles over "." and "$" in a path does so in the sandbox
// (psd2 §3.6).
func itemID(own string, kind byte, at time.Time) string {
	b := make([]byte, 0, len(own)+16)
	b = append(append(b, own...), '.', kind, '$')
	return string(strconv.AppendInt(b, at.UnixMilli(), 10))
}

// parseItemID takes an id apart; the caller compares the whole with that of what
// it found, so that one object has one id.
func parseItemID(id string) (own string, kind byte, ok bool) {
	if len(id) > 128 {
		return "", 0, false
	}
	head, _, ok := strings.Cut(id, "$")
	if !ok || len(head) < 3 || head[len(head)-2] != '.' {
		return "", 0, false
	}
	own, kind = head[:len(head)-2], head[len(head)-1]
	for i := range len(own) {
		if c := own[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return "", 0, false
		}
	}
	return own, kind, true
}

func ofEntry(a *account.Account, t *payment.Transaction) Item {
	i := Item{
		ID: itemID(string(t.ID), isEntry, t.At), Right: xs2a.ReadDone, At: t.At, BookedAt: t.At, Amount: t.Amount, Credit: true,
		Title: t.Title, Type: string(t.Kind), After: t.After, seq: t.Seq, own: string(t.ID),
	}
	own, other := End{string(a.NRB), a.Holder}, End{t.Other.Number, t.Other.Name}
	i.Sender, i.Recipient = other, own
	if t.Amount.IsNegative() {
		// No posting is the smallest int64, which alone has no opposite: amounts have
		// at most 14 digits (money.MaxIntegerDigits).
		i.Amount, _ = t.Amount.Neg()
		i.Credit, i.Sender, i.Recipient = false, own, other
	}
	return i
}

func rightOf(s transfer.Status) xs2a.Right {
	switch s {
	case transfer.Scheduled:
		return xs2a.ReadScheduled
	case transfer.Rejected:
		return xs2a.ReadRejected
	case transfer.Cancelled:
		return xs2a.ReadCancelled
	case transfer.Done:
		return "" // its entry shows it
	}
	return xs2a.ReadPending
}

func ofTransfer(a *account.Account, t *transfer.Transfer) Item {
	i := Item{
		ID: itemID(string(t.ID), isTransfer, t.CreatedAt), Right: rightOf(t.Status), At: t.CreatedAt, Amount: t.Order.Amount,
		Title: t.Order.Title(), Type: string(t.System), Sender: End{string(a.NRB), a.Holder},
		Recipient: End{t.Order.Recipient.Account, t.Order.Recipient.Name},
		TPPID:     t.TPPID, client: t.Client, Split: t.Order.Split, TaxForm: t.Order.TaxForm, own: string(t.ID),
	}
	switch t.Status {
	case transfer.Scheduled:
		i.Execution = t.Due
	case transfer.Rejected, transfer.Cancelled:
		i.Reason, i.Detail, i.EndedAt = t.Reason, t.Detail, t.EndedAt
	}
	return i
}

// ofPayment is a payment that a partner's application ordered. What was executed
// stands in the history, so it is not shown twice.
func ofPayment(a *account.Account, p *payment.Payment, payee End) Item {
	i := Item{
		ID: itemID(string(p.ID), isPayment, p.CreatedAt), At: p.CreatedAt, Amount: p.Amount, Title: p.Title, Type: string(transfer.Internal),
		Sender: End{string(a.NRB), a.Holder}, Recipient: payee, own: string(p.ID),
	}
	switch p.Status {
	case payment.Scheduled:
		i.Right, i.Execution = xs2a.ReadScheduled, p.ExecutionDate.Start()
	case payment.Rejected:
		i.Right, i.Reason, i.EndedAt = xs2a.ReadRejected, p.Reason, p.EndedAt
	case payment.Cancelled:
		i.Right, i.EndedAt = xs2a.ReadCancelled, p.EndedAt
	}
	return i
}

func ofHold(a *account.Account, h *ledger.Hold) Item {
	return Item{
		ID: itemID(string(h.ID), isHold, h.CreatedAt), Right: xs2a.ReadHolds, At: h.CreatedAt, Amount: h.Amount, Title: h.Title, Type: "hold",
		Sender: End{string(a.NRB), a.Holder}, HoldUntil: h.ValidTo, own: string(h.ID),
	}
}

// Why is why a payment was rejected: the payment system's own words, or the
// bank's code in words.
func (i *Item) Why() string {
	if i.Detail != "" {
		return i.Detail
	}
	return strings.ReplaceAll(string(i.Reason), "_", " ")
}
