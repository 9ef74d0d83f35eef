package psd2

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"okienko/bank"
	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/seal"
)

// Presented is how a caller shows who it is, taken from the request before
// anything has normalised it.
type Presented struct {
	Chain     []*x509.Certificate // of the TLS connection, the caller's own first; nil when there was none
	Signature string              // the value of the signature header
	Payload   func() ([]byte, error)
	TPPID     string // the organisation that it says it is; "" where the form says it in the body (Named)
	ClientID  string // "" where the call has none
	RequestID string
}

// Caller is a third party whose identity is proven for one call.
type Caller struct {
	QWAC, QSealC eidas.Certificate
	Client       thirdparty.Client
	Entry        *thirdparty.Entry // of the supervisor's register; nil when it names nobody
}

// Organisation is who calls.
func (c *Caller) Organisation() thirdparty.Organisation { return c.Client.Organisation }

// Identify proves who calls, in the order of psd2 §0.1: certificate, signature,
// replay, third party and client. What comes before (route, headers) and after
// (token, scope, body) is asked elsewhere.
//
// The caller is bound by its organisation: that of the QWAC is the one it says
// it is, and the QSealC and the client are looked for under that one alone.
func (c *Core) Identify(ctx context.Context, p Presented) (*Caller, error) {
	qwac, err := c.Certificates.CheckQWAC(ctx, p.Chain)
	if err != nil {
		return nil, err
	}
	if p.TPPID != "" && string(qwac.Organisation) != p.TPPID {
		return nil, bank.Refuse(bank.ThirdPartyUnknown, unknownThirdParty).Because(errors.New("psd2: TPP-ID is not the organisation of the QWAC"))
	}
	organisation := thirdparty.Organisation(qwac.Organisation)

	signature, err := seal.Parse(p.Signature, c.Rules.Algorithms...)
	if err != nil {
		return nil, err
	}
	payload, err := p.Payload()
	if err != nil {
		return nil, err
	}
	client, err := c.ThirdParties.ClientOf(ctx, organisation)
	if bank.CodeOf(err) == bank.NotFound {
		return nil, bank.Refuse(bank.ThirdPartyUnknown, unknownThirdParty).Because(errors.New("psd2: the organisation has no client"))
	} else if err != nil {
		return nil, err
	}
	qsealc, err := c.sealOf(ctx, &client, signature, payload)
	if err != nil {
		return nil, err
	}

	if err := c.first(ctx, organisation, client.Lenience, p.RequestID); err != nil {
		return nil, err
	}

	if p.ClientID != "" && p.ClientID != string(client.ID) {
		return nil, bank.Refuse(bank.ThirdPartyUnknown, unknownThirdParty).Because(errors.New("psd2: Client-ID is not that of the organisation"))
	}
	if err := client.Standing(); err != nil {
		return nil, err
	}
	entry, err := c.entry(ctx, organisation)
	if err != nil {
		return nil, err
	}
	return &Caller{QWAC: qwac, QSealC: qsealc, Client: client, Entry: entry}, nil
}

// Named refuses an organisation in a body that is not the caller's own.
func (c *Caller) Named(tppID string) error {
	if tppID != string(c.QWAC.Organisation) {
		return bank.Refuse(bank.ThirdPartyUnknown, unknownThirdParty).Because(errors.New("psd2: tppId is not the organisation of the QWAC"))
	}
	return nil
}

// LenienceOf is in what the bank is lenient to whoever presents a certificate:
// what must be known before the caller is, where a form may lack what every call
// carries. A certificate that is not good has none.
func (c *Core) LenienceOf(ctx context.Context, chain []*x509.Certificate) (thirdparty.Lenience, error) {
	qwac, err := c.Certificates.CheckQWAC(ctx, chain)
	if err != nil {
		return thirdparty.Lenience{}, nil //nolint:nilerr // the checks in their order say what is wrong with it
	}
	client, err := c.ThirdParties.ClientOf(ctx, thirdparty.Organisation(qwac.Organisation))
	if bank.CodeOf(err) == bank.NotFound {
		return thirdparty.Lenience{}, nil
	}
	return client.Lenience, err
}

const unknownThirdParty = "The third party is not known."

// entry is what the register says; nil when it names nobody of that name.
func (c *Core) entry(ctx context.Context, o thirdparty.Organisation) (*thirdparty.Entry, error) {
	switch e, err := c.ThirdParties.Entry(ctx, o); bank.CodeOf(err) {
	case "":
		return &e, nil
	case bank.NotFound:
		return nil, nil
	default:
		return nil, err
	}
}

// Permit refuses a caller that lacks a role: by either certificate, or by the
// register as it stands now. A role that the supervisor took away stops the
// next call although certificates live for years (psd2 §5).
func (c *Caller) Permit(role thirdparty.Role, now time.Time) error {
	if !c.QWAC.Roles.Has(eidas.Role(role)) || !c.QSealC.Roles.Has(eidas.Role(role)) {
		return bank.Refuse(bank.RoleMissing, "The certificate does not give the organisation the role "+string(role)+".")
	}
	return c.Entry.Allows(role, now)
}

// Listed refuses a caller that the register does not list at all, for calls
// that need no certain role.
func (c *Caller) Listed(now time.Time) error {
	var last error = bank.Refuse(bank.RoleMissing, "The certificate names no role.")
	for _, role := range c.QWAC.Roles {
		if last = c.Permit(thirdparty.Role(role), now); last == nil {
			return nil
		}
	}
	return last
}
