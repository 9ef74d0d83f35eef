package client

import (
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
	RetryAfter time.Duration // 429 and 503: how long to wait; 0 when not said
}

func (e *Error) Error() string {
	return fmt.Sprintf("the bank answered %d %s: %s", e.Status, e.Code, e.Message)
}

// IsGone tells whether an error says that the consent is over: the customer has
// withdrawn it, or its time has passed. The customer must be asked again.
func IsGone(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == "invalid_grant"
}

// IsTooOften tells whether an error says that the calls of the day are used up.
func IsTooOften(err error) bool { return statusOf(err) == http.StatusTooManyRequests }

func statusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func refusalOf(resp *http.Response, text []byte) *Error {
	e := &Error{Status: resp.StatusCode}
	var body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &body) == nil {
		e.Code, e.Message = body.Code, body.Message
	}
	if e.Code == "" {
		e.Code = http.StatusText(resp.StatusCode)
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds >= 0 {
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
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return e.RetryAfter // nothing was done
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		if repeatable {
			return 0
		}
	}
	return never
}
