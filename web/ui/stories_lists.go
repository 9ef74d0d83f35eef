package ui

import "time"

func limitsForm() *LimitsForm {
	field := func(minor int64) AmountField { return AmountField{Now: pln(minor), Max: pln(minor)} }
	return &LimitsForm{Single: field(50000), Daily: field(100000), Monthly: field(500000), Threshold: field(20000)}
}

func consentStories() []Story {
	consent := func(k ConsentKind, change func(*Consent)) Consent {
		c := Consent{
			Common: during("/pairing/1"), Action: "/pairing/1", Kind: k, Application: kawomat(), Environment: Sandbox,
			Obligatory: []Permission{"BLOCKADES:CREATE", "BLOCKADES:DELETE", "PAYMENTS:CREATE"},
			Optional:   []OptionalPermission{{"TRANSACTIONS:READ_LIST", false}, {"USER:READ_DET", true}},
			Accounts: []AccountChoice{
				{ID: "a1", Name: "Konto codzienne", NRB: storyNRB, Available: pln(318240)},
				{ID: "a2", Name: "Konto oszczędnościowe", NRB: storySavings, Available: pln(2_450_000), Obstacle: ObstacleOff},
				{ID: "a3", Name: "Konto wspólne", NRB: storyCompany, Available: pln(9950), Obstacle: ObstacleBlocked},
			},
			Account: "a1", Limits: limitsForm(), Payee: payee(), ValidUntil: storyNow().AddDate(0, 0, 90), Calls: 1000, MayRelease: true,
		}
		if change != nil {
			change(&c)
		}
		return c
	}
	fixed := func(c *Consent) { c.Accounts, c.Limits, c.From = nil, nil, everyday() }
	return []Story{
		{"consent", consent(NewPairing, nil)},
		{"consent-public", consent(NewPairing, func(c *Consent) { c.Environment, c.Calls, c.ValidUntil = Public, -1, time.Time{} })},
		{"consent-beta", consent(NewPairing, func(c *Consent) { c.Environment, c.Optional, c.Calls = Beta, nil, 1 })},
		{"consent-faults", consent(NewPairing, func(c *Consent) {
			c.Account = ""
			c.Limits.Single.Typed, c.Limits.Daily.Typed, c.Limits.Monthly.Typed = "9 999,00", "dużo", "300"
			c.Faults = []Fault{{Field: "account", Why: ChooseOne}, {Field: "single", Why: AboveMaximum, Most: pln(50000)},
				{Field: "daily", Why: NotAnAmount}}
		})},
		{"consent-read-only", consent(NewPairing, func(c *Consent) {
			c.Obligatory, c.Optional, c.Limits, c.Payee, c.MayRelease = []Permission{"TRANSACTIONS:READ_LIST"}, nil, nil, Payee{}, false
		})},
		{"consent-again", consent(AgainPairing, nil)},
		{"consent-renew", consent(Renewal, func(c *Consent) { fixed(c); c.Optional, c.TakeBackURL = nil, "/applications" })},
		{"consent-more", consent(MorePermissions, func(c *Consent) {
			fixed(c)
			c.Held, c.Obligatory, c.Optional = c.Obligatory, []Permission{"TRANSACTIONS:READ_LIST"}, nil
		})},
	}
}

func storyAccounts() []AccountSummary {
	return []AccountSummary{
		{URL: "/accounts/1", Name: "Konto codzienne", NRB: storyNRB, Booked: pln(320490), Held: pln(2250), Available: pln(318240), Access: AccessIsOn},
		{URL: "/accounts/2", Name: "Konto oszczędnościowe", NRB: storySavings, Booked: pln(2_450_000), Held: pln(0), Available: pln(2_450_000), Access: AccessIsOff},
		{URL: "/accounts/3", Name: "Konto wspólne", NRB: storyCompany, Booked: pln(-40050), Held: pln(0), Overdraft: pln(50000), Available: pln(9950), Access: AccessIsBlocked},
	}
}

func storyHolds() []HoldLine {
	return []HoldLine{
		{ID: "h1", By: "Kawomat", Title: "Kawa, automat 17", Amount: pln(1250), Since: storyNow().Add(-2 * time.Hour), Until: storyNow().AddDate(0, 0, 7), ReleaseURL: "/holds/h1/release"},
		{ID: "h2", By: "Kawomat", Title: "Kawa i drożdżówka, automat 3", Amount: pln(1000), Since: storyNow().Add(-26 * time.Hour), Until: storyNow().AddDate(0, 0, 5)},
	}
}

func storyEntries() []EntryLine {
	return []EntryLine{
		{At: storyNow().Add(-3 * time.Hour), Party: "Automaty Wiślane sp. z o.o.", NRB: storyPartner, Title: "Kawa, automat 17", Through: "Kawomat", Amount: pln(-1250), Balance: pln(320490)},
		{At: storyNow().AddDate(0, 0, -1), Party: "Młyn Wodny sp. z o.o.", NRB: storyCompany, Title: "Wynagrodzenie za listopad 2026", Amount: pln(184210), Balance: pln(321740)},
		{At: storyNow().AddDate(0, 0, -4), Title: "Opłata za prowadzenie konta", Amount: pln(-500), Balance: pln(137530)},
		{At: storyNow().AddDate(0, 0, -11), Party: "Zofia Wiśniewska", NRB: storyLandlord, Title: "Czynsz za listopad, ul. Długa 5 m. 12", Amount: pln(-245000), Balance: pln(138030)},
	}
}

func storyCurve() []BalancePoint {
	var points []BalancePoint
	balance := int64(209490) // ends at the booked balance of the account
	for d := 89; d >= 0; d-- {
		switch {
		case d%30 == 1:
			balance += 200000
		case d%30 == 20:
			balance -= 145000
		case d%3 == 0:
			balance -= 1800
		}
		points = append(points, BalancePoint{Day: storyNow().AddDate(0, 0, -d), Balance: pln(balance)})
	}
	return points
}

func accountStories() []Story {
	home := Home{Common: signed("/home", SectionHome), Accounts: storyAccounts(), ApplicationsURL: "/applications", ApplicationsCount: 2, LimitsURL: "/limits",
		ConsentsURL: "/consents", ConsentsCount: 3, PaymentsURL: "/transfers", AccessURL: "/access"}
	company := home
	company.Signed = &Signed{Name: "Anna Kowalska", Customer: "Młyn Wodny sp. z o.o.", LogoutAction: "/logout", Menu: home.Signed.Menu}
	company.Accounts, company.ApplicationsCount = storyAccounts()[:1], 0
	empty := home
	empty.Accounts, empty.ApplicationsCount, empty.ConsentsCount = nil, 0, 0
	account := func(i int, change func(*Account)) Account {
		a := Account{Common: signed("/accounts/1", SectionHome), Summary: storyAccounts()[i], AccessSince: storyNow().AddDate(0, -8, -3),
			AccessURL: "/access", Holds: storyHolds(), Filter: HistoryFilter{Action: "/accounts/1"},
			Entries: storyEntries(), OlderURL: "/accounts/1?cursor=b", NewerURL: "/accounts/1?cursor=a", Curve: storyCurve()}
		if change != nil {
			change(&a)
		}
		return a
	}
	return []Story{
		{"home", home}, {"home-company", company}, {"home-empty", empty},
		{"account", account(0, func(a *Account) { a.Notice = NoticeHoldReleased })},
		{"account-empty", account(1, func(a *Account) {
			a.Holds, a.Entries, a.Curve, a.OlderURL, a.NewerURL = nil, nil, nil, "", ""
		})},
		{"account-blocked-no-match", account(2, func(a *Account) {
			a.AccessURL, a.Entries, a.Holds, a.OlderURL, a.NewerURL = "", nil, nil, "", ""
			a.Filter = HistoryFilter{Action: "/accounts/1", From: "2026-11-01", To: "2026-11-21", Text: "rower", ClearURL: "/accounts/1"}
			a.Curve = []BalancePoint{{storyNow().AddDate(0, 0, -2), pln(20000)}, {storyNow().AddDate(0, 0, -1), pln(-12000)}, {storyNow(), pln(-40050)}}
		})},
		{"account-filter-fault", account(0, func(a *Account) {
			a.Filter = HistoryFilter{Action: "/accounts/1", From: "2026-11-21", To: "2026-11-01", ClearURL: "/accounts/1"}
			a.Faults = []Fault{{Field: "to", Why: DatesReversed}}
		})},
	}
}

func applicationStories() []Story {
	list := Applications{Common: signed("/applications", SectionApplications), List: []ApplicationLine{
		{URL: "/applications/1", Application: kawomat(), Environment: Sandbox, Account: everyday(), LastUsed: storyNow().Add(-2 * time.Hour), Until: storyNow().AddDate(0, 0, 61), State: PairingActive},
		{URL: "/applications/2", Application: Application{Name: "Rowerownia", Partner: "Rowery Miejskie S.A."}, Environment: Public, Account: everyday(), State: PairingUsedUp},
		{URL: "/applications/3", Application: Application{Name: "Biletomat Plus", Partner: "Bilety i Przejazdy sp. z o.o."}, Environment: Beta, Account: everyday(), LastUsed: storyNow().AddDate(0, -2, 0), State: PairingSuspended},
	}}
	detail := func(s PairingState, change func(*ApplicationDetail)) ApplicationDetail {
		d := ApplicationDetail{
			Common: signed("/applications/1", SectionApplications), Application: kawomat(), Environment: Sandbox, State: s,
			Account: everyday(), Payee: payee(), Permissions: []Permission{"BLOCKADES:CREATE", "BLOCKADES:DELETE", "PAYMENTS:CREATE", "USER:READ_DET"},
			Since: storyNow().AddDate(0, 0, -29), Until: storyNow().AddDate(0, 0, 61), LastUsed: storyNow().Add(-2 * time.Hour), CallsLeft: 871,
			Limits: []LimitUse{
				{Kind: LimitSingle, Max: pln(50000)},
				{Kind: LimitDaily, Max: pln(100000), Used: pln(2250), Left: pln(97750)},
				{Kind: LimitMonthly, Max: pln(500000), Used: pln(412250), Left: pln(87750)},
				{Kind: LimitThreshold, Max: pln(20000)},
			},
			LimitsForm: limitsForm(), LimitsAction: "/applications/1/limits",
			Moves: []AccountChoice{
				{ID: "a2", Name: "Konto oszczędnościowe", NRB: storySavings, Available: pln(2_450_000)},
				{ID: "a3", Name: "Konto wspólne", NRB: storyCompany, Available: pln(9950), Obstacle: ObstacleBlocked},
			},
			MoveAction: "/applications/1/move", Holds: storyHolds(), EndURL: "/applications/1/end", BackURL: "/applications",
		}
		if change != nil {
			change(&d)
		}
		return d
	}
	own := func(used, most int64) OwnLimit {
		return OwnLimit{Field: AmountField{Now: pln(most), Max: pln(most * 2)}, Used: pln(used), Left: pln(most - used)}
	}
	limits := Limits{Common: signed("/limits", SectionLimits), Action: "/limits",
		OneOff:    OwnLimits{Single: own(0, 200000), Daily: own(42250, 300000), Monthly: own(912250, 1_000_000)},
		Recurring: OwnLimits{Single: own(0, 100000), Daily: own(0, 100000), Monthly: own(20000, 300000)}}
	unlimited := limits
	unlimited.OneOff = OwnLimits{Daily: OwnLimit{Used: pln(42250)}, Monthly: OwnLimit{Used: pln(912250)}}
	wrong := limits
	wrong.OneOff.Single.Field.Typed = "4000"
	wrong.Faults = []Fault{{Field: "oneoff_single", Why: AboveOther, Most: pln(300000)}}
	return []Story{
		{"applications", list},
		{"limits-none", unlimited},
		{"applications-empty", Applications{Common: signed("/applications", SectionApplications)}},
		{"application", detail(PairingActive, func(d *ApplicationDetail) { d.Notice = NoticeLimitsLowered })},
		{"application-used-up", detail(PairingUsedUp, func(d *ApplicationDetail) {
			d.RenewURL, d.CallsLeft, d.Holds = "/applications/1/renew", 0, nil
		})},
		{"application-ended", detail(PairingEnded, func(d *ApplicationDetail) {
			d.LimitsForm, d.Moves, d.EndURL, d.CallsLeft, d.LastUsed, d.Until = nil, nil, "", -1, time.Time{}, time.Time{}
		})},
		{"application-fault", detail(PairingActive, func(d *ApplicationDetail) {
			d.LimitsForm.Daily.Typed = "100000"
			d.Faults = []Fault{{Field: "daily", Why: AboveMaximum, Most: pln(100000)}}
		})},
		{"limits", limits}, {"limits-fault", wrong},
	}
}

func sandboxStories() []Story {
	people := []PhoneOwner{{"p1", "Anna Kowalska"}, {"p2", "Piotr Zieliński"}, {"p3", "Maria Wójcik"}}
	phone := Phone{Common: stranger("/phone?customer=p1"), PickAction: "/phone", People: people, Picked: "p1", Number: "+48 600 100 123",
		RefreshURL: "/phone?customer=p1", ClockURL: "/clock", CodeAction: "/phone/p1/code", Code: "04815162", CodeUntil: storyNow().Add(2 * time.Minute),
		Approvals: []Approval{
			{ID: "1", Action: "/phone/approvals/1", Subject: transferSubject(), At: storyNow(), Until: storyNow().Add(5 * time.Minute), State: ApprovalWaits},
			{ID: "2", Subject: pairingSubject(), At: storyNow().Add(-time.Hour), State: ApprovalApproved},
			{ID: "3", Subject: transferSubject(), At: storyNow().Add(-2 * time.Hour), State: ApprovalExpired},
			{ID: "5", Action: "/phone/approvals/5", Subject: Subject{Kind: SubjectConsent},
				Sent: Sent{Text: "Przelew „Czynsz za grudzień” z rachunku ...0101 na wniosek firmy „Szybka Kasa sp. z o.o.”, systemem Elixir.", Amount: "1850,00 PLN", Payee: "Jan Nowak, 38 9997 0013 5550 0000 0000 0101"},
				At:   storyNow(), Until: storyNow().Add(5 * time.Minute), State: ApprovalWaits},
			{ID: "4", Subject: Subject{Kind: SubjectOwnLimits}, At: storyNow().Add(-3 * time.Hour), State: ApprovalRefused},
		},
		Messages: []SMS{
			{storyNow(), "okienko: kod 481516 potwierdza przelew 1234,56 PLN do: Automaty Wiślane sp. z o.o. Ważny 5 minut. Nie podawaj go nikomu."},
			{storyNow().Add(-time.Hour), "okienko: kod 234200 potwierdza połączenie aplikacji Kawomat z Twoim kontem. Ważny 5 minut. Nie podawaj go nikomu."},
		}}
	unpicked := Phone{Common: stranger("/phone"), PickAction: "/phone", People: people, ClockURL: "/clock"}
	quiet := Phone{Common: stranger("/phone?customer=p2"), PickAction: "/phone", People: people, Picked: "p2", Number: "+48 600 100 124", RefreshURL: "/phone?customer=p2", CodeAction: "/phone/p2/code"}
	steps := []time.Duration{time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}
	running := ClockPage{Common: stranger("/clock"), Action: "/clock", Now: storyNow(), Speed: 1, Steps: steps, PhoneURL: "/phone"}
	frozen := running
	frozen.Frozen, frozen.Notice = true, NoticeClockChanged
	fast := running
	fast.Speed, fast.At, fast.Faults = 60, "2020-01-01T00:00", []Fault{{Field: "at", Why: InThePast}}
	return []Story{
		{"phone", phone}, {"phone-unpicked", unpicked}, {"phone-quiet", quiet},
		{"clock", running}, {"clock-frozen", frozen}, {"clock-fast-fault", fast},
	}
}
