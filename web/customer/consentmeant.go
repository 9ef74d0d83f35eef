package customer

import (
	"net/http"
	"net/url"
	"slices"

	"okienko/authserver"
	"okienko/bank/party"
	"okienko/web/ui"
)

// A third party may say whom it sends: a person, a company, or only in what
// capacity (PolishAPI, isCompanyContext and what goes with it). Its request is
// then shown to nobody else, and offers only the customers that fit.

// offered lists the customers among whom a reader chooses on the way to an
// address, with the request that leads them there, nil when none does.
func (d *Door) offered(r *http.Request, person party.PersonID, to string) ([]party.ActsFor, *authserver.PendingConsent, error) {
	if p, ok := d.waitingConsent(r, to); ok {
		fit, err := d.Auth.ConsentContexts(r.Context(), p, person)
		return fit, &p, err
	}
	all, err := d.Auth.Contexts(r.Context(), person)
	return all, nil, err
}

// onlyCustomer is the customer of somebody who has no choice, "" when there is one.
func (d *Door) onlyCustomer(r *http.Request, person party.PersonID, to string) (party.CustomerID, error) {
	fit, _, err := d.offered(r, person, to)
	if err == nil && len(fit) == 0 { // said on the page of the request
		fit, err = d.Auth.Contexts(r.Context(), person)
	}
	if err != nil || len(fit) == 0 || several(fit) {
		return "", err
	}
	return fit[0].Customer.ID, nil
}

// meant lets in a reader who may answer a request for the customer in whose name
// they are here. Another one is asked for whom they act, or told that the request
// is not for them.
func (d *Door) meant(w http.ResponseWriter, r *http.Request, v *visit, p *authserver.PendingConsent) (bool, error) {
	fit, err := d.Auth.ConsentContexts(r.Context(), *p, v.person.ID)
	switch {
	case err != nil:
		return false, err
	case slices.ContainsFunc(fit, func(a party.ActsFor) bool { return a.Customer.ID == v.customer() }):
		return true, nil
	case len(fit) > 0:
		return false, elsewhere("/context?next=" + url.QueryEscape(wantedPath(p.Request.ID)))
	}
	return false, d.foreignPage(w, r, v, p)
}

// foreignPage tells a reader that a request is for somebody else, and nothing of
// what is in it.
func (d *Door) foreignPage(w http.ResponseWriter, r *http.Request, v *visit, p *authserver.PendingConsent) error {
	third, err := d.thirdParty(r.Context(), p.Consent.Organisation, p.Consent.Name)
	if err != nil {
		return err
	}
	leaves(w, p.Request.RedirectURI)
	return d.show(w, http.StatusForbidden, v, ui.ForeignConsent{
		Common: d.common(r, v, ""), Action: wantedPath(p.Request.ID) + "/refuse", ThirdParty: third,
	})
}
