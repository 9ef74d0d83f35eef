package client

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/eidas/seal"
)

// What is signed is what arrives: the target as on the request line, whatever
// stands in an id, the customer's headers, and the body's bytes.
func TestCallsAreSignedAsTheyArrive(t *testing.T) {
	c, b, _ := start(t, nil, func(w http.ResponseWriter, _ *http.Request, _ string) { says(w, 200, `{}`) })
	s := Session{Token: "secret", Present: &Customer{Address: "203.0.113.7", Port: 50123, UserAgent: `Mozilla/5.0 "<ż>"`}}
	if _, err := c.Transaction(t.Context(), s, "a b/ż", "185301020657044.000001$1537740000000"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.TransactionsPage(t.Context(), s, "acc", Filter{Status: StatusDone, From: "2026-11-01", PageSize: 7}); err != nil {
		t.Fatal(err)
	}
	p := Payment{Recipient: Party{Name: "Żółć & Syn <sp. z o.o.>\u2028"}, TransferData: TransferData{Amount: "1.00", Currency: "PLN"}}
	if _, err := c.Pay(t.Context(), s, "own-1", p); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET /bank/v3/accounts/a%20b%2F%C5%BC/transactions/185301020657044.000001$1537740000000 ",
		"GET /bank/v3/accounts/acc/transactions?transactionStatus=DONE&transactionDateFrom=2026-11-01&pageSize=7 ",
	}
	if got := b.made(); !slices.Equal(got[:2], want) || !strings.HasPrefix(got[2], `POST /bank/v3/payments/domestic {"recipient":{"name":"Żółć & Syn <sp. z o.o.>`) {
		t.Errorf("calls %q", got)
	}
}

func TestHeadersOfACall(t *testing.T) {
	var h http.Header
	c, _, _ := start(t, nil, func(w http.ResponseWriter, r *http.Request, _ string) { h = r.Header.Clone(); says(w, 200, `{}`) })
	if _, err := c.Accounts(t.Context(), Session{Token: "secret"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Tpp-Id": "PSDPL-PFSA-1234567890", "Client-Id": "client-1", "Authorization": "Bearer secret", "Accept-Language": "en",
		"Accept": "application/json; charset=utf-8", "Accept-Encoding": "gzip", "Psu-Session": "", "Psu-Ip-Address": "",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, h.Get(name), want)
		}
	}
	if id := h.Get("TPP-Request-ID"); len(id) != 36 || id[14] != '1' || !strings.ContainsRune("89ab", rune(id[19])) {
		t.Errorf("%s is no UUID of version 1", id)
	}
}

// An answer that says when to come again is followed; one that says tomorrow is
// the caller's business.
func TestRetriesAsTheBankAsks(t *testing.T) {
	for _, tt := range []struct {
		name          string
		status        int
		retryAfter    string
		calls         int
		waits         []time.Duration
		redeem        bool
		wantStatus    int
		wantSucceeded bool
	}{
		{name: "busy", status: 503, retryAfter: "1", calls: 2, waits: []time.Duration{time.Second}, wantSucceeded: true},
		{name: "too fast", status: 429, retryAfter: "3", calls: 2, waits: []time.Duration{3 * time.Second}, wantSucceeded: true},
		{name: "the day's four calls", status: 429, retryAfter: "3600", calls: 1, wantStatus: 429},
		{name: "the bank's mistake, reading", status: 500, calls: 2, waits: []time.Duration{200 * time.Millisecond}, wantSucceeded: true},
		{name: "refused", status: 403, calls: 1, wantStatus: 403},
		{name: "a code, bank busy", redeem: true, status: 503, retryAfter: "1", calls: 2, waits: []time.Duration{time.Second}, wantSucceeded: true},
		{name: "a code, a proxy's 503", redeem: true, status: 503, calls: 1, wantStatus: 503},
		{name: "a code, the bank's mistake", redeem: true, status: 500, calls: 1, wantStatus: 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := true
			c, b, waits := start(t, nil, func(w http.ResponseWriter, _ *http.Request, _ string) {
				if first {
					first = false
					if tt.retryAfter != "" {
						w.Header().Set("Retry-After", tt.retryAfter)
					}
					says(w, tt.status, `{"code":"SomeError","message":"words"}`)
					return
				}
				says(w, 200, `{}`)
			})
			var err error
			if tt.redeem {
				_, err = c.Redeem(t.Context(), "code", "https://tpp.example/cb")
			} else {
				_, err = c.Accounts(t.Context(), Session{Token: "x"})
			}
			if tt.wantSucceeded != (err == nil) || statusOf(err) != tt.wantStatus {
				t.Errorf("%v", err)
			}
			if len(b.made()) != tt.calls || !slices.Equal(*waits, slept(tt.waits)) {
				t.Errorf("%d calls with waits %v", len(b.made()), *waits)
			}
		})
	}
}

// A client gives up after so many tries.
func TestTriesEnd(t *testing.T) {
	c, b, _ := start(t, func(c *Config) { c.Tries = 3 }, func(w http.ResponseWriter, _ *http.Request, _ string) { says(w, 503, `{}`) })
	if _, err := c.Accounts(t.Context(), Session{}); statusOf(err) != 503 || len(b.made()) != 3 {
		t.Errorf("%v after %d calls", err, len(b.made()))
	}
}

// A read whose answer was lost is read again under another id: also where the
// connection had served before, and net/http would repeat the request itself.
func TestLostAnswersOfReads(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			n := 0
			c, b, _ := startOver(t, http2, nil, func(w http.ResponseWriter, r *http.Request, _ string) {
				if n++; n == 2 || n == 3 {
					breaks(w)
				}
				if r.Proto != name {
					t.Errorf("asked over %s", r.Proto)
				}
				says(w, 200, `{"accounts":[{"accountNumber":"1"}]}`)
			})
			for range 2 {
				if list, err := c.Accounts(t.Context(), Session{Token: "x"}); err != nil || len(list) != 1 {
					t.Fatalf("%v, %v", list, err)
				}
			}
			if len(b.made()) != 4 {
				t.Errorf("%d calls", len(b.made()))
			}
		})
	}
}

// A payment whose answer was lost is posted again: the same order under the same
// own id, as a new request.
func TestLostAnswerOfAPayment(t *testing.T) {
	var own []string
	c, b, _ := start(t, nil, func(w http.ResponseWriter, r *http.Request, _ string) {
		if own = append(own, r.Header.Get("TPP-Payment-ID")); len(own) == 1 {
			breaks(w)
		}
		says(w, 201, `{"aspspPaymentId":"p1","generalStatus":"PENDING"}`)
	})
	made, err := c.Pay(t.Context(), Session{Token: "x"}, "own-7", Payment{TransferData: TransferData{Amount: "1.00", Currency: "PLN"}})
	if err != nil || made.PaymentID != "p1" {
		t.Fatalf("%+v, %v", made, err)
	}
	if got := b.made(); !slices.Equal(own, []string{"own-7", "own-7"}) || got[0] != got[1] {
		t.Errorf("own ids %q, calls %q", own, got)
	}
	if _, err := c.Pay(t.Context(), Session{}, "", Payment{}); err == nil {
		t.Error("a payment without an id of its own was sent")
	}
}

// What a bank takes for a theft, or for a second act, is never sent again.
func TestWhatIsNeverRepeated(t *testing.T) {
	for name, act := range map[string]func(context.Context, *Client) error{
		"code":    func(ctx context.Context, c *Client) error { _, err := c.Redeem(ctx, "c", "u"); return err },
		"refresh": func(ctx context.Context, c *Client) error { _, err := c.Refresh(ctx, "r"); return err },
		"exchange": func(ctx context.Context, c *Client) error {
			_, err := c.ExchangeToAIS(ctx, "t", "id", time.Now(), Read{})
			return err
		},
		"cancel": func(ctx context.Context, c *Client) error { return c.Cancel(ctx, Session{}, Domestic, "p") },
		"ask": func(ctx context.Context, c *Client) error {
			_, err := c.Ask(ctx, Consent{Accounts: true, Until: time.Now(), Customer: &Customer{}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, b, _ := start(t, nil, func(w http.ResponseWriter, _ *http.Request, _ string) { breaks(w) })
			if err := act(t.Context(), c); err == nil || len(b.made()) != 1 {
				t.Errorf("%v after %d calls", err, len(b.made()))
			}
		})
	}
}

// A deletion that finds nothing the second time was done the first time.
func TestLostAnswerOfADeletion(t *testing.T) {
	n := 0
	c, _, _ := start(t, nil, func(w http.ResponseWriter, _ *http.Request, _ string) {
		if n++; n == 1 {
			breaks(w)
		}
		says(w, 404, `{"code":"ResourceNotFoundError"}`)
	})
	if err := c.DeleteConsent(t.Context(), "gone"); err != nil {
		t.Errorf("after a lost answer: %v", err)
	}
	if err := c.DeleteConsent(t.Context(), "unknown"); !IsNotFound(err) {
		t.Errorf("unknown at once: %v", err)
	}
}

func TestErrorsCarryWhatTheBankSaid(t *testing.T) {
	c, _, _ := start(t, nil, func(w http.ResponseWriter, r *http.Request, _ string) {
		if strings.HasSuffix(r.RequestURI, "/proxy") {
			says(w, 502, "<html>bad gateway</html>")
			return
		}
		w.Header().Set("Retry-After", "3600")
		w.Header().Set("X-Okienko-Reason", "calls_used_up")
		says(w, 429, `{"code":"TooManyRequestsError","message":"TPP daily requests limit reached"}`)
	})
	_, err := c.Accounts(t.Context(), Session{})
	var e *Error
	if !errors.As(err, &e) || e.Status != 429 || e.Code != "TooManyRequestsError" || e.RetryAfter != time.Hour || e.Reason != "calls_used_up" || len(e.RequestID) != 36 {
		t.Errorf("%+v", e)
	}
	if !IsTooOften(err) || IsGone(err) || NeedsCustomer(err) || IsTokenOver(err) || IsNotFound(err) {
		t.Error("the error is taken for another")
	}
	if _, err := c.Get(t.Context(), "/proxy", ""); !errors.As(err, &e) || e.Status != 502 || e.Code != "Bad Gateway" {
		t.Errorf("a proxy's answer: %v", err)
	}
}

// Answers are held against the bank's seal where the caller has it.
func TestSignedAnswers(t *testing.T) {
	bank, key := identity(t, "bank")
	sign := func(body string) string {
		text, err := seal.Sign(key, seal.Header{Alg: seal.ES256}, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	const body = `{"fundsAvailable":true}`
	for name, tt := range map[string]struct {
		signature string
		good      bool
	}{
		"good": {sign(body), true}, "of another body": {sign(`{"fundsAvailable":false}`), false}, "missing": {"", false}, "no signature": {"a..b", false},
	} {
		t.Run(name, func(t *testing.T) {
			c, b, _ := start(t, func(c *Config) { c.BankSeal = bank }, func(w http.ResponseWriter, _ *http.Request, _ string) {
				w.Header().Set("JWS-Signature", tt.signature)
				says(w, 200, body)
			})
			yes, err := c.Funds(t.Context(), "1", "1.00", "PLN")
			if yes != tt.good || errors.Is(err, ErrAnswerUnproven) == tt.good || len(b.made()) != 1 {
				t.Errorf("%t, %v after %d calls", yes, err, len(b.made()))
			}
		})
	}
}

// A redirect is an answer and never a place where a token is sent.
func TestRedirectsAreNotFollowed(t *testing.T) {
	c, b, _ := start(t, nil, func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Location", "https://elsewhere.example/")
		says(w, 302, ``)
	})
	if _, err := c.Accounts(t.Context(), Session{Token: "x"}); statusOf(err) != 302 || len(b.made()) != 1 {
		t.Errorf("%v", err)
	}
}

func TestWaitingEndsWithTheCaller(t *testing.T) {
	c, b, _ := start(t, func(c *Config) { c.sleep = nil }, func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Retry-After", "9")
		says(w, 503, `{}`)
	})
	ctx, cancel := context.WithCancel(t.Context())
	c.cfg.Watch = func(Exchange) { cancel() }
	if _, err := c.Accounts(ctx, Session{}); !errors.Is(err, context.Canceled) || statusOf(err) != 503 || len(b.made()) != 1 {
		t.Errorf("%v", err)
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"http":            func(c *Config) { c.URL = "http://bank.example" },
		"path":            func(c *Config) { c.URL = "https://bank.example/psd2" },
		"no bank":         func(c *Config) { c.Bank = "" },
		"no organisation": func(c *Config) { c.Organisation = "" },
		"no seal":         func(c *Config) { c.Seal = nil },
		"no QWAC":         func(c *Config) { c.QWAC.Certificate = nil },
	} {
		c, _, _ := start(t, nil, nil)
		cfg := c.cfg
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
