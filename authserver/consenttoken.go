package authserver

import (
	"context"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// ConsentTokenParams are the parameters of a third party's call for tokens. The
// door has proven who the client is.
type ConsentTokenParams struct {
	Client            thirdparty.ClientID
	GrantType         string
	Code, RedirectURI string           // authorization_code
	RefreshToken      string           // refresh_token
	Narrow            *ConsentNarrow   // refresh_token: nil leaves everything as it is
	ExchangeToken     string           // exchange_token: a good access token
	Exchange          *ConsentExchange // exchange_token
}

// byExchange is the grant type of the standard's own (psd2 §2.2).
const byExchange = "exchange_token"

// ConsentTokenAnswer are new tokens, with the consent as they show it.
type ConsentTokenAnswer struct {
	AccessToken, RefreshToken string
	ExpiresIn                 int64 // seconds
	Consent                   xs2a.Consent
}

// ConsentTokens exchanges a code, a refresh token or a list of accounts for new
// tokens (psd2 §3.4, §6.3). It refuses: InvalidParameter with Field for an empty
// parameter, GrantUnsupported, GrantInvalid (code or token unknown, spent,
// expired, somebody else's, or of a consent that does not stand), ScopeInvalid
// for more than there is, AccountOutside for an account that the customer did
// not give. Nothing but a good call spends anything; a spent code or refresh
// token ends every token that descends from it.
func (s *Server) ConsentTokens(ctx context.Context, p ConsentTokenParams) (ConsentTokenAnswer, error) {
	if err := p.worded(); err != nil {
		return ConsentTokenAnswer{}, err
	}
	pair := consentTokens{server: s, client: p.Client, now: s.now()}
	var c xs2a.Consent
	var err error
	switch p.GrantType {
	case byCode:
		if err := s.redirected(ctx, &p); err != nil {
			return ConsentTokenAnswer{}, err
		}
		c, err = s.consents.RedeemConsent(ctx, HashSecret(p.Code), pair.now,
			func(code Code) error { return p.fits(&code, pair.now) },
			func(code Code, c *xs2a.Consent) (ConsentIssued, error) { return pair.issue(c, code.Hash, false) })
	case byRefresh:
		c, err = s.refresh(ctx, &p, &pair)
	default:
		c, err = s.exchange(ctx, &p, &pair)
	}
	if err != nil {
		return ConsentTokenAnswer{}, err
	}
	return ConsentTokenAnswer{
		AccessToken: pair.access, RefreshToken: pair.refresh, ExpiresIn: int64(pair.life / time.Second),
		Consent: shown(c, pair.looksOnly),
	}, nil
}

// worded refuses parameters that are wrong whoever sends them.
func (p *ConsentTokenParams) worded() error {
	if err := given([]parameter{{"grant_type", p.GrantType}}); err != nil {
		return err
	}
	switch p.GrantType {
	case byCode:
		return given([]parameter{{"code", p.Code}})
	case byRefresh:
		return given([]parameter{{"refresh_token", p.RefreshToken}})
	case byExchange:
		if err := given([]parameter{{"exchange_token", p.ExchangeToken}}); err != nil {
			return err
		}
		if p.Exchange == nil {
			return bank.RefuseField("scope_details", "The parameter scope_details is missing.")
		}
		return given([]parameter{{"scope", string(p.Exchange.Scope)}})
	}
	return bank.Refuse(bank.GrantUnsupported, "The grant_type is authorization_code, refresh_token or exchange_token.")
}

// redirected demands the return address of a code that was handed over there; one
// that was told at a callback has none.
func (s *Server) redirected(ctx context.Context, p *ConsentTokenParams) error {
	if p.RedirectURI != "" {
		return nil
	}
	told, err := s.consents.WasTold(ctx, HashSecret(p.Code))
	if err != nil || told {
		return err
	}
	return given([]parameter{{"redirect_uri", p.RedirectURI}})
}

// fits refuses a code that is not this client's, or was asked for otherwise than
// it is redeemed.
func (p *ConsentTokenParams) fits(c *Code, now time.Time) error {
	switch {
	case c.Client != consent.ClientID(p.Client):
		return grantInvalid("another client's code")
	case !now.Before(c.ExpiresAt):
		return grantInvalid("the code has expired")
	case c.RedirectURI != p.RedirectURI:
		return grantInvalid("another redirect_uri")
	}
	return nil
}

// refresh spends a refresh token. How long it is good is decided by the consent
// as it stands: a customer may have renewed it since.
func (s *Server) refresh(ctx context.Context, p *ConsentTokenParams, pair *consentTokens) (xs2a.Consent, error) {
	of, err := s.lookedAt(ctx, p.Client, p.Narrow)
	if err != nil {
		return xs2a.Consent{}, err
	}
	return s.consents.RotateConsent(ctx, HashSecret(p.RefreshToken), pair.now,
		func(t ConsentToken) error {
			switch {
			case t.Kind != RefreshToken:
				return grantInvalid("not a refresh token")
			case t.Client != consent.ClientID(p.Client):
				return grantInvalid("another client's token")
			}
			return nil
		},
		func(t ConsentToken, c *xs2a.Consent) (ConsentIssued, error) {
			looksOnly, err := p.Narrow.apply(c, t.LooksOnly, of)
			if err != nil {
				return ConsentIssued{}, err
			}
			return pair.issue(c, t.Family, looksOnly)
		})
}

// consentTokens makes the tokens of one call and remembers them in plain: the
// store, which may have to try a transaction again, is shown their hashes only.
type consentTokens struct {
	server          *Server
	client          thirdparty.ClientID
	now             time.Time
	access, refresh string
	life            time.Duration // of the access token
	looksOnly       bool
}

// issue makes new tokens of a consent that stands. No access token outlives its
// consent.
func (p *consentTokens) issue(c *xs2a.Consent, family []byte, looksOnly bool) (ConsentIssued, error) {
	if err := c.Standing(p.now); err != nil {
		return ConsentIssued{}, grantInvalid("the consent is " + string(c.At(p.now)))
	}
	p.looksOnly, p.life = looksOnly, min(p.server.rules.AccessLife, c.Until.Sub(p.now))
	token := func(kind TokenKind, until time.Time) (string, ConsentToken, error) {
		secret, hash, err := NewSecret(p.server.random)
		return secret, ConsentToken{LooksOnly: looksOnly, Token: Token{
			Hash: hash, Kind: kind, Client: consent.ClientID(p.client), Agreement: consent.ID(c.ID), Family: family,
			IssuedAt: p.now, ExpiresAt: until,
		}}, err
	}
	var out ConsentIssued
	var err error
	if p.access, out.Access, err = token(AccessToken, p.now.Add(p.life)); err != nil {
		return ConsentIssued{}, err
	}
	if p.refresh, out.Refresh, err = token(RefreshToken, refreshUntil(c)); err != nil {
		return ConsentIssued{}, err
	}
	out.Audit = []audit.Record{{
		At: p.now, Actor: thirdPartyOf(p.client), Act: "tokens.issued", Subject: "consent:" + string(c.ID),
		After: "access until " + instant(out.Access.ExpiresAt) + ", refresh until " + instant(c.Until),
	}}
	return out, nil
}

// refreshUntil is how long a refresh token is kept. It is good as long as its
// consent stands, and a customer may renew that one at its very end for another
// 180 days: the token must still be there then.
func refreshUntil(c *xs2a.Consent) time.Time {
	if c.Scope == xs2a.Payments {
		return c.Until
	}
	return c.Until.Add(xs2a.MaxLife)
}

// shown is a consent as a token shows it: one that only looks at what was made
// has no other right left.
func shown(c xs2a.Consent, looksOnly bool) xs2a.Consent {
	if looksOnly {
		c.Grants = []xs2a.Grant{{Right: xs2a.ReadPayment}}
	}
	return c
}

// CheckConsent finds what stands behind a third party's access token:
// TokenMissing for "", TokenUnknown, or TokenInvalid when it has expired, was
// revoked, or its consent does not stand. It is one read, made for every call.
// The consent has the rights that the token leaves of it.
func (s *Server) CheckConsent(ctx context.Context, token string) (ConsentAccess, error) {
	if token == "" {
		return ConsentAccess{}, bank.Refuse(bank.TokenMissing, "An access token is needed.")
	}
	if len(token) != secretChars {
		return ConsentAccess{}, tokenUnknown()
	}
	a, err := s.consents.ConsentAccess(ctx, HashSecret(token))
	now := s.now()
	switch {
	case bank.CodeOf(err) == bank.NotFound:
		return ConsentAccess{}, tokenUnknown()
	case err != nil:
		return ConsentAccess{}, err
	case !a.Token.RevokedAt.IsZero() || !a.Token.SpentAt.IsZero() || !now.Before(a.Token.ExpiresAt):
		return ConsentAccess{}, bank.Refuse(bank.TokenInvalid, "The access token has expired or was revoked.")
	case a.Consent.At(now) != xs2a.Active:
		return ConsentAccess{}, bank.Refuse(bank.TokenInvalid, "The consent of the access token does not stand.")
	}
	a.Consent = shown(a.Consent, a.Token.LooksOnly)
	return a, nil
}

// ConsentNarrow is what a refresh asks for. Empty fields leave what stands. The
// ids name what a payment consent is to look at from now on.
type ConsentNarrow struct {
	Scope    xs2a.Scope
	TPPID    string   // of the very same consent
	Numbers  []string // of accounts of it, full or masked; which it reaches stays as it is
	Grants   []xs2a.Grant
	Transfer transfer.ID
	Bundle   transfer.BundleID
	Standing transfer.StandingID
}

// lookedAt tells under which consent the object of a narrowing was made, "" when
// it names none. It is asked before the transaction, and what it tells of an
// object never changes.
func (s *Server) lookedAt(ctx context.Context, client thirdparty.ClientID, n *ConsentNarrow) (string, error) {
	if n == nil || string(n.Transfer)+string(n.Bundle)+string(n.Standing) == "" {
		return "", nil
	}
	o, err := s.object(ctx, client, &xs2a.What{Transfer: n.Transfer, OfBundle: n.Bundle, Standing: n.Standing})
	if bank.CodeOf(err) == bank.NotFound {
		return "", wider()
	}
	return o.consent, err
}

func wider() error {
	return bank.Refuse(bank.ScopeInvalid, "The customer has not consented to that.")
}

// apply narrows a consent to what a refresh asks for, for good, and tells whether
// the new tokens may only look at what was made. of is the consent under which
// the object that was named was made.
func (n *ConsentNarrow) apply(c *xs2a.Consent, looksOnly bool, of string) (bool, error) {
	if n == nil {
		return looksOnly, nil
	}
	if (n.Scope != "" && n.Scope != c.Scope) || (n.TPPID != "" && n.TPPID != c.TPPID) {
		return false, wider()
	}
	for _, number := range n.Numbers {
		if _, err := xs2a.Numbered(c.Accounts, number); err != nil {
			return false, wider()
		}
	}
	if c.Scope == xs2a.Payments {
		return n.look(c, looksOnly, of)
	}
	if of != "" {
		return false, wider()
	}
	if len(n.Grants) == 0 {
		return looksOnly, nil
	}
	kept := make([]xs2a.Grant, 0, len(n.Grants))
	for _, asked := range n.Grants {
		has := c.Grant(asked.Right)
		switch {
		case has == nil, has.Single && !asked.Single, asked.HistoryDays > has.HistoryDays,
			asked.Right.HasHistory() && asked.HistoryDays < 1,
			slices.ContainsFunc(kept, func(k xs2a.Grant) bool { return k.Right == asked.Right }):
			return false, wider()
		}
		if !asked.Right.HasHistory() {
			asked.HistoryDays = 0
		}
		asked.Spent = has.Spent
		kept = append(kept, asked)
	}
	c.Grants = kept
	return looksOnly, nil
}

// look is apply for a payment's consent: it may stay what it is, or be narrowed
// to looking at what was made under it (psd2 §0.1).
func (n *ConsentNarrow) look(c *xs2a.Consent, looksOnly bool, of string) (bool, error) {
	onlyLooks := !slices.ContainsFunc(n.Grants, func(g xs2a.Grant) bool { return g.Right != xs2a.ReadPayment })
	named := string(n.Transfer) + string(n.Bundle) + string(n.Standing)
	its := of == string(c.ID)
	if w := c.Payment; w != nil && len(w.Orders) == 0 { // it is about an object that was made under another
		its = n.Transfer == w.Transfer && n.Bundle == w.OfBundle && n.Standing == w.Standing
	}
	switch {
	case named != "" && !its:
		return false, wider()
	case len(n.Grants) == 0:
		return looksOnly, nil
	case onlyLooks && !looksOnly && looksOnce(c):
		return false, n.stillOnce(c)
	case onlyLooks && (its || looksOnly || c.Grant(xs2a.ReadPayment) != nil):
		return true, nil
	case looksOnly:
		return false, wider()
	}
	for _, asked := range n.Grants {
		if has := c.Grant(asked.Right); has == nil || has.Single && !asked.Single {
			return false, wider()
		}
	}
	return false, nil
}

// looksOnce tells whether the customer gave a look, and a single one.
func looksOnce(c *xs2a.Consent) bool {
	has := c.Grant(xs2a.ReadPayment)
	return has != nil && has.Single
}

// stillOnce refuses to make more of a single look than what is left of it. Tokens
// that may only look are free to, so such a consent is not narrowed to one.
func (n *ConsentNarrow) stillOnce(c *xs2a.Consent) error {
	if c.Grant(xs2a.ReadPayment).Spent || slices.ContainsFunc(n.Grants, func(g xs2a.Grant) bool { return !g.Single }) {
		return wider()
	}
	return nil
}
