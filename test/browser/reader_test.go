package browser

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"okienko/okienkotest"
)

// pass is one walk through all flows, in one language.
type pass struct {
	*okienkotest.Bank
	third   *okienkotest.ThirdParty
	browser context.Context
	lang    string // "pl" or "en"
	scripts bool   // the browser runs scripts
	folder  string // for photographs; "" for none
	context bool   // the choice of the customer has been looked at
}

// in chooses the words of the pass's language.
func (p *pass) in(polish, english string) string {
	if p.lang == "pl" {
		return polish
	}
	return english
}

// reader is somebody in front of the browser who has no mouse.
type reader struct {
	*testing.T
	*pass
	tab   context.Context
	flow  string
	shots *int // pages of the flow so far, for the names of photographs

	mu         sync.Mutex
	complaints []string // of the browser
	document   string   // the last page that was asked for
	address    string   // of the present page
}

// starts a flow with a new reader.
func (p *pass) starts(t *testing.T, flow string) *reader {
	t.Helper()
	r := p.open(t)
	r.flow, r.shots = flow, new(int)
	return r
}

func (r *reader) here() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.address
}

func (r *reader) asked() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.document
}

// does runs steps within a bounded time.
func (r *reader) does(what string, steps ...chromedp.Action[chromedp.Void]) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.tab, step)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		r.Fatalf("%s: %v (at %s)", what, err, r.here())
	}
}

// asks evaluates an expression in the page. That works where the page's own
// scripts do not.
func asks[T any](r *reader, expression string) T {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.tab, step)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		r.Fatalf("asking the page %.60q: %v (at %s)", expression, err, r.here())
	}
	return v
}

// opens types an address into the address bar.
func (r *reader) opens(address string) {
	r.Helper()
	r.loads("opening "+address, chromedp.Navigate(address))
}

// loads does something that leads to a page, and waits until the page is there.
func (r *reader) loads(what string, trigger chromedp.Action[chromedp.Void]) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.tab, step)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.WaitEvent(page.LoadEventFired, nil, trigger)); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			r.Fatalf("%s leads to no page (at %s)\n%s\ncomplaints: %q", what, r.here(), r.text(), r.heard())
		}
		r.Fatalf("%s: %v", what, err)
	}
	address := asks[string](r, "location.href")
	r.mu.Lock()
	r.address = address
	r.mu.Unlock()
}

func (r *reader) heard() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.complaints...)
}

// text is what the page says.
func (r *reader) text() string {
	r.Helper()
	return strings.ReplaceAll(asks[string](r, "document.body.innerText"), "\u00a0", " ")
}

// tabsTo presses Tab until the focus is on an element with this id.
func (r *reader) tabsTo(id string) { r.Helper(); r.goesTo(id, tabKey) }

// tabsBackTo presses Shift and Tab.
func (r *reader) tabsBackTo(id string) {
	r.Helper()
	r.goesTo(id, chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
}

var tabKey = chromedp.KeyEvent(kb.Tab)

const mostStops = 80

func (r *reader) goesTo(id string, key chromedp.Action[chromedp.Void]) {
	r.Helper()
	var way []string
	for range mostStops {
		r.does("Tab", key)
		on := asks[string](r, `document.activeElement ? document.activeElement.id : ""`)
		if on == id {
			return
		}
		way = append(way, on)
	}
	r.Fatalf("Tab does not reach #%s at %s; its way: %s\n%s", id, r.here(), strings.Join(way, " "), r.text())
}

// types replaces what stands in the field: Tab has selected it.
func (r *reader) types(id, text string) {
	r.Helper()
	r.tabsTo(id)
	r.does("typing", chromedp.KeyEvent(text))
	if got := asks[string](r, "document.activeElement.value"); got != text {
		r.Fatalf("typed %q into #%s, which holds %q", text, id, got)
	}
}

// ticks presses Space on a check box or a radio button.
func (r *reader) ticks(id string) {
	r.Helper()
	r.tabsTo(id)
	r.does("Space", chromedp.KeyEvent(" "))
	if !asks[bool](r, "document.activeElement.checked") {
		r.Fatalf("Space does not tick #%s", id)
	}
}

// arrowsTo moves within a group of radio buttons, as arrows do.
func (r *reader) arrowsTo(id string) {
	r.Helper()
	for range 12 {
		if asks[string](r, "document.activeElement.id") == id {
			return
		}
		r.does("arrow", chromedp.KeyEvent(kb.ArrowDown))
	}
	r.Fatalf("arrows do not reach #%s at %s", id, r.here())
}

// enters presses Enter where the focus is and waits for the page that follows.
func (r *reader) enters() { r.Helper(); r.loads("Enter", chromedp.KeyEvent(kb.Enter)) }

// follows goes to a link or a button and presses Enter.
func (r *reader) follows(id string) { r.Helper(); r.tabsTo(id); r.enters() }

// tabsToPrefix presses Tab until the focus is on an element whose id begins so.
func (r *reader) tabsToPrefix(prefix string) {
	r.Helper()
	for range mostStops {
		r.does("Tab", tabKey)
		if strings.HasPrefix(asks[string](r, `document.activeElement ? document.activeElement.id : ""`), prefix) {
			return
		}
	}
	r.Fatalf("Tab reaches nothing named %s… at %s\n%s", prefix, r.here(), r.text())
}

// followsLink goes to the first link to an address that begins so and presses Enter.
func (r *reader) followsLink(prefix string) {
	r.Helper()
	for range mostStops {
		r.does("Tab", tabKey)
		if strings.HasPrefix(asks[string](r, `(document.activeElement && document.activeElement.getAttribute("href")) || ""`), prefix) {
			r.enters()
			return
		}
	}
	r.Fatalf("Tab reaches no link to %s at %s", prefix, r.here())
}

// says demands words on the page.
func (r *reader) says(texts ...string) {
	r.Helper()
	got := r.text()
	for _, t := range texts {
		if !strings.Contains(got, t) {
			r.Errorf("the page does not say %q (at %s)\n%s", t, r.here(), got)
		}
	}
}

// saysNot demands that words are not on the page.
func (r *reader) saysNot(texts ...string) {
	r.Helper()
	got := r.text()
	for _, t := range texts {
		if strings.Contains(got, t) {
			r.Errorf("the page says %q (at %s)\n%s", t, r.here(), got)
		}
	}
}

// at demands the address of the page.
func (r *reader) at(prefix string) {
	r.Helper()
	if !strings.HasPrefix(r.here(), prefix) {
		r.Fatalf("at %s, want %s\n%s", r.here(), prefix, r.text())
	}
}

// logsIn fills in the log-in page. Who acts for others too then chooses themself.
func (r *reader) logsIn(login string) {
	r.Helper()
	r.types("login", login)
	r.types("password", r.Password)
	r.enters() // in the last field, as people do
	if strings.HasPrefix(r.here(), r.People+"/context") {
		if !r.context { // it is the same page for everybody
			r.context = true
			r.page("context")
		}
		r.ticks("customer")
		r.follows("choose")
	}
}
