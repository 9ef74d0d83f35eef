package storetest

import (
	"errors"
	"fmt"
	"testing"

	"okienko/bank/lease"
)

// leases holds the store to the promises of lease.Book.
func leases(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"of many that claim a lease one has it", leaseFight},
		{"a lease that was renewed is not taken", leaseRenewed},
		{"a lease that was lost stays lost", leaseLost},
		{"a lease that was given back can be claimed at once", leaseReleased},
	})
}

func (b *bed) lease() lease.Lease {
	b.Helper()
	l, err := b.Lease(b.ctx, "work")
	b.must(err)
	return l
}

func (b *bed) claimLease(holder string) lease.Lease {
	b.Helper()
	l, err := b.ClaimLease(b.ctx, b.lease(), holder)
	b.must(err)
	return l
}

func leaseFight(b *bed) {
	if l := b.lease(); l != (lease.Lease{Name: "work"}) {
		b.Fatalf("a lease that nobody had: %+v", l)
	}
	for round := range int64(5) { // the first one makes the row, the others change it
		seen := b.lease()
		errs := together(fight, func(i int) error {
			got, err := b.ClaimLease(b.ctx, seen, fmt.Sprint("node ", i))
			if err == nil && (got.Holder != fmt.Sprint("node ", i) || got.Fence != round+1 || got.Name != "work") {
				b.Errorf("claimed %+v", got)
			}
			return err
		})
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, lease.ErrLost):
				b.Error(err)
			}
		}
		if l := b.lease(); won != 1 || l.Fence != round+1 {
			b.Errorf("round %d: %d nodes have the lease, which is %+v", round, won, l)
		}
	}
}

func leaseRenewed(b *bed) {
	held := b.claimLease("one")
	for range 3 {
		seen := b.lease()
		again, err := b.RenewLease(b.ctx, held)
		b.must(err)
		if again.Fence != held.Fence || again == seen || again != b.lease() {
			b.Fatalf("renewed: %+v, before it %+v", again, seen)
		}
		if _, err := b.ClaimLease(b.ctx, seen, "two"); !errors.Is(err, lease.ErrLost) {
			b.Fatalf("taken by who had not seen the renewal: %v", err)
		}
	}
}

func leaseLost(b *bed) {
	first := b.claimLease("one")
	second := b.claimLease("two")
	if second.Fence <= first.Fence {
		b.Fatalf("%+v after %+v", second, first)
	}
	if _, err := b.RenewLease(b.ctx, first); !errors.Is(err, lease.ErrLost) {
		b.Errorf("an overtaken node renewed: %v", err)
	}
	b.must(b.ReleaseLease(b.ctx, first))
	if l := b.lease(); l != second {
		b.Errorf("an overtaken node gave the lease away: %+v", l)
	}
	// The same node again: its old shift is not its new one.
	third := b.claimLease("one")
	if _, err := b.RenewLease(b.ctx, first); !errors.Is(err, lease.ErrLost) {
		b.Errorf("renewed by its former life: %v", err)
	}
	b.must(b.ReleaseLease(b.ctx, first))
	if l := b.lease(); l != third {
		b.Errorf("given back by its former life: %+v", l)
	}
}

func leaseReleased(b *bed) {
	first := b.claimLease("one")
	watched := b.lease()
	b.must(b.ReleaseLease(b.ctx, first))
	free := b.lease()
	if free.Holder != "" || free.Fence != first.Fence || free == watched {
		b.Fatalf("given back: %+v", free)
	}
	if _, err := b.RenewLease(b.ctx, first); !errors.Is(err, lease.ErrLost) {
		b.Errorf("renewed what was given back: %v", err)
	}
	if _, err := b.ClaimLease(b.ctx, watched, "two"); !errors.Is(err, lease.ErrLost) {
		b.Errorf("claimed by who had not seen that it was given back: %v", err)
	}
	if next := b.claimLease("two"); next.Fence <= first.Fence {
		b.Errorf("%+v after %+v", next, first)
	}
}
