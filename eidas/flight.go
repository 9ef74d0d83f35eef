package eidas

import (
	"context"
	"sync"
)

// flights lets callers that want the same thing at the same time share one fetch.
type flights struct {
	mu sync.Mutex
	up map[string]*flight
}

type flight struct {
	done chan struct{}
	body []byte
	err  error
}

// do runs fetch once per key at a time. The fetch outlives the caller that began it, because others may wait for it;
// fetch bounds its own time.
func (f *flights) do(ctx context.Context, key string, fetch func(context.Context) ([]byte, error)) ([]byte, error) {
	f.mu.Lock()
	if f.up == nil {
		f.up = map[string]*flight{}
	}
	one, ok := f.up[key]
	if !ok {
		one = &flight{done: make(chan struct{})}
		f.up[key] = one
		go func() {
			one.body, one.err = fetch(context.WithoutCancel(ctx))
			f.mu.Lock()
			delete(f.up, key)
			f.mu.Unlock()
			close(one.done)
		}()
	}
	f.mu.Unlock()
	select {
	case <-one.done:
		return one.body, one.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
