package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"testing"

	"okienko/test/process"
)

// kind is what an order does. release and capture end the hold of the same id.
type kind int

const (
	payment kind = iota
	hold
	release
	capture
	kinds
)

// page of the book: everything that callers ordered, by kind and id.
type orders struct {
	answers       [kinds]map[string]answer
	confirmations map[string]confirmation
}

func newOrders() orders {
	o := orders{confirmations: map[string]confirmation{}}
	for k := range o.answers {
		o.answers[k] = map[string]answer{}
	}
	return o
}

func (o *orders) add(more orders) {
	for k := range o.answers {
		maps.Copy(o.answers[k], more.answers[k])
	}
	maps.Copy(o.confirmations, more.confirmations)
}

func (o *orders) summary() string {
	return fmt.Sprintf("%d payments, %d holds, %d released, %d captured, %d confirmed",
		len(o.answers[payment]), len(o.answers[hold]), len(o.answers[release]), len(o.answers[capture]), len(o.confirmations))
}

// least is the smallest number of orders of any kind.
func (o *orders) least() int {
	n := len(o.confirmations)
	for k := range o.answers {
		n = min(n, len(o.answers[k]))
	}
	return n
}

// book keeps what the callers know.
type book struct {
	mu        sync.Mutex
	last, all orders // of the round since the last restart; of the rounds before
}

func newBook() *book { return &book{last: newOrders(), all: newOrders()} }

// write notes an answer and tells whether the bank still answers.
func (b *book) write(k kind, id string, a answer) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last.answers[k][id] = a
	return a.status != 0
}

func (b *book) keep(id string, c confirmation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last.confirmations[id] = c
}

// takeLast is the last round; takeAll is everything.
func (b *book) takeLast() orders {
	last := b.last
	b.last = newOrders()
	return last
}

func (b *book) takeAll() orders {
	b.all.add(b.takeLast())
	return b.all
}

// settle repeats every order. What was acknowledged must be answered again to
// the letter; what nobody knows of is done now, once. What is settled goes into
// the book.
func (b *book) settle(t *testing.T, bank *process.Bank, of orders) {
	t.Helper()
	client, err := bank.Client(callers)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	for k := range of.answers { // holds before what ends them
		settled := repeat(t, bank, client, of.answers[k])
		maps.Copy(b.all.answers[k], settled)
	}
	for id, c := range of.confirmations {
		if err := decide(bank, client, &c); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		b.all.confirmations[id] = c
	}
	if t.Failed() {
		_ = bank.Kill()
		t.FailNow()
	}
}

func repeat(t *testing.T, bank *process.Bank, client *http.Client, before map[string]answer) map[string]answer {
	settled := make(map[string]answer, len(before))
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan string)
	for range callers {
		wg.Go(func() {
			for id := range work {
				first := before[id]
				now := send(bank, client, first.request)
				switch {
				case first.status != 0 && first.status != first.want:
					t.Errorf("%s %s %s was answered %d %s", first.method, first.path, first.body, first.status, first.text)
				case now.status != now.want:
					t.Errorf("%s: repeated: %d %s; first answer %d %s", id, now.status, now.text, first.status, first.text)
				case first.status != 0 && now.text != first.text:
					t.Errorf("%s was acknowledged as %s and is now %s", id, first.text, now.text)
				}
				mu.Lock()
				settled[id] = now
				mu.Unlock()
			}
		})
	}
	for id := range before {
		work <- id
	}
	close(work)
	wg.Wait()
	return settled
}

// decide finds out how a confirmation stands, and goes on with it when it was
// cut short.
func decide(bank *process.Bank, client *http.Client, c *confirmation) error {
	again := send(bank, client, c.prepare)
	id := authorisationIn(again.text)
	switch {
	case id == "":
		return fmt.Errorf("prepared again: %d %s", again.status, again.text)
	case c.id != "" && id != c.id:
		return fmt.Errorf("the prepared operation %s has become %s", c.id, id)
	}
	c.id = id
	status, err := look(bank, client, c.id)
	switch {
	case err != nil:
		return err
	case status == "EXECUTED":
	case c.executed:
		return fmt.Errorf("the phone was told that it is executed, and it is %s", status)
	case status != "PENDING":
		return fmt.Errorf("a prepared operation is %s", status)
	default:
		if _, err := approve(bank, client); err != nil {
			return err
		}
		if status, err = look(bank, client, c.id); err != nil || status != "EXECUTED" {
			return errors.Join(fmt.Errorf("approved after the restart, and it is %s", status), err)
		}
	}
	c.executed = true
	return nil
}

func look(bank *process.Bank, client *http.Client, id string) (string, error) {
	got := send(bank, client, request{http.MethodGet, "/authorization/" + id, "", http.StatusOK})
	var a struct{ Status string }
	if err := json.Unmarshal([]byte(got.text), &a); err != nil || got.status != got.want {
		return "", fmt.Errorf("authorization %s: %d %s", id, got.status, got.text)
	}
	return a.Status, nil
}

// count reads the lists back: every operation stands there exactly once, and
// every hold as it was left.
func (b *book) count(t *testing.T, bank *process.Bank, of orders) {
	t.Helper()
	client, err := bank.Client(callers)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	want := map[string]string{}
	for id := range of.answers[payment] {
		want["payment "+id] = "EXECUTED"
	}
	for id := range of.confirmations {
		want["payment "+id] = "EXECUTED"
	}
	for id := range of.answers[hold] {
		want["hold "+id] = "ACTIVE"
	}
	for id := range of.answers[release] {
		want["hold "+id] = "RELEASED"
	}
	for id := range of.answers[capture] {
		want["hold "+id] = "CAPTURED"
		want["payment "+id+"-capture"] = "EXECUTED"
	}
	got := map[string]string{}
	for _, list := range []struct{ path, name, prefix string }{
		{"/payment", "payments", "payment "}, {"/account/" + bank.Paired.AccountID + "/blockade", "blockades", "hold "},
	} {
		for cursor := ""; ; {
			items, next, err := page(bank, client, list.path+"?pageSize=100"+cursor, list.name)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range items {
				key := list.prefix + i.OperationID
				if got[key] != "" {
					t.Errorf("%s stands twice", key)
				}
				got[key] = i.Status
			}
			if next == "" {
				break
			}
			cursor = "&cursor=" + next
		}
	}
	for key, status := range want {
		if got[key] != status {
			t.Errorf("%s is %q, want %s", key, got[key], status)
		}
	}
	for key := range got {
		if want[key] == "" {
			t.Errorf("nobody ordered the %s", key)
		}
	}
}

type item struct{ OperationID, Status string }

func page(bank *process.Bank, client *http.Client, path, name string) (items []item, next string, err error) {
	got := send(bank, client, request{http.MethodGet, path, "", http.StatusOK})
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got.text), &body); err != nil || got.status != got.want {
		return nil, "", errors.Join(fmt.Errorf("%s: %d %s", path, got.status, got.text), err)
	}
	if raw, more := body["nextCursor"]; more {
		err = json.Unmarshal(raw, &next)
	}
	err = errors.Join(err, json.Unmarshal(body[name], &items))
	return items, next, err
}
