package operation

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"okienko/test/process"
)

// Ctrl-C under load: every request that the bank has taken is answered, it ends
// by itself with status 0, and what it said stands.
func TestInterruptDrains(t *testing.T) {
	t.Parallel()
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("h2=%t", h2), func(t *testing.T) {
			b := open(t, "--log", "info")
			roots, err := b.Roots()
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: h2, MaxIdleConnsPerHost: 8,
			}}
			defer client.CloseIdleConnections()
			var mu sync.Mutex
			answered := map[string]string{}
			var wg sync.WaitGroup
			begun := make(chan struct{}, 1000)
			for c := range 8 {
				wg.Go(func() {
					for n := 0; ; n++ {
						id := fmt.Sprintf("c%d-%d", c, n)
						status, text, err := process.Call(t.Context(), client, http.MethodPost, b.Partner+"/payment", b.Paired.AccessToken, payment(b.Paired.AccountID, id))
						if err != nil {
							return // nobody is let in any more
						}
						if status != http.StatusCreated {
							t.Errorf("%s: %d %s", id, status, text)
							return
						}
						mu.Lock()
						answered[id] = text
						mu.Unlock()
						select {
						case begun <- struct{}{}:
						default:
						}
					}
				})
			}
			for range 100 {
				<-begun
			}
			if err := b.Interrupt(); err != nil {
				t.Fatal(err)
			}
			if status := ends(t, b.Program, 15*time.Second); status != 0 {
				t.Errorf("ended with status %d\n%s", status, b.Log())
			}
			wg.Wait()
			taken := 0
			for line := range strings.Lines(b.Log()) {
				if strings.Contains(line, `/payment"`) && strings.Contains(line, `"status":201`) {
					taken++
				}
			}
			if taken != len(answered) || taken < 100 {
				t.Errorf("the bank did %d payments, and %d callers were answered", taken, len(answered))
			}
			b.verify()
			again := b.again()
			for id, text := range answered {
				status, now := again.call(http.MethodPost, "/payment", payment(again.Paired.AccountID, id))
				for ; status == http.StatusTooManyRequests; status, now = again.call(http.MethodPost, "/payment", payment(again.Paired.AccountID, id)) {
					time.Sleep(50 * time.Millisecond)
				}
				if status != http.StatusCreated || now != text {
					t.Fatalf("%s was answered %s and is now %d %s", id, text, status, now)
				}
			}
		})
	}
}

// slowly sends a payment up to the middle of its body.
func slowly(t *testing.T, b *bank) (conn *tls.Conn, rest string) {
	t.Helper()
	body := payment(b.Paired.AccountID, "slow")
	half := len(body) / 2
	conn = b.dial(t, b.Partner)
	_, path, _ := strings.Cut(strings.TrimPrefix(b.Partner, "https://"), "/")
	if _, err := fmt.Fprintf(conn, "POST /%s/payment HTTP/1.1\r\nHost: localhost\r\naccess_token: %s\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, b.Paired.AccessToken, len(body), body[:half]); err != nil {
		t.Fatal(err)
	}
	for { // until the bank has taken it
		_, text := b.get("/metrics")
		if strings.Contains(text, `okienko_http_requests_in_flight{door="partner"} 1`) {
			return conn, body[half:]
		}
	}
}

// While a request is under way the bank tells the balancer to send nobody here,
// lets nobody in, and still answers it.
func TestReadyTellsOfClosing(t *testing.T) {
	t.Parallel()
	b := open(t)
	if status, text := b.get("/readyz"); status != http.StatusOK || text != "ready\n" {
		t.Errorf("readyz of an open bank: %d %q", status, text)
	}
	conn, rest := slowly(t, b)
	polled := make(chan error, 1)
	go func() { // somebody waits at a phone: that must not hold the closing up
		_, _, err := process.Call(t.Context(), b.client, http.MethodGet, b.Sandbox+"/phone/anna/messages?wait=20s", "", "")
		polled <- err
	}()
	for {
		if _, text := b.get("/metrics"); strings.Contains(text, `okienko_http_requests_in_flight{door="phone"} 1`) {
			break
		}
	}
	began := time.Now()
	if err := b.Interrupt(); err != nil {
		t.Fatal(err)
	}
	for {
		status, text := b.get("/readyz")
		if status == http.StatusServiceUnavailable {
			if text != "closing\n" {
				t.Errorf("readyz: %q", text)
			}
			break
		}
	}
	if status, text := b.get("/healthz"); status != http.StatusOK || text != "ok\n" {
		t.Errorf("healthz while closing: %d %q", status, text)
	}
	if err := <-polled; err != nil {
		t.Errorf("whoever waited at the phone was cut off: %v", err)
	}
	if _, err := io.WriteString(conn, rest); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("the request that was under way is answered %d %s", resp.StatusCode, text)
	}
	if status := ends(t, b.Program, 15*time.Second); status != 0 {
		t.Errorf("ended with status %d\n%s", status, b.Log())
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("closing took %s", took)
	}
}

// Whoever presses Ctrl-C twice means it.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	b := open(t)
	slowly(t, b) // and never goes on: draining would take its time
	if err := b.Interrupt(); err != nil {
		t.Fatal(err)
	}
	for {
		if status, _ := b.get("/readyz"); status == http.StatusServiceUnavailable {
			break
		}
	}
	if err := b.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if status := ends(t, b.Program, 8*time.Second); status == 0 {
		t.Error("cut off, it says that all is well")
	}
	b.verify()
}
