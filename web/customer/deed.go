package customer

import (
	"context"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/xs2a"
	"okienko/web/ui"
)

// deed is what an act comes to: what the second factor is bound to, what the
// reader is shown, and what is done when it passes.
type deed struct {
	subject sca.Subject
	shown   ui.Subject
	section ui.Section
	back    string // where cancelling leads
	leaves  string // the address outside of ours to which finishing leads, "" when none
	notice  ui.Notice
	finish  func(challenge sca.ID) (to string, err error)
}

// elsewhere says that there is nothing to confirm here, and where to go.
type elsewhere string

func (e elsewhere) Error() string { return "customer: nothing to confirm here; see " + string(e) }

// deed finds what an act confirms, and refuses whatever is not the reader's own.
func (d *Door) deed(ctx context.Context, v *visit, a *act) (*deed, error) {
	switch a.Purpose {
	case sca.ForPairing:
		return d.pairingDeed(ctx, v, authserver.RequestID(a.Subject))
	case sca.ForOperation:
		return d.operationDeed(ctx, v, payment.AuthorisationID(a.Subject))
	case sca.ForLimits:
		return d.limitsDeed(ctx, v, a)
	case sca.ForCustomerLimits:
		return d.ownLimitsDeed(ctx, v, a)
	case sca.ForAccess:
		return d.accessDeed(ctx, v, account.ID(a.Subject))
	}
	if !d.thirdParties() {
		return nil, notFound()
	}
	switch a.Purpose {
	case sca.ForConsent:
		return d.consentDeed(ctx, v, authserver.RequestID(a.Subject))
	case sca.ForRenewal:
		return d.renewalDeed(ctx, v, xs2a.ID(a.Subject))
	case sca.ForFunds:
		return d.fundsDeed(ctx, v, a)
	}
	return nil, bank.Refuse(bank.NotFound, "There is nothing of this kind to confirm.")
}

func (d *Door) pairingDeed(ctx context.Context, v *visit, id authserver.RequestID) (*deed, error) {
	p, err := d.Auth.Pending(ctx, id)
	if err != nil {
		return nil, err
	}
	page := "/pair/" + string(id)
	c := p.Request.Choice
	if c == nil || c.Person != v.person.ID || c.Customer != v.customer() {
		return nil, elsewhere(page) // somebody else's choice is not confirmed
	}
	subject, err := d.Auth.PairingSubject(ctx, p.Request)
	if err != nil {
		return nil, err
	}
	from, err := d.accountLine(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	return &deed{
		subject: subject, back: page, leaves: p.Request.RedirectURI,
		shown: ui.Subject{Kind: ui.SubjectPairing, Application: p.Application.Name, Account: from, Limits: shownLimits(p.Application, c.Limits)},
		finish: func(challenge sca.ID) (string, error) {
			return d.Auth.Pair(ctx, id, v.person.ID, challenge)
		},
	}, nil
}

func (d *Door) operationDeed(ctx context.Context, v *visit, id payment.AuthorisationID) (*deed, error) {
	a, err := d.prepared(ctx, v, id)
	if err != nil {
		return nil, err
	}
	if a.At(d.Clock.Now()) != payment.Waiting {
		return nil, bank.Refuse(bank.AuthorisationEnded, "The operation has ended.")
	}
	shown, err := d.operationSubject(ctx, &a)
	if err != nil {
		return nil, err
	}
	return &deed{
		subject: d.Auth.OperationSubject(a, party.Language(v.lang)), shown: shown,
		back: confirmPath(id), leaves: a.Return.Callback,
		finish: func(challenge sca.ID) (string, error) {
			out, err := d.Desk.Do(ctx, &payment.Execute{Authorisation: id, Challenge: challenge, Person: v.person.ID})
			if err != nil {
				return "", err
			}
			return afterwards(out.Authorisation), nil
		},
	}, nil
}

// shownLimits are the limits that are confirmed: nobody confirms "limits" without
// seeing which.
func shownLimits(app *partner.Application, to limit.Limits) []ui.LimitTo {
	if !movesMoney(app) {
		return nil
	}
	return []ui.LimitTo{{Field: "single", Most: to.Single}, {Field: "daily", Most: to.Daily}, {Field: "monthly", Most: to.Monthly}, {Field: "threshold", Most: to.Unconfirmed}}
}

// limitsDeed raises the limits of one agreement.
func (d *Door) limitsDeed(ctx context.Context, v *visit, a *act) (*deed, error) {
	g, err := d.agreement(ctx, v, consent.ID(a.Subject))
	if err != nil {
		return nil, err
	}
	page := applicationPath(g.ID)
	to, ok := a.amounts(4, g.Limits.Single.Currency())
	if !ok {
		return nil, elsewhere(page)
	}
	app, err := d.Partners.Application(ctx, g.Application)
	if err != nil {
		return nil, err
	}
	limits := limit.Limits{Single: to[0], Daily: to[1], Monthly: to[2], Unconfirmed: to[3]}
	return &deed{
		subject: d.Auth.LimitsSubject(g, limits, party.Language(v.lang)),
		shown:   ui.Subject{Kind: ui.SubjectAppLimits, Application: app.Name, Limits: shownLimits(&app, limits)},
		section: ui.SectionApplications, back: page, notice: ui.NoticeLimitsRaised,
		finish: func(challenge sca.ID) (string, error) {
			_, err := d.Auth.SetLimits(ctx, v.person.ID, g.ID, limits, challenge)
			return page, err
		},
	}, nil
}

// ownLimitsDeed raises the customer's own limits.
func (d *Door) ownLimitsDeed(ctx context.Context, v *visit, a *act) (*deed, error) {
	to, ok := a.amounts(6, money.PLN)
	if !ok || a.Subject != string(v.customer()) {
		return nil, elsewhere(limitsPath)
	}
	var caps [6]limit.Cap
	shown := ui.Subject{Kind: ui.SubjectOwnLimits}
	for i, amount := range to {
		caps[i] = limit.Cap{Amount: amount, Set: amount.Currency() != ""}
		shown.Limits = append(shown.Limits, ui.LimitTo{Field: ownFields[i], Most: amount})
	}
	limits := ofCustomer(caps)
	return &deed{
		subject: d.Auth.CustomerLimitsSubject(v.customer(), limits, party.Language(v.lang)),
		shown:   shown,
		section: ui.SectionLimits, back: limitsPath, notice: ui.NoticeLimitsRaised,
		finish: func(challenge sca.ID) (string, error) {
			return limitsPath, d.Auth.SetCustomerLimits(ctx, v.person.ID, v.customer(), limits, challenge)
		},
	}, nil
}
