package edge

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"
)

// RequestIDHeader carries the request id in every answer.
const RequestIDHeader = "X-Request-Id"

// Clock is the wall clock, handed in (the shape of bank.Clock).
type Clock interface{ Now() time.Time }

// visit is all that edge remembers of one request. There is one context value
// for everything, because each costs a copy of the request.
type visit struct {
	recorder
	id       string
	callerID string
	match    match
	notes    []slog.Attr
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// newVisit starts the record of a request and echoes the new id. The id is
// always our own: one chosen by a caller could be chosen to collide.
func newVisit(w http.ResponseWriter, r *http.Request) (*visit, *http.Request) {
	v := &visit{
		recorder: recorder{ResponseWriter: w},
		id:       rand.Text(),
		callerID: wellFormedID(r.Header.Get(RequestIDHeader)),
	}
	w.Header().Set(RequestIDHeader, v.id)
	return v, r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// RequestID returns the id that the server gave to the request, "" outside one.
func RequestID(ctx context.Context) string {
	if v := visitOf(ctx); v != nil {
		return v.id
	}
	return ""
}

// CallerRequestID returns the id that the caller sent, "" unless it is 1 to 64
// letters, digits, "_" and "-". It identifies nothing; it helps two operators
// to find each other's log lines.
func CallerRequestID(ctx context.Context) string {
	if v := visitOf(ctx); v != nil {
		return v.callerID
	}
	return ""
}

// Note adds attributes to the log line of the request, for example the code of
// a refusal or the cause of an internal error. It may be called only from the
// goroutine of the handler, and never with what a stranger sent.
func Note(ctx context.Context, attrs ...slog.Attr) {
	if v := visitOf(ctx); v != nil {
		v.notes = append(v.notes, attrs...)
	}
}

func wellFormedID(id string) string {
	if len(id) > 64 {
		return ""
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return ""
		}
	}
	return id
}

// recorder notes status and size of an answer.
type recorder struct {
	http.ResponseWriter
	status int // 0: nothing sent yet
	bytes  int64
}

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && status >= 200 { // 1xx are not the answer
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	n, err := rec.ResponseWriter.Write(b)
	rec.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }
