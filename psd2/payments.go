package psd2

import (
	"context"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Made is something that a third party had made: exactly one of Transfer, Bundle
// and Standing is set.
type Made struct {
	Transfer  *transfer.Transfer
	Bundle    *transfer.Bundle
	Transfers []transfer.Transfer // of the bundle
	Standing  *transfer.Standing
}

// ID is the bank's id of it.
func (m *Made) ID() string {
	switch {
	case m.Transfer != nil:
		return string(m.Transfer.ID)
	case m.Bundle != nil:
		return string(m.Bundle.ID)
	}
	return string(m.Standing.ID)
}

// Kind is the form of its payments.
func (m *Made) Kind() transfer.Kind {
	switch {
	case m.Transfer != nil:
		return m.Transfer.Order.Kind
	case m.Bundle != nil:
		return m.Bundle.Kind
	}
	return m.Standing.Order.Kind
}

// Cancelled tells whether all of it was cancelled.
func (m *Made) Cancelled() bool {
	switch {
	case m.Transfer != nil:
		return m.Transfer.Status == transfer.Cancelled
	case m.Bundle != nil:
		return transfer.StatusOf(m.Transfers) == transfer.BundleCancelled
	}
	return m.Standing.Status == transfer.StandingCancelled
}

func (m *Made) client() thirdparty.ClientID {
	switch {
	case m.Transfer != nil:
		return m.Transfer.Client
	case m.Bundle != nil:
		return m.Bundle.Client
	}
	return m.Standing.Client
}

// Orders are what a third party hands in to be made: one payment, or a bundle.
type Orders struct {
	TPPID  string
	List   []payment.Initiation
	Bundle bool
	Total  money.Amount // bundle
}

// MayInitiate refuses a token that can make nothing, whatever its body says. What
// exactly it can make is compared when the body is known.
func MayInitiate(a *authserver.ConsentAccess) error {
	if err := forPayments(a); err != nil {
		return err
	}
	what := a.Consent.Payment
	if a.Token.LooksOnly || what == nil || len(what.Orders) == 0 {
		return bank.Refuse(bank.PermissionMissing, "The consent does not let a payment be made.")
	}
	return nil
}

// MayLook refuses a token that no payment can be looked at with.
func MayLook(a *authserver.ConsentAccess) error { return forPayments(a) }

// MayCancel refuses a token that cancels nothing: cancelling needs a consent of
// its own (psd2 §3.4).
func MayCancel(a *authserver.ConsentAccess) error {
	if err := forPayments(a); err != nil {
		return err
	}
	if a.Token.LooksOnly {
		return bank.Refuse(bank.PermissionMissing, "The token may only look at payments.")
	}
	if a.Consent.Grant(xs2a.CancelPayment) == nil {
		return bank.Refuse(bank.PermissionMissing, "Cancelling needs a consent to cancel this payment.")
	}
	return nil
}

func forPayments(a *authserver.ConsentAccess) error {
	if a.Consent.Scope != xs2a.Payments {
		return bank.Refuse(bank.ScopeForeign, "The consent is for another service.")
	}
	return nil
}

// Initiate has orders made, or answers what was made of the same orders before
// (psd2 §10 case 64). The caller has asked MayInitiate.
func (c *Core) Initiate(ctx context.Context, a *authserver.ConsentAccess, o Orders) (Made, error) {
	if err := c.wellFormed(ctx, a, o); err != nil {
		return Made{}, err
	}
	out, err := c.Desk.Do(ctx, &payment.Initiate{
		Consent: a.Consent.ID, Client: a.Consent.Client, TPPID: o.TPPID, Orders: o.List, Bundle: o.Bundle, Total: o.Total,
	})
	if err != nil {
		return Made{}, err
	}
	if o.Bundle != (out.Bundle != nil) { // a payment of a bundle is known by its own id, and is no bundle
		return Made{}, bank.Refuse(bank.OperationReused, "The id was used before.")
	}
	c.poke()
	return Made{Transfer: out.Transfer, Bundle: out.Bundle, Transfers: out.Transfers, Standing: out.Standing}, nil
}

// wellFormed judges orders before they are compared with the consent, so that a
// third party reads which field is wrong rather than that something differs. An
// order that was taken before is not judged again: its date may have passed.
func (c *Core) wellFormed(ctx context.Context, a *authserver.ConsentAccess, o Orders) error {
	list := make([]xs2a.Ordered, len(o.List))
	for i := range o.List {
		list[i] = xs2a.Ordered{TPPID: o.List[i].TPPID, Order: o.List[i].Order}
	}
	fault := CheckOrders(list, o.Bundle, o.Total, c.Now())
	if fault == nil {
		return nil
	}
	_, err := c.Transfers.Submission(ctx, transfer.SubmissionKey{Client: a.Consent.Client, TPPID: o.TPPID})
	switch {
	case err == nil:
		return nil
	case bank.CodeOf(err) == bank.NotFound:
		return fault
	}
	return err
}

func (c *Core) poke() {
	if c.Poke != nil {
		c.Poke()
	}
}

// Find finds a payment or a standing order by the bank's id: NotFound for what
// is unknown and for what another third party had made, alike.
func (c *Core) Find(ctx context.Context, client thirdparty.ClientID, id string) (Made, error) {
	t, err := c.Transfers.Transfer(ctx, transfer.ID(id))
	if err == nil {
		return own(Made{Transfer: &t}, client)
	}
	if bank.CodeOf(err) != bank.NotFound {
		return Made{}, err
	}
	s, err := c.Transfers.Standing(ctx, transfer.StandingID(id))
	if err != nil {
		return Made{}, err
	}
	return own(Made{Standing: &s}, client)
}

// FindBundle finds a bundle by the bank's id, as Find does.
func (c *Core) FindBundle(ctx context.Context, client thirdparty.ClientID, id string) (Made, error) {
	b, err := c.Transfers.Bundle(ctx, transfer.BundleID(id))
	if err != nil {
		return Made{}, err
	}
	m, err := own(Made{Bundle: &b}, client)
	if err != nil {
		return Made{}, err
	}
	m.Transfers, err = c.transfersOf(ctx, &b)
	return m, err
}

// FindByTPP finds what a third party had made by its own id, which it knows also
// when the bank's answer never reached it (psd2 §10 case 64).
func (c *Core) FindByTPP(ctx context.Context, client thirdparty.ClientID, tppID string) (Made, error) {
	s, err := c.Transfers.Submission(ctx, transfer.SubmissionKey{Client: client, TPPID: tppID})
	switch {
	case err != nil:
		return Made{}, err
	case s.Bundle != "":
		return c.FindBundle(ctx, client, string(s.Bundle))
	case s.Standing != "":
		return c.Find(ctx, client, string(s.Standing))
	}
	return c.Find(ctx, client, string(s.Transfer))
}

// transfersOf loads the payments of a bundle in the order in which they were
// ordered.
func (c *Core) transfersOf(ctx context.Context, b *transfer.Bundle) ([]transfer.Transfer, error) {
	list, err := c.Transfers.Transfers(ctx, transfer.Filter{Account: b.Account, Bundle: b.ID, Size: len(b.Transfers)})
	if err != nil {
		return nil, err
	}
	place := make(map[transfer.ID]int, len(b.Transfers))
	for i, id := range b.Transfers {
		place[id] = i
	}
	out := make([]transfer.Transfer, len(b.Transfers))
	for i := range list {
		out[place[list[i].ID]] = list[i]
	}
	return out, nil
}

func own(m Made, client thirdparty.ClientID) (Made, error) {
	if m.client() != client {
		return Made{}, noSuchPayment()
	}
	return m, nil
}

func noSuchPayment() error { return bank.Refuse(bank.NotFound, "There is no such payment.") }

// Look lets a payment be looked at: what the consent made, with what belongs to
// it, and what a consent to look or to cancel is about. Anything else of the same
// third party is NotFound: another customer may have consented to it.
func (c *Core) Look(ctx context.Context, a *authserver.ConsentAccess, m *Made) error {
	if !covers(&a.Consent, m) {
		return noSuchPayment()
	}
	if a.Token.LooksOnly || a.Consent.Grant(xs2a.ReadPayment) == nil {
		return nil // looking belongs to making and to cancelling
	}
	return c.Book.UseRight(ctx, a.Consent.ID, xs2a.ReadPayment, c.Now())
}

func covers(c *xs2a.Consent, m *Made) bool {
	ids := []string{m.ID()}
	made := ""
	switch {
	case m.Transfer != nil:
		made = m.Transfer.Consent
		ids = append(ids, string(m.Transfer.Bundle), string(m.Transfer.Standing))
	case m.Bundle != nil:
		made = m.Bundle.Consent
	default:
		made = m.Standing.Consent
	}
	if made == string(c.ID) {
		return true
	}
	for _, id := range ids {
		if id != "" && (id == c.Made || about(c.Payment, id)) {
			return true
		}
	}
	return false
}

func about(w *xs2a.What, id string) bool {
	return w != nil && (id == string(w.Transfer) || id == string(w.OfBundle) || id == string(w.Standing))
}

// Cancel cancels what has not been executed. The caller has asked MayCancel; that
// the consent is for this very object is the desk's to say (NotFound otherwise).
// PaymentFinal says that it is too late, or that it was cancelled before.
func (c *Core) Cancel(ctx context.Context, a *authserver.ConsentAccess, m *Made) error {
	o := &payment.Revoke{Consent: a.Consent.ID, Client: a.Consent.Client}
	switch {
	case m.Transfer != nil:
		o.Transfer = m.Transfer.ID
	case m.Bundle != nil:
		o.Bundle = m.Bundle.ID
	default:
		o.Standing = m.Standing.ID
	}
	_, err := c.Desk.Do(ctx, o)
	return err
}

// MayUse refuses a consent that no longer reaches its customer's account: the
// customer or the account is blocked, or access by third parties is switched off
// for it (design §3). It is asked before a body is read, for whoever sends one.
func (c *Core) MayUse(ctx context.Context, a *authserver.ConsentAccess, now time.Time) error {
	if err := c.Usable(ctx, &a.Consent, now); err != nil {
		return err
	}
	for _, r := range a.Consent.Accounts {
		if r.Past {
			continue
		}
		pays, err := c.Accounts.Account(ctx, r.Account)
		if err != nil {
			return err
		}
		if err := pays.Usable(); err != nil {
			return err
		}
	}
	return nil
}
