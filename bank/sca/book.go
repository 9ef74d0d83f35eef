package sca

import (
	"context"

	"okienko/bank/audit"
	"okienko/bank/notice"
	"okienko/bank/party"
)

// Book keeps challenges, factors and devices. Its acts are whole.
type Book interface {
	// OpenChallenge keeps a new challenge with the message that carries it,
	// unless the factor is locked, which open decides over the factor as it
	// stands.
	OpenChallenge(ctx context.Context, c Challenge, m *notice.Message, open func(*Factor) error) error
	// JudgeChallenge lets judge decide over challenge and factor as they stand,
	// and keeps both also when judge refuses: a wrong try counts.
	JudgeChallenge(ctx context.Context, id ID, judge func(*Challenge, *Factor) error, record func(*Challenge) []audit.Record) (Challenge, error)
	// Challenge finds one; a NotFound refusal when there is none.
	Challenge(ctx context.Context, id ID) (Challenge, error)
	// WaitingChallenges lists a person's pending Mobile challenges, newest first.
	WaitingChallenges(ctx context.Context, p party.PersonID) ([]Challenge, error)
	// Devices lists a person's devices, removed ones too.
	Devices(ctx context.Context, p party.PersonID) ([]Device, error)
	// Device finds one; a NotFound refusal when there is none.
	Device(ctx context.Context, id string) (Device, error)
	// EnrolDevice keeps a device and makes the mobile application the person's
	// first factor; RemoveDevice ends it.
	EnrolDevice(ctx context.Context, d Device, r audit.Record) error
	RemoveDevice(ctx context.Context, id string, r audit.Record) error
}
