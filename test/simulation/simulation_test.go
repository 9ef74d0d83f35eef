package simulation_test

import (
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"okienko/clock"
	"okienko/store"
	"okienko/test/engine"
	"okienko/test/simulation"
	"okienko/test/world"
)

var seedFlag = flag.Uint64("seed", 0, "play the simulation of this seed again; 0 draws one")

func TestMain(m *testing.M) {
	engine.Once("TestCoreInMemory")
	os.Exit(m.Run())
}

// play logs the seed first, plays, and says what came out.
func play(t *testing.T, orders int, open func(c *clock.Manual) world.World) simulation.Report {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("play it again with: go test ./test/simulation -run '^%s$' -seed %d", t.Name(), seed)
	if s := os.Getenv("OKIENKO_SIMULATION_OPERATIONS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("OKIENKO_SIMULATION_OPERATIONS=%q is not a number of operations", s)
		}
		orders = n
	}
	if testing.Short() {
		orders /= 10
	}
	c := clock.NewManual(simulation.Begin())
	w := open(c)
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	r, err := simulation.Play(t.Context(), seed, orders, w, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d orders in %d batches, until %s", r.Orders, r.Batches, r.Until.Format("2006-01-02"))
	for _, k := range slices.Sorted(maps.Keys(r.Outcomes)) {
		t.Logf("%7d %s", r.Outcomes[k], k)
	}
	return r
}

func TestCoreInMemory(t *testing.T) {
	r := play(t, 100_000, func(c *clock.Manual) world.World { return world.Memory(c) })
	if r.Orders < 50_000 {
		return // a short run need not meet everything
	}
	// A simulation that never meets a rule proves nothing about it.
	for _, code := range []string{
		"agreement_ended", "agreement_suspended", "permission_missing", "permission_used_up", "not_found", "invalid_parameter", "amount_above_hold",
		"operation_reused", "customer_blocked", "account_blocked", "account_closed", "access_off", "access_blocked", "payer_is_payee", "payee_unavailable",
		"hold_captured", "hold_released", "hold_expired", "payment_final", "authorisation_ended", "challenge_foreign",
		"single_limit", "daily_limit", "monthly_limit", "customer_limit", "charges_limit", "insufficient_funds", "authorisation_required",
		"repeated", "ACTIVE", "RELEASED", "EXPIRED", "EXECUTED", "SCHEDULED", "REJECTED", "CANCELLED", "PENDING",
	} {
		met := 0
		for k, n := range r.Outcomes {
			if strings.HasSuffix(k, ": "+code) {
				met += n
			}
		}
		if met == 0 {
			t.Errorf("the simulation never met %s", code)
		}
	}
}

func TestCoreOverTheStore(t *testing.T) {
	play(t, 20_000, func(c *clock.Manual) world.World {
		w, err := world.Kept(t.Context(), engine.Keep(t, store.Config{}), c)
		if err != nil {
			t.Fatal(err)
		}
		return w
	})
}
