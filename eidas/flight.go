package eidas

import (
	"context"
	"sync"
)

// flights lets callers that want the same thing at the same time share the work of finding it.
type flights[V any] struct {
	mu sync.Mutex
	up map[string]*flight[V]
}

type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// do runs find once per key at a time. It outlives the caller that began it, because others may wait for it; find bounds
// its own time. Whoever comes after it begins another, so find looks into the cache first and fills it before it ends.
func (f *flights[V]) do(ctx context.Context, key string, find func(context.Context) (V, error)) (V, error) {
	f.mu.Lock()
	if f.up == nil {
		f.up = map[string]*flight[V]{}
	}
	one, ok := f.up[key]
	if !ok {
		one = &flight[V]{done: make(chan struct{})}
		f.up[key] = one
		go func() {
			one.value, one.err = find(context.WithoutCancel(ctx))
			f.mu.Lock()
			delete(f.up, key)
			f.mu.Unlock()
			close(one.done)
		}()
	}
	f.mu.Unlock()
	select {
	case <-one.done:
		return one.value, one.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}
