package customer

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"okienko/bank/party"
	"okienko/edge"
	"okienko/web/ui"
)

// The life of a session: idle after 10 minutes (RTS 2018/389 art. 4(3)(d) allows
// five for payments started on the page; ours start with a factor of their own),
// at most an hour in all.
const (
	sessionIdle  = 10 * time.Minute
	sessionLife  = time.Hour
	sessionToken = "__Host-session" // the prefix makes browsers demand Secure, Path=/ and no Domain
)

// Keys of a session.
const (
	keyPerson   = "person"
	keyCustomer = "customer"
	keyActs     = "acts"
	keyNotice   = "notice"
	keyResent   = "resent"
	keyWaiting  = "waiting" // request of a payment that a limit stands in the way of
)

func newSessions(store scs.Store, failed func(http.ResponseWriter, *http.Request, error)) *scs.SessionManager {
	// Not by scs.New: it starts a goroutine over a store of its own, which nobody
	// can stop and which would outlive the bank.
	return &scs.SessionManager{
		Store: store, Codec: scs.GobCodec{}, IdleTimeout: sessionIdle, Lifetime: sessionLife,
		HashTokenInStore: true, // whoever reads the database must not become its customers
		ErrorFunc:        failed,
		Cookie: scs.SessionCookie{
			Name: sessionToken, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		},
	}
}

// visit is a person behind a session, and for whom they act.
type visit struct {
	person party.Person
	acts   party.ActsFor // of an unknown customer until one is chosen; the first of their roles
	binds  bool          // one of the roles lets the person bind the customer alone
	all    []party.ActsFor
	lang   ui.Lang
}

func (v *visit) customer() party.CustomerID { return v.acts.Customer.ID }

// signed is a page for somebody who is logged in.
type signed func(w http.ResponseWriter, r *http.Request, v *visit) error

// forPerson lets in whoever is logged in. The session says who; whether they
// still act for the customer is asked at every request, because a mandate can
// end while a session lives.
func (d *Door) forPerson(h signed) page {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		id := party.PersonID(d.sessions.GetString(ctx, keyPerson))
		if id == "" {
			return d.toLogin(w, r)
		}
		v := &visit{lang: ui.LangOf(r)}
		var err error
		if v.person, err = d.Parties.Person(ctx, id); err != nil {
			return err
		}
		if v.all, err = d.Auth.Contexts(ctx, id); err != nil {
			return err
		}
		chosen := party.CustomerID(d.sessions.GetString(ctx, keyCustomer))
		for _, a := range v.all {
			if a.Customer.ID != chosen {
				continue
			}
			if v.acts.Customer.ID == "" {
				v.acts = a
			}
			v.binds = v.binds || a.Representation.Role.MayBind()
		}
		if err := h(w, r, v); err != nil {
			d.fail(w, r, v, err)
		}
		return nil
	}
}

// forCustomer lets in a person who has said for whom they act.
func (d *Door) forCustomer(h signed) page {
	return d.forPerson(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if v.customer() == "" {
			return seeOther(w, "/context?next="+url.QueryEscape(pageOf(r)))
		}
		return h(w, r, v)
	})
}

// binds lets in a person who may bind the customer alone.
func binds(h signed) signed {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if !v.binds {
			return errNoPower
		}
		return h(w, r, v)
	}
}

// signIn begins the session of a person. The token is a new one and nothing of
// an older session is taken over: what was put there before the log-in may be
// somebody else's (session fixation).
func (d *Door) signIn(ctx context.Context, p party.PersonID) error {
	if err := d.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := d.sessions.RenewToken(ctx); err != nil {
		return err
	}
	d.sessions.Put(ctx, keyPerson, string(p))
	return nil
}

// toLogin sends the reader to log in and remembers where they wanted to go. The
// memory is the address, not a session: strangers can make none.
func (d *Door) toLogin(w http.ResponseWriter, r *http.Request) error {
	to := "/login?next=" + url.QueryEscape(pageOf(r))
	if _, err := r.Cookie(sessionToken); err == nil {
		to += "&why=" + string(ui.LoginTimedOut)
	}
	return seeOther(w, to)
}

// posts are the last parts of addresses that are only posted to; the page with
// the form stands one level above.
var posts = []string{
	"/refuse", "/limits", "/move", "/end", "/release", "/method", "/code", "/resend", "/sms", "/other", "/continue", "/cancel",
}

// pageOf is the address of the page on which the reader is: that of a GET, or
// that of the form that was posted.
func pageOf(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	path := r.URL.Path
	switch {
	case path == "/limits":
		return path
	case strings.HasPrefix(path, "/login") || strings.HasPrefix(path, "/context"):
		return r.URL.RequestURI() // they keep where to go
	case strings.HasPrefix(path, accessPath+"/"):
		return accessPath
	case strings.HasSuffix(path, "/end") || strings.HasSuffix(path, "/release") || strings.HasSuffix(path, "/renew") ||
		strings.HasSuffix(path, "/cancel") && !strings.HasPrefix(path, "/factor/"):
		return path // the page that asks has the same address
	}
	for _, p := range posts {
		if page, ok := strings.CutSuffix(path, p); ok {
			return page
		}
	}
	return path
}

// next is where a log-in leads. Only plain addresses of our own are taken: with
// anything else in it a link to the real bank could end on a false one.
func next(s string) string {
	path, query, _ := strings.Cut(s, "?")
	plain := func(s, also string) bool {
		return !strings.ContainsFunc(s, func(c rune) bool {
			return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_."+also, c)
		})
	}
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, "/.") ||
		!plain(path, "/") || !plain(query, "=&%~+") || len(s) > 1024 {
		return "/"
	}
	if path == "/login" || path == "/context" || path == "/logout" {
		return "/"
	}
	return s
}

// common is what every page carries.
func (d *Door) common(r *http.Request, v *visit, section ui.Section) ui.Common {
	c := ui.Common{Here: pageOf(r), LanguageAction: "/language", Sandbox: d.Sandbox}
	if v == nil {
		return c
	}
	c.Notice = ui.Notice(d.sessions.PopString(r.Context(), keyNotice))
	c.Signed = &ui.Signed{
		Name: v.person.FullName(), LogoutAction: "/logout",
		Menu: ui.Menu{Home: "/", Applications: "/applications", Access: accessPath, Limits: limitsPath, Current: section},
	}
	if d.thirdParties() {
		c.Signed.Menu.Consents, c.Signed.Menu.Payments = consentsPath, transfersPath
	}
	if v.acts.Customer.Segment != party.Individual {
		c.Signed.Customer = v.acts.Customer.Name
	}
	if v.customer() == "" {
		c.Signed.Menu = ui.Menu{}
	} else if several(v.all) {
		c.Signed.ContextURL = "/context"
		if strings.HasPrefix(c.Here, "/pair/") || strings.HasPrefix(c.Here, "/consent/") { // the same request, for the other customer
			c.Signed.ContextURL += "?next=" + url.QueryEscape(c.Here)
		}
	}
	return c
}

// notice is said on the next page.
func (d *Door) notice(r *http.Request, n ui.Notice) {
	d.sessions.Put(r.Context(), keyNotice, string(n))
}

// show renders a page.
func (d *Door) show(w http.ResponseWriter, status int, v *visit, p ui.Page) error {
	return d.Pages.Render(w, status, v.lang, p)
}

// seeOther answers a post: the browser gets the next page, and reloading it
// repeats nothing.
func seeOther(w http.ResponseWriter, to string) error {
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

const maxForm = 16 << 10 // bytes; the longest form has 64 permissions

// readForm reads a posted form strictly.
func readForm(w http.ResponseWriter, r *http.Request, repeatable ...string) (edge.Form, error) {
	if !edge.IsForm(r.Header.Get("Content-Type")) {
		return edge.Form{}, errBadForm
	}
	body, err := edge.ReadBody(w, r, maxForm)
	if err != nil {
		return edge.Form{}, errBadForm
	}
	f, err := edge.ParseForm(body, repeatable...)
	if err != nil {
		return edge.Form{}, errBadForm
	}
	return f, nil
}

// several tells whether there is more than one customer to choose from: a person
// can have more than one role for the same one.
func several(all []party.ActsFor) bool {
	for i := range all {
		if all[i].Customer.ID != all[0].Customer.ID {
			return true
		}
	}
	return false
}
