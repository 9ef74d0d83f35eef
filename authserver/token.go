package authserver

import (
	"context"
	"errors"

	"okienko/bank"
	"okienko/bank/consent"
)

// Check finds what stands behind an access token: TokenMissing for "",
// TokenUnknown, or TokenInvalid when it has expired, was revoked, or its
// agreement is not active. It is one read, made for every call.
//
// The token is found by its hash. That an index compares bytes in varying time
// tells an attacker about hashes, which he cannot choose.
func (s *Server) Check(ctx context.Context, token string) (Access, error) {
	if token == "" {
		return Access{}, bank.Refuse(bank.TokenMissing, "An access token is needed.")
	}
	if len(token) != secretChars {
		return Access{}, tokenUnknown()
	}
	a, err := s.store.Access(ctx, HashSecret(token))
	switch {
	case bank.CodeOf(err) == bank.NotFound:
		return Access{}, tokenUnknown()
	case err != nil:
		return Access{}, err
	case !a.Token.RevokedAt.IsZero() || !s.now().Before(a.Token.ExpiresAt):
		return Access{}, bank.Refuse(bank.TokenInvalid, "The access token has expired or was revoked.")
	case a.Agreement.Status != consent.Active:
		return Access{}, bank.Refuse(bank.TokenInvalid, "The pairing of the access token does not stand.")
	}
	return a, nil
}

func tokenUnknown() error { return bank.Refuse(bank.TokenUnknown, "The access token is not known.") }

func grantInvalid(why string) error {
	return bank.Refuse(bank.GrantInvalid, "The code or token cannot be exchanged.").Because(errors.New("authserver: " + why))
}
