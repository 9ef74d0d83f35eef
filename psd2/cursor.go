package psd2

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/xs2a"
)

// cursorKeyBytes is the least length of the key that seals cursors, and
// cursorSum how much of the seal a cursor carries: 128 bits, which nobody
// guesses.
const (
	cursorKeyBytes = 32
	cursorSum      = 16
)

// place is where a page ends: the item after which the next one begins.
type place struct {
	at   time.Time
	rank int
	seq  int64  // of postings
	id   string // of everything else
}

func placeOf(i *Item) place {
	p := place{at: i.At, rank: i.rank, seq: i.seq}
	if i.seq == 0 {
		p.id = i.own
	}
	return p
}

// in is the place in a source, as its reader understands it: newest first, and
// strictly after. At one instant the sources follow each other by rank.
func (p place) in(rank int) place {
	switch {
	case p.at.IsZero() || p.rank == rank:
		return p
	case rank < p.rank: // everything of that instant was shown
		return place{at: p.at}
	}
	return place{at: p.at.Add(time.Microsecond)} // nothing of it was
}

// fetch is one reading of a list, page after page: when it began, by which rights,
// and where it stands.
type fetch struct {
	began time.Time
	lists []xs2a.Right
	after place
}

// cursor writes where a fetch stands, sealed together with all that it belongs
// to: whoever changes a filter, or carries it to another consent or account, has
// no cursor.
func (c *Core) cursor(q Query, consent *xs2a.Consent, ref string, f fetch) string {
	text := f.text()
	return base64.RawURLEncoding.EncodeToString(append(c.cursorSeal(q, consent, ref, text), text...))
}

func (f *fetch) text() string {
	lists := make([]string, len(f.lists))
	for i, r := range f.lists {
		lists[i] = strconv.Itoa(slices.Index(xs2a.Rights, r))
	}
	return strings.Join([]string{
		strconv.FormatInt(f.began.UnixMicro(), 36), strings.Join(lists, "-"), strconv.FormatInt(f.after.at.UnixMicro(), 36),
		strconv.Itoa(f.after.rank), strconv.FormatInt(f.after.seq, 36), f.after.id,
	}, ".")
}

func parseFetch(text string) (f fetch, ok bool) {
	parts := strings.SplitN(text, ".", 6)
	if len(parts) != 6 {
		return f, false
	}
	began, err1 := strconv.ParseInt(parts[0], 36, 64)
	at, err2 := strconv.ParseInt(parts[2], 36, 64)
	rank, err3 := strconv.Atoi(parts[3])
	seq, err4 := strconv.ParseInt(parts[4], 36, 64)
	if errors.Join(err1, err2, err3, err4) != nil {
		return f, false
	}
	for _, n := range strings.Split(parts[1], "-") {
		i, err := strconv.Atoi(n)
		if err != nil || i < 0 || i >= len(xs2a.Rights) || !xs2a.Rights[i].HasHistory() {
			return f, false
		}
		f.lists = append(f.lists, xs2a.Rights[i])
	}
	f.began, f.after = time.UnixMicro(began).UTC(), place{at: time.UnixMicro(at).UTC(), rank: rank, seq: seq, id: parts[5]}
	return f, true
}

func (c *Core) cursorSeal(q Query, consent *xs2a.Consent, ref, text string) []byte {
	rights := make([]string, len(q.Rights))
	for i, r := range q.Rights {
		rights[i] = string(r)
	}
	return c.sealed(append([]string{"cursor", string(consent.ID), ref, strings.Join(rights, ","), dayText(q.From), dayText(q.To), q.After, text}, q.Filter.text()...))
}

// sealed is the seal over parts, each behind its length.
func (c *Core) sealed(parts []string) []byte {
	mac := hmac.New(sha256.New, c.CursorKey)
	for _, part := range parts {
		_, _ = mac.Write([]byte(strconv.Itoa(len(part)) + ":" + part)) // a hash takes everything
	}
	return mac.Sum(nil)[:cursorSum]
}

// listCursor writes the place in a list of accounts: when the fetch began, and
// the handle after which it goes on.
func (c *Core) listCursor(q ListQuery, r *Reading, after string) string {
	began := r.Now
	if q.Cursor != "" {
		began, _, _ = c.openListCursor(q, r) // it was good when the page began
	}
	text := strconv.FormatInt(began.UnixMicro(), 36) + "." + after
	return base64.RawURLEncoding.EncodeToString(append(c.listSeal(q, r, text), text...))
}

func (c *Core) listSeal(q ListQuery, r *Reading, text string) []byte {
	return c.sealed([]string{"accounts", string(r.Consent.ID), q.Same, text})
}

func (c *Core) openListCursor(q ListQuery, r *Reading) (began time.Time, after string, err error) {
	raw, err := rawCursor(q.Cursor)
	if err != nil {
		return began, "", err
	}
	text := string(raw[cursorSum:])
	at, after, _ := strings.Cut(text, ".")
	micros, bad := strconv.ParseInt(at, 36, 64)
	if !hmac.Equal(raw[:cursorSum], c.listSeal(q, r, text)) || bad != nil {
		return began, "", badCursor("its seal does not fit")
	}
	return time.UnixMicro(micros).UTC(), after, nil
}

// readListCursor reads where a list of accounts goes on. What was spent with the
// first page serves its other pages.
func (c *Core) readListCursor(q ListQuery, r *Reading) (after string, err error) {
	if err := r.Consent.Allows(xs2a.ListAccounts); err != nil && bank.CodeOf(err) != bank.PermissionUsedUp {
		return "", err
	}
	began, after, err := c.openListCursor(q, r)
	if err != nil {
		return "", err
	}
	if age := r.Now.Sub(began); age < 0 || age > cursorLife {
		return "", badCursor("it is too old")
	}
	return after, nil
}

// rawCursor decodes a cursor, with one spelling for each.
func rawCursor(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < cursorSum || len(raw) > 512 || strings.ContainsAny(text, "\r\n") { // the decoder skips line ends
		return nil, badCursor("it cannot be read")
	}
	return raw, nil
}

func dayText(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func badCursor(why string) error {
	return bank.RefuseField("cursor", "The cursor is not one of this list.").Because(errors.New("psd2: cursor: " + why))
}

// readCursor reads where a fetch goes on. Rights that the first page spent serve
// its other pages too; one that was taken away since does not.
func (c *Core) readCursor(q Query, r *Reading, ref string) (fetch, error) {
	raw, err := rawCursor(q.Cursor)
	if err != nil {
		return fetch{}, err
	}
	text := string(raw[cursorSum:])
	if !hmac.Equal(raw[:cursorSum], c.cursorSeal(q, r.Consent, ref, text)) {
		return fetch{}, badCursor("its seal does not fit")
	}
	f, ok := parseFetch(text)
	if !ok {
		return fetch{}, badCursor("it was written by another version")
	}
	if age := r.Now.Sub(f.began); age < 0 || age > cursorLife {
		return fetch{}, badCursor("it is too old")
	}
	for _, right := range f.lists {
		if err := r.Consent.Allows(right); err != nil && bank.CodeOf(err) != bank.PermissionUsedUp {
			return fetch{}, err
		}
	}
	return f, nil
}
