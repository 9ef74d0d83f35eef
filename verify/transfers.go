package verify

import (
	"context"
	"encoding/json"

	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/rail"
	"okienko/bank/transfer"
)

type transferRow struct {
	account, vat, payee string
	instruction         string
	amount              int64
	currency, system    string
	fee                 int64
	status, reason      string
	reserved            bool
	fromVAT             int64
	endedAt, returnedAt int64
	use                 useRow
	day, month          string // of the delta of its creation
	inDay, inMonth      int64
	events              int64
}

type transferEventRow struct {
	seq            int64
	status         string
	at             int64
	reason         string
	returned       bool
	day, month     string
	inDay, inMonth int64
}

// transfers checks every transfer against its events, and against the entries
// that moved its money, charged its fee and brought it back.
func (v *verifier) transfers(ctx context.Context) error {
	transfers, err := read(ctx, v.data, `select id, account_id, vat_id, payee_id, instruction, amount, currency, system, fee, status, reason, reserved, from_vat,
			ended_at, returned_at, use_day, use_in_day, use_month, use_in_month, delta_day, delta_in_day, delta_month, delta_in_month, events
			from transfer order by `+v.data.bytewise("id"),
		func(scan func(...any) error, t *transferRow) (id string, err error) {
			err = scan(&id, &t.account, &t.vat, &t.payee, &t.instruction, &t.amount, &t.currency, &t.system, &t.fee, &t.status, &t.reason, &t.reserved, &t.fromVAT,
				&t.endedAt, &t.returnedAt, &t.use.day, &t.use.inDay, &t.use.month, &t.use.inMonth, &t.day, &t.inDay, &t.month, &t.inMonth, &t.events)
			return id, err
		})
	if err != nil {
		return err
	}
	events, err := read(ctx, v.data, `select transfer_id, seq, status, at, reason, returned, day, in_day, month, in_month
			from transfer_event order by `+v.data.bytewise("transfer_id")+", seq",
		func(scan func(...any) error, e *transferEventRow) (id string, err error) {
			err = scan(&id, &e.seq, &e.status, &e.at, &e.reason, &e.returned, &e.day, &e.inDay, &e.month, &e.inMonth)
			return id, err
		})
	if err != nil {
		return err
	}
	postings, err := read(ctx, v.data, postingSelect+"where exists (select 1 from transfer t where t.id = posting.payment_id) order by "+v.data.bytewise("payment_id")+", kind, amount",
		func(scan func(...any) error, p *postingRow) (string, error) {
			err := scanPosting(scan, p)
			return p.payment, err
		})
	if err != nil {
		return err
	}
	strayEvent := func(id string, e transferEventRow) {
		v.find("transfer", id, "it was %s, and the transfer does not exist", e.status)
	}
	for transfers.more {
		id, t := transfers.key, transfers.row
		v.transferStory(id, t, events.of(id, strayEvent))
		v.transferWords(id, t)
		v.transferMoney(id, t, postings.of(id, func(string, postingRow) {}))
		transfers.next()
	}
	if err := events.end(strayEvent); err != nil {
		return err
	}
	if err := postings.end(nil); err != nil { // each is of a transfer
		return err
	}
	v.count("transfers", transfers.n)
	v.count("transfer events", events.n)
	return transfers.end(nil)
}

// transferStory checks that a transfer is what its events make of it.
func (v *verifier) transferStory(id string, t transferRow, events []transferEventRow) {
	if int64(len(events)) != t.events || len(events) == 0 {
		v.find("transfer", id, "it counts %d events and has %d", t.events, len(events))
	}
	t.use.take(t.day, t.inDay, t.month, t.inMonth)
	var status, reason string
	var endedAt, returnedAt int64
	for i, e := range events {
		switch {
		case e.seq != int64(i+1):
			v.find("transfer", id, "its event number %d stands in place %d", e.seq, i+1)
		case e.returned && (status != string(transfer.Done) || returnedAt != 0):
			v.find("transfer", id, "its money came back while it was %s", status)
		case !e.returned && endedAt != 0:
			v.find("transfer", id, "it was %s after it had ended", e.status)
		}
		status, reason = e.status, e.reason
		switch {
		case e.returned:
			returnedAt = e.at
		case transfer.Status(e.status).Final():
			endedAt = e.at
		}
		t.use.take(e.day, e.inDay, e.month, e.inMonth)
	}
	if status != t.status || reason != t.reason {
		v.find("transfer", id, "it is %s, and its events leave it %s", t.status, status)
	}
	if endedAt != t.endedAt || returnedAt != t.returnedAt {
		v.find("transfer", id, "it ended, or came back, at another time than its events say")
	}
	if t.use.wrong() {
		v.find("transfer", id, "what is counted of it in the limits is not the sum of what it took and gave back")
	}
	if t.reserved != (t.status == string(transfer.Pending)) {
		v.find("transfer", id, "it is %s, and money set aside for it is %t", t.status, t.reserved)
	}
}

// transferWords checks the order's own words against what the bank acts on.
func (v *verifier) transferWords(id string, t transferRow) {
	var said struct {
		Amount struct {
			Minor    int64  `json:"n"`
			Currency string `json:"c"`
		} `json:"amount"`
	}
	if err := json.Unmarshal([]byte(t.instruction), &said); err != nil {
		v.find("transfer", id, "its order cannot be read")
	} else if said.Amount.Minor != t.amount || said.Amount.Currency != t.currency {
		v.find("transfer", id, "its order is about %s %s, and it moves %s %s", pln(said.Amount.Minor), said.Amount.Currency, pln(t.amount), t.currency)
	}
}

// transferMoney checks what was booked for a transfer: of one that is done
// exactly its amount, the part of the VAT account and its fee, of one that came
// back the amount once more, of any other nothing.
func (v *verifier) transferMoney(id string, t transferRow, postings []postingRow) {
	type leg struct {
		kind, account string
		amount        int64
	}
	want := map[leg]int{}
	expect := func(k ledger.Kind, account string, amount int64) {
		if amount != 0 {
			want[leg{string(k), account, amount}]++
		}
	}
	currency := money.Currency(t.currency)
	to := t.payee
	if t.system != string(transfer.Internal) {
		to = string(rail.Clearing(transfer.System(t.system), currency))
	}
	if t.status == string(transfer.Done) {
		expect(ledger.VAT, t.vat, -t.fromVAT)
		expect(ledger.VAT, t.account, t.fromVAT)
		expect(ledger.Transfer, t.account, -t.amount)
		expect(ledger.Transfer, to, t.amount)
		expect(ledger.Fee, t.account, -t.fee)
		expect(ledger.Fee, string(rail.FeeIncome(currency)), t.fee)
	}
	if t.returnedAt != 0 {
		expect(ledger.Return, to, -t.amount)
		expect(ledger.Return, t.account, t.amount-t.fromVAT)
		expect(ledger.Return, t.vat, t.fromVAT)
	}
	for _, q := range postings {
		l := leg{q.kind, q.account, q.amount}
		if want[l] == 0 {
			v.find("transfer", id, "it is %s, and entry %s booked a %s of %s on account %s for it", t.status, q.entry, q.kind, pln(q.amount), q.account)
			continue
		}
		want[l]--
		at := t.endedAt
		if q.kind == string(ledger.Return) {
			at = t.returnedAt
		}
		if q.at != at || q.currency != t.currency {
			v.find("transfer", id, "entry %s booked it at another time or in another currency", q.entry)
		}
	}
	for l, n := range want {
		if n > 0 {
			v.find("transfer", id, "it is %s, and the %s of %s on account %s was never booked", t.status, l.kind, pln(l.amount), l.account)
		}
	}
}
