package edge

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func TestParseForm(t *testing.T) {
	f, err := ParseForm([]byte("grant_type=authorization_code&code=a%2Bb+c&empty=&bare&nazwa=%C5%BC%C3%B3%C5%82w&"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"grant_type": "authorization_code", "code": "a+b c", "empty": "", "bare": "", "nazwa": "żółw",
	} {
		if got, ok := f.Get(name); !ok || got != want {
			t.Errorf("%s = %q, %v, want %q", name, got, ok, want)
		}
	}
	if _, ok := f.Get("missing"); ok {
		t.Error("a field that was not sent")
	}
	if got := f.Unknown("grant_type", "code", "nazwa"); !reflect.DeepEqual(got, []string{"empty", "bare"}) {
		t.Errorf("unknown = %v", got)
	}
}

func TestParseFormRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"a duplicate":                  "code=1&code=2",
		"a duplicate by escape":        "code=1&%63ode=2",
		"a repeatable of other case":   "Perm=1&Perm=2",
		"half an escape":               "a=%4",
		"a bad escape":                 "a=%zz",
		"invalid UTF-8":                "a=%ff",
		"raw invalid UTF-8":            "a=\xff",
		"a NUL":                        "a=%00",
		"a raw control character":      "a=\x1b",
		"a semicolon":                  "a=1;b=2",
		"a value without a name":       "=1",
		"more fields than are allowed": "perm=1" + strings.Repeat("&perm=1", maxFormFields),
	} {
		if _, err := ParseForm([]byte(body), "perm"); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "code") {
			t.Errorf("%s: the error quotes the body: %v", name, err)
		}
	}
}

func TestRepeatableFields(t *testing.T) {
	f, err := ParseForm([]byte("perm=b&x=1&perm=a"), "perm")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.All("perm"); !reflect.DeepEqual(got, []string{"b", "a"}) {
		t.Errorf("got %v", got)
	}
}

// FuzzParseForm: what we accept, net/url accepts with the same values.
func FuzzParseForm(f *testing.F) {
	f.Add("a=1&b=%2B+c&bare&=&a=2")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := ParseForm([]byte(body))
		if err != nil {
			return
		}
		values, err := url.ParseQuery(body)
		if err != nil {
			t.Fatalf("we accept, net/url says %v", err)
		}
		if len(values) != form.Len() {
			t.Fatalf("we read %d fields, net/url %v", form.Len(), values)
		}
		for name, want := range values {
			if got, ok := form.Get(name); !ok || len(want) != 1 || got != want[0] {
				t.Fatalf("%q: we read %q, net/url %q", name, got, want)
			}
		}
	})
}
