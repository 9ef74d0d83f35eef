// Package service counts how well the bank's interface for third parties works,
// beside the bank's own channels, and makes the report that the law wants
// published (RTS 2018/389 art. 32(4); EBA/GL/2018/07, guideline 3).
//
// It counts what was answered, by the wall clock: these are facts about machines.
// It knows no caller and no content of a call.
package service

import (
	"context"
	"time"

	"okienko/bank/calendar"
)

// Channel is a way into the bank.
type Channel string

// The channels: the interface for third parties, and the bank's own pages.
const (
	Dedicated Channel = "psd2"
	Own       Channel = "own"
)

// Channels lists every channel once.
var Channels = []Channel{Dedicated, Own}

// Kind is the service that a call asked for. What a customer reads on the
// bank's own pages stands beside Information, what is done there beside
// Initiation.
type Kind string

// The kinds.
const (
	Information   Kind = "ais"
	Initiation    Kind = "pis"
	Funds         Kind = "caf"
	Authorisation Kind = "auth"
)

// Kinds lists every kind once.
var Kinds = []Kind{Information, Initiation, Funds, Authorisation}

// Tally counts the calls of one day, channel and kind.
type Tally struct {
	Day     calendar.Date // Warsaw, by the wall clock
	Channel Channel
	Kind    Kind
	Calls   int64
	Faults  int64 // answered by a fault of the bank: 5xx
	Took    time.Duration
}

// Outage is a time in which no node of the bank served a channel.
type Outage struct {
	Channel  Channel
	From, To time.Time
}

// The beat of a node that serves, and the silence that counts as an outage: the
// guidelines call an interface down when five calls in a row get no answer
// within 30 seconds.
const (
	Beat    = 10 * time.Second
	Silence = 30 * time.Second
)

// Book keeps what was counted.
type Book interface {
	// AddTallies adds to what was counted before.
	AddTallies(ctx context.Context, list []Tally) error
	// Alive notes that a channel is served at an instant of the wall clock. When
	// the last note of any node is more than Silence old, the time between was an
	// outage, and is kept as one.
	Alive(ctx context.Context, c Channel, at time.Time) error
	// Tallies are those of the days from first to last, both inclusive.
	Tallies(ctx context.Context, first, last calendar.Date) ([]Tally, error)
	// Outages are those that touch the time from..to.
	Outages(ctx context.Context, from, to time.Time) ([]Outage, error)
	// Since is when a channel was first served; the zero time when it never was.
	Since(ctx context.Context, c Channel) (time.Time, error)
}
