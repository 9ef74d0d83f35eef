package payment

import (
	"fmt"
	"strconv"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

func thirdParty(c thirdparty.ClientID) audit.Actor {
	return audit.Actor{Kind: audit.ThirdParty, ID: string(c)}
}

func (o *Initiate) key() transfer.SubmissionKey {
	return transfer.SubmissionKey{Client: o.Client, TPPID: o.TPPID}
}

// decide runs the checks in a fixed order: a repeat, the consent, what it is for,
// the state of customer and account. Limits and money come last and refuse
// nothing: what they stop is accepted and rejected, with the reason (psd2 §0.1).
func (o *Initiate) decide(t *turn) (Outcome, error) {
	c := t.consents.get(o.Consent)
	payer := payerOf(c)
	orders := o.normalised(payer.Number)
	content := o.content(orders)
	if s := t.submissions.get(o.key()); s != nil {
		if s.Content != content {
			return Outcome{}, reused()
		}
		return t.submitted(s), nil
	}
	if err := o.consented(t, c); err != nil {
		return Outcome{}, err
	}
	if err := o.agrees(orders, c.Payment, payer.Number); err != nil {
		return Outcome{}, err
	}
	acc, err := o.ready(t, c, payer, orders)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	s := &transfer.Submission{Key: o.key(), Content: content, At: t.now}
	switch {
	case o.Bundle:
		out, err = o.bundle(t, c, acc, orders)
	case orders[0].Order.Mode == transfer.Recurring:
		out.Standing = o.standing(t, c, acc, &orders[0].Order)
	default:
		out.Transfer, err = t.order(c, acc, &c.Payment.Orders[0], &Initiation{TPPID: o.TPPID, Order: orders[0].Order}, "")
	}
	if err != nil {
		return Outcome{}, err
	}
	made := ""
	switch {
	case out.Bundle != nil:
		s.Bundle, made = out.Bundle.ID, string(out.Bundle.ID)
	case out.Standing != nil:
		s.Standing, made = out.Standing.ID, string(out.Standing.ID)
	default:
		s.Transfer, made = out.Transfer.ID, string(out.Transfer.ID)
	}
	t.submissions.add(s.Key, s)
	t.use(c.ID, initiating(c.Payment), made)
	return out, nil
}

// payerOf is the account that the customer chose, the zero Reach when there is
// none.
func payerOf(c *xs2a.Consent) xs2a.Reach {
	if c != nil {
		for _, r := range c.Accounts {
			if !r.Past {
				return r
			}
		}
	}
	return xs2a.Reach{}
}

// normalised are the orders in their one form. Where the third party left the
// account to the customer, the customer's choice stands in.
func (o *Initiate) normalised(payer string) []Initiation {
	out := make([]Initiation, len(o.Orders))
	for n, i := range o.Orders {
		out[n] = i
		fill(&out[n].Order, payer)
	}
	return out
}

func fill(i *transfer.Instruction, payer string) {
	if i.Sender.Account == "" {
		i.Sender.Account = payer
	}
	i.Normalise()
}

// content is the canonical text of the whole order. The same id under another
// consent is another order.
func (o *Initiate) content(orders []Initiation) string {
	b := make([]byte, 0, 1024)
	text := func(s string) {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(append(append(b, ':'), s...), '|')
	}
	text(string(o.Consent))
	if o.Bundle {
		text("bundle")
		text(o.Total.String())
		text(string(o.Total.Currency()))
	}
	for n := range orders {
		text(orders[n].TPPID)
		text(orders[n].Order.Content())
	}
	return string(b)
}

// submitted answers a repeat with what its order has made, as it stands now.
func (t *turn) submitted(s *transfer.Submission) Outcome {
	out := Outcome{Repeat: true}
	switch {
	case s.Bundle != "":
		out.Bundle = t.bundles.get(s.Bundle)
		out.Transfers = t.transfersOf(out.Bundle)
	case s.Standing != "":
		out.Standing = t.standings.get(s.Standing)
	default:
		out.Transfer = t.transfers.get(s.Transfer)
	}
	return out
}

func (t *turn) transfersOf(b *transfer.Bundle) []transfer.Transfer {
	if b == nil {
		return nil
	}
	list := make([]transfer.Transfer, 0, len(b.Transfers))
	for _, id := range b.Transfers {
		if tr := t.transfers.get(id); tr != nil {
			list = append(list, *tr)
		}
	}
	return list
}

// consented checks that the consent stands, is the caller's, and has its payment
// still to make. Unknown and foreign are one answer.
func (o *Initiate) consented(t *turn, c *xs2a.Consent) error {
	if c == nil || c.Client != o.Client {
		return bank.Refuse(bank.AgreementEnded, "There is no such consent.")
	}
	if err := c.Standing(t.now); err != nil {
		return err
	}
	if err := c.Allows(initiating(c.Payment)); err != nil {
		return err
	}
	if c.Made != "" {
		return bank.Refuse(bank.PermissionUsedUp, "The payment of the consent was made already.")
	}
	return nil
}

// initiating is the right that makes what a consent is about.
func initiating(w *xs2a.What) xs2a.Right {
	switch {
	case w == nil || len(w.Orders) == 0:
		return xs2a.Initiate
	case w.Bundle:
		return xs2a.InitiateBundle
	case w.Orders[0].Order.Recurrence != nil:
		return xs2a.InitiateRecurring
	}
	return xs2a.Initiate
}

// agrees refuses an order that is not the consented one, to the byte of its
// normalised form (dynamic linking, RTS 2018/389 art. 5).
func (o *Initiate) agrees(orders []Initiation, w *xs2a.What, payer string) error {
	differs := bank.Refuse(bank.ConsentDiffers, "The order is not the one that the customer has consented to.")
	if w == nil || len(orders) == 0 || len(orders) != len(w.Orders) || w.Bundle != o.Bundle || (!o.Bundle && len(orders) > 1) || (o.Bundle && w.Total != o.Total) {
		return differs
	}
	for n := range orders {
		given := w.Orders[n].Order
		fill(&given, payer)
		if (o.Bundle && w.Orders[n].TPPID != orders[n].TPPID) || given.Content() != orders[n].Order.Content() {
			return differs
		}
	}
	return nil
}

// ready checks dates, which may have passed since the consent, and the state of
// the customer and of the account that pays.
func (o *Initiate) ready(t *turn, c *xs2a.Consent, payer xs2a.Reach, orders []Initiation) (*account.Account, error) {
	today := calendar.DateOf(t.now)
	for n := range orders {
		if err := orders[n].dated(today); err != nil {
			return nil, err
		}
	}
	customer, acc := t.s.Customers[c.Customer], t.accounts.get(payer.Account)
	if customer == nil {
		return nil, fmt.Errorf("payment: customer %s was not loaded", c.Customer)
	}
	if err := customer.Usable(); err != nil {
		return nil, err
	}
	if acc == nil {
		return nil, bank.Refuse(bank.AccountOutside, "The consent has no account to pay from.")
	}
	if err := acc.Usable(); err != nil {
		return nil, err
	}
	for n := range orders {
		if c.Payment.Orders[n].Payee == acc.ID {
			return nil, bank.Refuse(bank.PayerIsPayee, "The account that pays is the account that is paid.")
		}
		if orders[n].Order.Amount.Currency() != acc.Currency() {
			return nil, bank.RefuseField("transferData.currency", "The currency is that of the account that pays.")
		}
		if c.Payment.Orders[n].System == "" {
			return nil, fmt.Errorf("payment: consent %s has an order without a payment system", c.ID)
		}
		key := transfer.SubmissionKey{Client: o.Client, TPPID: orders[n].TPPID}
		if o.Bundle && (key.TPPID == o.TPPID || t.submissions.get(key) != nil) {
			return nil, reused()
		}
	}
	return acc, nil
}

func (i *Initiation) dated(today calendar.Date) error {
	o := &i.Order
	switch {
	case o.Mode == transfer.FutureDated && o.ExecutionDate.Before(today):
		return bank.RefuseField("transferData.executionDate", "The date is in the past.")
	case o.Recurrence != nil && o.Recurrence.Start.Before(today):
		return bank.RefuseField("transferData.recurrence.startDate", "The first day is in the past.")
	}
	return nil
}

// use notes that a consent was used, and what was made under it.
func (t *turn) use(id xs2a.ID, r xs2a.Right, made string) {
	c := t.consents.edit(id)
	if g := c.Grant(r); g.Single {
		g.Spent = true
	}
	c.LastUsed, c.Made = t.now, made
	t.record(thirdParty(c.Client), "consent.used", "consent:"+string(c.ID), "", made, string(r))
}

func (o *Initiate) bundle(t *turn, c *xs2a.Consent, acc *account.Account, orders []Initiation) (Outcome, error) {
	b := &transfer.Bundle{
		ID: transfer.BundleID(t.ids.NewID()), Consent: string(c.ID), Client: c.Client, TPPID: o.TPPID,
		Customer: c.Customer, Account: acc.ID, Kind: orders[0].Order.Kind, Total: o.Total, CreatedAt: t.now,
	}
	t.record(thirdParty(c.Client), "bundle.ordered", "bundle:"+string(b.ID), "", b.Total.String(), "")
	for n := range orders {
		tr, err := t.order(c, acc, &c.Payment.Orders[n], &orders[n], b.ID)
		if err != nil {
			return Outcome{}, err
		}
		b.Transfers = append(b.Transfers, tr.ID)
		// Each is known by its own id too, so that its status can be asked for.
		key := transfer.SubmissionKey{Client: c.Client, TPPID: tr.TPPID}
		t.submissions.add(key, &transfer.Submission{Key: key, Content: o.content(orders[n : n+1]), At: t.now, Transfer: tr.ID})
	}
	t.bundles.add(b.ID, b)
	return Outcome{Bundle: b, Transfers: t.transfersOf(b)}, nil
}

func (o *Initiate) standing(t *turn, c *xs2a.Consent, acc *account.Account, order *transfer.Instruction) *transfer.Standing {
	given := &c.Payment.Orders[0]
	s := &transfer.Standing{
		ID: transfer.StandingID(t.ids.NewID()), Consent: string(c.ID), Client: c.Client, TPPID: o.TPPID,
		Customer: c.Customer, Account: acc.ID, Payee: given.Payee, Order: *order, System: given.System,
		Fee: feeOf(given), Status: transfer.StandingSubmitted, CreatedAt: t.now,
	}
	t.falls(s, order.Recurrence.Start)
	t.standings.add(s.ID, s)
	t.record(thirdParty(c.Client), "standing.ordered", "standing:"+string(s.ID), "", order.Amount.String(), "")
	return s
}

// feeOf is the fee that the customer was shown.
func feeOf(o *xs2a.Ordered) money.Amount {
	if o.Fee.Currency() == "" {
		return money.Zero(o.Order.Amount.Currency())
	}
	return o.Fee
}
