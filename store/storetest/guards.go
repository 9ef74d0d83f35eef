package storetest

import (
	"testing"
	"time"

	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/transfer"
)

// tablesRefuse: whatever the program believes, the tables make no payment twice.
func tablesRefuse(t *testing.T, w *world) {
	p := w.payer("jan", zl(100))
	made := p.pays("made", elixir(zl(30))).Transfer
	_, err := w.do(settle(made.ID))
	must(t, err)
	_, err = w.do(&payment.ReturnFunds{Transfer: made.ID})
	must(t, err)
	set := p.pays("set", elixir(zl(3)), elixir(zl(4))).Bundle
	standing := p.pays("every", monthly(w, within, zl(3))).Standing
	_, err = w.do(&payment.RunStanding{Standing: standing.ID})
	must(t, err)

	one := func(id string, f func(*transfer.Transfer)) *payment.Changes {
		tr := *made
		tr.ID, tr.Consent, tr.Reserved = transfer.ID(id), "consent-"+id, true
		tr.Status, tr.EndedAt, tr.Returned = transfer.Pending, time.Time{}, time.Time{}
		f(&tr)
		return &payment.Changes{NewTransfers: []*transfer.Transfer{&tr}}
	}
	event := func(status transfer.Status, returned bool) *payment.Changes {
		return &payment.Changes{TransferEvents: []transfer.Event{{Transfer: made.ID, Seq: 9, Status: status, At: noon, By: audit.Actor{Kind: audit.Bank}, Returned: returned}}}
	}
	submission := func(s transfer.Submission) *payment.Changes {
		return &payment.Changes{Submissions: []*transfer.Submission{&s}}
	}
	key := transfer.SubmissionKey{Client: theTPP, TPPID: "new"}
	for _, c := range []struct {
		name    string
		changes *payment.Changes
	}{
		{"a second transfer of one consent", one("second", func(tr *transfer.Transfer) { tr.Consent = made.Consent })},
		{"a second payment of one turn", one("turn", func(tr *transfer.Transfer) { tr.Standing, tr.Number = standing.ID, 1 })},
		{"a transfer that is done and reserved", one("both", func(tr *transfer.Transfer) { tr.Status, tr.EndedAt = transfer.Done, noon })},
		{"a transfer that is done and has no end", one("endless", func(tr *transfer.Transfer) { tr.Status, tr.Reserved = transfer.Done, false })},
		{"a rejected transfer that came back", one("back", func(tr *transfer.Transfer) {
			tr.Status, tr.EndedAt, tr.Reserved, tr.Returned = transfer.Rejected, noon, false, noon
		})},
		{"more from the VAT account than the amount", one("vat", func(tr *transfer.Transfer) { tr.FromVAT = zl(31) })},
		{"a second end", event(transfer.Cancelled, false)},
		{"a second return", event(transfer.Done, true)},
		{"a second bundle of one consent", &payment.Changes{NewBundles: []*transfer.Bundle{{ID: "again", Consent: set.Consent, Account: p.account, Total: zl(7)}}}},
		{"a second standing order of one consent", &payment.Changes{NewStandings: []*transfer.Standing{{
			ID: "again", Consent: standing.Consent, Account: p.account, Order: standing.Order, Status: transfer.StandingSubmitted,
		}}}},
		{"an id of the third party used twice", submission(transfer.Submission{Key: transfer.SubmissionKey{Client: theTPP, TPPID: "order-tpp-made"}, Transfer: "t"})},
		{"an id for a payment and a bundle", submission(transfer.Submission{Key: key, Transfer: "t", Bundle: "b"})},
		{"an id for nothing", submission(transfer.Submission{Key: key})},
		{"a second booking", &payment.Changes{Entries: []*ledger.Entry{{ID: "e", At: noon, Kind: ledger.Transfer, Payment: string(made.ID), Postings: []ledger.Posting{
			{Account: p.account, Amount: zl(-1), After: money.Zero(money.PLN), Seq: 90}, {Account: collector, Amount: zl(1), After: money.Zero(money.PLN), Seq: 90},
		}}}}},
	} {
		err := w.s.Within(t.Context(), func(tx desk.Tx) error {
			if err := tx.Load(t.Context(), payment.Needs{}, payment.NewState()); err != nil {
				return err
			}
			return tx.Write(t.Context(), c.changes)
		})
		if err == nil {
			t.Errorf("%s was kept", c.name)
		}
	}
	// None of it was refused for another reason.
	good := one("good", func(*transfer.Transfer) {})
	good.Submissions = submission(transfer.Submission{Key: key, Transfer: "t"}).Submissions
	must(t, w.s.Within(t.Context(), func(tx desk.Tx) error { return tx.Write(t.Context(), good) }))
}
