// Package contract holds what a door answers against its published description
// (package api): a status that the call does not document, a body with a field
// too many or too few, another content type, a missing header. Tests put it
// between themselves and the door.
//
// It judges answers only; whether a request was good is the door's business. The
// judges of PolishAPI (Official) are made from the published files of the standard
// instead, and judge both.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Judge knows a description.
type Judge struct {
	doc   *openapi3.T
	paths map[string]*openapi3.PathItem // by the whole template, with the path of its server
}

// Load reads and validates a description.
func Load(description []byte) (*Judge, error) {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	j := &Judge{doc: doc, paths: map[string]*openapi3.PathItem{}}
	for template, item := range doc.Paths.Map() {
		servers := doc.Servers
		if len(item.Servers) > 0 { // a path may live elsewhere than the rest
			servers = item.Servers
		}
		if len(servers) == 0 {
			return nil, errors.New("contract: the description names no server")
		}
		server, err := url.Parse(servers[0].URL)
		if err != nil {
			return nil, fmt.Errorf("contract: %w", err)
		}
		j.paths[strings.TrimSuffix(server.Path, "/")+template] = item
	}
	return j, nil
}

// Transport lets every answer that comes through next be judged; report is told
// of each that breaks the contract.
func (j *Judge) Transport(next http.RoundTripper, report func(error)) http.RoundTripper {
	return transport{judge: j, next: next, report: report}
}

type transport struct {
	judge  *Judge
	next   http.RoundTripper
	report func(error)
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err := t.judge.Check(r.Method, r.URL.Path, res.StatusCode, res.Header, body); err != nil {
		t.report(err)
	}
	return res, nil
}

// Check judges one answer.
func (j *Judge) Check(method, path string, status int, h http.Header, body []byte) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("contract: %s %s → %d: %s", method, path, status, fmt.Sprintf(format, args...))
	}
	operation := j.operation(method, path)
	if operation == nil {
		// No path or no such method there: only the form of an error is left.
		if status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
			return wrong("no call of the description")
		}
		if err := j.checkJSON(j.doc.Components.Schemas["Error"].Value, body); err != nil {
			return wrong("%v", err)
		}
		return nil
	}
	documented := operation.Responses.Value(strconv.Itoa(status))
	if documented == nil {
		return wrong("the status is not documented: %s", body)
	}
	for name, header := range documented.Value.Headers {
		if header.Value.Required && h.Get(name) == "" {
			return wrong("the header %s is missing", name)
		}
	}
	if len(documented.Value.Content) == 0 {
		if len(body) > 0 {
			return wrong("a body where none is documented: %s", body)
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return wrong("content type %q: %v", h.Get("Content-Type"), err)
	}
	content := documented.Value.Content[media]
	switch {
	case content == nil:
		return wrong("the content type %s is not documented", media)
	case media != "application/json" || method == http.MethodHead:
		return nil
	}
	if err := j.checkJSON(content.Schema.Value, body); err != nil {
		return wrong("%v: %s", err, body)
	}
	return nil
}

func (j *Judge) checkJSON(schema *openapi3.Schema, body []byte) error {
	value, err := readJSON(body)
	if err != nil {
		return err
	}
	return j.doc.ValidateSchemaJSON(schema, value, openapi3.EnableJSONSchema2020(), openapi3.EnableFormatValidation())
}

// readJSON reads one value and nothing after it.
func readJSON(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return value, nil
}

// operation finds the call that a request means; a fixed word in a path wins over
// a parameter.
func (j *Judge) operation(method, path string) *openapi3.Operation {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var found *openapi3.Operation
	fewest := -1
	for template, item := range j.paths {
		parameters, ok := matches(template, path)
		o := item.GetOperation(method)
		if ok && o != nil && (fewest < 0 || parameters < fewest) {
			found, fewest = o, parameters
		}
	}
	return found
}

func matches(template, path string) (parameters int, ok bool) {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return 0, false
	}
	for i := range want {
		switch {
		case strings.HasPrefix(want[i], "{") && got[i] != "":
			parameters++
		case want[i] != got[i]:
			return 0, false
		}
	}
	return parameters, true
}

// ErrorCodes lists the error codes of the description: what the named field of
// its schema Error may hold.
func (j *Judge) ErrorCodes(field string) []string {
	var codes []string
	for _, v := range j.doc.Components.Schemas["Error"].Value.Properties[field].Value.Enum {
		if s, ok := v.(string); ok {
			codes = append(codes, s)
		}
	}
	return codes
}

// Calls lists every documented call as "METHOD /path".
func (j *Judge) Calls() []string {
	var calls []string
	for path, item := range j.doc.Paths.Map() {
		for method := range item.Operations() {
			calls = append(calls, method+" "+path)
		}
	}
	return calls
}
