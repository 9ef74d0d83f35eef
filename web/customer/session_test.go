package customer

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/edge"
)

func (b *browser) cookie(name string) *http.Cookie {
	b.Helper()
	u, err := url.Parse(b.server.URL)
	b.must(err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func TestLogIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/login").says(200, "Log in")
	if b.cookie(sessionToken) != nil {
		t.Error("a stranger got a session")
	}
	b.post("/login").says(422, "Fill in this field.")
	b.post("/login", "login", "anna", "password", "wrong").says(422, "The login or the password is wrong.", `value="anna"`).not("wrong\"")
	b.post("/login", "login", "nobody", "password", "wrong").says(422, "The login or the password is wrong.")
	b.post("/login", "login", "anna", "login", "anna", "password", password).says(400)
	b.do(http.MethodPost, "/login", nil).says(400)

	v := b.login("anna").leads(303, "/")
	set := v.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-session=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie lacks %s: %s", want, set)
		}
	}
	if strings.Contains(set, "Domain") || strings.Contains(set, "Expires") {
		t.Errorf("the cookie says too much: %s", set)
	}
	v = b.get("/").says(200, "Anna Żak").not(`id="context"`)
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff"} {
		if got := v.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	b.get("/login?next=/limits").leads(303, "/limits")
}

func TestLoginLocks(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for range 5 {
		b.post("/login", "login", "anna", "password", "wrong").says(422)
	}
	b.login("anna").says(403, "logging in is locked until 18 November 2026, 12:15.")
	w.bank.Advance(16 * time.Minute)
	b.login("anna").leads(303, "/")
}

// A session that somebody planted before the log-in must be worth nothing
// after it, and one that was chosen by them is never taken over.
func TestSessionFixation(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	planted := strings.Repeat("A", 43)
	b.header.Set("Cookie", sessionToken+"="+planted)
	set := b.login("anna").leads(303, "/").header.Get("Set-Cookie")
	if strings.Contains(set, planted) {
		t.Error("the planted token became Anna's")
	}
	thief := w.browser()
	thief.header.Set("Cookie", sessionToken+"="+planted)
	thief.get("/").leads(303, "/login")

	// Logging in again, and choosing another customer, each make a new token.
	c := w.as(bartek, ofBartek)
	old := c.cookie(sessionToken).Value
	c.post("/context", "customer", string(wiatrak)).leads(303, "/")
	fresh := c.cookie(sessionToken).Value
	if fresh == old {
		t.Error("the token outlived the change of customer")
	}
	thief = w.browser()
	thief.header.Set("Cookie", sessionToken+"="+old)
	thief.get("/").leads(303, "/login")
	c.get("/").says(200, "Firmowe").not("a-bartek")
}

func TestLogOutKillsTheSession(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	stolen := b.cookie(sessionToken).Value
	b.get("/logout").says(405)
	at := b.post("/logout").leads(303, "/login?why=logged_out").header.Get("Location")
	b.get(at).says(200, "You have been logged out safely.")
	if b.cookie(sessionToken) != nil {
		t.Error("the cookie stayed")
	}
	thief := w.browser()
	thief.header.Set("Cookie", sessionToken+"="+stolen)
	at = thief.get("/").leads(303, "/login?next=%2F&why=timed_out").header.Get("Location")
	thief.get(at).says(200, "Your session ended")
	// A form sent after the session ended leads back to its page, and does nothing.
	thief.post("/applications/abc/limits", "single", "1").leads(303, "/login?next=%2Fapplications%2Fabc&why=timed_out")
	thief.post("/logout").leads(303, "/login")
}

// What another site posts is refused before anything is looked at.
func TestForgedForms(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	b := w.as(anna, ofAnna)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		b.header.Set(name, value)
		for _, path := range []string{"/applications/" + string(g.ID) + "/end", "/logout", "/language", "/login", "/limits", "/context"} {
			b.post(path, "decision", "yes").says(403, "The form came from another site")
		}
		b.header.Del(name)
	}
	b.get("/applications/"+string(g.ID)).says(200, "active")
	// A link from another site may be followed.
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.get("/").says(200)
}

func TestLanguageIsKept(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/login?next=%2Flimits").says(200, "Log in", `value="/login?next=%2Flimits"`)
	b.post("/language", "lang", "pl", "back", "/login?next=%2Flimits").leads(303, "/login?next=%2Flimits")
	b.get("/login").says(200, "Zaloguj")
	b.login("anna")
	b.get("/").says(200, "Twoje konta"[:5], `lang="pl"`)
	b.post("/logout")
	b.get("/login").says(200, "Zaloguj")
	b.post("/language", "lang", "en", "back", "//evil.example").leads(303, "/")
}

func TestContexts(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	at := b.login("bartek").leads(303, "/context?next=%2F").header.Get("Location")
	b.get("/").leads(303, "/context?next=%2F")
	b.get(at).says(200, "Bartek Lis", "Wiatrak sp. z o.o.", "owner").not("/applications")
	b.post(at).says(422, "Choose one of the options.")
	b.post("/context?next=%2Flimits", "customer", string(wiatrak)).leads(303, "/limits")
	b.get("/").says(200, "Firmowe", "acting for Wiatrak", `id="context"`)
}

func TestTooManyLogIns(t *testing.T) {
	w := newWorld(t, func(o *options) {
		o.rates = Rates{Login: edge.Rate{Burst: 2, Every: time.Hour}, Factor: edge.Rate{Burst: 1, Every: time.Hour}, Message: edge.Rate{Burst: 1, Every: time.Hour}}
	})
	b := w.as(anna, ofAnna)
	b.post("/login")
	if v := b.login("anna").says(429, "Too many attempts"); v.header.Get("Retry-After") == "" {
		t.Error("nobody says when to come again")
	}
	id := w.request(redirect)
	b.post("/pair/"+id, b.choice("account", string(annaMain))...).leads(303, "/factor/")
	b.post("/factor/pairing/"+id+"/code", "code", "1").says(422)
	b.post("/factor/pairing/"+id+"/code", "code", "1").says(429)
	b.post("/pair/"+id, b.choice("account", string(annaMain))...).says(429) // an SMS costs money
}

func TestProblemsOfAPairing(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for code, want := range map[string]string{
		"application_unknown": "We do not know this application", "redirect_unknown": "Wrong return address",
		"request_invalid": "The request is not valid", "invalid_parameter": "The request is not valid",
		"internal": "The request is not valid", "<script>": "The request is not valid", "": "The request is not valid",
	} {
		v := b.get("/problem?code="+url.QueryEscape(code)).says(400, want)
		if strings.Contains(v.main(), "<script>") {
			t.Error("the code is repeated")
		}
	}
	b.get("/problem?code=request_ended").says(410)
	b.get("/nowhere").says(404, "There is no such page")
	b.post("/problem").says(405)
	if v := b.get("/nowhere"); !strings.Contains(v.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("an error page has no policy")
	}
}

// Every refusal of the bank has a page, and none that a customer can meet says
// only that something went wrong.
func TestEveryCodeHasAPage(t *testing.T) {
	w := newWorld(t)
	for _, code := range bank.Codes {
		if _, ok := answers[code]; !ok {
			t.Errorf("no page for %q", code)
		}
	}
	for code := range answers {
		found := false
		for _, c := range bank.Codes {
			found = found || c == code
		}
		if !found {
			t.Errorf("%q is no code of the bank", code)
		}
	}
	vague := map[bank.Code]bool{ // a customer's own steps never lead to these
		bank.Internal: true, bank.AuthorisationRequired: true, bank.LoginWrong: true, bank.LoginLocked: true, bank.ApprovalBySamePerson: true,
	}
	for _, code := range bank.Codes {
		for _, lang := range []string{"pl", "en"} {
			r := httptest.NewRequest(http.MethodGet, "/somewhere", nil)
			r.Header.Set("Accept-Language", lang)
			rec := httptest.NewRecorder()
			w.door.fail(rec, r, nil, bank.Refuse(code, "not for customers").Because(errors.New("inner words")))
			text := rec.Body.String()
			if rec.Code != answers[code].status || !strings.Contains(text, `lang="`+lang+`"`) {
				t.Errorf("%s %s: %d", lang, code, rec.Code)
			}
			if strings.Contains(text, "not for customers") || strings.Contains(text, "inner words") {
				t.Errorf("%s tells inner words", code)
			}
			if !vague[code] && (strings.Contains(text, "went wrong on our side") || strings.Contains(text, "po stronie banku") || strings.Contains(text, "Po stronie banku")) {
				t.Errorf("%s %s: only that something went wrong", lang, code)
			}
		}
	}
}

func TestNextStaysInTheHouse(t *testing.T) {
	for in, want := range map[string]string{
		"/pair/abc": "/pair/abc", "/accounts/a-1?from=2026-01-01&text=a+b": "/accounts/a-1?from=2026-01-01&text=a+b",
		"": "/", "//evil.example": "/", "/\\evil.example": "/", "https://evil.example": "/", "/pair/../x": "/", "/%2F/evil": "/",
		"/a\nb": "/", "javascript:alert(1)": "/", "/login": "/", "/login?next=/login": "/", "/a#b": "/", "/@evil.example": "/",
	} {
		if got := next(in); got != want {
			t.Errorf("next(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWithQuery(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x": "https://a.example/x?s=1", "https://a.example/x?k=v": "https://a.example/x?k=v&s=1",
		"https://a.example/x?": "https://a.example/x?s=1", "https://a.example/#f": "https://a.example/?s=1#f",
		"com.example.app:/done": "com.example.app:/done?s=1", "app:done": "app:done?s=1",
	} {
		if got := withQuery(in, "s=1"); got != want {
			t.Errorf("withQuery(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLogo(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	v := b.get("/logos/kawomat").says(200, "<svg/>")
	if v.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(v.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a partner's picture may run: %v", v.header)
	}
	b.get("/logos/nothing").says(404)
}
