package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"okienko/eidas/seal"
)

// polishAPI is the form of the Polish banks' association: every call is a POST, and
// what is to be said about it stands in the body too (psd2 §2).
type polishAPI struct{ c *Client }

// The headers of PolishAPI.
const (
	requestIDHeader = "X-REQUEST-ID"
	signatureHeader = "X-JWS-SIGNATURE"
)

// requestHeader is what a body says about its call (psd2 §2.1).
type requestHeader struct {
	RequestID   string `json:"requestId"`
	UserAgent   string `json:"userAgent,omitempty"`
	IPAddress   string `json:"ipAddress,omitempty"`
	SendDate    string `json:"sendDate"`
	TPPID       string `json:"tppId"`
	Token       string `json:"token,omitempty"`
	IsDirectPSU bool   `json:"isDirectPsu,omitempty"`

	CallbackURL string `json:"callbackURL,omitempty"`
	APIKey      string `json:"apiKey,omitempty"`

	IsCompanyContext     bool   `json:"isCompanyContext,omitempty"`
	IdentifierType       string `json:"psuIdentifierType,omitempty"`
	IdentifierValue      string `json:"psuIdentifierValue,omitempty"`
	ContextIdentifier    string `json:"psuContextIdentifierType,omitempty"`
	ContextIdentifierVal string `json:"psuContextIdentifierValue,omitempty"`
}

// from fills in the machine of a customer who is there.
func (h requestHeader) from(u *Customer) *requestHeader {
	if u != nil {
		h.IPAddress, h.UserAgent = u.Address, u.UserAgent
	}
	return &h
}

// path is that of an operation; the version stands in it twice.
func (p polishAPI) path(group, operation string) string {
	return pathOf(p.c.cfg.Version, group, operation)
}

func (p polishAPI) at(below string) string {
	group, operation, _ := strings.Cut(below, "/")
	return p.path(group, operation)
}

func pathOf(version, group, operation string) string {
	return "/v" + version + "/" + group + "/v" + version + "/" + operation
}

// call is the call of an operation.
func (p polishAPI) call(group, operation string, about *requestHeader, body any) call {
	return call{method: http.MethodPost, path: p.path(group, operation), about: about, body: body}
}

// under is a call under a customer's token. The token stands in the body too.
func (p polishAPI) under(s Session, group, operation string, about *requestHeader, body any) call {
	k := p.call(group, operation, about, body)
	k.token, about.Token = s.Token, s.Token
	return k
}

// request signs the body as it is sent (psd2 §4.1).
func (p polishAPI) request(ctx context.Context, k *call, body []byte) (*built, error) {
	id := p.c.ids.next()
	if k.about != nil {
		about := *k.about
		about.RequestID, about.SendDate, about.TPPID = id, stamp(p.c.cfg.now()), p.c.cfg.Organisation
		text, err := encoded(&about)
		if err != nil {
			return nil, err
		}
		body = headed(text, body)
	}
	r, err := p.c.begin(ctx, k, body)
	if err != nil {
		return nil, err
	}
	h := r.Header
	h.Set("Accept", "application/json")
	h.Set("Accept-Charset", "utf-8")
	h.Set("Accept-Encoding", "gzip")
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set(requestIDHeader, id)
	for name, value := range k.headers {
		h.Set(name, value)
	}
	if k.unsigned {
		return &built{request: r, body: body}, nil
	}
	how := p.c.header
	how.KeyID = p.c.cfg.Organisation
	signature, err := p.c.sealed(how, body)
	if err != nil {
		return nil, err
	}
	h.Set(signatureHeader, signature)
	return &built{request: r, body: body, signed: body}, nil
}

// headed puts a requestHeader in front of an object's members.
func headed(about, body []byte) []byte {
	members := bytes.TrimSuffix(bytes.TrimPrefix(body, []byte("{")), []byte("}"))
	out := append([]byte(`{"requestHeader":`), about...)
	if len(members) > 0 {
		out = append(out, ',')
	}
	return append(append(out, members...), '}')
}

// raw takes the requestHeader out of a body, so that each try can complete it. A
// body without one gets one; where an operation has none, the caller says null.
func (p polishAPI) raw(method, path, token string, headers map[string]string, body []byte) (call, []byte, error) {
	k := call{method: method, path: path, token: token, headers: headers, about: &requestHeader{}}
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return k, nil, fmt.Errorf("client: a body of PolishAPI is an object: %w", err)
	}
	if text, ok := members["requestHeader"]; ok {
		if err := json.Unmarshal(text, &k.about); err != nil {
			return k, nil, fmt.Errorf("client: requestHeader: %w", err)
		}
		delete(members, "requestHeader")
	}
	if k.about != nil && k.about.Token == "" {
		k.about.Token = token
	}
	body, err := encoded(members)
	return k, body, err
}

// proven is asked for on every 200; nothing else is signed (psd2 §4.1).
func (p polishAPI) proven(ctx context.Context, e *Exchange) error {
	if e.Response.StatusCode != http.StatusOK || p.c.cfg.TakeUnproven {
		return nil
	}
	return p.c.provenBy(ctx, e.Response.Header.Get(signatureHeader), e.Answer)
}

// provenBy holds a signature over what the bank sent against its certificate.
func (c *Client) provenBy(ctx context.Context, signature string, text []byte) error {
	s, err := seal.Parse(signature, seal.RS256, seal.PS256, seal.ES256)
	if err != nil {
		return sealedBy(nil, err, nil, nil)
	}
	cert := c.cfg.BankSeal
	if cert == nil {
		if cert, err = c.seals.find(ctx, s, c.cfg.BankSealThumbprint); err != nil {
			return err
		}
	}
	return sealedBy(s, nil, cert, text)
}

// register is 3.0's operation, which the others borrow: the standard's 2.1.x
// registers by paper.
func (p polishAPI) register(ctx context.Context, statement string) (Registered, error) {
	var out Registered
	err := p.c.do(ctx, call{
		method: http.MethodPost, path: pathOf(p.c.cfg.RegisterVersion, "auth", "register"), unsigned: true, repeatable: true,
		body: map[string]string{"software_statement": statement},
	}, &out)
	return out, err
}

// consentBody is that of authorize and of authorizeExt.
type consentBody struct {
	ResponseType string        `json:"response_type"`
	Code         string        `json:"eatCode,omitempty"`
	Type         *Code         `json:"eatType,omitempty"`
	ClientID     string        `json:"client_id"`
	RedirectURI  string        `json:"redirect_uri,omitempty"`
	Scope        string        `json:"scope"`
	Details      *scopeDetails `json:"scope_details"`
	State        string        `json:"state"`
}

func (p polishAPI) consent(k *Consent) (*consentBody, *requestHeader, error) {
	what, err := p.scope(k)
	if err != nil {
		return nil, nil, err
	}
	about := requestHeader{}.from(k.Customer)
	if i := k.Identity; i != nil {
		about.IsCompanyContext, about.IdentifierType, about.IdentifierValue = i.Company, i.Type, i.Value
		about.ContextIdentifier, about.ContextIdentifierVal = i.ContextType, i.ContextValue
	}
	return &consentBody{ResponseType: "code", ClientID: p.c.cfg.ClientID, Scope: what.Group, Details: what, State: k.State}, about, nil
}

func (p polishAPI) ask(ctx context.Context, k *Consent) (string, error) {
	body, about, err := p.consent(k)
	if err != nil {
		return "", err
	}
	body.RedirectURI = k.RedirectURI
	var out struct {
		Redirect string `json:"aspspRedirectUri"`
	}
	err = p.c.do(ctx, p.call("auth", "authorize", about, body), &out)
	return out.Redirect, err
}

func (p polishAPI) askExternally(ctx context.Context, k *Consent, e *External) error {
	body, about, err := p.consent(k)
	if err != nil {
		return err
	}
	body.Code, body.Type = e.Code, e.Type
	if about.CallbackURL, about.APIKey = e.CallbackURL, e.APIKey; about.APIKey == "" {
		about.APIKey = NewID()
	}
	return p.c.do(ctx, p.call("auth", "authorizeExt", about, body), nil)
}

// tokenBody is that of token. The standard's files write Code with a capital.
type tokenBody struct {
	Grant       string        `json:"grant_type"`
	Code        string        `json:"Code,omitempty"`
	RedirectURI string        `json:"redirect_uri,omitempty"`
	ClientID    string        `json:"client_id,omitempty"`
	Refresh     string        `json:"refresh_token,omitempty"`
	Exchange    string        `json:"exchange_token,omitempty"`
	Scope       string        `json:"scope,omitempty"`
	Details     *scopeDetails `json:"scope_details,omitempty"`
}

func (p polishAPI) tokens(ctx context.Context, g *grant) (Tokens, error) {
	body := tokenBody{Grant: g.kind}
	switch g.kind {
	case byCode:
		body.Code, body.RedirectURI, body.ClientID = g.value, g.redirectURI, p.c.cfg.ClientID
	case byRefresh:
		body.Refresh = g.value
	case byExchange:
		body.Exchange = g.value
	}
	if g.to != nil {
		what, err := p.scope(g.to)
		if err != nil {
			return Tokens{}, err
		}
		body.Scope, body.Details = what.Group, what
	}
	var out struct {
		Tokens
		Details grantedDetails `json:"scope_details"`
	}
	if err := p.c.do(ctx, p.call("auth", "token", &requestHeader{}, &body), &out); err != nil {
		return Tokens{}, err
	}
	out.Tokens.Details = out.Details.granted()
	return out.Tokens, nil
}

func (p polishAPI) deleteConsent(ctx context.Context, id string) error {
	about := &requestHeader{}
	if p.c.cfg.Form == PolishAPI211 {
		about = nil
	}
	k := p.call("accounts", "deleteConsent", about, map[string]string{"consentId": id})
	// What is not there is answered as what is somebody else's: there is no 404 here.
	k.repeatable, k.deleted = true, http.StatusForbidden
	return p.c.do(ctx, k, nil)
}
