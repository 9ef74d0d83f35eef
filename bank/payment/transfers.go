package payment

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// order makes the transfer of one consented order, and begins it: at once, or by
// setting a day for it.
func (t *turn) order(c *xs2a.Consent, acc *account.Account, given *xs2a.Ordered, i *Initiation, b transfer.BundleID) (*transfer.Transfer, error) {
	tr := &transfer.Transfer{
		Consent: string(c.ID), Client: c.Client, TPPID: i.TPPID, Bundle: b, Customer: c.Customer, Account: acc.ID,
		VAT: given.VAT, Payee: given.Payee, Order: i.Order, System: given.System, Fee: feeOf(given),
	}
	if tr.Order.Mode == transfer.Immediate {
		tr.Order.ExecutionDate = calendar.Date{} // the mode wins (psd2 §10 case 61)
	}
	return tr, t.begin(tr, thirdParty(c.Client))
}

// begin gives a new transfer its first status. What stands in its way (a limit,
// the payee's account, money) rejects it: it was accepted, and is told of by its
// status.
func (t *turn) begin(tr *transfer.Transfer, by audit.Actor) error {
	zero := money.Zero(tr.Order.Amount.Currency())
	tr.ID, tr.CreatedAt, tr.Status, tr.FromVAT = transfer.ID(t.ids.NewID()), t.now, transfer.Submitted, zero
	later := tr.Order.Mode == transfer.FutureDated && tr.Order.ExecutionDate.After(calendar.DateOf(t.now))
	counted := tr.Order.Amount
	no, err := refusalIn(t.acceptable(tr, later))
	if err != nil {
		return err
	}
	if no != nil {
		counted, tr.Status, tr.Reason, tr.EndedAt, tr.FromVAT = zero, transfer.Rejected, no.Code, t.now, zero
		tr.Detail = ofLimit(no)
	}
	if tr.Use, tr.Delta, err = (limit.Use{}).Take(counted, t.day, t.month); err != nil {
		return err
	}
	if err := t.countTransfer(tr, tr.Delta); err != nil {
		return err
	}
	t.transfers.add(tr.ID, tr)
	switch {
	case no != nil:
	case later:
		tr.Status, tr.Due = transfer.Scheduled, kept(rail.Opens(tr.System, tr.Order.ExecutionDate))
	default:
		err = t.executeTransfer(tr)
	}
	t.happened(tr, by, limit.Delta{}) // what creation took is kept with the transfer, once
	return err
}

// acceptable checks the customer's limits, and what executing needs unless that
// comes on another day.
func (t *turn) acceptable(tr *transfer.Transfer, later bool) error {
	if err := t.withinOwn(tr); err != nil || later {
		return err
	}
	return t.executable(tr)
}

// refusalIn tells a refusal, which rejects a transfer, from a mistake of the
// program, which undoes the whole order.
func refusalIn(err error) (*bank.Refusal, error) {
	var no *bank.Refusal
	if errors.As(err, &no) {
		return no, nil
	}
	return nil, err
}

// ofLimit says how far a limit was used when it stopped an order: whoever reads
// why (design §3) reads it later, when other orders have used it further.
func ofLimit(no *bank.Refusal) string {
	c := no.Used.Currency()
	if c == "" {
		return ""
	}
	return strings.TrimSuffix(no.Public, ".") + ": used " + no.Used.String() + ", left " + no.Left.String() + " " + c.String() + "."
}

// happened records where a transfer stands now.
func (t *turn) happened(tr *transfer.Transfer, by audit.Actor, d limit.Delta) {
	tr.Events++
	t.mine.transferEvents = append(t.mine.transferEvents, transfer.Event{
		Transfer: tr.ID, Seq: tr.Events, Status: tr.Status, At: t.now, By: by,
		Reason: tr.Reason, Detail: tr.Detail, Returned: !tr.Returned.IsZero(), Delta: d,
	})
	act := string(tr.Status)
	if !tr.Returned.IsZero() {
		act = "returned"
	}
	t.record(by, "transfer."+act, "transfer:"+string(tr.ID), "", tr.Order.Amount.String(), string(tr.Reason))
}

// countTransfer moves the customer's counters.
func (t *turn) countTransfer(tr *transfer.Transfer, d limit.Delta) error {
	if err := t.count(tr.Counted(), d.Day, d.InDay); err != nil {
		return err
	}
	return t.count(tr.Counted(), d.Month, d.InMonth)
}

// withinOwn checks the customer's own limits, those for one-off orders or those
// for the payments of standing orders.
func (t *turn) withinOwn(tr *transfer.Transfer) error {
	of := t.s.CustomerLimits[tr.Customer]
	if of == nil {
		return nil
	}
	caps := of.OneOff
	if tr.Standing != "" {
		caps = of.Recurring
	}
	amount := tr.Order.Amount
	return t.own(caps.In(amount.Currency()), tr.Counted(), amount, amount)
}

// executable refuses a transfer that cannot be executed now, and finds out what
// its VAT account pays of it. The customer's API access is not asked for: an
// order that was accepted lives on (psd2 §6.6).
func (t *turn) executable(tr *transfer.Transfer) error {
	customer, acc := t.s.Customers[tr.Customer], t.accounts.get(tr.Account)
	if customer == nil || acc == nil {
		return fmt.Errorf("payment: customer %s or account %s was not loaded", tr.Customer, tr.Account)
	}
	if err := customer.Usable(); err != nil {
		return err
	}
	switch acc.Status {
	case account.Closed:
		return bank.Refuse(bank.AccountClosed, "The account is closed.")
	case account.Blocked:
		return bank.Refuse(bank.AccountBlocked, "The account is blocked.")
	}
	currency := tr.Order.Amount.Currency()
	to := t.accounts.get(goesTo(tr))
	switch {
	case tr.System == transfer.Internal && (to == nil || to.Status == account.Closed || to.Currency() != currency):
		return bank.Refuse(bank.PayeeUnavailable, "The payee's account cannot take the transfer.")
	case to == nil:
		return bank.Refuse(bank.RailUnavailable, "The bank does not settle in this currency through the payment system.")
	case tr.Fee.IsPositive() && t.accounts.get(rail.FeeIncome(currency)) == nil:
		return fmt.Errorf("payment: the bank has no account for fees in %s", currency)
	}
	var err error
	if tr.FromVAT, err = t.vatShare(tr); err != nil {
		return err
	}
	share, err := payerShare(tr)
	if err != nil {
		return err
	}
	return ledger.CanPay(acc, share)
}

// goesTo is the account in this bank to which a transfer is booked.
func goesTo(tr *transfer.Transfer) account.ID {
	if tr.System == transfer.Internal {
		return tr.Payee
	}
	return rail.Clearing(tr.System, tr.Order.Amount.Currency())
}

// vatShare is what the VAT account pays of a split payment: the tax, as far as its
// money goes (psd2 §8).
func (t *turn) vatShare(tr *transfer.Transfer) (money.Amount, error) {
	zero := money.Zero(tr.Order.Amount.Currency())
	if tr.Order.Split == nil || tr.VAT == "" {
		return zero, nil
	}
	vat := t.accounts.get(tr.VAT)
	if vat == nil || vat.Status != account.Open || vat.Currency() != zero.Currency() || vat.ID == tr.Account {
		return zero, nil
	}
	free, err := vat.Available()
	switch {
	case err != nil:
		return zero, err
	case !free.IsPositive():
		return zero, nil
	case free.LessThan(tr.Order.Split.VAT):
		return free, nil
	}
	return tr.Order.Split.VAT, nil
}

// payerShare is what the payer's account gives: the amount less what the VAT
// account pays, and the fee.
func payerShare(tr *transfer.Transfer) (money.Amount, error) {
	rest, err := tr.Order.Amount.Sub(tr.FromVAT)
	if err != nil {
		return money.Amount{}, err
	}
	return rest.Add(tr.Fee)
}

// executeTransfer executes a transfer that is executable: inside the bank it is
// done, otherwise its money is set aside until its payment system answers.
func (t *turn) executeTransfer(tr *transfer.Transfer) error {
	if tr.System == transfer.Internal {
		tr.Status, tr.EndedAt, tr.Due = transfer.Done, t.now, time.Time{}
		return t.bookTransfer(tr)
	}
	if err := t.setAside(tr, ledger.Reserve); err != nil {
		return err
	}
	tr.Status, tr.Reserved = transfer.Pending, true
	tr.Due = kept(rail.Leaves(tr.System, tr.Order.Delivery, t.now))
	return nil
}

// setAside moves what is set aside for a transfer, to or fro.
func (t *turn) setAside(tr *transfer.Transfer, move func(*account.Account, money.Amount) error) error {
	share, err := payerShare(tr)
	if err != nil {
		return err
	}
	if err := move(t.Account(tr.Account), share); err != nil || tr.FromVAT.IsZero() {
		return err
	}
	return move(t.Account(tr.VAT), tr.FromVAT)
}

// bookTransfer books the money of a transfer: the tax from the VAT account first,
// then the whole amount to where it goes, then the fee.
func (t *turn) bookTransfer(tr *transfer.Transfer) error {
	acc := t.accounts.get(tr.Account)
	payer := t.end(acc)
	if tr.FromVAT.IsPositive() {
		if err := t.post(tr, ledger.VAT, tr.VAT, tr.Account, tr.FromVAT, t.end(t.accounts.get(tr.VAT)), payer); err != nil {
			return err
		}
	}
	payee := ledger.Party{Name: tr.Order.Recipient.Name, Number: tr.Order.Recipient.Account}
	if err := t.post(tr, ledger.Transfer, tr.Account, goesTo(tr), tr.Order.Amount, payer, payee); err != nil {
		return err
	}
	if tr.Fee.IsZero() {
		return nil
	}
	income := rail.FeeIncome(tr.Fee.Currency())
	return t.post(tr, ledger.Fee, tr.Account, income, tr.Fee, payer, t.end(t.accounts.get(income)))
}

// post books one movement of a transfer.
func (t *turn) post(tr *transfer.Transfer, k ledger.Kind, from, to account.ID, amount money.Amount, payer, payee ledger.Party) error {
	postings, err := ledger.Move(from, to, amount)
	if err != nil {
		return err
	}
	return t.enter(&ledger.Entry{Kind: k, Title: tr.Order.Title(), Payer: payer, Payee: payee, Payment: string(tr.ID), Postings: postings})
}

func (t *turn) enter(e *ledger.Entry) error {
	e.ID, e.At = ledger.EntryID(t.ids.NewID()), t.now
	if err := ledger.Post(t, e); err != nil {
		return err
	}
	t.mine.entries = append(t.mine.entries, e)
	return nil
}

// endTransfer ends a transfer without moving money: what was set aside is free
// again, and the limits get back what lies in their current windows.
func (t *turn) endTransfer(tr *transfer.Transfer, s transfer.Status, why bank.Code, detail string, by audit.Actor) error {
	if tr.Reserved {
		if err := t.setAside(tr, ledger.Free); err != nil {
			return err
		}
		tr.Reserved = false
	}
	tr.FromVAT = money.Zero(tr.Order.Amount.Currency())
	delta, err := t.giveBack(&tr.Use, tr.Order.Amount)
	if err != nil {
		return err
	}
	tr.Status, tr.Reason, tr.Detail, tr.EndedAt, tr.Due = s, why, detail, t.now, time.Time{}
	t.happened(tr, by, delta)
	return t.countTransfer(tr, delta)
}
