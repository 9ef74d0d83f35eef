package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"

	"okienko/bank"
)

// maxBody is far more than any request to the phone or the clock needs.
const maxBody = 4 << 10

// answer writes a JSON answer. Nothing of the sandbox may be kept by a cache or
// read by another origin.
func answer(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"internal"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(append(text, '\n'))
}

type failureJSON struct {
	Error   string `json:"error"`
	Message string `json:"message,omitempty"`
}

// refuse writes the answer to an error: a refusal with its code and sentence,
// anything else without a word from inside.
func refuse(w http.ResponseWriter, err error) {
	var r *bank.Refusal
	if !errors.As(err, &r) {
		answer(w, http.StatusInternalServerError, failureJSON{Error: string(bank.Internal)})
		return
	}
	status := http.StatusConflict
	switch r.Code {
	case bank.NotFound:
		status = http.StatusNotFound
	case bank.InvalidParameter:
		status = http.StatusBadRequest
	case bank.Internal:
		status = http.StatusInternalServerError
	}
	answer(w, status, failureJSON{Error: string(r.Code), Message: r.Public})
}

// ownPage refuses posts that a foreign page has a browser make. JSON cannot be
// posted across origins without asking first, and a browser says where a request
// comes from; a program without a browser says nothing and is let in.
func ownPage(r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return bank.Refuse(bank.RequestInvalid, "Another site may not use the sandbox.")
	}
	return nil
}

// onlyHere refuses a Host that is not this machine: a name of a stranger that
// leads here (DNS rebinding) would make his page ours.
func onlyHere(r *http.Request) error {
	u := url.URL{Host: r.Host}
	if name := u.Hostname(); name != "localhost" {
		if a, err := netip.ParseAddr(name); err != nil || !a.IsLoopback() {
			return bank.Refuse(bank.NotFound, "The sandbox is on localhost.")
		}
	}
	return nil
}

// readObject reads a JSON object strictly: one object, every name once.
func readObject(w http.ResponseWriter, r *http.Request) (map[string]json.RawMessage, error) {
	bad := bank.RefuseField("body", "The body is one JSON object.")
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, bank.RefuseField("body", "Content-Type is application/json.")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, bad.Because(err)
	}
	in := json.NewDecoder(bytes.NewReader(text))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return nil, bad
	}
	object := map[string]json.RawMessage{}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil, bad
		}
		key, ok := name.(string)
		if _, twice := object[key]; !ok || twice {
			return nil, bad
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, bad
		}
		object[key] = value
	}
	if _, err := in.Token(); err != nil {
		return nil, bad
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	return object, nil
}
