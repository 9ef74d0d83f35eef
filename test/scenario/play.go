package scenario

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"okienko/bank"
)

// Engine is a bank in which scenarios are played. Do may be called by many at
// once.
type Engine interface {
	// Do does what an act says. object is the identifier of the act's object, by
	// the answer that named it. A refusal is an answer; an error means that the
	// engine failed, or wraps ErrCannot.
	Do(ctx context.Context, a *Act, object string) (Answer, error)
	// Look finds the facts that an act of an "expect" verb names.
	Look(ctx context.Context, a *Act, object string) (map[string]string, error)
	// Close ends the bank after a last look whether its books are in order.
	Close(ctx context.Context) error
}

// ErrCannot is wrapped by what an engine returns when its door has no words for
// an act.
var ErrCannot = errors.New("scenario: this engine cannot express it")

// Answer is what the bank answers to one act.
type Answer struct {
	Code     bank.Code // "" when it was done
	Field    string    // of a refusal, when it names one
	Repeated bool      // the first answer once more
	ID       string    // of the hold, payment or confirmation that came of it
}

func (a Answer) kind() Kind {
	switch {
	case a.Code != "":
		return Refused
	case a.Repeated:
		return Repeated
	}
	return Done
}

func (a Answer) String() string {
	return strings.TrimSpace(fmt.Sprint(a.kind(), " ", a.Code, " ", a.Field))
}

// Play plays a scenario of a file and returns the first thing that came out
// otherwise than written.
func (f *File) Play(ctx context.Context, s *Scenario, e Engine) (err error) {
	p := player{engine: e, objects: map[string]string{}}
	for _, acts := range [...][]Act{f.Background, s.Acts} {
		for i := range acts {
			if err := p.play(ctx, &acts[i]); err != nil {
				return fmt.Errorf("%s:%d: %w\n\t%s", f.Name, acts[i].Line, err, acts[i].Text)
			}
		}
	}
	return nil
}

type player struct {
	engine Engine

	mu      sync.Mutex
	objects map[string]string // by the name that the scenario gives them
}

func (p *player) play(ctx context.Context, a *Act) error {
	switch {
	case len(a.AtOnce) > 0:
		return p.atOnce(ctx, a)
	case len(a.facts) > 0:
		return p.look(ctx, a)
	}
	answers := make([]Answer, a.Times)
	for i := range answers {
		var err error
		if answers[i], err = p.do(ctx, a); err != nil {
			return err
		}
	}
	return a.Want.judge(answers)
}

// do orders an act once and remembers what came of it.
func (p *player) do(ctx context.Context, a *Act) (Answer, error) {
	object, err := p.object(a)
	if err != nil {
		return Answer{}, err
	}
	answer, err := p.engine.Do(ctx, a, object)
	if err != nil {
		return Answer{}, err
	}
	if name := a.Args["as"]; name != "" && answer.Code == "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		if known, twice := p.objects[name]; twice && known != answer.ID {
			return Answer{}, fmt.Errorf("%q is the name of something else already", name)
		}
		p.objects[name] = answer.ID
	}
	return answer, nil
}

// object finds what an act is about. "nothing" names what does not exist.
func (p *player) object(a *Act) (string, error) {
	name, about := a.Args["object"]
	if !about || name == "nothing" {
		return name, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id, known := p.objects[name]
	if !known {
		return "", fmt.Errorf("nothing was called %q before; known: %v", name, slices.Sorted(maps.Keys(p.objects)))
	}
	return id, nil
}

// atOnce orders the lines of a block from as many callers.
func (p *player) atOnce(ctx context.Context, a *Act) error {
	var (
		mu      sync.Mutex
		answers []Answer
		failed  []error
		callers sync.WaitGroup
		start   = make(chan struct{})
	)
	for i := range a.AtOnce {
		one := &a.AtOnce[i]
		for range one.Times {
			callers.Go(func() {
				<-start
				answer, err := p.do(ctx, one)
				mu.Lock()
				defer mu.Unlock()
				answers, failed = append(answers, answer), append(failed, err)
			})
		}
	}
	close(start)
	callers.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	return a.Want.judge(answers)
}

// judge compares answers with what is wanted.
func (w Want) judge(answers []Answer) error {
	left := slices.Clone(answers)
	take := func(x Answers) bool {
		i := slices.IndexFunc(left, func(a Answer) bool {
			return a.kind() == x.Kind && (x.Code == "" || a.Code == x.Code) && (x.Field == "" || a.Field == x.Field)
		})
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
		return i >= 0
	}
	good := true
	for _, x := range w {
		if x.Number < 0 {
			for take(x) { //revive:disable-line:empty-block all the others
			}
			continue
		}
		for range x.Number {
			good = take(x) && good
		}
	}
	if good && len(left) == 0 {
		return nil
	}
	got := map[string]int{}
	for _, a := range answers {
		got[a.String()]++
	}
	var said []string
	for _, k := range slices.Sorted(maps.Keys(got)) {
		said = append(said, fmt.Sprintf("%d %s", got[k], k))
	}
	return fmt.Errorf("the bank answers: %s", strings.Join(said, ", "))
}

func (p *player) look(ctx context.Context, a *Act) error {
	object, err := p.object(a)
	if err != nil {
		return err
	}
	found, err := p.engine.Look(ctx, a, object)
	if err != nil {
		return err
	}
	var wrong []string
	for _, name := range a.facts {
		if got, ok := found[name]; !ok || got != a.Args[name] {
			wrong = append(wrong, fmt.Sprintf("%s is %q, not %q", name, got, a.Args[name]))
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}
