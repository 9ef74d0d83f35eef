package authserver_test

import (
	"testing"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

func TestPaymentIsCompletedForTheAccountThatPays(t *testing.T) {
	w := thirdParties(t)
	w.Server = w.serve(authserver.ConsentRules{Fees: map[authserver.FeeOf]int64{{Kind: transfer.Domestic, System: transfer.ExpressElixir}: 5_00}})
	express := w.order(10_00)
	express.System, express.Recipient.Account = transfer.ExpressElixir, "20114000000000000000000300"
	inside := w.order(10_00)
	inside.Recipient.Account = "PL" + w.mem.accounts[bobs].NRB.String()
	split := w.order(123_00)
	split.Split = &transfer.Split{VAT: pln(23_00), TaxID: "5512265909", Invoice: "F/7"}
	for name, tt := range map[string]struct {
		order  transfer.Instruction
		choice authserver.ConsentChoice
		want   xs2a.Ordered
	}{
		"plain":                {w.order(10_00), choice(annas), xs2a.Ordered{System: transfer.Elixir, Fee: pln(0)}},
		"with a fee":           {express, choice(annas), xs2a.Ordered{System: transfer.ExpressElixir, Fee: pln(5_00)}},
		"to a payee with us":   {inside, choice(annas), xs2a.Ordered{System: transfer.Internal, Fee: pln(0), Payee: bobs}},
		"split, VAT from VAT":  {split, authserver.ConsentChoice{Person: "anna", Customer: "c-shop", Accounts: []account.ID{"acc-shop"}}, xs2a.Ordered{System: transfer.Elixir, Fee: pln(0), VAT: shopsVAT}},
		"million goes Sorbnet": {w.order(1_000_000_00), choice(annas), xs2a.Ordered{System: transfer.Sorbnet, Fee: pln(0)}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := w.ChooseForConsent(t.Context(), w.ask(t, w.payAsk(name, tt.order)), tt.choice)
			must(t, err)
			got := p.Consent.Payment.Orders[0]
			kept := w.consentOf(t, name).Payment.Orders[0]
			if got.System != tt.want.System || got.Fee != tt.want.Fee || got.Payee != tt.want.Payee || got.VAT != tt.want.VAT {
				t.Errorf("%s %v %q %q", got.System, got.Fee, got.Payee, got.VAT)
			}
			if kept.Order.Content() != got.Order.Content() || kept.Fee != got.Fee || kept.Payee != got.Payee {
				t.Errorf("kept %+v", kept)
			}
		})
	}
}

// psd2 §10 cases 23, 59, 61, 62, 70.
func TestPaymentsThatCannotBeAsked(t *testing.T) {
	w := thirdParties(t)
	w.mem.transfers["t-other"] = transfer.Transfer{ID: "t-other", Client: otherTPP}
	what := func(change func(*xs2a.What), rights ...xs2a.Right) func(*authserver.ConsentAsk) {
		return func(a *authserver.ConsentAsk) {
			change(a.Consent.Payment)
			if len(rights) > 0 {
				a.Consent.Grants = nil
			}
			for _, r := range rights {
				a.Consent.Grants = append(a.Consent.Grants, xs2a.Grant{Right: r})
			}
		}
	}
	order := func(change func(*transfer.Instruction)) func(*authserver.ConsentAsk) {
		return func(a *authserver.ConsentAsk) { change(&a.Consent.Payment.Orders[0].Order) }
	}
	second := func(p *xs2a.What) { p.Orders = append(p.Orders, xs2a.Ordered{Order: w.order(1)}) }
	for name, tt := range map[string]struct {
		change func(*authserver.ConsentAsk)
		code   bank.Code
		field  string
	}{
		"nothing":             {func(a *authserver.ConsentAsk) { a.Consent.Payment = nil }, bank.InvalidParameter, "privilegeList"},
		"an empty payment":    {what(func(p *xs2a.What) { p.Orders = nil }), bank.InvalidParameter, "privilegeList"},
		"two payments":        {what(second), bank.InvalidParameter, "privilegeList"},
		"a bundle's right":    {what(func(*xs2a.What) {}, xs2a.InitiateBundle), bank.InvalidParameter, "privilegeList"},
		"two methods":         {what(func(*xs2a.What) {}, xs2a.Initiate, xs2a.CancelPayment), bank.InvalidParameter, "privilegeList"},
		"pay and cancel":      {what(func(p *xs2a.What) { p.Transfer = "t" }), bank.InvalidParameter, "privilegeList"},
		"cancel two":          {what(func(p *xs2a.What) { *p = xs2a.What{Transfer: "t", Standing: "s"} }, xs2a.CancelPayment), bank.InvalidParameter, "privilegeList"},
		"cancel none known":   {what(func(p *xs2a.What) { *p = xs2a.What{Transfer: "t"} }, xs2a.CancelPayment), bank.NotFound, ""},
		"cancel another's":    {what(func(p *xs2a.What) { *p = xs2a.What{Transfer: "t-other"} }, xs2a.CancelPayment), bank.NotFound, ""},
		"look at no bundle":   {what(func(p *xs2a.What) { *p = xs2a.What{OfBundle: "b"} }, xs2a.ReadPayment), bank.NotFound, ""},
		"cancel no standing":  {what(func(p *xs2a.What) { *p = xs2a.What{Standing: "s"} }, xs2a.CancelPayment), bank.NotFound, ""},
		"no title":            {order(func(o *transfer.Instruction) { o.Description = "" }), bank.InvalidParameter, "transferData.description"},
		"wrong check digits":  {order(func(o *transfer.Instruction) { o.Recipient.Account = "89342437927928550883469351" }), bank.InvalidParameter, "recipient.accountNumber"},
		"a day that is past":  {order(func(o *transfer.Instruction) { o.ExecutionDate = calendar.DateOf(start).AddDays(-1) }), bank.InvalidParameter, "transferData.executionDate"},
		"bank outside scheme": {order(func(o *transfer.Instruction) { o.System = transfer.ExpressElixir }), bank.RailUnavailable, ""},
		"bundle, wrong total": {func(a *authserver.ConsentAsk) {
			what(func(p *xs2a.What) {
				second(p)
				p.Bundle, p.Total = true, pln(2)
				p.Orders[0].TPPID, p.Orders[1].TPPID = "a", "b"
			}, xs2a.InitiateBundle)(a)
		}, bank.InvalidParameter, "transfersTotalAmount"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.payAsk(name, w.order(100_00))
			tt.change(&a)
			_, err := w.AskConsent(t.Context(), a)
			wantField(t, err, tt.code, tt.field)
		})
	}
	w.ask(t, w.bundleAsk("bundle"))
	recurs := w.recurring()
	recurs.Mode = "" // an order may leave unsaid that it recurs
	a := w.payAsk("recurring", recurs)
	a.Consent.Grants = []xs2a.Grant{{Right: xs2a.InitiateRecurring}, {Right: xs2a.ReadPayment}}
	w.ask(t, a)

	alone := w.with(func(c *authserver.Config) {
		c.Accounts, c.Consents, c.ConsentBook, c.ThirdParties = accountBook{w.mem}, w.mem, consentBook{memory: w.mem}, w.mem
	})
	_, err := alone.AskConsent(t.Context(), w.payAsk("no network", w.order(1)))
	wantCode(t, err, bank.RailUnavailable)
	inside := w.order(1)
	inside.Recipient.Account = w.mem.accounts[bobs].NRB.String()
	_, err = alone.AskConsent(t.Context(), w.payAsk("no network, inside", inside))
	must(t, err)
}

func (w *thirdWorld) bundleAsk(tppID string) authserver.ConsentAsk {
	a := w.payAsk(tppID, w.order(100_00), w.order(50_00))
	p := a.Consent.Payment
	p.Bundle, p.Total, p.Orders[0].TPPID, p.Orders[1].TPPID = true, pln(150_00), "p-1", "p-2"
	p.Orders[1].Order.Recipient.Name = "Zofia Mazur"
	a.Consent.Grants = []xs2a.Grant{{Right: xs2a.InitiateBundle}}
	return a
}

func (w *thirdWorld) recurring() transfer.Instruction {
	o := w.order(70_00)
	o.Mode = transfer.Recurring
	o.Recurrence = &transfer.Recurrence{Start: calendar.DateOf(start).AddDays(3), Every: transfer.Month, Count: 1}
	return o
}

func TestPayeesThatCannotBePaid(t *testing.T) {
	w := thirdParties(t)
	w.Server = w.serve(authserver.ConsentRules{BankCodes: []string{"10900004"}})
	to := func(account string) transfer.Instruction {
		o := w.order(1)
		o.Recipient.Account = account
		return o
	}
	unknown, err := nrb.Make("10900004", "0000000000000077")
	must(t, err)
	closed := w.mem.accounts["acc-firma"]
	closed.Status = account.Closed
	w.mem.accounts["acc-firma"] = closed
	for name, tt := range map[string]struct {
		order transfer.Instruction
		code  bank.Code
	}{
		"herself":          {to(w.mem.accounts[annas].NRB.String()), bank.PayerIsPayee},
		"nobody":           {to(unknown.String()), bank.PayeeUnavailable},
		"closed":           {to(closed.NRB.String()), bank.PayeeUnavailable},
		"another currency": {to(w.mem.accounts["acc-anna-eur"].NRB.String()), bank.PayeeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			// The third party is told none of it: it could find out who banks here.
			_, err := w.ChooseForConsent(t.Context(), w.ask(t, w.payAsk(name, tt.order)), choice(annas))
			wantCode(t, err, tt.code)
		})
	}
	split := w.order(123_00)
	split.Split = &transfer.Split{VAT: pln(23_00), TaxID: "5512265909", Invoice: "F/7"}
	_, err = w.ChooseForConsent(t.Context(), w.ask(t, w.payAsk("no VAT account", split)), choice(annas))
	wantField(t, err, bank.InvalidParameter, "account")
}

// Whatever of an order changes after the customer's word makes the word one for
// something else (RTS 2018/389 art. 5).
func TestWordForAPaymentIsForEveryWordOfIt(t *testing.T) {
	w := thirdParties(t)
	for name, change := range map[string]func(*xs2a.Ordered){
		"amount":     func(o *xs2a.Ordered) { o.Order.Amount = pln(10_01) },
		"payee":      func(o *xs2a.Ordered) { o.Order.Recipient.Account = "20114000000000000000000300" },
		"name":       func(o *xs2a.Ordered) { o.Order.Recipient.Name = "Jan Kowalsky" },
		"title":      func(o *xs2a.Ordered) { o.Order.Description += " " },
		"date":       func(o *xs2a.Ordered) { o.Order.ExecutionDate = calendar.DateOf(start).AddDays(1) },
		"recurrence": func(o *xs2a.Ordered) { o.Order.Recurrence = w.recurring().Recurrence },
		"delivery":   func(o *xs2a.Ordered) { o.Order.Delivery = transfer.ExpressD0 },
	} {
		id := w.ask(t, w.payAsk(name, w.order(10_00)))
		challenge := w.confirmed(t, id, choice(annas))
		c := w.consentOf(t, name)
		change(&c.Payment.Orders[0])
		w.mem.consents[c.ID] = c
		_, err := w.GiveConsent(t.Context(), id, "anna", challenge)
		if bank.CodeOf(err) != bank.ChallengeForeign {
			t.Errorf("%s: %v", name, err)
		}
	}

	id := w.ask(t, w.payAsk("account", w.order(10_00)))
	challenge := w.confirmed(t, id, choice(annas))
	_, err := w.ChooseForConsent(t.Context(), id, choice(annas2))
	must(t, err)
	_, err = w.GiveConsent(t.Context(), id, "anna", challenge)
	wantCode(t, err, bank.ChallengeForeign)

	id = w.ask(t, w.payAsk("fee", w.order(10_00)))
	challenge = w.confirmed(t, id, choice(annas))
	dearer := w.serve(authserver.ConsentRules{Fees: map[authserver.FeeOf]int64{{Kind: transfer.Domestic, System: transfer.Elixir}: 1}})
	_, err = dearer.GiveConsent(t.Context(), id, "anna", challenge)
	wantCode(t, err, bank.ChallengeForeign)
	_, err = w.GiveConsent(t.Context(), id, "anna", challenge)
	must(t, err)
}

// Whoever cannot pay is not asked to confirm it, and reads why (psd2 §0.1).
func TestPaymentsAboveTheCustomersLimits(t *testing.T) {
	w := thirdParties(t)
	must(t, w.store.ChangeCustomerLimits(t.Context(), "c-anna", nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
		l.OneOff = limit.Caps{Single: limit.CapAt(pln(100_00)), Daily: limit.CapAt(pln(120_00)), Monthly: limit.CapAt(pln(300_00))}
		l.Recurring = limit.Caps{Single: limit.CapAt(pln(60_00))}
		return nil, nil
	}))
	one := limit.OneOffOf("c-anna")
	day, month := limit.Key{Subject: one, Period: limit.DayOf(start)}, limit.Key{Subject: one, Period: limit.MonthOf(start)}
	later := w.order(100_00)
	later.ExecutionDate = calendar.DateOf(start).AddDays(1)
	euros := w.order(100_01)
	euros.Kind, euros.Amount, euros.Recipient.Account = transfer.EEA, money.New(100_01, money.EUR), "DE89370400440532013000"
	for name, tt := range map[string]struct {
		ask            authserver.ConsentAsk
		choice         authserver.ConsentChoice
		inDay, inMonth int64
		refused        bool
		used, left     int64
	}{
		"at the single limit":     {w.payAsk("a", w.order(100_00)), choice(annas), 0, 0, false, 0, 0},
		"above it":                {w.payAsk("b", w.order(100_01)), choice(annas), 0, 0, true, 0, 100_00},
		"above it in euros":       {w.payAsk("c", euros), choice("acc-anna-eur"), 0, 0, true, 0, 100_00},
		"the day is used":         {w.payAsk("d", w.order(50_00)), choice(annas), 70_01, 70_01, true, 70_01, 49_99},
		"the day is just enough":  {w.payAsk("e", w.order(50_00)), choice(annas), 70_00, 70_00, false, 0, 0},
		"the month is used":       {w.payAsk("f", w.order(50_00)), choice(annas), 0, 299_00, true, 299_00, 1_00},
		"tomorrow is another day": {w.payAsk("g", later), choice(annas), 120_00, 120_00, false, 0, 0},
		"a bundle is one sum":     {w.bundleAsk("h"), choice(annas), 0, 0, true, 0, 120_00},
		"recurring apart":         {w.recurringAsk("i"), choice(annas), 0, 0, true, 0, 60_00},
	} {
		t.Run(name, func(t *testing.T) {
			w.mem.counters[day], w.mem.counters[month] = pln(tt.inDay), pln(tt.inMonth)
			_, err := w.ChooseForConsent(t.Context(), w.ask(t, tt.ask), tt.choice)
			if !tt.refused {
				must(t, err)
				return
			}
			wantCode(t, err, bank.CustomerLimit)
			if r := refusalOf(err); r.Used.Minor() != tt.used || r.Left.Minor() != tt.left {
				t.Errorf("used %v, left %v", r.Used, r.Left)
			}
		})
	}
	w.mem.counters[day], w.mem.counters[month] = pln(0), pln(0)
	id := w.ask(t, w.payAsk("z", w.order(100_00)))
	challenge := w.confirmed(t, id, choice(annas))
	w.mem.counters[day] = pln(30_00)
	_, err := w.GiveConsent(t.Context(), id, "anna", challenge)
	wantCode(t, err, bank.CustomerLimit)
}

func (w *thirdWorld) recurringAsk(tppID string) authserver.ConsentAsk {
	a := w.payAsk(tppID, w.recurring())
	a.Consent.Grants = []xs2a.Grant{{Right: xs2a.InitiateRecurring}}
	return a
}

// Cancelling is a consent of its own, by the customer whose payment it is.
func TestConsentToCancel(t *testing.T) {
	w := thirdParties(t)
	w.mem.transfers["t-1"] = transfer.Transfer{ID: "t-1", Client: tpp, Customer: "c-anna", Account: annas2, Order: w.order(10_00)}
	ask := func(id string) authserver.ConsentAsk {
		a := w.payAsk(id)
		a.Consent.Grants = []xs2a.Grant{{Right: xs2a.CancelPayment}}
		a.Consent.Payment.Transfer = "t-1"
		return a
	}
	id := w.ask(t, ask("c"))
	p, err := w.PendingConsent(t.Context(), id)
	must(t, err)
	all, err := w.ConsentAccounts(t.Context(), p, "anna", "c-anna")
	must(t, err)
	if len(all) != 1 || all[0].ID != annas2 {
		t.Errorf("%+v", all)
	}
	if all, err = w.ConsentAccounts(t.Context(), p, "anna", "c-shop"); err != nil || len(all) != 0 {
		t.Errorf("%+v %v", all, err)
	}
	_, err = w.ChooseForConsent(t.Context(), id, choice(annas))
	wantCode(t, err, bank.NotFound)
	challenge := w.confirmed(t, id, choice(annas2))
	s, err := w.ConsentSubject(t.Context(), id, party.Polish)
	must(t, err)
	if s.Display.Text != "Odwołanie na wniosek firmy „Kantorek”: przelew „Faktura 7”." || s.Display.Amount != "10,00 PLN" {
		t.Errorf("%+v", s.Display)
	}
	_, err = w.GiveConsent(t.Context(), id, "anna", challenge)
	must(t, err)
	if c := w.consentOf(t, "c"); c.Status != xs2a.Active || c.Payment.Transfer != "t-1" || c.Accounts[0].Account != annas2 {
		t.Errorf("%+v", c)
	}
}

func TestPaymentsAreShownInWholeSentences(t *testing.T) {
	w := thirdParties(t)
	w.Server = w.serve(authserver.ConsentRules{Fees: map[authserver.FeeOf]int64{{Kind: transfer.Domestic, System: transfer.Elixir}: 1_00}})
	split := w.order(123_00)
	split.Split = &transfer.Split{VAT: pln(23_00), TaxID: "5512265909", Invoice: "F/7"}
	later := w.order(10_00)
	later.ExecutionDate = calendar.DateOf(start).AddDays(3)
	for name, tt := range map[string]struct {
		ask           authserver.ConsentAsk
		choice        authserver.ConsentChoice
		pl, en        string
		amount, payee string
	}{
		"one": {w.payAsk("a", w.order(1234_56)), choice(annas),
			"Przelew „Faktura 7” z rachunku ...0001 na wniosek firmy „Kantorek”, systemem Elixir, opłata 1,00 PLN.",
			`Transfer "Faktura 7" from the account ...0001, at the request of "Kantorek", by Elixir, fee PLN 1.00.`,
			"1 234,56 PLN", "Jan Kowalski, 88 3424 3792 7928 5508 8346 9351"},
		"later": {w.payAsk("b", later), choice(annas),
			"Przelew „Faktura 7” z rachunku ...0001 na wniosek firmy „Kantorek”, systemem Elixir, data wykonania 2026-11-24, opłata 1,00 PLN.",
			`Transfer "Faktura 7" from the account ...0001, at the request of "Kantorek", by Elixir, to be executed on 2026-11-24, fee PLN 1.00.`,
			"10,00 PLN", "Jan Kowalski, 88 3424 3792 7928 5508 8346 9351"},
		"recurring": {w.recurringAsk("c"), choice(annas),
			"Zlecenie stałe „Faktura 7” z rachunku ...0001 na wniosek firmy „Kantorek”, systemem Elixir, co miesiąc od 2026-11-24, opłata 1,00 PLN.",
			`Standing order "Faktura 7" from the account ...0001, at the request of "Kantorek", by Elixir, every month from 2026-11-24, fee PLN 1.00.`,
			"70,00 PLN", "Jan Kowalski, 88 3424 3792 7928 5508 8346 9351"},
		"split": {w.payAsk("d", split), authserver.ConsentChoice{Person: "anna", Customer: "c-shop", Accounts: []account.ID{"acc-shop"}},
			"Przelew „Faktura 7” z rachunku ...0006 na wniosek firmy „Kantorek”, systemem Elixir, w tym VAT 23,00 PLN (podzielona płatność), opłata 1,00 PLN.",
			`Transfer "Faktura 7" from the account ...0006, at the request of "Kantorek", by Elixir, of it VAT PLN 23.00 (split payment), fee PLN 1.00.`,
			"123,00 PLN", "Jan Kowalski, 88 3424 3792 7928 5508 8346 9351"},
		"bundle": {w.bundleAsk("e"), choice(annas),
			"Paczka przelewów (liczba: 2) z rachunku ...0001 na wniosek firmy „Kantorek”, opłaty razem 2,00 PLN.",
			`Bundle of transfers (number: 2) from the account ...0001, at the request of "Kantorek", fees of PLN 2.00 in all.`,
			"150,00 PLN", "Jan Kowalski ...9351 100,00 PLN; Zofia Mazur ...9351 50,00 PLN"},
	} {
		t.Run(name, func(t *testing.T) {
			id := w.ask(t, tt.ask)
			_, err := w.ChooseForConsent(t.Context(), id, tt.choice)
			must(t, err)
			pl, err := w.ConsentSubject(t.Context(), id, party.Polish)
			must(t, err)
			en, err := w.ConsentSubject(t.Context(), id, party.English)
			must(t, err)
			if pl.Display.Text != tt.pl || pl.Display.Amount != tt.amount || pl.Display.Payee != tt.payee {
				t.Errorf("%+v", pl.Display)
			}
			if en.Display.Text != tt.en || en.Binding != pl.Binding {
				t.Errorf("%+v", en.Display)
			}
		})
	}
}

// After a payment its consent may be narrowed to looking at what was made
// (psd2 §0.1), and never back.
func TestPaymentConsentIsNarrowedToLooking(t *testing.T) {
	w := thirdParties(t)
	first := w.redeem(t, w.give(t, w.payAsk("c", w.order(10_00)), choice(annas)))
	c := w.consentOf(t, "c")
	w.mem.transfers["made"] = transfer.Transfer{ID: "made", Client: tpp, Consent: string(c.ID)}
	w.mem.transfers["another"] = transfer.Transfer{ID: "another", Client: tpp, Consent: "another"}
	look := func(id transfer.ID) *authserver.ConsentNarrow {
		return &authserver.ConsentNarrow{Scope: xs2a.Payments, Grants: []xs2a.Grant{{Right: xs2a.ReadPayment}}, Transfer: id}
	}
	for name, n := range map[string]*authserver.ConsentNarrow{
		"another payment":  look("another"),
		"no payment known": look("none"),
		"nothing made":     look(""),
		"another right":    {Grants: []xs2a.Grant{{Right: xs2a.CancelPayment}}, Transfer: "made"},
		"another service":  {Scope: xs2a.AccountInfo},
	} {
		_, err := w.ConsentTokens(t.Context(), refreshParams(first.RefreshToken, n))
		if bank.CodeOf(err) != bank.ScopeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	same, err := w.ConsentTokens(t.Context(), refreshParams(first.RefreshToken, &authserver.ConsentNarrow{Scope: xs2a.Payments, Grants: c.Grants}))
	must(t, err)
	a, err := w.CheckConsent(t.Context(), same.AccessToken)
	must(t, err)
	must(t, a.Consent.Allows(xs2a.Initiate))

	looks, err := w.ConsentTokens(t.Context(), refreshParams(same.RefreshToken, look("made")))
	must(t, err)
	a, err = w.CheckConsent(t.Context(), looks.AccessToken)
	must(t, err)
	must(t, a.Consent.Allows(xs2a.ReadPayment))
	wantCode(t, a.Consent.Allows(xs2a.Initiate), bank.PermissionMissing)
	if !a.Token.LooksOnly || len(looks.Consent.Grants) != 1 || looks.Consent.Grants[0].Right != xs2a.ReadPayment {
		t.Errorf("%+v", looks.Consent.Grants)
	}
	_, err = w.ConsentTokens(t.Context(), refreshParams(looks.RefreshToken, &authserver.ConsentNarrow{Grants: c.Grants}))
	wantCode(t, err, bank.ScopeInvalid)
	again, err := w.ConsentTokens(t.Context(), refreshParams(looks.RefreshToken, nil))
	must(t, err)
	a, err = w.CheckConsent(t.Context(), again.AccessToken)
	must(t, err)
	if !a.Token.LooksOnly {
		t.Error("a refresh widened it")
	}
}
