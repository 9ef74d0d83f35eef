package wire

import (
	"encoding/hex"
	"strings"
)

// Handles of payments and bundles are UUIDs on mBank's wire, and clients look for
// one in the link of the answer (psd2 §3.2). The bank's own ids are 128 bits too,
// written in 26 characters (package ident), so each form follows from the other
// and nothing has to be kept.

// idAlphabet is Crockford's base 32 in lower case.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// HandleOf is the UUID of one of the bank's ids. An id of another form, which some
// other core system may give, stays as it is.
func HandleOf(own string) string {
	b, ok := idBits(own)
	if !ok {
		return own
	}
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// OwnID is the bank's id behind a handle. A handle in the bank's own form is no
// handle here: one payment has one name.
func OwnID(handle string) string {
	if _, ok := idBits(handle); ok {
		return Nothing
	}
	if len(handle) != 36 || handle[8] != '-' || handle[13] != '-' || handle[18] != '-' || handle[23] != '-' || strings.ToLower(handle) != handle {
		return Plausible(handle)
	}
	b, err := hex.DecodeString(strings.ReplaceAll(handle, "-", ""))
	if err != nil || len(b) != 16 {
		return Nothing
	}
	out := make([]byte, 26)
	var carry, bits uint
	at := len(out) - 1
	for i := len(b) - 1; i >= 0; i-- {
		carry |= uint(b[i]) << bits
		for bits += 8; bits >= 5; bits -= 5 {
			out[at] = idAlphabet[carry&31]
			carry >>= 5
			at--
		}
	}
	out[at] = idAlphabet[carry&31] // the first character holds 3 bits
	return string(out)
}

// idBits reads an id of the bank's own form.
func idBits(own string) (b [16]byte, ok bool) {
	if len(own) != 26 || own[0] > '7' {
		return b, false
	}
	var carry, bits uint
	at := len(b) - 1
	for i := len(own) - 1; i >= 0; i-- {
		v := strings.IndexByte(idAlphabet, own[i])
		if v < 0 {
			return b, false
		}
		carry |= uint(v) << bits
		if bits += 5; bits >= 8 {
			b[at] = byte(carry)
			carry >>= 8
			bits -= 8
			at--
			if at < 0 {
				break // the first character's upper bits are zero
			}
		}
	}
	return b, true
}

// Nothing is an id that the bank never gives.
const Nothing = "-"

// Plausible keeps what cannot be an id of ours away from stores and logs: it is
// not found either way, but a database may choke on the text.
func Plausible(id string) string {
	if id == "" || len(id) > 128 {
		return Nothing
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' && c != '$' {
			return Nothing
		}
	}
	return id
}
