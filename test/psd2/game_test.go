package psd2

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/client"
	"okienko/okienkotest"
)

// game is a bank in which two third parties, the customers and a partner's
// application do whatever the dice say.
type game struct {
	*testing.T
	*okienkotest.Bank
	dice     *rand.Rand
	step     int
	parties  []*okienkotest.ThirdParty
	ways     []way
	accounts []*watched
	orders   []*placed
	statuses map[transfer.ID]transfer.Status // as they stood last
	kawomat  *okienkotest.Pairing
	holds    []string // of kawomat, that nobody has ended
	standing int
	outcomes map[string]int
	began    time.Time
}

// watched is an account, with what lets it be read.
type watched struct {
	held
	login string
	reads [2]*okienkotest.Consented // by each third party
	at    [2]time.Time              // when its tokens were made
	given [2]time.Time              // when its consent was given
}

// placed is something that a third party has ordered.
type placed struct {
	by     *okienkotest.ThirdParty
	login  string
	from   string
	kind   client.Kind
	given  *okienkotest.Consented
	made   client.Initiated
	bundle bool
	status string
}

// longest is how far the clock goes: katarzyna's right to act ends after 265 days.
const longest = 200 * 24 * time.Hour

func newGame(t *testing.T, seed uint64) *game {
	t.Helper()
	b, p := open(t)
	g := &game{
		T: t, Bank: b, dice: rand.New(rand.NewPCG(seed, 4)), ways: ways(t, b), statuses: map[transfer.ID]transfer.Status{},
		parties: []*okienkotest.ThirdParty{p, b.ThirdParty(t, "Płatnik Próbny")}, kawomat: b.Pair(t, "jan", "kawomat"), outcomes: map[string]int{},
		began: b.Inside().Now(),
	}
	seen := map[string]bool{}
	watch := func(login string, h held) {
		if h.Number == "" || seen[h.Number] {
			return
		}
		seen[h.Number] = true
		g.accounts = append(g.accounts, &watched{held: h, login: login})
	}
	for i := range g.ways {
		w := &g.ways[i]
		watch(w.login, w.from)
		watch(w.login, w.vat)
		watch("anna", w.payee)
	}
	for _, a := range g.accounts {
		if a.Type == "VAT" {
			continue // nobody confirms funds of it
		}
		for _, p := range g.parties {
			answer := b.Customers(t, http.MethodPost, "/api/funds-consents", fmt.Appendf(nil, `{"login":%q,"account":%q,"issuer":%q,"until":%q}`,
				a.login, a.Number, p.Folder.Organisation, g.began.Add(2*longest).UTC().Format(time.RFC3339)))
			if answer.Status != http.StatusOK {
				t.Fatalf("a consent for funds of %s: %d %s", a.Number, answer.Status, answer.Body)
			}
		}
	}
	return g
}

func (g *game) met(what string) { g.outcomes[what]++ }

// play does one thing.
func (g *game) play() {
	g.Helper()
	switch n := g.dice.IntN(100); {
	case n < 42:
		g.pay()
	case n < 47:
		g.payBundle()
	case n < 51:
		g.payOften()
	case n < 63:
		g.cancel()
	case n < 83:
		g.partner()
	default:
		minutes := []int{1, 11, 45, 120, 600, 24 * 60, 3 * 24 * 60, 7 * 24 * 60}
		g.jump(minutes[g.dice.IntN(len(minutes))])
	}
}

func (g *game) jump(minutes int) {
	g.Helper()
	d := time.Duration(minutes) * time.Minute
	if g.Inside().Now().Add(d).Sub(g.began) > longest {
		d = time.Minute
	}
	g.Wait(g.T, d)
	g.met("clock jumps")
}

// order draws a payment of some kind.
func (g *game) order() (*way, client.Payment) {
	w := &g.ways[g.dice.IntN(len(g.ways))]
	p, _ := w.titled(fmt.Sprintf("%s %d", w.name, g.step))
	if p.TaxForm == nil && g.dice.IntN(3) == 0 {
		tags := []string{"closed", "name", "slow", "slow-closed", "lost", "returned", "returned-next-day"}
		p.TransferData.Description = "scenario:" + tags[g.dice.IntN(len(tags))] + " " + p.TransferData.Description
	}
	if p.Split == nil && w.system != transfer.Sorbnet {
		p.TransferData.Amount = money.New(int64(1+g.dice.IntN(150_00)), money.PLN).String()
		if g.dice.IntN(12) == 0 { // as much as there is, or a grosz more
			now := w.from.again(g.T, g.Bank)
			if free := less(g.T, now.Available, []string{"0.00", "-0.01"}[g.dice.IntN(2)]); pln(g.T, free).IsPositive() {
				p.TransferData.Amount = free
			}
		}
	}
	if g.dice.IntN(5) == 0 {
		p.ExecutionMode, p.TransferData.ExecutionDate = "FUTURE_DATED", date(g.T, g.Inside().Now().Format(time.DateOnly)).AddDays(1+g.dice.IntN(9)).String()
	}
	p.Sender.AccountNumber = w.from.Number
	return w, p
}

// consent asks for a consent that the customer may be unable to give; nil then.
func (g *game) consent(p *okienkotest.ThirdParty, login, from string, k client.Consent) *okienkotest.Consented {
	g.Helper()
	k.Until, k.RedirectURI = g.Inside().Now().AddDate(0, 0, 179), p.Folder.RedirectURI
	k.Customer = &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"}
	asked, err := p.Ask(g.Context(), k)
	if err != nil {
		g.Fatalf("asking: %v", err)
	}
	a := g.Answer(g.T, "approve", login, asked.Redirect, from)
	if a.Status == http.StatusConflict && a.Field("error") == "customer_limit" {
		g.met("over the limit")
		return nil
	}
	code, denied, err := client.Returned(a.Field("redirect"), asked.State)
	if err != nil || denied != "" || code == "" {
		g.Fatalf("no code: %d %s (%s, %v)", a.Status, a.Body, denied, err)
	}
	tokens, err := p.Redeem(g.Context(), code, k.RedirectURI)
	if err != nil {
		g.Fatalf("redeeming: %v", err)
	}
	return &okienkotest.Consented{Tokens: tokens, Asked: asked}
}

func (g *game) party() *okienkotest.ThirdParty { return g.parties[g.dice.IntN(len(g.parties))] }

func (g *game) pay() {
	g.Helper()
	w, order := g.order()
	by := g.party()
	given := g.consent(by, w.login, w.from.Number, client.Consent{Payment: &order})
	if given == nil {
		return
	}
	made, err := by.Pay(g.Context(), given.Session(), client.NewID(), order)
	if err != nil {
		g.Fatalf("paying %+v: %v", order, err)
	}
	g.met(w.name)
	g.orders = append(g.orders, &placed{by: by, login: w.login, from: w.from.Number, kind: order.Kind, given: given, made: made, status: made.GeneralStatus})
}

// payOften orders a standing order inside the bank, not too many of them.
func (g *game) payOften() {
	g.Helper()
	if g.standing == 6 {
		return
	}
	g.standing++
	units := []string{"DAY", "WEEK", "MONTH"}
	first := date(g.T, g.Inside().Now().Format(time.DateOnly)).AddDays(1 + g.dice.IntN(5))
	order := standing(g.T, g.Bank, fmt.Sprintf("standing %d", g.step), client.Recurrence{
		StartDate: first.String(), EndDate: first.AddDays(g.dice.IntN(60)).String(),
		Frequency: client.Frequency{Type: units[g.dice.IntN(3)], Value: 1 + g.dice.IntN(3)}, DayOff: []string{"BEFORE", "AFTER"}[g.dice.IntN(2)],
	})
	if g.dice.IntN(2) == 0 {
		order.System, order.Recipient.AccountNumber = "ELIXIR", elsewhere
	}
	order.Sender.AccountNumber = g.ways[0].from.Number
	by := g.party()
	given := g.consent(by, "jan", order.Sender.AccountNumber, client.Consent{Payment: &order})
	if given == nil {
		return
	}
	made, err := by.Pay(g.Context(), given.Session(), client.NewID(), order)
	if err != nil {
		g.Fatalf("ordering %+v: %v", order, err)
	}
	g.met("standing order")
	g.orders = append(g.orders, &placed{by: by, login: "jan", from: order.Sender.AccountNumber, given: given, made: made, status: made.GeneralStatus})
}

func (g *game) payBundle() {
	g.Helper()
	titles := []string{"one", "two", "three", "scenario:closed", "scenario:returned"}
	g.dice.Shuffle(len(titles), func(i, j int) { titles[i], titles[j] = titles[j], titles[i] })
	k := bundle(titles[:2+g.dice.IntN(3)]...)
	from := g.ways[0].from.Number
	for i := range k.Transfers {
		k.Transfers[i].Sender.AccountNumber = from
	}
	by := g.party()
	given := g.consent(by, "jan", from, client.Consent{Bundle: &k})
	if given == nil {
		return
	}
	made, err := by.PayBundle(g.Context(), given.Session(), client.NewID(), k)
	if err != nil {
		g.Fatalf("a bundle: %v", err)
	}
	g.met("bundle")
	g.orders = append(g.orders, &placed{by: by, login: "jan", from: from, given: given, made: made, bundle: true, status: made.GeneralStatus})
}

// cancel tries to cancel something, in time or not.
func (g *game) cancel() {
	g.Helper()
	if len(g.orders) == 0 {
		return
	}
	o := g.orders[len(g.orders)-1-g.dice.IntN(min(len(g.orders), 5))] // older ones have left
	target := &client.Target{PaymentID: o.made.PaymentID}
	if o.bundle {
		target = &client.Target{BundleID: o.made.BundleID}
	}
	given := g.consent(o.by, o.login, o.from, client.Consent{Cancel: target})
	var err error
	if o.bundle {
		err = o.by.CancelBundle(g.Context(), given.Session(), o.kind, o.made.BundleID)
	} else {
		err = o.by.Cancel(g.Context(), given.Session(), o.kind, o.made.PaymentID)
	}
	switch {
	case err == nil:
		g.met("cancelled in time")
	case refusedWith(err, http.StatusNotFound), refusedWith(err, http.StatusBadRequest):
		g.met("cancelled too late")
	default:
		g.Errorf("cancelling %s that is %s: %v", o.made.PaymentID, o.status, err)
	}
}

// partner has kawomat, which is paired with jan, hold, capture, release and pay.
func (g *game) partner() {
	g.Helper()
	if err := g.kawomat.Refresh(g.Context()); err != nil {
		g.Fatal(err)
	}
	account := g.kawomat.AccountID
	amount := fmt.Sprintf("%d.%02d", g.dice.IntN(30), 1+g.dice.IntN(99))
	if n := g.dice.IntN(6); n < 2 && len(g.holds) > 0 {
		hold := g.holds[len(g.holds)-1] // older ones may have expired
		g.holds = g.holds[:len(g.holds)-1]
		if n == 0 {
			g.met(fmt.Sprintf("release %d", g.kawomat.Delete(g.T, "/account/"+account+"/blockade/"+hold).Status))
			return
		}
		a := g.kawomat.Post(g.T, "/payment", fmt.Sprintf(`{"operationId":"k-%d","account_id":%q,"amount":"0.01","currency":"PLN","title":"capture","blockadeId":%q}`, g.step, account, hold))
		g.met(fmt.Sprintf("capture %d", a.Status))
		return
	} else if n < 4 {
		a := g.kawomat.Post(g.T, "/account/"+account+"/blockade", fmt.Sprintf(`{"operationId":"k-%d","amount":%q,"currency":"PLN","title":"hold"}`, g.step, amount))
		g.met(fmt.Sprintf("hold %d", a.Status))
		if a.Status == http.StatusCreated {
			g.holds = append(g.holds, a.Field("blockadeId"))
		}
		return
	}
	a := g.kawomat.Post(g.T, "/payment", fmt.Sprintf(`{"operationId":"k-%d","account_id":%q,"amount":%q,"currency":"PLN","title":"partner"}`, g.step, account, amount))
	g.met(fmt.Sprintf("partner's payment %d", a.Status))
}

// silent is how long a payment system says nothing of an order (docs/sandbox.md).
func silent(o *transfer.Instruction) time.Duration {
	switch {
	case strings.Contains(o.Description, "scenario:slow"):
		return time.Minute
	case strings.Contains(o.Description, "scenario:lost"):
		return 24 * time.Hour
	}
	return 0
}

// rest returns when the bank has done what is due, but for what its payment
// systems say nothing of yet.
func (g *game) rest() {
	g.Helper()
	all, ok := g.Inside().Books.(interface {
		transfer.Due
		payment.Due
	})
	if !ok {
		g.Fatal("the books do not know what is due")
	}
	const many, pause, patience = 200, 2 * time.Millisecond, 20 * time.Second
	for tries := 0; ; tries++ {
		now := g.Inside().Now()
		transfers, err := all.DueTransfers(g.Context(), now, many)
		standings, err2 := all.DueStandings(g.Context(), now, 1)
		holds, err3 := all.DueHolds(g.Context(), now, 1)
		if err := errors.Join(err, err2, err3); err != nil {
			g.Fatal(err)
		}
		waits := len(standings) + len(holds)
		for i := range transfers {
			t := &transfers[i]
			if t.Status != transfer.Pending || !now.Before(t.Due.Add(silent(&t.Order))) {
				waits++
			}
		}
		if waits == 0 {
			return
		}
		if time.Duration(tries)*pause > patience {
			g.Fatalf("%d are due and not done", waits)
		}
		time.Sleep(pause) // workers tell nobody when they rest
	}
}
