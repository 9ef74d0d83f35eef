package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/money"
)

// File is one file of scenarios.
type File struct {
	Name       string
	Background []Act
	Scenarios  []Scenario
}

// Scenario is a story that is played in a bank of its own, after the background
// of its file.
type Scenario struct {
	Name     string
	Line     int
	CoreOnly bool // no door can express it
	Acts     []Act
}

// Act is one line.
type Act struct {
	Line  int
	Text  string // as it was written
	Verb  Verb
	Args  map[string]string
	facts []string // the arguments that are compared with the bank
	Times int      // how often it is ordered, one after another or at once
	// AtOnce are the lines of a block that are ordered at the same moment; Verb is
	// then "".
	AtOnce []Act
	Want   Want
}

// Want is what the bank must answer: so many of each. One of negative number
// stands for all the others.
type Want []Answers

// Answers is a number of equal answers.
type Answers struct {
	Number int
	Kind   Kind
	Code   bank.Code // of refusals; "" for any
	Field  string    // of refusals; "" for any
}

// Kind is how the bank answers.
type Kind string

// The kinds of answer. Repeated is the first answer once more.
const (
	Done     Kind = "done"
	Repeated Kind = "repeated"
	Refused  Kind = "refused"
)

// Parse reads a file. Its error names the line and the form that the line
// resembles.
func Parse(name, text string) (*File, error) {
	p := parser{file: &File{Name: name}, forms: grammar()}
	for i, line := range strings.Split(text, "\n") {
		p.line, p.text = i+1, strings.TrimSpace(line)
		if err := p.read(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w\n\t%s", name, p.line, err, p.text)
		}
	}
	if p.block != nil {
		return nil, fmt.Errorf("%s:%d: \"at once\" without \"end\"", name, p.block.Line)
	}
	if len(p.file.Scenarios) == 0 {
		return nil, fmt.Errorf("%s: no scenario in it", name)
	}
	return p.file, nil
}

type parser struct {
	file  *File
	forms []form
	block *Act // the "at once" that is open
	line  int
	text  string
}

func (p *parser) read() error {
	tokens, err := split(p.text)
	if err != nil || len(tokens) == 0 {
		return err
	}
	tokens, want, err := wanted(tokens)
	if err != nil {
		return err
	}
	said := strings.Join(words(tokens), " ")
	switch {
	case len(tokens) == 2 && said == "scenario "+tokens[1].text && tokens[1].quoted:
		if p.block != nil {
			return fmt.Errorf("a scenario begins inside \"at once\"")
		}
		p.file.Scenarios = append(p.file.Scenarios, Scenario{Name: tokens[1].text, Line: p.line})
		return nil
	case said == "core only":
		n := len(p.file.Scenarios)
		if n == 0 || len(p.file.Scenarios[n-1].Acts) > 0 {
			return fmt.Errorf("\"core only\" is the first line of a scenario")
		}
		p.file.Scenarios[n-1].CoreOnly = true
		return nil
	case said == "at once":
		if p.block != nil || want != nil {
			return fmt.Errorf("\"at once\" stands alone, and not inside another")
		}
		p.block = &Act{Line: p.line, Text: p.text}
		return nil
	case said == "end":
		if p.block == nil || want == nil || len(p.block.AtOnce) == 0 {
			return fmt.Errorf("\"end\" ends an \"at once\" with lines in it and says what comes out: end -> 1 done, others refused")
		}
		p.block.Want = want
		p.add(*p.block)
		p.block = nil
		return nil
	}
	a, err := p.act(tokens)
	if err != nil {
		return err
	}
	a.Want = want
	if p.block != nil {
		if want != nil {
			return fmt.Errorf("inside \"at once\" only \"end\" says what comes out")
		}
		p.block.AtOnce = append(p.block.AtOnce, a)
		return nil
	}
	if want == nil {
		a.Want = Want{{Number: a.Times, Kind: Done}}
	}
	p.add(a)
	return nil
}

func (p *parser) add(a Act) {
	if n := len(p.file.Scenarios); n > 0 {
		p.file.Scenarios[n-1].Acts = append(p.file.Scenarios[n-1].Acts, a)
		return
	}
	p.file.Background = append(p.file.Background, a)
}

// act finds the form of a line, and reads its values.
func (p *parser) act(tokens []token) (Act, error) {
	a := Act{Line: p.line, Text: p.text, Args: map[string]string{}, Times: 1}
	if len(tokens) > 2 && tokens[1].text == "times" && !tokens[1].quoted {
		n, err := strconv.Atoi(tokens[0].text)
		if err != nil || n < 1 || n > 10_000 {
			return Act{}, fmt.Errorf("%q is not how many times: a number up to 10000", tokens[0].text)
		}
		a.Times, tokens = n, tokens[2:]
	}
	best, far, why := form{}, -1, error(nil)
	for _, f := range p.forms {
		args := map[string]string{}
		n, err := match(strings.Fields(f.words), tokens, &Act{Args: args})
		if err == nil {
			a.Verb = f.verb
			if _, err := match(strings.Fields(f.words), tokens, &a); err != nil {
				return Act{}, err
			}
			err := p.clauses(&a, f, tokens[n:])
			return a, err
		}
		if n > far {
			best, far, why = f, n, err
		}
	}
	return Act{}, fmt.Errorf("%w; it is written: %s", why, best.words)
}

// clauses reads what follows the words of a form.
func (p *parser) clauses(a *Act, f form, rest []token) error {
	used := map[string]bool{}
	for len(rest) > 0 {
		found := false
		for _, c := range f.clauses {
			w := strings.Fields(c)
			if rest[0].quoted || rest[0].text != w[0] || used[c] {
				continue
			}
			n, err := match(w, rest, a)
			if err != nil {
				return fmt.Errorf("%w; it is written: %s", err, c)
			}
			used[c], found, rest = true, true, rest[n:]
			break
		}
		if !found {
			if len(f.clauses) == 0 {
				return fmt.Errorf("nothing follows %q here, yet there is %q", f.words, rest[0].text)
			}
			return fmt.Errorf("%q is not understood here; what may follow: %s", rest[0].text, strings.Join(f.clauses, " | "))
		}
	}
	return nil
}

// match reads tokens by the words of a form and tells how many fitted.
func match(words []string, tokens []token, into *Act) (int, error) {
	for i, w := range words {
		if i == len(tokens) {
			return i, fmt.Errorf("the line ends where %s should follow", w)
		}
		t := tokens[i]
		if !strings.HasPrefix(w, "<") {
			if t.quoted || t.text != w {
				return i, fmt.Errorf("%q stands where %q should", t.text, w)
			}
			continue
		}
		fact := strings.HasPrefix(w, "<=")
		kind, name, named := strings.Cut(strings.Trim(w, "<=>"), ":")
		if !named {
			name = kind
		}
		if err := t.is(kind); err != nil {
			return i, err
		}
		into.Args[name] = t.text
		if fact {
			into.facts = append(into.facts, name)
		}
	}
	return len(words), nil
}

var (
	nameForm     = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	idForm       = regexp.MustCompile(`^[[:graph:]]{1,64}$`)
	durationForm = regexp.MustCompile(`^[1-9][0-9]*[smhd]$`)
	timeForm     = regexp.MustCompile(`^[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?$`)
	wordForm     = regexp.MustCompile(`^[A-Za-z_]+$`)
)

// reserved words begin other lines, so nobody can be called so.
var reserved = []string{"account", "application", "at", "bank", "core", "customer", "end", "everything", "expect", "it", "scenario", "the", "wait"}

// is refuses a token that is not of a kind.
func (t token) is(kind string) error {
	var err error
	good := true
	switch kind {
	case "text":
		good = t.quoted
	case "name", "object":
		good = !t.quoted && nameForm.MatchString(t.text) && !slices.Contains(reserved, t.text)
	case "id":
		good = !t.quoted && idForm.MatchString(t.text)
	case "amount":
		_, err = money.Parse(t.text, money.PLN)
	case "signed":
		_, err = money.Parse(strings.TrimPrefix(t.text, "-"), money.PLN)
	case "number":
		_, err = strconv.ParseInt(t.text, 10, 64)
	case "date":
		_, err = calendar.ParseDate(t.text)
	case "time":
		good = timeForm.MatchString(t.text)
	case "duration":
		good = durationForm.MatchString(t.text)
	case "permission":
		_, err = consent.ParsePermission(t.text)
	case "code":
		good = slices.Contains(bank.Codes, bank.Code(t.text))
	case "word":
		good = wordForm.MatchString(t.text)
	default:
		return fmt.Errorf("the form itself is wrong: there is no kind %q", kind)
	}
	if err != nil || !good {
		return fmt.Errorf("%q is not of the kind %s", t.text, kind)
	}
	return nil
}

// wanted reads what stands after an arrow.
func wanted(tokens []token) ([]token, Want, error) {
	i := slices.IndexFunc(tokens, func(t token) bool { return !t.quoted && t.text == "->" })
	if i < 0 {
		return tokens, nil, nil
	}
	var want Want
	for _, part := range strings.Split(strings.Join(words(tokens[i+1:]), " "), ",") {
		f := strings.Fields(part)
		a := Answers{Number: 1}
		if len(f) > 0 && f[0] == "others" {
			a.Number, f = -1, f[1:]
		} else if len(f) > 1 {
			if n, err := strconv.Atoi(f[0]); err == nil && n > 0 {
				a.Number, f = n, f[1:]
			}
		}
		switch {
		case len(f) == 1 && (f[0] == string(Done) || f[0] == string(Repeated) || f[0] == string(Refused)):
			a.Kind = Kind(f[0])
		case len(f) == 2 || len(f) == 3:
			a.Kind, a.Code = Kind(f[0]), bank.Code(f[1])
			if len(f) == 3 {
				a.Field = f[2]
			}
			if a.Kind != Refused || !slices.Contains(bank.Codes, a.Code) {
				return nil, nil, fmt.Errorf("%q is not a refusal with a code of the bank", strings.TrimSpace(part))
			}
		default:
			return nil, nil, fmt.Errorf("after -> stands done, repeated, refused <code>, or how many of each: 40 done, others refused daily_limit")
		}
		want = append(want, a)
	}
	return tokens[:i], want, nil
}

// token is a word, or a text in quotes.
type token struct {
	text   string
	quoted bool
}

func words(tokens []token) []string {
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = t.text
	}
	return out
}

func split(line string) ([]token, error) {
	var tokens []token
	for line = strings.TrimSpace(line); line != "" && line[0] != '#'; line = strings.TrimSpace(line) {
		if line[0] == '"' {
			text, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("a text in quotes does not end")
			}
			said, err := strconv.Unquote(text)
			if err != nil {
				return nil, fmt.Errorf("a text in quotes is wrong: %w", err)
			}
			tokens, line = append(tokens, token{said, true}), line[len(text):]
			continue
		}
		n := strings.IndexAny(line, " \t")
		if n < 0 {
			n = len(line)
		}
		tokens, line = append(tokens, token{line[:n], false}), line[n:]
	}
	return tokens, nil
}

// Has tells whether an argument was written.
func (a *Act) Has(name string) bool { _, ok := a.Args[name]; return ok }

// Amount is an argument in PLN, the zero Amount when it was not written.
func (a *Act) Amount(name string) money.Amount {
	if !a.Has(name) {
		return money.Amount{}
	}
	m, err := money.Parse(a.Args[name], money.PLN)
	if err != nil {
		panic("scenario: " + name + " was not read as an amount")
	}
	return m
}

// Date is an argument, the zero Date when it was not written.
func (a *Act) Date(name string) calendar.Date {
	if !a.Has(name) {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(a.Args[name])
	if err != nil {
		panic("scenario: " + name + " was not read as a date")
	}
	return d
}

// Duration is an argument, zero when it was not written; a day has 24 hours.
func (a *Act) Duration(name string) time.Duration {
	s := a.Args[name]
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil {
		panic("scenario: " + name + " was not read as a duration")
	}
	return time.Duration(n) * map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[s[len(s)-1]]
}

// Moment is an instant in Warsaw made of a date and a time, the zero time when
// they were not written.
func (a *Act) Moment(date, hour string) time.Time {
	if !a.Has(date) {
		return time.Time{}
	}
	clock := a.Args[hour]
	if len(clock) == len("15:04") {
		clock += ":00"
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05", a.Args[date]+" "+clock, calendar.Warsaw())
	if err != nil {
		panic("scenario: " + date + " and " + hour + " were not read as a moment: " + err.Error())
	}
	return t
}

// Permission is an argument, the zero Permission when it was not written.
func (a *Act) Permission(name string) consent.Permission {
	if !a.Has(name) {
		return consent.Permission{}
	}
	p, err := consent.ParsePermission(a.Args[name])
	if err != nil {
		panic("scenario: " + name + " was not read as a permission")
	}
	return p
}
