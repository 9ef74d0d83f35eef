package main

import (
	"bufio"
	"strings"
	"testing"
)

func TestTotals(t *testing.T) {
	const passing = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"noise of a test that passed\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.5s\n"}
{"Action":"pass","Package":"p","Elapsed":0.5}
`
	const skipping = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: chromium is missing\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
`
	const failing = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:9: want 40 holds, got 41\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p","Elapsed":0.5}
`
	const notBuilding = `{"ImportPath":"q","Action":"build-output","Output":"q.go:3: undefined: x\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"fail","Package":"q","Elapsed":0,"FailedBuild":"q"}
`
	for name, c := range map[string]struct {
		stream      string
		refuseSkips bool
		wants       string // in the output
		hides       string // from the output; empty for nothing
		verdict     string // empty for passed
	}{
		"passed":               {passing, true, "ok  \tp", "noise", ""},
		"skipped at home":      {passing + skipping, false, "chromium is missing", "", ""},
		"skipped in CI":        {passing + skipping, true, "chromium is missing", "", "tests were skipped"},
		"failed":               {passing + failing, false, "want 40 holds, got 41", "", "tests failed"},
		"does not build":       {passing + notBuilding, false, "undefined: x", "", "tests failed"},
		"nothing ran":          {"", false, "", "", "no test ran"},
		"not the json of test": {passing + "flag provided but not defined\n", false, "flag provided", "", "tests failed"},
	} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			out := bufio.NewWriter(&text)
			sum, err := summarise(strings.NewReader(c.stream), out)
			if err != nil {
				t.Fatal(err)
			}
			if err := out.Flush(); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text.String(), c.wants) {
				t.Errorf("output lacks %q:\n%s", c.wants, text.String())
			}
			if c.hides != "" && strings.Contains(text.String(), c.hides) {
				t.Errorf("output has %q:\n%s", c.hides, text.String())
			}
			err = sum.verdict(c.refuseSkips)
			if (err == nil) != (c.verdict == "") || (err != nil && !strings.Contains(err.Error(), c.verdict)) {
				t.Errorf("verdict %v, want %q", err, c.verdict)
			}
		})
	}
}

func TestTotalsCountWhatRan(t *testing.T) {
	stream := `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Elapsed":1.5}
{"Action":"skip","Package":"empty"}
`
	sum, err := summarise(strings.NewReader(stream), bufio.NewWriter(&strings.Builder{}))
	if err != nil {
		t.Fatal(err)
	}
	const want = "totals: 1 packages tested (0 failed, 1 without tests); 1 tests passed, 0 failed, 1 skipped; 1.5 s"
	if got := sum.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
