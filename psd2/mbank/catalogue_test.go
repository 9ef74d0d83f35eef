package mbank

import (
	"strings"
	"testing"

	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
	"okienko/test/catalogue"
)

// sample is one request of mBank's own collection.
type sample struct{ catalogue.Sample }

func readCatalogue(t *testing.T) []sample {
	t.Helper()
	list := catalogue.Read(t)
	out := make([]sample, len(list))
	for i := range list {
		out[i] = sample{list[i]}
	}
	return out
}

// filled puts values into the {{variables}} of a sample.
func (s *sample) filled() string {
	return strings.NewReplacer(
		"{{recipientAccountNumber}}", payee, "{{recipientAccountNumber_2}}", "88342437927928550883469351", "{{senderAccountNumber}}", payer,
		"{{currency}}", "PLN", "{{executionDate}}", someDay.String(), "{{aspspPaymentId}}", "3f0c0a52-5f9b-4a3a-9f0e-0d6a3a1f7a11",
		"{{aspspBundleId}}", "3f0c0a52-5f9b-4a3a-9f0e-0d6a3a1f7a12",
	).Replace(string(s.Body))
}

// asked reads a sample as the door does: an authorisation's privileges, a payment
// or a bundle. ok is false for samples without either.
func (s *sample) asked(t *testing.T, body string) (ask paymentAsk, ok bool) {
	t.Helper()
	if !s.Is("/auth/authorize") && !s.Is("/payments/domestic") && !s.Is("/payments/bundle/domestic") {
		return paymentAsk{}, false
	}
	o, err := edge.ParseObject([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	r := &wire.Reading{}
	switch root := open(r, o, ""); {
	case s.Is("/payments/domestic"):
		order, _ := root.readInstruction(transfer.Domestic, false)
		ask = paymentAsk{Subject: psd2.Subject{Orders: []xs2a.Ordered{{Order: *order}}}}
	case s.Is("/payments/bundle/domestic"):
		ask = root.readBundle(transfer.Domestic)
	case root.Text("scope", 16) != "pis":
		return paymentAsk{}, false
	default:
		ask, err = readPaymentPrivileges(r, root.inside("scope_details").List("privilegeList"), "scope_details.privilegeList")
	}
	if err == nil {
		err = r.Err()
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
		if err := psd2.CheckOrders(raw.Orders, raw.Bundle && len(raw.Orders) > 0, raw.Total, now); err != nil {
			faulty++
		}
		ask, _ := s.asked(t, catalogue.Mended(s.filled(), someDay))
		if err := psd2.CheckOrders(ask.Orders, ask.Bundle && len(ask.Orders) > 0, ask.Total, now); err != nil {
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
	all := catalogue.Read(t)
	for _, m := range catalogue.Mends(someDay) {
		if m.What == "" || m.Why == "" || !m.Needed(all) {
			t.Errorf("nothing needs the mend %q", m.What)
		}
	}
}
