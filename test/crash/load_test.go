package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"okienko/test/process"
)

// callers is how many send orders at once. Three more confirm, rotate, and pay as a
// third party.
const callers = 6

// load works on the bank from many callers until it is killed under them.
func load(t *testing.T, bank *process.Bank, book *book, tokens *chain, tpp *thirdParty, round int, sharp bool, after time.Duration) {
	client, err := bank.Client(callers + 3)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() { book.order(bank, client, fmt.Sprintf("r%d-c%d", round, c)) })
	}
	wg.Go(func() { book.confirm(bank, client, fmt.Sprintf("r%d", round)) })
	third, folder := called(t, bank)
	defer third.Close()
	wg.Go(func() { tpp.pay(bank, client, third, folder, fmt.Sprintf("r%d-tpp", round)) })
	last, ended := make(chan struct{}), make(chan struct{})
	wg.Go(func() { defer close(ended); tokens.rotate(bank, client, last) })
	time.Sleep(after) // the load must run for a while: this is not waiting for an event
	if sharp {
		close(last)
		<-ended
	}
	if err := bank.Kill(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := errors.Join(tokens.failed, tpp.failed); err != nil {
		t.Fatal(err)
	}
}

// request is one call that changes something, with the status of its success.
type request struct {
	method, path, body string
	want               int
}

// answer is what a caller saw of it.
type answer struct {
	request
	status int // 0: the connection broke, so nobody knows
	text   string
}

// send sends one request, again when the bank says that too many came.
func send(bank *process.Bank, client *http.Client, r request) answer {
	for {
		status, text, err := process.Call(context.Background(), client, r.method, bank.Partner+r.path, bank.Paired.AccessToken, r.body)
		switch {
		case err != nil:
			return answer{request: r}
		case status != http.StatusTooManyRequests:
			return answer{r, status, text}
		}
		time.Sleep(50 * time.Millisecond) // the rate limit is by the wall clock
	}
}

// order pays, holds, releases and captures, one grosz at a time, until the bank
// is gone.
func (b *book) order(bank *process.Bank, client *http.Client, who string) {
	holds := "/account/" + bank.Paired.AccountID + "/blockade"
	pay := func(id, more string) request {
		return request{http.MethodPost, "/payment", fmt.Sprintf(
			`{"operationId":%q,"account_id":%q,"amount":"0.01","currency":"PLN","title":"crash"%s}`, id, bank.Paired.AccountID, more), http.StatusCreated}
	}
	for n := 0; ; n++ {
		id := fmt.Sprintf("%s-n%d", who, n)
		if n%4 == 0 {
			if !b.write(payment, id, send(bank, client, pay(id, ""))) {
				return
			}
			continue
		}
		held := send(bank, client, request{http.MethodPost, holds,
			fmt.Sprintf(`{"operationId":%q,"amount":"0.01","currency":"PLN","title":"crash"}`, id), http.StatusCreated})
		if !b.write(hold, id, held) {
			return
		}
		var made struct{ BlockadeID string }
		if json.Unmarshal([]byte(held.text), &made) != nil || made.BlockadeID == "" {
			continue // settle tells what was wrong with the answer
		}
		known := true
		switch n % 4 {
		case 1:
			known = b.write(release, id, send(bank, client, request{http.MethodDelete, holds + "/" + made.BlockadeID, "", http.StatusNoContent}))
		case 2:
			known = b.write(capture, id, send(bank, client, pay(id+"-capture", fmt.Sprintf(`,"blockadeId":%q`, made.BlockadeID))))
		}
		if !known {
			return
		}
	}
}

// confirmation is one operation that the customer confirms on the phone.
type confirmation struct {
	prepare  request
	id       string // of the authorisation, "" while nobody knows
	executed bool   // the phone was told so
}

// confirm prepares payments and approves them on the phone, one after another.
func (b *book) confirm(bank *process.Bank, client *http.Client, who string) {
	for n := 0; ; n++ {
		id := fmt.Sprintf("%s-confirmed-%d", who, n)
		c := confirmation{prepare: request{http.MethodPost, "/payment/authorize", fmt.Sprintf(
			`{"operationId":%q,"account_id":%q,"amount":"0.01","currency":"PLN","title":"crash","appType":"web","os_type":"ALL","callbackUri":%q}`,
			id, bank.Paired.AccountID, bank.Paired.CallbackURI), http.StatusOK}}
		b.keep(id, c)
		a := send(bank, client, c.prepare)
		if a.status == 0 {
			return
		}
		if c.id = authorisationIn(a.text); c.id == "" {
			return // settle prepares again, and tells what is wrong
		}
		b.keep(id, c)
		status, err := approve(bank, client)
		if err != nil {
			return
		}
		c.executed = status == "passed" || status == "spent"
		b.keep(id, c)
	}
}

func authorisationIn(text string) string {
	var a struct{ AuthorizationID string }
	if json.Unmarshal([]byte(text), &a) != nil {
		return ""
	}
	return a.AuthorizationID
}

// approve approves what came last to the phone of the paired customer. The
// answer comes after the operation was executed.
func approve(bank *process.Bank, client *http.Client) (status string, err error) {
	code, text, err := process.Call(context.Background(), client, http.MethodPost, bank.Sandbox+"/phone/"+bank.Login+"/approvals/newest/approve", "", "")
	if err != nil {
		return "", err
	}
	var a struct{ Status, Refused string }
	if err := json.Unmarshal([]byte(text), &a); err != nil || code != http.StatusOK || a.Refused != "" {
		return "", errors.Join(fmt.Errorf("the phone answers %d %s", code, text), err)
	}
	return a.Status, nil
}
