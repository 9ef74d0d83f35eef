package polishapi

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oasdiff/yaml"

	"okienko/api"
)

// description is what is published of one version: as much as the tests here ask.
type description struct {
	Info struct {
		Description string `json:"description"`
	} `json:"info"`
	Paths map[string]map[string]struct {
		Responses map[string]any `json:"responses"`
	} `json:"paths"`
}

func descriptions(t *testing.T) map[Version]description {
	t.Helper()
	out := map[Version]description{}
	for v, text := range map[Version][]byte{V211: api.PolishAPI211, V212: api.PolishAPI212, V300: api.PolishAPI300} {
		var d description
		if _, err := yaml.Unmarshal(text, &d, yaml.DecodeOpts{}); err != nil {
			t.Fatal(err)
		}
		out[v] = d
	}
	return out
}

// errorRow is a row of the table of errors: status and code.
var errorRow = regexp.MustCompile("(?m)^\\| (\\d{3}) \\| `([a-z_]+)` \\| [^|\n]+ \\|$")

// TestDescriptionsNameTheVeryErrors: a code that a description does not have would
// be answered to somebody who cannot know it, and one too many is waited for in
// vain.
func TestDescriptionsNameTheVeryErrors(t *testing.T) {
	var ours []string
	for _, e := range wireErrors {
		if is := strconv.Itoa(e.Status) + " " + e.Code; !slices.Contains(ours, is) {
			ours = append(ours, is)
		}
	}
	slices.Sort(ours)
	texts := map[string]bool{}
	for v, d := range descriptions(t) {
		_, text, _ := strings.Cut(d.Info.Description, "## Errors\n")
		text, _, ends := strings.Cut(text, "\n## ")
		if !ends {
			t.Fatalf("%s has no chapter on errors", v)
		}
		texts[text] = true
		var listed []string
		for _, row := range errorRow.FindAllStringSubmatch(text, -1) {
			listed = append(listed, row[1]+" "+row[2])
		}
		slices.Sort(listed)
		if !slices.Equal(ours, listed) {
			t.Errorf("%s: errors of the door %q, of the description %q", v, ours, listed)
		}
	}
	if len(texts) != 1 {
		t.Error("the versions describe the errors in different words")
	}
}

// TestWireErrorsAreAll: what the table answers is among the errors that are listed.
func TestWireErrorsAreAll(t *testing.T) {
	for code, e := range errorTable {
		if !slices.Contains(wireErrors, e) {
			t.Errorf("%s is answered with %d %s, which is not listed", code, e.Status, e.Code)
		}
	}
}

// TestDescriptionsHaveEveryOperation: what is served is described with the very
// statuses that it answers, and nothing else is.
func TestDescriptionsHaveEveryOperation(t *testing.T) {
	d := &Door{}
	for _, p := range UsualPlaces() {
		served := map[string]string{}
		for _, o := range d.operations() {
			if o.since != "" && !p.Version.since(o.since) {
				continue
			}
			served[p.at(o.group, o.name)] = refusals(append(slices.Clone(everywhere), o.refuses...))
		}
		described := map[string]string{}
		for path, item := range descriptions(t)[p.Version].Paths {
			if methods := slices.Collect(maps.Keys(item)); !slices.Equal(methods, []string{"post"}) {
				t.Errorf("%s %s is described with %q", p.Version, path, methods)
			}
			var statuses []int
			for s := range item["post"].Responses {
				status, err := strconv.Atoi(s)
				if err != nil {
					t.Fatal(err)
				}
				// 501 is never answered.
				if status >= http.StatusBadRequest && status != http.StatusNotImplemented {
					statuses = append(statuses, status)
				}
			}
			described[path] = refusals(statuses)
		}
		for path, statuses := range served {
			if is, there := described[path]; !there {
				t.Errorf("%s: %s is served and not described", p.Version, path)
			} else if is != statuses {
				t.Errorf("%s: %s refuses with %s, described are %s", p.Version, path, statuses, is)
			}
		}
		for path := range described {
			if served[path] == "" {
				t.Errorf("%s: %s is described and not served", p.Version, path)
			}
		}
	}
}

func refusals(statuses []int) string {
	slices.Sort(statuses)
	return fmt.Sprint(statuses)
}
