package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"okienko/bank/notice"
)

// messages holds the outbox to its promises.
func messages(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"many workers never hold one message together", claimFight},
		{"a message whose worker has died is leased again", leaseEnds},
		{"a message is tried again at its time", triedAgain},
		{"an expired message is not delivered", messageExpires},
	})
}

func claimFight(b *bed) {
	const count = 60
	want := map[string]bool{}
	for i := range count {
		id := fmt.Sprintf("m%02d", i)
		b.message(id, time.Hour)
		want[id] = true
	}
	var mu sync.Mutex
	seen := map[string]int{}
	errs := together(fight, func(i int) error {
		for range count { // enough for one worker alone, and an end when leases do not hold
			got, err := b.ClaimMessages(b.ctx, fmt.Sprint("worker ", i), 5, b.wall.Now(), b.wall.Now().Add(time.Minute))
			if err != nil || len(got) == 0 {
				return err
			}
			if len(got) > 5 {
				return fmt.Errorf("%d messages leased instead of at most 5", len(got))
			}
			mu.Lock()
			for _, m := range got {
				seen[m.ID]++
				if m.Text != "Kod z "+m.ID || m.Tries != 1 || m.Fence != 1 {
					b.Errorf("leased %+v", m)
				}
			}
			mu.Unlock()
		}
		return nil
	})
	for _, err := range errs {
		b.must(err)
	}
	if len(seen) != count {
		b.Errorf("%d messages of %d were leased", len(seen), count)
	}
	for id, n := range seen {
		if n != 1 || !want[id] {
			b.Errorf("message %s was leased %d times", id, n)
		}
	}
}

func leaseEnds(b *bed) {
	b.message("m", time.Hour)
	first := b.claim("first", 10)
	if len(first) != 1 {
		b.Fatalf("leased %+v", first)
	}
	b.move(time.Minute - time.Microsecond)
	if got := b.claim("second", 10); len(got) != 0 {
		b.Fatalf("leased while the lease stood: %+v", got)
	}
	b.move(time.Microsecond)
	second := b.claim("second", 10)
	if len(second) != 1 || second[0].Fence <= first[0].Fence || second[0].Tries != 2 {
		b.Fatalf("leased %+v after %+v", second, first)
	}
	// The first worker wakes up: what it says no longer counts.
	b.must(b.SettleMessage(b.ctx, "m", first[0].Fence, b.wall.Now(), time.Time{}))
	b.must(b.SettleMessage(b.ctx, "m", first[0].Fence, time.Time{}, b.wall.Now()))
	if got := b.claim("third", 10); len(got) != 0 {
		b.Errorf("an overtaken worker gave the message away: %+v", got)
	}
	b.must(b.SettleMessage(b.ctx, "m", second[0].Fence, b.wall.Now(), time.Time{}))
	b.move(10 * time.Minute)
	if got := b.claim("third", 10); len(got) != 0 {
		b.Errorf("a delivered message was leased: %+v", got)
	}
}

func triedAgain(b *bed) {
	b.message("m", time.Hour)
	m := b.claim("w", 1)[0]
	b.must(b.SettleMessage(b.ctx, m.ID, m.Fence, time.Time{}, b.wall.Now().Add(10*time.Second)))
	if got := b.claim("w", 1); len(got) != 0 {
		b.Errorf("leased before its time: %+v", got)
	}
	b.move(10 * time.Second)
	got := b.claim("w", 1)
	if len(got) != 1 || got[0].Tries != 2 || got[0].Text != m.Text {
		b.Fatalf("leased %+v", got)
	}
	b.must(b.SettleMessage(b.ctx, m.ID, got[0].Fence, time.Time{}, time.Time{})) // given up
	b.move(5 * time.Minute)
	if got := b.claim("w", 1); len(got) != 0 {
		b.Errorf("leased after it was given up: %+v", got)
	}
}

func messageExpires(b *bed) {
	b.message("short", time.Minute)
	b.move(time.Minute)
	b.message("long", time.Hour)
	got := b.claim("w", 10)
	if len(got) != 1 || got[0].ID != "long" {
		b.Errorf("leased %+v", got)
	}
	var none []notice.Message
	b.move(2 * time.Hour)
	b.same(b.claim("w", 10), none)
}
