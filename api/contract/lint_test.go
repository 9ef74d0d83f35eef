package contract

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"okienko/api"
)

// TestDescriptionsAreReadable is what a reader needs of a description beyond its
// being valid: every call has a name of its own and says in words what it does and
// what each answer means, and every field that a name alone does not explain is
// explained.
func TestDescriptionsAreReadable(t *testing.T) {
	for name, text := range map[string][]byte{
		"partner": api.Partner, "psd2-mbank": api.PSD2MBank,
		"polishapi-2.1.1": api.PolishAPI211, "polishapi-2.1.2": api.PolishAPI212, "polishapi-3.0": api.PolishAPI300,
	} {
		t.Run(name, func(t *testing.T) {
			j, err := Load(text)
			if err != nil {
				t.Fatal(err)
			}
			l := lint{T: t, ids: map[string]string{}}
			l.document(j.doc)
			if strings.HasPrefix(name, "polishapi") { // whose reader may know the standard's own text by heart, and looks for ours
				l.schemas(j.doc)
			}
		})
	}
}

type lint struct {
	*testing.T
	ids map[string]string // operations by operationId
}

func (l *lint) document(d *openapi3.T) {
	l.Helper()
	l.said("info", d.Info.Description)
	tags := map[string]bool{}
	for _, tag := range d.Tags {
		l.said("tag "+tag.Name, tag.Description)
		tags[tag.Name] = true
	}
	for path, item := range d.Paths.Map() {
		for method, o := range item.Operations() {
			l.operation(method+" "+path, o, tags)
		}
	}
}

func (l *lint) schemas(d *openapi3.T) {
	l.Helper()
	for name, s := range d.Components.Schemas {
		if s.Ref == "" {
			l.schema(name, s.Value)
		}
	}
}

func (l *lint) operation(at string, o *openapi3.Operation, tags map[string]bool) {
	l.Helper()
	if was, twice := l.ids[o.OperationID]; o.OperationID == "" || twice {
		l.Errorf("%s: the operationId %q is missing, or that of %s", at, o.OperationID, was)
	}
	l.ids[o.OperationID] = at
	l.said(at+", summary", o.Summary)
	for _, tag := range o.Tags {
		if !tags[tag] {
			l.Errorf("%s: the tag %s is not described", at, tag)
		}
	}
	for status, r := range o.Responses.Map() {
		if r.Value.Description == nil {
			l.Errorf("%s → %s: no description", at, status)
			continue
		}
		l.said(at+" → "+status, *r.Value.Description)
	}
	if o.RequestBody == nil {
		return
	}
	for media, content := range o.RequestBody.Value.Content {
		if content.Example == nil && len(content.Examples) == 0 && content.Schema.Value.Example == nil {
			l.Errorf("%s: the body %s has no example", at, media)
		}
	}
}

// schema asks for words about an object, and about every field of it that is not
// described elsewhere: by the values that it may have, or by what it lists.
func (l *lint) schema(at string, s *openapi3.Schema) {
	l.Helper()
	if s.Description == "" && len(s.AllOf) == 0 && len(s.OneOf) == 0 && len(s.Properties) > 0 {
		l.Errorf("schema %s: no description", at)
	}
	for name, p := range s.Properties {
		listed := p.Value.Items != nil || p.Value.AdditionalProperties.Schema != nil
		if p.Ref == "" && p.Value.Description == "" && len(p.Value.Enum) == 0 && !listed {
			l.Errorf("schema %s.%s: no description", at, name)
		}
	}
	for _, part := range s.AllOf {
		if part.Ref == "" {
			l.schema(at, part.Value)
		}
	}
}

func (l *lint) said(at, text string) {
	l.Helper()
	if strings.TrimSpace(text) == "" || strings.Contains(text, "TODO") {
		l.Errorf("%s: no description", at)
	}
}
