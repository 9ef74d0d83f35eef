package authserver

import (
	"context"
	"time"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// ConsentRequest is a third party's wish for a consent, between the call that
// starts it and the customer's word (psd2 §6.1). The consent itself is kept from
// the start, as xs2a.Asked, so that its id is taken.
type ConsentRequest struct {
	ID          RequestID // in the customer's link
	Consent     xs2a.ID
	Client      thirdparty.ClientID
	State       string // returned byte for byte
	RedirectURI string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	Status      RequestStatus
	Choice      *ConsentChoice // what the customer chose, before confirming it
	For         *ConsentFor    // whom the third party sent, nil for anybody; never changes
	// AskedOf is the person whose one-time code came with the request: it is
	// answered in the bank's application and told at a callback. It is "" of a
	// request that has a link.
	AskedOf party.PersonID
}

// ConsentFor is whom a third party sent with a request, as far as the bank knows
// them: what they were named by (PSUContext) is not kept.
type ConsentFor struct {
	Context   ContextKind
	Person    party.PersonID     // "" anybody
	Customers []party.CustomerID // none: any; several when they share the number that was named
	Nobody    bool               // the bank knows nobody by what was named
}

// ConsentChoice is what a customer chose on a consent page. A challenge is bound
// to it and to the consent's content.
type ConsentChoice struct {
	Person   party.PersonID
	Customer party.CustomerID
	Accounts []account.ID // AIS: those to be read; PIS: the one that pays
}

// ConsentToken is an issued token of a third party, with what it was narrowed to.
type ConsentToken struct {
	Token
	// Payment says that a token of a payment consent may only look at what was
	// made (psd2 §0.1: a refresh to pis:payment counts as narrower).
	LooksOnly bool
}

// ConsentIssued are the tokens that follow from a code, a refresh or an exchange.
type ConsentIssued struct {
	Access, Refresh ConsentToken
	Audit           []audit.Record
}

// ConsentAccess is what stands behind a third party's access token: one indexed
// read, nothing of it cached, so that a withdrawal stops the very next call.
type ConsentAccess struct {
	Token   ConsentToken
	Consent xs2a.Consent
}

// ConsentStore keeps requests, codes and tokens of third parties. In Code and
// Token the field Agreement holds the id of the consent, Client that of the
// thirdparty client. What can be done once is an act: of any number of
// concurrent calls exactly one succeeds.
type ConsentStore interface {
	// AskConsent keeps a new consent with its request. ConsentTaken when the
	// client has used the consent's TPPID before.
	AskConsent(ctx context.Context, c xs2a.Consent, r ConsentRequest, record audit.Record) error
	// ConsentRequest finds one; a NotFound refusal when there is none.
	ConsentRequest(ctx context.Context, id RequestID) (ConsentRequest, error)
	// ChangeConsentRequest lets change decide over request and consent as they
	// stand and keeps what it made of both. A request that is AskedOf somebody and
	// is refused has its callback made due in the same transaction.
	ChangeConsentRequest(ctx context.Context, id RequestID, change func(*ConsentRequest, *xs2a.Consent) ([]audit.Record, error)) (ConsentRequest, error)
	// GiveConsent gives a request: in one transaction decide makes of the asked
	// consent the one that is given, the challenge is spent, the code is kept and
	// the request becomes RequestGiven. A request that is AskedOf somebody has no
	// code yet (its Hash is nil): its callback is made due instead.
	GiveConsent(ctx context.Context, id RequestID, spend consent.Use, code Code,
		decide func(*ConsentRequest, *xs2a.Consent) ([]audit.Record, error)) (xs2a.Consent, error)

	// RedeemConsent and RotateConsent are Redeem and Rotate for consents. issue may
	// change the consent (narrow it).
	RedeemConsent(ctx context.Context, hash []byte, now time.Time, check func(Code) error,
		issue func(Code, *xs2a.Consent) (ConsentIssued, error)) (xs2a.Consent, error)
	RotateConsent(ctx context.Context, hash []byte, now time.Time, check func(ConsentToken) error,
		issue func(ConsentToken, *xs2a.Consent) (ConsentIssued, error)) (xs2a.Consent, error)
	// ExchangeConsent spends an access token, which must be good, for tokens of
	// another version of its consent: every older token of the consent ends in the
	// same transaction. TokenUnknown or TokenInvalid when the token is not good.
	ExchangeConsent(ctx context.Context, hash []byte, now time.Time,
		issue func(ConsentToken, *xs2a.Consent) (ConsentIssued, error)) (xs2a.Consent, error)

	// ConsentAccess finds what stands behind an access token, whether or not it is
	// still good: a NotFound refusal when there is no such access token.
	ConsentAccess(ctx context.Context, hash []byte) (ConsentAccess, error)

	ExternalStore
}
