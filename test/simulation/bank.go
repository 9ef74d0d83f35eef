package simulation

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/clock"
	"okienko/test/world"
)

const callback = "https://partner.example/back"

// actual is the bank that is compared: its orders are decided in batches, one
// transaction each, as a desk does.
type actual struct {
	world world.World
	clock *clock.Manual
	ids   int
}

// NewID makes identifiers that a seed makes again.
func (r *actual) NewID() string {
	r.ids++
	return "id-" + strconv.Itoa(r.ids)
}

// decide decides a batch in one transaction.
func (r *actual) decide(ctx context.Context, orders []payment.Order) ([]payment.Result, error) {
	var results []payment.Result
	err := r.world.Within(ctx, func(tx desk.Tx) error {
		s, now := payment.NewState(), r.clock.Now()
		for range 6 {
			n := payment.Missing(s, now, orders)
			if n.Empty() {
				var c *payment.Changes
				if results, c = payment.Decide(s, now, r, orders); c.Empty() {
					return nil
				}
				return tx.Write(ctx, c)
			}
			if err := tx.Load(ctx, n, s); err != nil {
				return err
			}
		}
		return errors.New("simulation: the orders never have all that they need")
	})
	return results, err
}

func agreementOf(p *pairing) consent.ID { return consent.ID(p.customer.name + "-" + p.app.name) }

func ref(p *pairing) string { return "ref-" + string(agreementOf(p)) }

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

// named is the account_id that an order names.
func (o order) named() string {
	if o.ref {
		return "ref-of-somebody-else"
	}
	return ref(o.pairing)
}

// draft is an order in the bank's words.
func (o order) draft() (payment.Draft, error) {
	d := payment.Draft{OperationID: o.op, ValidTo: o.until, Title: o.title}
	if o.amount > 0 || o.kind != "change hold" {
		d.Amount = pln(o.amount)
	}
	if o.kind != "change hold" {
		d.Title = "Simulated " + o.title
	}
	if o.date != "" {
		var err error
		if d.ExecutionDate, err = calendar.ParseDate(o.date); err != nil {
			return payment.Draft{}, err
		}
	}
	if o.hold != nil {
		d.Hold = ledger.HoldID(o.hold.id)
	}
	if o.paid != nil {
		d.Payment = payment.ID(o.paid.id)
	}
	switch o.kind {
	case "hold":
		d.Kind = payment.PlaceHold
	case "change hold":
		d.Kind = payment.ChangeHold
	case "pay", "capture":
		d.Kind = payment.Pay
	case "change payment":
		d.Kind = payment.ChangePayment
	}
	return d, nil
}

// order makes the bank's order of the model's.
func (r *actual) order(ctx context.Context, o order) (payment.Order, error) {
	staff := audit.Actor{Kind: audit.Staff, ID: "simulation"}
	switch o.kind {
	case "ask":
		inner := o.asked.order
		d, err := inner.draft()
		back := payment.Return{AppType: "web", OS: "ALL", Callback: callback}
		if o.asked.callers == "phone" {
			back.AppType, back.OS = "mobile", "iOS"
		}
		if inner.wrong {
			back.Callback += "/elsewhere"
		}
		return &payment.Prepare{Agreement: agreementOf(inner.pairing), AccountRef: inner.named(), Draft: d, Return: back}, err
	case "confirm":
		a, err := r.world.Authorisation(ctx, payment.AuthorisationID(o.asked.id))
		if err != nil {
			return nil, err
		}
		subject := sca.Subject{Purpose: sca.ForOperation, ID: o.asked.id, Binding: a.Binding()}
		if o.wrong {
			subject.Binding += "!"
		}
		id := sca.ID(r.NewID())
		return &payment.Execute{Authorisation: a.ID, Challenge: id, Person: a.Person}, r.world.Pass(ctx, id, a.Person, subject)
	case "decline":
		return &payment.Decline{Authorisation: payment.AuthorisationID(o.asked.id), Person: world.PersonOf(party.CustomerID(o.asked.order.pairing.customer.name))}, nil
	case "release":
		return &payment.Release{Hold: ledger.HoldID(o.hold.id), Agreement: agreementOf(o.pairing), AccountRef: o.named()}, nil
	case "cancel":
		return &payment.Cancel{Payment: payment.ID(o.paid.id), Agreement: agreementOf(o.pairing)}, nil
	case "read":
		p, err := consent.ParsePermission(o.read)
		return &payment.SpendRead{Agreement: agreementOf(o.pairing), Permission: p}, err
	case "expire":
		return &payment.Expire{Hold: ledger.HoldID(o.hold.id)}, nil
	case "run":
		return &payment.Run{Payment: payment.ID(o.paid.id)}, nil
	case "cash":
		b := &payment.Book{By: staff, Kind: ledger.Cash, Title: "Cash", From: account.ID(o.account.name), To: intake.CashAccount, Amount: pln(o.amount)}
		if o.in {
			b.From, b.To = b.To, b.From
		}
		return b, nil
	}
	d, err := o.draft()
	return &payment.Submit{Agreement: agreementOf(o.pairing), AccountRef: o.named(), Draft: d}, err
}

// judge compares what came out of an order with what should have, and tells the
// model the identifiers of what is new.
func judge(want answer, got payment.Result) error {
	if code := string(bank.CodeOf(got.Err)); code != want.code && got.Err != nil {
		return fmt.Errorf("the bank answers %q (%w), the model %q", code, got.Err, want.code)
	}
	switch {
	case got.Err == nil && want.code != "":
		return fmt.Errorf("the bank does it, the model says %q", want.code)
	case want.code != "":
		return nil
	}
	out := got.Outcome
	if out.Repeat != want.repeat {
		return fmt.Errorf("the bank says repeat %t, the model %t", out.Repeat, want.repeat)
	}
	if (out.Hold != nil) != (want.hold != nil) || (out.Payment != nil) != (want.paid != nil) || (out.Authorisation != nil) != (want.asked != nil) {
		if a := out.Authorisation; a != nil {
			return fmt.Errorf("the bank answers with the confirmation %s, %s %s; the model with %+v", a.ID, a.Status, a.Reason, want)
		}
		return fmt.Errorf("the bank answers with %+v, the model with %+v", out, want)
	}
	status, amount := "", want.amount
	if h := out.Hold; h != nil {
		if err := same(&want.hold.id, string(h.ID)); err != nil {
			return err
		}
		status, amount = string(h.Status), h.Amount.Minor()
	}
	if p := out.Payment; p != nil {
		if err := same(&want.paid.id, string(p.ID)); err != nil {
			return err
		}
		status, amount = string(p.Status), p.Amount.Minor()
	}
	if a := out.Authorisation; a != nil {
		if err := same(&want.asked.id, string(a.ID)); err != nil {
			return err
		}
		if string(a.Status) != want.asked.status && !want.repeat || string(a.Reason) != want.asked.reason && !want.repeat {
			return fmt.Errorf("the bank says the confirmation is %s %s, the model %s %s", a.Status, a.Reason, want.asked.status, want.asked.reason)
		}
		if out.Hold == nil && out.Payment == nil {
			status = string(a.Status)
		}
	}
	if status != want.status || amount != want.amount {
		return fmt.Errorf("the bank answers %s of %d, the model %s of %d", status, amount, want.status, want.amount)
	}
	return nil
}

// same learns an identifier, or compares it.
func same(known *string, id string) error {
	if *known == "" {
		*known = id
	}
	if *known != id {
		return fmt.Errorf("the bank answers with %s, the model with %s", id, *known)
	}
	return nil
}

// compare compares every balance and every counter of the current windows.
func (r *actual) compare(ctx context.Context, m *model) error {
	for name, want := range m.accounts {
		got, err := r.world.Account(ctx, account.ID(name))
		if err != nil {
			return err
		}
		if got.Booked.Minor() != want.booked || got.Held.Minor() != want.held {
			return fmt.Errorf("account %s: the bank says booked %v held %v, the model %d and %d", name, got.Booked, got.Held, want.booked, want.held)
		}
	}
	want := map[limit.Key]int64{}
	for _, w := range []string{m.day(), m.month()} {
		for _, p := range m.pairings {
			want[limit.Key{Subject: limit.OfAgreement(string(agreementOf(p))), Period: limit.Period(w)}] = p.used[w]
		}
		for _, c := range m.customers {
			want[limit.Key{Subject: limit.OneOffOf(c.name), Period: limit.Period(w)}] = c.used[w]
		}
	}
	for _, p := range m.pairings {
		want[limit.Key{Subject: limit.ChargesOf(string(agreementOf(p))), Period: limit.Period(m.month())}] = p.charged[m.month()]
	}
	keys := make([]limit.Key, 0, len(want))
	for k := range want {
		keys = append(keys, k)
	}
	got, err := r.world.Counters(ctx, keys)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if got[k].Minor() != want[k] {
			return fmt.Errorf("%v: the bank has counted %v, the model %d", k, got[k], want[k])
		}
	}
	return nil
}

// compareAll compares every hold, payment, confirmation and number of calls.
func (r *actual) compareAll(ctx context.Context, m *model) error {
	for _, want := range m.holds {
		got, err := r.world.Hold(ctx, ledger.HoldID(want.id))
		if err != nil {
			return err
		}
		if string(got.Status) != want.status || got.Amount.Minor() != want.amount || got.Captured.Minor() != want.captured ||
			!got.ValidTo.Equal(want.until.Truncate(time.Microsecond)) || string(got.Account) != want.account.name {
			return fmt.Errorf("the bank has %+v, the model %+v", got, want)
		}
	}
	for _, want := range m.payments {
		got, err := r.world.Payment(ctx, payment.ID(want.id))
		if err != nil {
			return err
		}
		if string(got.Status) != want.status || got.Amount.Minor() != want.amount || string(got.Reason) != want.reason || got.Fee.Minor() != want.fee ||
			string(got.Account) != want.from.name || string(got.Payee) != want.to.name || got.ExecutionDate.String() != want.date {
			return fmt.Errorf("the bank has %+v, the model %+v", got, want)
		}
	}
	for _, want := range m.asked {
		got, err := r.world.Authorisation(ctx, payment.AuthorisationID(want.id))
		if err != nil {
			return err
		}
		status := want.status
		if status == "PENDING" && !m.now.Before(want.until) {
			status = "EXPIRED"
		}
		if string(got.At(m.now)) != status || string(got.Reason) != want.reason {
			return fmt.Errorf("the bank has %+v, the model %+v", got, want)
		}
	}
	for _, p := range m.pairings {
		got, err := r.world.Agreement(ctx, agreementOf(p))
		if err != nil {
			return err
		}
		for _, g := range got.Grants {
			if want := p.grants[g.String()]; want == nil || g.Left != want.left {
				return fmt.Errorf("%s has %d calls of %s left, the model %+v", got.ID, g.Left, g.Permission, want)
			}
		}
	}
	return nil
}
