package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"okienko/bank/consent"
)

// CallbackConfig sets up the pages to which the ready applications return.
type CallbackConfig struct {
	Secrets    []Secret
	Native     []consent.ClientID // applications that must use PKCE
	PartnerAPI string             // base URL of the calls, with the base path: https://localhost:8444/rest/v1/open/api
	Doors      string             // base URL of the sandbox's own doors
	CAFile     string             // what the printed commands trust
}

// Callback stands in the place of a partner's server, as far as a developer
// needs one for the first steps: it begins a pairing, and where a pairing or a
// confirmation ends it shows what has come back and the command to go on with.
type Callback struct {
	cfg CallbackConfig
	key [16]byte // of the verifiers of PKCE
}

// NewCallback makes the pages.
func NewCallback(cfg CallbackConfig) (*Callback, error) {
	c := &Callback{cfg: cfg}
	if _, err := rand.Read(c.key[:]); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return c, nil
}

// Name is the name of these pages in logs and metrics.
func (c *Callback) Name() string { return "callback" }

// Routes registers the pages.
func (c *Callback) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /callback/{client}/start", c.start)
	mux.HandleFunc("GET "+TPPCallback, c.consented)
	mux.HandleFunc("GET /callback/{client}", c.paired)
	mux.HandleFunc("GET /callback/{client}/operation", c.confirmed)
}

// stateLength is that of partner-api §4.1.
const stateLength = 128

// start sends the browser to the bank with a new pairing request.
func (c *Callback) start(w http.ResponseWriter, r *http.Request) {
	secret, ok := c.secret(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	state := ""
	for len(state) < stateLength {
		state += rand.Text() // A–Z and 2–7
	}
	state = state[:stateLength]
	q := url.Values{"client_id": {string(secret.Client)}, "response_type": {"code"}, "scope": {"open-api"}, "state": {state}, "redirect_uri": {c.redirect(secret.Client)}}
	if slices.Contains(c.cfg.Native, secret.Client) {
		sum := sha256.Sum256([]byte(c.verifier(state)))
		q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		q.Set("code_challenge_method", "S256")
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, c.cfg.PartnerAPI+"/request?"+q.Encode(), http.StatusSeeOther)
}

// paired shows the code and how to exchange it.
func (c *Callback) paired(w http.ResponseWriter, r *http.Request) {
	secret, ok := c.secret(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	code, state := q.Get("code"), q.Get("state")
	switch {
	case plain.MatchString(q.Get("error")):
		show(w, http.StatusOK, returned{Client: secret.Client, Title: "The pairing was not given", Came: []came{{"error", q.Get("error")}}, Again: c.begins(secret.Client)})
	case !plain.MatchString(code) || !plain.MatchString(state):
		show(w, http.StatusBadRequest, returned{Client: secret.Client, Title: "A pairing ends here with code and state", Again: c.begins(secret.Client)})
	default:
		fields := []string{"grant_type=authorization_code", "client_id=" + string(secret.Client), "client_secret=" + secret.Text,
			"code=" + code, "state=" + state, "redirect_uri=" + c.redirect(secret.Client)}
		if slices.Contains(c.cfg.Native, secret.Client) {
			fields = append(fields, "code_verifier="+c.verifier(state))
		}
		show(w, http.StatusOK, returned{
			Client: secret.Client, Title: "The pairing was given", Came: []came{{"code", code}, {"state", state}},
			Next: "Exchange the code for tokens within a minute of bank time:", Command: c.curl("grant", fields),
		})
	}
}

func (c *Callback) begins(client consent.ClientID) string { return c.redirect(client) + "/start" }

// confirmed shows how a confirmation ended and how to ask for the operation.
func (c *Callback) confirmed(w http.ResponseWriter, r *http.Request) {
	secret, ok := c.secret(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	id, status := r.URL.Query().Get("authorizationId"), r.URL.Query().Get("status")
	if !plain.MatchString(id) || !plain.MatchString(status) {
		show(w, http.StatusBadRequest, returned{Client: secret.Client, Title: "A confirmation ends here with authorizationId and status"})
		return
	}
	show(w, http.StatusOK, returned{
		Client: secret.Client, Title: "The confirmation has ended", Came: []came{{"status", status}, {"authorizationId", id}}, Next: "Ask for the operation:",
		Command: fmt.Sprintf("curl --cacert %s -H \"access_token: $ACCESS_TOKEN\" -H 'Accept: application/json' -H 'Content-Type: application/json' \\\n  %s",
			quoted(c.cfg.CAFile), quoted(c.cfg.PartnerAPI+"/authorization/"+id)),
	})
}

// TPPCallback is where the customers of licensed third parties come back to the
// sandbox's own doors, when these have no address of their own.
const TPPCallback = "/callback/tpp"

// consented shows what a licensed third party gets back. Its program asks for the
// address, so no command is made of what came; state may be anything.
func (c *Callback) consented(w http.ResponseWriter, r *http.Request) {
	if onlyHere(r) != nil {
		http.NotFound(w, r)
		return
	}
	const who = "a licensed third party"
	q := r.URL.Query()
	page := returned{Client: who, Title: "A consent ends here with code and state"}
	status := http.StatusBadRequest
	switch {
	case q.Get("error") != "":
		status, page.Title, page.Came = http.StatusOK, "The customer did not consent", []came{{"error", q.Get("error")}, {"state", q.Get("state")}}
	case q.Get("code") != "":
		status, page.Title, page.Came = http.StatusOK, "The customer consented", []came{{"code", q.Get("code")}, {"state", q.Get("state")}}
	}
	if status == http.StatusOK {
		page.Next = "Paste the address of this page where the third party's program asks for it. A code is good for a minute of bank time."
	}
	show(w, status, page)
}

// plain is all that may come back from the bank. Everything else is refused: the
// page prints a command that somebody will paste into a shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func (c *Callback) curl(path string, fields []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "curl --cacert %s %s", quoted(c.cfg.CAFile), quoted(c.cfg.PartnerAPI+"/"+path))
	for _, f := range fields {
		fmt.Fprintf(&b, " \\\n  --data-urlencode %s", quoted(f))
	}
	return b.String()
}

// quoted is a text as one word of a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (c *Callback) secret(r *http.Request) (Secret, bool) {
	if onlyHere(r) != nil {
		return Secret{}, false
	}
	at := slices.IndexFunc(c.cfg.Secrets, func(s Secret) bool { return string(s.Client) == r.PathValue("client") })
	if at < 0 {
		return Secret{}, false
	}
	return c.cfg.Secrets[at], true
}

func (c *Callback) redirect(client consent.ClientID) string {
	return c.cfg.Doors + "/callback/" + string(client)
}

// verifier follows from the state, so that nothing has to be remembered between
// the beginning and the end of a pairing.
func (c *Callback) verifier(state string) string {
	sum := sha256.Sum256(append(c.key[:], state...))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
