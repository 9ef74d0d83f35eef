package eidas

import (
	"container/list"
	"sync"
)

// lru keeps the most recently used values, bounded, for many goroutines.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	limit int
	order *list.List // of entry[K, V], the latest first
	at    map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: max(limit, 1), order: list.New(), at: map[K]*list.Element{}}
}

func (l *lru[K, V]) get(key K) (V, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.at[key]
	if !ok {
		var none V
		return none, false
	}
	l.order.MoveToFront(e)
	return e.Value.(entry[K, V]).value, true
}

func (l *lru[K, V]) add(key K, value V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.at[key]; ok {
		e.Value = entry[K, V]{key, value}
		l.order.MoveToFront(e)
		return
	}
	l.at[key] = l.order.PushFront(entry[K, V]{key, value})
	if l.order.Len() > l.limit {
		oldest := l.order.Back()
		l.order.Remove(oldest)
		delete(l.at, oldest.Value.(entry[K, V]).key)
	}
}

func (l *lru[K, V]) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.order.Init()
	clear(l.at)
}
