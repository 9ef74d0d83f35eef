package ui

import (
	"time"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

func budget() ThirdParty {
	return ThirdParty{Name: "Portfel Rodzinny S.A.", Organisation: "PSDPL-PFSA-5250007738", Listed: true}
}

func shop() ThirdParty {
	return ThirdParty{Name: "Szybka Kasa sp. z o.o.", Organisation: "PSDPL-PFSA-7010012345", Listed: true}
}

func storyChoices() []AccountChoice {
	return []AccountChoice{
		{ID: "a1", Name: "Konto codzienne", NRB: storyNRB, Available: pln(318240)},
		{ID: "a2", Name: "Konto oszczędnościowe", NRB: storySavings, Available: pln(2_450_000)},
		{ID: "a3", Name: "Konto wspólne", NRB: storyCompany, Available: pln(9950), Obstacle: ObstacleBlocked},
		{ID: "a4", Name: "Konto walutowe", NRB: storyLandlord, Available: money.New(12000, money.EUR), Obstacle: ObstacleOff},
	}
}

func readConsentStories() []Story {
	page := func(change func(*ReadConsent)) ReadConsent {
		p := ReadConsent{
			Common: during("/consent/1"), Action: "/consent/1", Kind: SubjectRead, ThirdParty: budget(), For: "Anna Kowalska",
			Rights:   []ReadRight{{Right: xs2a.ReadAccount}, {Right: xs2a.ReadDone, Days: 90}, {Right: xs2a.ReadHolds, Days: 90}, {Right: xs2a.ReadTransaction, Once: true}},
			Accounts: storyChoices(), Chosen: []string{"a1"}, Until: storyNow().AddDate(0, 0, 180), ByItself: 4, AccessURL: "/access", TakeBack: "/consents",
		}
		if change != nil {
			change(&p)
		}
		return p
	}
	return []Story{
		{"tpp-read", page(nil)},
		{"tpp-read-none", page(func(p *ReadConsent) { p.Accounts, p.Chosen, p.None = storyChoices()[2:], nil, true })},
		{"tpp-read-fault", page(func(p *ReadConsent) { p.Chosen, p.Faults = nil, []Fault{{Field: "account", Why: ChooseOne}} })},
		{"tpp-list", page(func(p *ReadConsent) {
			p.Kind, p.Rights, p.Signed.Customer, p.For = SubjectList, []ReadRight{{Right: xs2a.ListAccounts, Once: true}}, "Młyn Wodny sp. z o.o.", "Młyn Wodny sp. z o.o."
			p.ByItself = 0
		})},
		{"tpp-renew", page(func(p *ReadConsent) {
			p.Common, p.Kind, p.Accounts, p.Chosen = signed("/consents/1/renew", SectionConsents), SubjectRenew, nil, nil
			p.Action, p.BackURL, p.Fixed, p.TakeBack = "/consents/1/renew", "/consents/1", []AccountLine{everyday(), {Name: "Konto oszczędnościowe", NRB: storySavings}}, ""
		})},
	}
}

func rent() OrderView {
	return OrderView{Payee: Payee{Name: "Jan Nowak", NRB: storyLandlord}, Address: []string{"ul. Długa 5", "00-238 Warszawa"},
		Title: "Czynsz za grudzień 2026", Amount: pln(185000), Fee: pln(100), System: transfer.ExpressElixir}
}

func paymentConsentStories() []Story {
	page := func(change func(*PaymentConsent)) PaymentConsent {
		p := PaymentConsent{
			Common: during("/consent/1"), Action: "/consent/1", Kind: SubjectPayment, ThirdParty: shop(), For: "Anna Kowalska",
			Amount: pln(185000), Fee: pln(100), Orders: []OrderView{rent()}, Accounts: storyChoices(), Account: "a1",
			LimitsURL: "/limits", AccessURL: "/access", ExpiresAt: storyNow().Add(15 * time.Minute),
		}
		p.Orders[0].Fee = money.Amount{}
		if change != nil {
			change(&p)
		}
		return p
	}
	abroad := OrderView{Payee: Payee{Name: "Alpine Räder GmbH", NRB: "CH9300762011623852957"}, Address: []string{"Bahnhofstrasse 1", "8001 Zürich"}, Country: "CH",
		Bank: "Zürcher Kantonalbank, ZKBKCHZZ80A", Title: "Rechnung 2026-114", Amount: money.New(125000, money.EUR), System: transfer.Swift, Charges: "SHA"}
	vat := rent()
	vat.Payee, vat.Title, vat.Amount, vat.System, vat.Fee = payee(), "FV 2026/11/0042", pln(123000), transfer.Elixir, money.Amount{}
	vat.Split = &SplitView{VAT: pln(23000), TaxID: "5252248481", Invoice: "FV 2026/11/0042"}
	tax := OrderView{Payee: Payee{Name: "Urząd Skarbowy", NRB: "68101000712222000000000001"}, Amount: pln(123400), System: transfer.Elixir,
		Tax: &TaxView{Form: "VAT-7", Period: "M 10 2026", Payer: "NIP 5252248481", Obligation: "2026/10"}}
	monthly := rent()
	monthly.Recurrence, monthly.Fee = &RecurrenceView{Every: transfer.Month, Count: 1, Start: storyNow().AddDate(0, 0, 10), End: storyNow().AddDate(1, 0, 10), Before: true}, money.Amount{}
	return []Story{
		{"tpp-pay", page(nil)},
		{"tpp-pay-open", page(func(p *PaymentConsent) { p.Fee, p.Account = money.Amount{}, "" })},
		{"tpp-pay-fault", page(func(p *PaymentConsent) { p.Account, p.Faults = "", []Fault{{Field: "account", Why: ChooseOne}} })},
		{"tpp-pay-none", page(func(p *PaymentConsent) {
			p.Accounts, p.Account, p.None, p.Fee = storyChoices()[2:], "", true, money.Amount{}
			p.Accounts[0].Obstacle = ObstacleOther
		})},
		{"tpp-look-foreign", page(func(p *PaymentConsent) {
			p.Kind, p.Amount, p.Fee, p.Orders, p.Accounts, p.None = SubjectLook, money.Amount{}, money.Amount{}, nil, nil, true
		})},
		{"tpp-foreign", ForeignConsent{Common: during("/consent/1"), Action: "/consent/1/refuse", ThirdParty: shop()}},
		{"tpp-login", Login{Common: stranger("/login"), Action: "/login", Waiting: &Application{Name: shop().Name}, RefuseAction: "/consent/1/refuse"}},
		{"tpp-pay-limit", page(func(p *PaymentConsent) {
			p.Stop = &Failure{Reason: bank.CustomerLimit, Limit: &LimitUse{Kind: LimitDaily, Max: pln(200000), Used: pln(45000), Left: pln(155000)}}
		})},
		{"tpp-pay-single-limit", page(func(p *PaymentConsent) {
			p.Stop = &Failure{Reason: bank.CustomerLimit, Limit: &LimitUse{Kind: LimitSingle, Max: pln(100000)}}
		})},
		{"tpp-pay-funds", page(func(p *PaymentConsent) {
			p.Stop = &Failure{Reason: bank.InsufficientFunds, Available: pln(9950)}
		})},
		{"tpp-pay-later", page(func(p *PaymentConsent) {
			p.Orders[0].On, p.Orders[0].System = storyNow().AddDate(0, 0, 9), transfer.Elixir
		})},
		{"tpp-pay-split", page(func(p *PaymentConsent) { p.Amount, p.Orders = pln(123000), []OrderView{vat} })},
		{"tpp-pay-tax", page(func(p *PaymentConsent) { p.Amount, p.Orders = pln(123400), []OrderView{tax} })},
		{"tpp-pay-abroad", page(func(p *PaymentConsent) {
			p.Amount, p.Fee, p.Orders = money.New(125000, money.EUR), money.New(500, money.EUR), []OrderView{abroad}
		})},
		{"tpp-pay-standing", page(func(p *PaymentConsent) { p.Kind, p.Orders = SubjectStanding, []OrderView{monthly} })},
		{"tpp-pay-bundle", page(func(p *PaymentConsent) {
			p.Kind, p.Amount, p.Fee, p.Orders = SubjectBundle, pln(308000), pln(200), []OrderView{rent(), vat}
			p.Orders[0].Fee = money.Amount{}
		})},
		{"tpp-cancel", page(func(p *PaymentConsent) {
			p.Kind, p.Fee, p.Accounts = SubjectCancel, money.Amount{}, storyChoices()[:1]
		})},
		{"tpp-look", page(func(p *PaymentConsent) {
			p.Kind, p.Fee, p.Accounts, p.Orders[0].Reference = SubjectLook, money.Amount{}, storyChoices()[:1], "VS 2026120001"
		})},
		{"tpp-code-pay", EnterCode{Common: during("/factor/consent/1"), Action: "/factor/consent/1/code", Phone: "••• ••• 123", State: CodeFresh,
			Subject:    Subject{Kind: SubjectPayment, Application: shop().Name, Amount: pln(185000), Fee: pln(100), Payee: Payee{"Jan Nowak", storyLandlord}, Title: "Czynsz za grudzień 2026", Account: everyday()},
			ValidUntil: storyNow().Add(5 * time.Minute), TriesLeft: 5, ResendAction: "/factor/consent/1/resend", CancelAction: "/factor/consent/1/cancel"}},
		{"tpp-code-read", EnterCode{Common: during("/factor/consent/1"), Action: "/factor/consent/1/code", Phone: "••• ••• 123", State: CodeFresh,
			Subject:    Subject{Kind: SubjectRead, Application: budget().Name, Accounts: []AccountLine{everyday(), {Name: "Konto oszczędnościowe", NRB: storySavings}}, Until: storyNow().AddDate(0, 0, 180)},
			ValidUntil: storyNow().Add(5 * time.Minute), TriesLeft: 5, ResendAction: "/factor/consent/1/resend", CancelAction: "/factor/consent/1/cancel"}},
	}
}

func filters(current, base string, names ...string) []FilterLink {
	var out []FilterLink
	for _, n := range names {
		out = append(out, FilterLink{Name: n, URL: base + "?show=" + n, Current: n == current})
	}
	return out
}

func storyConsents() []ConsentLine {
	return []ConsentLine{
		{URL: "/consents/1", ThirdParty: budget().Name, What: SubjectRead, State: PairingActive, Accounts: []AccountLine{everyday(), {Name: "Konto oszczędnościowe", NRB: storySavings}},
			Given: storyNow().AddDate(0, 0, -20), LastUsed: storyNow().Add(-40 * time.Minute), LastRead: xs2a.ReadDone, Until: storyNow().AddDate(0, 0, 160)},
		{URL: "/consents/2", ThirdParty: "Karta Miejska S.A.", What: SubjectFunds, State: PairingActive, Accounts: []AccountLine{everyday()},
			Given: storyNow().AddDate(0, -2, 0), Until: storyNow().AddDate(1, 0, 0)},
		{URL: "/consents/3", ThirdParty: shop().Name, What: SubjectPayment, Amount: pln(185000), State: PairingEnded, Accounts: []AccountLine{everyday()},
			Given: storyNow().AddDate(0, 0, -3), LastUsed: storyNow().AddDate(0, 0, -3), LastRead: xs2a.Initiate, Until: storyNow(), EndedAt: storyNow().AddDate(0, 0, -1)},
	}
}

func consentListStories() []Story {
	all := Consents{Common: signed("/consents", SectionConsents), List: storyConsents(), FundsURL: "/funds",
		Filters: filters("all", "/consents", FilterAll, FilterActive, FilterEnded)}
	all.Notice = NoticeConsentEnded
	none := all
	none.Notice, none.List, none.Filters = NoticeNone, nil, filters("active", "/consents", FilterAll, FilterActive, FilterEnded)
	detail := func(i int, p ThirdParty, change func(*ConsentDetail)) ConsentDetail {
		d := ConsentDetail{Common: signed("/consents/1", SectionConsents), ConsentLine: storyConsents()[i], Party: p, BackURL: "/consents", EndURL: "/consents/1/end"}
		if change != nil {
			change(&d)
		}
		return d
	}
	form := FundsForm{Common: signed("/funds", SectionConsents), Action: "/funds", Issuers: []ThirdParty{{Name: "Karta Miejska S.A.", Organisation: "PSDPL-PFSA-1132245670"}},
		Accounts: storyChoices(), Until: "2027-11-21", BackURL: "/consents"}
	wrong := form
	wrong.Until = "2026-11-01"
	wrong.Faults = []Fault{{Field: "issuer", Why: ChooseOne}, {Field: "account", Why: ChooseOne}, {Field: "until", Why: NotAhead}}
	again := form
	again.Issuer, again.Faults = "PSDPL-PFSA-1132245670", []Fault{{Field: "issuer", Why: GivenBefore}}
	nobody := form
	nobody.Issuers = nil
	end := ConfirmAction{Common: signed("/consents/1/end", SectionConsents), Action: "/consents/1/end", Kind: EndConsent, Application: budget().Name, BackURL: "/consents/1"}
	return []Story{
		{"consents", all}, {"consents-empty", none},
		{"consents-one", detail(0, budget(), func(d *ConsentDetail) {
			d.Rights, d.ByItself, d.RenewURL = []ReadRight{{Right: xs2a.ReadAccount}, {Right: xs2a.ReadDone, Days: 90}}, 4, "/consents/1/renew"
		})},
		{"consents-funds", detail(1, ThirdParty{Name: "Karta Miejska S.A.", Organisation: "PSDPL-PFSA-1132245670"}, func(d *ConsentDetail) { d.Notice = NoticeFundsGiven })},
		{"consents-payment", detail(2, shop(), func(d *ConsentDetail) {
			d.EndURL, d.EndedBy, d.Orders, d.Payments = "", EndedByThem, []OrderView{rent()}, storyTransfers()[:1]
		})},
		{"funds", form}, {"funds-fault", wrong}, {"funds-again", again}, {"funds-nobody", nobody}, {"act-end-consent", end},
	}
}

func storyTransfers() []TransferLine {
	return []TransferLine{
		{URL: "/transfers/1", At: storyNow().AddDate(0, 0, -3), Payee: "Jan Nowak", Title: "Czynsz za grudzień 2026", Amount: pln(185000), Through: shop().Name, Status: transfer.Done},
		{URL: "/transfers/2", At: storyNow(), Payee: "Automaty Wiślane sp. z o.o.", Title: "FV 2026/11/0042", Amount: pln(123000), Through: shop().Name, Status: transfer.Pending},
		{URL: "/transfers/3", At: storyNow(), Payee: "Jan Nowak", Title: "Kaucja", Amount: pln(300000), Through: shop().Name, Status: transfer.Scheduled, On: storyNow().AddDate(0, 0, 9)},
		{URL: "/transfers/4", At: storyNow().AddDate(0, 0, -5), Payee: "Alpine Räder GmbH", Title: "Rechnung 2026-114", Amount: pln(500000), Through: shop().Name, Status: transfer.Rejected},
		{URL: "/transfers/5", At: storyNow().AddDate(0, 0, -9), Payee: "Urząd Skarbowy", Amount: pln(123400), Through: budget().Name, Status: transfer.Cancelled},
		{URL: "/transfers/6", At: storyNow().AddDate(0, 0, -12), Payee: "Jan Nowak", Title: "Zwrot", Amount: pln(4200), Through: budget().Name, Status: transfer.Done, Returned: true},
	}
}

func transferStories() []Story {
	waits := account0()
	waits.Pending = storyTransfers()[1:2]
	list := Transfers{Common: signed("/transfers", SectionPayments), List: storyTransfers(), OlderURL: "/transfers?before=x", NewerURL: "/transfers",
		Filters:  filters("all", "/transfers", FilterAll, FilterWaiting, FilterMade, FilterFailed),
		Standing: []StandingLine{{URL: "/standing/1", Payee: "Jan Nowak", Title: "Czynsz", Amount: pln(185000), Through: shop().Name, Status: transfer.StandingInProgress, Next: storyNow().AddDate(0, 0, 10)}}}
	list.Notice = NoticeTransferCancelled
	none := Transfers{Common: signed("/transfers", SectionPayments), Filters: list.Filters}
	unmatched := none
	unmatched.Filters = filters("failed", "/transfers", FilterAll, FilterWaiting, FilterMade, FilterFailed)
	one := func(s transfer.Status, change func(*TransferDetail)) TransferDetail {
		d := TransferDetail{Common: signed("/transfers/1", SectionPayments), Order: rent(), From: everyday(), Through: shop().Name, Status: s,
			CreatedAt: storyNow().AddDate(0, 0, -1), Reference: "0194b0b2-6ff2-7cc3-98c4-dc0c0c07398f", ConsentURL: "/consents/3", BackURL: "/transfers"}
		if s.Final() {
			d.EndedAt = storyNow()
		}
		if change != nil {
			change(&d)
		}
		return d
	}
	standing := StandingDetail{Common: signed("/standing/1", SectionPayments), Order: rent(), From: everyday(), Through: shop().Name, Status: transfer.StandingInProgress,
		Next: storyNow().AddDate(0, 0, 10), Made: 1, CreatedAt: storyNow().AddDate(0, -1, 0), Payments: storyTransfers()[:1], Reference: "0194b0b2-6ff2-7cc3-98c4-dc0c0c07398f",
		ConsentURL: "/consents/4", CancelURL: "/standing/1/cancel", BackURL: "/transfers"}
	standing.Order.Recurrence = &RecurrenceView{Every: transfer.Month, Count: 1, Start: storyNow().AddDate(0, -1, 10)}
	over := standing
	over.Status, over.Next, over.EndedAt, over.CancelURL, over.Payments, over.Made = transfer.StandingCancelled, time.Time{}, storyNow(), "", nil, 0
	asks := ConfirmAction{Common: signed("/transfers/3/cancel", SectionPayments), Action: "/transfers/3/cancel", Kind: CancelTransfer, Application: shop().Name,
		Amount: pln(300000), Title: "Kaucja", Account: everyday(), BackURL: "/transfers/3"}
	standingAsks := asks
	standingAsks.Kind, standingAsks.Action, standingAsks.BackURL = CancelStanding, "/standing/1/cancel", "/standing/1"
	return []Story{
		{"transfers", list}, {"transfers-empty", none}, {"transfers-no-match", unmatched},
		{"transfer-pending", one(transfer.Pending, nil)},
		{"transfer-scheduled", one(transfer.Scheduled, func(d *TransferDetail) { d.Order.On, d.CancelURL = storyNow().AddDate(0, 0, 9), "/transfers/1/cancel" })},
		{"transfer-done", one(transfer.Done, func(d *TransferDetail) { d.StandingURL = "/standing/1" })},
		{"transfer-rejected", one(transfer.Rejected, func(d *TransferDetail) {
			d.Why = &Failure{Reason: bank.CustomerLimit, Limit: &LimitUse{Kind: LimitMonthly, Max: pln(500000), Used: pln(420000), Left: pln(80000)}, Consent: ConsentUsedUp, Again: shop().Name}
		})},
		{"transfer-sent-back", one(transfer.Done, func(d *TransferDetail) {
			d.Returned, d.Why = storyNow(), &Failure{Reason: bank.RailRefused, Detail: "rachunek zamknięty", Consent: ConsentHolds}
		})},
		{"standing", standing}, {"standing-over", over},
		{"act-cancel-transfer", asks}, {"act-cancel-standing", standingAsks},
		{"account-pending", waits},
	}
}

// account0 is the everyday account with nothing on its page but its money.
func account0() Account {
	s := storyAccounts()[0]
	s.Held = pln(123000)
	s.Available = pln(s.Booked.Minor() - s.Held.Minor())
	return Account{Common: signed("/accounts/1", SectionHome), Summary: s, Filter: HistoryFilter{Action: "/accounts/1"}, AccessURL: "/access"}
}

func accessStories() []Story {
	caps := func(single, daily, used, monthly int64) []CapUse {
		return []CapUse{{Kind: LimitSingle, Most: pln(single)}, {Kind: LimitDaily, Most: pln(daily), Used: pln(used), Left: pln(daily - used)},
			{Kind: LimitMonthly, Most: pln(monthly), Used: pln(used), Left: pln(monthly - used)}}
	}
	page := func(s CustomerKind, change func(*AccessPage)) AccessPage {
		p := AccessPage{Common: signed("/access", SectionAccess), Segment: s, Hotline: "+48 22 555 01 23", MaySwitch: true,
			OneOff: caps(200000, 300000, 42250, 1_000_000), Recurring: caps(100000, 100000, 0, 300000),
			LimitsURL: "/limits", ConsentsURL: "/consents", ApplicationsURL: "/applications",
			Accounts: []AccountAccess{
				{Key: "1", Name: "Konto codzienne", NRB: storyNRB, Access: AccessIsOn, By: AccessByRule, Since: storyNow().AddDate(-2, 0, 0), OffURL: "/access/1/off", Consents: 2},
				{Key: "2", Name: "Konto oszczędnościowe", NRB: storySavings, Access: AccessIsOff, By: AccessByPerson, Person: "Anna Kowalska", Since: storyNow().AddDate(0, 0, -3), OnAction: "/access/2/on"},
				{Key: "3", Name: "Konto wspólne", NRB: storyCompany, Access: AccessIsBlocked, By: AccessByHotline, Since: storyNow().AddDate(0, 0, -1), Why: "zgłoszenie podejrzanej płatności"},
			}}
		if change != nil {
			change(&p)
		}
		return p
	}
	return []Story{
		{"access", page(Individual, func(p *AccessPage) { p.Notice = NoticeAccessOn })},
		{"access-business", page(Business, func(p *AccessPage) {
			p.Accounts, p.MaySwitch = p.Accounts[:1], false
			p.Accounts[0].Access, p.Accounts[0].OffURL, p.Accounts[0].Consents = AccessIsOff, "", 0
		})},
		{"access-business-no-hotline", page(Business, func(p *AccessPage) { p.Accounts, p.Hotline, p.ConsentsURL, p.MaySwitch = nil, "", "", false })},
		{"access-corporation", page(Corporation, func(p *AccessPage) {
			p.Accounts[1].By = AccessByBank
			p.OneOff = []CapUse{{Kind: LimitSingle, Most: pln(0), Hint: HintZero}, {Kind: LimitDaily, Used: pln(42250), Hint: HintHigh}, {Kind: LimitMonthly, Most: pln(99_000_000), Used: pln(42250), Left: pln(98_957_750), Hint: HintHigh}}
		})},
		{"access-corporation-looks", page(Corporation, func(p *AccessPage) {
			p.MaySwitch, p.Accounts, p.Unlimited = false, p.Accounts[:1], true
			p.Accounts[0].OffURL = ""
		})},
	}
}

func ownLimitStories() []Story {
	l := Limits{Common: signed("/limits", SectionLimits), Action: "/limits", Waiting: "/consent/1"}
	own := func(most, used int64, h LimitHint) OwnLimit {
		return OwnLimit{Field: AmountField{Now: pln(most)}, Used: pln(used), Left: pln(most - used), Hint: h}
	}
	l.OneOff = OwnLimits{Single: own(0, 0, HintZero), Daily: own(300000, 42250, HintNone), Monthly: own(99_000_000, 42250, HintHigh)}
	l.Recurring = OwnLimits{Single: own(50_000_000, 0, HintHigh), Daily: own(0, 0, HintZero), Monthly: own(300000, 0, HintNone)}
	return []Story{{"limits-hints", l}}
}
