package authserver

import (
	"context"
	"net/url"
	"slices"
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

// ConsentSubject is what a challenge for the chosen consent confirms. It refuses
// as PendingConsent, and RequestInvalid when nothing is chosen.
func (s *Server) ConsentSubject(ctx context.Context, id RequestID, lang party.Language) (sca.Subject, error) {
	p, err := s.PendingConsent(ctx, id)
	if err != nil {
		return sca.Subject{}, err
	}
	return s.consentSubject(ctx, &p, lang)
}

func (s *Server) consentSubject(ctx context.Context, p *PendingConsent, lang party.Language) (sca.Subject, error) {
	if p.Request.Choice == nil {
		return sca.Subject{}, nothingChosen()
	}
	chosen, err := s.chosen(ctx, &p.Consent, p.Request.Choice)
	if err != nil {
		return sca.Subject{}, err
	}
	var of object
	if w := p.Consent.Payment; w != nil && len(w.Orders) == 0 {
		if of, err = s.object(ctx, p.Consent.Client, w); err != nil {
			return sca.Subject{}, err
		}
	}
	return sca.Subject{
		Purpose: sca.ForConsent, ID: string(p.Request.ID), Binding: p.Request.binding(&p.Consent),
		Display: wordsIn(lang).consent(&p.Consent, chosen, &of),
	}, nil
}

// GiveConsent gives the chosen consent on the word of a passed challenge and
// returns the address to which the browser goes, with the code. It refuses what
// ChooseForConsent refuses, RequestInvalid when nothing is chosen, NotFound when
// somebody else chose, ChallengeForeign when what was confirmed is not what
// stands, and what sca.Spend refuses of the challenge.
func (s *Server) GiveConsent(ctx context.Context, id RequestID, person party.PersonID, challenge sca.ID) (redirect string, err error) {
	p, err := s.PendingConsent(ctx, id)
	if err != nil {
		return "", err
	}
	secret, hash, err := NewSecret(s.random)
	if err != nil {
		return "", err
	}
	code := codeOf(p.Consent.ID, p.Request.Client, s.now().Add(s.rules.CodeLife))
	code.Hash, code.State, code.RedirectURI = hash, p.Request.State, p.Request.RedirectURI
	if err := s.give(ctx, &p, person, challenge, code); err != nil {
		return "", err
	}
	return back(p.Request.RedirectURI, url.Values{"code": {secret}, "state": {p.Request.State}}), nil
}

// codeOf is a code of a consent that lives until an instant.
func codeOf(id xs2a.ID, client thirdparty.ClientID, until time.Time) Code {
	return Code{Client: consent.ClientID(client), Agreement: consent.ID(id), ExpiresAt: until}
}

// give gives a chosen consent on the word of a passed challenge, and keeps the
// code, if it has a hash.
func (s *Server) give(ctx context.Context, p *PendingConsent, person party.PersonID, challenge sca.ID, code Code) error {
	if p.Request.Choice == nil {
		return nothingChosen()
	}
	choice := *p.Request.Choice
	if choice.Person != person {
		return bank.Refuse(bank.NotFound, "There is no such request.")
	}
	// Much may have changed since the choice: a proxy withdrawn, an account
	// blocked, a fee raised. The binding is made of what holds now.
	accounts, err := s.complete(ctx, p, &choice)
	if err != nil {
		return err
	}
	reach := make([]xs2a.Reach, 0, len(accounts))
	for i := range accounts {
		reach = append(reach, xs2a.Reach{Ref: s.ids.NewID(), Account: accounts[i].ID, Number: accounts[i].NRB.String()})
	}
	now, binding := s.now(), p.Request.binding(&p.Consent)
	id := p.Request.ID
	spend := consent.Use{Challenge: challenge, Person: person, Purpose: sca.ForConsent, Subject: string(id), Binding: binding}
	_, err = s.consents.GiveConsent(ctx, id, spend, code, func(r *ConsentRequest, c *xs2a.Consent) ([]audit.Record, error) {
		if err := stillAsked(r, c, now); err != nil {
			return nil, err
		}
		if r.binding(c) != binding {
			return nil, bank.Refuse(bank.ChallengeForeign, "The choice was changed after it was confirmed.")
		}
		before := consentText(c)
		c.Status, c.Person, c.Customer = xs2a.Active, person, choice.Customer
		c.Accounts, c.GivenAt, c.ProvenAt = slices.Clone(reach), now, now
		return []audit.Record{consentRecord(now, payment.PersonOf(person), "consent.given", before, c)}, nil
	})
	return err
}

// RefuseConsent ends a request by the customer's no and returns the address to
// which the browser goes, with error=access_denied (RFC 6749 §4.1.2.1). Pages
// call it also where the customer cannot give the consent: the third party
// learns no more than that. person is "" when nobody has logged in yet.
func (s *Server) RefuseConsent(ctx context.Context, id RequestID, person party.PersonID) (redirect string, err error) {
	if _, err := s.PendingConsent(ctx, id); err != nil {
		return "", err
	}
	by, why := payment.PersonOf(person), ""
	if person == "" {
		by, why = consentPage(), "refused by somebody who had not logged in"
	}
	r, err := s.endRequest(ctx, id, by, why, func(*ConsentRequest) bool { return true })
	if err != nil {
		return "", err
	}
	return back(r.RedirectURI, url.Values{"error": {accessDenied}, "state": {r.State}}), nil
}

// consentPage is the bank itself, where no person is known.
func consentPage() audit.Actor { return audit.Actor{Kind: audit.Bank, ID: "consent"} }

// endRequest refuses a request and its consent, when the request is open and
// when says so.
func (s *Server) endRequest(ctx context.Context, id RequestID, by audit.Actor, why string, when func(*ConsentRequest) bool) (ConsentRequest, error) {
	now := s.now()
	out, err := s.consents.ChangeConsentRequest(ctx, id, func(r *ConsentRequest, c *xs2a.Consent) ([]audit.Record, error) {
		if r.Status != RequestOpen {
			return nil, r.open(now)
		}
		if !when(r) {
			return nil, nil
		}
		r.Status = RequestRefused
		if c.Status != xs2a.Asked {
			return nil, nil // the third party withdrew it
		}
		before := consentText(c)
		c.Status, c.EndedAt, c.EndedBy = xs2a.Refused, now, by.String()
		record := consentRecord(now, by, "consent.refused", before, c)
		record.Why = why
		return []audit.Record{record}, nil
	})
	if err == nil && out.AskedOf != "" && out.Status == RequestRefused {
		s.decided()
	}
	return out, err
}
