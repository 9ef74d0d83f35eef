package cells

import (
	"context"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/payment"
)

// A cell's own accounts for clearing.
const (
	// rejectedAccount is passed through by what a cell cannot place: in and out
	// again within one transaction, so that nothing ever stays on it.
	rejectedAccount account.ID = "own-cells-rejected"
	// unplacedAccount takes what came back and cannot go back to its payer either,
	// whose account was closed meanwhile. A person decides about it.
	unplacedAccount account.ID = "own-cells-unplaced"
)

// clearingAccount is what a cell owes to another one: transfers that went out
// less transfers that came in. The two of a pair add up to what is in flight.
func clearingAccount(peer string) account.ID { return account.ID("own-cell-" + peer) }

func ownAccounts(peer string, at time.Time) []account.Account {
	var out []account.Account
	for _, id := range []account.ID{clearingAccount(peer), rejectedAccount, unplacedAccount} {
		a := intake.Own(at)[0]
		a.ID, a.Name, a.Holder = id, string(id), string(id)
		out = append(out, a)
	}
	return out
}

// returned is the kind of an entry that sends back what could not be placed.
const returned ledger.Kind = "return"

// transfer is an order of a customer, or of the bank, to pay a number.
type transfer struct {
	id     string // the caller's; an order repeated under it is done once
	from   account.ID
	to     string // NRB
	amount int64
}

// message tells another cell of money that has left for it. It is not kept
// anywhere: it is the sender's posting on the clearing account, read out. So
// there is no message without the money having left, and no money that left
// without a message.
type message struct {
	id     ledger.EntryID // unique in the sending cell
	from   string
	kind   ledger.Kind
	amount money.Amount
	payer  ledger.Party
	payee  ledger.Party
	seq    int64
	at     time.Time
}

// incoming is the entry by which a message is booked. Its id follows from the
// message, and ids of entries are unique: this is the inbox.
func (m *message) incoming() ledger.EntryID {
	return ledger.EntryID("in:" + m.from + ":" + string(m.id))
}

// turn is one act of clearing, on copies of the accounts.
type turn struct {
	now      time.Time
	accounts map[account.ID]*account.Account
	entries  []*ledger.Entry
}

func (t *turn) Account(id account.ID) *account.Account { return t.accounts[id] }

// move books an entry by the ledger's rules.
func (t *turn) move(e ledger.Entry, from, to account.ID, amount money.Amount) error {
	p, err := ledger.Move(from, to, amount)
	if err != nil {
		return err
	}
	e.At, e.Postings = t.now, p
	if err := ledger.Post(t, &e); err != nil {
		return err
	}
	t.entries = append(t.entries, &e)
	return nil
}

// act runs one act of clearing in one transaction of the cell's books.
func (c *cell) act(ctx context.Context, touches []account.ID, f func(*turn) error) error {
	return book{c}.Within(ctx, func(tx desk.Tx) error {
		s := payment.NewState()
		if err := tx.Load(ctx, payment.Needs{Accounts: touches}, s); err != nil {
			return err
		}
		t := &turn{now: c.now(), accounts: map[account.ID]*account.Account{}}
		for id, a := range s.Accounts {
			if a != nil {
				own := *a // the store shares what it has loaded
				t.accounts[id] = &own
			}
		}
		if err := f(t); err != nil || len(t.entries) == 0 {
			return err
		}
		changes := &payment.Changes{Entries: t.entries}
		moved := map[account.ID]bool{}
		for _, e := range t.entries {
			for _, p := range e.Postings {
				if !moved[p.Account] {
					moved[p.Account] = true
					changes.Accounts = append(changes.Accounts, t.accounts[p.Account])
				}
			}
			changes.Audit = append(changes.Audit, audit.Record{
				At: t.now, Actor: audit.Actor{Kind: audit.Bank, ID: "cell-" + c.name}, Act: "entry.booked",
				Subject: "entry:" + string(e.ID), After: e.Postings[1].Amount.String(), Why: string(e.Kind),
			})
		}
		return tx.Write(ctx, changes)
	})
}

// pay does a transfer's first half, or all of it when the payee is in this
// cell: the payer's money goes to the payee, or to the clearing account of the
// payee's cell. Repeating it is harmless.
func (c *cell) pay(ctx context.Context, o transfer) error {
	target, local := c.numbers[o.to], c.name == cellOf(o.to)
	if !local {
		target = clearingAccount(c.peer)
	}
	amount := pln(o.amount)
	return c.act(ctx, []account.ID{o.from, target}, func(t *turn) error {
		known, err := c.entry(ctx, o.from, ledger.EntryID(o.id))
		if err != nil || known != nil {
			return err // done: this is the first answer again
		}
		from, to := t.accounts[o.from], t.accounts[target]
		switch {
		case from == nil || to == nil || (local && to.Status == account.Closed):
			return bank.Refuse(bank.NotFound, "There is no such account.")
		case from.Status != account.Open:
			return bank.Refuse(bank.AccountBlocked, "Nothing can leave the account.")
		case from.ID == to.ID:
			return bank.Refuse(bank.PayerIsPayee, "The account that pays is the account that is paid.")
		}
		e := ledger.Entry{
			ID: ledger.EntryID(o.id), Kind: ledger.Transfer, Title: "Transfer " + o.id,
			Payer: ledger.Party{Name: from.Holder, Number: from.NRB.String()}, Payee: ledger.Party{Number: o.to},
		}
		return t.move(e, o.from, target, amount)
	})
}

// take books what a message tells, once, however often it comes: to the payee,
// or back to where it came from. When it returns nil the message is settled and
// may be acknowledged.
func (c *cell) take(ctx context.Context, m *message, broken Broken) error {
	clearing, payee := clearingAccount(c.peer), c.numbers[m.payee.Number]
	return c.act(ctx, []account.ID{clearing, rejectedAccount, unplacedAccount, payee}, func(t *turn) error {
		in := ledger.Entry{ID: m.incoming(), Kind: m.kind, Title: "Transfer " + string(m.id), Payer: m.payer, Payee: m.payee}
		known, err := c.entry(ctx, clearing, in.ID)
		if err != nil {
			return err
		}
		if known != nil {
			if broken != TakesTwice {
				return nil
			}
			in.ID += ledger.EntryID("#" + c.NewID())
		}
		to := t.accounts[payee]
		switch {
		case to != nil && to.Status != account.Closed: // a blocked account takes money; nothing leaves it
			return t.move(in, clearing, payee, m.amount)
		case m.kind == returned:
			return t.move(in, clearing, unplacedAccount, m.amount)
		case broken == ForgetsReturns:
			return nil
		}
		if err := t.move(in, clearing, rejectedAccount, m.amount); err != nil {
			return err
		}
		back := ledger.Entry{ID: "re:" + m.id, Kind: returned, Title: "Return of " + string(m.id), Payer: m.payee, Payee: m.payer}
		return t.move(back, rejectedAccount, clearing, m.amount)
	})
}

// outbox reads the messages that the other cell is not known to have taken,
// oldest first, from the history of the clearing account.
func (c *cell) outbox(ctx context.Context) ([]*message, error) {
	var out []*message
	clearing := clearingAccount(c.peer)
	page := payment.Page{Size: 200}
	for {
		rows, err := c.store.Transactions(ctx, payment.TransactionFilter{Account: clearing, From: c.mark.At, Page: page})
		if err != nil {
			return nil, err
		}
		for i := range rows {
			r := &rows[i]
			if r.Seq <= c.mark.Seq || r.Amount.IsNegative() || c.taken[r.ID] {
				continue
			}
			m, err := c.message(ctx, r)
			if err != nil {
				return nil, err
			}
			out = append([]*message{m}, out...)
		}
		if len(rows) < page.Size || rows[len(rows)-1].Seq <= c.mark.Seq {
			return out, nil
		}
		last := rows[len(rows)-1]
		page.Before = payment.Place{At: last.At, Seq: last.Seq}
	}
}

// message words a posting on the clearing account as a message.
func (c *cell) message(ctx context.Context, r *payment.Transaction) (*message, error) {
	left := c.numbers[r.Other.Number]
	if r.Kind == returned {
		left = rejectedAccount
	}
	t, err := c.entry(ctx, left, r.ID)
	if err != nil || t == nil {
		return nil, fmt.Errorf("cells: entry %s on account %q, which it left: %w", r.ID, left, err)
	}
	return &message{
		id: r.ID, from: c.name, kind: r.Kind, amount: r.Amount, payer: r.Other, payee: t.Other, seq: r.Seq, at: r.At,
	}, nil
}

// remember writes down below which message all are taken, so that a start need
// not offer the whole history again.
func (c *cell) remember(ctx context.Context) error {
	open, err := c.outbox(ctx)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		c.mark = payment.Place{At: open[0].at, Seq: open[0].seq - 1}
		return nil
	}
	rows, err := c.store.Transactions(ctx, payment.TransactionFilter{Account: clearingAccount(c.peer), Page: payment.Page{Size: 1}})
	if err == nil && len(rows) == 1 {
		c.mark = payment.Place{At: rows[0].At, Seq: rows[0].Seq}
	}
	return err
}

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func isNotFound(err error) bool { return err != nil && bank.CodeOf(err) == bank.NotFound }

// cellOf is where a number belongs: its first digit after the bank's code. In a
// bank it is a table, because customers move; it changes as rarely as they do.
func cellOf(number string) string {
	if len(number) > 10 && number[10] == '1' {
		return "a"
	}
	return "b"
}
