package polishapi

import (
	"net/http"
	"net/netip"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/service"
	"okienko/bank/xs2a"
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
	if here && !c.Caller.Client.Redirects(w.RedirectURI) {
		return none, bank.Refuse(bank.RedirectUnknown, "The redirect_uri is not registered for the client.")
	}
	if w.Details, err = b.required("scope_details").readDetails(w.Scope, true); err != nil {
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
	b := d.answer(c, 1024)
	b = edge.AppendStringField(b, "access_token", got.AccessToken)
	b = edge.AppendStringField(b, "token_type", "Bearer")
	b = edge.AppendStringField(b, "expires_in", whole(got.ExpiresIn)) // a text (psd2 §10 case 39)
	b = edge.AppendStringField(b, "refresh_token", got.RefreshToken)
	b = edge.AppendStringField(b, "scope", wire.Spell(scopes, got.Consent.Scope))
	return served(appendDetails(b, &got.Consent, c.version)), nil
}

// tokenRefusal words what only this call words in another way: a token handed in
// to be exchanged is a grant, so one that is no longer good is invalid_grant; and
// 403 is not among its answers.
func tokenRefusal(err error) error {
	switch bank.CodeOf(err) {
	case bank.TokenUnknown, bank.TokenInvalid, bank.TokenMissing, bank.AgreementEnded:
		return wire.Refuse(invalidGrant, string(bank.CodeOf(err))).Because(err)
	case bank.AccountOutside:
		return wire.Refuse(invalidScope, string(bank.AccountOutside)).Saying("The customer did not give such an account.").Because(err)
	}
	return err
}

func (d *Door) readToken(c *call) (authserver.ConsentTokenParams, error) {
	b := c.body
	b.Only("requestHeader", "grant_type", "Code", "code", "redirect_uri", "client_id", "refresh_token", "exchange_token", "scope", "scope_details",
		"is_user_session", "user_ip", "user_agent")
	const secret = 512
	p := authserver.ConsentTokenParams{
		Client: c.Caller.Client.ID, GrantType: b.Need("grant_type", 64), Code: b.code(secret), RedirectURI: b.Text("redirect_uri", 1024),
		RefreshToken: b.Text("refresh_token", secret), ExchangeToken: b.Text("exchange_token", secret),
	}
	if b.Flag("is_user_session") {
		b.Need("user_agent", 1024)
		if _, err := netip.ParseAddr(b.Need("user_ip", 64)); err != nil {
			b.Blame("user_ip", "It is not an IP address.")
		}
	}
	clientID, scopeText := b.Text("client_id", 128), b.Text("scope", 64)
	if err := b.Err(); err != nil {
		return p, err
	}
	if clientID != "" {
		if err := c.Caller.Is(clientID); err != nil {
			return p, err
		}
	}
	var err error
	switch p.GrantType {
	case "refresh_token":
		err = d.readNarrow(c, scopeText, &p)
	case "exchange_token":
		p.Exchange, err = readExchange(b, scopeText)
	}
	return p, err
}

// code reads the code of an authorisation. The standard spells it with a capital
// letter, which clients do not always (psd2 §10 case 35).
func (b branch) code(longest int) string {
	capital, small := b.Text("Code", longest), b.Text("code", longest)
	switch {
	case capital == "":
		return small
	case small != "" && small != capital:
		b.Blame("code", "Code and code differ.")
	}
	return capital
}

// readNarrow reads what a refresh asks for, where it says so.
func (d *Door) readNarrow(c *call, scopeText string, p *authserver.ConsentTokenParams) error {
	_, detailed := c.body.Get("scope_details")
	if scopeText == "" && !detailed {
		return nil
	}
	scope, err := psd2.OneScope(scopeText)
	if err != nil {
		return err
	}
	details, err := c.body.inside("scope_details").readDetails(scope, false)
	if err != nil {
		return err
	}
	p.Narrow, err = d.core.Narrowed(c.Ctx(), c.Caller.Client.ID, scope, &details)
	return err
}

// readExchange reads for what a list of accounts is exchanged.
func readExchange(b branch, scopeText string) (*authserver.ConsentExchange, error) {
	if scopeText == "" {
		return nil, bank.RefuseField("scope", "The field is required.")
	}
	scope, err := psd2.OneScope(scopeText)
	if err != nil {
		return nil, err
	}
	if scope != xs2a.AccountInfo {
		return nil, bank.Refuse(bank.ScopeInvalid, "A list of accounts is exchanged for scope ais.")
	}
	details, err := b.required("scope_details").readDetails(scope, true)
	return psd2.Exchanged(&details), err
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
