package customer

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/web/ui"
)

// pairingState is the state of an agreement as the customer sees it.
func (d *Door) pairingState(g *consent.Agreement) ui.PairingState {
	switch g.Status {
	case consent.Suspended:
		return ui.PairingSuspended
	case consent.Ended:
		return ui.PairingEnded
	}
	now := d.Clock.Now()
	for i := range g.Grants {
		if g.Grants[i].Over(now) || g.Grants[i].Exhausted() {
			return ui.PairingUsedUp
		}
	}
	return ui.PairingActive
}

// remaining are the first end of grants by time and the least number of calls
// left; zero and Unrestricted for no end.
func remaining(grants []consent.Grant) (g struct {
	until ui.Moment
	calls int64
}) {
	g.calls = consent.Unrestricted
	for i := range grants {
		if t, ends := grants[i].Until(); ends && (g.until.IsZero() || t.Before(g.until)) {
			g.until = t
		}
		if grants[i].Quota != consent.Unrestricted && (g.calls == consent.Unrestricted || grants[i].Left < g.calls) {
			g.calls = max(grants[i].Left, 0)
		}
	}
	return g
}

// applications lists what is connected; what has ended comes last.
func (d *Door) applications(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	all, err := d.Agreements.AgreementsOf(ctx, v.customer())
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b consent.Agreement) int { return ended(&a) - ended(&b) })
	p := ui.Applications{Common: d.common(r, v, ui.SectionApplications)}
	for i := range all {
		g := &all[i]
		app, of, err := d.offer(ctx, g.Application)
		if err != nil {
			return err
		}
		from, err := d.accountLine(ctx, g.Account)
		if err != nil {
			return err
		}
		p.List = append(p.List, ui.ApplicationLine{
			URL: applicationPath(g.ID), Application: applicationView(&app, &of), Environment: ui.Environment(app.Status),
			Account: from, LastUsed: g.LastUsed, Until: remaining(g.Grants).until, State: d.pairingState(g),
		})
	}
	return d.show(w, http.StatusOK, v, p)
}

func ended(g *consent.Agreement) int {
	if g.Status == consent.Ended {
		return 1
	}
	return 0
}

// applicationPage shows one agreement.
func (d *Door) applicationPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	g, err := d.agreement(r.Context(), v, consent.ID(named(r, "id")))
	if err != nil {
		return err
	}
	p, _, err := d.applicationDetail(r, v, &g)
	if err != nil {
		return err
	}
	return d.show(w, http.StatusOK, v, *p)
}

func (d *Door) applicationDetail(r *http.Request, v *visit, g *consent.Agreement) (*ui.ApplicationDetail, *partner.Application, error) {
	ctx := r.Context()
	app, of, err := d.offer(ctx, g.Application)
	if err != nil {
		return nil, nil, err
	}
	left := remaining(g.Grants)
	p := &ui.ApplicationDetail{
		Common: d.common(r, v, ui.SectionApplications), Application: applicationView(&app, &of),
		Environment: ui.Environment(app.Status), State: d.pairingState(g), Permissions: grantViews(g.Grants),
		Since: g.CreatedAt, Until: left.until, LastUsed: g.LastUsed, CallsLeft: left.calls, BackURL: "/applications",
	}
	if p.Account, err = d.accountLine(ctx, g.Account); err != nil {
		return nil, nil, err
	}
	if p.Payee, err = d.payee(ctx, &app); err != nil {
		return nil, nil, err
	}
	if p.Holds, err = d.holdLines(ctx, v, payment.HoldFilter{Agreement: g.ID}); err != nil {
		return nil, nil, err
	}
	if movesMoney(&app) {
		if p.Limits, err = d.limitUses(ctx, g, &app); err != nil {
			return nil, nil, err
		}
	}
	if g.Status == consent.Ended {
		return p, &app, nil
	}
	page := applicationPath(g.ID)
	p.EndURL = page + "/end"
	if movesMoney(&app) {
		p.LimitsForm, p.LimitsAction = limitsForm(g.Limits, app.Limits), page+"/limits"
	}
	if v.binds {
		p.MoveAction = page + "/move"
		if p.Moves, _, err = d.accountChoices(ctx, v, &app, g.Account); err != nil {
			return nil, nil, err
		}
	}
	return p, &app, nil
}

func (d *Door) limitUses(ctx context.Context, g *consent.Agreement, app *partner.Application) ([]ui.LimitUse, error) {
	now := d.Clock.Now()
	u, err := d.used(ctx, limit.DayOf(now), limit.MonthOf(now), g.Limits.Single.Currency(), g)
	if err != nil {
		return nil, err
	}
	out := []ui.LimitUse{
		{Kind: ui.LimitSingle, Max: g.Limits.Single},
		*useOf(ui.LimitDaily, g.Limits.Daily, u.day),
		*useOf(ui.LimitMonthly, g.Limits.Monthly, u.month),
		{Kind: ui.LimitThreshold, Max: g.Limits.Unconfirmed},
	}
	if app.Charges.Set {
		out = append(out, *useOf(ui.LimitCharges, app.Charges.Amount, u.charges))
	}
	return out, nil
}

// setLimits lowers at once and asks for the second factor to raise.
func (d *Door) setLimits(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	g, err := d.agreement(ctx, v, consent.ID(named(r, "id")))
	if err != nil {
		return err
	}
	p, app, err := d.applicationDetail(r, v, &g)
	if err != nil {
		return err
	}
	if p.LimitsForm == nil {
		return notFound()
	}
	to, faults := readLimits(f, p.LimitsForm, app.Limits)
	if len(faults) > 0 {
		p.Faults = faults
		return d.show(w, http.StatusUnprocessableEntity, v, *p)
	}
	switch {
	case to == g.Limits:
		return seeOther(w, applicationPath(g.ID))
	case g.Limits.Raises(to) && !v.binds:
		return errNoPower
	case g.Limits.Raises(to):
		return d.begin(w, r, v, act{
			Purpose: sca.ForLimits, Subject: string(g.ID), To: said(to.Single, to.Daily, to.Monthly, to.Unconfirmed),
		})
	}
	if _, err := d.Auth.SetLimits(ctx, v.person.ID, g.ID, to, ""); err != nil {
		return err
	}
	d.notice(r, ui.NoticeLimitsLowered)
	return seeOther(w, applicationPath(g.ID))
}

// move maps the agreement to another account.
func (d *Door) move(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	g, err := d.agreement(ctx, v, consent.ID(named(r, "id")))
	if err != nil {
		return err
	}
	p, _, err := d.applicationDetail(r, v, &g)
	if err != nil {
		return err
	}
	p.Move = f.Value("account")
	if p.Move == string(g.Account) { // sent twice
		return seeOther(w, applicationPath(g.ID))
	}
	if fault := chosenAccount(p.Moves, p.Move); fault != nil {
		p.Faults = []ui.Fault{*fault}
		return d.show(w, http.StatusUnprocessableEntity, v, *p)
	}
	if _, err := d.Auth.Move(ctx, v.person.ID, g.ID, account.ID(p.Move)); err != nil {
		return err
	}
	d.notice(r, ui.NoticePairingMoved)
	return seeOther(w, applicationPath(g.ID))
}

// askEnd asks once more before a pairing ends.
func (d *Door) askEnd(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	g, err := d.agreement(ctx, v, consent.ID(named(r, "id")))
	if err != nil {
		return err
	}
	page := applicationPath(g.ID)
	if g.Status == consent.Ended {
		return seeOther(w, page)
	}
	app, err := d.Partners.Application(ctx, g.Application)
	if err != nil {
		return err
	}
	holds, err := d.activeHolds(ctx, payment.HoldFilter{Agreement: g.ID})
	if err != nil {
		return err
	}
	p := ui.ConfirmAction{
		Common: d.common(r, v, ui.SectionApplications), Action: page + "/end", Kind: ui.EndPairing,
		Application: app.Name, ActiveHolds: len(holds), MayRelease: app.ReleaseByCustomer, BackURL: page,
	}
	if p.Account, err = d.accountLine(ctx, g.Account); err != nil {
		return err
	}
	return d.show(w, http.StatusOK, v, p)
}

var errUnclear = errors.New("customer: neither yes nor no")

// yes reads the answer to a question that has one button.
func yes(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err == nil && f.Value("decision") != "yes" {
		err = errors.Join(errBadForm, errUnclear)
	}
	return err
}

// end ends a pairing. Ending what has ended is harmless.
func (d *Door) end(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := yes(w, r); err != nil {
		return err
	}
	ctx := r.Context()
	g, err := d.agreement(ctx, v, consent.ID(named(r, "id")))
	if err != nil {
		return err
	}
	if err := d.Auth.End(ctx, payment.PersonOf(v.person.ID), g.ID, v.customer()); err != nil {
		return err
	}
	d.notice(r, ui.NoticePairingEnded)
	return seeOther(w, applicationPath(g.ID))
}
