package psd2

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"time"

	"okienko/bank"
	"okienko/bank/thirdparty"
)

// requestIDField is the request id in refusals, whatever a wire form calls it.
const requestIDField = "requestId"

// first refuses a request that was seen before. Ids of version 1 hold the
// instant at which they were made, by the wall clock; one that is far from now
// is refused because its first use may have been forgotten (psd2 §4.3). Other
// ids are remembered for as long as the store does.
func (c *Core) first(ctx context.Context, o thirdparty.Organisation, l thirdparty.Lenience, id string) error {
	u, ok := parseUUID(id)
	if !ok || (u.version() != 1 && !l.AnyUUID) {
		return bank.RefuseField(requestIDField, "A request id is a UUID of version 1.")
	}
	now := c.Wall.Now()
	if u.version() == 1 {
		if off := now.Sub(u.made()); off > c.Rules.ReplayWindow || off < -c.Rules.ReplayWindow {
			return bank.Refuse(bank.RequestRepeated, "The request id was made too long ago, or will be made.")
		}
	}
	return c.Replays.FirstUse(ctx, o, u.String(), now)
}

// WellFormedRequestID tells whether an id is a UUID at all. Which versions are
// allowed hangs on the client, so it is asked when that is known.
func WellFormedRequestID(id string) bool {
	_, ok := parseUUID(id)
	return ok
}

type uuid [16]byte

// parseUUID reads the one canonical text of a UUID, in either case
// (RFC 9562 §4), of the variant of that standard.
func parseUUID(s string) (u uuid, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, false
	}
	var digits [32]byte
	n := 0
	for i := range len(s) {
		if i != 8 && i != 13 && i != 18 && i != 23 {
			digits[n] = s[i]
			n++
		}
	}
	if _, err := hex.Decode(u[:], digits[:]); err != nil {
		return u, false
	}
	return u, u[8]&0xc0 == 0x80
}

func (u uuid) version() int { return int(u[6] >> 4) }

// made is the instant in a UUID of version 1: 100 ns since 15 October 1582
// (RFC 9562 §5.1).
func (u uuid) made() time.Time {
	const gregorian = 0x01b21dd213814000 // 1 January 1970 in those units
	ticks := uint64(binary.BigEndian.Uint16(u[6:8])&0x0fff)<<48 | uint64(binary.BigEndian.Uint16(u[4:6]))<<32 | uint64(binary.BigEndian.Uint32(u[0:4]))
	since := int64(ticks) - gregorian // 60 bits fit
	return time.Unix(since/1e7, since%1e7*100).UTC()
}

// String is the canonical text in lower case: one id has one spelling in the
// memory of replays.
func (u uuid) String() string {
	var b [36]byte
	hex.Encode(b[0:8], u[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], u[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], u[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], u[8:10])
	b[23] = '-'
	hex.Encode(b[24:], u[10:])
	return string(b[:])
}

// newUUID makes a random one (version 4), as client ids are (psd2 §3.3).
func (c *Core) newUUID() (string, error) {
	var u uuid
	if _, err := io.ReadFull(c.Random, u[:]); err != nil {
		return "", err
	}
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u.String(), nil
}
