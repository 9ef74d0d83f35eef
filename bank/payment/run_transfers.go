package payment

import (
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/rail"
	"okienko/bank/transfer"
)

func (o *RunTransfer) decide(t *turn) (Outcome, error) {
	tr := t.transfers.get(o.Transfer)
	if tr == nil {
		return Outcome{}, notFound()
	}
	if tr.Status != transfer.Scheduled || t.now.Before(tr.Due) {
		return Outcome{Transfer: tr, Repeat: true}, nil // executed or cancelled meanwhile
	}
	tr = t.transfers.edit(tr.ID)
	no, err := refusalIn(t.executable(tr))
	if err != nil {
		return Outcome{}, err
	}
	if no != nil {
		return Outcome{Transfer: tr}, t.endTransfer(tr, transfer.Rejected, no.Code, "", theBank)
	}
	if err := t.executeTransfer(tr); err != nil {
		return Outcome{}, err
	}
	t.happened(tr, theBank, limit.Delta{})
	return Outcome{Transfer: tr}, nil
}

// falls sets when the next payment of a standing order is made; a day beyond its
// end closes it.
func (t *turn) falls(s *transfer.Standing, day calendar.Date) {
	s.Next, s.Due = day, kept(rail.Opens(s.System, s.Order.Recurrence.Moved(day)))
}

func (o *RunStanding) decide(t *turn) (Outcome, error) {
	s := t.standings.get(o.Standing)
	if s == nil {
		return Outcome{}, notFound()
	}
	if s.Due.IsZero() || t.now.Before(s.Due) {
		return Outcome{Standing: s, Repeat: true}, nil // made, or cancelled, meanwhile
	}
	if s.Order.Recurrence == nil {
		return Outcome{}, fmt.Errorf("payment: standing order %s has no recurrence", s.ID)
	}
	s = t.standings.edit(s.ID)
	s.Made++
	tr := &transfer.Transfer{
		Consent: s.Consent, Client: s.Client, Standing: s.ID, Number: s.Made, Customer: s.Customer, Account: s.Account,
		Payee: s.Payee, Order: s.Order, System: s.System, Fee: s.Fee,
	}
	if err := t.begin(tr, theBank); err != nil {
		return Outcome{}, err
	}
	if tr.Status != transfer.Rejected && s.Status == transfer.StandingSubmitted {
		s.Status = transfer.StandingInProgress
	}
	if next, ok := s.Order.Recurrence.After(s.Next); ok {
		t.falls(s, next)
	} else {
		t.endStanding(s, transfer.StandingClosed)
		t.record(theBank, "standing.closed", "standing:"+string(s.ID), "", "", "")
	}
	return Outcome{Transfer: tr, Standing: s}, nil
}

func (t *turn) endStanding(s *transfer.Standing, how transfer.StandingStatus) {
	s.Status, s.EndedAt, s.Next, s.Due = how, t.now, calendar.Date{}, time.Time{}
}

func (o *Settle) decide(t *turn) (Outcome, error) {
	tr := t.transfers.get(o.Transfer)
	if tr == nil {
		return Outcome{}, notFound()
	}
	if tr.Status != transfer.Pending || o.Verdict.Outcome == rail.Unknown {
		return Outcome{Transfer: tr, Repeat: true}, nil
	}
	tr = t.transfers.edit(tr.ID)
	var err error
	switch o.Verdict.Outcome {
	case rail.Settled:
		err = t.settled(tr, &o.Verdict)
	case rail.Refused:
		err = t.endTransfer(tr, transfer.Rejected, bank.RailRefused, o.Verdict.Reason, theBank)
	default:
		err = fmt.Errorf("payment: unknown outcome %q of transfer %s", o.Verdict.Outcome, tr.ID)
	}
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Transfer: tr}, nil
}

// settled books a transfer that its payment system has carried. What will come
// back is due at its time, with the reason as the detail.
func (t *turn) settled(tr *transfer.Transfer, v *rail.Verdict) error {
	if err := t.setAside(tr, ledger.Free); err != nil {
		return err
	}
	tr.Reserved, tr.Status, tr.EndedAt, tr.Due, tr.Detail = false, transfer.Done, t.now, time.Time{}, ""
	if !v.ReturnAt.IsZero() {
		tr.Due, tr.Detail = kept(v.ReturnAt), v.ReturnReason
	}
	if err := t.bookTransfer(tr); err != nil {
		return err
	}
	t.happened(tr, theBank, limit.Delta{})
	return nil
}

func (o *ReturnFunds) decide(t *turn) (Outcome, error) {
	tr := t.transfers.get(o.Transfer)
	switch {
	case tr == nil:
		return Outcome{}, notFound()
	case !tr.Returned.IsZero():
		return Outcome{Transfer: tr, Repeat: true}, nil
	case tr.Status != transfer.Done || tr.System == transfer.Internal:
		return Outcome{}, bank.Refuse(bank.StatusNotAllowed, "Only what a payment system has carried can come back.")
	}
	tr = t.transfers.edit(tr.ID)
	tr.Returned, tr.Due, tr.Reason = t.now, time.Time{}, bank.RailRefused
	if o.Reason != "" {
		tr.Detail = o.Reason
	}
	if err := t.giveMoneyBack(tr); err != nil {
		return Outcome{}, err
	}
	t.happened(tr, theBank, limit.Delta{})
	return Outcome{Transfer: tr}, nil
}

// giveMoneyBack books what came back to where it came from: the VAT account gets
// its own part, which the payer could not spend on anything else. The fee was for
// the way there.
func (t *turn) giveMoneyBack(tr *transfer.Transfer) error {
	amount := tr.Order.Amount
	from := rail.Clearing(tr.System, amount.Currency())
	postings, err := ledger.Move(from, tr.Account, amount)
	if err != nil {
		return err
	}
	if tr.FromVAT.IsPositive() {
		if postings[1].Amount, err = amount.Sub(tr.FromVAT); err != nil {
			return err
		}
		if postings[1].Amount.IsZero() {
			postings = postings[:1]
		}
		postings = append(postings, ledger.Posting{Account: tr.VAT, Amount: tr.FromVAT})
	}
	payer := ledger.Party{Name: tr.Order.Recipient.Name, Number: tr.Order.Recipient.Account}
	return t.enter(&ledger.Entry{
		Kind: ledger.Return, Title: tr.Order.Title(), Payer: payer, Payee: t.end(t.accounts.get(tr.Account)), Payment: string(tr.ID), Postings: postings,
	})
}
