package mbank_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/psd2/psd2test"
)

// tpp is a third party's side of the wire.
type tpp struct {
	w      *world
	org    string
	client string
	papers psd2test.Papers
	http   *http.Client
}

func (w *world) tpp(org, client string, p psd2test.Papers) *tpp {
	return &tpp{w: w, org: org, client: client, papers: p, http: w.httpClient(p.QWAC.TLS())}
}

// httpClient is a client with or without a certificate.
func (w *world) httpClient(certificates ...tls.Certificate) *http.Client {
	return w.HTTPClient(w.net, certificates...)
}

// ask is one request before it is sent.
type ask struct {
	*tpp
	method, target string
	header         http.Header
	body           string
	signed         string // the value of JWS-Signature; made when the request is sent, unless it was made before
	unsigned       bool
	protected      seal.Header
}

// ask makes a request as mBank's samples have it; target is the path behind the
// bank's part, or begins with "!" for a whole one.
func (p *tpp) ask(method, target, body string) *ask {
	whole, ok := strings.CutPrefix(target, "!")
	if !ok {
		whole = path + target
	}
	own := *p // a test may change whose request it is
	a := &ask{tpp: &own, method: method, target: whole, body: body, header: http.Header{}}
	a.set("Accept", "application/json; charset=utf-8", "Accept-Encoding", "Gzip, deflate", "Accept-Language", "en", "TPP-ID", p.org,
		"TPP-Request-ID", newUUID(p.w.Wall.Now()))
	if method == http.MethodPost {
		a.set("Content-Type", "application/json")
	}
	a.protected = seal.Header{Alg: seal.RS256, Typ: "JWT", URL: "https://tpp.example/qsealc.pem", Thumbprint: eidas.Thumbprint(p.papers.Seal.Certificate)}
	return a
}

func (a *ask) set(pairs ...string) *ask {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			a.header.Del(pairs[i])
		} else {
			a.header.Set(pairs[i], pairs[i+1])
		}
	}
	return a
}

// with adds an access token and the client.
func (a *ask) with(token string) *ask {
	return a.set("Authorization", "Bearer "+token, "Client-ID", a.client)
}

// present says that the customer is there.
func (a *ask) present() *ask {
	return a.set("PSU-Session", "true", "PSU-IP-Address", "193.41.230.87", "PSU-IP-Port", "23456", "PSU-User-Agent", "Mozilla/5.0")
}

// signedNames is written down once more, so that the list of the signing code is
// not tested with itself (psd2 §4.2).
var signedNames = []string{
	"authorization", "client-id", "company-context", "psu-context-id", "psu-context-id-type", "psu-id", "psu-id-type", "psu-ip-address",
	"psu-ip-port", "psu-session", "psu-user-agent", "send-date", "tpp-bundle-id", "tpp-id", "tpp-payment-id", "tpp-request-id",
}

// stringify is JSON.stringify of a text, by way of encoding/json.
func stringify(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// encoding/json escapes the two line ends of Unicode, JavaScript does not: they
	// travel as characters of nobody's.
	if err := e.Encode(strings.NewReplacer("\u2028", "\ue000", "\u2029", "\ue001").Replace(s)); err != nil {
		panic(err)
	}
	return strings.NewReplacer("\ue000", "\u2028", "\ue001", "\u2029").Replace(strings.TrimSuffix(b.String(), "\n"))
}

func (a *ask) payload() string {
	var headers []string
	for _, name := range signedNames {
		if v := a.header.Values(name); len(v) > 0 {
			headers = append(headers, stringify(name)+":"+stringify(strings.Trim(v[0], " \t")))
		}
	}
	return `{"uri":` + stringify(a.target) + `,"headers":{` + strings.Join(headers, ",") + `},"body":` + stringify(a.body) + `}`
}

// sign signs what the request is now; what a test changes after that is a change
// on the way.
func (a *ask) sign() *ask { return a.signOver(a.payload()) }

func (a *ask) signOver(payload string) *ask {
	a.w.T.Helper()
	var err error
	a.signed, err = seal.Sign(a.papers.Seal.Key, a.protected, []byte(payload))
	must(a.w.T, err)
	return a
}

func (a *ask) notSigned() *ask {
	a.unsigned = true
	return a
}

type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

func (a *ask) send() reply {
	a.w.T.Helper()
	if a.signed == "" && !a.unsigned {
		a.sign()
	}
	base, err := url.Parse(a.w.net.URL)
	must(a.w.T, err)
	r, err := http.NewRequestWithContext(a.w.T.Context(), a.method, a.w.net.URL, strings.NewReader(a.body))
	must(a.w.T, err)
	if a.body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.URL = &url.URL{Scheme: "https", Host: base.Host, Opaque: a.target}
	r.Header = a.header.Clone()
	if a.signed != "" {
		r.Header.Set("JWS-Signature", a.signed)
	}
	got, err := a.http.Do(r)
	must(a.w.T, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	must(a.w.T, err)
	out := reply{t: a.w.T, status: got.StatusCode, header: got.Header, body: string(body)}
	judged(a.w.T, a.method, a.target, out)
	return out
}

func (p *tpp) get(target, token string) reply {
	p.w.T.Helper()
	return p.ask("GET", target, "").with(token).send()
}

// shared is the reply as both forms' tests read it.
func (r reply) shared() psd2test.Reply {
	return psd2test.Reply{T: r.t, Status: r.status, Header: r.header, Body: r.body}
}

// is asserts a status.
func (r reply) is(status int) reply {
	r.t.Helper()
	r.shared().Is(status)
	return r
}

// fails asserts an error in the door's form.
func (r reply) fails(status int, code string) reply {
	r.t.Helper()
	r.shared().Fails(status, code)
	return r
}

func (r reply) at(way ...any) any      { return r.shared().At(way...) }
func (r reply) text(way ...any) string { return r.shared().Text(way...) }
