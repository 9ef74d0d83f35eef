package phone

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/edge"
	"okienko/web/ui"
)

// maxForm is far more than any form of these pages holds.
const maxForm = 4 << 10

var errBadForm = errors.New("phone: malformed form")

func readForm(w http.ResponseWriter, r *http.Request) (edge.Form, error) {
	body, err := edge.ReadBody(w, r, maxForm)
	if err != nil {
		return edge.Form{}, errors.Join(errBadForm, err)
	}
	f, err := edge.ParseForm(body)
	if err != nil {
		return edge.Form{}, errors.Join(errBadForm, err)
	}
	return f, nil
}

// pick lets the reader choose a phone.
func (d *Door) pick(w http.ResponseWriter, r *http.Request) error {
	if login := r.URL.Query().Get("customer"); login != "" {
		http.Redirect(w, r, phonePath(login), http.StatusSeeOther)
		return nil
	}
	d.show(w, r, http.StatusOK, d.phones(phonesPath))
	return nil
}

func (d *Door) phones(here string) ui.Phone {
	p := ui.Phone{Common: d.common(here), PickAction: phonesPath, ClockURL: clockPath}
	for _, o := range d.Phones.Owners() {
		p.People = append(p.People, ui.PhoneOwner{ID: o.Login, Name: o.FullName()})
	}
	return p
}

// phone shows one phone.
func (d *Door) phone(w http.ResponseWriter, r *http.Request) error {
	ctx, login := r.Context(), r.PathValue("login")
	messages, err := d.Phones.Messages(login)
	if err != nil {
		return err
	}
	waiting, answered, err := d.Phones.Approvals(ctx, login)
	if err != nil {
		return err
	}
	p := d.phones(phonePath(login))
	p.Picked, p.RefreshURL, p.Notice = login, phonePath(login), noticeOf(r)
	for _, o := range d.Phones.Owners() {
		if o.Login == login {
			p.Number, p.Speaks = number(o), ui.Lang(o.Language)
		}
	}
	if d.Phones.HasCodes(login) {
		p.CodeAction = phonePath(login) + "/code"
		p.Code, p.CodeUntil = d.Phones.Code(login, d.Clock.Now())
	}
	for _, m := range messages {
		p.Messages = append(p.Messages, ui.SMS{At: m.CreatedAt, Text: m.Text})
	}
	for _, c := range append(waiting, answered...) {
		a := ui.Approval{ID: string(c.ID), Action: phonePath(login) + "/approvals/" + url.PathEscape(string(c.ID)), At: c.CreatedAt, Until: c.ExpiresAt, State: stateOf(c.Status)}
		if a.Subject, err = d.subject(ctx, c.Subject); err != nil {
			return err
		}
		// All of it must be read before it is approved (dynamic linking, RTS 2018/389 art. 5).
		a.Sent = ui.Sent{Text: c.Subject.Display.Text, Amount: c.Subject.Display.Amount, Payee: c.Subject.Display.Payee}
		p.Approvals = append(p.Approvals, a)
	}
	d.show(w, r, http.StatusOK, p)
	return nil
}

// newCode draws a code; the phone shows it until it has expired.
func (d *Door) newCode(w http.ResponseWriter, r *http.Request) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	login := r.PathValue("login")
	if _, _, err := d.Phones.NewCode(r.Context(), login); err != nil {
		return err
	}
	// To the code itself: below many approvals it would have to be looked for.
	http.Redirect(w, r, phonePath(login)+"#provider-code", http.StatusSeeOther)
	return nil
}

// number groups a Polish number as people write it.
func number(p party.Person) string {
	if n := p.Phone; len(n) == len("+48123456789") {
		return n[:3] + " " + n[3:6] + " " + n[6:9] + " " + n[9:]
	}
	return p.Phone
}

func stateOf(s sca.Status) ui.ApprovalState {
	switch s {
	case sca.Pending:
		return ui.ApprovalWaits
	case sca.Refused:
		return ui.ApprovalRefused
	}
	return ui.ApprovalApproved
}

// subject is what a challenge confirms, from the things themselves rather than
// from the sentence that the device was sent.
func (d *Door) subject(ctx context.Context, s sca.Subject) (ui.Subject, error) {
	switch s.Purpose {
	case sca.ForOperation:
		a, err := d.Operations.Authorisation(ctx, payment.AuthorisationID(s.ID))
		if err != nil {
			return ui.Subject{}, err
		}
		out, err := d.of(ctx, ui.SubjectOf(a.Draft.Kind), a.Application)
		out.Amount, out.Payee, out.Title = a.Amount, ui.Payee{Name: a.Payee.Name, NRB: a.Payee.Number}, a.Draft.Title
		return out, err
	case sca.ForPairing:
		r, err := d.Requests.Request(ctx, authserver.RequestID(s.ID))
		if bank.CodeOf(err) == bank.NotFound {
			return ui.Subject{Kind: ui.SubjectPairing}, nil // cleared away since
		}
		if err != nil {
			return ui.Subject{}, err
		}
		return d.of(ctx, ui.SubjectPairing, r.Client)
	case sca.ForLimits:
		a, err := d.Agreements.Agreement(ctx, consent.ID(s.ID))
		if err != nil {
			return ui.Subject{}, err
		}
		return d.of(ctx, ui.SubjectAppLimits, a.Application)
	case sca.ForCustomerLimits:
		return ui.Subject{Kind: ui.SubjectOwnLimits}, nil
	case sca.ForConsent, sca.ForRenewal, sca.ForFunds:
		return ui.Subject{Kind: ui.SubjectConsent}, nil
	case sca.ForAccess:
		return ui.Subject{Kind: ui.SubjectAccess}, nil
	}
	return ui.Subject{Kind: ui.SubjectLogin}, nil
}

func (d *Door) of(ctx context.Context, kind ui.SubjectKind, id partner.ClientID) (ui.Subject, error) {
	app, err := d.Applications.Application(ctx, id)
	return ui.Subject{Kind: kind, Application: app.Name}, err
}

// answer takes the customer's yes or no. What was approved and then could not be
// done is said with its reason.
func (d *Door) answer(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	decision := f.Value("decision")
	if decision != "approve" && decision != "refuse" {
		return errBadForm
	}
	login := r.PathValue("login")
	if _, err := d.Phones.Answer(r.Context(), login, sca.ID(r.PathValue("id")), decision == "approve"); err != nil {
		return err
	}
	done := map[string]ui.Notice{"approve": ui.NoticeApproved, "refuse": ui.NoticeRefused}[decision]
	http.Redirect(w, r, phonePath(login)+"?done="+string(done), http.StatusSeeOther)
	return nil
}

// noticeOf is what the page before has just done. The sentences are a closed
// list: a link can at most say something that did not happen, in the sandbox.
func noticeOf(r *http.Request) ui.Notice {
	switch n := ui.Notice(r.URL.Query().Get("done")); n {
	case ui.NoticeApproved, ui.NoticeRefused, ui.NoticeClockChanged:
		return n
	}
	return ui.NoticeNone
}

// clock shows the bank clock.
func (d *Door) clock(w http.ResponseWriter, r *http.Request) error {
	p := d.clockPage()
	p.Notice = noticeOf(r)
	d.show(w, r, http.StatusOK, p)
	return nil
}

func (d *Door) clockPage() ui.ClockPage {
	speed := d.Clock.Speed()
	return ui.ClockPage{Common: d.common(clockPath), Action: clockPath, Now: d.Clock.Now(), Frozen: speed == 0, Speed: speed, PhoneURL: phonesPath,
		Steps: []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}}
}

// moveClock takes the forms of the clock's page.
func (d *Door) moveClock(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	switch f.Value("do") {
	case "freeze":
		err = d.Clock.Freeze()
	case "run":
		err = d.Clock.Run(1)
	case "jump":
		step, wrong := time.ParseDuration(f.Value("step"))
		if wrong != nil {
			return errBadForm
		}
		err = d.Clock.Jump(step)
	case "set":
		return d.setClock(w, r, f.Value("at"))
	default:
		return errBadForm
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, clockPath+"?done="+string(ui.NoticeClockChanged), http.StatusSeeOther)
	return nil
}

func (d *Door) setClock(w http.ResponseWriter, r *http.Request, text string) error {
	at, err := warsawTime(text)
	why := ui.NotATime
	if err == nil {
		if err, why = d.Clock.Set(at), ui.InThePast; err == nil {
			http.Redirect(w, r, clockPath+"?done="+string(ui.NoticeClockChanged), http.StatusSeeOther)
			return nil
		}
		if bank.CodeOf(err) == bank.Internal {
			return err
		}
		if at.After(d.Clock.Now()) {
			why = ui.NotATime // beyond the end of bank time
		}
	}
	p := d.clockPage()
	p.At, p.Faults = text, []ui.Fault{{Field: "at", Why: why}}
	d.show(w, r, http.StatusUnprocessableEntity, p)
	return nil
}

// warsawTime reads what a datetime-local input sends, with and without seconds.
func warsawTime(text string) (time.Time, error) {
	at, err := time.ParseInLocation("2006-01-02T15:04", text, calendar.Warsaw())
	if err != nil {
		at, err = time.ParseInLocation("2006-01-02T15:04:05", text, calendar.Warsaw())
	}
	return at, err
}
