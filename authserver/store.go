package authserver

import (
	"context"
	"time"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/party"
)

// RequestID names a pairing request.
type RequestID string

// RequestStatus is where a pairing request stands.
type RequestStatus string

// The statuses of a pairing request. All but Open are final.
const (
	RequestOpen    RequestStatus = "open"
	RequestGiven   RequestStatus = "given"
	RequestRefused RequestStatus = "refused"
)

// Request is an application's wish to be paired (partner-api §4.1).
type Request struct {
	ID          RequestID
	Client      consent.ClientID
	State       string // 128 characters; repeated at the redirect and at the exchange
	RedirectURI string
	// CodeChallenge is the S256 challenge of RFC 7636, "" when none was sent.
	CodeChallenge string
	CreatedAt     time.Time
	ExpiresAt     time.Time
	Status        RequestStatus
	Choice        *Choice // what the customer chose, before confirming it
}

// Choice is what a customer chose on the consent page. A challenge is bound to
// its Binding, so that what was confirmed is what is paired.
type Choice struct {
	Person      party.PersonID
	Customer    party.CustomerID
	Account     account.ID
	Permissions []consent.Permission
	Limits      limit.Limits
}

// Code is an authorisation code: it lives a minute and is spent once.
type Code struct {
	Hash          []byte
	Client        consent.ClientID
	Agreement     consent.ID
	State         string
	RedirectURI   string
	CodeChallenge string
	ExpiresAt     time.Time
	SpentAt       time.Time // the zero time while unspent
}

// TokenKind tells access from refresh tokens.
type TokenKind string

// The kinds of token.
const (
	AccessToken  TokenKind = "access"
	RefreshToken TokenKind = "refresh"
)

// Token is an issued token, known by its hash alone.
type Token struct {
	Hash      []byte
	Kind      TokenKind
	Client    consent.ClientID
	Agreement consent.ID
	// Family is the hash of the code from which the token descends: reuse of the
	// code kills the whole family.
	Family    []byte
	IssuedAt  time.Time
	ExpiresAt time.Time
	SpentAt   time.Time // refresh tokens: rotated
	RevokedAt time.Time
}

// Access is what stands behind an access token: one indexed read, nothing of
// it cached, so that a withdrawal stops the very next call (design §4).
type Access struct {
	Token     Token
	Agreement consent.Agreement
	Customer  party.Customer
	Account   account.Account // of the agreement as it is mapped now
}

// Issued are the tokens that follow from a code or a refresh token that was
// found good, with the audit of the act.
type Issued struct {
	Access, Refresh Token
	Audit           []audit.Record
}

// Login is how a person logs in.
type Login struct {
	Person      party.PersonID
	Login       string
	Password    string // argon2id in PHC form
	Wrong       int    // wrong tries since the last right one
	LockedUntil time.Time
}

// Store keeps requests, codes, tokens and logins. What can be done once is an
// act: of any number of concurrent calls exactly one succeeds.
type Store interface {
	SaveRequest(ctx context.Context, r Request) error
	// Request finds one; a NotFound refusal when there is none.
	Request(ctx context.Context, id RequestID) (Request, error)
	// ChangeRequest lets change decide over the request as it stands and keeps
	// what it made of it.
	ChangeRequest(ctx context.Context, id RequestID, change func(*Request) error) (Request, error)

	// Pair gives a request: in one transaction decide judges the request as it
	// stands and the agreement that the customer and the application have already
	// (nil when none, ended ones count) and returns the agreement to keep; the
	// challenge is spent, all older codes and tokens of the agreement end, the new
	// code is kept for the agreement that decide returned (code.Agreement is "" on
	// the way in: only decide knows it) and the request becomes RequestGiven.
	Pair(ctx context.Context, id RequestID, spend consent.Use, code Code,
		decide func(Request, *consent.Agreement) (consent.Agreement, []audit.Record, error)) (consent.Agreement, error)

	// Redeem spends a code: check judges it, unspent, and when it is good the
	// tokens of issue are kept with it. Of any number of concurrent calls one
	// succeeds. A spent code revokes its whole family and is refused; an
	// unknown or expired code, or one that check refuses, stays as it is. The
	// refusal is GrantInvalid or what check returned.
	Redeem(ctx context.Context, hash []byte, now time.Time, check func(Code) error, issue func(Code, consent.Agreement) (Issued, error)) (consent.Agreement, error)
	// Rotate spends a refresh token in the same way. A spent or revoked one
	// revokes every token of its family: all of the pairing, but none of one that
	// was given anew since.
	Rotate(ctx context.Context, hash []byte, now time.Time, check func(Token) error, issue func(Token, consent.Agreement) (Issued, error)) (consent.Agreement, error)

	// Access finds what stands behind an access token, whether or not it is
	// still good: a NotFound refusal when there is no such access token.
	Access(ctx context.Context, hash []byte) (Access, error)

	// TryLogin lets judge decide over a login as it stands (nil when there is
	// none) and keeps what it made of it also when judge refuses.
	TryLogin(ctx context.Context, login string, judge func(*Login) error) error
	// LoginOf finds a login without judging it; a NotFound refusal when there is
	// none.
	LoginOf(ctx context.Context, login string) (Login, error)
}
