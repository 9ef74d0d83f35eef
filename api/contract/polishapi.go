package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/yaml"
)

// Official judges calls of PolishAPI by what the Polish Bank Association published,
// and not by our own descriptions: for 2.1.1 and 2.1.2 its Swagger files, for 3.0 a
// catalogue of the fields of a file that is no longer to be had. Requests are judged
// too, for they are what a client of ours sends.
//
// PolishAPI, Związek Banków Polskich, https://polishapi.org, CC BY 3.0 PL.
type Official struct {
	// Version is "2.1.1", "2.1.2" or "3.0".
	Version string
	// Mends are what had to be changed in the published file.
	Mends []Mend

	published  document // before the mends
	mended     document
	operations map[string]call
}

type call struct {
	path string
	*openapi3.Operation
}

// LoadPolishAPI makes a judge of each published version from the files in folder
// (psd2/polishapi of the specifications), by version.
func LoadPolishAPI(folder string) (map[string]*Official, error) {
	judges := map[string]*Official{}
	// The catalogue has no patterns; its note says that they are those of 2.1.2, so 2.1.2 comes first.
	for _, version := range []struct{ name, file string }{
		{"2.1.1", "PolishAPI-ver2_1_1.yaml"},
		{"2.1.2", "ZBP-polish-api-2_1_2-swagger.json"},
		{"3.0", "polishapi-3_0-field-catalogue.json"},
	} {
		text, err := os.ReadFile(filepath.Join(folder, version.file))
		if err != nil {
			return nil, fmt.Errorf("contract: %w", err)
		}
		o := &Official{Version: version.name}
		if version.name == "3.0" {
			before := judges["2.1.2"].published
			o.published, err = fromCatalogue(text)
			o.Mends = catalogueMends(before)
		} else {
			o.published, err = fromSwagger(text)
			o.Mends = swaggerMends()
		}
		if err == nil {
			err = o.build()
		}
		if err != nil {
			return nil, fmt.Errorf("contract: %s: %w", version.file, err)
		}
		judges[o.Version] = o
	}
	return judges, nil
}

// fromSwagger reads a file of version 2 of Swagger, in JSON or YAML, as OpenAPI 3.
func fromSwagger(text []byte) (document, error) {
	text, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	var swagger openapi2.T
	if err := json.Unmarshal(text, &swagger); err != nil {
		return nil, err
	}
	converted, err := openapi2conv.ToV3(&swagger)
	if err != nil {
		return nil, err
	}
	return readDocument(converted)
}

// build applies the mends and finds the operations.
func (o *Official) build() error {
	o.mended = o.published.copy()
	for _, m := range o.Mends {
		m.apply(o.mended)
	}
	o.mended["openapi"] = "3.1.0" // the first that knows a certificate as a security scheme
	text, err := json.Marshal(o.mended)
	if err != nil {
		return err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return err
	}
	// The official examples are not examples of their schemas, and none of them is used.
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return err
	}
	o.operations = map[string]call{}
	for path, item := range doc.Paths.Map() {
		operation, err := operationOf(path)
		if err != nil {
			return err
		}
		o.operations[operation] = call{path: path, Operation: item.Post}
	}
	return nil
}

// operationOf takes "accounts/getAccounts" out of "/v2_1_1.1/accounts/v2_1_1.1/getAccounts".
func operationOf(path string) (string, error) {
	parts := strings.Split(path, "/")
	if len(parts) != 5 {
		return "", fmt.Errorf("%q is not a path of PolishAPI", path)
	}
	return parts[2] + "/" + parts[4], nil
}

// Operations lists every operation as "accounts/getAccounts", in order.
func (o *Official) Operations() []string { return slices.Sorted(maps.Keys(o.operations)) }

// Path is where an operation is called, with the bank's revision 1: "/v3_0.1/accounts/v3_0.1/getAccounts".
// It is empty for an operation that this version has not.
func (o *Official) Path(operation string) string { return o.operations[operation].path }

// Statuses lists what an operation may answer.
func (o *Official) Statuses(operation string) []int {
	c, found := o.operations[operation]
	if !found {
		return nil
	}
	var statuses []int
	for s := range c.Responses.Map() {
		if n, err := strconv.Atoi(s); err == nil {
			statuses = append(statuses, n)
		}
	}
	slices.Sort(statuses)
	return statuses
}

// Request judges a request: its headers, and its body once it is not compressed.
func (o *Official) Request(operation string, h http.Header, body []byte) error {
	wrong := func(err error) error { return fmt.Errorf("contract: PolishAPI %s, %s: %w", o.Version, operation, err) }
	c, found := o.operations[operation]
	if !found {
		return wrong(errors.New("no such operation"))
	}
	for _, p := range c.Parameters {
		if err := checkHeader(p.Value, h); err != nil {
			return wrong(err)
		}
	}
	if asksForToken(c.Operation) {
		scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			return wrong(fmt.Errorf("the header Authorization %q is no bearer token", h.Get("Authorization")))
		}
	}
	if err := checkBody(c.RequestBody.Value.Content, h, body); err != nil {
		return wrong(err)
	}
	return nil
}

// Answer judges an answer: its status, its headers, and its body once it is not compressed.
func (o *Official) Answer(operation string, status int, h http.Header, body []byte) error {
	wrong := func(err error) error {
		return fmt.Errorf("contract: PolishAPI %s, %s → %d: %w", o.Version, operation, status, err)
	}
	c, found := o.operations[operation]
	if !found {
		return wrong(errors.New("no such operation"))
	}
	documented := c.Responses.Value(strconv.Itoa(status))
	if documented == nil {
		return wrong(fmt.Errorf("the status is not declared: %s", body))
	}
	for name, header := range documented.Value.Headers {
		if header.Value.Required && h.Get(name) == "" {
			return wrong(fmt.Errorf("the header %s is missing", name))
		}
	}
	if documented.Value.Headers[signatureHeader] == nil && h.Get(signatureHeader) != "" {
		return wrong(errors.New("a signature where none is declared"))
	}
	if len(documented.Value.Content) == 0 {
		if len(body) > 0 {
			return wrong(fmt.Errorf("a body where none is declared: %s", body))
		}
		return nil
	}
	if err := checkBody(documented.Value.Content, h, body); err != nil {
		return wrong(fmt.Errorf("%w: %s", err, body))
	}
	return nil
}

const signatureHeader = "X-JWS-SIGNATURE"

func asksForToken(o *openapi3.Operation) bool {
	if o.Security == nil {
		return false
	}
	return slices.ContainsFunc(*o.Security, func(r openapi3.SecurityRequirement) bool {
		_, asks := r["accessToken"]
		return asks
	})
}

func checkHeader(p *openapi3.Parameter, h http.Header) error {
	values := h.Values(p.Name)
	switch {
	case len(values) == 0 && !p.Required:
		return nil
	case strings.TrimSpace(strings.Join(values, "")) == "":
		return fmt.Errorf("the header %s is missing", p.Name)
	case !p.Schema.Value.Type.Is("array"):
		return nil
	}
	for element := range strings.SplitSeq(strings.Join(values, ","), ",") {
		element, _, _ = strings.Cut(element, ";") // a weight says how much it is liked
		element = strings.ToLower(strings.TrimSpace(element))
		if !slices.Contains(p.Schema.Value.Items.Value.Enum, any(element)) {
			return fmt.Errorf("the header %s names %q", p.Name, element)
		}
	}
	return nil
}

func checkBody(content openapi3.Content, h http.Header, body []byte) error {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type %q: %w", h.Get("Content-Type"), err)
	}
	declared := content[media]
	if declared == nil {
		return fmt.Errorf("the content type %s is not declared", media)
	}
	value, err := readJSON(body)
	if err != nil {
		return err
	}
	return declared.Schema.Value.VisitJSON(value,
		openapi3.DisableSchemaErrorDetails(), // the descriptions of the file are long
		openapi3.EnableFormatValidation(),
		openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
			"uuid":      openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC4122),
			"date":      openapi3.NewCallbackValidator(isDate),
			"date-time": openapi3.NewCallbackValidator(isInstant),
		}))
}

func isDate(s string) error {
	_, err := time.Parse(time.DateOnly, s)
	return err
}

// isInstant takes what RFC 3339 has, and the form without an offset, which is the only one
// that the text of the standard shows.
func isInstant(s string) error {
	if _, err := time.Parse(time.RFC3339, s); err == nil {
		return nil
	}
	_, err := time.Parse("2006-01-02T15:04:05", s)
	return err
}
