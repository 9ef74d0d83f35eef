package verify

import (
	"context"

	"okienko/bank/account"
	"okienko/bank/ledger"
	"okienko/bank/payment"
)

type paymentRow struct {
	agreement, application, account, payee, operation string
	amount, fee                                       int64
	currency, title, status                           string
	date                                              string
	endedAt                                           int64
	hold                                              string
	use                                               useRow
	day, month                                        string // of the delta of its creation
	inDay, inMonth                                    int64
	events                                            int64
}

// payments checks every payment against its events, and against the one entry
// that moved its money and the one that charged its fee.
func (v *verifier) payments(ctx context.Context) error {
	payments, err := read(ctx, v.data, `select id, agreement_id, application_id, account_id, payee_id, operation_id, amount, fee, currency, title, status,
			execution_date, ended_at, hold_id, use_day, use_in_day, use_month, use_in_month,
			delta_day, delta_in_day, delta_month, delta_in_month, events from payment order by `+v.data.bytewise("id"),
		func(scan func(...any) error, p *paymentRow) (id string, err error) {
			err = scan(&id, &p.agreement, &p.application, &p.account, &p.payee, &p.operation, &p.amount, &p.fee, &p.currency, &p.title, &p.status,
				&p.date, &p.endedAt, &p.hold, &p.use.day, &p.use.inDay, &p.use.month, &p.use.inMonth,
				&p.day, &p.inDay, &p.month, &p.inMonth, &p.events)
			return id, err
		})
	if err != nil {
		return err
	}
	events, err := read(ctx, v.data, `select payment_id, seq, kind, at, amount, title, execution_date, day, in_day, month, in_month
			from payment_event order by `+v.data.bytewise("payment_id")+", seq",
		func(scan func(...any) error, e *eventRow) (id string, err error) {
			err = scan(&id, &e.seq, &e.kind, &e.at, &e.amount, &e.title, &e.date, &e.day, &e.inDay, &e.month, &e.inMonth)
			return id, err
		})
	if err != nil {
		return err
	}
	postings, err := read(ctx, v.data, postingSelect+"where payment_id <> '' and not exists (select 1 from transfer t where t.id = posting.payment_id) order by "+v.data.bytewise("payment_id")+", kind, amount",
		func(scan func(...any) error, p *postingRow) (string, error) {
			err := scanPosting(scan, p)
			return p.payment, err
		})
	if err != nil {
		return err
	}
	strayEvent := func(id string, e eventRow) {
		v.find("payment", id, "it was %s, and the payment does not exist", e.kind)
	}
	strayPosting := func(id string, p postingRow) {
		v.find("payment", id, "entry %s booked it, and the payment does not exist", p.entry)
	}
	for payments.more {
		id, p := payments.key, payments.row
		v.paymentStory(id, p, events.of(id, strayEvent))
		v.paymentMoney(id, p, postings.of(id, strayPosting))
		payments.next()
	}
	if err := events.end(strayEvent); err != nil {
		return err
	}
	if err := postings.end(strayPosting); err != nil {
		return err
	}
	v.count("payments", payments.n)
	v.count("payment events", events.n)
	return payments.end(nil)
}

// left is the status in which an event leaves a payment.
func left(kind string) payment.Status {
	switch payment.EventKind(kind) {
	case payment.EventExecuted:
		return payment.Executed
	case payment.EventRejected:
		return payment.Rejected
	case payment.EventCancelled:
		return payment.Cancelled
	}
	return payment.Scheduled
}

// paymentStory checks that a payment is what its events make of it. One that
// was done at once has none.
func (v *verifier) paymentStory(id string, p paymentRow, events []eventRow) {
	if int64(len(events)) != p.events {
		v.find("payment", id, "it counts %d events and has %d", p.events, len(events))
	}
	p.use.take(p.day, p.inDay, p.month, p.inMonth)
	if len(events) == 0 {
		if p.status != string(payment.Executed) {
			v.find("payment", id, "it is %s and was never scheduled", p.status)
		}
		if p.use.wrong() {
			v.find("payment", id, "what is counted of it in the limits is not what it took")
		}
		return
	}
	status, endings := payment.Scheduled, 0
	for i, e := range events {
		if e.seq != int64(i+1) {
			v.find("payment", id, "its event number %d stands in place %d", e.seq, i+1)
		}
		if (e.kind == string(payment.EventScheduled)) != (i == 0) {
			v.find("payment", id, "its event number %d is %q", e.seq, e.kind)
		}
		if status != payment.Scheduled {
			v.find("payment", id, "it was %s after it had ended", e.kind)
		}
		if s := left(e.kind); s != payment.Scheduled {
			status = s
			endings++
		}
		p.use.take(e.day, e.inDay, e.month, e.inMonth)
	}
	if endings > 1 {
		v.find("payment", id, "it has ended %d times", endings)
	}
	last := events[len(events)-1]
	if string(status) != p.status {
		v.find("payment", id, "it is %s, and its events leave it %s", p.status, status)
	}
	if last.amount != p.amount || last.title != p.title || last.date != p.date {
		v.find("payment", id, "its amount, title or date is not that of its last event")
	}
	if endings > 0 && last.at != p.endedAt {
		v.find("payment", id, "it ended at another time than its last event")
	}
	if p.use.wrong() {
		v.find("payment", id, "what is counted of it in the limits is not the sum of what it took and gave back")
	}
}

// paymentMoney checks what was booked for a payment: of an executed one exactly
// its amount from payer to payee and exactly its fee, of any other nothing.
func (v *verifier) paymentMoney(id string, p paymentRow, postings []postingRow) {
	type leg struct {
		kind, account string
		amount        int64
	}
	want := map[leg]int{}
	if p.status == string(payment.Executed) {
		want[leg{string(ledger.Transfer), p.account, -p.amount}]++
		want[leg{string(ledger.Transfer), p.payee, p.amount}]++
		if p.fee != 0 {
			want[leg{string(ledger.Fee), p.account, -p.fee}]++
			want[leg{string(ledger.Fee), string(account.FeeIncome), p.fee}]++
		}
	}
	for _, q := range postings {
		l := leg{q.kind, q.account, q.amount}
		if want[l] == 0 {
			v.find("payment", id, "it is %s, and entry %s booked a %s of %s on account %s for it", p.status, q.entry, q.kind, pln(q.amount), q.account)
			continue
		}
		want[l]--
		if q.at != p.endedAt || q.currency != p.currency {
			v.find("payment", id, "entry %s booked it at another time or in another currency", q.entry)
		}
		if q.kind == string(ledger.Transfer) && q.hold != p.hold {
			v.find("payment", id, "entry %s names hold %q, the payment %q", q.entry, q.hold, p.hold)
		}
	}
	for l, n := range want {
		if n > 0 {
			v.find("payment", id, "it is executed, and the %s of %s on account %s was never booked", l.kind, pln(l.amount), l.account)
		}
	}
}
