// Package ident makes identifiers: unique, hard to guess, and ordered by the
// time of their making, so that rows that are written together lie together
// and an index grows at its end, whatever the size of the bank.
//
// An identifier is a name, not a secret: codes and tokens come from package
// authserver.
package ident

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"

	"okienko/bank"
)

// Source makes identifiers of 26 lower-case characters (Crockford's base 32):
// 48 bits of milliseconds of the wall clock, 80 bits of chance. Within one
// process they never go back, also when the clock does.
type Source struct {
	clock  bank.Clock
	random io.Reader

	mu   sync.Mutex
	last [16]byte
}

// New is a source on the wall clock and the machine's randomness.
func New(wall bank.Clock) *Source { return NewFrom(wall, rand.Reader) }

// NewFrom is a source on a chosen randomness: a simulation replays it.
func NewFrom(wall bank.Clock, random io.Reader) *Source {
	return &Source{clock: wall, random: random}
}

// NewID makes the next identifier.
func (s *Source) NewID() string {
	var id [16]byte
	ms := uint64(s.clock.Now().UnixMilli())
	binary.BigEndian.PutUint64(id[:8], ms<<16)
	if _, err := io.ReadFull(s.random, id[6:]); err != nil {
		panic("ident: no randomness: " + err.Error()) // crypto/rand never fails; going on without chance would be worse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(id[:6]) <= string(s.last[:6]) {
		// The same millisecond, or a clock that went back: follow the last one by
		// a random step, so that the next is still hard to guess.
		step := binary.BigEndian.Uint32(id[12:])>>1 + 1
		id = s.last
		add(&id, step)
	}
	s.last = id
	return encode(id)
}

// add adds a step to the whole number that an identifier is.
func add(id *[16]byte, step uint32) {
	low := binary.BigEndian.Uint64(id[8:])
	sum := low + uint64(step)
	binary.BigEndian.PutUint64(id[8:], sum)
	if sum < low {
		binary.BigEndian.PutUint64(id[:8], binary.BigEndian.Uint64(id[:8])+1)
	}
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// encode writes 128 bits as 26 characters, the first of which holds 3 bits.
func encode(id [16]byte) string {
	hi, lo := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	var out [26]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = alphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}
