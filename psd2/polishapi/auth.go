package polishapi

import (
	"net/http"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/service"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

func (d *Door) authOperations() []operation {
	auth := func(o operation) operation {
		o.group, o.service = "auth", service.Authorisation
		return o
	}
	return []operation{
		auth(operation{name: "authorize", header: askHeader, maxBody: bundleBody, serve: d.authorize}),
		auth(operation{name: "authorizeExt", header: externalHeader, maxBody: bundleBody, serve: d.authorizeExt}),
		auth(operation{name: "token", header: askHeader, maxBody: bundleBody, refuses: []int{401}, serve: d.token}),
		auth(operation{name: "register", since: V300, header: noHeader, stranger: true, refuses: []int{401, 403}, serve: d.register}),
		{
			group: "accounts", name: "deleteConsent", service: service.Authorisation, header: plainHeader, refuses: []int{401, 403},
			serve: d.deleteConsent,
		},
	}
}

// authorize starts a consent: it answers the address of the customer's page. A
// refusal never sends a browser anywhere (psd2 §10 case 28).
func (d *Door) authorize(c *call) (wire.Answer, error) {
	c.body.Only("requestHeader", "response_type", "client_id", "redirect_uri", "scope", "scope_details", "state")
	ask, err := d.readAsk(c, true)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	request, err := d.core.Auth.AskConsent(c.Ctx(), ask)
	if err != nil {
		return wire.Answer{}, carried(err, &c.asked)
	}
	b := d.answer(c, 256)
	return served(edge.AppendStringField(b, "aspspRedirectUri", d.cfg.PeopleURL+"/consent/"+string(request.ID))), nil
}

// readAsk reads a call for a consent; here says that the customer's browser is
// sent to a page, and back to redirect_uri with the state.
func (d *Door) readAsk(c *call, here bool) (authserver.ConsentAsk, error) {
	b, none := c.body, authserver.ConsentAsk{}
	sent := c.head.context()
	w := psd2.Wish{ResponseType: b.Need("response_type", 64), ClientID: b.Need("client_id", 128)}
	scopeText := b.Need("scope", 64)
	need := b.Text
	if here {
		need = b.Need
		w.RedirectURI = b.Need("redirect_uri", 1024)
	}
	w.State = need("state", 4096)
	err := b.Err()
	if err != nil {
		return none, err
	}
	if w.Scope, err = psd2.OneScope(scopeText); err != nil {
		return none, err
	}
	if err := c.Caller.MayAsk(&w, c.Now); err != nil {
		return none, err
	}
	if w.Details, err = grammar(c.version).Details(b.required("scope_details").Branch, w.Scope, true); err != nil {
		return none, err
	}
	c.asked = w.Details.Payment
	ask, err := d.core.Wanted(c.Ctx(), c.Caller, &w, c.Now)
	if err != nil {
		return none, onWire(err, &c.asked)
	}
	ask.Context = sent
	return ask, nil
}

// context is whom the third party says that it sends.
func (h *head) context() authserver.PSUContext {
	p := authserver.PSUContext{
		PersonBy: h.Text("psuIdentifierType", 32), PersonID: h.Text("psuIdentifierValue", 128),
		CompanyBy: h.Text("psuContextIdentifierType", 32), CompanyID: h.Text("psuContextIdentifierValue", 128),
	}
	if h.Flag("isCompanyContext") { // false says nothing: libraries send it whoever comes
		p.Kind = authserver.ContextCompany
	}
	return p
}

// token hands out tokens for a code, a refresh token or a list of accounts
// (psd2 §2.2).
func (d *Door) token(c *call) (wire.Answer, error) {
	p, err := d.readToken(c)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	got, err := d.core.Auth.ConsentTokens(c.Ctx(), p)
	if err != nil {
		return wire.Answer{}, tokenRefusal(err)
	}
	c.Line.Consent = got.Consent.ID
	return served(grammar(c.version).AppendTokens(d.answer(c, 1024), &got)), nil
}

// tokenRefusal words what only this call words in another way: 403 is not among its
// answers.
func tokenRefusal(err error) error {
	if bank.CodeOf(err) == bank.AccountOutside {
		return wire.Refuse(invalidScope, string(bank.AccountOutside)).Saying("The customer did not give such an account.").Because(err)
	}
	return wire.TokenRefusal(err, invalidGrant)
}

func (d *Door) readToken(c *call) (authserver.ConsentTokenParams, error) {
	b := c.body
	b.Only("requestHeader", "grant_type", "Code", "code", "redirect_uri", "client_id", "refresh_token", "exchange_token", "scope", "scope_details",
		"is_user_session", "user_ip", "user_agent")
	return grammar(c.version).Tokens(c.Ctx(), d.core, c.Caller, b.Branch, b.code())
}

// code reads the code of an authorisation. The standard spells it with a capital
// letter, which clients do not always (psd2 §10 case 35).
func (b branch) code() string {
	capital, small := b.Code("Code"), b.Code("code")
	switch {
	case capital == "":
		return small
	case small != "" && small != capital:
		b.Blame("code", "Code and code differ.")
	}
	return capital
}

// deleteConsent ends a consent by the third party's own id of it. What was
// ordered under it lives on; unknown, foreign and ended are one answer.
func (d *Door) deleteConsent(c *call) (wire.Answer, error) {
	c.body.Only("requestHeader", "consentId")
	id := c.body.Need("consentId", 128)
	if err := c.body.Err(); err != nil {
		return wire.Answer{}, err
	}
	c.Line.Subject = "consent:" + wire.Plausible(id)
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	if err := d.core.Auth.WithdrawByThirdParty(c.Ctx(), c.Caller.Client.ID, id); err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{Status: http.StatusNoContent}, nil
}
