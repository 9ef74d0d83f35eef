package psd2

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/xs2a"
)

func cursorWorld() (*Core, *Reading, Query) {
	c := &Core{Config: Config{CursorKey: []byte("0123456789abcdef0123456789abcdef")}}
	r := &Reading{Now: time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC), Consent: &xs2a.Consent{
		ID: "consent", Scope: xs2a.AccountInfo, Grants: []xs2a.Grant{{Right: xs2a.ReadDone, HistoryDays: 90}, {Right: xs2a.ReadHolds, HistoryDays: 90}},
	}}
	return c, r, Query{From: calendar.Date{Year: 2026, Month: 11, Day: 1}, Size: 10}
}

func (r *Reading) fetch() fetch {
	return fetch{began: r.Now, lists: []xs2a.Right{xs2a.ReadDone, xs2a.ReadHolds}, after: place{at: r.Now.Add(-time.Hour), rank: 4, seq: 17, id: "a.b"}}
}

func TestCursorComesBack(t *testing.T) {
	c, r, q := cursorWorld()
	want := r.fetch()
	q.Cursor = c.cursor(q, r.Consent, "ref", want)
	q.Size = 99 // the size of a page may change on the way
	got, err := c.readCursor(q, r, "ref")
	if err != nil || got.text() != want.text() {
		t.Fatalf("%+v %v, want %+v", got, err, want)
	}
}

func TestCursorOfAnotherPlace(t *testing.T) {
	for name, change := range map[string]func(c *Core, r *Reading, q *Query, ref *string){
		"account":    func(_ *Core, _ *Reading, _ *Query, ref *string) { *ref = "other" },
		"consent":    func(_ *Core, r *Reading, _ *Query, _ *string) { r.Consent.ID = "other" },
		"first day":  func(_ *Core, _ *Reading, q *Query, _ *string) { q.From = q.From.AddDays(1) },
		"last day":   func(_ *Core, _ *Reading, q *Query, _ *string) { q.To = q.From },
		"statuses":   func(_ *Core, _ *Reading, q *Query, _ *string) { q.Rights = []xs2a.Right{xs2a.ReadDone} },
		"newer than": func(_ *Core, _ *Reading, q *Query, _ *string) { q.After = "x" },
		"key": func(c *Core, _ *Reading, _ *Query, _ *string) {
			c.CursorKey = []byte("another 32 bytes of another bank")
		},
		"late":       func(_ *Core, r *Reading, _ *Query, _ *string) { r.Now = r.Now.Add(cursorLife + time.Second) },
		"early":      func(_ *Core, r *Reading, _ *Query, _ *string) { r.Now = r.Now.Add(-time.Second) },
		"last byte":  func(_ *Core, _ *Reading, q *Query, _ *string) { q.Cursor = q.Cursor[:len(q.Cursor)-1] + "_" },
		"first byte": func(_ *Core, _ *Reading, q *Query, _ *string) { q.Cursor = "_" + q.Cursor[1:] },
		"cut":        func(_ *Core, _ *Reading, q *Query, _ *string) { q.Cursor = q.Cursor[:8] },
		"line end":   func(_ *Core, _ *Reading, q *Query, _ *string) { q.Cursor += "\n" },
	} {
		t.Run(name, func(t *testing.T) {
			c, r, q := cursorWorld()
			ref := "ref"
			q.Cursor = c.cursor(q, r.Consent, ref, r.fetch())
			change(c, r, &q, &ref)
			if _, err := c.readCursor(q, r, ref); bank.CodeOf(err) != bank.InvalidParameter {
				t.Errorf("%v", err)
			}
		})
	}
	c, r, q := cursorWorld()
	q.Cursor = c.cursor(q, r.Consent, "ref", r.fetch())
	r.Consent.Grants = r.Consent.Grants[:1] // a right that was taken away since
	if _, err := c.readCursor(q, r, "ref"); bank.CodeOf(err) != bank.PermissionMissing {
		t.Errorf("a right that is gone: %v", err)
	}
}

// A place is strictly after what was shown, in every source, also among items of
// one instant.
func TestPlaceInASource(t *testing.T) {
	at := time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)
	p := place{at: at, rank: 4, seq: 7}
	if got := p.in(4); got != p {
		t.Errorf("its own source: %+v", got)
	}
	if got := p.in(2); got != (place{at: at}) {
		t.Errorf("a source before it: %+v, want strictly before the instant", got)
	}
	if got := p.in(6); !got.at.Equal(at.Add(time.Microsecond)) || got.seq != 0 || got.id != "" {
		t.Errorf("a source behind it: %+v, want the instant included", got)
	}
}

func FuzzCursor(f *testing.F) {
	c, r, q := cursorWorld()
	f.Add(c.cursor(q, r.Consent, "ref", r.fetch()))
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		q.Cursor = text
		got, err := c.readCursor(q, r, "ref")
		if err == nil && c.cursor(q, r.Consent, "ref", got) != text {
			t.Errorf("%q was accepted, and is not ours", text)
		}
	})
}

func FuzzFetch(f *testing.F) {
	_, r, _ := cursorWorld()
	f.Add((&fetch{began: r.Now, lists: []xs2a.Right{xs2a.ReadDone}}).text())
	f.Add("0.1-2.3.4.5.6")
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := parseFetch(text); ok {
			again, ok := parseFetch(got.text())
			if !ok || again.text() != got.text() {
				t.Errorf("%q reads as %q", text, got.text())
			}
		}
	})
}

func FuzzItemID(f *testing.F) {
	f.Add("185301020657044.000001$1537740000000")
	f.Add(itemID("01kaq", isEntry, time.UnixMilli(1537740000000)))
	f.Fuzz(func(t *testing.T, id string) {
		own, kind, ok := parseItemID(id)
		if !ok {
			return
		}
		if own == "" || len(own) > 128 {
			t.Errorf("%q → %q %c", id, own, kind)
		}
		for i := range len(own) {
			if own[i] <= ' ' || own[i] >= 0x7f {
				t.Errorf("%q → %q", id, own)
			}
		}
	})
}
