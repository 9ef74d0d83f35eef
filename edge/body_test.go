package edge

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadBody(t *testing.T) {
	for _, test := range []struct {
		name      string
		body      string
		announced bool
		want      error
	}{
		{"at the limit", "12345678", true, nil},
		{"at the limit, chunked", "12345678", false, nil},
		{"empty", "", true, nil},
		{"over the limit", "123456789", true, ErrBodyTooLarge},
		{"over the limit, chunked", "123456789", false, ErrBodyTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
			if !test.announced {
				r.ContentLength = -1
			}
			got, err := ReadBody(httptest.NewRecorder(), r, 8)
			if !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			if err == nil && string(got) != test.body {
				t.Errorf("read %q", got)
			}
		})
	}
}

func TestReadBodyTellsABrokenBodyFromALargeOne(t *testing.T) {
	broken := io.MultiReader(bytes.NewReader([]byte("12")), iotest.ErrReader(io.ErrUnexpectedEOF))
	for _, announced := range []int64{-1, 5} {
		r := httptest.NewRequest("POST", "/", broken)
		r.ContentLength = announced
		if _, err := ReadBody(httptest.NewRecorder(), r, 8); err == nil || errors.Is(err, ErrBodyTooLarge) {
			t.Errorf("announced %d: %v", announced, err)
		}
	}
}

func TestReadBodyRefusesCompression(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("x"))
	r.Header.Set("Content-Encoding", "gzip")
	if _, err := ReadBody(httptest.NewRecorder(), r, 8); !errors.Is(err, ErrBodyEncoded) {
		t.Errorf("got %v", err)
	}
}

func TestIsJSON(t *testing.T) {
	for header, want := range map[string]bool{
		"application/json":                        true,
		"Application/JSON":                        true,
		"application/json; charset=utf-8":         true,
		`application/json;charset="UTF-8"`:        true,
		"application/json; profile=x":             true,
		"application/json; charset=iso-8859-2":    false,
		"application/jsonx":                       false,
		"text/json":                               false,
		"application/json, text/plain":            false,
		"":                                        false,
		"application/x-www-form-urlencoded":       false,
		"application/json; charset=utf-8; ;;;==1": false,
	} {
		if got := IsJSON(header); got != want {
			t.Errorf("IsJSON(%q) = %v", header, got)
		}
	}
	if !IsForm("application/x-www-form-urlencoded; charset=UTF-8") || IsForm("application/json") {
		t.Error("IsForm")
	}
}

func TestAcceptsJSON(t *testing.T) {
	for header, want := range map[string]bool{
		"":                                      true,
		"application/json":                      true,
		"APPLICATION/JSON;charset=utf-8;q=0.1":  true,
		"*/*":                                   true,
		"application/*":                         true,
		"text/html, */*;q=0.1":                  true,
		"text/html, application/json":           true,
		`text/x;a=",application/json,"`:         false,
		"text/html":                             false,
		"text/*":                                false,
		"application/json;q=0":                  false,
		"*/*, application/json;q=0":             false,
		"application/json;q=0.0, application/*": false,
		"*/*;q=0, application/json":             true,
		"application/xml":                       false,
		"garbage":                               false,
		"application/json;q=x":                  false,
	} {
		if got := AcceptsJSON(header); got != want {
			t.Errorf("AcceptsJSON(%q) = %v", header, got)
		}
	}
	if !AcceptsJSON("text/html", "application/json") {
		t.Error("the second header line is not read")
	}
	if !Accepts("text", "html", "text/html,application/xhtml+xml,*/*;q=0.8") {
		t.Error("a browser does not get a page")
	}
}
