package mbank

import (
	"net/http"
	"net/netip"
	"strconv"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/service"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

func (d *Door) authRoutes() []route {
	return []route{
		{
			act: "POST /auth/authorize", service: service.Authorisation, own: []string{"PSU-User-Agent", "PSU-IP-Address", "PSU-IP-Port"},
			body: true, maxBody: bundleBody, serve: d.authorize,
		},
		{act: "POST /auth/token", service: service.Authorisation, body: true, maxBody: bundleBody, serve: d.token},
		{act: "DELETE /consents/{tppConsentId}", service: service.Authorisation, own: []string{"Client-ID"}, serve: d.deleteConsent},
	}
}

// authorize starts a consent: it answers the address of the customer's page. A
// refusal never sends a browser anywhere (psd2 §10 case 28).
func (d *Door) authorize(c *call) (wire.Answer, error) {
	if _, err := c.query(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.psu(); err != nil {
		return wire.Answer{}, err
	}
	o, err := c.object()
	if err != nil {
		return wire.Answer{}, err
	}
	ask, err := d.readAuthorize(c, o)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	request, err := d.core.Auth.AskConsent(c.Ctx(), ask)
	if err != nil {
		return wire.Answer{}, wire.Renamed(err, headersOf)
	}
	b := append(make([]byte, 0, 256), '{')
	b = edge.AppendStringField(b, "authorizationRedirectUri", d.cfg.PeopleURL+"/consent/"+string(request.ID))
	return wire.Answer{Status: http.StatusOK, Body: append(b, '}')}, nil
}

// psu judges the headers about the customer.
func (c *call) psu() error {
	if _, err := netip.ParseAddr(c.Header("PSU-IP-Address")); err != nil {
		return bank.RefuseField("PSU-IP-Address", "It is not an IP address.")
	}
	if port, err := strconv.ParseUint(c.Header("PSU-IP-Port"), 10, 16); err != nil || port == 0 {
		return bank.RefuseField("PSU-IP-Port", "It is not a port.")
	}
	return nil
}

func (d *Door) readAuthorize(c *call, o edge.Object) (authserver.ConsentAsk, error) {
	r := c.reading()
	b := open(r, o, "")
	b.Only("response_type", "client_id", "redirect_uri", "scope", "state", "scope_details")
	w := psd2.Wish{
		ResponseType: b.Need("response_type", 64), ClientID: b.Need("client_id", 64), RedirectURI: b.Need("redirect_uri", 1024), State: b.Need("state", 4096),
	}
	scopeText := b.Need("scope", 64)
	none := authserver.ConsentAsk{}
	err := r.Err()
	if err != nil {
		return none, err
	}
	if w.Scope, err = psd2.OneScope(scopeText); err != nil {
		return none, err
	}
	if err := c.Caller.MayAsk(&w, c.Now); err != nil {
		return none, err
	}
	if w.Details, err = grammar().Details(b.Inside("scope_details"), w.Scope, true); err != nil {
		return none, err
	}
	ask, err := d.core.Wanted(c.Ctx(), c.Caller, &w, c.Now)
	if err != nil {
		return none, onWire(err, w.Details.Payment.Kind(), w.Details.Payment.At)
	}
	ask.Context, err = c.sent()
	return ask, err
}

// sent is whom the third party says that it sends. Refusals name the header.
func (c *call) sent() (authserver.PSUContext, error) {
	p := authserver.PSUContext{
		PersonBy: c.Header("PSU-ID-Type"), PersonID: c.Header("PSU-ID"), CompanyBy: c.Header("PSU-Context-ID-Type"), CompanyID: c.Header("PSU-Context-ID"),
	}
	switch c.Header("Company-Context") {
	case "", "false": // which says nothing: libraries send it whoever comes
	case "true":
		p.Kind = authserver.ContextCompany
	default:
		return p, bank.RefuseField("Company-Context", "It is true or false.")
	}
	return p, nil
}

// headersOf are the headers that carry what the core calls otherwise.
var headersOf = map[string]string{
	"psuIdentifierType": "PSU-ID-Type", "psuIdentifierValue": "PSU-ID",
	"psuContextIdentifierType": "PSU-Context-ID-Type", "psuContextIdentifierValue": "PSU-Context-ID",
}

// token hands out tokens for a code, a refresh token or a list of accounts
// (psd2 §3.4).
func (d *Door) token(c *call) (wire.Answer, error) {
	if _, err := c.query(); err != nil {
		return wire.Answer{}, err
	}
	o, err := c.object()
	if err != nil {
		return wire.Answer{}, err
	}
	p, err := d.readToken(c, o)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	got, err := d.core.Auth.ConsentTokens(c.Ctx(), p)
	if err != nil {
		return wire.Answer{}, wire.TokenRefusal(err, invalidGrant)
	}
	c.Line.Consent = got.Consent.ID
	b := grammar().AppendTokens(append(make([]byte, 0, 1024), '{'), &got)
	return wire.Answer{Status: http.StatusOK, Body: append(b, '}')}, nil
}

func (d *Door) readToken(c *call, o edge.Object) (authserver.ConsentTokenParams, error) {
	b := c.reading().Open(o, "")
	b.Only("grant_type", "client_id", "code", "redirect_uri", "refresh_token", "exchange_token", "scope", "scope_details",
		"is_user_session", "user_ip", "user_agent")
	return grammar().Tokens(c.Ctx(), d.core, c.Caller, b, b.Code("code"))
}

// deleteConsent ends a consent by the third party's own id of it. What was
// ordered under it lives on; unknown, foreign and ended are one answer.
func (d *Door) deleteConsent(c *call) (wire.Answer, error) {
	if _, err := c.query(); err != nil {
		return wire.Answer{}, err
	}
	id := c.R.PathValue("tppConsentId")
	if len(id) > 128 {
		return wire.Answer{}, bank.Refuse(bank.NotFound, "There is no such consent.")
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	if err := d.core.Auth.WithdrawByThirdParty(c.Ctx(), c.Caller.Client.ID, id); err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{Status: http.StatusNoContent}, nil
}
