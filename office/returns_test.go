package office

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"okienko/bank"
)

func TestReturnAddresses(t *testing.T) {
	const redirect, callback, android, ios = "redirect_uris", "callback_uris", "android_return", "ios_return"
	web, all := []string{redirect, callback}, []string{redirect, callback, android, ios}
	for _, tt := range []struct {
		uri    string
		server []string // lists in which it may stand for a server application
		native []string // and for a native one
	}{
		{"https://kajak.example/back", all, all},
		{"https://kajak.example:8443/back?x=1", all, all},
		{"pl.kajak.app:/back", []string{android, ios}, all},
		{"pl.kajak.app://back", []string{android, ios}, all},
		{"http://127.0.0.1/back", nil, web},
		{"http://127.0.0.1:49152/back", nil, web},
		{"http://[::1]:49152/back", nil, web},
		{"http://localhost:49152/back", nil, nil},
		{"http://10.0.0.1/back", nil, nil},
		{"http://kajak.example/back", nil, nil},
		{"kajak:/back", nil, nil},
		{"javascript:alert(1)", nil, nil},
		{"data:text/html,x", nil, nil},
		{"file:///etc/passwd", nil, nil},
		{"", nil, nil},
		{"/back", nil, nil},
		{"//kajak.example/back", nil, nil},
		{"https:///back", nil, nil},
		{"https://", nil, nil},
		{"https://:443/back", nil, nil},
		{"https://kajak.example:/back", nil, nil},
		{"https://kajak.example/back#top", nil, nil},
		{"https://kajak.example/back#", nil, nil},
		{"https://me@kajak.example/back", nil, nil},
		{"https://*.kajak.example/back", nil, nil},
		{"https://kajak.example/a b", nil, nil},
		{"https://kajak.example/\u0105", nil, nil},
		{`https://kajak.example\@evil.example/`, nil, nil},
		{"https://kajak.example/\r\nSet-Cookie: x", nil, nil},
		{"https://kajak.example/" + strings.Repeat("x", maxReturn), nil, nil},
	} {
		for _, list := range all {
			for _, native := range []bool{false, true} {
				d := ApplicationDocument{Native: native, AndroidReturn: []string{"pl.kajak.first:/back"}}
				into := map[string]*[]string{redirect: &d.RedirectURIs, callback: &d.CallbackURIs, android: &d.AndroidReturn, ios: &d.IOSReturn}[list]
				*into = append(*into, tt.uri)
				may := slices.Contains(tt.server, list)
				if native {
					may = slices.Contains(tt.native, list)
				}
				switch err := d.returns(); {
				case may && err != nil:
					t.Errorf("%s, native %v: %v", list, native, err)
				case !may:
					refused(t, err, bank.InvalidParameter, list)
				}
				*into = append(*into, tt.uri)
				if d.returns() == nil {
					t.Errorf("%q stands twice", tt.uri)
				}
			}
		}
	}
	native := ApplicationDocument{Native: true, RedirectURIs: []string{"https://kajak.example/back"}}
	refused(t, native.returns(), bank.InvalidParameter, redirect)
}

func TestDomains(t *testing.T) {
	for s, good := range map[string]bool{
		"kajak.example": true, "a.b.c.example": true, "xn--d-lga.example": true, "1.example": true, strings.Repeat("a", 63) + ".example": true,
		"": false, "localhost": false, "kajak.example.": false, ".example": false, "kajak..example": false, "Kajak.example": false,
		"\u0142\u00f3d\u017a.example": false, "127.0.0.1": false, "::1": false, "1.2.3": false, "kajak.example:443": false, "kajak.example/x": false,
		"-a.example": false, "a-.example": false, "a_b.example": false, strings.Repeat("a", 64) + ".example": false,
		strings.Repeat("a.", 130) + "example": false, "user@kajak.example": false,
	} {
		if err := Domain(s); (err == nil) != good {
			t.Errorf("Domain(%q) = %v", s, err)
		}
	}
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestLogos(t *testing.T) {
	const svg, pngType = "image/svg+xml", "image/png"
	root := func(inside string) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + inside + `</svg>`)
	}
	// A picture of 60000 pixels on a side in few bytes: its header alone.
	bomb := picture(t, 1, 1)
	copy(bomb[16:24], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60})
	for _, tt := range []struct {
		name, mediaType string
		picture         []byte
		good            bool
	}{
		{"a PNG", pngType, picture(t, 56, 56), true},
		{"the largest PNG", pngType, picture(t, maxLogoSide, 8), true},
		{"a wide PNG", pngType, picture(t, maxLogoSide+1, 8), false},
		{"a PNG that unpacks to gigabytes", pngType, bomb, false},
		{"half a PNG", pngType, picture(t, 56, 56)[:60], false},
		{"an SVG called PNG", pngType, root(""), false},
		{"a PNG called SVG", svg, picture(t, 56, 56), false},
		{"shapes", svg, root(`<g fill="url(#w)"><path d="M0 0"/></g><use href="#w"/><title>x</title>`), true},
		{"with a declaration", svg, append([]byte(`<?xml version="1.0" encoding="UTF-8"?><!-- x -->`), root("")...), true},
		{"with a style", svg, root(`<rect style="fill:#fff; filter: none"/>`), true},
		{"text", svg, []byte("logo"), false},
		{"nothing in it", svg, []byte("<!-- x -->"), false},
		{"a page", svg, []byte(`<html xmlns="http://www.w3.org/1999/xhtml"/>`), false},
		{"no namespace", svg, []byte(`<svg/>`), false},
		{"two roots", svg, append(root(""), root("")...), false},
		{"not closed", svg, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><g>`), false},
		{"text behind", svg, append(root(""), "x"...), false},
		{"a script", svg, root(`<script>alert(1)</script>`), false},
		{"a script under another name", svg, []byte(`<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:script/></s:svg>`), false},
		{"a page inside", svg, root(`<foreignObject><p xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>`), false},
		{"a link", svg, root(`<a href="#x"/>`), false},
		{"an image", svg, root(`<image href="#x"/>`), false},
		{"an animation", svg, root(`<set attributeName="href" to="javascript:1"/>`), false},
		{"a style sheet", svg, root(`<style>@import url(//evil.example)</style>`), false},
		{"an event", svg, root(`<g onload="alert(1)"/>`), false},
		{"an event in capitals", svg, root(`<g ONLOAD="alert(1)"/>`), false},
		{"a use of elsewhere", svg, root(`<use href="https://evil.example/x.svg#x"/>`), false},
		{"a use of elsewhere, the old way", svg, root(`<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:image/svg+xml,x"/>`), false},
		{"paint from elsewhere", svg, root(`<g fill="url(https://evil.example/x)"/>`), false},
		{"paint from beside", svg, root(`<g fill="url(x.svg#p)"/>`), false},
		{"paint from beside, quoted and spaced", svg, root(`<g style="fill:url( 'x.svg#p' )"/>`), false},
		{"paint from elsewhere after some of here", svg, root(`<g style="fill:url(#a);stroke:url(b)"/>`), false},
		{"paint spelt in another way", svg, root(`<g style="fill:u\72l(x)"/>`), false},
		{"another base", svg, root(`<g xml:base="https://evil.example/"/>`), false},
		{"a DOCTYPE", svg, append([]byte(`<!DOCTYPE svg [<!ENTITY x "y">]>`), root("&x;")...), false},
		{"an entity", svg, root("&x;"), false},
		{"a style instruction", svg, append([]byte(`<?xml-stylesheet href="x.css"?>`), root("")...), false},
		{"another encoding", svg, append([]byte(`<?xml version="1.0" encoding="UTF-7"?>`), root("")...), false},
		{"very deep", svg, root(strings.Repeat("<g>", maxLogoDepth) + strings.Repeat("</g>", maxLogoDepth)), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := checkLogo(tt.mediaType, tt.picture)
			if tt.good != (err == nil) {
				t.Fatalf("checkLogo: %v", err)
			}
			if err != nil {
				refused(t, err, bank.InvalidParameter, "logo_file")
			}
		})
	}
}
