package partnerapi

import (
	"time"

	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/edge"
)

// The objects of partner-api §7, fields in the order of its text.

// objectSize fits an object with an ordinary title without growing.
const objectSize = 384

func appendAmount(b []byte, name string, a money.Amount) []byte {
	b = append(edge.AppendKey(b, name), '"')
	return append(a.AppendString(b), '"')
}

func appendTime(b []byte, name string, t time.Time) []byte {
	b = append(edge.AppendKey(b, name), '"')
	return append(t.UTC().AppendFormat(b, time.RFC3339Nano), '"')
}

// appendHold writes a hold as it is, or, with an instant, as it stands then: a
// first answer given once more must not change, a reading must not show as
// active what has expired.
func appendHold(b []byte, h *ledger.Hold, account string, at time.Time) []byte {
	status := h.Status
	if !at.IsZero() && status == ledger.Active && !at.Before(h.ValidTo) {
		status = ledger.Expired
	}
	b = append(b, '{')
	b = edge.AppendStringField(b, "blockadeId", string(h.ID))
	b = edge.AppendStringField(b, "operationId", h.OperationID)
	b = edge.AppendStringField(b, "accountId", account)
	b = appendAmount(b, "amount", h.Amount)
	b = edge.AppendStringField(b, "currency", string(h.Amount.Currency()))
	b = edge.AppendStringField(b, "title", h.Title)
	b = edge.AppendStringField(b, "status", string(status))
	b = appendTime(b, "createdAt", h.CreatedAt)
	b = appendTime(b, "validTo", h.ValidTo)
	return append(b, '}')
}

func appendPayment(b []byte, p *payment.Payment, account string) []byte {
	b = append(b, '{')
	b = edge.AppendStringField(b, "paymentId", string(p.ID))
	b = edge.AppendStringField(b, "operationId", p.OperationID)
	b = edge.AppendStringField(b, "account_id", account)
	b = appendAmount(b, "amount", p.Amount)
	b = edge.AppendStringField(b, "currency", string(p.Amount.Currency()))
	b = edge.AppendStringField(b, "title", p.Title)
	b = edge.AppendStringField(b, "status", string(p.Status))
	b = appendTime(b, "createdAt", p.CreatedAt)
	b = edge.AppendStringField(b, "executionDate", p.ExecutionDate.String())
	if p.Hold != "" {
		b = edge.AppendStringField(b, "blockadeId", string(p.Hold))
	}
	return append(b, '}')
}

// appendTransaction writes one booked movement. The amount is positive, the
// side says which way it went. No balance: partner-api §7 has no such call, so
// none may be read between the lines either.
func appendTransaction(b []byte, t *payment.Transaction, account string) []byte {
	amount, side := t.Amount, "CREDIT"
	if amount.IsNegative() {
		// No posting is the smallest int64, which has no opposite: amounts have at
		// most 14 digits (money.MaxIntegerDigits).
		amount, _ = amount.Neg()
		side = "DEBIT"
	}
	b = append(b, '{')
	b = edge.AppendStringField(b, "transactionId", string(t.ID))
	b = edge.AppendStringField(b, "accountId", account)
	b = appendAmount(b, "amount", amount)
	b = edge.AppendStringField(b, "currency", string(amount.Currency()))
	b = edge.AppendStringField(b, "side", side)
	b = edge.AppendStringField(b, "title", t.Title)
	b = edge.AppendStringField(b, "counterpartyName", t.Other.Name)
	b = edge.AppendStringField(b, "counterpartyAccount", t.Other.Number)
	b = edge.AppendStringField(b, "kind", string(t.Kind))
	b = appendTime(b, "bookedAt", t.At)
	if t.Payment != "" {
		b = edge.AppendStringField(b, "paymentId", t.Payment)
	}
	if t.Hold != "" {
		b = edge.AppendStringField(b, "blockadeId", string(t.Hold))
	}
	return append(b, '}')
}

func appendAuthorisation(b []byte, a *payment.Authorisation, at time.Time) []byte {
	b = append(b, '{')
	b = edge.AppendStringField(b, "authorizationId", string(a.ID))
	b = edge.AppendStringField(b, "status", string(a.At(at)))
	if a.Hold != "" {
		b = edge.AppendStringField(b, "blockadeId", string(a.Hold))
	}
	if a.Payment != "" {
		b = edge.AppendStringField(b, "paymentId", string(a.Payment))
	}
	return append(b, '}')
}

// page writes a list: at most size of the objects, and a cursor when there are
// more of them.
func page[T any](name, kind string, size int, objects []T, write func([]byte, *T) []byte, place func(*T) payment.Place) []byte {
	shown := objects[:min(size, len(objects))]
	b := make([]byte, 0, 64+len(shown)*objectSize)
	b = append(b, '{')
	b = append(edge.AppendKey(b, name), '[')
	for i := range shown {
		if i > 0 {
			b = append(b, ',')
		}
		b = write(b, &shown[i])
	}
	b = append(b, ']')
	if len(objects) > size {
		b = edge.AppendStringField(b, "nextCursor", cursor(kind, place(&shown[size-1])))
	}
	return append(b, '}')
}
