package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/oasdiff/yaml"

	"okienko/api"
)

var polishAPI = map[string][]byte{"2.1.1": api.PolishAPI211, "2.1.2": api.PolishAPI212, "3.0": api.PolishAPI300}

// Every description is valid, and its examples are examples of what they stand beside.
func TestDescriptionsOfPolishAPIAreValid(t *testing.T) {
	for version, description := range polishAPI {
		t.Run(version, func(t *testing.T) {
			if _, err := Load(description); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Our descriptions say what the published files say, but for the mends.
func TestDescriptionsOfPolishAPIAreThoseOfTheStandard(t *testing.T) {
	for version, o := range published(t) {
		t.Run(version, func(t *testing.T) {
			for _, d := range differences(facts(t, o.mended), facts(t, ours(t, version))) {
				t.Error(d)
			}
		})
	}
}

// A mend that changes nothing would be a licence to differ later.
func TestEveryMendOfPolishAPIIsNeeded(t *testing.T) {
	for version, o := range published(t) {
		d := o.published.copy()
		before := facts(t, d)
		for _, m := range o.Mends {
			m.apply(d)
			after := facts(t, d)
			if len(differences(before, after)) == 0 {
				t.Errorf("%s: nothing is changed by: %s", version, m.What)
			}
			before = after
		}
		introduction := strings.Join(strings.Fields(child(ours(t, version), "info")["description"].(string)), " ")
		_, changes, _ := strings.Cut(introduction, "The changes:")
		for _, m := range o.Mends {
			if !strings.Contains(changes, "- "+m.What) {
				t.Errorf("%s: the introduction does not say: %s", version, m.What)
			}
		}
		if got := strings.Count(changes, " - "); got != len(o.Mends) {
			t.Errorf("%s: the introduction lists %d changes, there are %d", version, got, len(o.Mends))
		}
	}
}

// The comparison sees every kind of difference.
func TestComparisonOfPolishAPISees(t *testing.T) {
	for what, change := range map[string]func(d document){
		"a type":          func(d document) { d.field("AccountInfo", "currency")["type"] = "integer" },
		"a bound":         func(d document) { d.field("AccountInfo", "currency")["maxLength"] = 4 },
		"a bound gone":    func(d document) { delete(d.field("AccountInfo", "currency"), "maxLength") },
		"a minimum":       func(d document) { d.field("AccountsRequest", "perPage")["minimum"] = 0 },
		"a pattern":       func(d document) { d.field("AccountInfo", "availableBalance")["pattern"] = ".*" },
		"a format":        func(d document) { d.field("ResponseHeader", "sendDate")["format"] = "date" },
		"a value":         func(d document) { d.field("AccountInfo", "accountHolderType")["enum"] = []any{"individual"} },
		"the elements":    func(d document) { child(d.field("NameAddress", "value"), "items")["maxLength"] = 34 },
		"a reference":     func(d document) { d.field("AccountInfo", "nameAddress")["$ref"] = "#/components/schemas/Error" },
		"a field":         func(d document) { delete(child(d.schema("AccountInfo"), "properties"), "bank") },
		"a new field":     func(d document) { child(d.schema("AccountInfo"), "properties")["x"] = object{"type": "string"} },
		"a required name": func(d document) { d.schema("AccountInfo")["required"] = list(d.schema("AccountInfo"), "required")[1:] },
		"an open object":  func(d document) { delete(d.schema("AccountInfo"), "additionalProperties") },
		"a schema":        func(d document) { delete(d.schemas(), "AccountInfo") },
		"a path":          func(d document) { delete(child(d, "paths"), "/v3_0.1/auth/v3_0.1/token") },
		"a parameter":     func(d document) { token(d)["parameters"] = list(token(d), "parameters")[1:] },
		"a parameter that is optional": func(d document) {
			child(child(child(d, "components"), "parameters"), "Signature")["required"] = false
		},
		"the body": func(d document) { token(d)["requestBody"] = object{"content": contentOf("Error")} },
		"a status": func(d document) { delete(child(token(d), "responses"), "401") },
		"a header": func(d document) {
			delete(child(child(child(token(d), "responses"), "200"), "headers"), "X-JWS-SIGNATURE")
		},
		"an answer":         func(d document) { child(child(token(d), "responses"), "200")["content"] = contentOf("Error") },
		"an answer's words": func(d document) { delete(child(child(child(d, "components"), "responses"), "TooMany"), "content") },
		"the token":         func(d document) { delete(token(d), "security") },
	} {
		t.Run(what, func(t *testing.T) {
			d := ours(t, "3.0")
			before := facts(t, d)
			change(d)
			if len(differences(before, facts(t, d))) == 0 {
				t.Error("not seen")
			}
		})
	}
}

func token(d document) object {
	return child(child(child(d, "paths"), "/v3_0.1/auth/v3_0.1/token"), "post")
}

// Everything has words, requests and successes have examples, and the published files would take the examples too.
func TestDescriptionsOfPolishAPIExplainThemselves(t *testing.T) {
	for version, o := range published(t) {
		d := ours(t, version)
		for name, s := range d.schemas() {
			if s.(object)["description"] == nil {
				t.Errorf("%s: %s has no description", version, name)
			}
		}
		for path, item := range child(d, "paths") {
			post := child(item.(object), "post")
			operation, _ := operationOf(path)
			if post["summary"] == nil || post["description"] == nil {
				t.Errorf("%s: %s has no words", version, operation)
			}
			for _, e := range examplesOf(t, child(post, "requestBody")) {
				if err := o.Request(operation, requestHeaders(), e); err != nil {
					t.Errorf("%v: %s", err, e)
				}
			}
			for status, r := range child(post, "responses") {
				if child(r.(object), "content") == nil {
					continue
				}
				code, _ := strconv.Atoi(status)
				for _, e := range examplesOf(t, r.(object)) {
					if err := o.Answer(operation, code, requestHeaders(), e); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
}

func requestHeaders() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Accept-Encoding": "Gzip, deflate", "Accept-Language": "pl", "Accept-Charset": "UTF-8",
		"X-JWS-SIGNATURE": "e..s", "X-REQUEST-ID": requestID, "Authorization": "Bearer t",
	} {
		h.Set(name, value)
	}
	return h
}

func examplesOf(t *testing.T, described object) [][]byte {
	t.Helper()
	media := child(child(described, "content"), "application/json")
	values := []any{}
	if e := media["example"]; e != nil {
		values = append(values, e)
	}
	for _, e := range child(media, "examples") {
		values = append(values, e.(object)["value"])
	}
	if len(values) == 0 {
		t.Errorf("no example of %v", media)
	}
	texts := make([][]byte, len(values))
	for i, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = text
	}
	return texts
}

var loadPublished = sync.OnceValues(func() (map[string]*Official, error) {
	folder := os.Getenv("OKIENKO_SPEC_DIR")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "spec")
	}
	return LoadPolishAPI(filepath.Join(folder, "psd2", "polishapi"))
})

// published are the judges. Without the specifications beside the project the test skips loudly, and fails under CI.
func published(t *testing.T) map[string]*Official {
	t.Helper()
	judges, err := loadPublished()
	switch {
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		t.Fatal(err)
	case os.Getenv("CI") != "":
		t.Fatalf("the files of PolishAPI are not here: %v", err)
	default:
		t.Skipf("THE FILES OF POLISHAPI ARE NOT HERE, so nothing was held against them: %v", err)
	}
	return judges
}

func ours(t *testing.T, version string) document {
	t.Helper()
	text, err := yaml.YAMLToJSON(polishAPI[version])
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// differences lists what only one of two sets of facts has.
func differences(official, ours map[string]bool) []string {
	var found []string
	for f := range official {
		if !ours[f] {
			found = append(found, "only in the standard: "+f)
		}
	}
	for f := range ours {
		if !official[f] {
			found = append(found, "only here: "+f)
		}
	}
	slices.Sort(found)
	return found
}

// facts takes a description apart into everything that it says to a machine, one sentence each. Words for people are left out.
func facts(t *testing.T, d document) map[string]bool {
	t.Helper()
	f := factList{t: t, d: d, found: map[string]bool{}}
	for name, s := range d.schemas() {
		f.say(name, "is there")
		f.schema(name, s.(object))
	}
	for path, item := range child(d, "paths") {
		f.say(path, "has", slices.Sorted(maps.Keys(maps.Collect(operationsOf(item.(object))))))
		f.operation(path, child(item.(object), "post"))
	}
	return f.found
}

func operationsOf(item object) func(func(string, bool) bool) {
	return func(yield func(string, bool) bool) {
		for name := range item {
			if !strings.HasPrefix(name, "x-") && !yield(name, true) {
				return
			}
		}
	}
}

type factList struct {
	t     *testing.T
	d     document
	found map[string]bool
}

func (f *factList) say(words ...any) { f.found[strings.TrimSpace(fmt.Sprintln(words...))] = true }

func (f *factList) operation(path string, o object) {
	f.say(path, "is", o["operationId"])
	for _, p := range list(o, "parameters") {
		p := f.resolve(p.(object))
		at := fmt.Sprintf("%s %s %s", path, p["in"], p["name"])
		f.say(at, "required", p["required"] == true)
		f.schema(at, child(p, "schema"))
	}
	security, own := o["security"].([]any)
	if !own {
		security = list(f.d, "security")
	}
	for _, s := range security {
		f.say(path, "secured by", slices.Sorted(maps.Keys(s.(object))))
	}
	body := child(o, "requestBody")
	f.say(path, "body required", body["required"] == true)
	f.content(path+" body", body)
	for status, r := range child(o, "responses") {
		at, r := path+" "+status, f.resolve(r.(object))
		f.say(at, "is there")
		f.content(at, r)
		for name, h := range child(r, "headers") {
			h := f.resolve(h.(object))
			f.say(at, "header", name, "required", h["required"] == true)
			f.schema(at+" header "+name, child(h, "schema"))
		}
	}
}

func (f *factList) content(at string, o object) {
	for media, c := range child(o, "content") {
		f.schema(at+" "+media, child(c.(object), "schema"))
	}
}

// resolve follows references to parameters, headers and answers; those to schemas are facts.
func (f *factList) resolve(o object) object {
	ref, ok := o["$ref"].(string)
	if !ok {
		return o
	}
	at := object(f.d)
	for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		at = child(at, part)
	}
	if at == nil {
		f.t.Fatalf("%s leads nowhere", ref)
	}
	return at
}

func (f *factList) schema(at string, s object) {
	for key, value := range s {
		switch key {
		case "description", "example", "xml", "x-ms-enum":
		case "$ref":
			f.say(at, "is a", lastPart(value))
		case "type", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems":
			f.say(at, key, value)
		case "enum", "required":
			for _, v := range value.([]any) {
				f.say(at, key, fmt.Sprintf("%T %v", v, v))
			}
		case "additionalProperties":
			if v, ok := value.(object); ok {
				f.schema(at+" others", v)
			} else {
				f.say(at, "others", value)
			}
		case "items":
			f.schema(at+" element", value.(object))
		case "properties":
			for name, field := range value.(object) {
				f.say(at+"."+name, "is there")
				f.schema(at+"."+name, field.(object))
			}
		case "allOf":
			for i, part := range value.([]any) {
				f.schema(fmt.Sprintf("%s part %d", at, i), part.(object))
			}
		default:
			f.t.Fatalf("%s: no comparison knows %s", at, key)
		}
	}
}
