package psd2

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"okienko/api/contract"
	"okienko/client"
)

// officials are the judges made of the published files of PolishAPI, nil where
// those are not there: psd2/polishapi says so loudly, and fails for it in CI.
var officials = sync.OnceValues(func() (map[string]*contract.Official, error) {
	folder := os.Getenv("OKIENKO_SPEC_DIR")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "spec")
	}
	folder = filepath.Join(folder, "psd2", "polishapi")
	if _, err := os.Stat(folder); err != nil {
		return nil, nil
	}
	return contract.LoadPolishAPI(folder)
})

// judged holds every call of a third party in a form against the published file:
// what the bank answered always, and what it was asked when it served it.
func judged(t testing.TB, form client.Form) func(*client.Config) {
	t.Helper()
	all, err := officials()
	if err != nil {
		t.Fatal(err)
	}
	judge := all[strings.TrimPrefix(string(form), "polishapi-")]
	return func(c *client.Config) {
		if judge == nil { // another form, or no files
			return
		}
		c.Watch = func(e client.Exchange) {
			if e.Response == nil {
				return
			}
			parts := strings.Split(e.Request.URL.Path, "/") // "", version, group, version, operation
			operation := parts[2] + "/" + parts[4]
			if err := judge.Answer(operation, e.Response.StatusCode, e.Response.Header, e.Answer); err != nil {
				t.Errorf("%v", err)
			}
			if e.Response.StatusCode/100 != 2 {
				return
			}
			if err := judge.Request(operation, e.Request.Header, e.Body); err != nil {
				t.Errorf("the bank served what the published file refuses: %v", err)
			}
		}
	}
}
