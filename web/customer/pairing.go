package customer

import (
	"net/http"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/edge"
	"okienko/web/ui"
)

// asked is a pairing request that this reader may answer, with what they
// agreed to before.
type asked struct {
	authserver.Pending
	had     *consent.Agreement // stands already; nil when there is none
	choices []ui.AccountChoice
}

// asked finds the request of the address. It is nil, with a page written, when
// the reader cannot be paired.
func (d *Door) asked(w http.ResponseWriter, r *http.Request, v *visit) (*asked, error) {
	ctx := r.Context()
	p, err := d.Auth.Pending(ctx, authserver.RequestID(named(r, "id")))
	if err != nil {
		return nil, err
	}
	if v.acts.Customer.Blocked.IsSet() {
		d.errorPage(w, r, v, http.StatusForbidden, ui.Blocked)
		return nil, nil
	}
	if err := d.Auth.MayPair(ctx, p, v.person.ID, &v.acts.Customer); err != nil {
		if bank.CodeOf(err) != bank.ApplicationStatus {
			return nil, err
		}
		d.errorPage(w, r, v, http.StatusForbidden, closedTo(&p, &v.acts.Customer))
		return nil, nil
	}
	q := &asked{Pending: p}
	all, err := d.Agreements.AgreementsOf(ctx, v.customer())
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Application == p.Application.ID && all[i].Status != consent.Ended {
			q.had = &all[i]
		}
	}
	choices, any, err := d.accountChoices(ctx, v, p.Application, "")
	if err != nil {
		return nil, err
	}
	if !any {
		d.errorPage(w, r, v, http.StatusForbidden, ui.NoAccount)
		return nil, nil
	}
	q.choices = choices
	return q, nil
}

// closedTo says in which of its ways the application is not open to a customer.
func closedTo(p *authserver.Pending, c *party.Customer) ui.ErrorKind {
	switch {
	case c.Segment != party.Individual && p.Partner.Customer != c.ID:
		return ui.NotForCustomer
	case p.Application.Status == partner.Sandbox:
		return ui.NotOpen
	}
	return ui.BetaOnly
}

// consent shows who wants what.
func (d *Door) consent(w http.ResponseWriter, r *http.Request, v *visit) error {
	q, err := d.asked(w, r, v)
	if q == nil || err != nil {
		return err
	}
	p, err := d.consentView(r, v, q)
	if err != nil {
		return err
	}
	return d.consentPage(w, v, http.StatusOK, q, p)
}

func (d *Door) consentPage(w http.ResponseWriter, v *visit, status int, q *asked, p *ui.Consent) error {
	leaves(w, q.Request.RedirectURI)
	return d.show(w, status, v, *p)
}

// consentView fills the page. An optional permission is ticked only when the
// customer gave it before: what is ticked by somebody else is not a consent.
func (d *Door) consentView(r *http.Request, v *visit, q *asked) (*ui.Consent, error) {
	app := q.Application
	payee, err := d.payee(r.Context(), app)
	if err != nil {
		return nil, err
	}
	p := &ui.Consent{
		Common: d.common(r, v, ""), Action: "/pair/" + string(q.Request.ID), Kind: ui.NewPairing,
		Application: applicationView(app, q.Partner), Environment: ui.Environment(app.Status),
		Accounts: q.choices, Payee: payee, MayRelease: app.ReleaseByCustomer, TakeBackURL: "/applications",
	}
	p.ValidUntil, p.Calls = terms(app.Permissions, d.Clock.Now())
	limits := app.Limits
	if q.had != nil {
		p.Kind, limits = ui.AgainPairing, within(q.had.Limits, app.Limits)
		if chosenAccount(q.choices, string(q.had.Account)) == nil {
			p.Account = string(q.had.Account)
		}
	}
	if p.Account == "" {
		p.Account = onlyChoice(q.choices)
	}
	if movesMoney(app) {
		p.Limits = limitsForm(limits, app.Limits)
	}
	for _, def := range app.Permissions {
		if def.Obligatory {
			p.Obligatory = append(p.Obligatory, permissionView(def.Permission))
			continue
		}
		p.Optional = append(p.Optional, ui.OptionalPermission{
			Permission: permissionView(def.Permission), Chosen: q.had != nil && q.had.Grant(def.Permission) != nil,
		})
	}
	return p, nil
}

func onlyChoice(choices []ui.AccountChoice) string {
	id := ""
	for _, c := range choices {
		if c.Obstacle != ui.ObstacleNone {
			continue
		}
		if id != "" {
			return ""
		}
		id = c.ID
	}
	return id
}

// terms are the first end of permissions by time and the least number of calls;
// zero for no end.
func terms(defs []consent.Definition, now time.Time) (until time.Time, calls int64) {
	for _, def := range defs {
		g := def.Give(now)
		if t, ends := g.Until(); ends && (until.IsZero() || t.Before(until)) {
			until = t
		}
		if g.Quota != consent.Unrestricted && (calls == 0 || g.Quota < calls) {
			calls = g.Quota
		}
	}
	return until, calls
}

// choose takes the reader's decision.
func (d *Door) choose(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := readForm(w, r, "permission")
	if err != nil {
		return err
	}
	if f.Value("decision") == "refuse" {
		return d.refusePairing(w, r, v)
	}
	q, err := d.asked(w, r, v)
	if q == nil || err != nil {
		return err
	}
	p, err := d.consentView(r, v, q)
	if err != nil {
		return err
	}
	chosen, faults := readChoice(f, q, p)
	if len(faults) == 0 {
		chosen.Person, chosen.Customer = v.person.ID, v.customer()
		_, err := d.Auth.Choose(r.Context(), q.Request.ID, chosen)
		if err == nil {
			return d.begin(w, r, v, act{Purpose: sca.ForPairing, Subject: string(q.Request.ID)})
		}
		if faults = choiceFault(err, q.Application.Limits); faults == nil {
			return err
		}
	}
	sortFaults(faults, "permission", "account", "single", "daily", "monthly", "threshold")
	p.Faults = faults
	return d.consentPage(w, v, http.StatusUnprocessableEntity, q, p)
}

// readChoice reads the form into a choice, and into the page for the case that
// it comes back.
func readChoice(f edge.Form, q *asked, p *ui.Consent) (authserver.Choice, []ui.Fault) {
	var faults []ui.Fault
	c := authserver.Choice{Limits: q.Application.Limits}
	p.Account = f.Value("account")
	if fault := chosenAccount(q.choices, p.Account); fault != nil {
		faults = append(faults, *fault)
	}
	c.Account = account.ID(p.Account)

	ticked := f.All("permission")
	for _, def := range q.Application.Permissions {
		if def.Obligatory || slices.Contains(ticked, def.String()) {
			c.Permissions = append(c.Permissions, def.Permission)
		}
	}
	for i := range p.Optional {
		p.Optional[i].Chosen = slices.Contains(ticked, string(p.Optional[i].Permission))
	}
	if p.Limits != nil {
		var wrong []ui.Fault
		c.Limits, wrong = readLimits(f, p.Limits, q.Application.Limits)
		faults = append(faults, wrong...)
	}
	return c, faults
}

// choiceFault is the fault beside the field of what Choose refused, nil when it
// was no field's: the application or the account may have changed while the
// reader was reading.
func choiceFault(err error, most limit.Limits) []ui.Fault {
	switch bank.CodeOf(err) {
	case bank.AccountClosed, bank.AccountBlocked, bank.AccessOff, bank.AccessBlocked:
		return []ui.Fault{{Field: "account", Why: ui.CannotChoose}}
	case bank.InvalidParameter:
		return []ui.Fault{fieldFault(err, most)}
	}
	return nil
}

// refusePairing sends the reader back with their no.
func (d *Door) refusePairing(w http.ResponseWriter, r *http.Request, v *visit) error {
	to, err := d.Auth.RefusePairing(r.Context(), authserver.RequestID(named(r, "id")))
	if err != nil {
		return err
	}
	a := act{Purpose: sca.ForPairing, Subject: named(r, "id")}
	if err := d.forget(r.Context(), &a); err != nil {
		return err
	}
	return seeOther(w, to)
}
