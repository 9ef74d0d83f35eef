package wire

import (
	"context"
	"net/netip"
	"strconv"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
)

// Grammar is how a form words what both forms say of a consent (psd2 §2.3, §3.4).
type Grammar struct {
	Groups     []Word[xs2a.Scope] // scopeGroupType
	Throttling string             // the one policy there is
	// Privileges reads a privilegeList that is not empty.
	Privileges func(b Branch, list []edge.Value, scope xs2a.Scope, d *psd2.Details) error
	// Append writes the elements of privilegeList as the customer gave them.
	Append func(b []byte, c *xs2a.Consent) []byte
}

// Details reads scope_details for a scope. Every field is needed, except where an
// earlier consent has said it already.
func (g *Grammar) Details(b Branch, scope xs2a.Scope, first bool) (psd2.Details, error) {
	b.Only("privilegeList", "scopeGroupType", "consentId", "scopeTimeLimit", "throttlingPolicy")
	need := b.Text
	if first {
		need = b.Need
	}
	var d psd2.Details
	if group := need("scopeGroupType", 16); group != "" && group != Spell(g.Groups, scope) {
		b.Blame(b.Path+"scopeGroupType", "It is "+Spell(g.Groups, scope)+" for this scope.")
	}
	d.ConsentID = need("consentId", 128)
	if policy := need("throttlingPolicy", 32); policy != "" && policy != g.Throttling {
		b.Blame(b.Path+"throttlingPolicy", "It is "+g.Throttling+".")
	}
	if limit := need("scopeTimeLimit", 40); limit != "" {
		var ok bool
		if d.Until, ok = ParseInstant(limit); !ok {
			b.Blame(b.Path+"scopeTimeLimit", "An instant is needed, 2027-01-31T12:00:00Z.")
		}
	}
	list := b.List("privilegeList")
	if len(list) == 0 && first {
		b.Blame(b.Path+"privilegeList", "At least one privilege is needed.")
	}
	if err := b.Err(); err != nil || len(list) == 0 {
		return d, err
	}
	if err := g.Privileges(b, list, scope, &d); err != nil {
		return d, err
	}
	return d, b.Err()
}

// AppendDetails writes scope_details as the customer gave them.
func (g *Grammar) AppendDetails(b []byte, c *xs2a.Consent) []byte {
	b = append(edge.AppendKey(b, "scope_details"), '{')
	b = append(edge.AppendKey(b, "privilegeList"), '[')
	b = append(g.Append(b, c), ']')
	b = edge.AppendStringField(b, "consentId", c.TPPID)
	b = AppendInstant(b, "scopeTimeLimit", c.Until)
	b = edge.AppendStringField(b, "throttlingPolicy", g.Throttling)
	return append(b, '}')
}

// longestSecret bounds codes and tokens on the wire.
const longestSecret = 512

// Tokens reads a call for tokens; code is that of the authorisation, which the
// forms spell differently.
func (g *Grammar) Tokens(ctx context.Context, core *psd2.Core, caller *psd2.Caller, b Branch, code string) (authserver.ConsentTokenParams, error) {
	p := authserver.ConsentTokenParams{
		Client: caller.Client.ID, GrantType: b.Need("grant_type", 64), Code: code, RedirectURI: b.Text("redirect_uri", 1024),
		RefreshToken: b.Text("refresh_token", longestSecret), ExchangeToken: b.Text("exchange_token", longestSecret),
	}
	if b.Flag("is_user_session") {
		b.Need("user_agent", 1024)
		if _, err := netip.ParseAddr(b.Need("user_ip", 64)); err != nil {
			b.Blame(b.Path+"user_ip", "It is not an IP address.")
		}
	}
	clientID, scopeText := b.Text("client_id", 128), b.Text("scope", 64)
	if err := b.Err(); err != nil {
		return p, err
	}
	if clientID != "" {
		if err := caller.Is(clientID); err != nil {
			return p, err
		}
	}
	var err error
	switch p.GrantType {
	case "refresh_token":
		p.Narrow, err = g.narrow(ctx, core, caller, b, scopeText)
	case "exchange_token":
		p.Exchange, err = g.exchange(b, scopeText)
	}
	return p, err
}

// Code reads a code under one of its names.
func (b Branch) Code(name string) string { return b.Text(name, longestSecret) }

// narrow reads what a refresh asks for, nil where it does not say so.
func (g *Grammar) narrow(ctx context.Context, core *psd2.Core, caller *psd2.Caller, b Branch, scopeText string) (*authserver.ConsentNarrow, error) {
	if _, detailed := b.Get("scope_details"); scopeText == "" && !detailed {
		return nil, nil
	}
	scope, err := psd2.OneScope(scopeText)
	if err != nil {
		return nil, err
	}
	d, err := g.Details(b.Inside("scope_details"), scope, false)
	if err != nil {
		return nil, err
	}
	return core.Narrowed(ctx, caller.Client.ID, scope, &d)
}

// exchange reads for what a list of accounts is exchanged.
func (g *Grammar) exchange(b Branch, scopeText string) (*authserver.ConsentExchange, error) {
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
	if _, there := b.Get("scope_details"); !there {
		return nil, bank.RefuseField("scope_details", "The field is required.")
	}
	d, err := g.Details(b.Inside("scope_details"), scope, true)
	return psd2.Exchanged(&d), err
}

// AppendTokens writes what a call for tokens is answered, into an object that is
// open.
func (g *Grammar) AppendTokens(b []byte, got *authserver.ConsentTokenAnswer) []byte {
	b = edge.AppendStringField(b, "access_token", got.AccessToken)
	b = edge.AppendStringField(b, "refresh_token", got.RefreshToken)
	b = edge.AppendStringField(b, "token_type", "Bearer")
	b = edge.AppendStringField(b, "expires_in", strconv.FormatInt(got.ExpiresIn, 10)) // a text (psd2 §10 case 39)
	b = edge.AppendStringField(b, "scope", string(got.Consent.Scope))
	return g.AppendDetails(b, &got.Consent)
}

// TokenRefusal words what only this call words in another way: a token handed in
// to be exchanged is a grant, so one that is no longer good is an invalid grant.
func TokenRefusal(err error, invalidGrant Error) error {
	switch bank.CodeOf(err) {
	case bank.TokenUnknown, bank.TokenInvalid, bank.TokenMissing, bank.AgreementEnded:
		return Refuse(invalidGrant, string(bank.CodeOf(err))).Because(err)
	}
	return err
}

// Element opens an element of privilegeList; ok is false for what is no object.
func (b Branch) Element(i int, v edge.Value) (one Branch, ok bool) {
	path := b.Path + "privilegeList[" + strconv.Itoa(i) + "]"
	o, ok := v.Object()
	if !ok {
		b.Blame(path, "An object is expected.")
	}
	return b.Open(o, path), ok
}

// Rights reads privilegeList of account information: element reads one.
func (b Branch) Rights(list []edge.Value, d *psd2.Details, element func(Branch) []xs2a.Grant) {
	elements := make([]psd2.Element, 0, len(list))
	for i, v := range list {
		if one, ok := b.Element(i, v); ok {
			elements = append(elements, psd2.Element{Number: one.Text("accountNumber", AccountLength), Grants: element(one)})
		}
	}
	var ok bool
	if d.Grants, d.Numbers, ok = psd2.Uniform(elements); !ok {
		b.Blame(b.Path+"privilegeList", "All accounts of a consent have the same privileges.")
	}
}

// History reads maxAllowedHistoryLong.
func (b Branch) History() int {
	days, ok := b.Whole("maxAllowedHistoryLong")
	if !ok || days < 1 || days > xs2a.MaxHistoryDays {
		b.Blame(b.Path+"maxAllowedHistoryLong", "A number of days from 1 to 1460 is needed.")
		return 1
	}
	return int(days)
}
