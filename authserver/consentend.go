package authserver

import (
	"context"
	"strconv"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// WithdrawByThirdParty ends a consent by the third party's hand (psd2 §6.6).
// NotFound, always in the same words, when this client has none of this id, or
// it was refused, abandoned or has ended already. Payments that were made under
// it live on.
func (s *Server) WithdrawByThirdParty(ctx context.Context, client thirdparty.ClientID, tppID string) error {
	c, err := s.book.ConsentByTPP(ctx, client, tppID)
	if bank.CodeOf(err) == bank.NotFound {
		return consentUnknown(nil)
	}
	if err != nil {
		return err
	}
	now := s.now()
	return s.withdraw(ctx, c.ID, thirdPartyOf(client), now, func(c *xs2a.Consent) error {
		standing := c.At(now) == xs2a.Active || c.At(now) == xs2a.Asked && now.Before(c.AskedAt.Add(s.rules.RequestLife))
		if !standing {
			return consentUnknown(nil)
		}
		return nil
	})
}

// WithdrawConsent ends a consent by the customer's hand, of any scope; everybody
// who acts for the customer may do it, and its tokens die in the same
// transaction. Withdrawing what has ended is harmless. NotFound when the person
// does not act for whose consent it is.
func (s *Server) WithdrawConsent(ctx context.Context, person party.PersonID, id xs2a.ID) error {
	if _, err := s.ownConsent(ctx, person, id); err != nil {
		return err
	}
	return s.withdraw(ctx, id, payment.PersonOf(person), s.now(), func(*xs2a.Consent) error { return nil })
}

func (s *Server) withdraw(ctx context.Context, id xs2a.ID, by audit.Actor, now time.Time, may func(*xs2a.Consent) error) error {
	_, err := s.book.ChangeConsent(ctx, id, nil, func(c *xs2a.Consent) ([]audit.Record, error) {
		if err := may(c); err != nil {
			return nil, err
		}
		if c.Status != xs2a.Active && c.Status != xs2a.Asked {
			return nil, nil
		}
		before := consentText(c)
		c.Status, c.EndedAt, c.EndedBy = xs2a.Ended, now, by.String()
		return []audit.Record{consentRecord(now, by, "consent.withdrawn", before, c)}, nil
	})
	return err
}

// ownConsent finds a consent of a customer for whom the person acts now.
func (s *Server) ownConsent(ctx context.Context, person party.PersonID, id xs2a.ID) (xs2a.Consent, error) {
	c, err := s.book.Consent(ctx, id)
	if err != nil {
		return xs2a.Consent{}, consentUnknown(err)
	}
	if err := s.acts(ctx, person, c.Customer); err != nil {
		return xs2a.Consent{}, consentUnknown(err)
	}
	return c, nil
}

// consentUnknown hides that a consent is somebody else's; an error that is no
// refusal passes.
func consentUnknown(err error) error {
	if bank.CodeOf(err) == bank.Internal {
		return err
	}
	return bank.Refuse(bank.NotFound, "There is no such consent.")
}

// RenewalSubject is what a challenge for the renewal of a consent confirms: that
// what stands goes on for another 180 days (RTS 2018/389 art. 10a). It refuses
// as RenewConsent.
func (s *Server) RenewalSubject(ctx context.Context, person party.PersonID, id xs2a.ID, lang party.Language) (sca.Subject, error) {
	c, err := s.renewable(ctx, person, id)
	if err != nil {
		return sca.Subject{}, err
	}
	return sca.Subject{
		Purpose: sca.ForRenewal, ID: string(id), Binding: renewalBinding(&c),
		Display: sca.Display{Text: wordsIn(lang).renewal(&c)},
	}, nil
}

func renewalBinding(c *xs2a.Consent) string {
	parts := []string{"renewal", string(c.ID), strconv.Itoa(c.Version), string(c.Scope), xs2a.MaxLife.String(), bind(grantTexts(c.Grants)...)}
	for _, r := range c.Accounts {
		if !r.Past {
			parts = append(parts, string(r.Account))
		}
	}
	return bind(parts...)
}

// RenewConsent makes the next version of a consent to account information: the
// same rights and accounts, another 180 days from now, a fresh strong
// authentication. It refuses NotFound, PermissionMissing for a role that does
// not bind the customer, CustomerBlocked, a third party that may not call now,
// AgreementEnded, StatusNotAllowed for other scopes, and what sca.Spend refuses.
func (s *Server) RenewConsent(ctx context.Context, person party.PersonID, id xs2a.ID, challenge sca.ID) (xs2a.Consent, error) {
	seen, err := s.renewable(ctx, person, id)
	if err != nil {
		return xs2a.Consent{}, err
	}
	now, binding := s.now(), renewalBinding(&seen)
	spend := consent.Use{Challenge: challenge, Person: person, Purpose: sca.ForRenewal, Subject: string(id), Binding: binding}
	return s.book.ChangeConsent(ctx, id, &spend, func(c *xs2a.Consent) ([]audit.Record, error) {
		if err := c.Standing(now); err != nil {
			return nil, err
		}
		if renewalBinding(c) != binding {
			return nil, bank.Refuse(bank.ChallengeForeign, "The consent was changed after the renewal was confirmed.")
		}
		before := consentText(c)
		c.Version++
		c.Until, c.GivenAt, c.ProvenAt, c.Person = now.Add(xs2a.MaxLife), now, now, person
		c.Told = time.Time{} // the customer is to be told of the new end too
		return []audit.Record{consentRecord(now, payment.PersonOf(person), "consent.renewed", before, c)}, nil
	})
}

// renewable finds a consent that the person may renew now.
func (s *Server) renewable(ctx context.Context, person party.PersonID, id xs2a.ID) (xs2a.Consent, error) {
	c, err := s.ownConsent(ctx, person, id)
	if err != nil {
		return xs2a.Consent{}, err
	}
	if err := s.mayGive(ctx, person, c.Customer); err != nil {
		return xs2a.Consent{}, err
	}
	if err := c.Standing(s.now()); err != nil {
		return xs2a.Consent{}, err
	}
	if c.Scope != xs2a.AccountInfo && c.Scope != xs2a.AccountList {
		return xs2a.Consent{}, bank.Refuse(bank.StatusNotAllowed, "Only consents to account information are renewed.")
	}
	client, err := s.third.Client(ctx, c.Client)
	if err != nil {
		return xs2a.Consent{}, err
	}
	_, err = s.licensed(ctx, &client, c.Scope, s.now())
	return c, err
}
