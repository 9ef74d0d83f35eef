// Package browser walks through the bank's pages the way a customer does, in
// Debian's chromium: with the keyboard alone, without scripts, on a screen 360
// pixels wide, in Polish and in English.
//
// The bank is a whole one, started by package okienkotest; nothing is reached
// but loopback. Every page on the way is examined (see page_test.go). With
// OKIENKO_SCREENSHOTS naming a folder it is also photographed, narrow and wide,
// light and dark.
package browser

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	chromium = "/usr/bin/chromium"
	narrow   = 360 // px: the smallest phones in use
	wide     = 1280
	high     = 740

	whole = 8 * time.Minute  // the photographs take most of it
	step  = 20 * time.Second // one key or one page, with a busy machine
)

// openBrowser starts the one browser of a test. It has no window and no tab yet.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	if _, err := os.Stat(chromium); err != nil {
		if ci := os.Getenv("CI"); ci != "" && ci != "false" {
			t.Fatalf("the pages cannot be looked at: %v (Debian package chromium)", err)
		}
		t.Skipf("PAGES NOT LOOKED AT: %v (Debian package chromium; `make prepare` installs it)", err)
	}
	// Every bank of a test has an authority of its own, which no browser knows.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("hide-scrollbars", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // as root chromium starts in no other way
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), whole)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	ctx, closeBrowser := chromedp.NewContext(ctx)
	t.Cleanup(func() { closeBrowser(); stop(); cancel() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	return ctx
}

// open gives a reader a browser profile of their own: nobody else's cookies.
func (p *pass) open(t *testing.T) *reader {
	t.Helper()
	r := &reader{T: t, pass: p}
	ctx, cancel := chromedp.NewContext(p.browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(r.hear))
	t.Cleanup(cancel)
	r.tab = ctx
	r.prepare()
	return r
}

// beside is another tab of the same reader: same profile, same cookies.
func (r *reader) beside() *reader {
	r.Helper()
	b := &reader{T: r.T, pass: r.pass, flow: r.flow, shots: r.shots}
	ctx, cancel := chromedp.NewContext(r.tab, chromedp.WithListener(b.hear))
	r.Cleanup(cancel)
	b.tab = ctx
	b.prepare()
	return b
}

// prepare sets the tab up before its first page.
func (r *reader) prepare() {
	r.Helper()
	// A tab lives as long as the context of its first run, so that one has no bound of its own.
	if err := chromedp.Do(r.tab); err != nil {
		r.Fatalf("opening a tab: %v", err)
	}
	r.does("preparing a tab", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		// Without it a page of a browser without windows never has the focus.
		if _, err := cdp.Call(ctx, t, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !r.scripts}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, t, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
			Headers: network.Headers{"Accept-Language": r.lang},
		}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, t, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, t, audits.Enable, cdp.Empty{}); err != nil {
			return err
		}
		return screen(ctx, t, narrow, "light")
	}))
}

// screen changes what the page is looked at with.
func screen(ctx context.Context, t *chromedp.Target, width int64, scheme string) error {
	if _, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: high, DeviceScaleFactor: 1, Mobile: width < 600,
	}); err != nil {
		return err
	}
	_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"}, // or a photograph catches colours on their way
		},
	})
	return err
}

// hear notes what the browser complains about: a violated policy, an exception,
// a part of a page that could not be had. It runs between the browser's messages
// and must only take notes.
func (r *reader) hear(event any) {
	text := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Type == network.ResourceTypeDocument {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.document = e.Request.URL
		}
		return
	case *log.EventEntryAdded:
		// A page with an error status is one of ours; what is missing inside a page is not meant.
		if e.Entry.Source == log.EntrySourceNetwork && e.Entry.URL == r.asked() || e.Entry.Level != log.EntryLevelError && e.Entry.Source != log.EntrySourceSecurity {
			return
		}
		text = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
	case *audits.EventIssueAdded:
		d := e.Issue.Details
		if d == nil || d.ContentSecurityPolicyIssueDetails == nil {
			return
		}
		c := d.ContentSecurityPolicyIssueDetails
		text = fmt.Sprintf("policy: %s stops %s", c.ViolatedDirective, c.BlockedURL)
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.complaints = append(r.complaints, text)
}
