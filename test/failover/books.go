package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// books is what the last primary has, asked in SQL and not through the program.
type books struct {
	payments map[string]int    // operation id: how many payments executed
	holds    map[string]string // operation id: status
	twice    []string          // holds of one operation id
	booked   int64             // what left the customer's account, by its postings
}

func (b *bank) books(ctx context.Context) (*books, error) {
	m, err := b.d.cluster.leader(ctx)
	if err != nil {
		return nil, err
	}
	s := &books{payments: map[string]int{}, holds: map[string]string{}}
	rows, err := b.d.cluster.query(ctx, m, "okienko", "select operation_id, count(*) from payment where status = 'EXECUTED' group by 1")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		id, n, _ := strings.Cut(row, "|")
		if s.payments[id], err = strconv.Atoi(n); err != nil {
			return nil, err
		}
	}
	if rows, err = b.d.cluster.query(ctx, m, "okienko", "select operation_id, status from hold"); err != nil {
		return nil, err
	}
	for _, row := range rows {
		id, status, _ := strings.Cut(row, "|")
		if s.holds[id] != "" {
			s.twice = append(s.twice, id)
		}
		s.holds[id] = status
	}
	rows, err = b.d.cluster.query(ctx, m, "okienko",
		"select coalesce(-sum(amount), 0) from posting where account_id = 'account-marek.lis' and payment_id <> ''")
	if err != nil {
		return nil, err
	}
	s.booked, err = strconv.ParseInt(rows[0], 10, 64)
	return s, err
}

// result is what a run is judged by.
type result struct{ acknowledged, lost, repeated int }

// judge holds what was acknowledged against the books.
func judge(all []acknowledged, s *books) (result, []string) {
	res := result{acknowledged: len(all)}
	var examples []string
	lose := func(a acknowledged, what string) {
		res.lost++
		examples = append(examples, fmt.Sprintf("%s %s, acknowledged at %s after %d attempts: %s", a.kind, a.id, a.at.Format("15:04:05.000"), a.tries, what))
	}
	ended := map[string]string{}
	for _, a := range all {
		switch a.kind {
		case release:
			ended[a.id] = "RELEASED"
		case capture:
			ended[strings.TrimSuffix(a.id, "-capture")] = "CAPTURED"
		}
	}
	for _, a := range all {
		switch a.kind {
		case payment, capture:
			if s.payments[a.id] == 0 {
				lose(a, "there is no such payment")
			}
		case hold:
			if got := s.holds[a.id]; got == "" || ended[a.id] != "" && got != ended[a.id] {
				lose(a, fmt.Sprintf("the hold is %q, and should be %q", got, ended[a.id]))
			}
		}
	}
	total := 0
	for id, n := range s.payments {
		total += n
		if n > 1 {
			res.repeated += n - 1
			examples = append(examples, fmt.Sprintf("payment %s was executed %d times", id, n))
		}
	}
	res.repeated += len(s.twice)
	for _, id := range s.twice {
		examples = append(examples, "hold "+id+" was placed twice")
	}
	// Every payment is a grosz: what was booked more than that was booked twice.
	if over := int(s.booked) - total; over != 0 {
		res.repeated += max(over, 0)
		examples = append(examples, fmt.Sprintf("%d payments of a grosz, and %d groszy have left the account", total, s.booked))
	}
	return res, examples[:min(len(examples), 20)]
}

// close stops the load, and judges.
func (b *bank) close(ctx context.Context, r *record) error {
	s, err := b.books(ctx)
	if err != nil {
		return err
	}
	res, examples := judge(r.acknowledged(), s)
	word, verr := b.verify(ctx, b.nodes[0])
	for _, f := range r.faults {
		b.d.say("fault: %v", f)
	}
	for _, e := range examples {
		b.d.say("wrong: %s", e)
	}
	b.d.say("%v; %d acknowledged, %d lost, %d done twice; verify on the last primary: %s", r.count(), res.acknowledged, res.lost, res.repeated, word)
	given, gerr := b.d.cluster.givenUp()
	switch {
	case verr != nil || gerr != nil:
		return errors.Join(verr, gerr)
	case given > 0:
		return fmt.Errorf("%d commits were let go before a standby had them: from then on everybody sees what a fail-over loses", given)
	case res.lost+res.repeated > 0:
		return fmt.Errorf("%d acknowledged operations are lost, %d were done twice", res.lost, res.repeated)
	case len(r.faults) > 0 || len(examples) > 0:
		return errors.New("there were answers that may never come; see above")
	}
	return nil
}
