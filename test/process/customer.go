package process

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"okienko/app"
)

// Customer is somebody at the bank's pages, with cookies and without
// JavaScript. Forms are sent as the pages offer them.
type Customer struct {
	people string
	client *http.Client
}

// NewCustomer opens the pages with a client that trusts the bank.
func NewCustomer(people string, client *http.Client) (*Customer, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	own := *client
	own.Jar = jar
	return &Customer{people: people, client: &own}, nil
}

// Cookies are the cookies of the pages.
func (c *Customer) Cookies() []*http.Cookie {
	u, err := url.Parse(c.people)
	if err != nil {
		return nil
	}
	return c.client.Jar.Cookies(u)
}

// Page is an answer of the pages.
type Page struct {
	Status   int
	Location string
	Text     string
}

// Get opens a page; the address may be absolute or a path.
func (c *Customer) Get(ctx context.Context, address string) (*Page, error) {
	return c.do(ctx, http.MethodGet, address, "")
}

// Post sends a form.
func (c *Customer) Post(ctx context.Context, address string, form url.Values) (*Page, error) {
	return c.do(ctx, http.MethodPost, address, form.Encode())
}

func (c *Customer) do(ctx context.Context, method, address, form string) (*Page, error) {
	if strings.HasPrefix(address, "/") {
		address = c.people + address
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &Page{resp.StatusCode, resp.Header.Get("Location"), string(text)}, nil
}

// LogIn logs in.
func (c *Customer) LogIn(ctx context.Context, login, password string) error {
	p, err := c.Post(ctx, "/login", url.Values{"login": {login}, "password": {password}})
	return p.leads(err, http.StatusSeeOther, "/")
}

func (p *Page) leads(err error, status int, to string) error {
	switch {
	case err != nil:
		return err
	case p.Status != status || !strings.HasPrefix(p.Location, to):
		return fmt.Errorf("the page answers %d to %q, not %d to %q: %s", p.Status, p.Location, status, to, p.words())
	}
	return nil
}

var tags = regexp.MustCompile(`(?s)<[^>]*>\s*`)

// words is what a reader sees, for failures.
func (p *Page) words() string {
	_, text, _ := strings.Cut(p.Text, "<main")
	return html.UnescapeString(tags.ReplaceAllString(text, " "))
}

var (
	field   = regexp.MustCompile(`<input\b[^>]*>`)
	setting = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
)

// Form is what the form of a page with this id would send: what is filled in,
// what is ticked, and the first of several choices that can be chosen.
func (p *Page) Form(id string) (url.Values, error) {
	_, text, found := strings.Cut(p.Text, `<form id="`+id+`"`)
	if !found {
		return nil, fmt.Errorf("the page has no form %q: %d %s", id, p.Status, p.words())
	}
	text, _, _ = strings.Cut(text, "</form>")
	form := url.Values{}
	for _, input := range field.FindAllString(text, -1) {
		is := map[string]string{}
		for _, s := range setting.FindAllStringSubmatch(strings.TrimPrefix(input, "<input"), -1) {
			is[s[1]] = html.UnescapeString(s[2])
		}
		_, disabled := is["disabled"]
		_, checked := is["checked"]
		switch {
		case disabled || is["name"] == "":
		case is["type"] == "radio" && form.Has(is["name"]) && !checked:
		case is["type"] == "checkbox" && !checked:
		case is["type"] == "radio":
			form.Set(is["name"], is["value"])
		default:
			form.Add(is["name"], is["value"])
		}
	}
	return form, nil
}

// Pairing is what an application asks for.
type Pairing struct {
	app.ReadyClient        // ID, Secret and RedirectURI
	Partner         string // base URL of the partner API
	State           string
}

// Pair goes through the pages of a pairing as somebody who is logged in and
// confirms by SMS; sent is called before the code is asked for and returns what
// waits for it. It returns the code for the application's server.
func (c *Customer) Pair(ctx context.Context, p Pairing, sent func() (wait func() (string, error))) (string, error) {
	at, err := c.Request(ctx, c.client, p)
	if err != nil {
		return "", err
	}
	return c.Consent(ctx, at, p, sent)
}

// Request opens a pairing at the partner API, which may need a client of its
// own, and returns the address of the consent page.
func (c *Customer) Request(ctx context.Context, client *http.Client, p Pairing) (string, error) {
	q := url.Values{"client_id": {p.ID}, "response_type": {"code"}, "state": {p.State}, "redirect_uri": {p.RedirectURI}, "scope": {"open-api"}}
	other := *c
	other.client = client
	page, err := other.Get(ctx, p.Partner+"/request?"+q.Encode())
	if err := page.leads(err, http.StatusSeeOther, c.people+"/pair/"); err != nil {
		return "", err
	}
	return page.Location, nil
}

// Consent goes through the pages from the consent on.
func (c *Customer) Consent(ctx context.Context, at string, p Pairing, sent func() (wait func() (string, error))) (string, error) {
	page, err := c.Get(ctx, at)
	if err != nil {
		return "", err
	}
	form, err := page.Form("consent-form")
	if err != nil {
		return "", err
	}
	form.Set("decision", "continue")
	wait := sent()
	page, err = c.Post(ctx, at, form)
	if err := page.leads(err, http.StatusSeeOther, "/factor/pairing/"); err != nil {
		return "", err
	}
	factor := page.Location
	code, err := wait()
	if err != nil {
		return "", err
	}
	page, err = c.Post(ctx, factor+"/code", url.Values{"code": {code}})
	if err := page.leads(err, http.StatusSeeOther, p.RedirectURI); err != nil {
		return "", err
	}
	back, err := url.Parse(page.Location)
	if err != nil {
		return "", err
	}
	if got := back.Query().Get("state"); got != p.State {
		return "", fmt.Errorf("the pairing came back with the state %q", got)
	}
	return back.Query().Get("code"), nil
}

// NextCode is for Pair: the code of the next message on a sandbox's phone.
func (b *Bank) NextCode(ctx context.Context, client *http.Client, login string) func() func() (string, error) {
	type inbox struct {
		Messages []struct{ ID, Code string }
	}
	look := func(query string) (inbox, error) {
		var in inbox
		status, text, err := Call(ctx, client, http.MethodGet, b.Sandbox+"/phone/"+login+"/messages"+query, "", "")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("the phone answers %d %s", status, text)
		}
		if err == nil {
			err = json.Unmarshal([]byte(text), &in)
		}
		return in, err
	}
	return func() func() (string, error) {
		before, err := look("")
		if err != nil {
			return func() (string, error) { return "", err }
		}
		query := "?wait=10s"
		if len(before.Messages) > 0 {
			query += "&after=" + url.QueryEscape(before.Messages[0].ID)
		}
		return func() (string, error) {
			in, err := look(query)
			if err == nil && len(in.Messages) == 0 {
				err = fmt.Errorf("no message came for %s", login)
			}
			if err != nil {
				return "", err
			}
			return in.Messages[0].Code, nil
		}
	}
}

// Tokens is the answer to a grant.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Account string `json:"account_id"`
}

// Grant posts a form to /grant. The error says that the connection broke;
// another status than 200 comes with the body's text.
func Grant(ctx context.Context, client *http.Client, partner string, form url.Values) (status int, tokens Tokens, text string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, partner+"/grant", strings.NewReader(form.Encode()))
	if err != nil {
		return 0, tokens, "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if status, text, err = Do(client, req); err != nil || status != http.StatusOK {
		return status, tokens, text, err
	}
	err = json.Unmarshal([]byte(text), &tokens)
	return status, tokens, text, err
}
