package partnerapi

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/payment"
	"okienko/edge"
)

// The size of a page (partner-api §7).
const (
	defaultPage = 50
	maxPage     = 100
)

var errNoInstant = errors.New("partnerapi: not an instant")

// list is what a caller wants of a list.
type list struct {
	status   string
	from, to time.Time
	page     payment.Page
}

// readList reads the filters of a list. A name that we do not know is refused:
// a filter that is misspelt and ignored would show too much.
func readList(rawQuery, kind string, statuses ...string) (list, error) {
	l := list{page: payment.Page{Size: defaultPage}}
	q, err := edge.ParseQuery(rawQuery)
	if err != nil {
		return l, bank.RefuseField("query", "The query cannot be read.").Because(err)
	}
	known := []string{"from", "to", "pageSize", "cursor"}
	if len(statuses) > 0 {
		known = append(known, "status")
	}
	if len(q.Unknown(known...)) > 0 {
		return l, bank.RefuseField("query", "The query has an unknown parameter.")
	}
	var ok bool
	if l.status, ok = q.Get("status"); ok && !slices.Contains(statuses, l.status) {
		return l, bank.RefuseField("status", "There is no such status.")
	}
	if s, ok := q.Get("from"); ok {
		if l.from, err = bound(s, 0); err != nil {
			return l, bank.RefuseField("from", "A date or an RFC 3339 timestamp is needed.")
		}
	}
	if s, ok := q.Get("to"); ok {
		if l.to, err = bound(s, 1); err != nil {
			return l, bank.RefuseField("to", "A date or an RFC 3339 timestamp is needed.")
		}
	}
	if !l.from.IsZero() && !l.to.IsZero() && l.to.Before(l.from) {
		return l, bank.RefuseField("to", "The end lies before the beginning.")
	}
	if s, ok := q.Get("pageSize"); ok {
		if l.page.Size, ok = pageSize(s); !ok {
			return l, bank.RefuseField("pageSize", "A page has 1 to 100 objects.")
		}
	}
	if s, ok := q.Get("cursor"); ok {
		if l.page.Before, ok = readCursor(kind, s); !ok {
			return l, bank.RefuseField("cursor", "The cursor is not one of ours.")
		}
	}
	return l, nil
}

// bound reads one end of a span of time: an instant, or a day in Warsaw. A day
// at the end of a span belongs to it, so the span ends daysLater.
func bound(s string, daysLater int) (time.Time, error) {
	if day, err := calendar.ParseDate(s); err == nil {
		return day.AddDays(daysLater).Start(), nil
	}
	return parseInstant(s)
}

func pageSize(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxPage || strconv.Itoa(n) != s {
		return 0, false
	}
	return n, true
}

// sumSize is enough to notice a slip or a curious edit. It is no secret: a
// forged cursor shows nothing that the caller's own filters would not.
const sumSize = 6

// cursor writes the place after which the next page begins.
func cursor(kind string, p payment.Place) string {
	text := strconv.FormatInt(p.At.UnixMicro(), 36) + "." + strconv.FormatInt(p.Seq, 36) + "." + p.ID
	return base64.RawURLEncoding.EncodeToString(append(cursorSum(kind, text), text...))
}

func cursorSum(kind, text string) []byte {
	sum := sha256.Sum256([]byte("cursor|" + kind + "|" + text))
	return sum[:sumSize]
}

func readCursor(kind, s string) (payment.Place, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) < sumSize || strings.ContainsAny(s, "\r\n") { // the decoder skips line ends
		return payment.Place{}, false
	}
	text := string(raw[sumSize:])
	if string(raw[:sumSize]) != string(cursorSum(kind, text)) {
		return payment.Place{}, false
	}
	at, rest, _ := strings.Cut(text, ".")
	seq, id, ok := strings.Cut(rest, ".")
	micros, errAt := strconv.ParseInt(at, 36, 64)
	n, errSeq := strconv.ParseInt(seq, 36, 64)
	if !ok || errAt != nil || errSeq != nil || plausible(id) != id {
		return payment.Place{}, false
	}
	return payment.Place{At: time.UnixMicro(micros).UTC(), ID: id, Seq: n}, true
}

// more asks for one object above the page, by which we know that there is a
// next page.
func (l list) more() payment.Page {
	return payment.Page{Size: l.page.Size + 1, Before: l.page.Before}
}
