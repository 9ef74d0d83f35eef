package customer

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/partner"
	"okienko/bank/payment"
	"okienko/web/ui"
)

// Addresses of pages.
const (
	limitsPath    = "/limits"
	accessPath    = "/access"
	consentsPath  = "/consents"
	fundsPath     = "/funds"
	transfersPath = "/transfers"
)

func applicationPath(id consent.ID) string          { return "/applications/" + string(id) }
func accountPath(id account.ID) string              { return "/accounts/" + string(id) }
func confirmPath(id payment.AuthorisationID) string { return "/confirm/" + string(id) }

// named is an id in the address. What no id of the bank looks like becomes one
// that names nothing: a store need not see it.
func named(r *http.Request, part string) string {
	id := r.PathValue(part)
	if len(id) > 64 || strings.ContainsFunc(id, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.'
	}) {
		return "-"
	}
	return id
}

func notFound() error { return bank.Refuse(bank.NotFound, "There is no such page.") }

// agreement finds an agreement of the customer; a foreign one does not exist.
func (d *Door) agreement(ctx context.Context, v *visit, id consent.ID) (consent.Agreement, error) {
	a, err := d.Agreements.Agreement(ctx, id)
	if err != nil {
		return consent.Agreement{}, err
	}
	if a.Customer != v.customer() {
		return consent.Agreement{}, notFound()
	}
	return a, nil
}

// offer is an application with its partner.
func (d *Door) offer(ctx context.Context, id consent.ClientID) (partner.Application, partner.Partner, error) {
	app, err := d.Partners.Application(ctx, id)
	if err != nil {
		return partner.Application{}, partner.Partner{}, err
	}
	of, err := d.Partners.Partner(ctx, app.Partner)
	return app, of, err
}

func applicationView(app *partner.Application, of *partner.Partner) ui.Application {
	a := ui.Application{Name: app.Name, Description: app.Description, Partner: cmp.Or(of.LegalName, of.Name), PartnerAddress: of.Address}
	if logoType(app.Logo.MediaType) && len(app.Logo.Bytes) > 0 {
		a.Logo = "/logos/" + string(app.ID)
	}
	return a
}

func logoType(mediaType string) bool { return mediaType == "image/png" || mediaType == "image/svg+xml" }

// logo serves the picture of an application. It came from the partner: opened by
// itself it may run nothing and load nothing.
func (d *Door) logo(w http.ResponseWriter, r *http.Request) error {
	app, err := d.Partners.Application(r.Context(), consent.ClientID(named(r, "client")))
	if err != nil {
		return err
	}
	if !logoType(app.Logo.MediaType) || len(app.Logo.Bytes) == 0 {
		return notFound()
	}
	h := w.Header()
	h.Set("Content-Type", app.Logo.MediaType)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(app.Logo.Bytes) // the reader may have gone
	return nil
}

// accountLine names an account, also when it is closed.
func (d *Door) accountLine(ctx context.Context, id account.ID) (ui.AccountLine, error) {
	a, err := d.Accounts.Account(ctx, id)
	if err != nil {
		return ui.AccountLine{}, err
	}
	return lineOf(&a), nil
}

func lineOf(a *account.Account) ui.AccountLine {
	name := a.Name
	if name == "" {
		name = a.Holder
	}
	return ui.AccountLine{Name: name, NRB: a.NRB.String()}
}

// payee is the partner's account; empty when the application moves no money.
func (d *Door) payee(ctx context.Context, app *partner.Application) (ui.Payee, error) {
	if app.Account == "" || !movesMoney(app) {
		return ui.Payee{}, nil
	}
	a, err := d.Accounts.Account(ctx, app.Account)
	if err != nil {
		return ui.Payee{}, err
	}
	return ui.Payee{Name: a.Holder, NRB: a.NRB.String()}, nil
}

// movesMoney tells whether the application may ask to set money aside or move
// it, so that limits mean something.
func movesMoney(app *partner.Application) bool {
	return slices.ContainsFunc(app.Permissions, func(p consent.Definition) bool {
		return p.Prefix() == "FIN" && (p.Action == consent.Create || p.Action == consent.Update)
	})
}

func permissionView(p consent.Permission) ui.Permission { return ui.Permission(p.String()) }

func grantViews(grants []consent.Grant) []ui.Permission {
	out := make([]ui.Permission, len(grants))
	for i := range grants {
		out[i] = permissionView(grants[i].Permission)
	}
	return out
}

// obstacle is why an account cannot be given to an application.
func obstacle(a *account.Account, app *partner.Application) ui.Obstacle {
	switch {
	case a.Status != account.Open:
		return ui.ObstacleClosed
	case a.Access.State == account.AccessBlocked:
		return ui.ObstacleBlocked
	case a.Access.State != account.AccessOn:
		return ui.ObstacleOff
	case a.Currency() != app.Limits.Single.Currency():
		return ui.ObstacleCurrency
	case a.ID == app.Account:
		return ui.ObstaclePayee
	}
	return ui.ObstacleNone
}

// accountChoices lists a customer's accounts, without closed ones and without
// the one that is left out, and tells whether any may be chosen.
func (d *Door) accountChoices(ctx context.Context, v *visit, app *partner.Application, leaveOut account.ID) (choices []ui.AccountChoice, any bool, err error) {
	all, err := d.Accounts.AccountsOf(ctx, v.customer())
	if err != nil {
		return nil, false, err
	}
	for i := range all {
		a := &all[i]
		if a.Status == account.Closed || a.ID == leaveOut {
			continue
		}
		free, err := a.Available()
		if err != nil {
			return nil, false, err
		}
		line := lineOf(a)
		c := ui.AccountChoice{ID: string(a.ID), Name: line.Name, NRB: line.NRB, Available: free, Obstacle: obstacle(a, app)}
		any = any || c.Obstacle == ui.ObstacleNone
		choices = append(choices, c)
	}
	return choices, any, nil
}

// chosenAccount finds a choice that may be chosen, and what is wrong otherwise.
func chosenAccount(choices []ui.AccountChoice, id string) *ui.Fault {
	if id == "" {
		return &ui.Fault{Field: "account", Why: ui.ChooseOne}
	}
	for _, c := range choices {
		if c.ID == id && c.Obstacle == ui.ObstacleNone {
			return nil
		}
	}
	return &ui.Fault{Field: "account", Why: ui.CannotChoose}
}

// sortFaults brings faults into the order of the form's fields.
func sortFaults(faults []ui.Fault, fields ...string) {
	slices.SortStableFunc(faults, func(a, b ui.Fault) int {
		return slices.Index(fields, a.Field) - slices.Index(fields, b.Field)
	})
}

// withQuery adds parameters to a registered address. It is kept byte for byte
// as it was registered: its scheme may be a partner's own, and it may have a
// query already.
func withQuery(to, query string) string {
	to, fragment, _ := strings.Cut(to, "#")
	switch {
	case !strings.Contains(to, "?"):
		to += "?"
	case !strings.HasSuffix(to, "?") && !strings.HasSuffix(to, "&"):
		to += "&"
	}
	to += query
	if fragment != "" {
		to += "#" + fragment
	}
	return to
}
