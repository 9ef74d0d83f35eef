// Package catalogue reads mBank's own collection of example requests, and knows
// what in it cannot hold in any bank. Its tests are where it is played: the door's
// own and those of whole flows.
package catalogue

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"okienko/bank/calendar"
)

// Sample is one request of mBank's own collection (psd2/mbank/README.md of the
// specifications).
type Sample struct {
	Folder  []string        `json:"folder"`
	Name    string          `json:"name"`
	Method  string          `json:"method"`
	URL     string          `json:"url"`
	Body    json.RawMessage `json:"body"`
	Headers []struct {
		Name     string `json:"name"`
		Value    string `json:"value"`
		Disabled bool   `json:"disabled"`
	} `json:"headers"`
}

// Read reads the collection. Without the specifications beside the project it skips
// loudly, and fails under CI.
func Read(t testing.TB) []Sample {
	t.Helper()
	folder := os.Getenv("OKIENKO_SPEC_DIR")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "spec")
	}
	text, err := os.ReadFile(filepath.Join(folder, "psd2", "mbank", "mbank-postman-v3-requests.json"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("mBank's request catalogue is not here: %v", err)
		}
		t.Skipf("MBANK'S REQUEST CATALOGUE IS NOT HERE, so nothing of it was tried: %v", err)
	}
	var c struct {
		Requests []Sample `json:"requests"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c.Requests
}

// Is tells whether a Sample calls a path for a payment.
func (s *Sample) Is(path string) bool { return s.Method == "POST" && strings.HasSuffix(s.URL, path) }

// Mend is what must be changed in the collection before it can hold in any bank.
// Whoever plays all of it as one flow applies them; nothing else may be changed.
type Mend struct {
	What   string
	Why    string
	Needed func([]Sample) bool      // tells that the collection still has the fault
	body   func(body string) string // for faults in bodies: mends one
}

// Mends are all of them, on a day of the bank.
func Mends(today calendar.Date) []Mend {
	return []Mend{
		{
			What: "the split payment is of 1.23", Why: "a payment of 0.01 with VAT of 0.23: the VAT is at most the whole amount",
			Needed: anyBody(`"spTaxAmount": "0.23"`, `"amount": "0.01"`),
			body: func(s string) string {
				if !strings.Contains(s, `"spTaxAmount"`) {
					return s
				}
				return strings.ReplaceAll(s, `"amount": "0.01"`, `"amount": "1.23"`)
			},
		},
		{
			What: "the standing order begins tomorrow", Why: "it begins on 2018-07-26 and ends on 2025-07-26, both in the past",
			Needed: anyBody(`"startDate": "2018-07-26"`),
			body:   strings.NewReplacer("2018-07-26", today.AddDays(1).String(), "2025-07-26", today.AddDays(360).String()).Replace,
		},
		{
			What: "every authorisation has a consentId of its own", Why: "the third party chooses the id, and an id names one consent: the collection uses {{tppConsentId}} for each of them, " +
				"also for the consent that cancels a bundle",
			Needed: func(all []Sample) bool {
				n := 0
				for i := range all {
					if all[i].Is("/auth/authorize") && strings.Contains(string(all[i].Body), `"consentId": "{{tppConsentId}}"`) {
						n++
					}
				}
				return n > 1
			},
		},
		{
			What: "registration comes first", Why: "it gives the client_id that every other request carries, and stands last",
			Needed: func(all []Sample) bool { return strings.HasSuffix(all[len(all)-1].URL, "/register/") },
		},
		{
			What: "the list of transactions comes before the details of one", Why: "the id of a transaction is learnt from the list",
			Needed: func(all []Sample) bool {
				list := slices.IndexFunc(all, func(s Sample) bool { return strings.Contains(s.URL, "/transactions?") })
				detail := slices.IndexFunc(all, func(s Sample) bool { return strings.Contains(s.URL, "/transactions/{{") })
				return detail < list
			},
		},
		{
			What: "the customer gives a consent for funds on the bank's page", Why: "the collection asks for funds and has no consent for it; PSD2 art. 65 wants the customer's, given to the bank",
			Needed: func(all []Sample) bool {
				return slices.ContainsFunc(all, func(s Sample) bool { return s.Is("/funds-confirmation") }) &&
					!slices.ContainsFunc(all, func(s Sample) bool { return s.Is("/auth/authorize") && strings.Contains(string(s.Body), "caf") })
			},
		},
	}
}

// anyBody tells whether one body holds all of the words.
func anyBody(words ...string) func([]Sample) bool {
	return func(all []Sample) bool {
		return slices.ContainsFunc(all, func(s Sample) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(string(s.Body), w) })
		})
	}
}

// Mended applies every mend of bodies.
func Mended(body string, today calendar.Date) string {
	for _, m := range Mends(today) {
		if m.body != nil {
			body = m.body(body)
		}
	}
	return body
}
