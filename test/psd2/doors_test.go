package psd2

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"okienko/bank/money"
	"okienko/client"
	"okienko/okienkotest"
)

// doors is a game in which whatever third parties do goes through a door that the
// dice choose, step by step: mBank's form, or a version of PolishAPI. A model beside
// it knows what was consented to, ordered and held, and what that leaves.
type doors struct {
	*game
	parties  [][]*okienkotest.ThirdParty // each in every form
	consents []*given
	made     []*ordered
	holds    []*hold
	paid     []*hold // by the partner's application at once
	steps    []string
}

// TestDoorsAgreeAfterAnySequence drives the partner API and the two forms of the
// interface for licensed third parties in random order on one bank: what is begun
// in one form goes on in another, and money, consents and limits are the same
// everywhere after every step.
func TestDoorsAgreeAfterAnySequence(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	n, outcomes := (operations(t)+1)/2, map[string]int{} // a step here makes many calls
	for ; n > 0; n -= longestGame {
		t.Logf("play it again with: OKIENKO_PSD2_OPERATIONS=%d go test ./test/psd2 -run '^%s$' -seed %d", 2*min(n, longestGame), t.Name(), seed)
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			for k, met := range crossed(t, seed, min(n, longestGame)) {
				outcomes[k] += met
			}
		})
		seed++
	}
	for _, k := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%5d %s", outcomes[k], k)
	}
	if operations(t) < 2000 {
		return // a short game need not meet everything
	}
	for _, met := range []string{
		"a list exchanged", "read in every form", "the fifth call alone", "a single use spent", "withdrawn by the third party", "withdrawn by the customer",
		"paid", "a bundle", "a standing order", "cancelled in time", "cancelled too late", "several payments at once", "a limit used up", "access shut",
		"hold 201", "capture 201", "release 204", "partner's payment 201", "a token used again",
		"tokens that only look", "the customer says no",
	} {
		if outcomes[met] == 0 {
			t.Errorf("the game never met: %s", met)
		}
	}
}

// crossed plays one game and tells how often it met what.
func crossed(t *testing.T, seed uint64, n int) map[string]int {
	t.Helper()
	g := newDoors(t, seed)
	t.Cleanup(func() {
		if t.Failed() {
			for _, s := range g.steps {
				t.Log(s)
			}
		}
	})
	for step := range n {
		g.step = step
		g.cross()
		g.rest()
		g.sameConsents()
		g.sameLimits()
		if step%50 == 49 {
			g.sameMoneyEverywhere()
		} else {
			g.sameMoney(g.accounts[g.dice.IntN(len(g.accounts))])
		}
		if t.Failed() {
			t.Fatalf("after step %d of %d", step, n)
		}
	}
	g.sameMoneyEverywhere()
	return g.outcomes
}

func newDoors(t *testing.T, seed uint64) *doors {
	t.Helper()
	g := &doors{game: newGame(t, seed)}
	for _, p := range g.game.parties {
		var all []*okienkotest.ThirdParty
		for _, form := range client.Forms() {
			all = append(all, p.In(t, form, judged(t, form)))
		}
		g.parties = append(g.parties, all)
	}
	return g
}

// say notes a step, with the time of the bank.
func (g *doors) say(format string, args ...any) {
	g.steps = append(g.steps, fmt.Sprintf("%d, %s: ", g.step, g.Inside().Now().Format("2006-01-02 15:04"))+fmt.Sprintf(format, args...))
}

// in draws the door of a third party, for a step that only some forms can say.
func (g *doors) in(by int, among ...client.Form) *okienkotest.ThirdParty {
	if len(among) == 0 {
		among = client.Forms()
	}
	form := among[g.dice.IntN(len(among))]
	return g.parties[by][slices.Index(client.Forms(), form)]
}

// speaks is the form of a door.
func speaks(p *okienkotest.ThirdParty) client.Form { return p.Folder.Form }

// cross does one thing.
func (g *doors) cross() {
	g.Helper()
	switch n := g.dice.IntN(100); {
	case n < 10:
		g.readEverywhere()
	case n < 17:
		g.readAlone()
	case n < 22:
		g.readOnce()
	case n < 27:
		g.withdraw()
	case n < 29:
		g.useAgain()
	case n < 31:
		g.saysNo()
	case n < 50:
		g.payAcross()
	case n < 55:
		g.bundleAcross()
	case n < 59:
		g.oftenAcross()
	case n < 67:
		g.cancelAcross()
	case n < 70:
		g.several()
	case n < 83:
		g.partnerActs()
	case n < 86:
		g.useUpLimit()
	case n < 89:
		g.shutAccess()
	default:
		minutes := []int{1, 7, 11, 45, 125, 610, 24*60 + 5, 3*24*60 + 20, 7 * 24 * 60}[g.dice.IntN(9)]
		g.say("the clock goes on by %d minutes", minutes)
		g.jump(minutes)
	}
	g.follow()
}

// follow asks in every form what became of an order.
func (g *doors) follow() {
	g.Helper()
	g.rest()
	if len(g.made) > 0 {
		g.statusEverywhere(g.made[g.dice.IntN(len(g.made))])
	}
}

// amount draws some złotys.
func (g *doors) amount(most int64) money.Amount {
	return money.New(1+g.dice.Int64N(most), money.PLN)
}
