package verify

import (
	"context"

	"okienko/bank/ledger"
)

type holdRow struct {
	agreement, application, account, operation string
	amount                                     int64
	title, status                              string
	validTo, endedAt, captured                 int64
	use                                        useRow
	events                                     int64
}

// useRow is what an object says is counted of it in the windows it touched last.
type useRow struct {
	day, month       string
	inDay, inMonth   int64
	sumDay, sumMonth int64 // what its deltas say
}

func (u *useRow) take(day string, inDay int64, month string, inMonth int64) {
	if day == u.day {
		u.sumDay += inDay
	}
	if month == u.month {
		u.sumMonth += inMonth
	}
}

func (u *useRow) wrong() bool { return u.sumDay != u.inDay || u.sumMonth != u.inMonth }

type eventRow struct {
	seq               int64
	kind              string
	at, amount        int64
	title             string
	validTo, captured int64  // of holds
	date              string // of payments
	day, month        string
	inDay, inMonth    int64
}

type captureRow struct {
	payment, agreement, account, status string
	amount                              int64
}

// holds checks every hold against its events, and every capture against the
// payment that took the money.
func (v *verifier) holds(ctx context.Context) error {
	holds, err := read(ctx, v.data, `select id, agreement_id, application_id, account_id, operation_id, amount, title, status, valid_to, ended_at, captured,
			use_day, use_in_day, use_month, use_in_month, events from hold order by `+v.data.bytewise("id"),
		func(scan func(...any) error, h *holdRow) (id string, err error) {
			err = scan(&id, &h.agreement, &h.application, &h.account, &h.operation, &h.amount, &h.title, &h.status, &h.validTo, &h.endedAt, &h.captured,
				&h.use.day, &h.use.inDay, &h.use.month, &h.use.inMonth, &h.events)
			return id, err
		})
	if err != nil {
		return err
	}
	events, err := read(ctx, v.data, `select hold_id, seq, kind, at, amount, title, valid_to, captured, day, in_day, month, in_month
			from hold_event order by `+v.data.bytewise("hold_id")+", seq",
		func(scan func(...any) error, e *eventRow) (id string, err error) {
			err = scan(&id, &e.seq, &e.kind, &e.at, &e.amount, &e.title, &e.validTo, &e.captured, &e.day, &e.inDay, &e.month, &e.inMonth)
			return id, err
		})
	if err != nil {
		return err
	}
	captures, err := read(ctx, v.data, "select hold_id, id, agreement_id, account_id, status, amount from payment where hold_id <> '' order by "+v.data.bytewise("hold_id"),
		func(scan func(...any) error, c *captureRow) (id string, err error) {
			err = scan(&id, &c.payment, &c.agreement, &c.account, &c.status, &c.amount)
			return id, err
		})
	if err != nil {
		return err
	}
	strayEvent := func(id string, e eventRow) {
		v.find("hold", id, "it was %s, and the hold does not exist", e.kind)
	}
	strayCapture := func(id string, c captureRow) {
		v.find("hold", id, "payment %s captured it, and the hold does not exist", c.payment)
	}
	for holds.more {
		id, h := holds.key, holds.row
		v.holdStory(id, h, events.of(id, strayEvent))
		v.holdCapture(id, h, captures.of(id, strayCapture))
		holds.next()
	}
	if err := events.end(strayEvent); err != nil {
		return err
	}
	if err := captures.end(strayCapture); err != nil {
		return err
	}
	v.count("holds", holds.n)
	v.count("hold events", events.n)
	return holds.end(nil)
}

// ending is the status in which an event leaves a hold.
func ending(kind string) ledger.HoldStatus {
	switch ledger.HoldEventKind(kind) {
	case ledger.EventReleased:
		return ledger.Released
	case ledger.EventCaptured:
		return ledger.Captured
	case ledger.EventExpired:
		return ledger.Expired
	}
	return ledger.Active
}

// holdStory checks that a hold is what its events make of it.
func (v *verifier) holdStory(id string, h holdRow, events []eventRow) {
	if int64(len(events)) != h.events {
		v.find("hold", id, "it counts %d events and has %d", h.events, len(events))
	}
	if len(events) == 0 {
		return
	}
	status, endings := ledger.Active, 0
	for i, e := range events {
		if e.seq != int64(i+1) {
			v.find("hold", id, "its event number %d stands in place %d", e.seq, i+1)
		}
		if (e.kind == string(ledger.EventPlaced)) != (i == 0) {
			v.find("hold", id, "its event number %d is %q", e.seq, e.kind)
		}
		if status != ledger.Active {
			v.find("hold", id, "it was %s after it had ended", e.kind)
		}
		if s := ending(e.kind); s != ledger.Active {
			status = s
			endings++
		}
		h.use.take(e.day, e.inDay, e.month, e.inMonth)
	}
	if endings > 1 {
		v.find("hold", id, "it has ended %d times", endings)
	}
	last := events[len(events)-1]
	if string(status) != h.status {
		v.find("hold", id, "it is %s, and its events leave it %s", h.status, status)
	}
	if last.amount != h.amount || last.title != h.title || last.validTo != h.validTo {
		v.find("hold", id, "its amount, title or end is not that of its last event")
	}
	if last.captured != h.captured {
		v.find("hold", id, "%s was captured of it, and its last event says %s", pln(h.captured), pln(last.captured))
	}
	if endings > 0 && last.at != h.endedAt {
		v.find("hold", id, "it ended at another time than its last event")
	}
	if h.captured > h.amount || h.captured < 0 || (h.captured != 0) != (h.status == string(ledger.Captured)) {
		v.find("hold", id, "%s of %s was captured while it is %s", pln(h.captured), pln(h.amount), h.status)
	}
	if h.use.wrong() {
		v.find("hold", id, "what is counted of it in the limits is not the sum of what its events took and gave back")
	}
}

func (v *verifier) holdCapture(id string, h holdRow, captures []captureRow) {
	want := 0
	if h.status == string(ledger.Captured) {
		want = 1
	}
	if len(captures) != want {
		v.find("hold", id, "it is %s, and %d payments captured it", h.status, len(captures))
	}
	for _, c := range captures {
		if c.amount != h.captured || c.agreement != h.agreement || c.account != h.account || c.status != "EXECUTED" {
			v.find("hold", id, "payment %s of %s is not what was captured of it (%s)", c.payment, pln(c.amount), pln(h.captured))
		}
	}
}
