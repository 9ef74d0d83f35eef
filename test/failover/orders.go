package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"okienko/test/process"
)

// The kinds of operations. release and capture end the hold of the same number.
const (
	payment = "payment"
	hold    = "hold"
	release = "release"
	capture = "capture"
)

// orders is the load of the bank: payments, and holds that are released or
// captured, a grosz each, from n callers with one connection each.
func (b *bank) orders(ctx context.Context, r *record, n int) (stop func()) {
	clients := make([]*http.Client, n)
	for i := range clients {
		clients[i] = b.client(callersAddress)
	}
	return callers(ctx, n, func(ctx context.Context, caller int) error {
		n := b.numbers.Add(1)
		id := fmt.Sprintf("f%d", n)
		send := func(kind, id, method, path, body string, want int) (string, error) {
			return r.order(ctx, kind, id, func(ctx context.Context) (string, error) {
				return b.send(ctx, clients[caller], method, path, body, want)
			})
		}
		pay := func(kind, id, more string) error {
			_, err := send(kind, id, http.MethodPost, "/payment", fmt.Sprintf(
				`{"operationId":%q,"account_id":%q,"amount":"0.01","currency":"PLN","title":"failover"%s}`, id, b.account, more), http.StatusCreated)
			return err
		}
		if n%2 == 0 {
			return pay(payment, id, "")
		}
		holds := "/account/" + b.account + "/blockade"
		text, err := send(hold, id, http.MethodPost, holds,
			fmt.Sprintf(`{"operationId":%q,"amount":"0.01","currency":"PLN","title":"failover"}`, id), http.StatusCreated)
		if err != nil {
			return err
		}
		var made struct{ BlockadeID string }
		if err := json.Unmarshal([]byte(text), &made); err != nil || made.BlockadeID == "" {
			r.fault(fmt.Errorf("hold %s is answered %s", id, text))
			return err
		}
		if n%4 == 1 {
			return pay(capture, id+"-capture", fmt.Sprintf(`,"blockadeId":%q`, made.BlockadeID))
		}
		_, err = send(release, id, http.MethodDelete, holds+"/"+made.BlockadeID, "", http.StatusNoContent)
		return err
	})
}

// send makes one attempt. A refusal is an answer that nothing here deserves,
// except one: a release whose first answer was lost has released already.
func (b *bank) send(ctx context.Context, client *http.Client, method, path, body string, want int) (string, error) {
	status, text, err := process.Call(ctx, client, method, partnerURL+"/rest/v1/open/api"+path, b.token, body)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "", &unanswered{"too late", err}
	case err != nil:
		return "", &unanswered{"cut off", err}
	case status == want:
		return text, nil
	case method == http.MethodDelete && status < 500 && strings.Contains(text, "released"):
		return text, nil
	case status == http.StatusTooManyRequests || status >= 500:
		return "", &unanswered{fmt.Sprintf("status %d", status), errors.New(text)}
	}
	return "", fmt.Errorf("answered %d %s", status, text)
}
