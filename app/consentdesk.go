package app

import (
	"context"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
	"okienko/sandbox"
)

// consentDesk is sandbox.ConsentDesk: what made-up customers do on the bank's
// pages, with proofs that arrive on their phones.
type consentDesk struct{ *Inside }

var _ sandbox.ConsentDesk = consentDesk{}

func (d consentDesk) AskedConsent(ctx context.Context, request string) (xs2a.Consent, error) {
	p, err := d.Auth.PendingConsent(ctx, authserver.RequestID(request))
	return p.Consent, err
}

func (d consentDesk) ConsentAccounts(ctx context.Context, request string, p party.PersonID, c party.CustomerID) ([]account.Account, error) {
	pending, err := d.Auth.PendingConsent(ctx, authserver.RequestID(request))
	if err != nil {
		return nil, err
	}
	return d.Auth.ConsentAccounts(ctx, pending, p, c)
}

func (d consentDesk) ApproveConsent(ctx context.Context, request string, p party.PersonID, c party.CustomerID, accounts []account.ID) (string, error) {
	id := authserver.RequestID(request)
	if _, err := d.Auth.ChooseForConsent(ctx, id, authserver.ConsentChoice{Person: p, Customer: c, Accounts: accounts}); err != nil {
		return "", err
	}
	subject, err := d.Auth.ConsentSubject(ctx, id, party.Polish)
	if err != nil {
		return "", err
	}
	proof, err := d.Prove(ctx, p, subject)
	if err != nil {
		return "", err
	}
	return d.Auth.GiveConsent(ctx, id, p, proof)
}

func (d consentDesk) RefuseConsent(ctx context.Context, request string, p party.PersonID) (string, error) {
	return d.Auth.RefuseConsent(ctx, authserver.RequestID(request), p)
}

func (d consentDesk) GiveFunds(ctx context.Context, p party.PersonID, c party.CustomerID, a account.ID, issuer thirdparty.Organisation, until time.Time) (xs2a.Consent, error) {
	ask := authserver.FundsAsk{Person: p, Customer: c, Account: a, Issuer: issuer, Until: until}
	proof, err := d.proven(ctx, p, func() (sca.Subject, error) { return d.Auth.FundsSubject(ctx, ask, party.Polish) })
	if err != nil {
		return xs2a.Consent{}, err
	}
	return d.Auth.GiveFunds(ctx, ask, proof)
}

func (d consentDesk) WithdrawConsent(ctx context.Context, p party.PersonID, id xs2a.ID) error {
	return d.Auth.WithdrawConsent(ctx, p, id)
}

func (d consentDesk) RenewConsent(ctx context.Context, p party.PersonID, id xs2a.ID) (xs2a.Consent, error) {
	proof, err := d.proven(ctx, p, func() (sca.Subject, error) { return d.Auth.RenewalSubject(ctx, p, id, party.Polish) })
	if err != nil {
		return xs2a.Consent{}, err
	}
	return d.Auth.RenewConsent(ctx, p, id, proof)
}

func (d consentDesk) SwitchAccess(ctx context.Context, p party.PersonID, a account.ID, on bool) (account.Account, error) {
	if !on {
		return d.Auth.SwitchAccess(ctx, p, a, false, "")
	}
	proof, err := d.proven(ctx, p, func() (sca.Subject, error) { return d.Auth.AccessSubject(ctx, p, a, true, party.Polish) })
	if err != nil {
		return account.Account{}, err
	}
	return d.Auth.SwitchAccess(ctx, p, a, true, proof)
}

func (d consentDesk) SetLimits(ctx context.Context, p party.PersonID, c party.CustomerID, to limit.OfCustomer) error {
	return d.SetCustomerLimits(ctx, p, c, to)
}

// proven passes a challenge for what is asked.
func (d consentDesk) proven(ctx context.Context, p party.PersonID, what func() (sca.Subject, error)) (sca.ID, error) {
	subject, err := what()
	if err != nil {
		return "", err
	}
	return d.Prove(ctx, p, subject)
}
