package payment

import (
	"time"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// Missing lists what the orders still need before they can be decided at an
// instant. Load it and ask again until it is Empty.
func Missing(s *State, now time.Time, orders []Order) Needs {
	l := &lookup{s: s, day: limit.DayOf(now), month: limit.MonthOf(now), asked: map[any]struct{}{}}
	for _, o := range orders {
		if o != nil {
			o.want(l)
		}
	}
	return l.needs
}

// lookup finds what is loaded and notes what is not.
type lookup struct {
	s          *State
	day, month limit.Period
	needs      Needs
	asked      map[any]struct{} // what was noted in this round
}

// find returns a loaded value, or notes the key once; it is false also for
// what is known not to exist: there is nothing to follow from it.
func find[K comparable, V any](l *lookup, loaded map[K]*V, list *[]K, k K) (*V, bool) {
	if v, ok := loaded[k]; ok {
		return v, v != nil
	}
	if _, ok := l.asked[k]; !ok {
		l.asked[k] = struct{}{}
		*list = append(*list, k)
	}
	return nil, false
}

func (l *lookup) agreement(id consent.ID) (*consent.Agreement, bool) {
	return find(l, l.s.Agreements, &l.needs.Agreements, id)
}

func (l *lookup) application(id consent.ClientID) (*partner.Application, bool) {
	return find(l, l.s.Applications, &l.needs.Applications, id)
}

func (l *lookup) customer(id party.CustomerID) {
	find(l, l.s.Customers, &l.needs.Customers, id)
}

func (l *lookup) account(id account.ID) (*account.Account, bool) {
	return find(l, l.s.Accounts, &l.needs.Accounts, id)
}

func (l *lookup) hold(id ledger.HoldID) (*ledger.Hold, bool) {
	return find(l, l.s.Holds, &l.needs.Holds, id)
}

func (l *lookup) payment(id ID) (*Payment, bool) {
	return find(l, l.s.Payments, &l.needs.Payments, id)
}

func (l *lookup) operation(k OperationKey) {
	if k.ID == "" {
		return
	}
	if op, ok := find(l, l.s.Operations, &l.needs.Operations, k); ok && op.Authorisation != "" {
		l.authorisation(op.Authorisation) // preparing it again answers with it
	}
	if id := l.s.Pending[k]; id != "" {
		l.authorisation(id)
	}
}

func (l *lookup) authorisation(id AuthorisationID) (*Authorisation, bool) {
	return find(l, l.s.Authorisations, &l.needs.Authorisations, id)
}

func (l *lookup) challenge(id sca.ID) {
	find(l, l.s.Challenges, &l.needs.Challenges, id)
}

func (l *lookup) counter(s limit.Subject, p limit.Period) {
	k := limit.Key{Subject: s, Period: p}
	if _, ok := l.s.Counters[k]; ok {
		return
	}
	if _, ok := l.asked[k]; !ok {
		l.asked[k] = struct{}{}
		l.needs.Counters = append(l.needs.Counters, k)
	}
}

// counters notes what one agreement of a customer is counted in.
func (l *lookup) counters(a *consent.Agreement) {
	own, all := limit.OfAgreement(string(a.ID)), limit.OneOffOf(string(a.Customer))
	l.counter(own, l.day)
	l.counter(own, l.month)
	l.counter(all, l.day)
	l.counter(all, l.month)
	l.counter(limit.ChargesOf(string(a.ID)), l.month)
}

// draft notes all that deciding a draft under an agreement looks at.
func (l *lookup) draft(id consent.ID, d *Draft) {
	if d.Hold != "" {
		if h, ok := l.hold(d.Hold); ok {
			l.account(h.Account)
		}
	}
	if d.Payment != "" {
		if p, ok := l.payment(d.Payment); ok {
			l.account(p.Account)
			l.account(p.Payee)
		}
	}
	a, ok := l.agreement(id)
	if !ok {
		return
	}
	l.operation(OperationKey{Application: a.Application, ID: d.OperationID})
	l.customer(a.Customer)
	l.account(a.Account)
	l.counters(a)
	app, ok := l.application(a.Application)
	if !ok {
		return
	}
	if app.Account != "" {
		l.account(app.Account)
	}
	if app.Fees.Charges(d.Kind.act()) {
		l.account(account.FeeIncome)
	}
}

func (o *Submit) want(l *lookup) { l.draft(o.Agreement, &o.Draft) }

func (o *Prepare) want(l *lookup) { l.draft(o.Agreement, &o.Draft) }

func (o *Execute) want(l *lookup) {
	l.challenge(o.Challenge)
	if a, ok := l.authorisation(o.Authorisation); ok {
		l.draft(a.Agreement, &a.Draft)
	}
}

func (o *Decline) want(l *lookup) { l.authorisation(o.Authorisation) }

// asking notes all that judging an asking application looks at.
func (l *lookup) asking(id consent.ID) {
	if a, ok := l.agreement(id); ok {
		l.application(a.Application)
		l.customer(a.Customer)
		l.account(a.Account)
	}
}

// held notes all that ending a hold looks at.
func (l *lookup) held(id ledger.HoldID) {
	h, ok := l.hold(id)
	if !ok {
		return
	}
	l.account(h.Account)
	if a, ok := l.agreement(h.Agreement); ok {
		l.customer(a.Customer)
		l.application(a.Application)
		l.counters(a)
	}
}

func (o *Release) want(l *lookup) {
	l.held(o.Hold)
	if o.Agreement != "" {
		l.asking(o.Agreement) // also when the hold is unknown, or somebody else's
	}
}

func (o *Expire) want(l *lookup) { l.held(o.Hold) }

// scheduled notes all that ending a scheduled payment looks at.
func (l *lookup) scheduled(id ID) {
	p, ok := l.payment(id)
	if !ok {
		return
	}
	l.account(p.Account)
	l.account(p.Payee)
	if p.Fee.IsPositive() {
		l.account(account.FeeIncome)
	}
	if a, ok := l.agreement(p.Agreement); ok {
		l.customer(a.Customer)
		l.account(a.Account)
		l.counters(a)
		l.application(a.Application)
	}
}

func (o *Cancel) want(l *lookup) {
	l.scheduled(o.Payment)
	if o.Agreement != "" {
		l.asking(o.Agreement) // also when the payment is unknown, or somebody else's
	}
}

func (o *Run) want(l *lookup) { l.scheduled(o.Payment) }

func (o *SpendRead) want(l *lookup) { l.asking(o.Agreement) }

func (o *Book) want(l *lookup) {
	l.account(o.From)
	l.account(o.To)
}
