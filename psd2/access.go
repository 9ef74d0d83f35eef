package psd2

import (
	"context"
	"errors"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
	"okienko/eidas/seal"
)

// Check finds what stands behind an access token of this caller. One of another
// third party is unknown here.
func (c *Core) Check(ctx context.Context, caller *Caller, token string) (authserver.ConsentAccess, error) {
	access, err := c.Auth.CheckConsent(ctx, token)
	if err != nil {
		return authserver.ConsentAccess{}, err
	}
	if access.Consent.Client != caller.Client.ID {
		return authserver.ConsentAccess{}, bank.Refuse(bank.TokenUnknown, "The access token is not known.").
			Because(errors.New("psd2: the token is another client's"))
	}
	return access, nil
}

// Usable refuses what no consent can reach: a consent that no longer stands, and
// a customer whom the bank has blocked.
func (c *Core) Usable(ctx context.Context, consent *xs2a.Consent, now time.Time) error {
	if err := consent.Standing(now); err != nil {
		return err
	}
	customer, err := c.Parties.Customer(ctx, consent.Customer)
	if err != nil {
		return err
	}
	return customer.Usable()
}

// Throttle refuses a client that comes faster than the bank serves one of them;
// retry says when to come again.
func (c *Core) Throttle(client thirdparty.ClientID) (retry time.Duration, ok bool) {
	ok, retry = c.calls.Allow(client)
	return retry, ok
}

// Sealed is what mBank's form signs of a request: its target as it arrived, some
// headers, and the bytes of its body (psd2 §4.2).
func Sealed(uri string, headers map[string][]string, body []byte) ([]byte, error) {
	return seal.AppendPayload(nil, uri, headers, body)
}
