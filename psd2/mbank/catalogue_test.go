package mbank

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
)

// sample is one request of mBank's own collection (psd2/mbank/README.md of the
// specifications).
type sample struct {
	Folder  []string        `json:"folder"`
	Name    string          `json:"name"`
	Method  string          `json:"method"`
	URL     string          `json:"url"`
	Body    json.RawMessage `json:"body"`
	Headers []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"headers"`
}

func readCatalogue(t *testing.T) []sample {
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
		t.Skipf("MBANK'S REQUEST CATALOGUE IS NOT HERE, so none of its bodies was read: %v", err)
	}
	var c struct {
		Requests []sample `json:"requests"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c.Requests
}

// filled puts values into the {{variables}} of a sample.
func (s *sample) filled() string {
	return strings.NewReplacer(
		"{{recipientAccountNumber}}", payee, "{{recipientAccountNumber_2}}", "88342437927928550883469351", "{{senderAccountNumber}}", payer,
		"{{currency}}", "PLN", "{{executionDate}}", someDay.String(), "{{aspspPaymentId}}", "3f0c0a52-5f9b-4a3a-9f0e-0d6a3a1f7a11",
		"{{aspspBundleId}}", "3f0c0a52-5f9b-4a3a-9f0e-0d6a3a1f7a12",
	).Replace(string(s.Body))
}

// is tells whether a sample calls a path for a payment.
func (s *sample) is(path string) bool { return s.Method == "POST" && strings.HasSuffix(s.URL, path) }

// A mend is what must be changed in the catalogue before it can hold in any bank.
// Whoever runs all of it as one flow applies them; nothing else may be changed.
type mend struct {
	what   string
	why    string
	needed func([]sample) bool   // tells that the catalogue still has the fault
	body   func(s string) string // for faults in bodies: mends one
}

var mends = []mend{
	{
		what: "the split payment is of 1.23", why: "a payment of 0.01 with VAT of 0.23: the VAT is at most the whole amount",
		needed: anyBody(`"spTaxAmount": "0.23"`, `"amount": "0.01"`),
		body: func(s string) string {
			if !strings.Contains(s, `"spTaxAmount"`) {
				return s
			}
			return strings.ReplaceAll(s, `"amount": "0.01"`, `"amount": "1.23"`)
		},
	},
	{
		what: "the standing order begins tomorrow", why: "it begins on 2018-07-26 and ends on 2025-07-26, both in the past",
		needed: anyBody(`"startDate": "2018-07-26"`),
		body:   strings.NewReplacer("2018-07-26", someDay.AddDays(1).String(), "2025-07-26", someDay.AddDays(360).String()).Replace,
	},
	{
		what: "every authorisation has a consentId of its own", why: "the third party chooses the id, and an id names one consent: the collection uses {{tppConsentId}} for each of them, " +
			"also for the consent that cancels a bundle",
		needed: func(all []sample) bool {
			n := 0
			for i := range all {
				if all[i].is("/auth/authorize") && strings.Contains(string(all[i].Body), `"consentId": "{{tppConsentId}}"`) {
					n++
				}
			}
			return n > 1
		},
	},
	{
		what: "registration comes first", why: "it gives the client_id that every other request carries, and stands last",
		needed: func(all []sample) bool { return strings.HasSuffix(all[len(all)-1].URL, "/register/") },
	},
	{
		what: "the list of transactions comes before the details of one", why: "the id of a transaction is learnt from the list",
		needed: func(all []sample) bool {
			list := slices.IndexFunc(all, func(s sample) bool { return strings.Contains(s.URL, "/transactions?") })
			detail := slices.IndexFunc(all, func(s sample) bool { return strings.Contains(s.URL, "/transactions/{{") })
			return detail < list
		},
	},
	{
		what: "the customer gives a consent for funds on the bank's page", why: "the collection asks for funds and has no consent for it; PSD2 art. 65 wants the customer's, given to the bank",
		needed: func(all []sample) bool {
			return slices.ContainsFunc(all, func(s sample) bool { return s.is("/funds-confirmation") }) &&
				!slices.ContainsFunc(all, func(s sample) bool { return s.is("/auth/authorize") && strings.Contains(string(s.Body), "caf") })
		},
	},
}

// anyBody tells whether one body holds all of the words.
func anyBody(words ...string) func([]sample) bool {
	return func(all []sample) bool {
		return slices.ContainsFunc(all, func(s sample) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(string(s.Body), w) })
		})
	}
}

// mended applies every mend of bodies.
func mended(body string) string {
	for _, m := range mends {
		if m.body != nil {
			body = m.body(body)
		}
	}
	return body
}

// asked reads a sample as the door does: an authorisation's privileges, a payment
// or a bundle. ok is false for samples without either.
func (s *sample) asked(t *testing.T, body string) (ask paymentAsk, ok bool) {
	t.Helper()
	if !s.is("/auth/authorize") && !s.is("/payments/domestic") && !s.is("/payments/bundle/domestic") {
		return paymentAsk{}, false
	}
	o, err := edge.ParseObject([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	r := &reading{}
	switch root := r.open(o, ""); {
	case s.is("/payments/domestic"):
		order, _ := root.readInstruction(transfer.Domestic, false)
		ask = paymentAsk{orders: []xs2a.Ordered{{Order: *order}}}
	case s.is("/payments/bundle/domestic"):
		ask = root.readBundle(transfer.Domestic)
	case root.text("scope", 16) != "pis":
		return paymentAsk{}, false
	default:
		ask, err = readPaymentPrivileges(root.inside("scope_details").list("privilegeList"), "scope_details.privilegeList")
	}
	if err == nil {
		err = r.err()
	}
	if err != nil {
		t.Errorf("%s: %v", s.Name, err)
	}
	return ask, true
}

// TestCatalogueIsRead: every body about payments is read as it stands, and with
// the mends is an order that the bank can follow.
func TestCatalogueIsRead(t *testing.T) {
	now := someDay.Start()
	read, faulty := 0, 0
	for _, s := range readCatalogue(t) {
		raw, ok := s.asked(t, s.filled())
		if !ok {
			continue
		}
		read++
		if err := psd2.CheckOrders(raw.orders, raw.bundle && len(raw.orders) > 0, raw.total, now); err != nil {
			faulty++
		}
		ask, _ := s.asked(t, mended(s.filled()))
		if err := psd2.CheckOrders(ask.orders, ask.bundle && len(ask.orders) > 0, ask.total, now); err != nil {
			t.Errorf("%v: %s: %v", s.Folder, s.Name, err)
		}
	}
	// Four payments with their authorisations, and two that cancel.
	if read != 10 {
		t.Errorf("%d bodies about payments were read, want 10", read)
	}
	if faulty != 4 {
		t.Errorf("%d bodies need a mend, want the split payment and the standing order, each twice", faulty)
	}
}

// TestMendsAreNeeded: a mend that nothing needs any more would hide a fault of
// ours.
func TestMendsAreNeeded(t *testing.T) {
	all := readCatalogue(t)
	for _, m := range mends {
		if m.what == "" || m.why == "" || !m.needed(all) {
			t.Errorf("nothing needs the mend %q", m.what)
		}
	}
}
