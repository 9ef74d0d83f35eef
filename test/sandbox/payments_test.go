package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"okienko/bank/nrb"
	"okienko/client"
	"okienko/okienkotest"
	"okienko/test/engine"
)

// Every row of the table of payments in docs/sandbox.md is brought out over
// mutual TLS with signed requests, by whatever way the row's turn is: title,
// account, amount, one after the other. The first word in backquotes of a row's
// last column is the status in which it ends, a second one what it was before.
func TestEveryPaymentOfTheTableIsBroughtOut(t *testing.T) {
	text, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\| `(scenario:[a-z-]+)` \\| `(9913\\d\\d)` \\| (13\\.\\d\\d) \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1)
	if len(rows) == 0 {
		t.Fatal("the table of payments has no rows")
	}
	// A Tuesday at noon: no wait of the table crosses a month, nor its limits.
	tuesday := time.Date(2026, 3, 10, 11, 0, 0, 0, time.UTC)
	b := okienkotest.Start(t, okienkotest.Frozen(tuesday), okienkotest.Database(engine.DSN(t)))
	tpp := b.ThirdParty(t, "Przelewy na próbę")
	for i, row := range rows {
		t.Run(row[2], func(t *testing.T) {
			title, ending, amount, story := "Faktura 7", "000042", "25.00", row[5]
			switch i % 3 {
			case 0:
				title += " " + row[2]
			case 1:
				ending = row[3]
			default:
				amount = row[4]
			}
			before := available(t, b, "jan")
			pays := order(t, b, tpp, title, ending, amount)
			if strings.Contains(story, "`pending`") {
				pays.is(t, "PENDING")
				wait := time.Minute
				if strings.Contains(story, "a day") {
					wait = 24 * time.Hour
				}
				b.Wait(t, wait-time.Second)
				pays.stays(t, "PENDING")
				b.Wait(t, time.Second)
			}
			end := "DONE"
			if strings.Contains(story, "`rejected`") {
				end = "REJECTED"
			}
			got := pays.is(t, end)
			if code := regexp.MustCompile(`\b[A-Z]{2}\d\d\b`).FindString(story); end == "REJECTED" && !strings.Contains(got.DetailedStatus, code) {
				t.Errorf("the reason is %q, the table says %s", got.DetailedStatus, code)
			}
			switch {
			case end == "REJECTED":
				balance(t, b, "jan", before)
			case strings.Contains(story, "comes back"):
				if available(t, b, "jan") == before {
					t.Error("the money did not leave")
				}
				if wait := 10 * time.Minute; strings.Contains(story, "ten minutes") {
					b.Wait(t, wait)
				} else {
					b.Wait(t, 5*24*time.Hour) // longer than any weekend
				}
				balance(t, b, "jan", before)
			default:
				if available(t, b, "jan") == before {
					t.Error("the money did not leave")
				}
			}
		})
	}
}

// paying is a payment that somebody follows.
type paying struct {
	tpp     *okienkotest.ThirdParty
	made    client.Initiated
	refresh string // token
}

func order(t *testing.T, b *okienkotest.Bank, tpp *okienkotest.ThirdParty, title, ending, amount string) *paying {
	t.Helper()
	payee, err := nrb.Make("00000026", "7777777777"+ending)
	if err != nil {
		t.Fatal(err)
	}
	p := client.Payment{
		Recipient:    client.Party{AccountNumber: string(payee), Name: "Drukarnia Kleks sp. z o.o."},
		TransferData: client.TransferData{Description: title, Amount: amount, Currency: "PLN"},
		DeliveryMode: "EXPRESS_D0", System: "EXPRESS_ELIXIR",
	}
	given := tpp.Consent(t, "jan", client.Consent{Payment: &p})
	made, err := tpp.Pay(t.Context(), given.Session(), client.NewID(), p)
	if err != nil {
		t.Fatalf("paying: %v", err)
	}
	return &paying{tpp, made, given.Refresh}
}

// look asks for the status, with a fresh token: the clock may have jumped.
func (p *paying) look(t *testing.T) (client.Initiated, error) {
	next, err := p.tpp.Refresh(t.Context(), p.refresh)
	if err != nil {
		return client.Initiated{}, err
	}
	p.refresh = next.Refresh
	return p.tpp.PaymentStatus(t.Context(), client.Session{Token: next.Access}, p.made)
}

// is waits until the payment has a status.
func (p *paying) is(t *testing.T, status string) client.Initiated {
	t.Helper()
	var now client.Initiated
	eventually(t, func() (err error) {
		if now, err = p.look(t); err == nil && now.GeneralStatus != status {
			err = fmt.Errorf("the payment is %s (%s), not %s", now.GeneralStatus, now.DetailedStatus, status)
		}
		return err
	})
	return now
}

// stays looks once: the sender has had the time of two calls to err.
func (p *paying) stays(t *testing.T, status string) {
	t.Helper()
	now, err := p.look(t)
	if err != nil || now.GeneralStatus != status {
		t.Errorf("the payment is %s, not %s: %v", now.GeneralStatus, status, err)
	}
}

// available is what somebody's first account has.
func available(t *testing.T, b *okienkotest.Bank, login string) string {
	t.Helper()
	a := b.Customers(t, http.MethodGet, "/api/people/"+login+"/accounts", nil)
	found := regexp.MustCompile(`"available":"([^"]+)"`).FindSubmatch(a.Body)
	if a.Status != http.StatusOK || found == nil {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	return string(found[1])
}

func balance(t *testing.T, b *okienkotest.Bank, login, want string) {
	t.Helper()
	eventually(t, func() error {
		if got := available(t, b, login); got != want {
			return fmt.Errorf("%s has %s available, not %s", login, got, want)
		}
		return nil
	})
}

// eventually looks again and again: background work tells nobody when it is done.
func eventually(t *testing.T, look func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		err := look()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatal(errors.Join(err, ctx.Err()))
		}
	}
}
