package mbank

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"okienko/api"
	"okienko/api/contract"
)

// described is loaded once: validating the description takes a while.
var described = sync.OnceValues(func() (*contract.Judge, error) { return contract.Load(api.PSD2MBank) })

func judge(t testing.TB) *contract.Judge {
	t.Helper()
	j, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestDescriptionNamesTheVeryErrors: a code that the description does not have
// would be answered to somebody who cannot know it, and one too many is waited
// for in vain.
func TestDescriptionNamesTheVeryErrors(t *testing.T) {
	var ours []string
	for _, e := range wireErrors {
		if !slices.Contains(ours, e.Code) {
			ours = append(ours, e.Code)
		}
	}
	listed := judge(t).ErrorCodes("code")
	slices.Sort(ours)
	slices.Sort(listed)
	if !slices.Equal(ours, listed) {
		t.Errorf("codes of the door %q, of the description %q", ours, listed)
	}
}

// TestDescriptionHasEveryCall: what is served is described, and nothing else is.
func TestDescriptionHasEveryCall(t *testing.T) {
	d := &Door{}
	served := map[string]bool{"POST /register/": true, "GET /openapi.yaml": true}
	for _, r := range d.routes() {
		served[general(r.act)] = true
	}
	described := map[string]bool{}
	for _, call := range judge(t).Calls() {
		described[call] = true
	}
	for call := range served {
		if !described[call] {
			t.Errorf("%s is served and not described", call)
		}
	}
	for call := range described {
		if !served[call] {
			t.Errorf("%s is described and not served", call)
		}
	}
}

// general is an act as the description words it: initiations are described one by
// one, what follows them for every kind together.
func general(act string) string {
	if strings.HasPrefix(act, "POST ") {
		return act
	}
	for _, f := range forms {
		for _, before := range []string{"/payments/", "/payments/bundle/"} {
			act = strings.Replace(act, before+f.segment+"/", before+"{kind}/", 1)
		}
	}
	return act
}
