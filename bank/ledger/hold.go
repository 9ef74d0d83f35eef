package ledger

import (
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
)

// HoldStatus is where a hold stands.
type HoldStatus string

// The statuses of a hold (partner-api §7). All but Active are final.
const (
	Active   HoldStatus = "ACTIVE"
	Released HoldStatus = "RELEASED"
	Captured HoldStatus = "CAPTURED"
	Expired  HoldStatus = "EXPIRED"
)

// The life of a hold (partner-api §7).
const (
	DefaultHoldLife = 7 * 24 * time.Hour
	MaxHoldLife     = 30 * 24 * time.Hour
)

// Hold is money set aside on an account. What it is now follows from its
// events, which are kept beside it.
type Hold struct {
	ID          HoldID
	Agreement   consent.ID
	Application consent.ClientID
	Account     account.ID
	OperationID string
	Amount      money.Amount
	Title       string
	CreatedAt   time.Time
	ValidTo     time.Time
	Status      HoldStatus
	EndedAt     time.Time    // the zero time while active
	Captured    money.Amount // what a capture took; zero otherwise
	Use         limit.Use    // what of it is counted in the limits' current windows
	Events      int          // how many events it has
}

// HoldEvent is one record in the life of a hold: placed, changed, and ended at
// most once.
type HoldEvent struct {
	Hold     HoldID
	Seq      int // from 1, without gaps
	Kind     HoldEventKind
	At       time.Time
	By       audit.Actor
	Amount   money.Amount // of the hold after the event; of the ending: what was held
	Title    string
	ValidTo  time.Time
	Captured money.Amount // captures only
	Delta    limit.Delta  // what the event took from, or gave back to, the limits
}

// HoldEventKind is what happened to a hold.
type HoldEventKind string

// The kinds of event. The last three end the hold.
const (
	EventPlaced   HoldEventKind = "placed"
	EventChanged  HoldEventKind = "changed"
	EventReleased HoldEventKind = "released"
	EventCaptured HoldEventKind = "captured"
	EventExpired  HoldEventKind = "expired"
)

// Standing refuses, precisely, when the hold has ended, or should have: a hold
// past its time counts as expired also before the worker has ended it.
func (h *Hold) Standing(now time.Time) error {
	switch {
	case h.Status == Captured:
		return bank.Refuse(bank.HoldCaptured, "The hold was captured already.")
	case h.Status == Released:
		return bank.Refuse(bank.HoldReleased, "The hold was released already.")
	case h.Status == Expired || !now.Before(h.ValidTo):
		return bank.Refuse(bank.HoldExpired, "The hold has expired.")
	}
	return nil
}

// Place sets the hold's amount aside.
func Place(a *account.Account, h *Hold, by audit.Actor, d limit.Delta) (HoldEvent, error) {
	if err := CanPay(a, h.Amount); err != nil {
		return HoldEvent{}, err
	}
	held, err := a.Held.Add(h.Amount)
	if err != nil {
		return HoldEvent{}, err
	}
	a.Held, h.Status, h.Captured = held, Active, money.Zero(h.Amount.Currency())
	return h.event(EventPlaced, h.CreatedAt, by, d), nil
}

// Reserve sets money aside for a transfer that waits for its payment system; it
// has no life of its own as a hold has.
func Reserve(a *account.Account, amount money.Amount) error {
	if err := CanPay(a, amount); err != nil {
		return err
	}
	held, err := a.Held.Add(amount)
	if err == nil {
		a.Held = held
	}
	return err
}

// Free ends what Reserve has begun.
func Free(a *account.Account, amount money.Amount) error {
	held, err := a.Held.Sub(amount)
	if err == nil {
		a.Held = held
	}
	return err
}

// Terms are what can be changed of a hold.
type Terms struct {
	Amount  money.Amount
	Title   string
	ValidTo time.Time
}

// Change gives an active hold other terms. The money of a larger amount must
// be available.
func Change(a *account.Account, h *Hold, to Terms, at time.Time, by audit.Actor, d limit.Delta) (HoldEvent, error) {
	if err := h.Standing(at); err != nil {
		return HoldEvent{}, err
	}
	more, err := to.Amount.Sub(h.Amount)
	if err != nil {
		return HoldEvent{}, err
	}
	if more.IsPositive() {
		if err := CanPay(a, more); err != nil {
			return HoldEvent{}, err
		}
	}
	held, err := a.Held.Add(more)
	if err != nil {
		return HoldEvent{}, err
	}
	a.Held, h.Amount, h.Title, h.ValidTo = held, to.Amount, to.Title, to.ValidTo
	return h.event(EventChanged, at, by, d), nil
}

// End ends a hold, once: captured is what a capture takes, zero otherwise. What
// is not captured is free again.
func End(a *account.Account, h *Hold, how HoldStatus, captured money.Amount, at time.Time, by audit.Actor, d limit.Delta) (HoldEvent, error) {
	kind := EventReleased
	switch how {
	case Captured:
		kind = EventCaptured
		if captured.MoreThan(h.Amount) {
			return HoldEvent{}, bank.Refuse(bank.AmountAboveHold, "More than the hold cannot be taken.")
		}
	case Expired:
		kind = EventExpired
	}
	// Expiry may end a hold that is past its time; nothing else may.
	if err := h.Standing(at); err != nil && (kind != EventExpired || h.Status != Active) {
		return HoldEvent{}, err
	}
	held, err := a.Held.Sub(h.Amount)
	if err != nil {
		return HoldEvent{}, err
	}
	a.Held, h.Status, h.EndedAt, h.Captured = held, how, at, captured
	return h.event(kind, at, by, d), nil
}

func (h *Hold) event(k HoldEventKind, at time.Time, by audit.Actor, d limit.Delta) HoldEvent {
	h.Events++
	return HoldEvent{
		Hold: h.ID, Seq: h.Events, Kind: k, At: at, By: by,
		Amount: h.Amount, Title: h.Title, ValidTo: h.ValidTo, Captured: h.Captured, Delta: d,
	}
}
