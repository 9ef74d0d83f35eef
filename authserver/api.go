package authserver

import (
	"context"
	"errors"
	"net/netip"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

var errLater = errors.New("authserver: not built yet")

// BeginParams are the parameters of a pairing request as an application sent
// them (partner-api §4.1; the last two: RFC 7636).
type BeginParams struct {
	ClientID, ResponseType, State, RedirectURI, Scope string
	CodeChallenge, CodeChallengeMethod                string
}

// Begin opens a pairing request. It refuses, in this order: an empty parameter
// as InvalidParameter with its name in Field; ApplicationUnknown;
// RedirectUnknown; RequestInvalid for a wrong response_type, state or scope and
// for PKCE other than S256. None of these may lead the browser to redirect_uri.
func (s *Server) Begin(ctx context.Context, p BeginParams) (Request, error) {
	return Request{}, errLater
}

// Pending is a request that waits for the customer, with who asks.
type Pending struct {
	Request     Request
	Application *partner.Application
	Partner     *partner.Partner
}

// Pending finds a request that can still be given. It is NotFound when there
// never was one, RequestEnded when it was given, refused or has expired.
func (s *Server) Pending(ctx context.Context, id RequestID) (Pending, error) {
	return Pending{}, errLater
}

// MayPair refuses a pairing that this person cannot give for this customer:
// NotFound when the person does not act for the customer now,
// PermissionMissing when the role does not bind it, CustomerBlocked, and
// ApplicationStatus when the application is not open to them (partner-api §2).
func (s *Server) MayPair(ctx context.Context, p Pending, person party.PersonID, c *party.Customer) error {
	return errLater
}

// Choose keeps what the customer chose on the consent page. Choosing again
// replaces it, and makes a challenge that was bound to the first choice foreign.
//
// Besides what Pending and MayPair refuse it refuses: NotFound for an account
// that is not the customer's; AccountClosed, AccountBlocked, AccessBlocked,
// AccessOff; PermissionForeign for a permission that the application is not
// defined with; InvalidParameter with Field "account", "permissions" (an
// obligatory one is missing), "single", "daily", "monthly" or "unconfirmed"
// (above the application's maximum).
func (s *Server) Choose(ctx context.Context, id RequestID, c Choice) (Request, error) {
	return Request{}, errLater
}

// PairingSubject is what a challenge for the chosen pairing confirms, worded in
// the language of the person who chose. RequestInvalid when nothing is chosen.
func (s *Server) PairingSubject(ctx context.Context, r Request) (sca.Subject, error) {
	return sca.Subject{}, errLater
}

// Pair gives the chosen pairing on the word of a passed challenge and returns
// the address to which the browser goes, with the code. It refuses what Pending
// and Choose refuse, and what sca.Spend refuses of the challenge.
func (s *Server) Pair(ctx context.Context, id RequestID, person party.PersonID, challenge sca.ID) (redirect string, err error) {
	return "", errLater
}

// RefusePairing ends a request by the customer's no and returns the address to
// which the browser goes, with error=access_denied (RFC 6749 §4.1.2.1).
func (s *Server) RefusePairing(ctx context.Context, id RequestID) (redirect string, err error) {
	return "", errLater
}

// GrantParams are the parameters of a call for tokens. The door has read the
// client's credentials from the body or from HTTP Basic, and From from the
// connection.
type GrantParams struct {
	GrantType, ClientID, ClientSecret      string
	Code, State, RedirectURI, CodeVerifier string // authorization_code
	RefreshToken                           string // refresh_token
	From                                   netip.Addr
}

// GrantAnswer are new tokens. Lives are in seconds.
type GrantAnswer struct {
	AccessToken      string
	ExpiresIn        int64
	RefreshToken     string
	RefreshExpiresIn int64
	AccountRef       string
	Permissions      []string // in the form of partner-api §5
}

// Grant exchanges a code or a refresh token for new tokens (partner-api §4.4).
// It checks in this order: parameters (InvalidParameter with Field for an empty
// one, RequestInvalid for an unknown grant_type), client (ClientWrong), address
// (AddressNotAllowed), grant (GrantInvalid). Nothing but a good call spends a
// code.
func (s *Server) Grant(ctx context.Context, p GrantParams) (GrantAnswer, error) {
	return GrantAnswer{}, errLater
}

// Check finds what stands behind an access token: TokenMissing for "",
// TokenUnknown, or TokenInvalid when it has expired, was revoked, or its
// agreement is not active.
func (s *Server) Check(ctx context.Context, token string) (Access, error) {
	return Access{}, errLater
}

// LogIn tells who a login and a password belong to. LoginWrong for an unknown
// login as for a wrong password; LoginLocked for 15 minutes of bank time after
// five wrong tries in a row; Busy when no password slot frees within 2 seconds.
func (s *Server) LogIn(ctx context.Context, login, password string) (party.Person, error) {
	return party.Person{}, errLater
}

// Contexts lists the customers for whom a person may act now.
func (s *Server) Contexts(ctx context.Context, person party.PersonID) ([]party.ActsFor, error) {
	return nil, errLater
}

// Methods lists the second factors that a person has, the preferred one first:
// Mobile when the person uses the application and has a device, SMS when a phone
// number is known.
func (s *Server) Methods(ctx context.Context, person party.PersonID) ([]sca.Method, error) {
	return nil, errLater
}

// Challenge asks a person to confirm a subject. The SMS with the code, or the
// push that tells the application of it, leaves through the outbox in the same
// transaction. FactorMissing when the person has no such factor, FactorLocked
// while it is locked.
//
// A page goes on with the newest challenge that it opened. An older one of the
// same subject can still be answered, and gains nothing: the act that they
// confirm can be done once.
func (s *Server) Challenge(ctx context.Context, person party.PersonID, m sca.Method, subject sca.Subject) (sca.Challenge, error) {
	return sca.Challenge{}, errLater
}

// Answer judges the code that a person typed. Somebody else's challenge is
// NotFound; otherwise it refuses as sca.Answer does, and a wrong try counts.
func (s *Server) Answer(ctx context.Context, person party.PersonID, id sca.ID, code string) (sca.Challenge, error) {
	return sca.Challenge{}, errLater
}

// Approve takes a device's yes: an ECDSA P-256 signature in ASN.1 DER over the
// SHA-256 of SignedText. A device that is unknown, removed or another person's
// is NotFound; otherwise it refuses as sca.Approve does.
func (s *Server) Approve(ctx context.Context, id sca.ID, deviceID string, signature []byte) (sca.Challenge, error) {
	return sca.Challenge{}, errLater
}

// Reject takes a device's no: as Approve, over RejectionText.
func (s *Server) Reject(ctx context.Context, id sca.ID, deviceID string, signature []byte) (sca.Challenge, error) {
	return sca.Challenge{}, errLater
}

// SignedText is what a device signs to approve a challenge.
func SignedText(c sca.Challenge) []byte { return nil }

// RejectionText is what a device signs to reject a challenge. It differs from
// SignedText: a no that was caught on its way must not serve as a yes.
func RejectionText(c sca.Challenge) []byte { return nil }

// Look finds a person's own challenge; NotFound for anybody else's.
func (s *Server) Look(ctx context.Context, person party.PersonID, id sca.ID) (sca.Challenge, error) {
	return sca.Challenge{}, errLater
}

// WaitingApprovals lists what waits for a device's yes or no, newest first.
func (s *Server) WaitingApprovals(ctx context.Context, deviceID string) ([]sca.Challenge, error) {
	return nil, errLater
}

// LimitsSubject is what a challenge for new limits of an agreement confirms.
func (s *Server) LimitsSubject(a consent.Agreement, to limit.Limits, lang party.Language) sca.Subject {
	return sca.Subject{}
}

// SetLimits changes the limits of an agreement by the customer's hand. Lowering
// needs no challenge (""); raising one without is AuthorisationRequired, and
// makes the next version of the agreement.
func (s *Server) SetLimits(ctx context.Context, person party.PersonID, id consent.ID, to limit.Limits, challenge sca.ID) (consent.Agreement, error) {
	return consent.Agreement{}, errLater
}

// CustomerLimitsSubject is what a challenge for a customer's own limits
// confirms.
func (s *Server) CustomerLimitsSubject(c party.CustomerID, to limit.OfCustomer, lang party.Language) sca.Subject {
	return sca.Subject{}
}

// SetCustomerLimits changes a customer's own limits across everything. Raising
// needs a challenge as in SetLimits.
func (s *Server) SetCustomerLimits(ctx context.Context, person party.PersonID, c party.CustomerID, to limit.OfCustomer, challenge sca.ID) error {
	return errLater
}

// Move maps an agreement to another account of the same customer. The
// third party's account_id stays (partner-api §3).
func (s *Server) Move(ctx context.Context, person party.PersonID, id consent.ID, to account.ID) (consent.Agreement, error) {
	return consent.Agreement{}, errLater
}

// End ends an agreement; its tokens die with it. Ending an ended one is
// harmless. customer is whose agreement it must be, "" for staff and partner; of
// an actor of kind audit.Customer the ID is the person, who must act for it now.
func (s *Server) End(ctx context.Context, by audit.Actor, id consent.ID, customer party.CustomerID) error {
	return errLater
}

// OperationSubject is what a challenge for a prepared operation confirms
// (partner-api §8: amount, payee and title).
func (s *Server) OperationSubject(a payment.Authorisation, lang party.Language) sca.Subject {
	return sca.Subject{}
}
