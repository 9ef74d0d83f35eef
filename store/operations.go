package store

import (
	"context"
	"encoding/json"
	"fmt"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
)

// answer is the form in which the first answer to an operation is kept: the
// object as it was then, whatever becomes of it. Names are short because there
// is one for every operation ever done. A change of the form keeps the old
// names readable: operation ids are remembered for good.
type answer struct {
	Account  string `json:"a"`
	Payee    string `json:"p,omitempty"` // payments only
	Amount   int64  `json:"m"`
	Currency string `json:"c"`
	Fee      int64  `json:"f,omitempty"`
	Captured int64  `json:"k,omitempty"`
	Title    string `json:"t"`
	Created  int64  `json:"o"`
	ValidTo  int64  `json:"v,omitempty"`
	Date     string `json:"d,omitempty"`
	Status   string `json:"s"`
	Ended    int64  `json:"e,omitempty"`
	Hold     string `json:"h,omitempty"` // the hold that a payment settled
	Reason   string `json:"r,omitempty"`
	Use      window `json:"u,omitzero"`
	Delta    window `json:"l,omitzero"`
	Events   int    `json:"n,omitempty"`
	// First is the caller's id under which the object was made: that of a
	// changed object differs from the operation's own.
	First string `json:"i,omitempty"`
}

// window is a limit.Use or limit.Delta.
type window struct {
	Day     string `json:"d,omitempty"`
	InDay   int64  `json:"e,omitempty"`
	Month   string `json:"m,omitempty"`
	InMonth int64  `json:"n,omitempty"`
}

func windowOf(d limit.Delta) window {
	return window{Day: string(d.Day), InDay: d.InDay.Minor(), Month: string(d.Month), InMonth: d.InMonth.Minor()}
}

func (w window) delta(c money.Currency) limit.Delta {
	day, month := limit.Period(w.Day), limit.Period(w.Month)
	return limit.Delta{Day: day, InDay: counted(w.InDay, day, c), Month: month, InMonth: counted(w.InMonth, month, c)}
}

func answerOf(op *payment.Operation) answer {
	var a answer
	var first string
	if h := op.Hold; h != nil {
		first = h.OperationID
		a = answer{
			Account: string(h.Account), Amount: h.Amount.Minor(), Currency: string(h.Amount.Currency()),
			Captured: h.Captured.Minor(), Title: h.Title, Created: micros(h.CreatedAt), ValidTo: micros(h.ValidTo),
			Status: string(h.Status), Ended: micros(h.EndedAt), Use: windowOf(limit.Delta(h.Use)), Events: h.Events,
		}
	}
	if p := op.Payment; p != nil {
		first = p.OperationID
		a = answer{
			Account: string(p.Account), Payee: string(p.Payee), Amount: p.Amount.Minor(), Currency: string(p.Amount.Currency()),
			Fee: p.Fee.Minor(), Title: p.Title, Created: micros(p.CreatedAt), Date: dayText(p.ExecutionDate), Status: string(p.Status),
			Ended: micros(p.EndedAt), Hold: string(p.Hold), Reason: string(p.Reason), Use: windowOf(limit.Delta(p.Use)), Delta: windowOf(p.Delta), Events: p.Events,
		}
	}
	if first != op.Key.ID {
		a.First = first
	}
	return a
}

// restore puts the first answer back into its operation.
func (a *answer) restore(op *payment.Operation, hold ledger.HoldID, pay payment.ID) error {
	c := money.Currency(a.Currency)
	first := op.Key.ID
	if a.First != "" {
		first = a.First
	}
	if hold != "" {
		op.Hold = &ledger.Hold{
			ID: hold, Agreement: op.Agreement, Application: op.Key.Application, Account: account.ID(a.Account), OperationID: first,
			Amount: money.New(a.Amount, c), Title: a.Title, CreatedAt: instant(a.Created), ValidTo: instant(a.ValidTo),
			Status: ledger.HoldStatus(a.Status), EndedAt: instant(a.Ended), Captured: money.New(a.Captured, c),
			Use: limit.Use(a.Use.delta(c)), Events: a.Events,
		}
		return nil
	}
	date, err := day(a.Date)
	if err != nil {
		return err
	}
	op.Payment = &payment.Payment{
		ID: pay, Agreement: op.Agreement, Application: op.Key.Application, Account: account.ID(a.Account), Payee: account.ID(a.Payee),
		OperationID: first, Amount: money.New(a.Amount, c), Fee: money.New(a.Fee, c), Title: a.Title, Status: payment.Status(a.Status),
		CreatedAt: instant(a.Created), ExecutionDate: date, EndedAt: instant(a.Ended), Hold: ledger.HoldID(a.Hold), Reason: bank.Code(a.Reason),
		Use: limit.Use(a.Use.delta(c)), Delta: a.Delta.delta(c), Events: a.Events,
	}
	return nil
}

// twins are operation keys as two parameters.
func twins(keys []payment.OperationKey) (applications, ids []string) {
	for _, k := range keys {
		applications, ids = append(applications, string(k.Application)), append(ids, k.ID)
	}
	return applications, ids
}

// pairs are operation keys as one parameter for SQLite: a JSON array of pairs.
func pairs(keys []payment.OperationKey) string {
	flat := make([][2]string, len(keys))
	for i, k := range keys {
		flat[i] = [2]string{string(k.Application), k.ID}
	}
	b, err := json.Marshal(flat)
	if err != nil {
		panic("store: pairs of texts do not marshal: " + err.Error()) // cannot be
	}
	return string(b)
}

// loadOperations asks for what was done under some operation ids, and what
// waits under them for the customer's word.
func loadOperations(qs *questions, d dialect, keys []payment.OperationKey, into *payment.State) {
	if len(keys) == 0 {
		return
	}
	for _, k := range keys {
		into.Operations[k], into.Pending[k] = nil, ""
	}
	// One of the few places where the engines have no words in common. The cross
	// join has SQLite look each key up instead of reading the table.
	of := func(table, only string) string {
		// Laterally, or the planner takes every waiting authorisation for the outer
		// side of the join as long as it believes that there is none.
		return "unnest($1::text[], $2::text[]) k(application, id) cross join lateral (select * from " + table +
			" where application_id = k.application and operation_id = k.id" + only + " offset 0) o"
	}
	applications, ids := twins(keys)
	args := []any{applications, ids}
	if d == inSQLite {
		of = func(table, only string) string {
			return "json_each($1) k cross join " + table + " o on o.application_id = k.value ->> 0 and o.operation_id = k.value ->> 1" + only
		}
		args = []any{pairs(keys)}
	}
	qs.ask("operations", `select o.application_id, o.operation_id, o.content, o.at, o.agreement_id, o.authorisation_id,
		o.hold_id, o.payment_id, o.answer from `+of("operation", ""), func(row scanner) error {
		op, err := scanOperation(row)
		if err != nil {
			return err
		}
		into.Operations[op.Key] = op
		return nil
	}, args...)
	qs.ask("what waits", `select o.application_id, o.operation_id, o.id from `+of("authorisation", " and status = 'PENDING' and operation_id <> ''"), func(row scanner) error {
		var k payment.OperationKey
		var id string
		err := row.Scan((*string)(&k.Application), &k.ID, &id)
		into.Pending[k] = payment.AuthorisationID(id)
		return err
	}, args...)
}

func scanOperation(row scanner) (*payment.Operation, error) {
	op := &payment.Operation{}
	var at int64
	var hold, pay, text string
	err := row.Scan((*string)(&op.Key.Application), &op.Key.ID, &op.Content, &at, (*string)(&op.Agreement), (*string)(&op.Authorisation),
		&hold, &pay, &text)
	if err != nil {
		return nil, err
	}
	op.At = instant(at)
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return nil, fmt.Errorf("first answer of operation %s: %w", op.Key.ID, err)
	}
	return op, a.restore(op, ledger.HoldID(hold), payment.ID(pay))
}

func insertOperations(ctx context.Context, tx *writeTx, operations []*payment.Operation) error {
	return put(ctx, tx, bulk{table: "operation", columns: `application_id, operation_id, content, at, agreement_id, authorisation_id,
		hold_id, payment_id, answer`}, operations, func(op *payment.Operation) ([]any, error) {
		text, err := json.Marshal(answerOf(op))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op.Key.ID, err)
		}
		var hold, pay string
		if op.Hold != nil {
			hold = string(op.Hold.ID)
		}
		if op.Payment != nil {
			pay = string(op.Payment.ID)
		}
		return []any{
			string(op.Key.Application), op.Key.ID, op.Content, micros(op.At), string(op.Agreement), string(op.Authorisation), hold, pay, string(text),
		}, nil
	})
}
