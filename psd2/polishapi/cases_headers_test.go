package polishapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// psd2 §10: headers, requestHeader and bodies.

// identified gives a request an id, in both of its places.
func (a *ask) identified(id string) *ask {
	if a.head != nil {
		a.head["requestId"] = id
	}
	return a.set("X-REQUEST-ID", id)
}

// A random id (version 4).
const randomID = "0f0e0d0c-0b0a-4908-8706-050403020100"

func TestCase07RequestID(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		list := func() *ask { return w.one.lister(v, token) }
		list().say("requestId", psd2test.NewUUID(w.Wall.Now())).send().Fails(http.StatusBadRequest, "invalid_field")
		list().say("requestId", nil).send().Fails(http.StatusBadRequest, "invalid_field")
		list().say("requestId", 7).send().Fails(http.StatusBadRequest, "invalid_field")
		for _, id := range []string{"12345", randomID[:35], randomID + "0", "{" + randomID + "}", strings.ReplaceAll(randomID, "-", ""), strings.Replace(randomID, "-8", "-c", 1)} {
			list().identified(id).send().Fails(http.StatusBadRequest, "invalid_field")
		}
		list().identified(randomID).send().Fails(http.StatusBadRequest, "invalid_field")
		// One id has one meaning in either case.
		a := list()
		a.set("X-REQUEST-ID", strings.ToUpper(a.header.Get("X-REQUEST-ID"))).send().Is(http.StatusOK)
	})
}

func TestCase08Replay(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	first := w.one.lister(v212, token)
	first.send().Is(http.StatusOK)
	first.send().Fails(http.StatusBadRequest, "request_repeated")
	id := first.header.Get("X-REQUEST-ID")
	w.one.lister(v212, token).identified(strings.ToUpper(id)).send().Fails(http.StatusBadRequest, "request_repeated")
	w.one.lister(v300, token).identified(id).send().Fails(http.StatusBadRequest, "request_repeated") // in any version
	w.one.asksFunds(v212).identified(id).send().Fails(http.StatusBadRequest, "request_repeated")     // of any call
	// The same id of another organisation is another request.
	w.other.lister(v212, token).identified(id).send().Fails(http.StatusUnauthorized, "invalid_token")

	at := func(d time.Duration) psd2test.Reply {
		return w.one.lister(v212, token).identified(psd2test.NewUUID(w.Wall.Now().Add(d))).send()
	}
	at(-5 * time.Minute).Is(http.StatusOK)
	at(-5*time.Minute-time.Second).Fails(http.StatusBadRequest, "request_repeated")
	at(2 * time.Minute).Is(http.StatusOK)
	at(6*time.Minute).Fails(http.StatusBadRequest, "request_repeated")
	// The window is of the wall clock: a sandbox's bank clock may be anywhere.
	w.Clock.Advance(6 * time.Minute)
	at(0).Is(http.StatusOK)
}

func TestCase08ConcurrentReplay(t *testing.T) {
	w := newWorld(t)
	one := w.one.lister(v212, w.one.lists(v212, annas).access).sign()
	one.set("X-JWS-SIGNATURE", one.signed)
	text := one.text()
	const callers = 8
	var wg sync.WaitGroup
	replies := make(chan psd2test.Reply, callers)
	for range callers {
		wg.Go(func() { replies <- one.post(text, strings.NewReader(text)) })
	}
	wg.Wait()
	close(replies)
	served := 0
	for r := range replies {
		if r.Status == http.StatusOK {
			served++
		} else if r.Status != http.StatusBadRequest || r.Text("code") != "request_repeated" {
			t.Errorf("%d %s", r.Status, r.Body)
		}
	}
	if served != 1 {
		t.Errorf("%d of %d were served, want one", served, callers)
	}
}

func TestCase09MandatoryHeaders(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		list := func() *ask { return w.one.lister(v, token) }
		for _, name := range []string{"Accept-Encoding", "Accept-Language", "Accept-Charset", "X-REQUEST-ID", "Authorization"} {
			r := list().set(name, "").send().Fails(http.StatusBadRequest, "header_missing")
			if !strings.Contains(r.Text("message"), name) {
				t.Errorf("%s: %s", name, r.Body)
			}
		}
		for _, a := range []*ask{list(), w.one.asksFunds(v), w.one.asksInfo(v), w.one.refresh(v, "x")} {
			a.notSigned().send().Fails(http.StatusBadRequest, "signature_missing")
		}
		list().set("Accept", "application/xml").send().Fails(http.StatusNotAcceptable, "not_acceptable")
		list().set("Accept", "").send().Is(http.StatusOK) // says nothing (RFC 9110 §12.5.1)
		list().set("Accept", "*/*;q=0.1").send().Is(http.StatusOK)
		list().set("Accept-Charset", "iso-8859-2").send().Fails(http.StatusNotAcceptable, "not_acceptable")
		list().set("Accept-Charset", "utf-8;q=0").send().Fails(http.StatusNotAcceptable, "not_acceptable")
		for _, media := range []string{"text/plain", "", "application/jsonx", "multipart/form-data"} {
			list().set("Content-Type", media).send().Fails(http.StatusUnsupportedMediaType, "unsupported_media_type")
		}
		list().set("Content-Encoding", "br").send().Fails(http.StatusUnsupportedMediaType, "unsupported_media_type")
		for _, encoding := range []string{"br", "gzip;q=0, deflate;q=0", "compress"} {
			list().set("Accept-Encoding", encoding).send().Fails(http.StatusBadRequest, "invalid_field")
		}
		for _, encoding := range []string{"Gzip, deflate", "DEFLATE", "gzip"} {
			list().set("Accept-Encoding", encoding).send().Is(http.StatusOK)
		}
		more := list().set("Accept-Encoding", "br, gzip") // browsers' libraries take more than the standard names
		more.operation = ""
		more.send().Is(http.StatusOK)
	})
}

// A header that says who calls, or what, stands once.
func TestCase09HeaderTwice(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	for _, name := range []string{"Content-Type", "X-JWS-SIGNATURE", "X-REQUEST-ID", "Authorization"} {
		a := w.one.lister(v212, token).sign()
		a.header["X-Jws-Signature"] = []string{a.signed}
		a.header.Add(name, a.header.Get(name))
		text := a.text()
		a.post(text, strings.NewReader(text)).Fails(http.StatusBadRequest, "invalid_field")
	}
}

func TestCase10LanguageAndNamesOfHeaders(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	w.one.lister(v212, token).set("Accept-Language", "de").send().Is(http.StatusOK)
	for name, change := range map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper} {
		a := w.one.lister(v212, token).sign()
		a.set("X-JWS-SIGNATURE", a.signed)
		odd := http.Header{}
		for name, values := range a.header {
			odd[change(name)] = values
		}
		text := a.text()
		a.header, a.operation = odd, "" // the judge looks for names as Go writes them
		if r := a.post(text, strings.NewReader(text)); r.Status != http.StatusOK {
			t.Errorf("names in %s case: %d %s", name, r.Status, r.Body)
		}
	}
}

func TestCase12Bodies(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		text := func(a *ask) string { return a.text() }
		odd := func(change func(string) string) *ask {
			a := w.one.asksInfo(v)
			a.raw = change(text(a))
			return a
		}
		for name, change := range map[string]func(string) string{
			"byte order mark": func(s string) string { return "\ufeff" + s },
			"duplicate names": func(s string) string { return strings.Replace(s, `"scope":`, `"scope":"pis","scope":`, 1) },
			"NaN":             func(s string) string { return strings.Replace(s, `"code"`, `NaN`, 1) },
			"trailing comma":  func(s string) string { return strings.TrimSuffix(s, "}") + ",}" },
			"invalid UTF-8":   func(s string) string { return strings.Replace(s, `"code"`, "\"c\xffde\"", 1) },
			"no object":       func(string) string { return "[]" },
			"null":            func(string) string { return "null" },
			"two objects":     func(s string) string { return s + s },
			"broken off":      func(s string) string { return s[:len(s)/2] },
			"deep":            func(string) string { return strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000) },
		} {
			t.Run(name, func(t *testing.T) {
				a := odd(change)
				a.send().Fails(http.StatusBadRequest, "invalid_request")
			})
		}
		nothing := w.one.asksInfo(v).signOver("")
		nothing.set("X-JWS-SIGNATURE", nothing.signed)
		nothing.post("", strings.NewReader("")).Fails(http.StatusBadRequest, "invalid_request")
		// 413 is not declared.
		odd(func(s string) string { return s + strings.Repeat(" ", 1<<20) }).send().Fails(http.StatusBadRequest, "body_too_large")
		long := w.one.lister(v, "x")
		long.raw = text(long) + strings.Repeat(" ", 64<<10)
		long.send().Fails(http.StatusBadRequest, "body_too_large")
		odd(func(s string) string { return s + strings.Repeat(" ", 512<<10) }).send().Is(http.StatusOK) // a consent may hold a bundle
	})
}

// What requestHeader must and may say.
func TestRequestHeader(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		for _, change := range [][]any{
			{"nothing", 1}, {"isCompanyContext", true}, {"userAgent", strings.Repeat("x", 1025)}, {"ipAddress", "home"}, {"ipAddress", nil}, {"isDirectPsu", "true"},
			{"tppId", strings.Repeat("9", 129)},
		} {
			w.one.lister(v, token).say(change...).send().Fails(http.StatusBadRequest, "invalid_field")
		}
		w.one.lister(v, token).say("ipAddress", "2001:db8::1").send().Is(http.StatusOK)
		w.one.lister(v, token).say("isDirectPsu", nil, "ipAddress", nil, "userAgent", nil).send().Is(http.StatusOK)
		headless := w.one.lister(v, token)
		headless.head = nil
		headless.send().Fails(http.StatusBadRequest, "invalid_field")
		headless = w.one.lister(v, token).put("requestHeader", "none")
		headless.head = nil
		headless.send().Fails(http.StatusBadRequest, "invalid_field")
	})
}

func TestCase79SendDate(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		for _, at := range []any{nil, "2026-11-18T10:58:00Z", "2026-11-18T11:02:00.000Z", "2026-11-18T12:00:00+01:00"} {
			w.one.lister(v, token).say("sendDate", at).send().Is(http.StatusOK)
		}
		for _, at := range []any{"2026-11-18", "18.11.2026 12:00", 1795000000} {
			w.one.lister(v, token).say("sendDate", at).send().Fails(http.StatusBadRequest, "invalid_field")
		}
	})
}

// Everything is answered at once: nobody calls the address, wherever it leads.
func TestCase82CallbackIsNeverCalled(t *testing.T) {
	var reached atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer inside.Close()
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		atOnce := func(a *ask) {
			r := a.say("callbackURL", inside.URL+"/back", "apiKey", "secret").send().Is(http.StatusOK)
			if said, there := r.At("responseHeader", "isCallback").(bool); said || !there {
				t.Errorf("%s: %s", a.operation, r.Body)
			}
		}
		atOnce(w.one.lister(v, w.one.lists(v, annas).access))
		atOnce(w.one.read(v, "getTransactionsDone", w.one.reads(v, 90, annas).access, numberOf(1)))
		id := "back-" + string(v)
		atOnce(w.one.pays(v, "domestic", w.one.mayPay(v, "pis:domestic", domestic(v)).access, id, domestic(v)))
	})
	if n := reached.Load(); n != 0 {
		t.Errorf("the address was called %d times", n)
	}
	if asked := w.Asked(); len(asked) != 0 {
		t.Errorf("the bank fetched %q", asked)
	}
}
