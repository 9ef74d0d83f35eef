package client

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// official is one version of PolishAPI as its files have it: operations by path,
// and models.
type official struct {
	operations  map[string]officialOperation
	definitions map[string]any
}

type officialOperation struct {
	request, answer string // names of models; "" for none
	headers         []string
}

// officialFile reads what was published of a version, or says why the test cannot.
func officialFile(t *testing.T, f Form) *official {
	t.Helper()
	folder := os.Getenv("OKIENKO_SPEC_DIR")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "spec")
	}
	name := map[Form]string{
		PolishAPI211: "PolishAPI-ver2_1_1.yaml", PolishAPI212: "ZBP-polish-api-2_1_2-swagger.json", PolishAPI30: "polishapi-3_0-field-catalogue.json",
	}[f]
	text, err := os.ReadFile(filepath.Join(folder, "psd2", "polishapi", name))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the files of PolishAPI are not here: %v", err)
		}
		t.Skipf("THE FILES OF POLISHAPI ARE NOT HERE, so nothing was held against them: %v", err)
	}
	switch f {
	case PolishAPI211:
		return swagger(blocks(t, text, "paths", "parameters", "definitions"))
	case PolishAPI212:
		doc := map[string]any{}
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		return swagger(doc)
	}
	return catalogue(t, text)
}

// blocks reads some blocks of a YAML file: as extensions, which a reader of OpenAPI
// leaves as they are.
func blocks(t *testing.T, text []byte, names ...string) map[string]any {
	t.Helper()
	out := "openapi: 3.0.3\ninfo: {title: a, version: a}\npaths: {}\n"
	in := false
	for line := range strings.Lines(string(text)) {
		if line[0] != ' ' && line[0] != '\r' && line[0] != '\n' && line[0] != '#' {
			name, _, _ := strings.Cut(line, ":")
			if in = slices.Contains(names, name); in {
				line = "x-" + line
			}
		}
		if in {
			out += line
		}
	}
	doc, err := openapi3.NewLoader().LoadFromData([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	plain := map[string]any{}
	for _, name := range names {
		text, err := json.Marshal(doc.Extensions["x-"+name])
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		plain[name] = v
	}
	return plain
}

// dig goes down a document.
func dig(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func lastOf(ref any) string {
	s, _ := ref.(string)
	return s[strings.LastIndexByte(s, '/')+1:]
}

// swagger is a file of Swagger 2.0, without the two faults that its README names.
func swagger(doc map[string]any) *official {
	o := &official{operations: map[string]officialOperation{}, definitions: doc["definitions"].(map[string]any)}
	for path, item := range doc["paths"].(map[string]any) {
		var op officialOperation
		parameters, _ := dig(item, "post", "parameters").([]any)
		for _, one := range parameters {
			if name := lastOf(dig(one, "$ref")); name != "" {
				one = dig(doc, "parameters", name)
			}
			switch dig(one, "in") {
			case "body":
				op.request = lastOf(dig(one, "schema", "$ref"))
			case "header":
				op.headers = append(op.headers, dig(one, "name").(string))
			}
		}
		op.answer = lastOf(dig(item, "post", "responses", "200", "schema", "$ref"))
		o.operations[path] = op
	}
	ext := o.definitions["EatCodeRequest"].(map[string]any)
	ext["required"] = slices.DeleteFunc(ext["required"].([]any), func(name any) bool { return dig(ext, "properties", name.(string)) == nil })
	for _, part := range dig(o.definitions, "RequestHeaderWithoutTokenCallbackAS", "allOf").([]any) {
		if dig(part, "required") != nil {
			part.(map[string]any)["required"] = []any{"callbackURL", "apiKey"}
		}
	}
	return o
}

// catalogue is the list of fields of 3.0, in the words of Swagger.
func catalogue(t *testing.T, text []byte) *official {
	t.Helper()
	var file struct {
		Models map[string]map[string]struct {
			Type     string
			Required bool
			MaxSize  *float64
			MinSize  *float64
			Minimum  *float64
			Maximum  *float64
			Enum     []any
		}
		Operations []struct {
			Path, Request, Response string
			Headers                 map[string]bool
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	o := &official{operations: map[string]officialOperation{}, definitions: map[string]any{"PaymentStatus": map[string]any{
		"type": "string", "enum": []any{"submitted", "cancelled", "pending", "done", "rejected", "scheduled"},
	}}}
	for _, op := range file.Operations {
		if op.Response == "Void" {
			op.Response = ""
		}
		o.operations[op.Path] = officialOperation{op.Request, op.Response, slices.Collect(maps.Keys(op.Headers))}
	}
	for name, fields := range file.Models {
		if o.definitions[name] != nil {
			continue
		}
		var required []any
		properties := map[string]any{}
		for field, f := range fields {
			s := catalogued(f.Type)
			if f.Enum != nil {
				s["enum"] = f.Enum
			}
			for word, value := range map[string]*float64{"minimum": f.Minimum, "maximum": f.Maximum, "maxLength": f.MaxSize, "minItems": f.MinSize} {
				if value != nil {
					s[word] = *value
				}
			}
			if strings.HasSuffix(strings.ToLower(field), "amount") && f.Type == "String" {
				s["pattern"] = `^(0|([1-9][0-9]{0,}))\.\d{2}$`
			}
			if properties[field] = s; f.Required {
				required = append(required, field)
			}
		}
		o.definitions[name] = map[string]any{"type": "object", "properties": properties, "required": required}
	}
	return o
}

func catalogued(kind string) map[string]any {
	if inner, ok := strings.CutPrefix(kind, "List<"); ok {
		return map[string]any{"type": "array", "items": catalogued(strings.TrimSuffix(inner, ">"))}
	}
	switch kind {
	case "String":
		return map[string]any{"type": "string"}
	case "UUID":
		return map[string]any{"type": "string", "format": "uuid"}
	case "OffsetDateTime":
		return map[string]any{"type": "string", "format": "date-time"}
	case "LocalDate":
		return map[string]any{"type": "string", "format": "date"}
	case "Boolean":
		return map[string]any{"type": "boolean"}
	case "Integer":
		return map[string]any{"type": "integer"}
	case "Double":
		return map[string]any{"type": "number"}
	case "java.util.Map":
		return map[string]any{"type": "object", "additionalProperties": true}
	}
	return map[string]any{"$ref": "#/definitions/" + kind}
}

// faults holds a value against a model. Members that the model does not have are
// faults: what a client sends beside it, a bank may refuse.
func (o *official) faults(model string, text []byte) []string {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return []string{err.Error()}
	}
	return o.check("", map[string]any{"$ref": "#/definitions/" + model}, v)
}

// flat is a model with what it is made of put together.
func (o *official) flat(s map[string]any) map[string]any {
	if name := lastOf(s["$ref"]); name != "" {
		model, _ := o.definitions[name].(map[string]any)
		return o.flat(model)
	}
	parts, ok := s["allOf"].([]any)
	if !ok {
		return s
	}
	properties, required := map[string]any{}, []any{}
	for _, part := range append(parts, map[string]any{"properties": s["properties"], "required": s["required"]}) {
		one := o.flat(part.(map[string]any))
		more, _ := one["properties"].(map[string]any)
		maps.Copy(properties, more)
		names, _ := one["required"].([]any)
		required = append(required, names...)
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

func (o *official) check(at string, s map[string]any, v any) []string {
	s = o.flat(s)
	wrong := func(format string, args ...any) []string { return []string{at + ": " + fmt.Sprintf(format, args...)} }
	switch s["type"] {
	case "string":
		text, ok := v.(string)
		if !ok {
			return wrong("%v is no text", v)
		}
		return o.checkText(at, s, text)
	case "boolean":
		if _, ok := v.(bool); !ok {
			return wrong("%v is neither true nor false", v)
		}
	case "integer", "number":
		n, ok := v.(float64)
		least, hasLeast := s["minimum"].(float64)
		most, hasMost := s["maximum"].(float64)
		if !ok || s["type"] == "integer" && n != float64(int(n)) || hasLeast && n < least || hasMost && n > most {
			return wrong("%v is no such number", v)
		}
	case "array":
		list, ok := v.([]any)
		if least, has := s["minItems"].(float64); !ok || has && len(list) < int(least) {
			return wrong("%v is no such list", v)
		}
		var all []string
		for i, one := range list {
			all = append(all, o.check(fmt.Sprintf("%s[%d]", at, i), s["items"].(map[string]any), one)...)
		}
		return all
	default:
		return o.checkObject(at, s, v)
	}
	return nil
}

func (o *official) checkText(at string, s map[string]any, text string) []string {
	formats := map[any]string{
		"uuid": `^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, "date": `^\d{4}-\d\d-\d\d$`,
		"date-time": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:\d\d)?$`,
	}
	pattern, _ := s["pattern"].(string)
	most, hasMost := s["maxLength"].(float64)
	allowed, hasEnum := s["enum"].([]any)
	switch {
	case !regexp.MustCompile(pattern).MatchString(text), !regexp.MustCompile(formats[s["format"]]).MatchString(text),
		hasMost && utf8.RuneCountInString(text) > int(most),
		hasEnum && !slices.ContainsFunc(allowed, func(v any) bool { return fmt.Sprint(v) == text }): // two enums mix texts and numbers
		return []string{fmt.Sprintf("%s: %q is not as %v", at, text, s)}
	}
	return nil
}

func (o *official) checkObject(at string, s map[string]any, v any) []string {
	members, ok := v.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s: %v is no object", at, v)}
	}
	var all []string
	required, _ := s["required"].([]any)
	for _, name := range required {
		if members[name.(string)] == nil {
			all = append(all, at+"."+name.(string)+" is missing")
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		one, ok := properties[name].(map[string]any)
		switch {
		case ok:
			all = append(all, o.check(at+"."+name, one, members[name])...)
		case s["additionalProperties"] == nil:
			all = append(all, at+"."+name+" is not known")
		}
	}
	return all
}

// TestOfficialFilesAreHeard makes sure that the judge judges.
func TestOfficialFilesAreHeard(t *testing.T) {
	for f, count := range map[Form]int{PolishAPI211: 26, PolishAPI212: 26, PolishAPI30: 27} {
		o := officialFile(t, f)
		if len(o.operations) != count {
			t.Errorf("%s: %d operations, want %d", f, len(o.operations), count)
		}
		version := paths[f]
		op := o.operations[pathOf(version, "confirmation", "getConfirmationOfFunds")]
		const good = `{"requestHeader":{"requestId":"a6f1b8b0-c8b1-11f0-8de9-0242ac120002","tppId":"x"},"accountNumber":"1","amount":"1.00","currency":"PLN"}`
		if faults := o.faults(op.request, []byte(good)); len(faults) != 0 {
			t.Errorf("%s: %q", f, faults)
		}
		for _, bad := range []string{
			strings.Replace(good, "1.00", "1.0", 1), strings.Replace(good, "-11f0-", "-41f0-", 1), strings.Replace(good, `,"currency":"PLN"`, "", 1),
			strings.Replace(good, `"1"`, "1", 1), strings.Replace(good, "currency", "Currency", 1), strings.Replace(good, "PLN", "PLNS", 1),
		} {
			if len(o.faults(op.request, []byte(bad))) == 0 {
				t.Errorf("%s: taken: %s", f, bad)
			}
		}
		if !slices.Contains(op.headers, http.CanonicalHeaderKey("Accept-Encoding")) {
			t.Errorf("%s: headers %q", f, op.headers)
		}
	}
}
