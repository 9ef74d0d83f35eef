package authserver

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// vatProduct is the product type of accounts that hold VAT alone: they pay the
// VAT part of split payments and nothing else (art. 62a-62c of the banking act).
const vatProduct = "VAT"

// askedPayment judges what a payment consent is about: one payment or one
// bundle, or one existing object of this very client (psd2 §10 cases 23, 56-71).
func (s *Server) askedPayment(ctx context.Context, client thirdparty.ClientID, c *xs2a.Consent, now time.Time) error {
	if c.Scope != xs2a.Payments {
		if c.Payment != nil {
			return bank.RefuseField("privilegeList", "A payment needs the scope pis.")
		}
		return nil
	}
	if c.Payment == nil {
		return bank.RefuseField("privilegeList", "The consent names no payment.")
	}
	w := *c.Payment
	w.Orders = slices.Clone(w.Orders)
	for i := range w.Orders {
		w.Orders[i].Order.Normalise() // an order may leave unsaid that it recurs
	}
	if !oneMethod(c.Grants, &w) {
		return bank.RefuseField("privilegeList", "A consent is for one payment method: one payment or bundle, or one to cancel or look at.")
	}
	if len(w.Orders) == 0 {
		_, err := s.object(ctx, client, &w)
		return err
	}
	c.Payment = &w
	return s.askedOrders(ctx, &w, calendar.DateOf(now))
}

// oneMethod tells whether the rights are those of exactly one thing, and that
// the thing of the consent. The right to look at what was made may stand beside.
func oneMethod(grants []xs2a.Grant, w *xs2a.What) bool {
	of := 0
	for _, id := range []string{string(w.Transfer), string(w.OfBundle), string(w.Standing)} {
		if id != "" {
			of++
		}
	}
	var need xs2a.Right
	switch {
	case len(w.Orders) > 0 && of > 0, len(w.Orders) == 0 && of != 1, !w.Bundle && len(w.Orders) > 1:
		return false
	case len(w.Orders) == 0:
		return len(grants) == 1 && (grants[0].Right == xs2a.CancelPayment || grants[0].Right == xs2a.ReadPayment)
	case w.Bundle:
		need = xs2a.InitiateBundle
	case w.Orders[0].Order.Mode == transfer.Recurring:
		need = xs2a.InitiateRecurring
	default:
		need = xs2a.Initiate
	}
	return slices.ContainsFunc(grants, func(g xs2a.Grant) bool { return g.Right == need }) &&
		!slices.ContainsFunc(grants, func(g xs2a.Grant) bool { return g.Right != need && g.Right != xs2a.ReadPayment })
}

// askedOrders judges the orders of a payment consent before a customer is asked.
func (s *Server) askedOrders(ctx context.Context, w *xs2a.What, today calendar.Date) error {
	if err := validOrders(w, today); err != nil {
		return err
	}
	for i := range w.Orders {
		o := &w.Orders[i]
		var err error
		if o.System, err = s.route(ctx, &o.Order); err != nil {
			return err
		}
		if err := s.carried(ctx, o.System, &o.Order); err != nil {
			return ofBundle(err, w, i)
		}
	}
	return nil
}

// ofBundle puts the place of an order before the field of a refusal, as
// transfer.ValidateBundle does.
func ofBundle(err error, w *xs2a.What, place int) error {
	var r *bank.Refusal
	if !w.Bundle || !errors.As(err, &r) || r.Field == "" {
		return err
	}
	c := *r
	c.Field = "transfers[" + strconv.Itoa(place) + "]." + r.Field
	return &c
}

// validOrders judges the words of one order, or of a bundle.
func validOrders(w *xs2a.What, today calendar.Date) error {
	if !w.Bundle {
		return w.Orders[0].Order.Validate(today)
	}
	parts := make([]transfer.Part, 0, len(w.Orders))
	for i := range w.Orders {
		parts = append(parts, transfer.Part{TPPID: w.Orders[i].TPPID, Order: &w.Orders[i].Order})
	}
	return transfer.ValidateBundle(parts, w.Total, today)
}

// carried refuses an order that no payment system takes.
func (s *Server) carried(ctx context.Context, system transfer.System, o *transfer.Instruction) error {
	switch {
	case system == transfer.Internal:
		return nil
	case s.network == nil:
		return bank.Refuse(bank.RailUnavailable, "The bank has no way to this payment system.")
	}
	return s.network.Check(ctx, system, o)
}

// route tells by which system an order goes.
func (s *Server) route(ctx context.Context, o *transfer.Instruction) (transfer.System, error) {
	n, err := nrb.Parse(o.Recipient.Account)
	ours := err == nil && slices.Contains(s.rules.BankCodes, n.BankCode())
	if err == nil && len(s.rules.BankCodes) == 0 {
		switch _, err := s.accounts.AccountByNumber(ctx, n); bank.CodeOf(err) {
		case "":
			ours = true
		case bank.NotFound:
		default:
			return "", err
		}
	}
	return transfer.Route(o, func(nrb.NRB) bool { return ours }), nil
}

// object is what a consent is to cancel or to look at.
type object struct {
	customer party.CustomerID
	account  account.ID
	order    transfer.Instruction // of a bundle: only kind and total
	count    int                  // bundles: of its transfers
	consent  string               // under which it was made
}

// object finds what a consent is about, of this very client: NotFound otherwise.
func (s *Server) object(ctx context.Context, client thirdparty.ClientID, w *xs2a.What) (object, error) {
	var o object
	var of thirdparty.ClientID
	var err error
	switch {
	case w.Transfer != "":
		var t transfer.Transfer
		t, err = s.transfers.Transfer(ctx, w.Transfer)
		of, o = t.Client, object{customer: t.Customer, account: t.Account, order: t.Order, consent: t.Consent}
	case w.OfBundle != "":
		var b transfer.Bundle
		b, err = s.transfers.Bundle(ctx, w.OfBundle)
		of, o = b.Client, object{customer: b.Customer, account: b.Account, count: len(b.Transfers), consent: b.Consent}
		o.order = transfer.Instruction{Kind: b.Kind, Amount: b.Total}
	default:
		var st transfer.Standing
		st, err = s.transfers.Standing(ctx, w.Standing)
		of, o = st.Client, object{customer: st.Customer, account: st.Account, order: st.Order, consent: st.Consent}
	}
	if err == nil && of != client {
		err = bank.Refuse(bank.NotFound, "There is no such payment.")
	}
	return o, err
}

// priced completes the orders of a consent for the account that pays: the fee,
// the payee's account where it is here, the VAT account of a split payment.
func (s *Server) priced(ctx context.Context, w *xs2a.What, payer *account.Account) (*xs2a.What, error) {
	out := *w
	out.Orders = slices.Clone(w.Orders)
	for i := range out.Orders {
		o := &out.Orders[i]
		var err error
		if o.System, err = s.route(ctx, &o.Order); err != nil {
			return nil, err
		}
		if err := s.carried(ctx, o.System, &o.Order); err != nil {
			return nil, err
		}
		o.Fee = money.New(s.rules.Fees[FeeOf{o.Order.Kind, o.System}], payer.Currency())
		if o.Payee, err = s.payeeHere(ctx, o, payer); err != nil {
			return nil, err
		}
		if o.VAT, err = s.vatAccount(ctx, &o.Order, payer); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// payeeHere is the payee's account of a payment inside the bank, "" of others.
func (s *Server) payeeHere(ctx context.Context, o *xs2a.Ordered, payer *account.Account) (account.ID, error) {
	n, err := nrb.Parse(o.Order.Recipient.Account)
	if err == nil && n == payer.NRB {
		return "", bank.Refuse(bank.PayerIsPayee, "The payment would go to the account from which it is made.")
	}
	if o.System != transfer.Internal {
		return "", nil
	}
	gone := bank.Refuse(bank.PayeeUnavailable, "The payee's account cannot take this payment.")
	if err != nil {
		return "", gone
	}
	payee, err := s.accounts.AccountByNumber(ctx, n)
	switch {
	case bank.CodeOf(err) == bank.NotFound:
		return "", gone
	case err != nil:
		return "", err
	case payee.Kind != account.Customer || payee.Status == account.Closed || payee.Currency() != o.Order.Amount.Currency():
		return "", gone
	}
	return payee.ID, nil
}

// vatAccount is the VAT account that belongs to the payer of a split payment.
func (s *Server) vatAccount(ctx context.Context, o *transfer.Instruction, payer *account.Account) (account.ID, error) {
	if o.Split == nil {
		return "", nil
	}
	all, err := s.accounts.AccountsOf(ctx, payer.Customer)
	if err != nil {
		return "", err
	}
	for i := range all {
		if all[i].Product.Type == vatProduct && all[i].Status == account.Open && all[i].Currency() == payer.Currency() {
			return all[i].ID, nil
		}
	}
	return "", bank.RefuseField("account", "A split payment needs a VAT account, and the customer has none.")
}

// affordable refuses what the customer's own limits would not let through, with
// what is used and left: nobody should confirm a payment in vain (psd2 §0.1).
// What counts on a later day only is judged by the single limit alone. All
// orders are in one currency, that of the payer's account.
func (s *Server) affordable(ctx context.Context, c party.CustomerID, w *xs2a.What, now time.Time) error {
	if len(w.Orders) == 0 {
		return nil
	}
	limits, err := s.agreements.CustomerLimits(ctx, c)
	if err != nil {
		return err
	}
	caps, subject := limits.OneOff, limit.OneOffOf(string(c))
	if w.Orders[0].Order.Mode == transfer.Recurring {
		caps, subject = limits.Recurring, limit.RecurringOf(string(c))
	}
	in := w.Orders[0].Order.Amount.Currency()
	caps, subject = caps.In(in), limit.CountedIn(subject, in)
	today, total := calendar.DateOf(now), money.Zero(in)
	for i := range w.Orders {
		o := &w.Orders[i].Order
		if err := withinCap(caps.Single, money.Zero(in), o.Amount); err != nil {
			return err
		}
		if today.Before(firstDay(o)) {
			continue
		}
		if total, err = total.Add(o.Amount); err != nil {
			return err
		}
	}
	if total.IsZero() {
		return nil
	}
	day, month := limit.Key{Subject: subject, Period: limit.DayOf(now)}, limit.Key{Subject: subject, Period: limit.MonthOf(now)}
	used, err := s.counters.Counters(ctx, []limit.Key{day, month})
	if err != nil {
		return err
	}
	if err := withinCap(caps.Daily, used[day], total); err != nil {
		return err
	}
	return withinCap(caps.Monthly, used[month], total)
}

// firstDay is the day on which an order counts first, the zero date for now.
func firstDay(o *transfer.Instruction) calendar.Date {
	switch {
	case o.Mode == transfer.Recurring && o.Recurrence != nil:
		return o.Recurrence.Start
	case o.Mode == transfer.Immediate:
		return calendar.Date{}
	}
	return o.ExecutionDate
}

func withinCap(k limit.Cap, used, more money.Amount) error {
	if used.Currency() == "" {
		used = money.Zero(more.Currency()) // a counter that was never moved
	}
	passed, err := k.PassedBy(used, more)
	if err == nil && !passed {
		return nil
	}
	r := bank.Refuse(bank.CustomerLimit, "The customer's own limit would be passed.").Because(err)
	r.Used, r.Left = used, money.Zero(used.Currency())
	if left, err := k.Amount.Sub(used); err == nil && left.IsPositive() {
		r.Left = left
	}
	return r
}
