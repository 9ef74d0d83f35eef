package ui

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// readWords returns the sentences of one language by id, plural ones with their forms.
func readWords(t *testing.T, lang Lang) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	files, _ := fs.Glob(wordFiles, "words/*."+string(lang)+".json")
	for _, file := range files {
		body, err := wordFiles.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var raw map[string]any
		if err := json.Unmarshal(body, &raw); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for id, v := range raw {
			if all[id] != nil {
				t.Errorf("%s is said twice", id)
			}
			all[id] = map[string]string{}
			switch v := v.(type) {
			case string:
				all[id]["other"] = v
			case map[string]any:
				for form, s := range v {
					all[id][form] = s.(string)
				}
			}
		}
	}
	return all
}

var argument = regexp.MustCompile(`\{\{\.[A-Za-z]+\}\}`)

func TestBothLanguagesSayTheSame(t *testing.T) {
	pl, en := readWords(t, Polish), readWords(t, English)
	for id := range pl {
		if en[id] == nil {
			t.Errorf("%s is not said in English", id)
			continue
		}
		if arguments(pl[id]) != arguments(en[id]) {
			t.Errorf("%s: arguments %s in Polish, %s in English", id, arguments(pl[id]), arguments(en[id]))
		}
		if len(pl[id]) > 1 && (pl[id]["one"] == "" || pl[id]["few"] == "" || pl[id]["many"] == "") {
			t.Errorf("%s lacks a Polish plural form", id)
		}
		if (len(pl[id]) > 1) != (len(en[id]) > 1) {
			t.Errorf("%s is counted in one language only", id)
		}
	}
	for id := range en {
		if pl[id] == nil {
			t.Errorf("%s is not said in Polish", id)
		}
	}
	for lang, all := range map[string]map[string]map[string]string{"pl": pl, "en": en} {
		for id, forms := range all {
			for _, s := range forms {
				if strings.TrimSpace(s) != s || s == "" || strings.Contains(s, "!") || strings.Contains(s, "  ") {
					t.Errorf("%s %s: %q", lang, id, s)
				}
			}
		}
	}
}

func arguments(forms map[string]string) string {
	set := map[string]bool{}
	for _, s := range forms {
		for _, a := range argument.FindAllString(s, -1) {
			set[a] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), " ")
}

// constants returns the values of the package's string constants by type, so that
// a new Notice or Fault without words fails here and not at a customer.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	byType := map[string][]string{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			lit, ok := spec.Values[0].(*ast.BasicLit)
			kind := ""
			if id, is := spec.Type.(*ast.Ident); is {
				kind = id.Name
			} else if spec.Type == nil && strings.HasPrefix(spec.Names[0].Name, "Field") {
				kind = "Field"
			}
			if ok && lit.Kind == token.STRING && kind != "" {
				if v, _ := strconv.Unquote(lit.Value); v != "" {
					byType[kind] = append(byType[kind], v)
				}
			}
			return true
		})
	}
	return byType
}

func texts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return out
}

// readRights are the rights that a consent to read can give.
func readRights() []xs2a.Right {
	return slices.DeleteFunc(slices.Clone(xs2a.Rights), func(r xs2a.Right) bool {
		return r.Scope() != xs2a.AccountInfo && r.Scope() != xs2a.AccountList
	})
}

func without(all []string, some ...string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

// used returns every id that templates and code can ask for. A template that
// builds an id from a prefix must have that prefix in this table.
func used(t *testing.T) map[string]bool {
	c := constants(t)
	orders := []string{"hold", "hold_change", "transfer", "transfer_change"}
	// Consents of licensed third parties end at the third party, not at a page of ours.
	payments := []string{"payment", "bundle", "standing", "cancel", "look"}
	consents := append([]string{"list", "read", "renew", "funds", "consent"}, payments...)
	statuses := []string{"submitted", "pending", "scheduled", "done", "rejected", "cancelled"}
	families := map[string][]string{
		"notice.": c["Notice"], "obstacle.": c["Obstacle"], "access.": c["Access"], "access.more_": c["Access"],
		"login.": without(c["LoginState"], "locked"), "customer.": c["CustomerKind"], "role.": without(c["Role"], "self"),
		"factor.await_title_": without(c["ApprovalState"], "waits"), "factor.await_lead_": without(c["ApprovalState"], "waits"),
		"subject.": c["SubjectKind"], "factor.": c["FactorKind"], "factor.*_more": c["FactorKind"],
		"consent.title_": c["ConsentKind"], "consent.lead_": c["ConsentKind"],
		"consent.environment_": without(c["Environment"], "PUBLIC"), "environment.": without(c["Environment"], "PUBLIC"),
		"operation.title_": orders, "operation.lead_": orders,
		"result.title_": c["Outcome"], "result.lead_": without(c["Outcome"], "done", "failed"), "result.done_": without(c["SubjectKind"], consents...),
		"result.limit_": c["LimitKind"], "result.field_": c["Field"], "result.consent_": c["ConsentState"],
		"limit.": c["LimitKind"], "limit.*_more": {"single", "threshold"},
		"act.title_": c["ActKind"], "act.what_": c["ActKind"], "act.yes_": c["ActKind"],
		"error.title_": c["ErrorKind"], "error.what_": c["ErrorKind"], "error.next_": c["ErrorKind"],
		"pairing.": c["PairingState"], "pairing.what_": without(c["PairingState"], "active"),
		"phone.": without(c["ApprovalState"], "waits"), "own.": {"oneoff", "recurring"}, "own.*_more": {"oneoff", "recurring"},
		"field.": fieldNames(t), "fault.": c["Why"], "permission.": {"wants", "may"},
		"read.title_": {"list", "read", "renew"}, "read.lead_": {"list", "read", "renew"},
		"payment.title_": payments, "payment.lead_": payments, "payment.amount_": payments,
		"scope.": without(consents, "renew", "consent"), "lately.": texts(xs2a.Rights), "system.": texts(transfer.Systems), "charges.": {"SHA", "OUR", "BEN"},
		"right.":    append(texts(readRights()), "wants", "wants_once"),
		"transfer.": statuses, "transfer.what_": append(statuses, "returned"),
		"standing.":      {"submitted", "inProgress", "cancelled", "close"},
		"recurrence.":    {"day", "week", "month", "open", "between", "before", "after"},
		"failure.limit_": {"daily", "monthly"}, "failure.consent_": c["ConsentState"], "cap.": {"single", "daily", "monthly"}, "hint.": c["LimitHint"],
		"filter.": {FilterAll, FilterActive, FilterEnded, FilterWaiting, FilterMade, FilterFailed}, "consents.ended_by_": c["Ender"],
		"statistics.short_": {"psd2", "own"}, "statistics.channel_": {"psd2", "own"},
		"statistics.information_": {"psd2", "own"}, "statistics.initiation_": {"psd2", "own"},
		"access.by_": c["AccessBy"], "access.guide_": c["CustomerKind"],
	}
	if len(families["notice."]) == 0 || len(families["subject."]) == 0 {
		t.Fatal("the constants were not found")
	}
	ids := map[string]bool{"reason.internal": true}
	for prefix, values := range families {
		for _, v := range values {
			before, after, _ := strings.Cut(prefix, "*")
			ids[before+v+after] = true
		}
	}
	for i := range 12 {
		ids["month."+strconv.Itoa(i+1)] = true
	}
	for i := range 7 {
		ids["weekday."+strconv.Itoa(i)] = true
	}
	for _, unit := range []string{"day", "hour", "minute", "second"} {
		ids["duration."+unit], ids["after."+unit] = true, true
	}
	for _, id := range permissionWords {
		ids[id] = true
	}
	for _, id := range reasonWords {
		ids[id] = true
	}
	literal := regexp.MustCompile(`\b(?:t|tn) "([^"]+)"`)
	built := regexp.MustCompile(`print "([^"]+)" \.[A-Za-z.]+(?: "([^"]+)")?`)
	err := fs.WalkDir(templateFiles, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := templateFiles.ReadFile(name)
		for _, m := range literal.FindAllStringSubmatch(string(body), -1) {
			ids[m[1]] = true
		}
		for _, m := range built.FindAllStringSubmatch(string(body), -1) {
			family := m[1]
			if m[2] != "" {
				family += "*" + m[2]
			}
			if families[family] == nil {
				t.Errorf("%s builds ids %q that this test does not know", name, family)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// fieldNames are the names of all inputs in all stories that can carry a fault.
func fieldNames(t *testing.T) []string {
	p := newPages(t)
	names := map[string]bool{}
	for _, s := range Stories() {
		for _, in := range named(scan(t, render(t, p, Polish, s.Page)), "input") {
			if in.attr["type"] != "hidden" {
				names[in.attr["name"]] = true
			}
		}
	}
	return slices.Collect(maps.Keys(names))
}

func TestEveryWordIsSaidAndNoneIsMissing(t *testing.T) {
	pl, ids := readWords(t, Polish), used(t)
	for id := range ids {
		if pl[id] == nil {
			t.Errorf("%s has no words", id)
		}
	}
	for id := range pl {
		if !ids[id] {
			t.Errorf("%s is never said", id)
		}
	}
}

func TestEveryPermissionHasASentence(t *testing.T) {
	p := newPages(t)
	for _, object := range []string{"PAYMENTS", "BLOCKADES", "TRANSACTIONS", "USER"} {
		for _, action := range []string{"READ_LIST", "READ_DET", "CREATE", "DELETE", "UPDATE", "AUTH"} {
			right := Permission(object + ":" + action)
			for _, lang := range []Lang{Polish, English} {
				page := Consent{Kind: NewPairing, Environment: Public, Obligatory: []Permission{right}, Application: Application{Name: "Kawomat"}}
				if text := render(t, p, lang, page); strings.Count(text, "Kawomat") < 2 {
					t.Errorf("%s %s is not said", lang, right)
				}
			}
		}
	}
	if len(permissionWords) != 24 {
		t.Errorf("%d permissions, want 4 × 6", len(permissionWords))
	}
}

func TestEveryRefusalCanBeSaid(t *testing.T) {
	p := newPages(t)
	for _, code := range bank.Codes {
		render(t, p, Polish, Result{Outcome: Failed, Reason: code})
	}
	for code := range reasonWords {
		if !slices.Contains(bank.Codes, code) {
			t.Errorf("%q is no refusal of the bank", code)
		}
	}
}

func formIn(t *testing.T, lang Lang) form {
	t.Helper()
	w, err := loadWords(lang)
	if err != nil {
		t.Fatal(err)
	}
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	return form{lang, w, warsaw}
}

func TestPolishPlurals(t *testing.T) {
	f := formIn(t, Polish)
	for d, want := range map[time.Duration]string{
		time.Minute: "1 minuta", 2 * time.Minute: "2 minuty", 5 * time.Minute: "5 minut", 12 * time.Minute: "12 minut",
		22 * time.Minute: "22 minuty", 25 * time.Minute: "25 minut", time.Hour + 20*time.Minute: "1 godzina 20 minut",
		24 * time.Hour: "1 dzień", 90 * 24 * time.Hour: "90 dni", time.Hour + 5*time.Second: "1 godzina", 0: "1 sekunda",
		24*time.Hour + time.Minute: "1 dzień", 26*time.Hour + time.Minute: "1 dzień 2 godziny",
	} {
		if got, err := f.duration(d); err != nil || got != want {
			t.Errorf("%v: %q, want %q (%v)", d, got, want, err)
		}
	}
	for d, want := range map[time.Duration]string{time.Minute: "1 minutę", 3 * time.Second: "3 sekundy", time.Hour: "1 godzinę"} {
		if got, err := f.after(d); err != nil || got != want {
			t.Errorf("after %v: %q, want %q (%v)", d, got, want, err)
		}
	}
	for n, want := range map[int]string{1: "Pozostała 1 próba", 2: "Pozostały 2 próby", 5: "Pozostało 5 prób", 0: "Pozostało 0 prób"} {
		if got, _ := f.words.count("factor.wrong", n); !strings.Contains(got, want) {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestNumbersAndDatesInTheReadersForm(t *testing.T) {
	pl, en := formIn(t, Polish), formIn(t, English)
	for _, c := range []struct{ got, want string }{
		{pl.money(pln(123456)), "1\u00a0234,56\u00a0zł"},
		{en.money(pln(123456)), "PLN\u00a01,234.56"},
		{pl.money(pln(-5)), "−0,05\u00a0zł"},
		{en.money(pln(-5)), "−PLN\u00a00.05"},
		{pl.money(pln(100000000)), "1\u00a0000\u00a0000,00\u00a0zł"},
		{pl.money(money.New(99999, money.EUR)), "999,99\u00a0EUR"},
		{pl.signed(pln(1)), "+0,01\u00a0zł"},
		{pl.plain(pln(123456)), "1234,56"},
		{en.plain(pln(123456)), "1234.56"},
		{pl.money(pln(-1 << 63)), "−92\u00a0233\u00a0720\u00a0368\u00a0547\u00a0758,08\u00a0zł"},
		{nrbGroups(storyNRB), "06 9997 0013 1020 3040 5060 7080"},
		{nrbGroups("short"), "short"},
		// 23:30 UTC is the next day in Warsaw, in winter and in summer time.
		{pl.day(time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC)), "01.02.2026"},
		{pl.clock(time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC)), "00:30"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if got, _ := pl.date(time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)); got != "3\u00a0maja\u00a02026" {
		t.Errorf("%q", got)
	}
}

func TestCurveStaysInsideItsFrame(t *testing.T) {
	day := storyNow()
	for name, values := range map[string][]int64{
		"flat": {5, 5, 5}, "extreme": {-1 << 63, 0, 1<<63 - 1}, "two": {1, 2}, "debt": {-300, 200, -100},
	} {
		var points []BalancePoint
		for i, v := range values {
			points = append(points, BalancePoint{day.AddDate(0, 0, i), pln(v)})
		}
		c := drawCurve(points)
		for _, n := range regexp.MustCompile(`[0-9]+`).FindAllString(strings.ReplaceAll(c.Line, "H", " "), -1) {
			if v, err := strconv.Atoi(n); err != nil || v > curveWidth {
				t.Errorf("%s: %s leaves the frame", name, c.Line)
			}
		}
		if wantZero := name == "extreme" || name == "debt"; (c.Zero >= 0) != wantZero {
			t.Errorf("%s: zero line at %d", name, c.Zero)
		}
	}
	if drawCurve([]BalancePoint{{day, pln(1)}}) != nil {
		t.Error("one point is no curve")
	}
	if share(pln(5), pln(0)) != 0 || share(pln(7), pln(5)) != 1000 || share(pln(1<<62), pln(1<<62+1)) != 999 || share(pln(1), pln(4)) != 250 {
		t.Error("a bar is drawn wrong")
	}
}

// The pages' funcs must stay the ones the templates were written for.
func TestFuncsAreUsed(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	var bodies strings.Builder
	_ = fs.WalkDir(templateFiles, "templates", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := templateFiles.ReadFile(name)
			bodies.Write(b)
		}
		return err
	})
	for name := range formIn(t, Polish).funcs(a) {
		if !regexp.MustCompile(`[{( |]` + name + `[ })]`).MatchString(bodies.String()) {
			t.Errorf("no template uses %s", name)
		}
	}
}

func TestShortPolishWordsStayWithTheNext(t *testing.T) {
	for text, want := range map[string]string{
		"blokada w granicach i z Twoim kontem": "blokada w\u00a0granicach i\u00a0z\u00a0Twoim kontem",
		"W czyim imieniu":                      "W\u00a0czyim imieniu", "kawa na rok": "kawa na rok", "": "",
	} {
		if got := keepShortWords(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if s, _ := formIn(t, English).words.say("consent.who"); strings.Contains(s, "\u00a0") {
		t.Error("English has no such rule")
	}
}
