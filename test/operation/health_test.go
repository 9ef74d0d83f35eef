package operation

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestMetricsMeasureTheBank(t *testing.T) {
	t.Parallel()
	b := open(t)
	before := measures(b)
	for n := range 5 {
		if status, text := b.call(http.MethodPost, "/payment", payment(b.Paired.AccountID, "m"+strconv.Itoa(n))); status != http.StatusCreated {
			t.Fatalf("payment: %d %s", status, text)
		}
	}
	b.call(http.MethodGet, "/nothing/of/this/kind", "")
	after := measures(b)
	const partner = `{class="2xx",door="partner",route="POST /rest/v1/open/api/payment"}`
	for series, more := range map[string]float64{
		"okienko_http_requests_total" + partner: 5,
		`okienko_http_request_duration_seconds_count{door="partner",route="POST /rest/v1/open/api/payment"}`: 5,
		`okienko_http_requests_total{class="4xx",door="partner",route="none"}`:                               1,
		"okienko_desk_batch_orders_sum":    5,
		"okienko_desk_batch_seconds_count": 5,
	} {
		if got := after[series] - before[series]; got != more {
			t.Errorf("%s grew by %v, want %v", series, got, more)
		}
	}
	for _, series := range []string{"okienko_desk_waiting_orders", "okienko_desk_batches_failed_total", "go_goroutines", "process_resident_memory_bytes"} {
		if _, there := after[series]; !there {
			t.Errorf("there is no %s", series)
		}
	}
	for series := range after { // an own registry holds what this bank put there, and nothing that a library did
		name, _, _ := strings.Cut(series, "{")
		if !strings.HasPrefix(name, "okienko_") && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("nobody registered %s", name)
		}
		if strings.Contains(series, "nothing/of/this/kind") {
			t.Errorf("a stranger made the series %s", series)
		}
	}
}

func measures(b *bank) map[string]float64 {
	b.t.Helper()
	status, text := b.get("/metrics")
	if status != http.StatusOK {
		b.t.Fatalf("metrics: %d %s", status, text)
	}
	all := map[string]float64{}
	for line := range strings.Lines(text) {
		at := strings.LastIndexByte(strings.TrimSpace(line), ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(line)[at+1:], 64)
		if err != nil {
			b.t.Fatalf("%q: %v", line, err)
		}
		all[line[:at]] = value
	}
	return all
}

// The listeners of a bank do not lend each other their doors.
func TestEveryListenerServesItsOwn(t *testing.T) {
	t.Parallel()
	b := open(t)
	paths := map[string]string{ // path: the listener that has it
		b.Admin + "/metrics":                         "admin",
		b.People + "/login":                          "people",
		b.Sandbox + "/phone/anna/messages":           "sandbox",
		b.Partner + "/openapi.yaml":                  "partner",
		strings.TrimSuffix(b.Admin, "/") + "/readyz": "admin",
	}
	bases := map[string]string{"admin": b.Admin, "people": b.People, "sandbox": b.Sandbox, "partner": "https://" + strings.Replace(hostOf(b.Partner), "127.0.0.1", "localhost", 1)}
	for whole, own := range paths {
		_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(whole, "https://"), "http://"), "/")
		for listener, base := range bases {
			client := b.client
			if listener == "admin" {
				client = http.DefaultClient
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if there := resp.StatusCode == http.StatusOK; there != (listener == own) {
				t.Errorf("/%s on the %s listener: %d", path, listener, resp.StatusCode)
			}
		}
	}
}
