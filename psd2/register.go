package psd2

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/thirdparty"
	"okienko/eidas"
)

// Registration is a third party's wish to be registered.
type Registration struct {
	Chain     []*x509.Certificate // of the TLS connection
	Statement string              // a JWS (psd2 §3.7)
	RequestID string
}

// maxClientKeys and maxClientRedirects bound what gathers at one client over the
// years; the oldest keys go first, addresses are refused.
const (
	maxClientKeys      = 32
	maxClientRedirects = 64
)

// Register registers the organisation of a certificate that the bank trusts,
// whether or not the bank has heard of it (RTS art. 32(3): no registration may
// stand in the way). An organisation has one client: registering again adds keys
// and addresses to it. known tells that it was there.
//
// The order is that of every call: certificate, signature (that of the
// statement, under a key of the statement), replay.
func (c *Core) Register(ctx context.Context, r Registration, now time.Time) (client thirdparty.Client, known bool, err error) {
	qwac, err := c.Certificates.CheckQWAC(ctx, r.Chain)
	if err != nil {
		return client, false, err
	}
	s, err := parseStatement(r.Statement, c.Rules.Algorithms...)
	if err != nil {
		return client, false, err
	}
	if s.issuer != string(qwac.Organisation) {
		return client, false, bank.Refuse(bank.ThirdPartyUnknown, unknownThirdParty).Because(errors.New("psd2: iss is not the organisation of the QWAC"))
	}
	for _, uri := range s.redirects {
		if err := redirect(uri, c.Rules.LoopbackRedirects); err != nil {
			return client, false, err
		}
	}
	for _, uri := range s.callbacks {
		if err := callback(uri, c.Rules.LoopbackRedirects); err != nil {
			return client, false, err
		}
	}
	keys, err := c.proveKeys(ctx, s, qwac.Organisation, now)
	if err != nil {
		return client, false, err
	}
	organisation := thirdparty.Organisation(qwac.Organisation)
	// Nothing is known of its lenience, and a repeat changes nothing: any UUID serves.
	if err := c.first(ctx, organisation, thirdparty.Lenience{AnyUUID: true}, r.RequestID); err != nil {
		return client, false, err
	}
	id, err := c.newUUID()
	if err != nil {
		return client, false, err
	}
	client, err = c.ThirdParties.ChangeClient(ctx, organisation, func(was *thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		known = was != nil
		if known && was.Status == thirdparty.Blocked {
			return thirdparty.Client{}, nil, was.Standing()
		}
		return c.registered(was, thirdparty.ClientID(id), organisation, s, keys, now)
	})
	return client, known, err
}

// proveKeys takes the certificates of the statement that are seals of the
// organisation, under one of which the statement must be signed.
func (c *Core) proveKeys(ctx context.Context, s *statement, o eidas.Organisation, now time.Time) ([]thirdparty.Key, error) {
	var keys []thirdparty.Key
	signed := noSeal("the statement names no key")
	for i := range s.keys {
		k := &s.keys[i]
		chain := k.chain
		if chain == nil {
			var err error
			if chain, err = c.fetchSeal(ctx, string(o), k.url, k.thumbprint); err != nil {
				return nil, err
			}
		}
		qsealc, err := c.Certificates.CheckQSealC(ctx, chain)
		if err != nil {
			return nil, err
		}
		if qsealc.Organisation != o || (k.thumbprint != "" && k.thumbprint != qsealc.Thumbprint) {
			return nil, noSeal("a key of the statement is not what it says, or of another organisation")
		}
		if signed != nil {
			signed = s.signature.Verify(qsealc.X509, s.payload)
		}
		keys = append(keys, thirdparty.Key{Thumbprint: qsealc.Thumbprint, Certificate: qsealc.X509.Raw, URL: k.url, AddedAt: now})
	}
	return keys, signed
}

// registered is the client after a registration, with what is recorded of it.
func (c *Core) registered(was *thirdparty.Client, id thirdparty.ClientID, o thirdparty.Organisation, s *statement, keys []thirdparty.Key, now time.Time,
) (thirdparty.Client, []audit.Record, error) {
	client := thirdparty.Client{ID: id, Organisation: o, Name: s.name, Email: s.email, Status: thirdparty.Active, StatusBy: "bank", Lenience: c.Rules.NewClients, Since: now}
	act := "third-party.registered"
	if was != nil {
		client, act = *was, "third-party.registered-again"
	} else if c.Rules.Admission {
		client.Status = thirdparty.Waiting
	}
	client.Keys, client.RedirectURIs, client.CallbackURLs = slices.Clone(client.Keys), slices.Clone(client.RedirectURIs), slices.Clone(client.CallbackURLs)
	for _, k := range keys {
		if client.Key(k.Thumbprint) == nil {
			client.Keys = append(client.Keys, k)
		}
	}
	if over := len(client.Keys) - maxClientKeys; over > 0 {
		client.Keys = client.Keys[over:]
	}
	for _, uri := range s.redirects {
		if !client.Redirects(uri) {
			client.RedirectURIs = append(client.RedirectURIs, uri)
		}
	}
	if len(client.RedirectURIs) > maxClientRedirects {
		return client, nil, badStatement("redirect_uris", "The client has too many addresses.")
	}
	for _, uri := range s.callbacks {
		if !client.CallsBack(uri) {
			client.CallbackURLs = append(client.CallbackURLs, uri)
		}
	}
	if len(client.CallbackURLs) > maxClientRedirects {
		return client, nil, badStatement("callback_urls", "The client has too many addresses.")
	}
	return client, []audit.Record{{
		At: now, Actor: audit.Actor{Kind: audit.ThirdParty, ID: string(client.ID)}, Act: act,
		Subject: "third-party:" + string(o), After: string(client.Status),
	}}, nil
}
