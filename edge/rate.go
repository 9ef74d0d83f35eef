package edge

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// Rate allows Burst requests at once and then one more after every Every.
type Rate struct {
	Burst int
	Every time.Duration
}

// RateLimiter keeps one token bucket per key, for at most a fixed number of
// keys; it forgets the key that was quiet for longest. Behind it is the generic
// cell rate algorithm, so a bucket is one instant. It may be used concurrently.
type RateLimiter[K comparable] struct {
	clock   Clock
	rate    Rate
	maxKeys int

	mu             sync.Mutex
	buckets        map[K]*bucket[K]
	newest, oldest *bucket[K] // by last use
}

// bucket is full again at the instant full.
type bucket[K comparable] struct {
	key          K
	full         time.Time
	newer, older *bucket[K]
}

// NewRateLimiter measures by the wall clock. It panics unless all numbers are
// above zero: a limit that is switched off by mistake is nobody's wish.
func NewRateLimiter[K comparable](wall Clock, rate Rate, maxKeys int) *RateLimiter[K] {
	if rate.Burst <= 0 || rate.Every <= 0 || maxKeys <= 0 {
		panic("edge: a rate limiter needs burst, time and number of keys above zero")
	}
	return &RateLimiter[K]{clock: wall, rate: rate, maxKeys: maxKeys, buckets: make(map[K]*bucket[K])}
}

// Allow takes a token of key. Without one it returns false and how long it
// takes until there is one; asking then costs nothing.
func (l *RateLimiter[K]) Allow(key K) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	// Full buckets are worth nothing. Looking at two a call lets the memory
	// shrink after a flood without ever stopping for it.
	for range 2 {
		if l.oldest != nil && !l.oldest.full.After(now) {
			l.forgetOldest()
		}
	}
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= l.maxKeys {
			l.forgetOldest()
		}
		b = &bucket[K]{key: key, full: now}
		l.buckets[key] = b
	} else {
		l.unlink(b)
	}
	l.pushNewest(b)

	whole := time.Duration(l.rate.Burst) * l.rate.Every
	missing := b.full.Sub(now) // how much refilling the bucket needs
	switch {
	case missing < 0:
		missing = 0
	case missing > whole: // the wall clock was set back: nobody pays for that
		missing = whole
	}
	if wait := missing + l.rate.Every - whole; wait > 0 {
		b.full = now.Add(missing)
		return false, wait
	}
	b.full = now.Add(missing + l.rate.Every)
	return true, 0
}

// Len returns the number of keys remembered.
func (l *RateLimiter[K]) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.buckets)
}

func (l *RateLimiter[K]) forgetOldest() {
	b := l.oldest
	l.unlink(b)
	delete(l.buckets, b.key)
}

func (l *RateLimiter[K]) unlink(b *bucket[K]) {
	if b.newer != nil {
		b.newer.older = b.older
	} else {
		l.newest = b.older
	}
	if b.older != nil {
		b.older.newer = b.newer
	} else {
		l.oldest = b.newer
	}
	b.newer, b.older = nil, nil
}

func (l *RateLimiter[K]) pushNewest(b *bucket[K]) {
	b.older = l.newest
	if l.newest != nil {
		l.newest.newer = b
	} else {
		l.oldest = b
	}
	l.newest = b
}

// SetRetryAfter sets Retry-After in whole seconds, rounded up: a caller who
// obeys must not come too early.
func SetRetryAfter(h http.Header, after time.Duration) {
	seconds := max(1, int64((after+time.Second-1)/time.Second))
	h.Set("Retry-After", strconv.FormatInt(seconds, 10))
}

// Network returns what one customer of an access provider owns: an IPv4
// address, but of IPv6 the whole /64. Rates by address are kept by it.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // fails only for the zero Addr, which stays one key
	return p
}
