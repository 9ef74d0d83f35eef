package authserver

import (
	"context"
	"net/netip"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/partner"
)

// GrantParams are the parameters of a call for tokens. The door has read the
// client's credentials from the body or from HTTP Basic, and From from the
// connection.
type GrantParams struct {
	GrantType, ClientID, ClientSecret      string
	Code, State, RedirectURI, CodeVerifier string // authorization_code
	RefreshToken                           string // refresh_token
	From                                   netip.Addr
}

// The grant types (RFC 6749 §4.1.3, §6).
const (
	byCode    = "authorization_code"
	byRefresh = "refresh_token"
)

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
	if err := p.worded(); err != nil {
		return GrantAnswer{}, err
	}
	now := s.now()
	app, err := s.client(ctx, partner.ClientID(p.ClientID), p.ClientSecret, now)
	if err != nil {
		return GrantAnswer{}, err
	}
	if !app.From(p.From) {
		return GrantAnswer{}, bank.Refuse(bank.AddressNotAllowed, "Tokens are not given to this address.")
	}
	pair := tokenPair{app: &app, now: now}
	var agreement consent.Agreement
	if p.GrantType == byCode {
		agreement, err = s.store.Redeem(ctx, HashSecret(p.Code), now,
			func(c Code) error { return p.fits(&app, &c, now) },
			func(c Code, a consent.Agreement) (Issued, error) { return pair.issue(s, &a, c.Hash) })
	} else {
		agreement, err = s.store.Rotate(ctx, HashSecret(p.RefreshToken), now,
			func(t Token) error { return mayRotate(&app, &t, now) },
			func(t Token, a consent.Agreement) (Issued, error) { return pair.issue(s, &a, t.Family) })
	}
	if err != nil {
		return GrantAnswer{}, err
	}
	acc, err := s.accounts.Account(ctx, agreement.Account)
	if err != nil {
		return GrantAnswer{}, err
	}
	return GrantAnswer{
		AccessToken: pair.access, ExpiresIn: int64(app.AccessTTL / time.Second),
		RefreshToken: pair.refresh, RefreshExpiresIn: int64(app.RefreshTTL / time.Second),
		AccountRef: agreement.AccountRef, Permissions: agreement.Texts(acc.Product),
	}, nil
}

// worded refuses parameters that are wrong whoever sends them.
func (p *GrantParams) worded() error {
	if err := given([]parameter{
		{"grant_type", p.GrantType}, {"client_id", p.ClientID}, {"client_secret", p.ClientSecret},
	}); err != nil {
		return err
	}
	switch p.GrantType {
	case byCode:
		return given([]parameter{{"code", p.Code}, {"state", p.State}, {"redirect_uri", p.RedirectURI}})
	case byRefresh:
		return given([]parameter{{"refresh_token", p.RefreshToken}})
	}
	return bank.Refuse(bank.RequestInvalid, "The grant_type is authorization_code or refresh_token.")
}

// client finds the application that its secret proves. The secret is looked at
// before the application, and an unknown one has none: both wrongs take the
// same steps and get the same answer.
func (s *Server) client(ctx context.Context, id partner.ClientID, secret string, now time.Time) (partner.Application, error) {
	wrong := bank.Refuse(bank.ClientWrong, "The client_id or the client_secret is wrong.")
	hashes, err := s.partners.Secrets(ctx, id, now)
	if err != nil && bank.CodeOf(err) != bank.NotFound {
		return partner.Application{}, err
	}
	if !secretIs(secret, hashes) {
		return partner.Application{}, wrong
	}
	app, err := s.partners.Application(ctx, id)
	if bank.CodeOf(err) == bank.NotFound {
		return partner.Application{}, wrong
	}
	return app, err
}

// fits refuses a code that is not this client's, or was asked for otherwise
// than it is redeemed. Which of it was wrong is nobody's business but the log's.
func (p *GrantParams) fits(app *partner.Application, c *Code, now time.Time) error {
	switch {
	case c.Client != app.ID:
		return grantInvalid("another client's code")
	case !now.Before(c.ExpiresAt):
		return grantInvalid("the code has expired")
	case !same(c.State, p.State):
		return grantInvalid("another state")
	case c.RedirectURI != p.RedirectURI:
		return grantInvalid("another redirect_uri")
	case !pkceKept(app, c.CodeChallenge, p.CodeVerifier):
		return grantInvalid("the code_verifier does not fit")
	}
	return nil
}

func mayRotate(app *partner.Application, t *Token, now time.Time) error {
	switch {
	case t.Kind != RefreshToken:
		return grantInvalid("not a refresh token")
	case t.Client != app.ID:
		return grantInvalid("another client's token")
	case !now.Before(t.ExpiresAt):
		return grantInvalid("the token has expired")
	}
	return nil
}

// tokenPair makes the tokens of one grant and remembers them in plain: the
// store, which may have to try a transaction again, is shown their hashes only.
type tokenPair struct {
	app             *partner.Application
	now             time.Time
	access, refresh string
}

// issue makes new tokens. A new refresh token's life starts anew, as is the
// standard (partner-api §4.5): a pairing in use does not end by time alone.
func (p *tokenPair) issue(s *Server, a *consent.Agreement, family []byte) (Issued, error) {
	if a.Status != consent.Active {
		return Issued{}, grantInvalid("the agreement is " + string(a.Status))
	}
	token := func(kind TokenKind, life time.Duration) (string, Token, error) {
		secret, hash, err := NewSecret(s.random)
		return secret, Token{
			Hash: hash, Kind: kind, Client: p.app.ID, Agreement: a.ID, Family: family,
			IssuedAt: p.now, ExpiresAt: p.now.Add(life),
		}, err
	}
	var out Issued
	var err error
	if p.access, out.Access, err = token(AccessToken, p.app.AccessTTL); err != nil {
		return Issued{}, err
	}
	if p.refresh, out.Refresh, err = token(RefreshToken, p.app.RefreshTTL); err != nil {
		return Issued{}, err
	}
	out.Audit = []audit.Record{{
		At: p.now, Actor: audit.Actor{Kind: audit.Partner, ID: string(p.app.ID)},
		Act: "tokens.issued", Subject: "agreement:" + string(a.ID),
		After: "access until " + instant(out.Access.ExpiresAt) + ", refresh until " + instant(out.Refresh.ExpiresAt),
	}}
	return out, nil
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
