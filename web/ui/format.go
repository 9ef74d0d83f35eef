package ui

import (
	"cmp"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"okienko/bank"
	"okienko/bank/money"
)

// noBreak keeps the parts of a number, and a number and its unit, on one line.
const (
	noBreak = "\u00a0"
	minus   = "\u2212" // as wide as a digit and read aloud as minus; a hyphen is neither
)

// form writes numbers, times and sentences the way the reader's language does.
type form struct {
	lang  Lang
	words *words
	zone  *time.Location
}

func (f form) funcs(a *assets) template.FuncMap {
	return template.FuncMap{
		"lang":         func() string { return string(f.lang) },
		"otherLang":    func() string { return string(f.lang.Other()) },
		"t":            f.words.say,
		"tn":           f.words.count,
		"dict":         dict,
		"asset":        a.of,
		"money":        f.money,
		"signed":       f.signed,
		"plain":        f.plain,
		"said":         func(m money.Amount) bool { return m.Currency() != "" },
		"nrb":          nrbGroups,
		"country":      f.country,
		"date":         f.date,
		"day":          f.day,
		"moment":       f.moment,
		"clock":        f.clock,
		"weekday":      f.weekday,
		"iso":          func(t time.Time) string { return t.In(f.zone).Format(time.RFC3339) },
		"timeInput":    func(t time.Time) string { return t.In(f.zone).Format("2006-01-02T15:04") },
		"duration":     f.duration,
		"after":        f.after,
		"whole":        func(s string) string { return strings.ReplaceAll(s, " ", noBreak) },
		"initial":      initial,
		"share":        share,
		"curve":        drawCurve,
		"faultOf":      faultOf,
		"fault":        f.fault,
		"permission":   f.permission,
		"percent":      func(s string) string { return f.decimal(s) + noBreak + "%" },
		"milliseconds": func(s string) string { return f.decimal(s) + noBreak + "ms" },
		"reason":       f.reason,
		"right":        f.right,
		"recurrence":   f.recurrence,
	}
}

// money writes "1 234,56 zł" in Polish and "PLN 1,234.56" in English.
func (f form) money(m money.Amount) string {
	digits, negative := strings.CutPrefix(m.String(), "-")
	whole, cents, _ := strings.Cut(digits, ".")
	unit := m.Currency().String()
	var text string
	if f.lang == Polish {
		if m.Currency() == money.PLN {
			unit = "zł"
		}
		text = grouped(whole, noBreak) + "," + cents
		if unit != "" {
			text += noBreak + unit
		}
	} else {
		text = grouped(whole, ",") + "." + cents
		if unit != "" {
			text = unit + noBreak + text
		}
	}
	if negative {
		return minus + text
	}
	return text
}

// signed is money with a plus in front of what came in: in a list of movements
// the sign must not be told by colour alone.
func (f form) signed(m money.Amount) string {
	if m.IsPositive() {
		return "+" + f.money(m)
	}
	return f.money(m)
}

// plain is the amount as the reader would type it into a field: no groups, no unit.
func (f form) plain(m money.Amount) string { return f.decimal(m.String()) }

// decimal writes a printed number with the reader's mark.
func (f form) decimal(s string) string {
	if f.lang == Polish {
		return strings.Replace(s, ".", ",", 1)
	}
	return s
}

func grouped(digits, sep string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(sep)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// ReadAmount reads what a person types: "1 234,56", "1234.56", "1 234,5 zł",
// "200", and what the pages themselves write, "PLN 1,234.56". A comma or point
// before the last one or two digits is the decimal sign; spaces are groups, and
// so is the other of the two signs before it. "1,234" is refused rather than
// guessed.
func ReadAmount(text string, c money.Currency) (money.Amount, error) {
	text = strings.TrimSpace(text)
	for _, unit := range []string{"zł", "ZŁ", string(c)} {
		text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(text, unit), unit))
	}
	text = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\u202f':
			return -1
		}
		return r
	}, text)
	switch {
	case groupedByCommas.MatchString(text):
		text = strings.ReplaceAll(text, ",", "")
	case groupedByPoints.MatchString(text):
		text = strings.ReplaceAll(text, ".", "")
	}
	return money.ParseNumber(strings.Replace(text, ",", ".", 1), c)
}

var (
	groupedByCommas = regexp.MustCompile(`^[0-9]{1,3}(,[0-9]{3})+\.[0-9]{1,2}$`)
	groupedByPoints = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{3})+,[0-9]{1,2}$`)
)

// nrbGroups writes an account number in the groups of the Polish standard:
// two digits, then fours; an IBAN in fours (ISO 13616). The spaces may break: 32
// characters do not fit beside a radio button on a small phone. Anything else is
// shown as it came.
func nrbGroups(nrb string) string {
	var b strings.Builder
	if iban.MatchString(nrb) {
		for i, r := range nrb {
			if i > 0 && i%4 == 0 {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
		}
		return b.String()
	}
	if len(nrb) != 26 {
		return nrb
	}
	b.WriteString(nrb[:2])
	for i := 2; i < 26; i += 4 {
		b.WriteByte(' ')
		b.WriteString(nrb[i : i+4])
	}
	return b.String()
}

var iban = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$`)

// date is the long form: 21 listopada 2026, 21 November 2026.
func (f form) date(t time.Time) (string, error) {
	t = t.In(f.zone)
	month, err := f.words.say(fmt.Sprintf("month.%d", int(t.Month())))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d%s%s%s%d", t.Day(), noBreak, month, noBreak, t.Year()), nil
}

// day is the short form: 21.11.2026, 21/11/2026.
func (f form) day(t time.Time) string {
	if f.lang == Polish {
		return t.In(f.zone).Format("02.01.2006")
	}
	return t.In(f.zone).Format("02/01/2006")
}

// clock is the hour and minute.
func (f form) clock(t time.Time) string { return t.In(f.zone).Format("15:04") }

// moment is the long date with the hour.
func (f form) moment(t time.Time) (string, error) {
	d, err := f.date(t)
	return d + ", " + f.clock(t), err
}

func (f form) weekday(t time.Time) (string, error) {
	return f.words.say(fmt.Sprintf("weekday.%d", int(t.In(f.zone).Weekday())))
}

// duration says how long: "1 godzina 20 minut". Two units at most, nothing below
// a second.
func (f form) duration(d time.Duration) (string, error) { return f.span(d, "duration.") }

// after says when: "za 5 minut". In Polish the unit stands in the accusative.
func (f form) after(d time.Duration) (string, error) { return f.span(d, "after.") }

func (f form) span(d time.Duration, prefix string) (string, error) {
	units := []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	if d < time.Second {
		d = time.Second
	}
	var parts []string
	for i, u := range units {
		n := d / u.size
		if n == 0 && len(parts) == 0 {
			continue
		}
		if n > 0 {
			s, err := f.words.count(prefix+u.name, int64(n))
			if err != nil {
				return "", err
			}
			parts = append(parts, s)
		}
		d -= n * u.size
		if len(parts) == 2 || (len(parts) == 1 && (n == 0 || i == len(units)-1)) {
			break
		}
	}
	return strings.Join(parts, " "), nil
}

// initial stands in for a missing logo.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if r == utf8.RuneError {
		return "?"
	}
	return strings.ToUpper(string(r))
}

func faultOf(faults []Fault, field string) *Fault {
	for i := range faults {
		if faults[i].Field == field {
			return &faults[i]
		}
	}
	return nil
}

// fault is the sentence for one fault.
func (f form) fault(x Fault) (string, error) {
	return f.words.say("fault."+string(x.Why), "Most", f.money(x.Most))
}

// permission is the whole sentence for one permission; kind is wants or may.
func (f form) permission(kind, application string, p Permission) (string, error) {
	act, ok := permissionWords[p]
	if !ok {
		return "", fmt.Errorf("no words for permission %q", p)
	}
	what, err := f.words.say(act)
	if err != nil {
		return "", err
	}
	return f.words.say("permission."+kind, "Application", application, "Act", what)
}

// reason is the sentence for a refusal of the bank. Codes that a customer cannot
// cause or mend share one sentence; the case is found by its reference number.
func (f form) reason(code bank.Code) (string, error) {
	id, ok := reasonWords[code]
	if !ok {
		id = "reason.internal"
	}
	return f.words.say(id)
}

// right is the whole sentence for what a third party wants to read.
func (f form) right(thirdParty string, r ReadRight) (string, error) {
	id := "right." + string(r.Right)
	var what string
	var err error
	if r.Days > 0 {
		what, err = f.words.count(id, r.Days)
	} else {
		what, err = f.words.say(id)
	}
	if err != nil {
		return "", err
	}
	sentence := "right.wants"
	if r.Once {
		sentence = "right.wants_once"
	}
	return f.words.say(sentence, "ThirdParty", thirdParty, "Act", what)
}

// country names a country by its code, or leaves the code as it is.
func (f form) country(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	names := display.English
	if f.lang == Polish {
		names = display.Polish
	}
	return cmp.Or(names.Regions().Name(region), code)
}

// recurrence is the sentence for when the payments of a standing order fall due.
func (f form) recurrence(r *RecurrenceView) (string, error) {
	every, err := f.words.count("recurrence."+string(r.Every), r.Count)
	if err != nil {
		return "", err
	}
	from, err := f.date(r.Start)
	if err != nil {
		return "", err
	}
	id, args := "recurrence.open", []any{"Every", every, "Start", from}
	if !r.End.IsZero() {
		to, err := f.date(r.End)
		if err != nil {
			return "", err
		}
		id, args = "recurrence.between", append(args, "End", to)
	}
	text, err := f.words.say(id, args...)
	if err != nil {
		return "", err
	}
	moved := "recurrence.after"
	if r.Before {
		moved = "recurrence.before"
	}
	holiday, err := f.words.say(moved)
	return text + " " + holiday, err
}
