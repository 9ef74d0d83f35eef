package partnerapi

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/consent"
	"okienko/edge"
)

// scope is the one scope there is (partner-api §4).
const scope = "open-api"

// request begins a pairing: it sends the customer's browser to the bank's pages.
// What is wrong is said on a page of the bank, or as JSON to a caller who asks
// for it; never by a redirect to an address that the caller has named.
func (d *Door) request(v *visit) (answer, error) {
	if ok, after := d.requests.Allow(edge.Network(v.line.From)); !ok {
		return answer{}, tooMany("address", after)
	}
	begun, err := d.begin(v)
	if err == nil {
		v.line.Application = begun.Client
		return answer{status: http.StatusSeeOther, location: d.cfg.PeopleURL + "/pair/" + url.PathEscape(string(begun.ID))}, nil
	}
	code := bank.CodeOf(err)
	if code == bank.InvalidParameter {
		err = &refusal{form: activationEmpty, reason: reasonOf(err)}
	}
	if f, _ := wireOf(err); f.status >= http.StatusInternalServerError || wantsJSON(v.r.Header) {
		return answer{}, err
	}
	v.line.Outcome = code
	edge.Note(v.ctx(), slog.String("refusal", reasonOf(err)))
	return answer{status: http.StatusSeeOther, location: d.cfg.PeopleURL + "/problem?code=" + url.QueryEscape(string(code))}, nil
}

// begin reads the query. Names that OAuth does not know are ignored, as RFC
// 6749 §3.1 asks; a name that comes twice is refused, as it asks too.
func (d *Door) begin(v *visit) (authserver.Request, error) {
	q, err := edge.ParseQuery(v.r.URL.RawQuery)
	if err != nil {
		return authserver.Request{}, bank.Refuse(bank.RequestInvalid, "The query cannot be read.").Because(err)
	}
	return d.cfg.Auth.Begin(v.ctx(), authserver.BeginParams{
		ClientID: q.Value("client_id"), ResponseType: q.Value("response_type"), State: q.Value("state"),
		RedirectURI: q.Value("redirect_uri"), Scope: q.Value("scope"),
		CodeChallenge: q.Value("code_challenge"), CodeChallengeMethod: q.Value("code_challenge_method"),
	})
}

// wantsJSON tells a program that asks for JSON from a browser, which takes
// anything.
func wantsJSON(h http.Header) bool {
	accept := h.Values("Accept")
	return edge.AcceptsJSON(accept...) && !edge.Accepts("text", "html", accept...)
}

// grant gives tokens for a code or a refresh token. The order of its checks is
// the authorisation server's: parameters, client, address, grant.
func (d *Door) grant(v *visit) (answer, error) {
	if ok, after := d.tokens.Allow(edge.Network(v.line.From)); !ok {
		return answer{}, tooMany("address", after)
	}
	params, basic, err := d.grantParams(v)
	if err != nil {
		return answer{}, err
	}
	got, err := d.cfg.Auth.Grant(v.ctx(), params)
	switch bank.CodeOf(err) {
	case "":
	case bank.InvalidParameter:
		return answer{}, &refusal{form: tokenRequestEmpty, reason: reasonOf(err)}
	case bank.ClientWrong:
		if basic { // RFC 6749 §5.2
			v.w.Header().Set("WWW-Authenticate", `Basic realm="open-api", charset="UTF-8"`)
		}
		return answer{}, err
	default:
		return answer{}, err
	}
	v.line.Application = consent.ClientID(params.ClientID)
	v.w.Header().Set("Pragma", "no-cache")
	b := append(make([]byte, 0, 1024), '{')
	b = edge.AppendStringField(b, "access_token", got.AccessToken)
	b = edge.AppendStringField(b, "token_type", "bearer")
	b = edge.AppendIntField(b, "expires_in", got.ExpiresIn)
	b = edge.AppendStringField(b, "refresh_token", got.RefreshToken)
	b = edge.AppendIntField(b, "refresh_expires_in", got.RefreshExpiresIn)
	b = edge.AppendStringField(b, "scope", scope)
	b = edge.AppendStringField(b, "account_id", got.AccountRef)
	b = edge.AppendStringsField(b, "permissions", got.Permissions)
	return answer{status: http.StatusOK, body: append(b, '}')}, nil
}

// grantFields are the parameters of POST /grant. scope is what every OAuth
// library may add; there is only one.
var grantFields = []string{
	"grant_type", "client_id", "client_secret", "code", "state", "redirect_uri", "code_verifier", "refresh_token", "scope",
}

func (d *Door) grantParams(v *visit) (p authserver.GrantParams, basic bool, err error) {
	if !edge.AcceptsJSON(v.r.Header.Values("Accept")...) {
		return p, false, refuse(notAcceptable, "Accept")
	}
	media := v.r.Header.Get("Content-Type")
	if !edge.IsForm(media) && !edge.IsJSON(media) {
		return p, false, refuse(unsupportedContent, "Content-Type")
	}
	body, err := readBody(v)
	if err != nil {
		return p, false, err
	}
	sent, err := grantBody(body, edge.IsForm(media))
	if err != nil {
		return p, false, err
	}
	if s := sent["scope"]; s != "" && s != scope {
		return p, false, bank.Refuse(bank.RequestInvalid, "There is no such scope.")
	}
	p = authserver.GrantParams{
		GrantType: sent["grant_type"], ClientID: sent["client_id"], ClientSecret: sent["client_secret"], Code: sent["code"],
		State: sent["state"], RedirectURI: sent["redirect_uri"], CodeVerifier: sent["code_verifier"],
		RefreshToken: sent["refresh_token"], From: v.line.From,
	}
	basic, err = basicClient(v.r.Header, &p)
	return p, basic, err
}

// grantBody reads a form or a JSON object. A form is what OAuth libraries send,
// and RFC 6749 §3.2 asks to ignore what is unknown in it; JSON is our own and
// read strictly like every other body.
func grantBody(body []byte, form bool) (map[string]string, error) {
	sent := make(map[string]string, len(grantFields))
	if form {
		f, err := edge.ParseForm(body)
		if err != nil {
			return nil, bank.RefuseField("body", "The form cannot be read.").Because(err)
		}
		for _, name := range grantFields {
			sent[name] = f.Value(name)
		}
		return sent, nil
	}
	if len(body) == 0 {
		return sent, nil // nothing said: the authorisation server names what is missing
	}
	f := readFields(body, grantFields...)
	for _, name := range grantFields {
		sent[name], _ = f.optional(name)
	}
	if f.fault != "" {
		return nil, bank.RefuseField(f.fault, "The parameter cannot be read.")
	}
	return sent, nil
}

// basicClient takes the client from HTTP Basic, whose two parts are form-encoded
// (RFC 6749 §2.3.1). A client that names itself in two ways that differ is
// refused: we cannot know which one somebody before us has checked.
func basicClient(h http.Header, p *authserver.GrantParams) (used bool, err error) {
	scheme, credentials, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return false, nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimLeft(credentials, " "))
	id, secret, ok := strings.Cut(string(raw), ":")
	id, errID := url.QueryUnescape(id)
	secret, errSecret := url.QueryUnescape(secret)
	if err != nil || !ok || errID != nil || errSecret != nil || !visible(id) || !visible(secret) {
		return true, bank.Refuse(bank.RequestInvalid, "The HTTP Basic credentials cannot be read.")
	}
	for _, part := range []struct {
		to   *string
		from string
	}{{&p.ClientID, id}, {&p.ClientSecret, secret}} {
		if *part.to != "" && *part.to != part.from {
			return true, bank.Refuse(bank.RequestInvalid, "The client names itself in two ways that differ.")
		}
		*part.to = part.from
	}
	return true, nil
}

// visible reports whether a text is visible ASCII, as every client_id and secret
// of ours is. The body has been checked when it was read; Basic carries any byte.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
