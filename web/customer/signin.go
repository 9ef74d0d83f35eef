package customer

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/party"
	"okienko/edge"
	"okienko/web/ui"
)

// login shows the form; whoever is logged in already goes on.
func (d *Door) login(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	to := next(q.Get("next"))
	if d.sessions.GetString(r.Context(), keyPerson) != "" {
		return seeOther(w, to)
	}
	state := ui.LoginFresh
	switch s := ui.LoginState(q.Get("why")); s {
	case ui.LoginTimedOut, ui.LoginLoggedOut:
		state = s
	}
	return d.loginPage(w, r, http.StatusOK, to, ui.Login{State: state})
}

func (d *Door) loginPage(w http.ResponseWriter, r *http.Request, status int, to string, p ui.Login) error {
	faults := p.Faults
	p.Common = d.common(r, nil, "")
	p.Faults = faults
	p.Action = "/login"
	if to != "/" {
		p.Action += "?next=" + url.QueryEscape(to)
	}
	p.Waiting = d.waiting(r, to)
	if c, ok := d.waitingConsent(r, to); ok {
		p.Waiting, p.RefuseAction = &ui.Application{Name: c.Consent.Name}, to+"/refuse"
		leaves(w, c.Request.RedirectURI)
	}
	return d.Pages.Render(w, status, ui.LangOf(r), p)
}

// waiting is the application that sent the reader here, nil when none did.
func (d *Door) waiting(r *http.Request, to string) *ui.Application {
	id, ok := strings.CutPrefix(to, "/pair/")
	if !ok {
		return nil
	}
	p, err := d.Auth.Pending(r.Context(), authserver.RequestID(id))
	if err != nil {
		return nil // said after the log-in, on the page about the request
	}
	a := applicationView(p.Application, p.Partner)
	return &a
}

// waitingConsent is the request of the third party that sent the reader here.
func (d *Door) waitingConsent(r *http.Request, to string) (authserver.PendingConsent, bool) {
	id, ok := strings.CutPrefix(to, "/consent/")
	if !ok || !d.thirdParties() {
		return authserver.PendingConsent{}, false
	}
	p, err := d.Auth.PendingConsent(r.Context(), authserver.RequestID(id))
	return p, err == nil // what is the matter with it is said after the log-in
}

// The longest log-in and password that are looked at: hashing is not cheap.
const (
	maxLogin    = 64
	maxPassword = 256
)

func (d *Door) logIn(w http.ResponseWriter, r *http.Request) error {
	if ok, after := d.logins.Allow(edge.Network(edge.ClientAddr(r))); !ok {
		return d.tooMany(w, r, nil, after)
	}
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	to := next(r.URL.Query().Get("next"))
	login, password := strings.TrimSpace(f.Value("login")), f.Value("password")
	p := ui.Login{Typed: login}
	for name, value := range map[string]string{"login": login, "password": password} {
		if value == "" {
			p.Faults = append(p.Faults, ui.Fault{Field: name, Why: ui.Missing})
		}
	}
	sortFaults(p.Faults, "login", "password")
	switch {
	case len(p.Faults) > 0:
		return d.loginPage(w, r, http.StatusUnprocessableEntity, to, p)
	case len(login) > maxLogin || len(password) > maxPassword:
		p.State = ui.LoginWrong
		return d.loginPage(w, r, http.StatusUnprocessableEntity, to, p)
	}
	person, err := d.Auth.LogIn(r.Context(), login, password)
	switch bank.CodeOf(err) {
	case "":
	case bank.LoginWrong:
		p.State = ui.LoginWrong
		return d.loginPage(w, r, http.StatusUnprocessableEntity, to, p)
	case bank.LoginLocked:
		p.State, p.LockedUntil = ui.LoginLocked, lockedUntil(err)
		return d.loginPage(w, r, http.StatusForbidden, to, p)
	case bank.Busy:
		p.State = ui.LoginBusy
		edge.SetRetryAfter(w.Header(), busyRetry)
		return d.loginPage(w, r, http.StatusServiceUnavailable, to, p)
	default:
		return err
	}
	if err := d.signIn(r.Context(), person.ID); err != nil {
		return err
	}
	only, err := d.onlyCustomer(r, person.ID, to)
	if err != nil {
		return err
	}
	if only != "" {
		d.sessions.Put(r.Context(), keyCustomer, string(only))
		return seeOther(w, to)
	}
	return seeOther(w, "/context?next="+url.QueryEscape(to))
}

// logOut ends the session in the store, so that a copied cookie is worth nothing.
func (d *Door) logOut(w http.ResponseWriter, r *http.Request) error {
	if err := d.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	return seeOther(w, "/login?why="+string(ui.LoginLoggedOut))
}

func (d *Door) chooseContext(w http.ResponseWriter, r *http.Request, v *visit) error {
	return d.contextPage(w, r, v, http.StatusOK, nil)
}

func (d *Door) contextPage(w http.ResponseWriter, r *http.Request, v *visit, status int, faults []ui.Fault) error {
	if len(v.all) == 0 {
		d.errorPage(w, r, nil, http.StatusForbidden, ui.NoPower)
		return nil
	}
	to := next(r.URL.Query().Get("next"))
	offered, of, err := d.offered(r, v.person.ID, to)
	switch {
	case err != nil:
		return err
	case len(offered) == 0 && of != nil:
		return d.foreignPage(w, r, v, of)
	}
	p := ui.ChooseContext{
		Common: d.common(r, v, ""), Chosen: string(v.customer()), Action: "/context?next=" + url.QueryEscape(to),
	}
	p.Faults = faults
	for i, a := range offered {
		if i > 0 && slices.ContainsFunc(offered[:i], func(b party.ActsFor) bool { return b.Customer.ID == a.Customer.ID }) {
			continue
		}
		p.Choices = append(p.Choices, ui.ContextChoice{
			ID: string(a.Customer.ID), Name: a.Customer.Name,
			Kind: ui.CustomerKind(a.Customer.Segment), Role: roleView(&a),
		})
	}
	if of != nil && len(offered) < len(v.all) {
		p.ThirdParty = of.Consent.Name
	}
	return d.show(w, status, v, p)
}

func roleView(a *party.ActsFor) ui.Role {
	if a.Customer.Segment == party.Individual {
		return ui.RoleSelf
	}
	switch a.Representation.Role {
	case party.Owner:
		return ui.RoleOwner
	case party.Representative:
		return ui.RoleRepresentative
	}
	return ui.RoleProxy
}

// setContext changes for whom the person acts. That is another set of powers,
// so the session gets a new token and forgets what it was in the middle of.
func (d *Door) setContext(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	to := next(r.URL.Query().Get("next"))
	offered, _, err := d.offered(r, v.person.ID, to)
	if err != nil {
		return err
	}
	for _, a := range offered {
		if string(a.Customer.ID) != f.Value("customer") {
			continue
		}
		if err := d.signIn(r.Context(), v.person.ID); err != nil {
			return err
		}
		d.sessions.Put(r.Context(), keyCustomer, string(a.Customer.ID))
		return seeOther(w, to)
	}
	return d.contextPage(w, r, v, http.StatusUnprocessableEntity, []ui.Fault{{Field: "customer", Why: ui.ChooseOne}})
}
