package office

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"okienko/bank/partner"
)

// TestExamplesAreGood takes every example of the documentation in, in the order
// in which staff would.
func TestExamplesAreGood(t *testing.T) {
	b := newBank(t, partner.Production)
	type limits struct {
		Customer string               `toml:"customer"`
		Limits   CustomerCapsDocument `toml:"limits"`
	}
	done := map[string]func() Command{
		"customers.toml":   func() Command { return &ImportCustomers{example[CustomersDocument](t, "customers.toml")} },
		"partner.toml":     func() Command { return &PutPartner{example[PartnerDocument](t, "partner.toml")} },
		"application.toml": func() Command { return &PutApplication{exampleApplication(t)} },
		"limits.toml": func() Command {
			d := example[limits](t, "limits.toml")
			return &SetCustomerLimits{Customer: d.Customer, Limits: d.Limits}
		},
	}
	done["register.toml"] = func() Command { return &ImportRegister{example[RegisterDocument](t, "register.toml")} }
	files, err := filepath.Glob(filepath.Join("..", "docs", "examples", "*.toml"))
	if err != nil || len(files) != len(done) {
		t.Fatalf("the examples are %v, %v", files, err)
	}
	for _, name := range []string{"customers.toml", "partner.toml", "application.toml", "limits.toml", "register.toml"} {
		c := done[name]()
		if r, err := b.try(c); err != nil || len(r.Lines) == 0 {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		b.do(c)
	}
}

// TestExamplesShowEveryKey holds that examples and handbook name every key that
// a document has.
func TestExamplesShowEveryKey(t *testing.T) {
	book, err := os.ReadFile(filepath.Join("..", "docs", "admin.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]reflect.Type{
		"partner.toml": reflect.TypeFor[PartnerDocument](), "application.toml": reflect.TypeFor[ApplicationDocument](),
		"customers.toml": reflect.TypeFor[CustomersDocument](), "limits.toml": reflect.TypeFor[CustomerCapsDocument](),
		"register.toml": reflect.TypeFor[RegisterDocument](),
	} {
		text, err := os.ReadFile(filepath.Join("..", "docs", "examples", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys(document) {
			if !strings.Contains(string(text), "\n"+key+" = ") {
				t.Errorf("%s does not show %s", name, key)
			}
			if !strings.Contains(string(book), "`"+key+"`") && !strings.Contains(string(book), key+"]") {
				t.Errorf("docs/admin.md does not explain %s of %s", key, name)
			}
		}
	}
}

// keys lists the TOML keys of a document and of what it holds.
func keys(of reflect.Type) []string {
	var out []string
	for i := range of.NumField() {
		f := of.Field(i)
		key := f.Tag.Get("toml")
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		switch {
		case key == "-", inner == reflect.TypeFor[CustomerCapsDocument](): // limits.toml shows them
		case inner.Kind() == reflect.Struct:
			out = append(out, keys(inner)...)
		case inner.Kind() != reflect.Map:
			out = append(out, key)
		}
	}
	return out
}
