package ui

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pairs are the tokens that meet on a page. Text needs 4.5:1 (WCAG 2.2, 1.4.3),
// borders of controls, marks and the focus ring 3:1 (1.4.11).
var pairs = []struct {
	front, back string
	least       float64
}{
	{"text", "ground", 4.5}, {"text", "surface", 4.5}, {"text", "sunk", 4.5},
	{"muted", "ground", 4.5}, {"muted", "surface", 4.5}, {"muted", "sunk", 4.5},
	{"link", "ground", 4.5}, {"link", "surface", 4.5}, {"link", "sunk", 4.5},
	{"on-brand", "brand", 4.5}, {"on-brand", "brand-hover", 4.5}, {"on-bad", "bad", 4.5}, {"on-bad", "bad-hover", 4.5},
	{"ok", "ok-ground", 4.5}, {"warn", "warn-ground", 4.5}, {"bad", "bad-ground", 4.5},
	{"ok", "surface", 4.5}, {"bad", "surface", 4.5}, {"bad", "sunk", 4.5}, {"link", "warn-ground", 4.5},
	{"edge", "surface", 3}, {"edge", "ground", 3}, {"edge", "sunk", 3}, {"brand", "surface", 3}, {"brand", "ground", 3}, {"brand", "sunk", 3},
	{"focus", "surface", 3}, {"focus", "ground", 3}, {"focus", "sunk", 3},
	{"curve", "curve-area", 3}, {"curve", "surface", 3},
	{"ok", "ground", 3}, {"warn", "ground", 3}, {"bad", "ground", 3},
}

var colourToken = regexp.MustCompile(`--([a-z-]+):\s*(#[0-9a-f]{6});`)

func TestContrast(t *testing.T) {
	css, err := assetFiles.ReadFile("assets/okienko.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, found := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("no dark scheme")
	}
	dark, _, _ := strings.Cut(rest, "*, *::before")
	for scheme, text := range map[string]string{"light": light, "dark": dark} {
		colour := map[string]float64{}
		for _, m := range colourToken.FindAllStringSubmatch(text, -1) {
			colour[m[1]] = luminance(t, m[2])
		}
		met := map[string]bool{}
		for _, p := range pairs {
			front, ok1 := colour[p.front]
			back, ok2 := colour[p.back]
			if !ok1 || !ok2 {
				t.Errorf("%s: no token %s or %s", scheme, p.front, p.back)
				continue
			}
			met[p.front], met[p.back] = true, true
			ratio := (max(front, back) + .05) / (min(front, back) + .05)
			if ratio < p.least {
				t.Errorf("%s: %s on %s is %.2f:1, want %.1f:1", scheme, p.front, p.back, ratio, p.least)
			}
		}
		for name := range colour {
			if !met[name] && name != "line" { // line only decorates
				t.Errorf("%s: nothing measures --%s", scheme, name)
			}
		}
	}
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var channels [3]float64
	for i := range channels {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			channels[i] = c / 12.92
		} else {
			channels[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*channels[0] + 0.7152*channels[1] + 0.0722*channels[2]
}

// A sheet that keeps rules nobody wears is never read again, only added to.
func TestEveryRuleOfTheSheetIsWorn(t *testing.T) {
	css, err := assetFiles.ReadFile("assets/okienko.css")
	if err != nil {
		t.Fatal(err)
	}
	css = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAll(css, nil)
	ruled := map[string]bool{}
	for _, m := range regexp.MustCompile(`\.([a-z][a-z0-9_-]*)`).FindAllStringSubmatch(string(css), -1) {
		ruled[m[1]] = true
	}
	worn := map[string]bool{}
	p := newPages(t)
	for _, s := range Stories() {
		for _, e := range scan(t, render(t, p, Polish, s.Page)) {
			for _, c := range strings.Fields(e.attr["class"]) {
				worn[c] = true
			}
		}
	}
	for c := range ruled {
		if !worn[c] {
			t.Errorf("no page wears .%s", c)
		}
	}
}
