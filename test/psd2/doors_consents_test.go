package psd2

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
	"okienko/client"
	"okienko/okienkotest"
)

// given is a consent as the model knows it.
type given struct {
	by       int
	login    string
	customer party.CustomerID
	id       string // the third party's
	scope    xs2a.Scope
	rights   []xs2a.Right
	single   bool
	spent    map[xs2a.Right]bool
	days     int
	numbers  []string
	until    time.Time
	ended    bool
	tokens   client.Tokens
	at       time.Time // when its tokens were made
	lost     bool      // its tokens died and it stands
	calls    map[string][]time.Time
}

// rightOf are the rights that show the lists of a history.
var rightOf = map[string]xs2a.Right{
	"DONE": xs2a.ReadDone, "PENDING": xs2a.ReadPending, "SCHEDULED": xs2a.ReadScheduled, "REJECTED": xs2a.ReadRejected, "HOLD": xs2a.ReadHolds,
	"CANCELLED": xs2a.ReadCancelled,
}

func (c *given) stands(now time.Time) bool { return !c.ended && now.Before(c.until) }

// usable are the consents of a scope that stand and whose tokens live.
func (g *doors) usable(fits func(*given) bool) []*given {
	now := g.Inside().Now()
	var out []*given
	for _, c := range g.consents {
		if c.stands(now) && !c.lost && fits(c) {
			out = append(out, c)
		}
	}
	return out
}

// book is where the bank keeps consents.
func (g *doors) book() xs2a.Book {
	book, ok := g.Inside().Books.(xs2a.Book)
	if !ok {
		g.Fatal("the books know no consents")
	}
	return book
}

// asked asks for a consent at one door and has the customer answer; the code is
// redeemed at another. nil means that the customer's limits do not let it through.
func (g *doors) asked(by int, login string, from []string, k client.Consent, forms ...client.Form) *given {
	g.Helper()
	p, q := g.in(by, forms...), g.in(by)
	c := &given{by: by, login: login, id: client.NewID(), spent: map[xs2a.Right]bool{}, calls: map[string][]time.Time{}, numbers: from}
	k.ID, k.RedirectURI = c.id, p.Folder.RedirectURI
	if k.Until.IsZero() {
		k.Until = g.Inside().Now().AddDate(0, 0, 179)
	}
	k.Customer = &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"}
	c.until = k.Until
	g.say("%s gives a consent that %d asks for in %s and redeems in %s: %s", login, by, speaks(p), speaks(q), told(&k))
	asked, err := p.Ask(g.Context(), k)
	if err != nil {
		g.Fatalf("asking in %s: %v", speaks(p), err)
	}
	a := g.Answer(g.T, "approve", login, asked.Redirect, from...)
	if a.Status == http.StatusConflict && a.Field("error") == "customer_limit" {
		g.met("over the limit")
		return nil
	}
	code, denied, err := client.Returned(a.Field("redirect"), asked.State)
	if err != nil || denied != "" || code == "" {
		g.Fatalf("no code: %d %s (%s, %v)", a.Status, a.Body, denied, err)
	}
	c.tokens, err = q.Redeem(g.Context(), code, k.RedirectURI)
	if err != nil {
		g.Fatalf("redeeming in %s what was asked in %s: %v", speaks(q), speaks(p), err)
	}
	c.at, c.customer = g.Inside().Now(), g.customerOf(from)
	c.allows(&k)
	g.consents = append(g.consents, c)
	if g.dice.IntN(3) == 0 {
		g.refresh(c)
	}
	return c
}

// told is what a consent is for, for the history of a game.
func told(k *client.Consent) string {
	switch {
	case k.Accounts:
		return "a list"
	case k.Read != nil:
		return fmt.Sprintf("reading %+v", *k.Read)
	case k.Payment != nil:
		return fmt.Sprintf("%s %s %s %q %s", k.Payment.Kind, k.Payment.System, k.Payment.TransferData.Amount, k.Payment.TransferData.Description, k.Payment.ExecutionMode)
	case k.Bundle != nil:
		return fmt.Sprintf("a bundle of %d", len(k.Bundle.Transfers))
	}
	return fmt.Sprintf("cancelling %+v", *k.Cancel)
}

func (g *doors) customerOf(numbers []string) party.CustomerID {
	for _, a := range g.accounts {
		if slices.Contains(numbers, a.Number) {
			return party.CustomerID(a.Customer)
		}
	}
	g.Fatalf("whose are %v", numbers)
	return ""
}

// allows notes what a consent lets do.
func (c *given) allows(k *client.Consent) {
	c.scope = xs2a.Payments
	switch {
	case k.Accounts:
		c.scope, c.rights = xs2a.AccountList, []xs2a.Right{xs2a.ListAccounts}
	case k.Read != nil:
		c.reads(k.Read)
	case k.Bundle != nil:
		c.rights = []xs2a.Right{xs2a.InitiateBundle}
	case k.Cancel != nil:
		c.rights = []xs2a.Right{xs2a.CancelPayment}
	case k.Payment.ExecutionMode == "RECURRING":
		c.rights = []xs2a.Right{xs2a.InitiateRecurring}
	default:
		c.rights = []xs2a.Right{xs2a.Initiate}
	}
}

func (c *given) reads(r *client.Read) {
	c.scope, c.rights, c.single, c.days = xs2a.AccountInfo, []xs2a.Right{xs2a.ReadAccount}, r.Once, r.Days
	if r.Days > 0 {
		c.rights = append(c.rights, xs2a.ReadTransaction)
		for _, s := range r.Statuses {
			c.rights = append(c.rights, rightOf[s])
		}
	}
}

// refresh takes new tokens at some door.
func (g *doors) refresh(c *given) {
	g.Helper()
	p := g.in(c.by)
	g.say("a refresh in %s", speaks(p))
	next, err := p.Refresh(g.Context(), c.tokens.Refresh)
	if err != nil {
		g.Fatalf("refreshing in %s: %v", speaks(p), err)
	}
	c.tokens, c.at = next, g.Inside().Now()
	if speaks(p) == client.MBank && c.scope == xs2a.AccountInfo {
		var want []string
		for _, number := range c.numbers {
			want = append(want, g.handle(c, p, number))
		}
		if got := next.AccountIDs(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			g.Errorf("the tokens are for the accounts %v, want %v", got, want)
		}
	}
}

// session is one with the customer there, with tokens that live.
func (g *doors) session(c *given) client.Session {
	g.Helper()
	if g.Inside().Now().Sub(c.at) > 9*time.Minute {
		g.refresh(c)
	}
	return (&okienkotest.Consented{Tokens: c.tokens}).Session()
}

// handle is how a door names an account.
func (g *doors) handle(c *given, p *okienkotest.ThirdParty, number string) string {
	g.Helper()
	if speaks(p) != client.MBank {
		return number
	}
	stored, err := g.book().ConsentByTPP(g.Context(), thirdparty.ClientID(p.ClientID()), c.id)
	if err != nil {
		g.Fatal(err)
	}
	for _, r := range stored.Accounts {
		if !r.Past && r.Number == number {
			return r.Ref
		}
	}
	g.Fatalf("the consent has no account %s: %+v", number, stored.Accounts)
	return ""
}

// refused wants an answer of some status from every form, and tells what for.
func (g *doors) refused(by, status int, what string, call func(*okienkotest.ThirdParty) error) {
	g.Helper()
	for _, p := range g.parties[by] {
		if err := call(p); !refusedWith(err, status) {
			g.Errorf("%s in %s: %v, want %d", what, speaks(p), err, status)
		}
	}
}

// withdraw ends a consent, by the third party's hand at some door or by the
// customer's: every door refuses the next call.
func (g *doors) withdraw() {
	g.Helper()
	some := g.usable(func(c *given) bool { return c.scope != xs2a.AccountList })
	if len(some) == 0 {
		return
	}
	c := some[g.dice.IntN(len(some))]
	s, handles := g.session(c), map[client.Form]string{}
	for _, p := range g.parties[c.by] {
		handles[speaks(p)] = g.handleIfAny(c, p)
	}
	if p := g.in(c.by); g.dice.IntN(2) == 0 {
		g.say("%d withdraws a consent in %s", c.by, speaks(p))
		if err := p.DeleteConsent(g.Context(), c.id); err != nil {
			g.Errorf("withdrawing in %s: %v", speaks(p), err)
		}
		g.met("withdrawn by the third party")
	} else {
		g.say("%s withdraws a consent", c.login)
		stored, err := g.book().ConsentByTPP(g.Context(), thirdparty.ClientID(p.ClientID()), c.id)
		if err != nil {
			g.Fatal(err)
		}
		if a := g.Customers(g.T, http.MethodPost, "/api/people/"+c.login+"/consents/"+string(stored.ID)+"/withdraw", nil); a.Status != http.StatusOK {
			g.Fatalf("withdrawing: %d %s", a.Status, a.Body)
		}
		g.met("withdrawn by the customer")
	}
	c.ended = true
	g.refused(c.by, http.StatusUnauthorized, "a call under a consent that was withdrawn", func(p *okienkotest.ThirdParty) error {
		return g.tried(p, c, s, handles[speaks(p)])
	})
	for _, p := range g.parties[c.by] {
		if _, err := p.Refresh(g.Context(), c.tokens.Refresh); !client.IsGone(err) {
			g.Errorf("a refresh in %s under a consent that was withdrawn: %v", speaks(p), err)
		}
		if err := p.DeleteConsent(g.Context(), c.id); !refusedWith(err, notThere(p)) {
			g.Errorf("withdrawing again in %s: %v", speaks(p), err)
		}
	}
}

func (g *doors) handleIfAny(c *given, p *okienkotest.ThirdParty) string {
	if c.scope != xs2a.AccountInfo {
		return ""
	}
	return g.handle(c, p, c.numbers[0])
}

// tried makes a call that a consent is good for.
func (g *doors) tried(p *okienkotest.ThirdParty, c *given, s client.Session, handle string) error {
	if c.scope == xs2a.AccountInfo {
		_, err := p.AccountDetails(g.Context(), s, handle)
		return err
	}
	_, err := p.FindPayment(g.Context(), s, "", "whatever")
	return err
}

// useAgain hands in a refresh token at one door and once more at another: the
// tokens that came of it die at every door.
func (g *doors) useAgain() {
	g.Helper()
	a, by := g.own(), g.dice.IntN(len(g.parties))
	c := g.asked(by, a.login, []string{a.Number}, client.Consent{Read: &client.Read{Numbers: []string{a.Number}, Days: 5, Statuses: every[:1]}})
	old := c.tokens.Refresh
	g.refresh(c)
	p := g.in(by)
	g.say("the old refresh token again in %s", speaks(p))
	if _, err := p.Refresh(g.Context(), old); !client.IsGone(err) {
		g.Errorf("a refresh token again in %s: %v", speaks(p), err)
	}
	c.lost = true
	s := (&okienkotest.Consented{Tokens: c.tokens}).Session()
	g.refused(by, http.StatusUnauthorized, "a token whose family died", func(p *okienkotest.ThirdParty) error {
		return g.tried(p, c, s, g.handle(c, p, a.Number))
	})
	g.met("a token used again")
}

// saysNo asks for a consent that the customer refuses: at no door is there one.
func (g *doors) saysNo() {
	g.Helper()
	a, by := g.own(), g.dice.IntN(len(g.parties))
	p, id := g.in(by), client.NewID()
	g.say("%s refuses a consent that %d asks for in %s", a.login, by, speaks(p))
	asked, err := p.Ask(g.Context(), client.Consent{
		ID: id, Accounts: true, Until: g.Inside().Now().AddDate(0, 0, 10), RedirectURI: p.Folder.RedirectURI,
		Customer: &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"},
	})
	if err != nil {
		g.Fatal(err)
	}
	answer := g.Answer(g.T, "refuse", a.login, asked.Redirect)
	if code, denied, err := client.Returned(answer.Field("redirect"), asked.State); err != nil || denied != "access_denied" || code != "" {
		g.Errorf("refused: %d %s, %q, %v", answer.Status, answer.Body, denied, err)
	}
	for _, q := range g.parties[by] {
		if err := q.DeleteConsent(g.Context(), id); !refusedWith(err, notThere(q)) {
			g.Errorf("withdrawing in %s what was refused: %v", speaks(q), err)
		}
	}
	g.met("the customer says no")
}

// notThere is how a door says that there is no such consent.
func notThere(p *okienkotest.ThirdParty) int {
	if speaks(p) == client.MBank {
		return http.StatusNotFound
	}
	return http.StatusForbidden
}

// sameConsents holds the customers' consents in the bank against those of the
// model.
func (g *doors) sameConsents() {
	g.Helper()
	now, all := g.Inside().Now(), map[party.CustomerID]map[string]string{}
	for _, a := range g.accounts {
		of := party.CustomerID(a.Customer)
		if all[of] == nil {
			all[of] = map[string]string{}
		}
		if a.Type != "VAT" {
			for n := range g.parties {
				all[of][fmt.Sprintf("%d funds %s", n, a.Number)] = "stands"
			}
		}
	}
	for _, c := range g.consents {
		all[c.customer][fmt.Sprintf("%d %s", c.by, c.id)] = c.text(now)
	}
	for of, want := range all {
		list, err := g.book().ConsentsOf(g.Context(), of)
		if err != nil {
			g.Fatal(err)
		}
		got := map[string]string{}
		for i := range list {
			key, text := g.kept(&list[i], now)
			got[key] = text
		}
		for _, k := range slices.Sorted(maps.Keys(want)) {
			if got[k] != want[k] {
				g.Errorf("%s, consent %s: the bank has %q, the model %q", of, k, got[k], want[k])
			}
			delete(got, k)
		}
		for k, text := range got {
			g.Errorf("%s has a consent that nobody gave: %s %s", of, k, text)
		}
	}
}

// text is a consent in the model's words.
func (c *given) text(now time.Time) string {
	if !c.stands(now) {
		return "ended"
	}
	var rights []string
	for _, r := range c.rights {
		rights = append(rights, grantText(&xs2a.Grant{Right: r, Single: c.single, Spent: c.spent[r], HistoryDays: c.days}, c.scope))
	}
	slices.Sort(rights)
	return fmt.Sprintln(c.scope, rights, slices.Sorted(slices.Values(c.numbers)))
}

// grantText is one right. Which payment consents are good once differs by form,
// and what was made under them says it anyhow.
func grantText(r *xs2a.Grant, of xs2a.Scope) string {
	if of != xs2a.AccountInfo {
		return string(r.Right)
	}
	days := 0
	if r.Right.HasHistory() {
		days = r.HistoryDays
	}
	return fmt.Sprintf("%s single %t spent %t days %d", r.Right, r.Single, r.Spent, days)
}

// kept is a consent of the bank in the same words.
func (g *doors) kept(c *xs2a.Consent, now time.Time) (key, text string) {
	by := -1
	for n, forms := range g.parties {
		if string(c.Organisation) == forms[0].Folder.Organisation {
			by = n
		}
	}
	var rights, numbers []string
	for i := range c.Grants {
		rights = append(rights, grantText(&c.Grants[i], c.Scope))
	}
	for _, r := range c.Accounts {
		if !r.Past {
			numbers = append(numbers, r.Number)
		}
	}
	slices.Sort(rights)
	slices.Sort(numbers)
	switch {
	case c.Scope == xs2a.Funds && c.At(now) == xs2a.Active:
		return fmt.Sprintf("%d funds %s", by, strings.Join(numbers, " ")), "stands"
	case c.At(now) != xs2a.Active:
		return fmt.Sprintf("%d %s", by, c.TPPID), string(c.At(now))
	}
	return fmt.Sprintf("%d %s", by, c.TPPID), fmt.Sprintln(c.Scope, rights, numbers)
}

// isNot tells whether an error says that something could not be cancelled, in the
// words of either form.
func isNot(err error) bool {
	var goesOn *client.NotCancelled
	return errors.As(err, &goesOn) || refusedWith(err, http.StatusNotFound) || refusedWith(err, http.StatusBadRequest) ||
		refusedWith(err, http.StatusForbidden) || refusedWith(err, http.StatusUnprocessableEntity)
}
