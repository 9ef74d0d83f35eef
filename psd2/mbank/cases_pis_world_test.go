package mbank_test

import (
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"okienko/api"
	"okienko/api/contract"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/rails"
)

// Payees of mBank's samples (psd2 §3.6).
const (
	kowalski = "20114000000000000000000300"
	second   = "88342437927928550883469351"
)

// description is loaded once: validating it takes half a second.
var description = sync.OnceValues(func() (*contract.Judge, error) { return contract.Load(api.PSD2MBank) })

// judged holds an answer against the published description.
func judged(t testing.TB, method, target string, r reply) {
	t.Helper()
	j, err := description()
	must(t, err)
	path, _, _ := strings.Cut(target, "?")
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	if err := j.Check(method, path, r.status, r.header, []byte(r.body)); err != nil {
		t.Error(err)
	}
}

// changed replaces parts of a body, each of which must be there.
func changed(body string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		is := strings.Replace(body, pairs[i], pairs[i+1], 1)
		if is == body && pairs[i] != pairs[i+1] {
			panic("nothing was changed: " + pairs[i])
		}
		body = is
	}
	return body
}

// small is the smallest payment of mBank's samples, of 10.00, with changes.
func small(pairs ...string) string {
	return changed(`{"recipient":{"accountNumber":"`+kowalski+`","name":"Jan Kowalski"},"sender":{},`+
		`"transferData":{"description":"Transfer","amount":"10.00","currency":"PLN"},"deliveryMode":"STANDARD_D1"}`, pairs...)
}

// inside is a payment to Bob, which is done at once.
func inside(pairs ...string) string {
	return changed(small(kowalski, string(numberOf(4))), pairs...)
}

// The privileges of payments.
func domestic(body string) string {
	return `[{"pis:domestic":{"scopeUsageLimit":"SINGLE","domesticPaymentRequest":` + body + `}}]`
}

func cancelling(id string) string {
	return `[{"pis:cancelPayment":{"aspspPaymentId":"` + id + `"}}]`
}

func bundled(body string) string {
	return `[{"pis:bundle-domestic":{"bundleDomesticPaymentsRequest":` + body + `}}]`
}

// bundleOf is a bundle of payments with ids a, b, c …
func bundleOf(total string, bodies ...string) string {
	for i := range bodies {
		bodies[i] = `{"tppPaymentId":"` + string(rune('a'+i)) + `",` + strings.TrimPrefix(bodies[i], "{")
	}
	return `{"transfersTotalAmount":"` + total + `","transfers":[` + strings.Join(bodies, ",") + `]}`
}

// asksFor sends a consent for payments.
func (p *tpp) asksFor(privileges string) reply {
	p.w.T.Helper()
	return p.authorize(p.authorizeBody("pis", newUUID(p.w.Wall.Now()), privileges)).send()
}

// pis has Anna consent to payments from one of her accounts.
func (p *tpp) pis(privileges string, from account.ID) tokens {
	p.w.T.Helper()
	id := p.asks(p.authorizeBody("pis", newUUID(p.w.Wall.Now()), privileges))
	return p.redeem(p.w.Gives(id, annaP, anna, from)).tokens()
}

// post initiates something under an id of the third party's own.
func (p *tpp) post(target, token, tppID, body string) *ask {
	name := "TPP-Payment-ID"
	if strings.Contains(target, "/bundle/") {
		name = "TPP-Bundle-ID"
	}
	return p.ask(http.MethodPost, target, body).with(token).set(name, tppID)
}

// pays initiates a domestic payment.
func (p *tpp) pays(token, tppID, body string) reply {
	p.w.T.Helper()
	return p.post("/payments/domestic", token, tppID, body).send()
}

// paid has Anna consent to a payment from her first account and initiates it.
func (p *tpp) paid(tppID, body string) (tokens, reply) {
	p.w.T.Helper()
	tok := p.pis(domestic(body), annas)
	return tok, p.pays(tok.access, tppID, body).is(http.StatusCreated)
}

// status follows the link of an initiation.
func (p *tpp) status(made reply, token string) reply {
	p.w.T.Helper()
	return p.ask(http.MethodGet, "!"+made.text("links", 0, "href"), "").with(token).send()
}

// cancel cancels a payment with a consent of its own.
func (p *tpp) cancel(target, token string) reply {
	p.w.T.Helper()
	return p.ask(http.MethodDelete, target, "").with(token).send()
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

// own is the bank's id behind a handle, by arithmetic of its own.
func own(handle string) string {
	n, ok := new(big.Int).SetString(strings.ReplaceAll(handle, "-", ""), 16)
	if !ok {
		panic("no handle: " + handle)
	}
	digits := strings.Map(func(r rune) rune {
		return rune("0123456789abcdefghjkmnpqrstvwxyz"[strings.IndexRune("0123456789abcdefghijklmnopqrstuv", r)])
	}, n.Text(32))
	return strings.Repeat("0", 26-len(digits)) + digits
}

// transfer is a payment as the bank keeps it.
func (w *world) transfer(handle string) transfer.Transfer {
	w.T.Helper()
	t, err := w.Store.Transfer(w.T.Context(), transfer.ID(own(handle)))
	must(w.T, err)
	return t
}

// transfers counts the payments of Anna's first account.
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
			ID: id, Kind: account.Customer, Customer: anna, NRB: numberOf(7), Holder: "Anna Nowak", Name: "VAT", Product: account.Product{Group: "ACCOUNT", Type: "VAT"},
			Status: account.Open, Access: account.FirstAccess(party.Individual, noon.AddDate(-1, 0, 0)), OpenedAt: noon.AddDate(-1, 0, 0),
			Booked: zero, Held: zero, Overdraft: zero,
		}},
		Entries: []ledger.Entry{w.Entry("vat", noon.AddDate(0, -1, 0), intake.OpeningAccount, id, pln(minor), "VAT")},
	}))
	return id
}

// says asserts that an error speaks of a field.
func (r reply) says(words ...string) reply {
	r.t.Helper()
	for _, w := range words {
		if !strings.Contains(r.text("message"), w) {
			r.t.Errorf("%s does not speak of %q", r.body, w)
		}
	}
	return r
}

// faulty asserts that a field is refused, by its place in the payment.
func (r reply) faulty(field string) reply {
	r.t.Helper()
	return r.fails(http.StatusBadRequest, "FieldValidationError").says(field + ": ")
}

// block blocks third parties' access to an account, unblock lets it be again.
func (w *world) block(id account.ID)   { w.access(id, account.AccessBlocked) }
func (w *world) unblock(id account.ID) { w.access(id, account.AccessOn) }

func (w *world) access(id account.ID, state account.AccessState) {
	w.T.Helper()
	_, err := w.Store.ChangeAccess(w.T.Context(), id, nil, func(a *account.Account) ([]audit.Record, error) {
		a.Access.State = state
		return []audit.Record{staff("access."+string(state), "account:"+string(id))}, nil
	})
	must(w.T, err)
}
