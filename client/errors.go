package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Error is an answer that refuses: the status, and the bank's code and sentence
// (psd2 §3.8).
type Error struct {
	Status     int
	Code       string
	Message    string
	Reason     string        // in a sandbox: which rule refused; "" elsewhere
	RequestID  string        // of the call, by which the bank finds it
	RetryAfter time.Duration // how long to wait before trying again; 0 when not said
}

func (e *Error) Error() string {
	text := fmt.Sprintf("the bank answered %d %s: %s", e.Status, e.Code, e.Message)
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	return text
}

// ErrAnswerUnproven says that an answer does not carry the signature of the bank
// that Config names. A payment may have been made all the same: ask for its status.
var ErrAnswerUnproven = errors.New("client: the answer is not signed by the bank")

// IsGone tells whether an error says that a grant is over: the customer has
// withdrawn the consent, or its time or that of a code has passed. The customer
// must be asked again.
func IsGone(err error) bool { return codeOf(err) == "invalid_grant" }

// IsTokenOver tells whether an error says that the access token is not valid any
// more. A refresh tells whether the consent is.
func IsTokenOver(err error) bool { return codeOf(err) == "invalid_token" }

// NeedsCustomer tells whether an error says that so much of the history is given
// only right after the customer has authenticated (RTS art. 10a).
func NeedsCustomer(err error) bool {
	return codeOf(err) == "HistoryAccessError" || codeOf(err) == "sca_needed"
}

// IsTooOften tells whether an error says that there were too many calls. A long
// RetryAfter means those of the day: four in 24 hours without the customer.
func IsTooOften(err error) bool {
	return statusOf(err) == http.StatusTooManyRequests || codeOf(err) == "too_many_requests"
}

// IsNotFound tells whether an error says that there is no such thing, or not for
// this third party. PolishAPI has no 404 for that.
func IsNotFound(err error) bool {
	return statusOf(err) == http.StatusNotFound || codeOf(err) == "forbidden"
}

func statusOf(err error) int {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func codeOf(err error) string {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func errorOf(x *Exchange) *Error {
	h := x.Response.Header
	asked := x.Request.Header
	e := &Error{
		Status: x.Response.StatusCode, Reason: h.Get("X-Okienko-Reason"),
		RequestID: cmp.Or(asked.Get("TPP-Request-ID"), asked.Get(requestIDHeader)),
	}
	var body struct {
		Code    string `json:"code"`
		Message string `json:"message"`

		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(x.Answer, &body) == nil {
		e.Code, e.Message = body.Code, body.Message
	}
	if e.Code == "" { // RFC 6749, 5.2, at banks that have it so
		e.Code, e.Message = body.Error, body.Description
	}
	if e.Code == "" { // something that stands before the bank
		e.Code = http.StatusText(e.Status)
	}
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && seconds >= 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}

// longestWait is the longest time for which a call waits by itself: the calls of
// a day that are used up come back tomorrow, and that is the caller's to plan.
const longestWait = 10 * time.Second

// wait is how long to wait before the call is made again; never when it is not.
func (e *Error) wait(repeatable bool) time.Duration {
	if e.RetryAfter > longestWait {
		return never
	}
	switch e.Status {
	case http.StatusTooManyRequests:
		return e.RetryAfter
	case http.StatusServiceUnavailable:
		// The bank's own has Retry-After and did nothing; one without it is a proxy's,
		// which may have lost more than a place in a queue.
		if repeatable || e.RetryAfter > 0 {
			return e.RetryAfter
		}
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		if repeatable {
			return 0
		}
	}
	return never
}
