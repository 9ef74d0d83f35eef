package scenario

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// Whoever writes a scenario is told the line, what is wrong, and how it is
// written.
func TestMistakesAreExplained(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{`shop holds 30 of anna`, `"30" is not of the kind amount; it is written: <name:app> holds <amount> of <name:customer>`},
		{`shop holds 30.00 of`, "the line ends where <name:customer> should follow"},
		{`shop holds 30.00 from anna`, `"from" stands where "of" should`},
		{`shop hold 30.00 of anna`, `"hold" stands where`},
		{`shop holds 30.00 of anna for 10`, `"10" is not of the kind duration; it is written: for <duration:life>`},
		{`shop holds 30.00 of anna till 2026-03-10 12:00`, `"till" is not understood here; what may follow: `},
		{`shop holds 30.00 of anna as h1 as h2`, `"as" is not understood here`},
		{`shop releases h1 now`, `"now" is not understood here`},
		{`shop cancels p1 now`, `nothing follows`},
		{`shop holds 30.00 of anna -> refused dayly_limit`, "not a refusal with a code of the bank"},
		{`shop holds 30.00 of anna -> perhaps`, "after -> stands done, repeated, refused <code>"},
		{`shop holds 30.00 of anna titled "no end`, "a text in quotes does not end"},
		{`bank holds 30.00 of anna`, `"holds" stands where "suspends" should`},
		{`it is 2026-02-30 12:00`, `"2026-02-30" is not of the kind date`},
		{`0 times shop releases h1`, `"0" is not how many times`},
		{`end -> 1 done`, `"end" ends an "at once"`},
		{`core only`, `"core only" is the first line of a scenario`},
		{"at once\nscenario \"another\"", `a scenario begins inside "at once"`},
		{"at once\nshop releases h1 -> done\nend -> 1 done", `inside "at once" only "end" says`},
		{"at once\nshop releases h1", `"at once" without "end"`},
	} {
		_, err := Parse("x.txt", "scenario \"one\"\nwait 1s\n"+c.line)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "x.txt:3: ") && !strings.HasPrefix(err.Error(), "x.txt:4: ") {
			t.Errorf("%s\n\tis answered: %v\n\twant: %s", c.line, err, c.says)
		}
	}
	if _, err := Parse("x.txt", "# nothing"); err == nil {
		t.Error("a file without a scenario was taken")
	}
}

// A scenario that comes out otherwise than written fails, and says how.
func TestWhatComesOutOtherwiseFails(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{`shop takes 1.00 from anna -> refused daily_limit`, "x.txt:2: the bank answers: 1 done"},
		{`3 times shop takes 1.00 from anna -> 2 done`, "the bank answers: 3 done"},
		{`shop takes 1.00 from anna -> repeated`, "the bank answers: 1 done"},
		{`expect account purse booked 1.00 held 0.00`, `booked is "", not "1.00"; held is "", not "0.00"`},
		{`shop releases h1`, `nothing was called "h1" before`},
	} {
		f, err := Parse("x.txt", "scenario \"one\"\n"+c.line)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Play(t.Context(), &f.Scenarios[0], polite{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.line, err)
		}
	}
	f, err := Parse("x.txt", "scenario \"one\"\nwait 1s")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Play(t.Context(), &f.Scenarios[0], mute{}); !errors.Is(err, ErrCannot) {
		t.Errorf("%v", err)
	}
}

// polite does whatever it is asked and knows nothing.
type polite struct{}

func (polite) Do(context.Context, *Act, string) (Answer, error) { return Answer{ID: "x"}, nil }
func (polite) Look(context.Context, *Act, string) (map[string]string, error) {
	return map[string]string{}, nil
}
func (polite) Close(context.Context) error { return nil }

type mute struct{ polite }

func (mute) Do(context.Context, *Act, string) (Answer, error) { return Answer{}, ErrCannot }

// Every form of the language is used, so that none rots.
func TestEveryFormIsUsed(t *testing.T) {
	used := map[Verb]bool{}
	note := func(acts []Act) {
		for i := range acts {
			used[acts[i].Verb] = true
			for j := range acts[i].AtOnce {
				used[acts[i].AtOnce[j].Verb] = true
			}
		}
	}
	for _, f := range files(t) {
		note(f.Background)
		for _, s := range f.Scenarios {
			note(s.Acts)
			if len(s.Acts) == 0 {
				t.Errorf("%s:%d: the scenario is empty", f.Name, s.Line)
			}
		}
	}
	for _, f := range grammar() {
		if !used[f.verb] {
			t.Errorf("no scenario says: %s", f.words)
		}
	}
}
