package authserver

import (
	"context"
	"net/url"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/partner"
)

const (
	// requestLife is our own choice (partner-api §4 names none): long enough to log
	// in, read and wait for an SMS; as long as a prepared operation waits (§8).
	requestLife = 10 * time.Minute
	stateLength = 128
	scope       = "open-api"
)

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
	if err := given([]parameter{
		{"client_id", p.ClientID}, {"response_type", p.ResponseType}, {"state", p.State},
		{"redirect_uri", p.RedirectURI}, {"scope", p.Scope},
	}); err != nil {
		return Request{}, err
	}
	app, err := s.partners.Application(ctx, partner.ClientID(p.ClientID))
	switch {
	case bank.CodeOf(err) == bank.NotFound:
		return Request{}, bank.Refuse(bank.ApplicationUnknown, "There is no such application.")
	case err != nil:
		return Request{}, err
	case !app.Redirects(p.RedirectURI):
		return Request{}, bank.Refuse(bank.RedirectUnknown, "The return address is not registered for the application.")
	case p.ResponseType != "code":
		return Request{}, bank.Refuse(bank.RequestInvalid, "The response_type is code.")
	case !validState(p.State):
		return Request{}, bank.Refuse(bank.RequestInvalid, "A state has exactly 128 letters and digits.")
	case p.Scope != scope:
		return Request{}, bank.Refuse(bank.RequestInvalid, "The scope is open-api.")
	}
	if err := pkceAsked(&app, p.CodeChallenge, p.CodeChallengeMethod); err != nil {
		return Request{}, err
	}
	now := s.now()
	r := Request{
		ID: RequestID(s.ids.NewID()), Client: app.ID, State: p.State, RedirectURI: p.RedirectURI,
		CodeChallenge: p.CodeChallenge, CreatedAt: now, ExpiresAt: now.Add(requestLife), Status: RequestOpen,
	}
	if err := s.store.SaveRequest(ctx, r); err != nil {
		return Request{}, err
	}
	return r, nil
}

type parameter struct{ name, value string }

// given refuses the first parameter that is empty.
func given(all []parameter) error {
	for _, p := range all {
		if p.value == "" {
			return bank.RefuseField(p.name, "The parameter "+p.name+" is missing or empty.")
		}
	}
	return nil
}

func validState(s string) bool { return len(s) == stateLength && alphanumeric(s, "") }

// Pending is a request that waits for the customer, with who asks.
type Pending struct {
	Request     Request
	Application *partner.Application
	Partner     *partner.Partner
}

// Pending finds a request that can still be given. It is NotFound when there
// never was one, RequestEnded when it was given, refused or has expired.
func (s *Server) Pending(ctx context.Context, id RequestID) (Pending, error) {
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return Pending{}, err
	}
	if err := r.open(s.now()); err != nil {
		return Pending{}, err
	}
	app, err := s.partners.Application(ctx, r.Client)
	if err != nil {
		return Pending{}, err
	}
	of, err := s.partners.Partner(ctx, app.Partner)
	if err != nil {
		return Pending{}, err
	}
	return Pending{Request: r, Application: &app, Partner: &of}, nil
}

// open refuses when the request can no longer be given or refused.
func (r *Request) open(now time.Time) error {
	if r.Status != RequestOpen {
		return bank.Refuse(bank.RequestEnded, "The request has been answered already.")
	}
	if !now.Before(r.ExpiresAt) {
		return bank.Refuse(bank.RequestEnded, "The request has expired.")
	}
	return nil
}

// RefusePairing ends a request by the customer's no and returns the address to
// which the browser goes, with error=access_denied (RFC 6749 §4.1.2.1).
func (s *Server) RefusePairing(ctx context.Context, id RequestID) (redirect string, err error) {
	now := s.now()
	r, err := s.store.ChangeRequest(ctx, id, func(r *Request) error {
		if err := r.open(now); err != nil {
			return err
		}
		r.Status = RequestRefused
		return nil
	})
	if err != nil {
		return "", err
	}
	return back(r.RedirectURI, url.Values{"error": {accessDenied}, "state": {r.State}}), nil
}

// back adds parameters to a registered return address, which may have some
// already and may be of a scheme of the partner's own (RFC 8252 §7.1). It is
// not parsed and written anew: what comes back must be, byte for byte, the
// address that was registered.
func back(to string, with url.Values) string {
	to, fragment, _ := strings.Cut(to, "#")
	switch {
	case !strings.Contains(to, "?"):
		to += "?"
	case !strings.HasSuffix(to, "?") && !strings.HasSuffix(to, "&"):
		to += "&"
	}
	to += with.Encode()
	if fragment != "" {
		to += "#" + fragment
	}
	return to
}
