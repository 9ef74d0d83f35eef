package ui

import (
	"time"

	"okienko/bank"
	"okienko/bank/money"
)

// Story is one page in one state, with data as a customer would see it.
type Story struct {
	Name string // stable, fit for a file name
	Page Page
}

// Stories returns every page in every state. The tests render and check all of
// them and a browser photographs them; no door serves them.
func Stories() []Story {
	var all []Story
	for _, part := range [][]Story{
		signinStories(), factorStories(), consentStories(), operationStories(), resultStories(),
		actStories(), errorStories(), accountStories(), applicationStories(), sandboxStories(),
		readConsentStories(), paymentConsentStories(), consentListStories(), transferStories(), accessStories(), ownLimitStories(), statisticsStories(),
	} {
		all = append(all, part...)
	}
	return all
}

// storyNow is an afternoon in Warsaw.
func storyNow() time.Time { return time.Date(2026, time.November, 21, 13, 28, 0, 0, time.UTC) }

const (
	storyNRB      = "06999700131020304050607080"
	storySavings  = "54999700131020304050609999"
	storyCompany  = "23999700132000000000001234"
	storyPartner  = "13999700137700000000000042"
	storyLandlord = "38999700135550000000000101"
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func stranger(here string) Common {
	return Common{Here: here, LanguageAction: "/language", Sandbox: true}
}

func signed(here string, section Section) Common {
	c := stranger(here)
	c.Signed = &Signed{Name: "Anna Kowalska", LogoutAction: "/logout", Menu: Menu{
		Home: "/home", Applications: "/applications", Consents: "/consents", Payments: "/transfers", Access: "/access", Limits: "/limits", Current: section,
	}}
	return c
}

// during is the frame in the middle of a pairing: no menu that leads away.
func during(here string) Common {
	c := signed(here, "")
	c.Signed.Menu = Menu{}
	return c
}

func kawomat() Application {
	return Application{
		Name:           "Kawomat",
		Description:    "Płać za kawę z automatu bez karty i gotówki. Pieniądze pobieramy dopiero po wydaniu kawy.",
		Partner:        "Automaty Wiślane sp. z o.o.",
		PartnerAddress: "ul. Nadbrzeżna 7, 00-999 Warszawa",
	}
}

func payee() Payee          { return Payee{Name: "Automaty Wiślane sp. z o.o.", NRB: storyPartner} }
func everyday() AccountLine { return AccountLine{Name: "Konto codzienne", NRB: storyNRB} }

func signinStories() []Story {
	app := kawomat()
	login := func(s LoginState, change func(*Login)) Login {
		l := Login{Common: stranger("/login"), Action: "/login", State: s}
		if change != nil {
			change(&l)
		}
		return l
	}
	missing := login(LoginFresh, func(l *Login) {
		l.Faults = []Fault{{Field: "login", Why: Missing}, {Field: "password", Why: Missing}}
	})
	choices := []ContextChoice{
		{ID: "c1", Name: "Anna Kowalska", Kind: Individual, Role: RoleSelf},
		{ID: "c2", Name: "Anna Kowalska Pracownia Ceramiki", Kind: Business, Role: RoleOwner},
		{ID: "c3", Name: "Młyn Wodny sp. z o.o.", Kind: Corporation, Role: RoleRepresentative},
		{ID: "c4", Name: "Stanisław Kowalski", Kind: Individual, Role: RoleProxy},
	}
	context := ChooseContext{Common: during("/context"), Action: "/context", Choices: choices, Chosen: "c1"}
	context.Signed.ContextURL = "/context"
	unchosen := ChooseContext{Common: during("/context"), Action: "/context", Choices: choices}
	asked := ChooseContext{Common: during("/context"), Action: "/context", Choices: choices[1:2], ThirdParty: shop().Name}
	unchosen.Faults = []Fault{{Field: "customer", Why: ChooseOne}}
	return []Story{
		{"login", login(LoginFresh, nil)},
		{"login-waiting", login(LoginFresh, func(l *Login) { l.Waiting = &app })},
		{"login-missing", missing},
		{"login-wrong", login(LoginWrong, func(l *Login) { l.Typed = "anna.kowalska" })},
		{"login-locked-until", login(LoginLocked, func(l *Login) { l.LockedUntil = storyNow().Add(15 * time.Minute) })},
		{"login-locked", login(LoginLocked, nil)},
		{"login-busy", login(LoginBusy, nil)},
		{"login-logged-out", login(LoginLoggedOut, nil)},
		{"login-timed-out", login(LoginTimedOut, nil)},
		{"context", context},
		{"context-missing", unchosen},
		{"context-asked", asked},
	}
}

func pairingSubject() Subject {
	return Subject{Kind: SubjectPairing, Application: "Kawomat", Account: everyday(), Limits: []LimitTo{
		{"single", pln(25000)}, {"daily", pln(80000)}, {"monthly", pln(200000)}, {"threshold", pln(10000)},
	}}
}

func transferSubject() Subject {
	return Subject{Kind: SubjectTransfer, Application: "Kawomat", Amount: pln(123456), Payee: payee(),
		Title: "Zamówienie 2026/11/0042, ekspres i kawa na rok", Account: everyday()}
}

func factorStories() []Story {
	methods := []FactorMethod{{Kind: FactorApp, Detail: "Telefon Anny"}, {Kind: FactorSMS, Detail: "••• ••• 123"}}
	choose := ChooseFactor{Common: during("/confirm/1"), Action: "/confirm/1", Subject: pairingSubject(), Methods: methods, Chosen: FactorApp, CancelAction: "/confirm/1/cancel"}
	locked := choose
	locked.Methods = []FactorMethod{methods[0], {Kind: FactorSMS, Detail: "••• ••• 123", Disabled: true}}
	locked.Chosen, locked.Faults = "", []Fault{{Field: "method", Why: ChooseOne}}
	code := func(s CodeState, subject Subject, tries int) EnterCode {
		e := EnterCode{Common: during("/confirm/1/sms"), Action: "/confirm/1/sms", Subject: subject, Phone: "••• ••• 123",
			State: s, ValidUntil: storyNow().Add(5 * time.Minute), TriesLeft: tries,
			ResendAction: "/confirm/1/resend", OtherAction: "/confirm/1/method", CancelAction: "/confirm/1/cancel"}
		if s == CodeLocked {
			e.ResendAction, e.LockedUntil = "", storyNow().Add(30*time.Minute)
		}
		return e
	}
	incomplete := code(CodeFresh, transferSubject(), 5)
	incomplete.Faults = []Fault{{Field: "code", Why: CodeIncomplete}}
	await := AwaitApproval{Common: during("/confirm/1/app"), Subject: transferSubject(), Device: "Telefon Anny",
		ContinueAction: "/confirm/1/continue", ValidUntil: storyNow().Add(5 * time.Minute), SMSAction: "/confirm/1/sms-instead", CancelAction: "/confirm/1/cancel"}
	answered := func(s ApprovalState) AwaitApproval {
		a := await
		a.State, a.AgainAction = s, "/confirm/1/again"
		return a
	}
	early := await
	early.Early = true
	return []Story{
		{"factor-choose", choose},
		{"factor-choose-locked", locked},
		{"factor-code-pairing", code(CodeFresh, pairingSubject(), 5)},
		{"factor-code-transfer", code(CodeFresh, transferSubject(), 5)},
		{"factor-code-limits", code(CodeFresh, Subject{Kind: SubjectAppLimits, Application: "Kawomat"}, 5)},
		{"factor-code-incomplete", incomplete},
		{"factor-code-wrong", code(CodeRejected, transferSubject(), 2)},
		{"factor-code-last", code(CodeRejected, transferSubject(), 1)},
		{"factor-code-expired", code(CodeExpired, transferSubject(), 5)},
		{"factor-code-locked", code(CodeLocked, transferSubject(), 0)},
		{"factor-code-resent", code(CodeResent, transferSubject(), 5)},
		{"factor-await", await},
		{"factor-await-early", early},
		{"factor-await-approved", answered(ApprovalApproved)},
		{"factor-await-refused", answered(ApprovalRefused)},
		{"factor-await-expired", answered(ApprovalExpired)},
	}
}

func operationStories() []Story {
	op := func(k SubjectKind, change func(*ConfirmOperation)) ConfirmOperation {
		o := ConfirmOperation{Common: during("/operation/1"), Action: "/operation/1", Kind: k, Application: kawomat(),
			Amount: pln(123456), Fee: pln(0), Payee: payee(), Title: "Zamówienie 2026/11/0042, ekspres i kawa na rok",
			Account: everyday(), Available: pln(318240), ExpiresAt: storyNow().Add(9 * time.Minute)}
		if change != nil {
			change(&o)
		}
		return o
	}
	return []Story{
		{"operation-hold", op(SubjectHold, func(o *ConfirmOperation) { o.HoldUntil = storyNow().AddDate(0, 0, 7) })},
		{"operation-hold-change", op(SubjectHoldChange, func(o *ConfirmOperation) {
			o.Before, o.HoldUntil = pln(80000), storyNow().AddDate(0, 0, 7)
		})},
		{"operation-transfer", op(SubjectTransfer, func(o *ConfirmOperation) { o.Fee = pln(150) })},
		{"operation-transfer-change", op(SubjectPayChange, func(o *ConfirmOperation) {
			o.Before, o.ExecuteOn = pln(100000), storyNow().AddDate(0, 0, 10)
		})},
		{"operation-huge", op(SubjectTransfer, func(o *ConfirmOperation) { o.Amount = pln(99_999_999_999_99) })},
	}
}

func resultStories() []Story {
	r := func(o Outcome, s Subject, change func(*Result)) Result {
		p := Result{Common: during("/operation/1"), Outcome: o, Subject: s, At: storyNow(),
			Reference: "01J9Z6T4-Q7WX", ContinueURL: "https://kawomat.example/powrot?authorizationId=1", ContinueTo: "Kawomat"}
		if change != nil {
			change(&p)
		}
		return p
	}
	failed := func(code bank.Code, change func(*Result)) Result {
		return r(Failed, transferSubject(), func(p *Result) {
			p.Reason, p.Consent = code, ConsentHolds
			if change != nil {
				change(p)
			}
		})
	}
	return []Story{
		{"result-done-pairing", r(Done, pairingSubject(), nil)},
		{"result-done-transfer", r(Done, transferSubject(), nil)},
		{"result-done-limits", r(Done, Subject{Kind: SubjectOwnLimits}, func(p *Result) { p.ContinueURL, p.ContinueTo = "/limits", "" })},
		{"result-refused", r(Refused, transferSubject(), nil)},
		{"result-expired", r(Expired, transferSubject(), nil)},
		{"result-failed-daily", failed(bank.DailyLimit, func(p *Result) {
			p.Limit = &LimitUse{Kind: LimitDaily, Max: pln(200000), Used: pln(145000), Left: pln(55000)}
		})},
		{"result-failed-single", failed(bank.SingleLimit, func(p *Result) { p.Limit = &LimitUse{Kind: LimitSingle, Max: pln(100000)} })},
		{"result-failed-funds", failed(bank.InsufficientFunds, nil)},
		{"result-failed-field", failed(bank.InvalidParameter, func(p *Result) { p.Field = FieldTitle })},
		{"result-failed-used-up", failed(bank.PermissionUsedUp, func(p *Result) {
			p.Consent, p.RenewURL = ConsentUsedUp, "/applications/1/renew"
		})},
		{"result-failed-locked", failed(bank.FactorLocked, func(p *Result) { p.LockedUntil = storyNow().Add(30 * time.Minute) })},
		{"result-failed-ended", failed(bank.AgreementEnded, func(p *Result) { p.Consent = ConsentEnded })},
		{"result-failed-internal", failed(bank.Internal, func(p *Result) { p.ContinueURL, p.ContinueTo = "/home", "" })},
	}
}

func actStories() []Story {
	end := ConfirmAction{Common: signed("/applications/1/end", SectionApplications), Action: "/applications/1/end",
		Kind: EndPairing, Application: "Kawomat", Account: everyday(), ActiveHolds: 2, MayRelease: true, BackURL: "/applications/1"}
	five := end
	five.ActiveHolds, five.MayRelease = 5, false
	none := end
	none.ActiveHolds = 0
	return []Story{
		{"act-end", end}, {"act-end-five-holds", five}, {"act-end-no-holds", none},
		{"act-release", ConfirmAction{Common: signed("/holds/1/release", SectionHome), Action: "/holds/1/release", Kind: ReleaseHold,
			Application: "Kawomat", Amount: pln(1250), Title: "Kawa, automat 17", Account: everyday(), BackURL: "/accounts/1"}},
		{"act-access-off", ConfirmAction{Common: signed("/accounts/1/access", SectionHome), Action: "/accounts/1/access",
			Kind: AccessOff, Account: everyday(), BackURL: "/accounts/1"}},
	}
}

func errorStories() []Story {
	var all []Story
	for _, k := range []ErrorKind{UnknownApplication, UnknownReturn, BadPairingRequest, RequestExpired, BetaOnly, NotOpen, NotForCustomer, NoPower,
		NoAccount, Blocked, NotFound, SessionExpired, ForeignForm, TooManyRequests, MethodNotAllowed, Unavailable, Internal} {
		e := ErrorPage{Common: stranger("/somewhere"), Kind: k, Reference: "01J9Z6T4Q7WX8K2M", HomeURL: "/"}
		switch k {
		case UnknownApplication, UnknownReturn:
			e.HomeURL = ""
		case TooManyRequests:
			e.RetryAfter = 5 * time.Minute
		}
		all = append(all, Story{"error-" + string(k), e})
	}
	return all
}
