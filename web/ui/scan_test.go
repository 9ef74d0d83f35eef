package ui

import (
	"html"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// element is one start tag of a rendered page with its attributes, and for
// elements with content the text inside.
type element struct {
	name   string
	attr   map[string]string
	text   string
	inside []string // names of the elements around it
}

var (
	tagPattern  = regexp.MustCompile(`<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"]*")?)*)\s*(/?)>`)
	attrPattern = regexp.MustCompile(`([a-zA-Z:-]+)(?:="([^"]*)")?`)
)

var void = []string{"meta", "link", "input", "br", "img"}

// scan reads a page as strictly as it is written: every tag closed in order,
// attributes in double quotes, no "<" that is not a tag.
func scan(t *testing.T, page string) []*element {
	t.Helper()
	page = strings.TrimPrefix(page, "<!doctype html>\n")
	var all, open []*element
	at := 0
	text := func(s string) {
		if strings.ContainsAny(s, "<>") {
			t.Fatalf("a stray angle bracket in %q", s)
		}
		for _, e := range open {
			e.text += html.UnescapeString(s)
		}
	}
	for _, m := range tagPattern.FindAllStringSubmatchIndex(page, -1) {
		text(page[at:m[0]])
		at = m[1]
		name := page[m[4]:m[5]]
		if m[2] != m[3] { // end tag
			if len(open) == 0 || open[len(open)-1].name != name {
				t.Fatalf("</%s> closes nothing near %q", name, page[max(0, m[0]-80):m[1]])
			}
			open = open[:len(open)-1]
			continue
		}
		e := &element{name: name, attr: map[string]string{}}
		for _, o := range open {
			e.inside = append(e.inside, o.name)
		}
		for _, a := range attrPattern.FindAllStringSubmatch(page[m[6]:m[7]], -1) {
			if _, twice := e.attr[a[1]]; twice {
				t.Errorf("<%s> has %s twice", name, a[1])
			}
			e.attr[a[1]] = html.UnescapeString(a[2])
		}
		all = append(all, e)
		if m[8] == m[9] && !slices.Contains(void, name) {
			open = append(open, e)
		}
	}
	text(page[at:])
	if len(open) > 0 {
		t.Fatalf("<%s> is never closed", open[len(open)-1].name)
	}
	return all
}

func newPages(t *testing.T) *Pages {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func render(t *testing.T, p *Pages, lang Lang, page Page) string {
	t.Helper()
	w := httptest.NewRecorder()
	if err := p.Render(w, 200, lang, page); err != nil {
		t.Fatal(err)
	}
	return w.Body.String()
}

func named(all []*element, names ...string) []*element {
	var found []*element
	for _, e := range all {
		if slices.Contains(names, e.name) {
			found = append(found, e)
		}
	}
	return found
}

// everyPage renders every story in both languages.
func everyPage(t *testing.T, check func(t *testing.T, lang Lang, page Page, text string, all []*element)) {
	p := newPages(t)
	for _, s := range Stories() {
		for _, lang := range []Lang{Polish, English} {
			t.Run(s.Name+"/"+string(lang), func(t *testing.T) {
				text := render(t, p, lang, s.Page)
				check(t, lang, s.Page, text, scan(t, text))
			})
		}
	}
}
