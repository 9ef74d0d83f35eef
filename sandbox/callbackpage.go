package sandbox

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"okienko/bank/consent"
)

// returned is what a partner's server got back from the bank, for a developer to
// look at. It looks like no page of the bank: it is none.
type returned struct {
	Client  consent.ClientID
	Title   string
	Came    []came
	Next    string // what to do, followed by the command
	Command string
	Again   string // where a pairing begins
}

// came is one parameter of the address.
type came struct{ Name, Value string }

//go:embed callback.html
var callbackHTML string

var callbackPage = template.Must(template.New("callback").Parse(callbackHTML))

// show writes the page. The only script that could run in it is one that came in
// the address, so none may.
func show(w http.ResponseWriter, status int, p returned) {
	var body bytes.Buffer
	if err := callbackPage.Execute(&body, p); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds the code
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // the reader may have gone
}
