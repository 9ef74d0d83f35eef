package mbank_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/bank/thirdparty"
)

// psd2 §10: headers.

func TestCase08Replay(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	first := w.one.ask("GET", "/accounts", "").with(token).sign()
	first.send().is(http.StatusOK)
	first.send().fails(http.StatusBadRequest, "RequestRepeatedError")
	again := w.one.ask("GET", "/accounts", "").with(token).set("TPP-Request-ID", strings.ToUpper(first.header.Get("TPP-Request-ID")))
	again.send().fails(http.StatusBadRequest, "RequestRepeatedError")
	// The same id of another organisation is another request.
	w.other.ask("GET", "/accounts", "").with(token).set("TPP-Request-ID", first.header.Get("TPP-Request-ID")).send().is(http.StatusUnauthorized)

	at := func(d time.Duration) reply {
		return w.one.ask("GET", "/accounts", "").with(token).present().set("TPP-Request-ID", newUUID(w.Wall.Now().Add(d))).send()
	}
	at(-5 * time.Minute).is(http.StatusOK)
	at(-5*time.Minute-time.Second).fails(http.StatusBadRequest, "RequestRepeatedError")
	at(2 * time.Minute).is(http.StatusOK)
	at(6*time.Minute).fails(http.StatusBadRequest, "RequestRepeatedError")
	// The window is of the wall clock: a sandbox's bank clock may be anywhere.
	w.Clock.Advance(5 * time.Minute)
	at(0).is(http.StatusOK)

	const v4 = "0f0e0d0c-0b0a-4908-8706-050403020100"
	w.one.ask("GET", "/accounts", "").with(token).set("TPP-Request-ID", v4).send().fails(http.StatusBadRequest, "FieldValidationError")
	w.Change(oneOrg, func(c *thirdparty.Client) { c.Lenience.AnyUUID = true })
	w.one.ask("GET", "/accounts", "").with(token).present().set("TPP-Request-ID", v4).send().is(http.StatusOK)
	w.one.ask("GET", "/accounts", "").with(token).set("TPP-Request-ID", v4).send().fails(http.StatusBadRequest, "RequestRepeatedError")
	w.one.ask("GET", "/accounts", "").with(token).set("TPP-Request-ID", "12345").send().fails(http.StatusBadRequest, "FieldValidationError")
}

func TestCase08ConcurrentReplay(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	one := w.one.ask("GET", "/accounts", "").with(token).present().sign()
	const callers = 8
	var wg sync.WaitGroup
	replies := make(chan int, callers)
	for range callers {
		wg.Go(func() { replies <- one.send().status })
	}
	wg.Wait()
	close(replies)
	served := 0
	for status := range replies {
		if status == http.StatusOK {
			served++
		} else if status != http.StatusBadRequest {
			t.Errorf("status %d", status)
		}
	}
	if served != 1 {
		t.Errorf("%d of %d were served, want one", served, callers)
	}
}

func TestCase09MandatoryHeaders(t *testing.T) {
	w := newWorld(t)
	got := w.one.lists(newUUID(noon), annas)
	list := func() *ask { return w.one.ask("GET", "/accounts", "").with(got.access) }
	for _, name := range []string{"Accept", "Accept-Encoding", "Accept-Language", "TPP-Request-ID", "TPP-ID", "Client-ID", "Authorization"} {
		r := list().set(name, "").send()
		if name == "Accept-Encoding" && r.status == http.StatusOK {
			continue // Go's client sends one of its own
		}
		r.fails(http.StatusBadRequest, "HeaderMissingError")
	}
	for _, name := range []string{"PSU-User-Agent", "PSU-IP-Address", "PSU-IP-Port"} {
		w.one.authorize(w.one.authorizeBody("ais-accounts", "c-9", listPrivilege)).set(name, "").send().fails(http.StatusBadRequest, "HeaderMissingError")
	}
	w.one.authorize("{}").set("Content-Type", "").send().fails(http.StatusUnsupportedMediaType, "UnsupportedMediaTypeError")
	w.one.ask("POST", "/payments/domestic", "{}").with("x").send().fails(http.StatusBadRequest, "HeaderMissingError")
	list().set("Accept", "application/xml").send().fails(http.StatusNotAcceptable, "NotAcceptableError")
	w.one.authorize("{}").set("Content-Type", "text/plain").send().fails(http.StatusUnsupportedMediaType, "UnsupportedMediaTypeError")
	w.one.authorize("{}").set("Content-Encoding", "gzip").send().fails(http.StatusUnsupportedMediaType, "UnsupportedMediaTypeError")
	for _, encoding := range []string{"Gzip, deflate", "gzip", "identity", "br"} {
		list().present().set("Accept-Encoding", encoding).send().is(http.StatusOK)
	}
	put := w.one.ask("PUT", "/accounts", "{}").with(got.access).set("Content-Type", "application/json").send()
	put.fails(http.StatusMethodNotAllowed, "MethodNotAllowedError")
	if allow := put.header.Get("Allow"); !strings.Contains(allow, "GET") {
		t.Errorf("Allow is %q", allow)
	}
}

func TestCase10LanguageAndNamesOfHeaders(t *testing.T) {
	w := newWorld(t)
	got := w.one.lists(newUUID(noon), annas)
	w.one.ask("GET", "/accounts", "").with(got.access).set("Accept-Language", "de").send().is(http.StatusOK)
	a := w.one.ask("GET", "/accounts", "").with(got.access).sign()
	lower := http.Header{}
	for name, values := range a.header {
		lower[strings.ToLower(name)] = values
	}
	a.header = lower
	a.send().is(http.StatusOK)
}

func TestCase11UnknownPaths(t *testing.T) {
	w := newWorld(t)
	for _, target := range []string{"/nowhere", "!/pl-nowhere/v3/accounts", "!/pl-retail/v2/accounts", "!/", "/accounts/", "/accounts//transactions"} {
		w.one.ask("GET", target, "").send().fails(http.StatusNotFound, "ResourceNotFoundError")
	}
	w.one.ask("GET", "!/pl-corpo/v3/accounts", "").with("x").send().is(http.StatusUnauthorized)
}

func TestCase12Bodies(t *testing.T) {
	w := newWorld(t)
	good := w.one.authorizeBody("ais-accounts", "c-12", listPrivilege)
	w.one.authorize(good+strings.Repeat(" ", 1<<20)).send().fails(http.StatusRequestEntityTooLarge, "ContentTooLargeError")
	for name, body := range map[string]string{
		"byte order mark": "\ufeff" + good,
		"duplicate names": strings.Replace(good, `"scope":`, `"scope":"pis","scope":`, 1),
		"NaN":             strings.Replace(good, `"code"`, `NaN`, 1),
		"trailing comma":  strings.TrimSuffix(good, "}") + ",}",
		"no object":       "[]",
		"nothing":         "",
		"two objects":     good + good,
	} {
		t.Run(name, func(t *testing.T) {
			w.one.authorize(body).send().fails(http.StatusBadRequest, "BodyDeserializationError")
		})
	}
	broken := w.one.authorize("{\"state\":\"\xff\"}").signOver("nobody can have signed this")
	broken.send().is(http.StatusBadRequest)
	w.one.authorize(good).send().is(http.StatusOK)
}
