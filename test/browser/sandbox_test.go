package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var spaceKey = chromedp.KeyEvent(" ")

// phone picks a made-up phone and looks at its messages.
func (p *pass) phone(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.Sandbox + "/")
	r.at(p.Sandbox + "/phone")
	r.page("pick")
	r.tabsTo("customer")
	r.does("choosing by typing", chromedp.KeyEvent("Anna"))
	r.follows("pick")
	r.at(p.Sandbox + "/phone/anna")
	r.says("Parkomat", p.Code(t, "anna"))
	r.page("messages")
	if lang := asks[string](r, `document.querySelector(".sms").lang`); lang != "pl" {
		t.Errorf("a message to Anna, who reads Polish, is marked %q", lang)
	}
	r.opens(p.Sandbox + "/phone/jan")
	r.page("approvals")
	r.follows("language-switch")
	r.at(p.Sandbox + "/phone/jan")
	if lang := asks[string](r, "document.documentElement.lang"); lang == p.lang {
		t.Errorf("the page is still in %q", lang)
	}
	r.follows("language-switch")
	r.opens(p.Sandbox + "/phone/nobody")
	r.page("unknown")
}

// clock stops the bank's time, moves it and lets it run again.
func (p *pass) clock(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.Sandbox + "/clock")
	r.page("running")
	r.follows("freeze")
	r.says(p.in("zatrzymany", "frozen"))
	r.page("frozen")
	before := r.shown()
	r.tabsToPrefix("jump-0")
	r.enters()
	if after := r.shown(); !after.After(before) {
		t.Errorf("a jump leads from %s to %s", before, after)
	}
	r.page("moved")
	r.tabsTo("set")
	r.enters()
	r.says(strings.TrimSpace(p.in("Zegar banku", "Bank clock")))
	r.page("set")
	r.follows("run")
	r.saysNot(p.in("zatrzymany", "frozen"))
	r.follows("to-phone")
	r.at(p.Sandbox + "/phone")
}

// shown is the time on the clock's page.
func (r *reader) shown() time.Time {
	r.Helper()
	at, err := time.Parse(time.RFC3339, asks[string](r, `document.querySelector("#now time").dateTime`))
	if err != nil {
		r.Fatal(err)
	}
	return at
}
