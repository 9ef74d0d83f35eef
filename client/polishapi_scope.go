package client

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// scopeDetails are what a consent is for (psd2 §2.3).
type scopeDetails struct {
	Privileges []map[string]any `json:"privilegeList"`
	Group      string           `json:"scopeGroupType"`
	ConsentID  string           `json:"consentId"`
	Until      string           `json:"scopeTimeLimit"`
	Throttling string           `json:"throttlingPolicy"`
}

// histories are the privileges and the operations that read a history, by status.
var histories = map[string]string{
	StatusDone: "getTransactionsDone", StatusPending: "getTransactionsPending", StatusScheduled: "getTransactionsScheduled",
	StatusRejected: "getTransactionsRejected", StatusCancelled: "getTransactionsCancelled", StatusHold: "getHolds",
}

// scope words a consent, which is for exactly one thing.
func (p polishAPI) scope(k *Consent) (*scopeDetails, error) {
	if k.ID == "" || k.Until.IsZero() {
		return nil, errors.New("client: PolishAPI says with every scope of which consent it is, and until when: Consent.ID and Consent.Until")
	}
	out := &scopeDetails{ConsentID: k.ID, Until: stamp(k.Until), Throttling: "psd2Regulatory"}
	things := 0
	add := func(group string, privileges ...map[string]any) {
		things++
		out.Group, out.Privileges = group, privileges
	}
	if k.Accounts {
		add("ais-accounts", map[string]any{"ais-accounts:getAccounts": usage("multiple")})
	}
	if k.Read != nil {
		add("ais", k.Read.polish()...)
	}
	if k.Payment != nil || k.Bundle != nil {
		name, what, err := p.orderPrivilege(k)
		if err != nil {
			return nil, err
		}
		add("pis", map[string]any{name: what})
		if k.Payment != nil && k.Bundle != nil {
			things++
		}
	}
	if t := k.Status; t != nil {
		add("pis", t.polish("multiple", "pis:getPayment", "pis:getRecurringPayment", "pis:getBundle"))
	}
	if t := k.Cancel; t != nil {
		add("pis", t.polish("single", "pis:cancelPayment", "pis:cancelRecurringPayment", "pis:cancelPayment"))
	}
	if things != 1 {
		return nil, errNotOneThing
	}
	return out, nil
}

func usage(limit string) map[string]any { return map[string]any{"scopeUsageLimit": limit} }

// orderPrivilege is the payment that is asked for, word for word as it will be
// ordered but for its own id.
func (p polishAPI) orderPrivilege(k *Consent) (string, any, error) {
	switch {
	case k.Bundle != nil:
		w, err := p.bundle(k.Bundle)
		if err != nil {
			return "", nil, err
		}
		w.UsageLimit = "single"
		return "pis:bundle", w, nil
	case k.Payment.ExecutionMode == recurring:
		w, err := p.recurring(k.Payment)
		if err != nil {
			return "", nil, err
		}
		w.UsageLimit = "single"
		return "pis:recurring", w, nil
	}
	w, err := p.payment(k.Payment)
	if err != nil {
		return "", nil, err
	}
	w.UsageLimit, w.OwnID = "single", ""
	if p.c.cfg.Form != PolishAPI30 {
		w.Hold = false // a privilege has it since 3.0; the order has it always
	}
	return "pis:" + k.Payment.Kind.polish().word, w, nil
}

func (r *Read) polish() []map[string]any {
	limit := "multiple"
	if r.Once {
		limit = "single"
	}
	var out []map[string]any
	for _, number := range r.numbers() {
		one := map[string]any{"ais:getAccount": usage(limit)}
		if r.Days != 0 {
			one["ais:getTransactionDetail"] = usage(limit)
			for _, status := range r.statuses() {
				what := usage(limit)
				what["maxAllowedHistoryLong"] = r.Days
				name, ok := histories[status]
				if !ok {
					name = status // the bank says what is wrong with it
				}
				one["ais:"+name] = what
			}
		}
		if number != "" {
			one["accountNumber"] = number
		}
		out = append(out, one)
	}
	return out
}

func (t *Target) polish(limit, payment, standing, bundle string) map[string]any {
	what := usage(limit)
	name := payment
	switch {
	case t.BundleID != "":
		name, what["bundleId"] = bundle, t.BundleID
	case t.Recurring:
		name, what["recurringPaymentId"] = standing, t.PaymentID
	default:
		what["paymentId"] = t.PaymentID
	}
	return map[string]any{name: what}
}

// grantedDetails are what the customer consented to, on the wire.
type grantedDetails struct {
	ConsentID  string                       `json:"consentId"`
	Until      string                       `json:"scopeTimeLimit"`
	Throttling string                       `json:"throttlingPolicy"`
	Privileges []map[string]json.RawMessage `json:"privilegeList"`

	privileges []Privilege
}

// UnmarshalJSON reads the privileges too, so that one that cannot be read is an
// answer that cannot be read.
func (g *grantedDetails) UnmarshalJSON(text []byte) error {
	type bare grantedDetails
	if err := json.Unmarshal(text, (*bare)(g)); err != nil {
		return err
	}
	for _, members := range g.Privileges {
		one, err := privilegeOf(members)
		if err != nil {
			return err
		}
		g.privileges = append(g.privileges, one)
	}
	return nil
}

func (g *grantedDetails) granted() Granted {
	return Granted{ConsentID: g.ConsentID, Until: g.Until, Throttling: plain(g.Throttling), Privileges: g.privileges}
}

// privilegeOf reads one element by this package's names.
func privilegeOf(members map[string]json.RawMessage) (Privilege, error) {
	out := Privilege{Rights: map[string]Right{}}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value := members[name]
		if name == "accountNumber" {
			if err := json.Unmarshal(value, &out.AccountNumber); err != nil {
				return out, err
			}
			out.AccountID = out.AccountNumber
			continue
		}
		if string(value) == "null" {
			continue
		}
		if err := out.add(name, value); err != nil {
			return out, err
		}
	}
	return out, nil
}

// rightNames are this package's names for what only has another one.
var rightNames = map[string]string{
	"ais-accounts:getAccounts": "ais-accounts:accounts", "ais:getAccount": "ais:accountDetails", "ais:getTransactionDetail": "ais:transactionDetails",
	"pis:domestic": "pis:domestic", "pis:EEA": "pis:eea", "pis:nonEEA": "pis:nonEea", "pis:tax": "pis:tax",
	"pis:getPayment": "pis:payment", "pis:getRecurringPayment": "pis:payment", "pis:getBundle": "pis:bundle",
	"pis:cancelPayment": "pis:cancelPayment", "pis:cancelRecurringPayment": "pis:cancelPayment",
}

// add takes in one right.
func (p *Privilege) add(name string, value []byte) error {
	var w struct {
		Right
		PaymentID   string `json:"paymentId"`
		RecurringID string `json:"recurringPaymentId"`
		BundleID    string `json:"bundleId"`
	}
	if err := json.Unmarshal(value, &w); err != nil {
		return err
	}
	r := w.Right
	r.UsageLimit, r.PaymentID, r.BundleID = plain(r.UsageLimit), w.PaymentID+w.RecurringID, w.BundleID
	for status, operation := range histories {
		if name == "ais:"+operation {
			p.addHistory(status, r)
			return nil
		}
	}
	as, ok := rightNames[name]
	if !ok {
		as = name
	}
	var err error
	switch {
	case name == "pis:bundle":
		var b polishBundle
		err = json.Unmarshal(value, &b)
		r.Bundle = b.bundle()
		as = r.Bundle.Kind.words().bundle
	case name == "pis:recurring":
		var o polishRecurring
		err = json.Unmarshal(value, &o)
		r.Payment = o.payment()
		as = r.Payment.Kind.words().privilege
	case name == "pis:cancelPayment" && r.BundleID != "":
		as = "pis:cancelBundlePayments"
	case strings.HasPrefix(name, "pis:") && r.PaymentID+r.BundleID == "":
		err = r.readPolish(name, value)
	}
	p.Rights[as] = r
	return err
}

// readPolish reads the payment of a right to make one.
func (r *Right) readPolish(name string, value []byte) error {
	for _, k := range polishKinds {
		if name == "pis:"+k.word {
			var o polishPayment
			err := json.Unmarshal(value, &o)
			r.Payment = o.payment(k.kind)
			return err
		}
	}
	return nil
}

// addHistory joins the rights to read a history, which here are one for each
// status. Where their lengths differ, the shortest is what all of them have.
func (p *Privilege) addHistory(status string, r Right) {
	const name = "ais:transactions"
	all, ok := p.Rights[name]
	if !ok {
		all = r
	}
	all.Days = min(all.Days, r.Days)
	all.Statuses = append(all.Statuses, status)
	p.Rights[name] = all
}
