package portal

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/service"
	"okienko/web/ui"
)

// counted is a book of what was counted in one day.
type counted struct {
	service.Book
	since time.Time
}

func (c counted) Tallies(_ context.Context, first, last calendar.Date) ([]service.Tally, error) {
	t := service.Tally{Day: calendar.DateOf(c.since), Channel: service.Dedicated, Kind: service.Information, Calls: 8, Faults: 1, Took: 100 * time.Millisecond}
	if t.Day.Before(first) || t.Day.After(last) {
		return nil, nil
	}
	return []service.Tally{t}, nil
}

func (c counted) Outages(_ context.Context, from, to time.Time) ([]service.Outage, error) {
	o := service.Outage{Channel: service.Dedicated, From: c.since.Add(time.Hour), To: c.since.Add(time.Hour + 6*time.Minute)}
	if !o.To.After(from) || !o.From.Before(to) {
		return nil, nil
	}
	return []service.Outage{o}, nil
}

func (c counted) Since(context.Context, service.Channel) (time.Time, error) { return c.since, nil }

type at time.Time

func (t at) Now() time.Time { return time.Time(t) }

func open(t *testing.T, now time.Time) http.Handler {
	t.Helper()
	pages, err := ui.New()
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{Pages: pages, Service: counted{since: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}, Wall: at(now)})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	d.Routes(mux)
	return mux
}

func get(t *testing.T, h http.Handler, path, language string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", language)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Ten hours after the beginning: six minutes of ten hours were an outage, that is
// one per cent; one call of eight was answered with a fault.
var now = time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)

func TestAnybodyReadsTheStatistics(t *testing.T) {
	h := open(t, now)
	for language, percent := range map[string]string{"pl": "99,0000", "en": "99.0000"} {
		for _, path := range []string{"/statistics", "/statistics/2026-Q4"} {
			w := get(t, h, path, language)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), percent) || !strings.Contains(w.Body.String(), "12") {
				t.Errorf("%s in %s: %d, without %s", path, language, w.Code, percent)
			}
		}
	}
}

func TestTheFileOfAQuarter(t *testing.T) {
	w := get(t, open(t, now), "/statistics/2026-Q4.csv", "pl")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") || !strings.Contains(w.Header().Get("Content-Disposition"), "statistics-2026-Q4.csv") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, row := range rows {
		switch {
		case row[0] == "2026-11-20" && row[1] == "psd2", row[0] == "2026-Q4" && row[1] == "psd2":
			found++
			want := []string{row[0], "psd2", "99.0000", "1.0000", "12.5", "", "", "12.5000", "8"}
			if strings.Join(row, ",") != strings.Join(want, ",") {
				t.Errorf("%v, want %v", row, want)
			}
		}
	}
	if found != 2 || len(rows) != 5 {
		t.Errorf("%d rows: %v", len(rows), rows)
	}
}

func TestQuartersThatAreNone(t *testing.T) {
	h := open(t, now)
	for _, path := range []string{"/statistics/2027-Q1", "/statistics/2026-Q5", "/statistics/2026-Q0.csv", "/statistics/now", "/statistics/1999-Q1", "/statistics/2026-q4"} {
		if w := get(t, h, path, "en"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := get(t, h, "/statistics/2026-Q3", "en"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "99.0000") {
		t.Errorf("a quarter in which nothing was counted: %d", w.Code)
	}
}
