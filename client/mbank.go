package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"okienko/eidas/seal"
)

// mbank is mBank's form: resources under a bank's id, and everything about a call
// in headers (psd2 §3).
type mbank struct{ c *Client }

// request signs the target, some headers and the body (psd2 §4.2).
func (m mbank) request(ctx context.Context, k *call, body []byte) (*built, error) {
	r, err := m.c.begin(ctx, k, body)
	if err != nil {
		return nil, err
	}
	h := r.Header
	h.Set("Accept", "application/json; charset=utf-8")
	h.Set("TPP-Request-ID", m.c.ids.next())
	if len(body) > 0 {
		h.Set("Content-Type", "application/json")
	}
	if k.unsigned {
		return &built{request: r, body: body}, nil
	}
	h.Set("TPP-ID", m.c.cfg.Organisation)
	h.Set("Send-Date", stamp(m.c.cfg.now()))
	if m.c.cfg.ClientID != "" {
		h.Set("Client-ID", m.c.cfg.ClientID)
	}
	for name, value := range k.headers {
		if value != "" {
			h.Set(name, value)
		}
	}
	// What is signed is what net/http writes on the request line.
	signed, err := seal.AppendPayload(nil, r.URL.RequestURI(), h, body)
	if err != nil {
		return nil, fmt.Errorf("client: %s", err.Error())
	}
	signature, err := m.c.sealed(m.c.header, signed)
	if err != nil {
		return nil, err
	}
	h.Set("JWS-Signature", signature)
	return &built{request: r, body: body, signed: signed}, nil
}

// proven is asked for where the caller has the bank's certificate: banks may leave
// their answers unsigned.
func (m mbank) proven(_ context.Context, e *Exchange) error {
	if m.c.cfg.BankSeal == nil || len(e.Answer) == 0 {
		return nil
	}
	s, err := seal.Parse(e.Response.Header.Get("JWS-Signature"), seal.RS256, seal.PS256, seal.ES256)
	return sealedBy(s, err, m.c.cfg.BankSeal, e.Answer)
}

func (mbank) raw(method, path, token string, headers map[string]string, body []byte) (call, []byte, error) {
	return call{method: method, path: path, token: token, headers: headers}, body, nil
}

// bank is a path below the bank's own part.
func (m mbank) bank(path string) string { return "/" + m.c.cfg.Bank + "/v3" + path }

func (m mbank) at(below string) string { return m.bank("/" + below) }

func (m mbank) get(ctx context.Context, s Session, path string, out any) error {
	return m.c.do(ctx, call{method: http.MethodGet, path: path, token: s.Token, headers: s.Present.headers(true), repeatable: true}, out)
}

// headers are those about a customer; present says that the call was asked for by
// the customer, who is there.
func (u *Customer) headers(present bool) map[string]string {
	if u == nil {
		return nil
	}
	h := map[string]string{"PSU-IP-Address": u.Address, "PSU-User-Agent": u.UserAgent}
	if u.Port > 0 {
		h["PSU-IP-Port"] = strconv.Itoa(u.Port)
	}
	if present {
		h["PSU-Session"] = "true"
	}
	return h
}

func (m mbank) register(ctx context.Context, statement string) (Registered, error) {
	var out Registered
	err := m.c.do(ctx, call{
		method: http.MethodPost, path: "/v3/register/", unsigned: true, repeatable: true,
		body: map[string]string{"software_statement": statement},
	}, &out)
	return out, err
}

// headers are those of a consent: of the machine, and of who sits there.
func (k *Consent) headers() map[string]string {
	h := k.Customer.headers(false)
	if i := k.Identity; i != nil {
		h["PSU-ID"], h["PSU-ID-Type"], h["PSU-Context-ID"], h["PSU-Context-ID-Type"] = i.Value, i.Type, i.ContextValue, i.ContextType
		if i.Company {
			h["Company-Context"] = "true"
		}
	}
	return h
}

func (m mbank) ask(ctx context.Context, k *Consent) (string, error) {
	what, err := k.mbank()
	if err != nil {
		return "", err
	}
	body := map[string]any{
		"response_type": "code", "client_id": m.c.cfg.ClientID, "redirect_uri": k.RedirectURI, "scope": what.name, "state": k.State,
		"scope_details": what.details(k.ID, k.Until),
	}
	var out struct {
		Redirect string `json:"authorizationRedirectUri"`
	}
	err = m.c.do(ctx, call{method: http.MethodPost, path: m.bank("/auth/authorize"), body: body, headers: k.headers()}, &out)
	return out.Redirect, err
}

func (m mbank) deleteConsent(ctx context.Context, id string) error {
	return m.c.do(ctx, call{method: http.MethodDelete, path: m.bank("/consents/" + url.PathEscape(id)), repeatable: true, deleted: http.StatusNotFound}, nil)
}

func (m mbank) tokens(ctx context.Context, g *grant) (Tokens, error) {
	body := map[string]any{"grant_type": g.kind}
	switch g.kind {
	case byCode:
		body["code"], body["redirect_uri"], body["client_id"] = g.value, g.redirectURI, m.c.cfg.ClientID
	case byRefresh:
		body["refresh_token"] = g.value
	case byExchange:
		body["exchange_token"] = g.value
	}
	if g.to != nil {
		what, err := g.to.mbank()
		if err != nil {
			return Tokens{}, err
		}
		body["scope"] = what.name
		if g.kind == byExchange {
			body["scope_details"] = what.details(g.to.ID, g.to.Until)
		} else {
			body["scope_details"] = map[string]any{"privilegeList": what.privileges, "scopeGroupType": what.group}
		}
	}
	var out Tokens
	err := m.c.do(ctx, call{method: http.MethodPost, path: m.bank("/auth/token"), body: body}, &out)
	return out, err
}
