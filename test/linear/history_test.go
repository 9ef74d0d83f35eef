package linear

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// play is one history in the making.
type play struct {
	bank  *small
	nodes []*node
	// patience, when set, bounds how long some callers wait: who has gone learns
	// nothing, and what was asked may be done all the same.
	patience time.Duration
	gone     atomic.Int64

	ticks   atomic.Int64 // what began and ended before what; finer than any clock
	intents atomic.Int64
	slots   atomic.Int64
	callers atomic.Int64

	mu      sync.Mutex
	history []porcupine.Operation
	unknown int
}

// mayGo bounds the callers of a history who do not wait: every outcome that
// nobody learned doubles the orders that must be tried.
const mayGo = 6

// clients is how many callers each node has.
const clients = 3

// run has the callers of all nodes make their calls, and at the end, when all
// have been answered, looks at every account through every node.
func (p *play) run(ctx context.Context, seed uint64, calls int) {
	p.callers.Store(int64(clients * len(p.nodes)))
	var all sync.WaitGroup
	for i := range clients * len(p.nodes) {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			me := i
			for range calls {
				c, ok := p.draw(rng)
				if !ok {
					continue
				}
				n := p.nodes[i%len(p.nodes)]
				if p.call(ctx, me, n, c, rng) {
					continue
				}
				// A caller that learned nothing goes on as another one, as its last call has no
				// end; and often asks again, at any node.
				me = int(p.callers.Add(1) - 1)
				if c.intent >= 0 && rng.IntN(3) > 0 {
					p.call(ctx, me, p.nodes[rng.IntN(len(p.nodes))], c, rng)
					me = int(p.callers.Add(1) - 1)
				}
			}
		})
	}
	all.Wait()
	p.patience = 0 // who looks at the end waits
	for _, n := range p.nodes {
		for account := range accounts {
			p.call(ctx, int(p.callers.Load()), n, call{kind: balance, payer: account, intent: -1}, nil)
		}
	}
}

// call makes a call and writes it down; false when the outcome is unknown.
func (p *play) call(ctx context.Context, client int, n *node, c call, rng *rand.Rand) bool {
	if p.patience > 0 && rng.IntN(3) == 0 && p.gone.Add(1) <= mayGo {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rng.Int64N(int64(p.patience))))
		defer cancel()
	}
	begin := p.ticks.Add(1)
	a, told := p.bank.ask(ctx, n, c)
	end := p.ticks.Add(1)
	if !told {
		return true
	}
	if a.unknown {
		end = math.MaxInt64
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.history = append(p.history, porcupine.Operation{ClientId: client, Input: c, Call: begin, Output: a, Return: end})
	if a.unknown {
		p.unknown++
	}
	return !a.unknown
}

// draw draws a call; holds are those that somebody knows by now.
func (p *play) draw(rng *rand.Rand) (call, bool) {
	c := call{payer: rng.IntN(theShop), amount: 1 + rng.Int64N(40), intent: -1}
	id := func() bool {
		n := p.intents.Add(1) - 1
		c.intent = int(n)
		return n < intents
	}
	switch n := rng.IntN(100); {
	case n < 22:
		c.kind = pay
		return c, id()
	case n < 30:
		c.kind = transfer
		return c, true
	case n < 48:
		c.kind, c.slot = place, int(p.slots.Add(1)-1)
		return c, id() && c.slot < slots
	case n < 76:
		slot, payer, ok := p.anyHold(rng)
		c.slot, c.payer = slot, payer
		switch {
		case n < 56:
			c.kind = change
		case n < 66:
			c.kind = capture
		default:
			c.kind = release
			return c, ok
		}
		return c, id() && ok
	case n < 84:
		slot, payer, ok := p.anyHold(rng)
		c.kind, c.slot, c.payer = look, slot, payer
		return c, ok
	}
	c.kind, c.payer = balance, rng.IntN(accounts)
	return c, true
}

// anyHold is one of the last holds that were placed: the fight is about those.
func (p *play) anyHold(rng *rand.Rand) (slot, payer int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var placed []call
	for i := range p.history {
		c, a := p.history[i].Input.(call), p.history[i].Output.(answer)
		if c.kind == place && !a.unknown && a.code == "" {
			placed = append(placed, c)
		}
	}
	if len(placed) == 0 {
		return 0, 0, false
	}
	last := max(0, len(placed)-3)
	c := placed[last+rng.IntN(len(placed)-last)]
	return c.slot, c.payer, true
}
