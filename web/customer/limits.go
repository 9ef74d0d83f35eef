package customer

import (
	"net/http"

	"okienko/authserver"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/sca"
	"okienko/edge"
	"okienko/web/ui"
)

// ownFields are the inputs of the customer's own limits, in the order of ofCustomer.
var ownFields = [6]string{
	"oneoff_single", "oneoff_daily", "oneoff_monthly", "recurring_single", "recurring_daily", "recurring_monthly",
}

func ofCustomer(c [6]limit.Cap) limit.OfCustomer {
	return limit.OfCustomer{
		OneOff:    limit.Caps{Single: c[0], Daily: c[1], Monthly: c[2]},
		Recurring: limit.Caps{Single: c[3], Daily: c[4], Monthly: c[5]},
	}
}

// limits shows the customer's own limits across every application.
func (d *Door) limits(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, _, err := d.ownLimits(r, v)
	if err != nil {
		return err
	}
	return d.show(w, http.StatusOK, v, *p)
}

func (d *Door) ownLimits(r *http.Request, v *visit) (*ui.Limits, limit.OfCustomer, error) {
	ctx, now := r.Context(), d.Clock.Now()
	of, err := d.Agreements.CustomerLimits(ctx, v.customer())
	if err != nil {
		return nil, limit.OfCustomer{}, err
	}
	u, err := d.used(ctx, limit.DayOf(now), limit.MonthOf(now), money.PLN, &consent.Agreement{Customer: v.customer()})
	if err != nil {
		return nil, limit.OfCustomer{}, err
	}
	own := func(c limit.Cap, used money.Amount) ui.OwnLimit {
		if !c.Set {
			return ui.OwnLimit{Used: used}
		}
		use := useOf(ui.LimitCustomer, c.Amount, used)
		return ui.OwnLimit{Field: ui.AmountField{Now: c.Amount}, Used: use.Used, Left: use.Left, Hint: hint(c.Amount)}
	}
	zero := money.Zero(money.PLN)
	return &ui.Limits{
		Common: d.common(r, v, ui.SectionLimits), Action: limitsPath, Waiting: d.waitingPayment(r, v),
		OneOff:    ui.OwnLimits{Single: own(of.OneOff.Single, zero), Daily: own(of.OneOff.Daily, u.allDay), Monthly: own(of.OneOff.Monthly, u.allMonth)},
		Recurring: ui.OwnLimits{Single: own(of.Recurring.Single, zero), Daily: own(of.Recurring.Daily, u.recurringDay), Monthly: own(of.Recurring.Monthly, u.recurringMonth)},
	}, of, nil
}

// waitingPayment is the page of a payment that a limit stopped, while it can
// still be confirmed; "" when there is none.
func (d *Door) waitingPayment(r *http.Request, v *visit) string {
	id := authserver.RequestID(d.sessions.GetString(r.Context(), keyWaiting))
	if id == "" || v.customer() == "" {
		return ""
	}
	if _, err := d.Auth.PendingConsent(r.Context(), id); err != nil {
		return "" // settled or expired: there is nothing to go back to
	}
	return wantedPath(id)
}

// setOwnLimits lowers at once and asks for the second factor to raise.
func (d *Door) setOwnLimits(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	p, now, err := d.ownLimits(r, v)
	if err != nil {
		return err
	}
	caps, faults := readCaps(f, p)
	if len(faults) > 0 {
		p.Faults = faults
		return d.show(w, http.StatusUnprocessableEntity, v, *p)
	}
	to := ofCustomer(caps)
	switch {
	case to == now:
		return seeOther(w, limitsPath)
	case now.Raises(to) && !v.binds:
		return errNoPower
	case now.Raises(to):
		a := act{Purpose: sca.ForCustomerLimits, Subject: string(v.customer())}
		for _, c := range caps {
			a.To = append(a.To, said(c.Amount)...)
		}
		return d.begin(w, r, v, a)
	}
	if err := d.Auth.SetCustomerLimits(r.Context(), v.person.ID, v.customer(), to, ""); err != nil {
		return err
	}
	d.notice(r, ui.NoticeLimitsLowered)
	return seeOther(w, limitsPath)
}

// readCaps reads the form; an empty field means that there is no limit.
func readCaps(f edge.Form, p *ui.Limits) (caps [6]limit.Cap, faults []ui.Fault) {
	fields := [6]*ui.AmountField{
		&p.OneOff.Single.Field, &p.OneOff.Daily.Field, &p.OneOff.Monthly.Field,
		&p.Recurring.Single.Field, &p.Recurring.Daily.Field, &p.Recurring.Monthly.Field,
	}
	for i, name := range ownFields {
		typed, sent := f.Get(name)
		fields[i].Typed = typed
		switch {
		case !sent: // a form without the field must not lift a limit
			faults = append(faults, ui.Fault{Field: name, Why: ui.Missing})
			continue
		case typed == "":
			continue
		}
		a, fault := readAmount(name, typed, money.PLN)
		if fault != nil {
			faults = append(faults, *fault)
			continue
		}
		caps[i] = limit.CapAt(a)
	}
	if len(faults) > 0 {
		return caps, faults
	}
	for i := range caps {
		if i%3 == 2 || !caps[i].Set || !caps[i+1].Set {
			continue
		}
		if caps[i].Amount.MoreThan(caps[i+1].Amount) {
			faults = append(faults, ui.Fault{Field: ownFields[i], Why: ui.AboveOther, Most: caps[i+1].Amount})
		}
	}
	return caps, faults
}
