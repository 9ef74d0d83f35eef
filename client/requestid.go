package client

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// requestIDs makes UUIDs of version 1 (RFC 9562 §5.1): banks ask for that version
// because it tells when it was made.
type requestIDs struct {
	now  func() time.Time
	mu   sync.Mutex
	last uint64 // ticks of 100 ns, always rising under one rest
	rest [8]byte
}

const (
	// gregorian is the start of the UUID's calendar, 15 October 1582, before 1970 in
	// ticks of 100 ns.
	gregorian = 0x01b21dd213814000
	// backwards is how many ticks the clock may go back before ids get another
	// clock sequence (RFC 9562 §6.2): a second. Ids that went on from where they
	// were would be of a time that, for the bank, has not come.
	backwards = 10_000_000
)

// next is an id that was never made before, here or elsewhere.
func (ids *requestIDs) next() string {
	ids.mu.Lock()
	ticks := uint64(ids.now().UnixNano()/100) + gregorian //nolint:gosec // after 1582 it is above zero
	switch {
	case ids.last == 0 || ticks+backwards < ids.last:
		_, _ = rand.Read(ids.rest[:])         // never fails (package crypto/rand)
		ids.rest[0] = ids.rest[0]&0x3f | 0x80 // the variant
		ids.rest[2] |= 1                      // a node that no network card has
	case ticks <= ids.last:
		ticks = ids.last + 1
	}
	ids.last = ticks
	rest := ids.rest
	ids.mu.Unlock()
	var u [16]byte
	binary.BigEndian.PutUint32(u[0:], uint32(ticks))                   //nolint:gosec // the low 32 bits are meant
	binary.BigEndian.PutUint16(u[4:], uint16(ticks>>32))               //nolint:gosec // the next 16
	binary.BigEndian.PutUint16(u[6:], uint16(ticks>>48)&0x0fff|0x1000) //nolint:gosec // the rest, with the version
	copy(u[8:], rest[:])
	return textOf(u)
}

// NewID makes a random UUID (version 4): for consents, states and payments.
func NewID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails (package crypto/rand)
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return textOf(u)
}

func textOf(u [16]byte) string {
	var b [36]byte
	hex.Encode(b[0:], u[0:4])
	hex.Encode(b[9:], u[4:6])
	hex.Encode(b[14:], u[6:8])
	hex.Encode(b[19:], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
