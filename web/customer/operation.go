package customer

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/web/ui"
)

// prepared finds an operation that this person must confirm, for a customer for
// whom they act still.
func (d *Door) prepared(ctx context.Context, v *visit, id payment.AuthorisationID) (payment.Authorisation, error) {
	a, err := d.Reader.Authorisation(ctx, id)
	if err != nil {
		return payment.Authorisation{}, err
	}
	switch {
	case a.Person != v.person.ID || !slices.ContainsFunc(v.all, func(f party.ActsFor) bool { return f.Customer.ID == a.Customer }):
		return payment.Authorisation{}, notFound()
	case a.Customer != v.customer(): // their own, in another of their parts
		return payment.Authorisation{}, elsewhere("/context?next=" + url.QueryEscape(confirmPath(id)))
	}
	return a, nil
}

// operationSubject is what is confirmed, as every page of the factor repeats it.
func (d *Door) operationSubject(ctx context.Context, a *payment.Authorisation) (ui.Subject, error) {
	app, err := d.Partners.Application(ctx, a.Application)
	if err != nil {
		return ui.Subject{}, err
	}
	from, err := d.accountLine(ctx, a.Account)
	if err != nil {
		return ui.Subject{}, err
	}
	title := a.Draft.Title
	if title == "" && a.Draft.Kind == payment.ChangeHold {
		h, err := d.Reader.Hold(ctx, a.Draft.Hold)
		if err != nil {
			return ui.Subject{}, err
		}
		title = h.Title
	}
	return ui.Subject{
		Kind: ui.SubjectOf(a.Draft.Kind), Application: app.Name, Amount: a.Amount,
		Payee: ui.Payee{Name: a.Payee.Name, NRB: a.Payee.Number}, Title: title, Account: from,
	}, nil
}

// confirm shows a prepared operation, or how it ended.
func (d *Door) confirm(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	a, err := d.prepared(ctx, v, payment.AuthorisationID(named(r, "id")))
	if err != nil {
		return err
	}
	if s := a.At(d.Clock.Now()); s != payment.Waiting {
		return d.endedPage(w, r, v, &a, s)
	}
	if !v.binds {
		return errNoPower
	}
	if a.Draft.Kind == payment.Permit {
		return d.permitPage(w, r, v, &a)
	}
	subject, err := d.operationSubject(ctx, &a)
	if err != nil {
		return err
	}
	app, of, err := d.offer(ctx, a.Application)
	if err != nil {
		return err
	}
	from, err := d.Accounts.Account(ctx, a.Account)
	if err != nil {
		return err
	}
	p := ui.ConfirmOperation{
		Common: d.common(r, v, ""), Action: confirmPath(a.ID), Kind: subject.Kind, Application: applicationView(&app, &of),
		Amount: a.Amount, Fee: a.Fee, Payee: subject.Payee, Title: subject.Title, Account: subject.Account, ExpiresAt: a.ExpiresAt,
	}
	if p.Available, err = from.Available(); err != nil {
		return err
	}
	if err := d.operationTimes(ctx, &a, &p); err != nil {
		return err
	}
	leaves(w, a.Return.Callback)
	return d.show(w, http.StatusOK, v, p)
}

// operationTimes fills in until when a hold lives, when a transfer goes, and
// what a change changes.
func (d *Door) operationTimes(ctx context.Context, a *payment.Authorisation, p *ui.ConfirmOperation) error {
	now := d.Clock.Now()
	switch a.Draft.Kind {
	case payment.PlaceHold:
		if p.HoldUntil = a.Draft.ValidTo; p.HoldUntil.IsZero() {
			p.HoldUntil = now.Add(ledger.DefaultHoldLife)
		}
	case payment.ChangeHold:
		h, err := d.Reader.Hold(ctx, a.Draft.Hold)
		if err != nil {
			return err
		}
		p.Before = h.Amount
		if p.HoldUntil = a.Draft.ValidTo; p.HoldUntil.IsZero() {
			p.HoldUntil = h.ValidTo
		}
	case payment.ChangePayment:
		was, err := d.Reader.Payment(ctx, a.Draft.Payment)
		if err != nil {
			return err
		}
		p.Before, p.ExecuteOn = was.Amount, was.ExecutionDate.Start()
	}
	if on := a.Draft.ExecutionDate; !on.IsZero() && (a.Draft.Kind == payment.ChangePayment || on.After(calendar.DateOf(now))) {
		p.ExecuteOn = on.Start()
	}
	return nil
}

// permitPage asks for permissions of an application that is paired already.
func (d *Door) permitPage(w http.ResponseWriter, r *http.Request, v *visit, a *payment.Authorisation) error {
	ctx := r.Context()
	g, err := d.Agreements.Agreement(ctx, a.Agreement)
	if err != nil {
		return err
	}
	app, of, err := d.offer(ctx, a.Application)
	if err != nil {
		return err
	}
	from, err := d.accountLine(ctx, g.Account)
	if err != nil {
		return err
	}
	p := ui.Consent{
		Common: d.common(r, v, ""), Action: confirmPath(a.ID), Kind: ui.Renewal,
		Application: applicationView(&app, &of), Environment: ui.Environment(app.Status),
		From: from, MayRelease: app.ReleaseByCustomer, TakeBackURL: "/applications",
	}
	var defs []consent.Definition
	for _, want := range a.Draft.Permissions {
		if g.Grant(want) == nil {
			p.Kind = ui.MorePermissions
		}
		if def, ok := app.Definition(want); ok {
			defs = append(defs, def)
		}
		p.Obligatory = append(p.Obligatory, permissionView(want))
	}
	p.ValidUntil, p.Calls = terms(defs, d.Clock.Now())
	p.Held = grantViews(g.Grants)
	if movesMoney(&app) {
		if p.Payee, err = d.payee(ctx, &app); err != nil {
			return err
		}
	}
	leaves(w, a.Return.Callback)
	return d.show(w, http.StatusOK, v, p)
}

// decide takes the reader's decision about a prepared operation. Whatever is not
// a clear yes is a no only when it says so.
func (d *Door) decide(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	a, err := d.prepared(ctx, v, payment.AuthorisationID(named(r, "id")))
	if err != nil {
		return err
	}
	if a.At(d.Clock.Now()) != payment.Waiting {
		return seeOther(w, confirmPath(a.ID)) // says how it ended
	}
	begun := act{Purpose: sca.ForOperation, Subject: string(a.ID)}
	switch f.Value("decision") {
	case "confirm", "continue":
		return d.begin(w, r, v, begun)
	case "refuse":
	default:
		return errBadForm
	}
	out, err := d.Desk.Do(ctx, &payment.Decline{Authorisation: a.ID, Person: v.person.ID})
	if bank.CodeOf(err) == bank.AuthorisationEnded {
		return seeOther(w, confirmPath(a.ID))
	}
	if err != nil {
		return err
	}
	if err := d.forget(ctx, &begun); err != nil {
		return err
	}
	return seeOther(w, callback(out.Authorisation, payment.Turned))
}

// callback is the way back to the application, with how the operation ended.
func callback(a *payment.Authorisation, s payment.AuthorisationStatus) string {
	return withQuery(a.Return.Callback, url.Values{"authorizationId": {string(a.ID)}, "status": {string(s)}}.Encode())
}

// afterwards is where the browser goes when an operation has ended: back to the
// application, but after a refusal by the bank first to the page that explains
// it (design §3).
func afterwards(a *payment.Authorisation) string {
	if a.Status == payment.Turned && a.Reason != "" {
		return confirmPath(a.ID)
	}
	return callback(a, a.Status)
}

// afterOperation is where somebody goes who was waiting while the operation
// ended elsewhere, for example on the phone.
func (d *Door) afterOperation(r *http.Request, v *visit, a *act) (string, error) {
	op, err := d.prepared(r.Context(), v, payment.AuthorisationID(a.Subject))
	if err != nil {
		return "", err
	}
	if a.Challenge == "" || op.At(d.Clock.Now()) != op.Status {
		return confirmPath(op.ID), nil // not in the middle of it, or expired
	}
	return afterwards(&op), nil
}

// endedPage says how an operation ended, and leads back.
func (d *Door) endedPage(w http.ResponseWriter, r *http.Request, v *visit, a *payment.Authorisation, s payment.AuthorisationStatus) error {
	ctx := r.Context()
	subject, err := d.operationSubject(ctx, a)
	if err != nil {
		return err
	}
	p := ui.Result{
		Common: d.common(r, v, ""), Subject: subject, Reference: string(a.ID), At: a.EndedAt,
		ContinueURL: callback(a, s), ContinueTo: subject.Application,
	}
	switch {
	case s == payment.Done:
		p.Outcome = ui.Done
	case s == payment.PastItsMoment:
		p.Outcome, p.At = ui.Expired, a.ExpiresAt
	case a.Reason == "":
		p.Outcome = ui.Refused
	default:
		p.Outcome, p.Reason = ui.Failed, a.Reason
		if err := d.explain(ctx, a, &p); err != nil {
			return err
		}
	}
	return d.show(w, http.StatusOK, v, p)
}
