// Package crash kills the real program under load, at random moments, and
// checks afterwards that nothing it acknowledged is missing and nothing was
// done twice.
package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"okienko/test/process"
)

// kills is how often the bank is killed: 20 in a normal run, more by
// OKIENKO_CRASH_KILLS (make crash), fewer with -short, never none.
func kills(t *testing.T) int {
	if s := os.Getenv("OKIENKO_CRASH_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("OKIENKO_CRASH_KILLS=%q is no number above zero", s)
		}
		return n
	}
	if testing.Short() {
		return 3
	}
	return 20
}

// answer is what a caller saw of one operation.
type answer struct {
	path, body string // the request
	status     int    // 0: the connection broke, so nobody knows
	text       string
}

const callers = 8

func TestNothingAcknowledgedIsLostWhenTheBankIsKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Minute)
	defer cancel()
	bin, err := process.Build(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 1))
	data := t.TempDir()
	all, last := map[string]answer{}, map[string]answer{} // by operation id
	rounds := kills(t)
	for round := range rounds {
		bank, err := process.Start(ctx, bin, data, nil)
		if err != nil {
			t.Fatal(err)
		}
		settle(t, bank, last) // the round before; all of them once more at the end
		maps.Copy(all, last)
		after := time.Duration(dice.IntN(400)+20) * time.Millisecond
		last = load(t, bank, round, after)
		if out, err := exec.CommandContext(ctx, bin, "verify", "--data", data).CombinedOutput(); err != nil {
			t.Fatalf("round %d: verify right after the kill: %v\n%s", round, err, out)
		}
	}
	bank, err := process.Start(ctx, bin, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, last)
	settle(t, bank, all)
	count(t, bank, all)
	if code, err := bank.Stop(); err != nil || code != 0 {
		t.Errorf("closing: status %d, %v\n%s", code, err, bank.Log())
	}
	if out, err := exec.CommandContext(ctx, bin, "verify", "--data", data).CombinedOutput(); err != nil {
		t.Fatalf("verify: %v\n%s", err, out)
	}
	t.Logf("%d kills, %d operations", rounds, len(all))
}

// load pays and holds from several callers until the bank is killed under them.
func load(t *testing.T, bank *process.Bank, round int, after time.Duration) map[string]answer {
	client, err := bank.Client(callers)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	seen := map[string]answer{}
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("r%d-c%d-n%d", round, c, n)
				path, body := operation(bank, id, n)
				status, text := post(client, bank, path, body)
				mu.Lock()
				seen[id] = answer{path, body, status, text}
				mu.Unlock()
				if status == 0 {
					return // killed, or about to be: this caller never learnt what happened
				}
			}
		})
	}
	time.Sleep(after) // the load must run for a while: this is not waiting for an event
	if err := bank.Kill(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	return seen
}

// operation alternates payments and holds of one grosz.
func operation(bank *process.Bank, id string, n int) (path, body string) {
	if n%2 == 0 {
		return "/payment", fmt.Sprintf(`{"operationId":%q,"account_id":%q,"amount":"0.01","currency":"PLN","title":"crash"}`, id, bank.Paired.AccountID)
	}
	return "/account/" + bank.Paired.AccountID + "/blockade", fmt.Sprintf(`{"operationId":%q,"amount":"0.01","currency":"PLN","title":"crash"}`, id)
}

// post sends one order, again when the bank says that too many came.
func post(client *http.Client, bank *process.Bank, path, body string) (int, string) {
	for {
		status, text := postOnce(client, bank, path, body)
		if status != http.StatusTooManyRequests {
			return status, text
		}
		time.Sleep(100 * time.Millisecond) // the rate limit is by the wall clock
	}
}

func postOnce(client *http.Client, bank *process.Bank, path, body string) (int, string) {
	req, err := http.NewRequest(http.MethodPost, bank.Partner+path, bytes.NewBufferString(body))
	if err != nil {
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("access_token", bank.Paired.AccessToken)
	resp, err := client.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(text)
}

// settle repeats every operation. What was acknowledged must be answered again
// to the letter; what nobody knows of is done now, once.
func settle(t *testing.T, bank *process.Bank, all map[string]answer) {
	t.Helper()
	client, err := bank.Client(callers)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan string)
	for range callers {
		wg.Go(func() {
			for id := range work {
				mu.Lock()
				a := all[id]
				mu.Unlock()
				status, text := post(client, bank, a.path, a.body)
				switch {
				case status != http.StatusCreated:
					t.Errorf("%s: repeated: %d %s; first answer %d %s", id, status, text, a.status, a.text)
				case a.status == http.StatusCreated && text != a.text:
					t.Errorf("%s was acknowledged as %s and is now %s", id, a.text, text)
				case a.status != 0 && a.status != http.StatusCreated:
					t.Errorf("%s: the first answer was %d %s", id, a.status, a.text)
				}
				mu.Lock()
				a.status, a.text = status, text
				all[id] = a
				mu.Unlock()
			}
		})
	}
	ids := make([]string, 0, len(all))
	mu.Lock()
	for id := range all {
		ids = append(ids, id)
	}
	mu.Unlock()
	for _, id := range ids {
		work <- id
	}
	close(work)
	wg.Wait()
	if t.Failed() {
		_ = bank.Kill()
		t.FailNow()
	}
}

// count reads the lists back: every operation stands there exactly once.
func count(t *testing.T, bank *process.Bank, all map[string]answer) {
	t.Helper()
	client, err := bank.Client(callers)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	times := map[string]int{}
	for _, list := range []struct{ path, name string }{
		{"/payment", "payments"}, {"/account/" + bank.Paired.AccountID + "/blockade", "blockades"},
	} {
		cursor := ""
		for {
			ids, next, err := page(client, bank, list.path+"?pageSize=100"+cursor, list.name)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				times[id]++
			}
			if next == "" {
				break
			}
			cursor = "&cursor=" + next
		}
	}
	for id := range all {
		if times[id] != 1 {
			t.Errorf("%s stands %d times", id, times[id])
		}
	}
	if len(times) != len(all) {
		t.Errorf("%d operations stand in the bank, %d were ordered", len(times), len(all))
	}
}

func page(client *http.Client, bank *process.Bank, path, name string) (ids []string, next string, err error) {
	req, err := http.NewRequest(http.MethodGet, bank.Partner+path, nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("access_token", bank.Paired.AccessToken)
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	var body map[string]json.RawMessage
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		return nil, "", err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s: %d %v", path, resp.StatusCode, body)
	}
	var items []struct {
		OperationID string `json:"operationId"`
	}
	if err := json.Unmarshal(body[name], &items); err != nil {
		return nil, "", errors.Join(fmt.Errorf("%s has no %s", path, name), err)
	}
	for _, i := range items {
		ids = append(ids, i.OperationID)
	}
	if raw, ok := body["nextCursor"]; ok {
		err = json.Unmarshal(raw, &next)
	}
	return ids, next, err
}
