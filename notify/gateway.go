package notify

import (
	"context"
	"errors"

	"okienko/bank/notice"
)

// Gateway sends messages. Sending one message twice, by its ID, must be harmless:
// the bank repeats what it is not sure of.
type Gateway interface {
	Send(ctx context.Context, m notice.Message) error
}

// failure is an error that says whether trying again makes sense.
type failure struct {
	error
	temporary bool
}

func (f *failure) Unwrap() error { return f.error }

// Temporary tells whether trying again makes sense.
func (f *failure) Temporary() bool { return f.temporary }

// Final marks an error after which trying again is useless.
func Final(err error) error { return &failure{error: err} }

// IsFinal tells whether trying again is useless. An error that says nothing about
// itself is temporary: a message too late is better than none.
func IsFinal(err error) bool {
	var f interface{ Temporary() bool }
	return errors.As(err, &f) && !f.Temporary()
}
