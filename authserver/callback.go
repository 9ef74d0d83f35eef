package authserver

import (
	"context"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// CallbackTo says where and how a third party wants to be called (psd2 §2.7).
type CallbackTo struct {
	URL       string // one of thirdparty.Client.CallbackURLs
	APIKey    string // presented at the call; "" when the third party wants none. A secret: sealed at rest
	RequestID string // of the call that this answers
	Form      string // the door's word for the form of the call: "polishapi 2.1.2"
}

// Callback is what a third party is told of a consent that it asked for
// externally: Code or Error is set.
type Callback struct {
	To      CallbackTo
	Client  thirdparty.ClientID
	Consent xs2a.ID
	TPPID   string // of the consent
	State   string
	Code    string
	Error   string // "access_denied"
}

// accessDenied is all that a third party learns of why it has no consent (RFC
// 6749 §4.1.2.1).
const accessDenied = "access_denied"

// DueCallback is a callback that is leased to a worker. It has neither Code nor
// Error yet.
type DueCallback struct {
	ID RequestID
	Callback
	Given bool      // whether the customer gave the consent
	Since time.Time // wall clock: when it was decided
	// Tries and Fence belong to the delivery: what a worker claimed must be settled
	// with the same fence.
	Tries int // with this one
	Fence int64
}

// CallbackState says what there is to do about a leased callback.
type CallbackState string

// The states of a leased callback.
const (
	CallbackReady    CallbackState = "ready"
	CallbackRedeemed CallbackState = "redeemed" // the code of an earlier try was: the third party has been told
	CallbackEnded    CallbackState = "ended"    // the consent does not stand any more
	CallbackLost     CallbackState = "lost"     // another worker has it
)

// KeptExternalCode is a one-time code as it is kept.
type KeptExternalCode struct {
	Person party.PersonID
	Hash   []byte
	Until  time.Time
}

// WrongCodes counts the wrong codes of one third party.
type WrongCodes struct {
	Count int
	Since time.Time // the first of them
}

// Callbacks keeps what third parties have to be told, from the request on.
type Callbacks interface {
	// ClaimCallbacks leases up to n due callbacks to one worker until a wall clock
	// instant, those due first first. None is ever leased twice at once; each claim
	// raises the fence.
	ClaimCallbacks(ctx context.Context, worker string, n int, wall, until time.Time) ([]DueCallback, error)
	// SettleCallback ends a lease: the callback is due again at a wall clock
	// instant, or (the zero time) was delivered or is given up, which record says,
	// and is forgotten with its secrets. It does nothing when the fence is no longer
	// the callback's own.
	SettleCallback(ctx context.Context, id RequestID, fence int64, again time.Time, record *audit.Record) error
}

// ExternalStore keeps one-time codes of the bank's application, and callbacks.
type ExternalStore interface {
	// KeepExternalCode keeps a person's code in the place of the former one. It
	// keeps nothing when a code of the same digits stands that is another person's.
	KeepExternalCode(ctx context.Context, c KeptExternalCode, now time.Time, record audit.Record) (kept bool, err error)
	// AskExternally lets judge decide over a code, nil when there is none of this
	// hash, and over what its third party has tried. A refusal of judge is kept like
	// a success, because a wrong code counts. Otherwise, in the same transaction,
	// the code is spent (of any number of concurrent calls exactly one finds it) and
	// consent, request (AskedOf the code's person) and callback are kept.
	// ConsentTaken as AskConsent, which spends nothing.
	AskExternally(ctx context.Context, hash []byte, c xs2a.Consent, r ConsentRequest, to CallbackTo, record audit.Record,
		judge func(*WrongCodes, *KeptExternalCode) ([]audit.Record, error)) (ConsentRequest, error)
	// LapsingRequests lists at most n open requests that are AskedOf somebody and
	// have expired, those first that expired first, and tells when the first of the
	// others will, the zero time when there is none.
	LapsingRequests(ctx context.Context, now time.Time, n int) (due []RequestID, next time.Time, err error)
	// RenewCode keeps the code with which a leased callback goes out, in the place
	// of that of the try before, which is never good again. Nothing is kept unless
	// it is CallbackReady.
	RenewCode(ctx context.Context, id RequestID, fence int64, code Code, now time.Time) (CallbackState, error)
	// WasTold tells whether there is a code of this hash that was told at a
	// callback.
	WasTold(ctx context.Context, hash []byte) (bool, error)
	Callbacks
}

// CallbackNow makes of a leased callback what goes out now. Each try has a code
// of its own, which lives from now on: none is kept from which one could be read.
func (s *Server) CallbackNow(ctx context.Context, d DueCallback) (Callback, CallbackState, error) {
	c := d.Callback
	stands, err := s.stillCalls(ctx, c.Client)
	if err != nil {
		return Callback{}, "", err
	}
	if !d.Given || !stands {
		c.Error = accessDenied
		return c, CallbackReady, nil
	}
	secret, hash, err := NewSecret(s.random)
	if err != nil {
		return Callback{}, "", err
	}
	now := s.now()
	code := codeOf(c.Consent, c.Client, now.Add(s.rules.CodeLife))
	code.Hash, code.State = hash, c.State
	state, err := s.consents.RenewCode(ctx, d.ID, d.Fence, code, now)
	switch {
	case err != nil:
		return Callback{}, "", err
	case state == CallbackEnded:
		c.Error, state = accessDenied, CallbackReady
	case state == CallbackReady:
		c.Code = secret
	}
	return c, state, nil
}

// stillCalls tells whether a third party may call: one that was blocked since it
// asked is told no more.
func (s *Server) stillCalls(ctx context.Context, id thirdparty.ClientID) (bool, error) {
	client, err := s.third.Client(ctx, id)
	switch {
	case bank.CodeOf(err) == bank.NotFound:
		return false, nil
	case err != nil:
		return false, err
	}
	return client.Standing() == nil, nil
}
