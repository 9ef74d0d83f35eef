package authserver

import (
	"context"
	"net/url"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// codeLife is how long an authorisation code lives (partner-api §4.3).
const codeLife = 60 * time.Second

// Pair gives the chosen pairing on the word of a passed challenge and returns
// the address to which the browser goes, with the code. It refuses what Pending
// and Choose refuse, RequestInvalid when nothing is chosen, NotFound when
// somebody else chose, and what sca.Spend refuses of the challenge.
func (s *Server) Pair(ctx context.Context, id RequestID, person party.PersonID, challenge sca.ID) (redirect string, err error) {
	p, err := s.Pending(ctx, id)
	if err != nil {
		return "", err
	}
	if p.Request.Choice == nil {
		return "", nothingChosen()
	}
	c := *p.Request.Choice
	if c.Person != person {
		return "", bank.Refuse(bank.NotFound, "There is no such request.")
	}
	// Much may have changed since the choice: a proxy withdrawn, an account blocked.
	if err := s.judge(ctx, p, &c); err != nil {
		return "", err
	}
	secret, hash, err := NewSecret(s.random)
	if err != nil {
		return "", err
	}
	now, binding := s.now(), p.Request.binding()
	code := Code{
		Hash: hash, Client: p.Request.Client, State: p.Request.State, RedirectURI: p.Request.RedirectURI,
		CodeChallenge: p.Request.CodeChallenge, ExpiresAt: now.Add(codeLife),
	}
	first := consent.Agreement{
		ID: consent.ID(s.ids.NewID()), Application: p.Request.Client, Customer: c.Customer,
		AccountRef: s.ids.NewID(), CreatedAt: now,
	}
	spend := consent.Use{Challenge: challenge, Person: person, Purpose: sca.ForPairing, Subject: string(id), Binding: binding}
	given, err := s.store.Pair(ctx, id, spend, code, func(r Request, had *consent.Agreement) (consent.Agreement, []audit.Record, error) {
		if err := r.open(now); err != nil {
			return consent.Agreement{}, nil, err
		}
		if r.binding() != binding {
			return consent.Agreement{}, nil, bank.Refuse(bank.ChallengeForeign, "The choice was changed after it was confirmed.")
		}
		a, before := first, ""
		if had != nil {
			a, before = *had, agreementText(had)
		}
		a.Version++
		a.Person, a.Account, a.Limits = person, c.Account, c.Limits
		a.Grants = grants(p.Application, c.Permissions, now)
		a.Status, a.GivenAt = consent.Active, now
		return a, []audit.Record{{
			At: now, Actor: payment.PersonOf(person), Act: "pairing.given", Subject: "agreement:" + string(a.ID),
			Before: before, After: agreementText(&a),
		}}, nil
	})
	if err != nil {
		return "", err
	}
	if err := s.stillOpen(ctx, p, person, &given); err != nil {
		return "", err
	}
	return back(p.Request.RedirectURI, url.Values{"code": {secret}, "state": {p.Request.State}}), nil
}

// stillOpen looks once more, after the pairing stands, whether the application
// is open to this customer. Whoever narrowed its status between our first look
// and the pairing could not see the pairing, and did not suspend it.
func (s *Server) stillOpen(ctx context.Context, p Pending, person party.PersonID, given *consent.Agreement) error {
	app, err := s.partners.Application(ctx, p.Application.ID)
	if err != nil {
		return err
	}
	of, err := s.partners.Partner(ctx, app.Partner)
	if err != nil {
		return err
	}
	customer, err := s.parties.Customer(ctx, given.Customer)
	if err != nil {
		return err
	}
	refusal := app.MayPair(&of, s.world, person, &customer)
	if refusal == nil {
		return nil
	}
	_, err = s.agreements.ChangeAgreement(ctx, given.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
		if a.Status != consent.Active {
			return nil, nil
		}
		before := agreementText(a)
		a.Status = consent.Suspended
		return []audit.Record{{
			At: s.now(), Actor: audit.Actor{Kind: audit.Bank, ID: "pairing"}, Act: "pairing.suspended",
			Subject: "agreement:" + string(a.ID), Before: before, After: agreementText(a),
			Why: "the application's status changed meanwhile",
		}}, nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// PairingSubject is what a challenge for the chosen pairing confirms, worded in
// the language of the person who chose. RequestInvalid when nothing is chosen.
func (s *Server) PairingSubject(ctx context.Context, r Request) (sca.Subject, error) {
	if r.Choice == nil {
		return sca.Subject{}, nothingChosen()
	}
	person, err := s.parties.Person(ctx, r.Choice.Person)
	if err != nil {
		return sca.Subject{}, err
	}
	app, err := s.partners.Application(ctx, r.Client)
	if err != nil {
		return sca.Subject{}, err
	}
	of, err := s.partners.Partner(ctx, app.Partner)
	if err != nil {
		return sca.Subject{}, err
	}
	acc, err := s.accounts.Account(ctx, r.Choice.Account)
	if err != nil {
		return sca.Subject{}, err
	}
	w := wordsIn(person.Language)
	return sca.Subject{
		Purpose: sca.ForPairing, ID: string(r.ID), Binding: r.binding(),
		Display: sca.Display{Text: w.pairing(app.Name, of.Name, &acc, r.Choice)},
	}, nil
}

func nothingChosen() error {
	return bank.Refuse(bank.RequestInvalid, "Nothing has been chosen yet.")
}

// agreementText is the canonical text of an agreement for the audit.
func agreementText(a *consent.Agreement) string {
	names := make([]string, 0, len(a.Grants))
	for _, g := range a.Grants {
		names = append(names, g.Permission.String())
	}
	return "status=" + string(a.Status) + " account=" + string(a.Account) +
		" limits=" + strings.Join(limitTexts(a.Limits), ",") + " permissions=" + strings.Join(names, ",")
}
