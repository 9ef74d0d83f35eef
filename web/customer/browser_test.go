package customer

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"okienko/bank/party"
)

// browser is one reader with cookies. It follows nothing by itself.
type browser struct {
	*world
	client *http.Client
	header http.Header
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	w.must(err)
	c := w.server.Client()
	return &browser{world: w, header: http.Header{"Accept-Language": {"en"}}, client: &http.Client{
		Transport: c.Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// view is what came back.
type view struct {
	*browser
	status int
	text   string // the page with entities read
	header http.Header
}

func (b *browser) do(method, path string, form url.Values) *view {
	b.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.ctx, method, b.server.URL+path, body)
	b.must(err)
	for k, v := range b.header {
		req.Header[k] = v
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(req)
	b.must(err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	b.must(err)
	return &view{b, resp.StatusCode, strings.ReplaceAll(html.UnescapeString(string(text)), "\u00a0", " "), resp.Header}
}

func (b *browser) get(path string) *view { b.Helper(); return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, pairs ...string) *view {
	b.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

// login logs in with the password that everybody has.
func (b *browser) login(name string) *view {
	b.Helper()
	return b.post("/login", "login", name, "password", password)
}

// as is a browser of somebody who is logged in for a customer.
func (w *world) as(p party.PersonID, c party.CustomerID) *browser {
	w.Helper()
	b := w.browser()
	v := b.login(string(p))
	if v.status != 303 {
		w.Fatalf("%s did not log in: %d", p, v.status)
	}
	if strings.HasPrefix(v.header.Get("Location"), "/context") {
		b.post("/context", "customer", string(c)).leads(303, "/")
	}
	return b
}

// choice is the consent form as the page offers it, with changes.
func (b *browser) choice(changes ...string) []string {
	form := map[string]string{"single": "500", "daily": "800", "monthly": "2000", "threshold": "100", "decision": "continue"}
	for i := 0; i < len(changes); i += 2 {
		form[changes[i]] = changes[i+1]
	}
	var out []string
	for k, v := range form {
		out = append(out, k, v)
	}
	return out
}

// leads demands a redirect to an address that begins so.
func (v *view) leads(status int, to string) *view {
	v.Helper()
	if got := v.header.Get("Location"); v.status != status || !strings.HasPrefix(got, to) {
		v.Fatalf("got %d to %q, want %d to %q\n%s", v.status, got, status, to, v.main())
	}
	return v
}

// says demands a page with a status and texts.
func (v *view) says(status int, texts ...string) *view {
	v.Helper()
	if v.status != status {
		v.Fatalf("got %d (%s), want %d\n%s", v.status, v.header.Get("Location"), status, v.main())
	}
	for _, t := range texts {
		if !strings.Contains(v.text, t) {
			v.Errorf("the page does not say %q\n%s", t, v.main())
		}
	}
	return v
}

func (v *view) not(texts ...string) *view {
	v.Helper()
	for _, t := range texts {
		if strings.Contains(v.text, t) {
			v.Errorf("the page says %q", t)
		}
	}
	return v
}

var tags = regexp.MustCompile(`(?s)<[^>]*>\s*`)

// main is the page as words, for failures.
func (v *view) main() string {
	_, text, _ := strings.Cut(v.text, "<main")
	return tags.ReplaceAllString(text, " ")
}

// mayLeaveTo demands a policy that lets the page's forms end at an address.
func (v *view) mayLeaveTo(origin string) *view {
	v.Helper()
	if p := v.header.Get("Content-Security-Policy"); !strings.Contains(p, "form-action 'self' "+origin) {
		v.Errorf("the page's forms may not end at %s: %s", origin, p)
	}
	return v
}

// carries demands a parameter in the address of a redirect.
func (v *view) carries(name, value string) *view {
	v.Helper()
	u, err := url.Parse(v.header.Get("Location"))
	v.must(err)
	if got := u.Query().Get(name); got != value {
		v.Errorf("%s is %q, want %q", name, got, value)
	}
	return v
}
