package thirdparty_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"okienko/bank"
	"okienko/bank/thirdparty"
)

// A point without a name could be set by nobody, and a name without a point of
// its own would set another one.
func TestEveryPointOfLenienceHasOneName(t *testing.T) {
	if n := reflect.TypeFor[thirdparty.Lenience]().NumField(); n != len(thirdparty.Leniences) {
		t.Fatalf("%d points have %d names", n, len(thirdparty.Leniences))
	}
	for i, name := range thirdparty.Leniences {
		var l thirdparty.Lenience
		if err := l.Set(name, true); err != nil {
			t.Fatal(err)
		}
		v := reflect.ValueOf(l)
		for at := range v.NumField() {
			if v.Field(at).Bool() != (at == i) {
				t.Errorf("%s: %s is %t", name, v.Type().Field(at).Name, v.Field(at).Bool())
			}
		}
		if got := l.Names(); !slices.Equal(got, []string{name}) || l.String() != name {
			t.Errorf("%s is told as %v, %s", name, got, l)
		}
		if err := l.Set(name, false); err != nil || l != (thirdparty.Lenience{}) {
			t.Errorf("%s off: %+v, %v", name, l, err)
		}
	}
}

func TestLenienceIsToldInOneOrder(t *testing.T) {
	all := thirdparty.Lenient()
	if !slices.Equal(all.Names(), thirdparty.Leniences) {
		t.Errorf("lenient in everything: %v", all.Names())
	}
	if strict := (thirdparty.Lenience{}); len(strict.Names()) != 0 || strict.String() != "strict" {
		t.Errorf("strict: %v, %s", strict.Names(), strict)
	}
}

func TestAnUnknownLenienceIsRefusedByName(t *testing.T) {
	for _, name := range []string{"", "ANY-UUID", "any_uuid", "everything"} {
		var l thirdparty.Lenience
		err := l.Set(name, true)
		if bank.CodeOf(err) != bank.InvalidParameter || !strings.Contains(err.Error(), "any-uuid, optional-headers") || l != (thirdparty.Lenience{}) {
			t.Errorf("%q: %v, %+v", name, err, l)
		}
	}
}
