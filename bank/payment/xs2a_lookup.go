package payment

import (
	"okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

func (l *lookup) consent(id xs2a.ID) (*xs2a.Consent, bool) {
	return find(l, l.s.Consents, &l.needs.Consents, id)
}

func (l *lookup) submission(k transfer.SubmissionKey) (*transfer.Submission, bool) {
	return find(l, l.s.Submissions, &l.needs.Submissions, k)
}

func (l *lookup) standing(id transfer.StandingID) (*transfer.Standing, bool) {
	return find(l, l.s.Standings, &l.needs.Standings, id)
}

// transfer notes a transfer and all that executing, settling or ending it looks
// at.
func (l *lookup) transfer(id transfer.ID) {
	if tr, ok := find(l, l.s.Transfers, &l.needs.Transfers, id); ok {
		l.executing(tr)
	}
}

func (l *lookup) bundle(id transfer.BundleID) {
	b, ok := find(l, l.s.Bundles, &l.needs.Bundles, id)
	if !ok {
		return
	}
	l.account(b.Account)
	for _, id := range b.Transfers {
		l.transfer(id)
	}
}

func (l *lookup) executing(tr *transfer.Transfer) {
	l.customer(tr.Customer)
	l.moving(tr.Account, tr.VAT, tr.Payee, tr.System, tr.Order.Amount.Currency(), tr.Fee)
	s := tr.Counted()
	l.counter(s, l.day)
	l.counter(s, l.month)
}

// moving notes the accounts between which money moves.
func (l *lookup) moving(payer, vat, payee account.ID, s transfer.System, c money.Currency, fee money.Amount) {
	l.account(payer)
	if vat != "" {
		l.account(vat)
	}
	switch {
	case s != transfer.Internal:
		l.account(rail.Clearing(s, c))
	case payee != "":
		l.account(payee)
	}
	if fee.IsPositive() {
		l.account(rail.FeeIncome(c))
	}
}

// ordering notes all that making one consented order looks at.
func (l *lookup) ordering(c party.CustomerID, payer account.ID, o *xs2a.Ordered) {
	currency := o.Order.Amount.Currency()
	l.moving(payer, o.VAT, o.Payee, o.System, currency, o.Fee)
	s := limit.CountedIn(limit.OneOffOf(string(c)), currency)
	l.counter(s, l.day)
	l.counter(s, l.month)
}

func (o *Initiate) want(l *lookup) {
	if s, ok := l.submission(o.key()); ok {
		switch {
		case s.Bundle != "":
			l.bundle(s.Bundle)
		case s.Standing != "":
			l.standing(s.Standing)
		default:
			l.transfer(s.Transfer)
		}
	}
	if o.Bundle {
		for _, i := range o.Orders {
			l.submission(transfer.SubmissionKey{Client: o.Client, TPPID: i.TPPID})
		}
	}
	c, ok := l.consent(o.Consent)
	if !ok {
		return
	}
	l.customer(c.Customer)
	payer := payerOf(c).Account
	if payer == "" || c.Payment == nil {
		return
	}
	l.account(payer)
	for n := range c.Payment.Orders {
		l.ordering(c.Customer, payer, &c.Payment.Orders[n])
	}
}

func (o *RunTransfer) want(l *lookup) { l.transfer(o.Transfer) }

func (o *Settle) want(l *lookup) { l.transfer(o.Transfer) }

func (o *ReturnFunds) want(l *lookup) { l.transfer(o.Transfer) }

func (o *RunStanding) want(l *lookup) {
	s, ok := l.standing(o.Standing)
	if !ok {
		return
	}
	l.executing(&transfer.Transfer{
		Customer: s.Customer, Account: s.Account, Payee: s.Payee, Order: s.Order, System: s.System, Fee: s.Fee, Standing: s.ID,
	})
}

func (o *Revoke) want(l *lookup) {
	if o.Consent != "" {
		l.consent(o.Consent)
	}
	if o.Transfer != "" {
		l.transfer(o.Transfer)
	}
	if o.Bundle != "" {
		l.bundle(o.Bundle)
	}
	if o.Standing != "" {
		if s, ok := l.standing(o.Standing); ok {
			l.account(s.Account)
		}
	}
}
