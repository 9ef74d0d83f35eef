package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"

	"okienko/bank"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// Routes registers the JSON API of the customers:
//
//	GET  /api/consents/{request}?login=anna     what is asked, which accounts may be chosen
//	POST /api/consents/{request}/approve        {"login", "accounts": [numbers], "customer"} → {"redirect"}
//	POST /api/consents/{request}/refuse         {"login"} → {"redirect"}
//	POST /api/funds-consents                    {"login", "account", "issuer", "until"} → the consent
//	GET  /api/people/{login}/accounts           of all for whom the person acts
//	POST /api/people/{login}/access             {"account", "on"}
//	GET  /api/people/{login}/limits             and POST, {"oneOff": {"daily": "500.00"}, …}
//	GET  /api/people/{login}/consents
//	POST /api/people/{login}/consents/{id}/withdraw
//	POST /api/people/{login}/consents/{id}/renew
//
// {request} is the last part of the customer's link. Where a person acts for
// several customers "customer" says which is meant; without it the accounts do,
// or it is the person's own.
func (c *Customers) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h func(w http.ResponseWriter, r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			err := onlyHere(r)
			if err == nil {
				err = ownPage(r)
			}
			var out any
			if err == nil {
				out, err = h(w, r)
			}
			if err != nil {
				refuse(w, err)
				return
			}
			answer(w, http.StatusOK, out)
		})
	}
	handle("GET /api/consents/{request}", c.serveAsked)
	handle("POST /api/consents/{request}/approve", c.serveApprove)
	handle("POST /api/consents/{request}/refuse", c.serveRefuse)
	handle("POST /api/funds-consents", c.serveFunds)
	handle("GET /api/people/{login}/accounts", c.serveAccounts)
	handle("POST /api/people/{login}/access", c.serveAccess)
	handle("GET /api/people/{login}/limits", c.serveLimits)
	handle("POST /api/people/{login}/limits", c.serveSetLimits)
	handle("GET /api/people/{login}/consents", c.serveConsents)
	handle("POST /api/people/{login}/consents/{id}/withdraw", c.serveWithdraw)
	handle("POST /api/people/{login}/consents/{id}/renew", c.serveRenew)
}

// readFields reads a JSON object into named places and refuses every other name.
func readFields(w http.ResponseWriter, r *http.Request, into map[string]any) error {
	object, err := readObject(w, r)
	if err != nil {
		return err
	}
	for name, value := range object {
		place, known := into[name]
		if !known {
			return bank.RefuseField(name, fmt.Sprintf("There is no field %q.", name))
		}
		if json.Unmarshal(value, place) != nil {
			return bank.RefuseField(name, fmt.Sprintf("The field %q has another form.", name))
		}
	}
	return nil
}

type redirectJSON struct {
	Redirect string `json:"redirect"`
}

func (c *Customers) serveApprove(w http.ResponseWriter, r *http.Request) (any, error) {
	var login string
	var customer party.CustomerID
	var numbers []string
	if err := readFields(w, r, map[string]any{"login": &login, "customer": &customer, "accounts": &numbers}); err != nil {
		return nil, err
	}
	redirect, err := c.approve(r.Context(), r.PathValue("request"), login, customer, numbers)
	return redirectJSON{redirect}, err
}

func (c *Customers) serveRefuse(w http.ResponseWriter, r *http.Request) (any, error) {
	var login string
	if err := readFields(w, r, map[string]any{"login": &login}); err != nil {
		return nil, err
	}
	var person party.PersonID // nobody has logged in
	if login != "" {
		a, err := c.actor(r.Context(), login)
		if err != nil {
			return nil, err
		}
		person = a.person
	}
	redirect, err := c.cfg.Desk.RefuseConsent(r.Context(), r.PathValue("request"), person)
	return redirectJSON{redirect}, err
}

func (c *Customers) serveFunds(w http.ResponseWriter, r *http.Request) (any, error) {
	var login, number string
	var customer party.CustomerID
	var issuer thirdparty.Organisation
	until := c.cfg.Clock.Now().Add(xs2a.MaxLife)
	if err := readFields(w, r, map[string]any{"login": &login, "customer": &customer, "account": &number, "issuer": &issuer, "until": &until}); err != nil {
		return nil, err
	}
	a, err := c.actor(r.Context(), login)
	if err != nil {
		return nil, err
	}
	customer, ids, err := c.choose(r.Context(), a, customer, []string{number})
	if err != nil {
		return nil, err
	}
	given, err := c.cfg.Desk.GiveFunds(r.Context(), a.person, customer, ids[0], issuer, until)
	return consentOf(&given, c.cfg.Clock.Now()), err
}

func (c *Customers) serveAccounts(_ http.ResponseWriter, r *http.Request) (any, error) {
	a, err := c.actor(r.Context(), r.PathValue("login"))
	if err != nil {
		return nil, err
	}
	list, err := c.accounts(r.Context(), a)
	if err != nil {
		return nil, err
	}
	out := struct {
		Accounts []accountJSON `json:"accounts"`
	}{make([]accountJSON, len(list))}
	for i := range list {
		if out.Accounts[i], err = accountOf(&list[i].Account, list[i].of.Name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Customers) serveAccess(w http.ResponseWriter, r *http.Request) (any, error) {
	var number string
	var on *bool
	if err := readFields(w, r, map[string]any{"account": &number, "on": &on}); err != nil {
		return nil, err
	}
	if on == nil {
		return nil, bank.RefuseField("on", `Say whether access is to be on: {"on":true}.`)
	}
	a, err := c.actor(r.Context(), r.PathValue("login"))
	if err != nil {
		return nil, err
	}
	_, ids, err := c.choose(r.Context(), a, "", []string{number})
	if err != nil {
		return nil, err
	}
	now, err := c.cfg.Desk.SwitchAccess(r.Context(), a.person, ids[0], *on)
	if err != nil {
		return nil, err
	}
	return accountOf(&now, "")
}

// customer is whose limits or consents a person means.
func (c *Customers) customer(r *http.Request, named party.CustomerID) (actor, party.CustomerID, error) {
	a, err := c.actor(r.Context(), r.PathValue("login"))
	if err != nil {
		return a, "", err
	}
	for _, own := range a.customers {
		if named == "" || own.ID == named {
			return a, own.ID, nil
		}
	}
	return a, "", bank.Refuse(bank.NotFound, "The person acts for no such customer.")
}

func (c *Customers) serveLimits(_ http.ResponseWriter, r *http.Request) (any, error) {
	_, customer, err := c.customer(r, party.CustomerID(r.URL.Query().Get("customer")))
	if err != nil {
		return nil, err
	}
	l, err := c.cfg.Limits.CustomerLimits(r.Context(), customer)
	return limitsOf(customer, l), err
}

// serveSetLimits changes the limits that are named: an amount sets one, null
// takes it off, and what is not named stays.
func (c *Customers) serveSetLimits(w http.ResponseWriter, r *http.Request) (any, error) {
	var named party.CustomerID
	var oneOff, recurring map[string]*string
	if err := readFields(w, r, map[string]any{"customer": &named, "oneOff": &oneOff, "recurring": &recurring}); err != nil {
		return nil, err
	}
	a, customer, err := c.customer(r, named)
	if err != nil {
		return nil, err
	}
	to, err := c.cfg.Limits.CustomerLimits(r.Context(), customer)
	if err != nil {
		return nil, err
	}
	if err := setCaps(&to.OneOff, "oneOff", oneOff); err != nil {
		return nil, err
	}
	if err := setCaps(&to.Recurring, "recurring", recurring); err != nil {
		return nil, err
	}
	if err := c.cfg.Desk.SetLimits(r.Context(), a.person, customer, to); err != nil {
		return nil, err
	}
	return limitsOf(customer, to), nil
}

func setCaps(caps *limit.Caps, group string, to map[string]*string) error {
	places := map[string]*limit.Cap{"single": &caps.Single, "daily": &caps.Daily, "monthly": &caps.Monthly}
	for name, text := range to {
		place, ok := places[name]
		if !ok {
			return bank.RefuseField(group, fmt.Sprintf("There is no limit %q.", name))
		}
		if text == nil {
			*place = limit.Cap{}
			continue
		}
		amount, err := money.Parse(*text, money.PLN)
		if err != nil {
			return bank.RefuseField(group+"."+name, `A limit is an amount like "500.00".`)
		}
		*place = limit.CapAt(amount)
	}
	return nil
}

func (c *Customers) serveConsents(_ http.ResponseWriter, r *http.Request) (any, error) {
	_, customer, err := c.customer(r, party.CustomerID(r.URL.Query().Get("customer")))
	if err != nil {
		return nil, err
	}
	list, err := c.cfg.Consents.ConsentsOf(r.Context(), customer)
	if err != nil {
		return nil, err
	}
	now := c.cfg.Clock.Now()
	out := struct {
		Consents []consentJSON `json:"consents"`
	}{make([]consentJSON, len(list))}
	for i := range list {
		out.Consents[i] = consentOf(&list[i], now)
	}
	return out, nil
}

func (c *Customers) serveWithdraw(_ http.ResponseWriter, r *http.Request) (any, error) {
	a, err := c.actor(r.Context(), r.PathValue("login"))
	if err != nil {
		return nil, err
	}
	id := xs2a.ID(r.PathValue("id"))
	if err := c.cfg.Desk.WithdrawConsent(r.Context(), a.person, id); err != nil {
		return nil, err
	}
	ended, err := c.cfg.Consents.Consent(r.Context(), id)
	return consentOf(&ended, c.cfg.Clock.Now()), err
}

func (c *Customers) serveRenew(_ http.ResponseWriter, r *http.Request) (any, error) {
	a, err := c.actor(r.Context(), r.PathValue("login"))
	if err != nil {
		return nil, err
	}
	renewed, err := c.cfg.Desk.RenewConsent(r.Context(), a.person, xs2a.ID(r.PathValue("id")))
	return consentOf(&renewed, c.cfg.Clock.Now()), err
}

// serveAsked tells what is asked, and with a login which accounts may be chosen.
func (c *Customers) serveAsked(_ http.ResponseWriter, r *http.Request) (any, error) {
	request := r.PathValue("request")
	asked, err := c.cfg.Desk.AskedConsent(r.Context(), request)
	if err != nil {
		return nil, err
	}
	out := struct {
		consentJSON
		Wanted     []string      `json:"wanted,omitempty"` // numbers that the third party named
		Choosable  []accountJSON `json:"choosable,omitempty"`
		Unchosable []whyJSON     `json:"unchoosable,omitempty"`
	}{consentJSON: consentOf(&asked, c.cfg.Clock.Now()), Wanted: asked.Wanted}
	login := r.URL.Query().Get("login")
	if login == "" {
		return out, nil
	}
	a, err := c.actor(r.Context(), login)
	if err != nil {
		return nil, err
	}
	for _, customer := range a.customers {
		list, err := c.cfg.Desk.ConsentAccounts(r.Context(), request, a.person, customer.ID)
		if err != nil {
			out.Unchosable = append(out.Unchosable, whyJSON{customer.ID, bank.CodeOf(err)})
			continue
		}
		for i := range list {
			j, err := accountOf(&list[i], customer.Name)
			if err != nil {
				return nil, err
			}
			out.Choosable = append(out.Choosable, j)
		}
	}
	return out, nil
}
