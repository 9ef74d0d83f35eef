package psd2

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/thirdparty"
)

// Registering again adds addresses and takes none away; there is an end to them.
func TestRegisteringAgainAddsCallbacks(t *testing.T) {
	core, now := &Core{}, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	register := func(was *thirdparty.Client, callbacks ...string) (thirdparty.Client, error) {
		c, _, err := core.registered(was, "id", "PSDPL-PFSA-1", &statement{name: "Kantorek", redirects: []string{"https://tpp.example/"}, callbacks: callbacks}, nil, now)
		return c, err
	}
	first, err := register(nil, "https://tpp.example/a", "https://tpp.example/a")
	if err != nil {
		t.Fatal(err)
	}
	second, err := register(&first, "https://tpp.example/b", "https://tpp.example/a")
	if err != nil || !slices.Equal(second.CallbackURLs, []string{"https://tpp.example/a", "https://tpp.example/b"}) || len(first.CallbackURLs) != 1 {
		t.Errorf("%v, then %v: %v", first.CallbackURLs, second.CallbackURLs, err)
	}
	var many []string
	for i := range maxClientRedirects - 1 {
		many = append(many, fmt.Sprint("https://tpp.example/", i))
	}
	if _, err := register(&second, many...); bank.CodeOf(err) != bank.InvalidParameter {
		t.Errorf("%d addresses: %v", len(many)+2, err)
	}
	if third, err := register(&second); err != nil || len(third.CallbackURLs) != 2 {
		t.Errorf("%v %v", third.CallbackURLs, err)
	}
}
