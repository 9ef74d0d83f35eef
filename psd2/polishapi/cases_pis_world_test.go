package polishapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
	"okienko/rails"
)

// Payees elsewhere: two of mBank's samples, a bank in Germany, a tax office.
const (
	kowalski = "20114000000000000000000300"
	second   = "88342437927928550883469351"
	hans     = "DE89370400440532013000"
	office   = "03101000712222123456780200"
)

// with is a payment with changes; the payment itself stays as it is.
func with(payment m, pairs ...any) m {
	out := maps.Clone(payment)
	change(out, pairs)
	return out
}

func named(lines ...string) m {
	list := list{}
	for _, l := range lines {
		list = append(list, l)
	}
	return m{"value": list}
}

// elixir is a payment of 12.50 that leaves the bank with the next session.
func elixir(v polishapi.Version) m {
	return with(domestic(v), "recipient.accountNumber", kowalski, "deliveryMode", "StandardD1", "system", "Elixir")
}

// europe is a payment in EUR to Germany.
func europe(v polishapi.Version) m {
	o := m{
		"recipient": m{"accountNumber": hans, "nameAddress": named("Hans", "Berlin"), "countryCode": "DEU"}, "sender": m{},
		"transferData": m{"description": "Invoice", "amount": "10.00", "currency": "EUR"},
		"deliveryMode": "ExpressD0", "system": "SEPA", "executionMode": "Immediate",
	}
	if v == v211 {
		change(o, []any{"recipient.countryCode", nil})
	}
	return o
}

// abroad is a payment to the United States.
func abroad(v polishapi.Version) m {
	o := with(europe(v), "recipient.accountNumber", "12345678", "system", "Swift", "transferCharges", "SHA", "recipientBank", m{
		"bicOrSwift": "CHASUS33", "name": "Chase", "code": "021000021", "countryCode": "USA", "address": list{"383 Madison Ave", "New York"},
	})
	if v != v211 {
		change(o, []any{"recipient.countryCode", "USA"})
	}
	if v == v300 {
		change(o, []any{"recipientBank.address", named("383 Madison Ave", "New York")})
	}
	return o
}

// taxed is VAT for October, to the payer's own tax account.
func taxed(polishapi.Version) m {
	return m{
		"recipient": m{"accountNumber": office, "nameAddress": named("Urząd Skarbowy")}, "sender": m{},
		"transferData": m{"amount": "10.00", "currency": "PLN"}, "deliveryMode": "StandardD1", "system": "Elixir", "executionMode": "Immediate",
		"usInfo": m{
			"payerInfo": m{"payorId": "1234567802", "payorIdType": "N"}, "formCode": "VAT-7", "periodId": "10", "periodType": "M", "year": 2026, "obligationId": "o1",
		},
	}
}

// kind is one of the four forms of payments.
type kind struct {
	name, transfers, payment string // operation and type, list of a bundle, object of a recurring payment
	body                     func(polishapi.Version) m
	from                     account.ID
}

var kinds = []kind{
	{"domestic", "domesticTransfers", "domesticPayment", elixir, annas},
	{"EEA", "EEATransfers", "EEAPayment", europe, annasE},
	{"nonEEA", "nonEEATransfers", "nonEEAPayment", abroad, annasE},
	{"tax", "taxTransfers", "taxPayment", taxed, annas},
}

// bundleOf is a bundle of a kind, whose payments have ids id-1, id-2 …
func (k kind) bundleOf(total, id string, bodies ...m) m {
	all := list{}
	for i, b := range bodies {
		all = append(all, with(b, "tppTransactionId", id+"-"+string(rune('1'+i))))
	}
	return m{"transfersTotalAmount": total, "typeOfTransfers": k.name, k.transfers: all}
}

// recurringOf is a payment on the last day of every month.
func (k kind) recurringOf(body m) m {
	return m{
		"recurrence":    m{"startDate": "2026-12-31", "endDate": "2027-03-31", "frequency": m{"periodType": "month", "periodValue": 1}, "dayOffOffsetType": "after"},
		"typeOfPayment": k.name, k.payment: with(body, "executionMode", nil),
	}
}

// grants has Anna consent to privileges of scope pis.
func (p *tpp) grants(v polishapi.Version, privileges list, from account.ID) tokens {
	p.w.T.Helper()
	return p.consented(v, "pis", privileges, annaP, anna, from)
}

// asksFor sends a consent of scope pis.
func (p *tpp) asksFor(v polishapi.Version, privileges list) psd2test.Reply {
	p.w.T.Helper()
	return p.authorize(v, "pis", psd2test.NewUUID(p.w.Wall.Now()), privileges).send()
}

// about is a privilege about what was made before.
func about(name string, pairs ...any) list {
	o := m{"scopeUsageLimit": "multiple"}
	change(o, pairs)
	return list{m{name: o}}
}

// makes has Anna consent to a payment from an account, and orders it.
func (p *tpp) makes(v polishapi.Version, k string, from account.ID, id string, body m) (psd2test.Reply, tokens) {
	p.w.T.Helper()
	t := p.grants(v, may("pis:"+k, body), from)
	return p.pays(v, k, t.access, id, body).send().Is(http.StatusOK), t
}

func (p *tpp) bundles(v polishapi.Version, token, id string, body m) *ask {
	return p.ask(v, "payments/bundle", body).with(token).put("tppBundleId", id)
}

func (p *tpp) recurs(v polishapi.Version, token, id string, body m) *ask {
	return p.ask(v, "payments/recurring", body).with(token).put("tppRecurringPaymentId", id)
}

// look asks where something stands, by one of its ids.
func (p *tpp) look(v polishapi.Version, operation, token string, pairs ...any) *ask {
	return p.ask(v, "payments/"+operation, nil).with(token).put(pairs...)
}

func (p *tpp) getBundle(v polishapi.Version, token, id string, included bool) psd2test.Reply {
	p.w.T.Helper()
	return p.look(v, "getBundle", token, "bundleId", id, "transactionsIncluded", included).send().Is(http.StatusOK)
}

// renewed is an access token after time has passed.
func (p *tpp) renewed(v polishapi.Version, t tokens) tokens {
	p.w.T.Helper()
	return tokensOf(p.refresh(v, t.refresh).send())
}

// faulty asserts that a field is refused, by its place in the body.
func faulty(r psd2test.Reply, field string) {
	r.T.Helper()
	r.Fails(http.StatusBadRequest, "invalid_field")
	if got := r.Text("message"); !strings.HasPrefix(got, field+": ") {
		r.T.Errorf("%q does not begin with %q", got, field)
	}
}

// refusedFor asserts that a payment cannot be carried, with the field at fault.
func refusedFor(r psd2test.Reply, field string) {
	r.T.Helper()
	r.Fails(http.StatusUnprocessableEntity, "payment_refused")
	if got := r.Text("message"); !strings.HasPrefix(got, field) {
		r.T.Errorf("%q does not begin with %q", got, field)
	}
}

// sameAnswer asserts that two refusals tell nothing apart.
func sameAnswer(t testing.TB, a, b psd2test.Reply) {
	t.Helper()
	x, y := a.Object(), b.Object()
	delete(x, "responseHeader")
	delete(y, "responseHeader")
	if !maps.Equal(x, y) || a.Status != b.Status || a.Header.Get("X-Okienko-Reason") != b.Header.Get("X-Okienko-Reason") {
		t.Errorf("answered %d %s %q, and %d %s %q", a.Status, a.Body, a.Header.Get("X-Okienko-Reason"), b.Status, b.Body, b.Header.Get("X-Okienko-Reason"))
	}
}

// fault is a change that makes a payment wrong, and the field that is blamed.
type fault struct {
	field string
	pairs []any
}

func at(field string, pairs ...any) fault { return fault{field, pairs} }

// faults have a privilege refused at the consent, before anybody is asked.
func (w *world) faults(v polishapi.Version, name string, body m, cases map[string]fault) {
	w.T.Helper()
	t := w.T.(*testing.T)
	for _, about := range slices.Sorted(maps.Keys(cases)) {
		t.Run(about, func(t *testing.T) {
			w.T = t
			faulty(w.one.asksFor(v, may(name, with(body, cases[about].pairs...))), "scope_details.privilegeList[0]."+name+"."+cases[about].field)
		})
	}
	w.T = t
}

// together sends requests at the same moment and counts the statuses.
func together(asks []*ask) map[int]int {
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for _, a := range asks {
		a.sign()
	}
	for _, a := range asks {
		all.Go(func() {
			r := a.send()
			mu.Lock()
			defer mu.Unlock()
			statuses[r.Status]++
		})
	}
	all.Wait()
	return statuses
}

// settle does everything that is due with transfers, as the bank's worker does.
func (w *world) settle() {
	w.T.Helper()
	network := rails.NewSimulator(w.Clock)
	for range 10 {
		standings, err := w.Store.DueStandings(w.T.Context(), w.Clock.Now(), 100)
		must(w.T, err)
		for _, id := range standings {
			w.Do(&payment.RunStanding{Standing: id})
		}
		due, err := w.Store.DueTransfers(w.T.Context(), w.Clock.Now(), 100)
		must(w.T, err)
		if len(standings)+len(due) == 0 {
			return
		}
		for i := range due {
			w.work(network, &due[i])
		}
	}
}

func (w *world) work(network rail.Network, t *transfer.Transfer) {
	w.T.Helper()
	switch t.Status {
	case transfer.Scheduled:
		w.Do(&payment.RunTransfer{Transfer: t.ID})
	case transfer.Done:
		w.Do(&payment.ReturnFunds{Transfer: t.ID, Reason: t.Detail})
	default:
		verdict, err := network.Send(w.T.Context(), t)
		must(w.T, err)
		if verdict.Outcome != rail.Unknown {
			w.Do(&payment.Settle{Transfer: t.ID, Verdict: verdict})
		}
	}
}

// submitted is what a third party ordered under an id of its own.
func (p *tpp) submitted(id string) transfer.Submission {
	p.w.T.Helper()
	s, err := p.w.Store.Submission(p.w.T.Context(), transfer.SubmissionKey{Client: thirdparty.ClientID(p.client), TPPID: id})
	must(p.w.T, err)
	return s
}

// transfer is a payment as the bank keeps it.
func (p *tpp) transfer(id string) transfer.Transfer {
	p.w.T.Helper()
	t, err := p.w.Store.Transfer(p.w.T.Context(), p.submitted(id).Transfer)
	must(p.w.T, err)
	return t
}

func (p *tpp) standing(id string) transfer.Standing {
	p.w.T.Helper()
	s, err := p.w.Store.Standing(p.w.T.Context(), p.submitted(id).Standing)
	must(p.w.T, err)
	return s
}

// transfers are the payments of Anna's first account.
func (w *world) transfers() []transfer.Transfer {
	w.T.Helper()
	list, err := w.Store.Transfers(w.T.Context(), transfer.Filter{Account: annas, Size: 100})
	must(w.T, err)
	return list
}

// untouched asserts that nothing left Anna's first account, nor is set aside.
func (w *world) untouched() {
	w.T.Helper()
	if a := w.Account(annas); a.Booked != pln(1_000_00) || !a.Held.IsZero() || len(w.transfers()) > 0 {
		w.T.Errorf("booked %s, held %s, %d payments", a.Booked, a.Held, len(w.transfers()))
	}
}

// euros puts money on Anna's account in EUR.
func (w *world) euros(minor int64) {
	w.T.Helper()
	w.Book(w.Entry("euros", noon.AddDate(0, -1, 0), rail.Clearing(transfer.SEPA, money.EUR), annasE, money.New(minor, money.EUR), "Top-up"))
}

// vat gives Anna a VAT account with some money on it.
func (w *world) vat(minor int64) account.ID {
	w.T.Helper()
	const id account.ID = "a-anna-vat"
	zero := pln(0)
	must(w.T, w.Store.Import(w.T.Context(), &intake.Batch{
		Accounts: []account.Account{{
			ID: id, Kind: account.Customer, Customer: anna, NRB: psd2test.NumberOf(7), Holder: "Anna Nowak", Name: "VAT", Product: account.Product{Group: "ACCOUNT", Type: "VAT"},
			Status: account.Open, Access: account.FirstAccess(party.Individual, noon.AddDate(-1, 0, 0)), OpenedAt: noon.AddDate(-1, 0, 0),
			Booked: zero, Held: zero, Overdraft: zero,
		}},
		Entries: []ledger.Entry{w.Entry("vat", noon.AddDate(0, -1, 0), intake.OpeningAccount, id, pln(minor), "VAT")},
	}))
	return id
}

// access switches third parties' access to an account.
func (w *world) access(id account.ID, state account.AccessState) {
	w.T.Helper()
	_, err := w.Store.ChangeAccess(w.T.Context(), id, nil, func(a *account.Account) ([]audit.Record, error) {
		a.Access.State = state
		return []audit.Record{psd2test.Staff("access."+string(state), "account:"+string(id))}, nil
	})
	must(w.T, err)
}

// raw is a value as it is written in JSON.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

// officeOf is the tax account of whom a NIP names.
func officeOf(nip string) string {
	n, err := nrb.Make("10100071", "222"+"2"+nip+"00")
	if err != nil {
		panic(err)
	}
	return string(n)
}

// version is a version of the standard.
type version = polishapi.Version
