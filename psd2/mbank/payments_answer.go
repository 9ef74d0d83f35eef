package mbank

import (
	"strings"

	"okienko/bank/transfer"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

var statuses = []wire.Word[transfer.Status]{
	wire.Pair(transfer.Submitted, "SUBMITTED"), wire.Pair(transfer.Pending, "PENDING"), wire.Pair(transfer.Scheduled, "SCHEDULED"),
	wire.Pair(transfer.Done, "DONE"), wire.Pair(transfer.Rejected, "REJECTED"), wire.Pair(transfer.Cancelled, "CANCELLED"),
}

var bundleStatuses = []wire.Word[transfer.BundleStatus]{
	wire.Pair(transfer.BundleInProgress, "IN_PROGRESS"), wire.Pair(transfer.BundleCancelled, "CANCELLED"),
	wire.Pair(transfer.BundleDone, "DONE"), wire.Pair(transfer.BundlePartly, "PARTIALLY_DONE"),
}

var standingStatuses = []wire.Word[transfer.StandingStatus]{
	wire.Pair(transfer.StandingSubmitted, "SUBMITTED"), wire.Pair(transfer.StandingInProgress, "IN_PROGRESS"),
	wire.Pair(transfer.StandingCancelled, "CANCELLED"), wire.Pair(transfer.StandingClosed, "CLOSE"),
}

// generalOf says of a standing order what generalStatus says of payments, for
// clients that read only that: it too moves only forward.
var generalOf = []wire.Word[transfer.StandingStatus]{
	wire.Pair(transfer.StandingSubmitted, "SUBMITTED"), wire.Pair(transfer.StandingInProgress, "SCHEDULED"),
	wire.Pair(transfer.StandingCancelled, "CANCELLED"), wire.Pair(transfer.StandingClosed, "DONE"),
}

// told answers with where something stands; included adds the payments of a
// bundle.
func (d *Door) told(c *call, status int, m *psd2.Made, included bool) (wire.Answer, error) {
	b := make([]byte, 0, 1024)
	var err error
	switch {
	case m.Transfer != nil:
		b, err = d.appendTransfer(c, b, m.Transfer, false)
	case m.Bundle != nil:
		b, err = d.appendBundle(c, b, m, included)
	default:
		b = appendStanding(b, m.Standing, d.statusLink(c, m))
	}
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{Status: status, Body: b}, nil
}

// statusLink is where the status is read: absolute in the path, without a host,
// as mBank's samples put it behind theirs (psd2 §3.2).
func (d *Door) statusLink(c *call, m *psd2.Made) string {
	bankID, _, _ := strings.Cut(strings.TrimPrefix(c.R.URL.Path, "/"), "/")
	path := "/payments/"
	if m.Bundle != nil {
		path += "bundle/"
	}
	return "/" + bankID + "/v3" + path + formOf(m.Kind()).segment + "/" + wire.HandleOf(m.ID()) + "/status"
}

func appendStatusLink(dst []byte, href string) []byte {
	dst = append(edge.AppendKey(dst, "links"), '[', '{')
	dst = edge.AppendStringField(dst, "rel", "status")
	dst = edge.AppendStringField(dst, "href", href)
	return append(edge.AppendStringField(dst, "action", "GET"), '}', ']')
}

// appendTransfer writes a payment. One inside the answer of its bundle carries
// the id that the third party gave it there.
func (d *Door) appendTransfer(c *call, dst []byte, t *transfer.Transfer, inBundle bool) ([]byte, error) {
	failure, err := d.core.Failure(c.Ctx(), t)
	if err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	if !inBundle {
		dst = appendStatusLink(dst, d.statusLink(c, &psd2.Made{Transfer: t}))
	}
	dst = edge.AppendStringField(dst, "aspspPaymentId", wire.HandleOf(string(t.ID)))
	dst = wire.MaybeText(dst, "tppPaymentId", t.TPPID)
	dst = edge.AppendStringField(dst, "generalStatus", wire.Spell(statuses, t.Status))
	detail := psd2.Progress(t)
	if failure != nil {
		detail += " " + failure.Text
	}
	dst = edge.AppendStringField(dst, "detailedStatus", detail)
	dst = wire.MaybeText(dst, "system", wire.Spell(systems, t.System))
	if failure != nil {
		dst = appendFailure(dst, failure, t.Order.Kind)
	}
	return append(dst, '}'), nil
}

// appendFailure writes why a payment failed, in parts that a program can read.
func appendFailure(dst []byte, f *psd2.Failure, k transfer.Kind) []byte {
	dst = append(edge.AppendKey(dst, "rejection"), '{')
	dst = edge.AppendStringField(dst, "reason", strings.ToUpper(string(f.Code)))
	dst = edge.AppendStringField(dst, "message", f.Text)
	if f.Field != "" {
		dst = edge.AppendStringField(dst, "field", wireField(f.Field, k))
	}
	dst = edge.AppendBoolField(dst, "consentValid", f.ConsentStands)
	return append(edge.AppendStringField(dst, "referenceNumber", f.Reference), '}')
}

func (d *Door) appendBundle(c *call, dst []byte, m *psd2.Made, included bool) ([]byte, error) {
	dst = appendStatusLink(append(dst, '{'), d.statusLink(c, m))
	dst = edge.AppendStringField(dst, "aspspBundleId", wire.HandleOf(string(m.Bundle.ID)))
	dst = wire.MaybeText(dst, "tppBundleId", m.Bundle.TPPID)
	status := wire.Spell(bundleStatuses, transfer.StatusOf(m.Transfers))
	dst = edge.AppendStringField(dst, "generalStatus", status)
	dst = edge.AppendStringField(dst, "detailedStatus", psd2.BundleProgress(m.Transfers))
	if included {
		dst = append(edge.AppendKey(dst, "transfers"), '[')
		for i := range m.Transfers {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = d.appendTransfer(c, dst, &m.Transfers[i], true); err != nil {
				return nil, err
			}
		}
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}

func appendStanding(dst []byte, s *transfer.Standing, href string) []byte {
	dst = appendStatusLink(append(dst, '{'), href)
	dst = edge.AppendStringField(dst, "aspspPaymentId", wire.HandleOf(string(s.ID)))
	dst = wire.MaybeText(dst, "tppPaymentId", s.TPPID)
	dst = edge.AppendStringField(dst, "generalStatus", wire.Spell(generalOf, s.Status))
	dst = edge.AppendStringField(dst, "detailedStatus", psd2.StandingProgress(s))
	dst = edge.AppendStringField(dst, "recurringPaymentStatus", wire.Spell(standingStatuses, s.Status))
	dst = edge.AppendIntField(dst, "paymentsMade", int64(s.Made))
	if !s.Due.IsZero() {
		dst = edge.AppendStringField(dst, "nextExecutionDate", dateOf(s.Due))
	}
	return append(dst, '}')
}
