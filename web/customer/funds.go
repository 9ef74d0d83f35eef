package customer

import (
	"net/http"
	"slices"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/web/ui"
)

// maxFundsYears bounds the life of a consent for confirmation of funds. The law
// sets none; a card lives three to five years, and with it the need.
const maxFundsYears = 5

// fundsForm shows the form that lets a card issuer ask about funds.
func (d *Door) fundsForm(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := d.fundsView(r, v)
	if err != nil {
		return err
	}
	return d.show(w, http.StatusOK, v, *p)
}

func (d *Door) fundsView(r *http.Request, v *visit) (*ui.FundsForm, error) {
	ctx := r.Context()
	p := &ui.FundsForm{
		Common: d.common(r, v, ui.SectionConsents), Action: fundsPath, BackURL: consentsPath,
		Until: calendar.DateOf(d.Clock.Now().AddDate(1, 0, 0)).String(),
	}
	issuers, err := d.Auth.FundsIssuers(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range issuers {
		p.Issuers = append(p.Issuers, ui.ThirdParty{Name: e.Name, Organisation: string(e.Organisation), Listed: true})
	}
	slices.SortFunc(p.Issuers, func(a, b ui.ThirdParty) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	all, err := d.Accounts.AccountsOf(ctx, v.customer())
	if err != nil {
		return nil, err
	}
	for i := range all {
		a := &all[i]
		if a.Status == account.Closed {
			continue
		}
		line := lineOf(a)
		c := ui.AccountChoice{ID: string(a.ID), Name: line.Name, NRB: line.NRB, Obstacle: shut(a)}
		if c.Available, err = a.Available(); err != nil {
			return nil, err
		}
		p.Accounts = append(p.Accounts, c)
	}
	p.Account = onlyChoice(p.Accounts)
	return p, nil
}

// giveFunds takes the form and asks for the second factor.
func (d *Door) giveFunds(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	p, err := d.fundsView(r, v)
	if err != nil {
		return err
	}
	p.Issuer, p.Account, p.Until = f.Value("issuer"), f.Value("account"), f.Value("until")
	if !slices.ContainsFunc(p.Issuers, func(i ui.ThirdParty) bool { return i.Organisation == p.Issuer }) {
		p.Faults = append(p.Faults, ui.Fault{Field: "issuer", Why: ui.ChooseOne})
	}
	if fault := chosenAccount(p.Accounts, p.Account); fault != nil {
		p.Faults = append(p.Faults, *fault)
	}
	last, err := calendar.ParseDate(p.Until)
	today := calendar.DateOf(d.Clock.Now())
	switch {
	case err != nil:
		p.Faults = append(p.Faults, ui.Fault{Field: "until", Why: ui.NotADate})
	case !today.Before(last), calendar.DateOf(d.Clock.Now().AddDate(maxFundsYears, 0, 0)).Before(last):
		p.Faults = append(p.Faults, ui.Fault{Field: "until", Why: ui.NotAhead})
	}
	if len(p.Faults) == 0 {
		a := account.ID(p.Account)
		held, err := d.Accounts.Account(r.Context(), a)
		if err != nil {
			return err
		}
		_, err = d.ConsentBook.FundsConsent(r.Context(), thirdparty.Organisation(p.Issuer), held.NRB.String(), d.Clock.Now())
		switch bank.CodeOf(err) {
		case bank.NotFound:
			return d.begin(w, r, v, act{Purpose: sca.ForFunds, Subject: p.Account, To: []string{p.Issuer, last.String()}})
		case "":
			p.Faults = []ui.Fault{{Field: "issuer", Why: ui.GivenBefore}}
		default:
			return err
		}
	}
	return d.show(w, http.StatusUnprocessableEntity, v, *p)
}
