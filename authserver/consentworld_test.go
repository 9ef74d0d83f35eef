package authserver_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/rail"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// network carries everything but Express Elixir to one bank.
type network struct{ rail.Network }

const outsideExpress = "88342437927928550883469351"

func (network) Check(_ context.Context, s transfer.System, o *transfer.Instruction) error {
	if s == transfer.ExpressElixir && o.Recipient.Account == outsideExpress {
		return bank.Refuse(bank.RailUnavailable, "The payee's bank does not take part.")
	}
	return nil
}

// thirdWorld is the small bank with two third parties and a VAT account.
type thirdWorld struct {
	*world
	mem *memory
}

const (
	tpp      = thirdparty.ClientID("11111111-1111-4111-8111-111111111111")
	otherTPP = thirdparty.ClientID("22222222-2222-4222-8222-222222222222")
	tppOrg   = thirdparty.Organisation("PSDPL-PFSA-5250007738")
	otherOrg = thirdparty.Organisation("PSDPL-PFSA-1234567890")
	goTo     = "https://tpp.example/back?x=1"
	shopsVAT = account.ID("acc-shop-vat")
)

func thirdParties(t *testing.T) *thirdWorld {
	t.Helper()
	w := &thirdWorld{world: newWorld(t, partner.Test, partner.Public), mem: newMemory()}
	for _, c := range []struct {
		id   thirdparty.ClientID
		org  thirdparty.Organisation
		name string
	}{{tpp, tppOrg, "Kantorek"}, {otherTPP, otherOrg, "Inny"}} {
		w.mem.clients[c.id] = thirdparty.Client{ID: c.id, Organisation: c.org, Name: c.name, RedirectURIs: []string{goTo}, Status: thirdparty.Active}
		w.mem.entries[c.org] = thirdparty.Entry{Organisation: c.org, Name: c.name, Roles: thirdparty.Roles, Since: start.AddDate(-1, 0, 0)}
	}
	for _, id := range []account.ID{annas, annas2, "acc-anna-eur", bobs, "acc-firma", "acc-shop"} {
		a, err := w.store.Account(t.Context(), id)
		must(t, err)
		w.mem.accounts[id] = a
	}
	vat := w.mem.accounts["acc-shop"]
	number, err := nrb.Make("10900004", "0000000000000009")
	must(t, err)
	vat.ID, vat.NRB, vat.Product.Type = shopsVAT, number, "VAT"
	w.mem.accounts[shopsVAT] = vat
	w.mem.spend = func(ctx context.Context, u consent.Use) error {
		_, err := w.store.JudgeChallenge(ctx, u.Challenge, func(c *sca.Challenge, _ *sca.Factor) error {
			return sca.Spend(c, u.Purpose, u.Subject, u.Binding, w.clock.Now())
		}, func(*sca.Challenge) []audit.Record { return nil })
		return err
	}
	w.Server = w.serve(authserver.ConsentRules{})
	return w
}

// serve makes the server with other rules.
func (w *thirdWorld) serve(rules authserver.ConsentRules) *authserver.Server {
	return w.with(func(c *authserver.Config) {
		c.Accounts, c.Consents, c.ConsentBook, c.ThirdParties = accountBook{w.mem}, w.mem, consentBook{memory: w.mem}, w.mem
		c.Transfers, c.Counters, c.Access, c.Network = transferBook{memory: w.mem}, counterBook{w.mem}, accountBook{w.mem}, network{}
		c.ConsentRules = rules
	})
}

func (w *thirdWorld) client(id thirdparty.ClientID) *thirdparty.Client {
	c := w.mem.clients[id]
	return &c
}

// listAsk asks for the list of accounts, infoAsk for accounts themselves, payAsk
// for a payment.
func (w *thirdWorld) listAsk(tppID string) authserver.ConsentAsk {
	return authserver.ConsentAsk{Client: w.client(tpp), State: "st&te=ż", RedirectURI: goTo, Consent: xs2a.Consent{
		TPPID: tppID, Scope: xs2a.AccountList, Grants: []xs2a.Grant{{Right: xs2a.ListAccounts}}, Until: start.AddDate(0, 0, 90),
	}}
}

func (w *thirdWorld) infoAsk(tppID string) authserver.ConsentAsk {
	a := w.listAsk(tppID)
	a.Consent.Scope, a.Consent.Grants = xs2a.AccountInfo, infoGrants()
	return a
}

func infoGrants() []xs2a.Grant {
	return []xs2a.Grant{{Right: xs2a.ReadAccount}, {Right: xs2a.ReadDone, HistoryDays: 90}}
}

func (w *thirdWorld) payAsk(tppID string, orders ...transfer.Instruction) authserver.ConsentAsk {
	a := w.listAsk(tppID)
	a.Consent.Scope, a.Consent.Grants = xs2a.Payments, []xs2a.Grant{{Right: xs2a.Initiate}}
	what := &xs2a.What{}
	for _, o := range orders {
		what.Orders = append(what.Orders, xs2a.Ordered{Order: o})
	}
	a.Consent.Payment = what
	return a
}

func (w *thirdWorld) order(minor int64) transfer.Instruction {
	return transfer.Instruction{
		Kind: transfer.Domestic, Recipient: transfer.Party{Account: outsideExpress, Name: "Jan Kowalski"},
		Description: "Faktura 7", Amount: pln(minor), Delivery: transfer.StandardD1,
	}
}

func (w *thirdWorld) ask(t *testing.T, a authserver.ConsentAsk) authserver.RequestID {
	t.Helper()
	r, err := w.AskConsent(t.Context(), a)
	must(t, err)
	return r.ID
}

func choice(accounts ...account.ID) authserver.ConsentChoice {
	return authserver.ConsentChoice{Person: "anna", Customer: "c-anna", Accounts: accounts}
}

// confirmed has a choice made and confirmed, and returns the challenge.
func (w *thirdWorld) confirmed(t *testing.T, id authserver.RequestID, c authserver.ConsentChoice) sca.ID {
	t.Helper()
	_, err := w.ChooseForConsent(t.Context(), id, c)
	must(t, err)
	subject, err := w.ConsentSubject(t.Context(), id, party.Polish)
	must(t, err)
	return w.confirm(t, c.Person, subject)
}

// give has a consent asked for, chosen, confirmed and given; it returns the code.
func (w *thirdWorld) give(t *testing.T, a authserver.ConsentAsk, c authserver.ConsentChoice) string {
	t.Helper()
	id := w.ask(t, a)
	to, err := w.GiveConsent(t.Context(), id, c.Person, w.confirmed(t, id, c))
	must(t, err)
	return query(t, to).Get("code")
}

func (w *thirdWorld) redeem(t *testing.T, code string) authserver.ConsentTokenAnswer {
	t.Helper()
	out, err := w.ConsentTokens(t.Context(), codeParams(code))
	must(t, err)
	return out
}

func codeParams(code string) authserver.ConsentTokenParams {
	return authserver.ConsentTokenParams{Client: tpp, GrantType: "authorization_code", Code: code, RedirectURI: goTo}
}

func refreshParams(token string, n *authserver.ConsentNarrow) authserver.ConsentTokenParams {
	return authserver.ConsentTokenParams{Client: tpp, GrantType: "refresh_token", RefreshToken: token, Narrow: n}
}

// consentOf finds a consent by the third party's id.
func (w *thirdWorld) consentOf(t *testing.T, tppID string) xs2a.Consent {
	t.Helper()
	c, err := consentBook{memory: w.mem}.ConsentByTPP(t.Context(), tpp, tppID)
	must(t, err)
	return c
}

// lastAct is the newest audit record of an act.
func (w *thirdWorld) lastAct(t *testing.T, act string) audit.Record {
	t.Helper()
	for _, r := range slices.Backward(w.mem.records) {
		if r.Act == act {
			return r
		}
	}
	t.Fatalf("no %s in the audit", act)
	return audit.Record{}
}

func refusalOf(err error) *bank.Refusal {
	var r *bank.Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}
