package client

import "time"

// scope is a consent as the wire words it.
type scope struct {
	name, group string
	privileges  []any
}

func (s *scope) details(consentID string, until time.Time) map[string]any {
	return map[string]any{
		"privilegeList": s.privileges, "scopeGroupType": s.group, "consentId": consentID,
		"scopeTimeLimit": stamp(until), "throttlingPolicy": "PSD2_REGULATORY",
	}
}

// mbank words a consent, which is for exactly one thing.
func (k *Consent) mbank() (scope, error) {
	var all []scope
	payments := func(name string, privilege map[string]any) {
		all = append(all, scope{"pis", "PIS", []any{map[string]any{name: privilege}}})
	}
	if k.Accounts {
		all = append(all, scope{"ais-accounts", "AIS_ACCOUNTS", []any{map[string]any{"ais-accounts:accounts": struct{}{}}}})
	}
	if k.Read != nil {
		all = append(all, k.Read.mbank())
	}
	if p := k.Payment; p != nil {
		if err := p.inMBank(); err != nil {
			return scope{}, err
		}
		w := p.Kind.words()
		payments(w.privilege, map[string]any{"scopeUsageLimit": "SINGLE", w.request: p})
	}
	if b := k.Bundle; b != nil {
		if err := b.inMBank(); err != nil {
			return scope{}, err
		}
		w := b.Kind.words()
		payments(w.bundle, map[string]any{"scopeUsageLimit": "SINGLE", w.bundleRequest: b})
	}
	if t := k.Status; t != nil {
		name, what := t.mbank("pis:payment", "pis:bundle")
		what["scopeUsageLimit"] = "MULTIPLE"
		payments(name, what)
	}
	if t := k.Cancel; t != nil {
		payments(t.mbank("pis:cancelPayment", "pis:cancelBundlePayments"))
	}
	if len(all) != 1 {
		return scope{}, errNotOneThing
	}
	return all[0], nil
}

func (t *Target) mbank(payment, bundle string) (name string, what map[string]any) {
	if t.BundleID != "" {
		return bundle, map[string]any{"aspspBundleId": t.BundleID}
	}
	return payment, map[string]any{"aspspPaymentId": t.PaymentID}
}

func (r *Read) mbank() scope {
	limit := "MULTIPLE"
	if r.Once {
		limit = "SINGLE"
	}
	statuses := r.statuses()
	s := scope{name: "ais", group: "AIS"}
	for _, number := range r.numbers() {
		p := map[string]any{"ais:accountDetails": map[string]any{"scopeUsageLimit": limit}}
		if r.Days != 0 {
			p["ais:transactionDetails"] = map[string]any{"scopeUsageLimit": limit}
			p["ais:transactions"] = map[string]any{"scopeUsageLimit": limit, "maxAllowedHistoryLong": r.Days, "transactionStatus": statuses}
		}
		if number != "" {
			p["accountNumber"] = number
		}
		s.privileges = append(s.privileges, p)
	}
	return s
}
