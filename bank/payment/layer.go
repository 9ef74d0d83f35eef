package payment

// layer is a map over a map: reads fall through to what stands, changes are
// made on copies that are kept or dropped together.
type layer[K comparable, V any] struct {
	under  map[K]*V
	over   map[K]*V
	order  []K // keys of over, as they came: the outcome must not hang on map order
	fresh  map[K]bool
	all    []K // every key that was kept with a change, in order
	seen   map[K]struct{}
	copied func(*V) // detaches what a plain copy would share
}

func (l *layer[K, V]) get(k K) *V {
	if v, ok := l.over[k]; ok {
		return v
	}
	return l.under[k]
}

// edit returns the value for changing, nil when there is none.
func (l *layer[K, V]) edit(k K) *V {
	if v, ok := l.over[k]; ok {
		return v
	}
	was := l.under[k]
	if was == nil {
		return nil
	}
	v := *was
	if l.copied != nil {
		l.copied(&v)
	}
	l.put(k, &v)
	return &v
}

// add puts a value that did not exist.
func (l *layer[K, V]) add(k K, v *V) {
	if l.fresh == nil {
		l.fresh = map[K]bool{}
	}
	if l.under[k] == nil {
		l.fresh[k] = true
	}
	l.put(k, v)
}

func (l *layer[K, V]) put(k K, v *V) {
	if l.over == nil {
		l.over = map[K]*V{}
	}
	if _, ok := l.over[k]; !ok {
		l.order = append(l.order, k)
	}
	l.over[k] = v
}

func (l *layer[K, V]) keep() {
	if len(l.order) == 0 {
		return
	}
	if l.seen == nil {
		l.seen = map[K]struct{}{}
	}
	for _, k := range l.order {
		l.under[k] = l.over[k]
		if _, ok := l.seen[k]; !ok {
			l.seen[k] = struct{}{}
			l.all = append(l.all, k)
		}
	}
	clear(l.over)
	l.order = l.order[:0]
}

func (l *layer[K, V]) drop() {
	for _, k := range l.order {
		if _, kept := l.seen[k]; !kept {
			delete(l.fresh, k)
		}
	}
	clear(l.over)
	l.order = l.order[:0]
}

// changed lists what was kept: what is new, and what stood before.
func (l *layer[K, V]) changed() (added, altered []*V) {
	for _, k := range l.all {
		if l.fresh[k] {
			added = append(added, l.under[k])
		} else {
			altered = append(altered, l.under[k])
		}
	}
	return added, altered
}
