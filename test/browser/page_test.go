package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// looked is what one look at a page finds.
type looked struct {
	Lang, Title, Heading string
	Headings             int
	Width                int
	Sheets               int
	Stops                []string // what Tab must reach, in the order of the page
	Doubled              []string // ids given twice
	Small                []string
	Scripts              int
}

// stops are the elements that Tab must reach: of a group of radio buttons, one.
const stops = `(() => {
	const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
		.filter(e => !e.disabled && e.checkVisibility());
	const group = e => e.type === "radio" ? all.find(o => o.type === "radio" && o.name === e.name && o.form === e.form) : e;
	return {all: [...new Set(all.map(group))], group};
})()`

const look = `(() => {
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	return {
		Lang: document.documentElement.lang, Title: document.title,
		Heading: document.querySelector("h1")?.innerText ?? "", Headings: document.querySelectorAll("h1").length,
		Width: document.documentElement.scrollWidth, Sheets: document.styleSheets.length,
		Stops: ` + stops + `.all.map(e => e.id || e.innerText),
		Doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
		Small: [...document.querySelectorAll("button, .button, select, summary, input:not([type=hidden])")].filter(e => e.checkVisibility())
			.filter(e => (e.closest(".choice, .check") || e).getBoundingClientRect().height < 43.5).map(e => e.id || e.innerText),
		Scripts: document.scripts.length,
	};
})()`

// page photographs the present page, when photographs are wanted, and examines it.
func (r *reader) page(name string) {
	r.Helper()
	r.photograph(name) // first: later the focus is somewhere
	for _, fault := range r.faults() {
		r.Errorf("%s/%s (%s): %s", r.flow, name, r.here(), fault)
	}
}

// faults examines the present page: its language and structure, its width, the
// names of its controls, the way of the focus through it, and what the browser
// complained about on the way to it.
func (r *reader) faults() []string {
	r.Helper()
	var found []string
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	l := asks[looked](r, look)
	add(l.Lang != r.lang, "the page says it is in %q, not in %q", l.Lang, r.lang)
	add(l.Headings != 1 || strings.TrimSpace(l.Heading) == "", "%d headings of the first rank, %q", l.Headings, l.Heading)
	add(!strings.HasSuffix(l.Title, " – okienko") || strings.HasPrefix(l.Title, " "), "the title is %q", l.Title)
	add(l.Width > narrow, "it scrolls sideways: %d px wide on a screen of %d", l.Width, narrow)
	add(l.Sheets != 1, "%d style sheets", l.Sheets)
	add(len(l.Doubled) > 0, "ids given twice: %v", l.Doubled)
	add(len(l.Small) > 0, "too small to touch: %v", l.Small)
	if !r.scripts { // with scripts they are the same pages
		found = append(found, r.unnamed()...)
		found = append(found, r.walks(l.Stops)...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.complaints {
		add(true, "the browser complains: %s", c)
	}
	r.complaints = nil
	return found
}

// partnersPage examines a page that stands in the place of a partner's server. It
// has no language but the developers' and no style of ours.
func (r *reader) partnersPage(name string) {
	r.Helper()
	where := fmt.Sprintf("%s/%s (%s)", r.flow, name, r.here())
	l := asks[looked](r, look)
	if l.Lang != "en" || l.Headings != 1 || l.Width > narrow {
		r.Errorf("%s: language %q, %d headings, %d px wide", where, l.Lang, l.Headings, l.Width)
	}
	for _, fault := range r.unnamed() {
		r.Errorf("%s: %s", where, fault)
	}
	r.photograph(name)
}

// focused is where the focus is and whether a reader can see it.
type focused struct {
	At      int     // in the list of stops; -1 elsewhere
	ID      string  //
	Outline float64 // px, of the element or of what encloses it
	Inside  bool    // of the screen
	Free    bool    // nothing lies over it
}

const focus = `(() => {
	const {all, group} = ` + stops + `;
	const e = document.activeElement;
	if (!e || e === document.body) return {At: -1, ID: "body", Outline: 0, Inside: true, Free: true};
	let outline = 0;
	for (let n = e; n; n = n.parentElement) {
		const s = getComputedStyle(n);
		if (s.outlineStyle !== "none") { outline = parseFloat(s.outlineWidth); break; }
	}
	const b = e.getBoundingClientRect();
	const x = (Math.max(b.left, 0) + Math.min(b.right, innerWidth)) / 2, y = (Math.max(b.top, 0) + Math.min(b.bottom, innerHeight)) / 2;
	const over = document.elementFromPoint(x, y);
	return {
		At: all.indexOf(group(e)), ID: e.id || e.innerText || e.tagName, Outline: outline,
		Inside: b.bottom > 0 && b.top < innerHeight && b.right > 0 && b.left < innerWidth,
		Free: !!over && (e.contains(over) || over.contains(e) || over.closest("label")?.control === e),
	};
})()`

// walks goes once through the page with Tab. Everything that can be pressed or
// filled in must come, and must be seen when it has the focus (WCAG 2.4.7, 2.4.11).
func (r *reader) walks(want []string) (found []string) {
	r.Helper()
	left := map[int]bool{}
	for i := range want {
		left[i] = true
	}
	// A field for a date takes several Tabs, one for each of its parts.
	for range 2*len(want) + 20 {
		if len(left) == 0 {
			return found
		}
		r.does("Tab", tabKey)
		f := asks[focused](r, focus)
		if f.At < 0 || !left[f.At] {
			continue
		}
		delete(left, f.At)
		if f.Outline < 2 {
			found = append(found, fmt.Sprintf("nobody sees that %q has the focus", f.ID))
		}
		if !f.Inside || !f.Free {
			found = append(found, fmt.Sprintf("%q is hidden while it has the focus", f.ID))
		}
	}
	for i := range left {
		found = append(found, fmt.Sprintf("Tab does not reach %q", want[i]))
	}
	return found
}

// speaking are the roles that a screen reader announces by their name.
var speaking = []string{
	"button", "link", "textbox", "radio", "checkbox", "combobox", "listbox", "spinbutton", "Date", "DateTime", "DisclosureTriangle",
	"progressbar", "heading", "image", "navigation", "search", "radiogroup", "RootWebArea",
}

// unnamed finds what has no name in the accessibility tree, which is what
// assistive technology gets.
func (r *reader) unnamed() (found []string) {
	r.Helper()
	var nodes []*accessibility.Node
	r.does("reading the accessibility tree", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		tree, err := cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err == nil {
			nodes = tree.Nodes
		}
		return err
	}))
	speak := 0
	for _, n := range nodes {
		role := said(n.Role)
		if n.Ignored || !slices.Contains(speaking, role) {
			continue
		}
		speak++
		if strings.TrimSpace(said(n.Name)) == "" {
			found = append(found, "a "+role+" has no name")
		}
	}
	if speak < 2 {
		found = append(found, fmt.Sprintf("the accessibility tree holds %d named things; it was not read", speak))
	}
	return found
}

func said(v *accessibility.Value) string {
	s := ""
	if v != nil {
		_ = json.Unmarshal(v.Value, &s) // a value that is no text has none
	}
	return s
}

// photograph takes the page on both screens, by day and by night.
func (r *reader) photograph(name string) {
	r.Helper()
	*r.shots++
	if r.folder == "" {
		return
	}
	for _, width := range []int64{wide, narrow} {
		for _, scheme := range []string{"dark", "light"} {
			ctx, cancel := context.WithTimeout(r.tab, step)
			picture, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
				if err := screen(ctx, t, width, scheme); err != nil {
					return nil, err
				}
				w, err := chromedp.Evaluate[int64]("document.documentElement.scrollWidth")(ctx, t)
				if err != nil {
					return nil, err
				}
				if w > width {
					return nil, fmt.Errorf("%d px wide on a screen of %d", w, width)
				}
				return chromedp.FullScreenshot(100)(ctx, t)
			})
			cancel()
			if err != nil {
				r.Fatalf("photographing %s: %v", name, err)
			}
			file := fmt.Sprintf("%s_%02d-%s_%s_%d_%s.png", r.flow, *r.shots, name, r.lang, width, scheme)
			if err := os.WriteFile(filepath.Join(r.folder, file), picture, 0o644); err != nil {
				r.Fatal(err)
			}
		}
	}
}
