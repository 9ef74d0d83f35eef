package ui

import (
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"okienko/bank/money"
)

func TestEveryPageIsSound(t *testing.T) {
	everyPage(t, func(t *testing.T, lang Lang, page Page, text string, all []*element) {
		if h := named(all, "html"); len(h) != 1 || h[0].attr["lang"] != string(lang) {
			t.Error("the page does not say its language")
		}
		if h := named(all, "h1"); len(h) != 1 || strings.TrimSpace(h[0].text) == "" {
			t.Errorf("%d h1, want one with words", len(h))
		}
		if title := named(all, "title"); len(title) == 0 || title[0].text == " – okienko" {
			t.Error("no title")
		}
		for _, landmark := range []string{"header", "main", "footer"} {
			if n := len(named(all, landmark)); n != 1 {
				t.Errorf("%d <%s>, want one", n, landmark)
			}
		}
		level := 0
		for _, h := range named(all, "h1", "h2", "h3") {
			// The summary of faults stands above the h1 on purpose: it is read first.
			if next := int(h.name[1] - '0'); h.attr["id"] != "faults-title" {
				if next > level+1 {
					t.Errorf("heading %q jumps from level %d to %d", h.text, level, next)
				}
				level = next
			}
		}
		for _, wrong := range []string{"<no value>", "ZgotmplZ", "%!", "{{"} {
			if strings.Contains(text, wrong) {
				t.Errorf("the page contains %q", wrong)
			}
		}
	})
}

func TestIDsAreUniqueAndReferencesResolve(t *testing.T) {
	everyPage(t, func(t *testing.T, _ Lang, _ Page, _ string, all []*element) {
		ids := map[string]bool{}
		for _, e := range all {
			if id, ok := e.attr["id"]; ok {
				if id == "" || ids[id] {
					t.Errorf("id %q is empty or used twice", id)
				}
				ids[id] = true
			}
		}
		for _, e := range all {
			for _, ref := range []string{"for", "aria-labelledby", "aria-describedby"} {
				for _, id := range strings.Fields(e.attr[ref]) {
					if !ids[id] {
						t.Errorf("<%s %s=%q> points nowhere", e.name, ref, id)
					}
				}
			}
			if target, ok := strings.CutPrefix(e.attr["href"], "#"); ok && !ids[target] {
				t.Errorf("link to #%s points nowhere", target)
			}
		}
	})
}

func TestEveryInputHasALabelAndEveryFaultIsBesideItsField(t *testing.T) {
	everyPage(t, func(t *testing.T, _ Lang, page Page, _ string, all []*element) {
		labels := map[string]string{}
		for _, l := range named(all, "label") {
			labels[l.attr["for"]] = strings.TrimSpace(l.text)
		}
		invalid := map[string]bool{}
		for _, in := range named(all, "input", "select", "textarea") {
			if in.attr["type"] == "hidden" {
				continue
			}
			if in.attr["id"] == "" || in.attr["name"] == "" || labels[in.attr["id"]] == "" {
				t.Errorf("<%s id=%q name=%q> lacks id, name or label", in.name, in.attr["id"], in.attr["name"])
			}
			if !slices.Contains(in.inside, "form") {
				t.Errorf("%q stands outside a form", in.attr["name"])
			}
			if in.attr["aria-invalid"] == "true" {
				invalid[in.attr["name"]] = true
			}
			if kind := in.attr["type"]; (kind == "text" || kind == "password") && in.attr["autocomplete"] == "" {
				t.Errorf("%q does not say what may be filled in", in.attr["name"])
			}
		}
		for _, f := range page.frame().Faults {
			sentence := ""
			for _, e := range all {
				if e.attr["id"] == f.Field+"-fault" {
					sentence = e.text
				}
			}
			if sentence == "" {
				t.Errorf("nothing is said beside %q", f.Field)
			}
			inSummary := false
			for _, a := range named(all, "a") {
				inSummary = inSummary || a.attr["href"] == "#"+f.Field && strings.HasSuffix(a.text, sentence)
			}
			if !inSummary {
				t.Errorf("the summary does not repeat %q", sentence)
			}
			if labels[f.Field] != "" && !invalid[f.Field] && !slices.Contains([]string{"account", "customer", "method"}, f.Field) {
				t.Errorf("%q is not marked invalid", f.Field)
			}
		}
	})
}

// A page must pass default-src 'none': nothing inline, nothing from elsewhere.
func TestPagesNeedNoInlineCodeAndNoForeignThings(t *testing.T) {
	everyPage(t, func(t *testing.T, _ Lang, _ Page, text string, all []*element) {
		if n := len(named(all, "script", "style", "iframe", "object", "embed", "base")); n != 0 {
			t.Errorf("%d elements that the policy forbids", n)
		}
		for _, e := range all {
			for a, v := range e.attr {
				if a == "style" || strings.HasPrefix(a, "on") {
					t.Errorf("<%s %s=%q>", e.name, a, v)
				}
				if (a == "src" || e.name == "link" && a == "href") && !strings.HasPrefix(v, "/") {
					t.Errorf("<%s> loads %q from elsewhere", e.name, v)
				}
			}
		}
	})
}

// Forms and links go where the view model says; the templates know no routes.
func TestAddressesComeFromTheViewModel(t *testing.T) {
	everyPage(t, func(t *testing.T, _ Lang, page Page, _ string, all []*element) {
		given := map[string]bool{}
		collect(reflect.ValueOf(page), given)
		for _, e := range all {
			for _, a := range []string{"href", "action"} {
				v, ok := e.attr[a]
				if !ok || strings.HasPrefix(v, "#") || strings.HasPrefix(v, AssetPrefix) {
					continue
				}
				if !given[v] {
					t.Errorf("<%s %s=%q> is not an address the handler gave", e.name, a, v)
				}
			}
			if e.name == "form" && e.attr["method"] != "post" && e.attr["id"] != "filter-form" && e.attr["id"] != "phone-form" {
				t.Errorf("form %q changes something with %q", e.attr["id"], e.attr["method"])
			}
			if e.name == "form" && e.attr["id"] == "" {
				t.Errorf("a form to %q has no id", e.attr["action"])
			}
			if e.name == "button" && e.attr["id"] == "" {
				t.Errorf("the button %q has no id", e.text)
			}
		}
	})
}

func collect(v reflect.Value, into map[string]bool) {
	switch v.Kind() {
	case reflect.String:
		into[v.String()] = true
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collect(v.Elem(), into)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			collect(v.Field(i), into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collect(v.Index(i), into)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	p := newPages(t)
	app := Application{Name: hostile, Description: hostile, Partner: hostile, PartnerAddress: hostile, Logo: "javascript:alert(3)"}
	pages := []Page{
		Login{Common: Common{Here: hostile, LanguageAction: "/l"}, Action: "/login", Typed: hostile, Waiting: &app},
		Consent{Action: "/c", Kind: NewPairing, Application: app, Environment: Public, Obligatory: []Permission{"BLOCKADES:CREATE"},
			Accounts: []AccountChoice{{ID: hostile, Name: hostile, NRB: hostile}}},
		ConfirmOperation{Action: "/o", Kind: SubjectTransfer, Application: app, Amount: pln(1), Payee: Payee{hostile, hostile}, Title: hostile, ExpiresAt: storyNow()},
		Account{Summary: AccountSummary{Name: hostile, Access: AccessIsOn}, Filter: HistoryFilter{Text: hostile},
			Entries: []EntryLine{{Title: hostile, Party: hostile, Through: hostile}}},
		Phone{Picked: "1", Messages: []SMS{{storyNow(), hostile}}, People: []PhoneOwner{{hostile, hostile}}},
	}
	for _, page := range pages {
		text := render(t, p, Polish, page)
		all := scan(t, text)
		if len(named(all, "script")) != 0 || strings.Contains(text, "javascript:") {
			t.Errorf("%T lets markup through", page)
		}
		for _, e := range all {
			if _, ok := e.attr["onerror"]; ok {
				t.Errorf("%T lets an attribute through", page)
			}
		}
		if !strings.Contains(text, "&lt;script&gt;") {
			t.Errorf("%T does not show the text at all", page)
		}
	}
}

func TestNoHalfPageOnError(t *testing.T) {
	p := newPages(t)
	w := httptest.NewRecorder()
	// A permission without words must never reach a customer as an empty line.
	err := p.Render(w, 200, Polish, Consent{Kind: NewPairing, Environment: Public, Obligatory: []Permission{"MOON:CREATE"}})
	if err == nil || w.Body.Len() != 0 || len(w.Header()) != 0 {
		t.Errorf("err %v, %d bytes, headers %v: want an error and nothing written", err, w.Body.Len(), w.Header())
	}
	if p.Render(w, 200, Polish, nil) == nil {
		t.Error("no page, no error")
	}
}

func TestRenderSetsStatusAndHeaders(t *testing.T) {
	w := httptest.NewRecorder()
	if err := newPages(t).Render(w, 404, English, ErrorPage{Kind: NotFound}); err != nil {
		t.Fatal(err)
	}
	h := w.Header()
	if w.Code != 404 || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Content-Language") != "en" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, h)
	}
}

func TestConfirmationShowsWhatTheLawAsks(t *testing.T) {
	p := newPages(t)
	page := ConfirmOperation{Action: "/o", Kind: SubjectTransfer, Application: kawomat(), Amount: pln(123456), Fee: pln(150),
		Payee: payee(), Title: "Rower", Account: everyday(), ExpiresAt: storyNow()}
	for lang, want := range map[Lang][]string{
		Polish:  {"1\u00a0234,56\u00a0zł", "1,50\u00a0zł", "Automaty Wiślane", "Rower", "21\u00a0listopada\u00a02026, 14:28"},
		English: {"PLN\u00a01,234.56", "PLN\u00a01.50", "Automaty Wiślane", "Rower", "21\u00a0November\u00a02026, 14:28"},
	} {
		text := render(t, p, lang, page)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is missing", lang, w)
			}
		}
	}
}

func TestDisabledAccountCannotBeChosen(t *testing.T) {
	page := Consent{Action: "/c", Kind: NewPairing, Environment: Public, Account: "b",
		Accounts: []AccountChoice{{ID: "a", Name: "A", Available: pln(1)}, {ID: "b", Name: "B", Obstacle: ObstacleBlocked}}}
	for _, in := range named(scan(t, render(t, newPages(t), Polish, page)), "input") {
		_, disabled := in.attr["disabled"]
		_, checked := in.attr["checked"]
		if in.attr["value"] == "b" && (!disabled || checked) {
			t.Error("a blocked account can be chosen")
		}
	}
}

func TestNoPageReloadsItself(t *testing.T) {
	p := newPages(t)
	for _, s := range Stories() {
		for _, m := range named(scan(t, render(t, p, Polish, s.Page)), "meta") {
			if m.attr["http-equiv"] != "" {
				t.Errorf("%s: %v", s.Name, m.attr)
			}
		}
	}
}

func TestAmountsThatPeopleType(t *testing.T) {
	for text, want := range map[string]int64{
		"1 234,56": 123456, "1\u00a0234,56\u00a0zł": 123456, "1234.56": 123456, " 200 ": 20000, "0,5": 50, "12,30 PLN": 1230, "0": 0,
		"PLN 1,234.56": 123456, "1.234,56 zł": 123456, "1,234,567.8": 123456780,
	} {
		if got, err := ReadAmount(text, money.PLN); err != nil || got.Minor() != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "dużo", "-5", "1,23,456.00", "1,234.5.6", "1.234.567", "1,2345.00", "1,234", "1e3", "١٢", "0x10", "5 zł zł zł x"} {
		if got, err := ReadAmount(text, money.PLN); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

// A storybook that contradicts itself teaches nobody what the page should say.
func TestStoriesAddUp(t *testing.T) {
	entries, curve, account := storyEntries(), storyCurve(), storyAccounts()[0]
	if entries[0].Balance != account.Booked || curve[len(curve)-1].Balance != account.Booked {
		t.Errorf("history ends at %v, the curve at %v, the balance is %v", entries[0].Balance, curve[len(curve)-1].Balance, account.Booked)
	}
	for i := range entries[:len(entries)-1] {
		before, err := entries[i].Balance.Sub(entries[i].Amount)
		if err != nil || before != entries[i+1].Balance {
			t.Errorf("entry %d: %v before it, %v in the line below", i, before, entries[i+1].Balance)
		}
	}
	held := money.Zero(money.PLN)
	for _, h := range storyHolds() {
		held, _ = held.Add(h.Amount)
	}
	if held != account.Held {
		t.Errorf("holds of %v, want %v", held, account.Held)
	}
}
