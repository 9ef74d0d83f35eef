package authserver

import (
	"context"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// FundsAsk is what a customer chose on the page for confirmations of funds
// (PSD2 art. 65).
type FundsAsk struct {
	Person   party.PersonID
	Customer party.CustomerID
	Account  account.ID
	Issuer   thirdparty.Organisation
	Until    time.Time
}

// FundsIssuers lists the card issuers to whom such a consent can be given: those
// that the supervisor's register gives the role now. They need not be clients
// yet.
func (s *Server) FundsIssuers(ctx context.Context) ([]thirdparty.Entry, error) {
	all, err := s.third.Entries(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	return slices.DeleteFunc(slices.Clone(all), func(e thirdparty.Entry) bool {
		return e.Allows(thirdparty.CardIssuing, now) != nil
	}), nil
}

// FundsSubject is what a challenge for a consent to confirmations of funds
// confirms. It refuses as GiveFunds.
func (s *Server) FundsSubject(ctx context.Context, f FundsAsk, lang party.Language) (sca.Subject, error) {
	a, issuer, err := s.judgeFunds(ctx, &f)
	if err != nil {
		return sca.Subject{}, err
	}
	return sca.Subject{
		Purpose: sca.ForFunds, ID: string(f.Account), Binding: f.binding(),
		Display: sca.Display{Text: wordsIn(lang).mayAskFunds(issuer.Name, &a, f.Until)},
	}, nil
}

func (f *FundsAsk) binding() string {
	return bind("funds", string(f.Person), string(f.Customer), string(f.Account), string(f.Issuer), instantText(f.Until))
}

// judgeFunds refuses a consent that cannot be given.
func (s *Server) judgeFunds(ctx context.Context, f *FundsAsk) (account.Account, thirdparty.Entry, error) {
	now := s.now()
	f.Until = f.Until.UTC().Truncate(time.Microsecond)
	refuse := func(err error) (account.Account, thirdparty.Entry, error) {
		return account.Account{}, thirdparty.Entry{}, err
	}
	if err := s.mayGive(ctx, f.Person, f.Customer); err != nil {
		return refuse(err)
	}
	a, err := s.accounts.Account(ctx, f.Account)
	if err != nil {
		return refuse(err)
	}
	if a.Kind != account.Customer || a.Customer != f.Customer {
		return refuse(bank.Refuse(bank.NotFound, "There is no such account."))
	}
	if err := a.Usable(); err != nil {
		return refuse(err)
	}
	if !now.Before(f.Until) {
		return refuse(bank.RefuseField("until", "The consent would end in the past."))
	}
	issuer, err := s.third.Entry(ctx, f.Issuer)
	if err != nil {
		return refuse(err)
	}
	if err := issuer.Allows(thirdparty.CardIssuing, now); err != nil {
		return refuse(err)
	}
	_, err = s.book.FundsConsent(ctx, f.Issuer, a.NRB.String(), now)
	switch bank.CodeOf(err) {
	case bank.NotFound:
		return a, issuer, nil
	case "":
		return refuse(bank.Refuse(bank.ConsentTaken, "Such a consent stands already for this account."))
	}
	return refuse(err)
}

// GiveFunds gives a card issuer the bank's yes or no about the money on one
// account. It refuses as mayGive and account.Usable do, NotFound, InvalidParameter
// with Field "until", an issuer that the register does not give the role,
// ConsentTaken while the same consent stands, and what sca.Spend refuses.
func (s *Server) GiveFunds(ctx context.Context, f FundsAsk, challenge sca.ID) (xs2a.Consent, error) {
	a, issuer, err := s.judgeFunds(ctx, &f)
	if err != nil {
		return xs2a.Consent{}, err
	}
	now, id := s.now(), xs2a.ID(s.ids.NewID())
	c := xs2a.Consent{
		ID: id, Version: 1, Organisation: f.Issuer, Name: issuer.Name, TPPID: string(id), Scope: xs2a.Funds,
		Grants:   []xs2a.Grant{{Right: xs2a.ConfirmFunds}},
		Accounts: []xs2a.Reach{{Ref: s.ids.NewID(), Account: a.ID, Number: a.NRB.String()}},
		Until:    f.Until, Status: xs2a.Active, Customer: f.Customer, Person: f.Person,
		AskedAt: now, GivenAt: now, ProvenAt: now,
	}
	client, err := s.third.ClientOf(ctx, f.Issuer)
	switch bank.CodeOf(err) {
	case "":
		c.Client = client.ID
	case bank.NotFound: // it registers when it first asks
	default:
		return xs2a.Consent{}, err
	}
	spend := consent.Use{Challenge: challenge, Person: f.Person, Purpose: sca.ForFunds, Subject: string(f.Account), Binding: f.binding()}
	if err := s.book.GiveFunds(ctx, c, spend, consentRecord(now, payment.PersonOf(f.Person), "consent.given", "", &c)); err != nil {
		return xs2a.Consent{}, err
	}
	return c, nil
}
