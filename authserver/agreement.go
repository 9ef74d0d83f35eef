package authserver

import (
	"context"
	"strconv"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// LimitsSubject is what a challenge for new limits of an agreement confirms. It
// is bound to the version too: what was confirmed for one pairing does not
// raise the limits of the next.
func (s *Server) LimitsSubject(a consent.Agreement, to limit.Limits, lang party.Language) sca.Subject {
	return sca.Subject{
		Purpose: sca.ForLimits, ID: string(a.ID), Binding: limitsBinding(&a, to),
		Display: sca.Display{Text: wordsIn(lang).newLimits(to)},
	}
}

func limitsBinding(a *consent.Agreement, to limit.Limits) string {
	return bind(append([]string{"limits", string(a.ID), strconv.Itoa(a.Version)}, limitTexts(to)...)...)
}

// SetLimits changes the limits of an agreement by the customer's hand. Lowering
// needs no challenge (""), and everybody who acts for the customer may do it.
// Raising without one is AuthorisationRequired; it binds the customer, so it
// takes a role that does, and makes the next version of the agreement.
//
// It refuses: NotFound, AgreementEnded, InvalidParameter with Field "single",
// "daily", "monthly" or "unconfirmed" above the application's maximum,
// PermissionMissing, and what sca.Spend refuses.
func (s *Server) SetLimits(ctx context.Context, person party.PersonID, id consent.ID, to limit.Limits, challenge sca.ID) (consent.Agreement, error) {
	seen, err := s.own(ctx, person, id)
	if err != nil {
		return consent.Agreement{}, err
	}
	app, err := s.partners.Application(ctx, seen.Application)
	if err != nil {
		return consent.Agreement{}, err
	}
	if err := withinMaximum(to, app.Limits); err != nil {
		return consent.Agreement{}, err
	}
	if seen.Limits.Raises(to) {
		if err := s.MayBind(ctx, person, seen.Customer); err != nil {
			return consent.Agreement{}, err
		}
	}
	var spend *consent.Use
	if challenge != "" {
		spend = &consent.Use{Challenge: challenge, Person: person, Purpose: sca.ForLimits, Subject: string(id), Binding: limitsBinding(&seen, to)}
	}
	now := s.now()
	return s.agreements.ChangeAgreement(ctx, id, spend, func(a *consent.Agreement) ([]audit.Record, error) {
		before := agreementText(a)
		switch {
		case a.Status == consent.Ended:
			return nil, a.Standing()
		case spend != nil && a.Version != seen.Version:
			return nil, bank.Refuse(bank.ChallengeForeign, "The pairing was given anew meanwhile.")
		case a.Limits.Raises(to) && spend == nil:
			return nil, bank.Refuse(bank.AuthorisationRequired, "Raising a limit must be confirmed.")
		case a.Limits.Raises(to) && !seen.Limits.Raises(to):
			return nil, bank.Refuse(bank.Busy, "The limits were changed meanwhile. Look at them again.") // the role was not asked about
		case a.Limits.Raises(to):
			a.Version++
			a.GivenAt = now
		}
		a.Limits = to
		return []audit.Record{{
			At: now, Actor: payment.PersonOf(person), Act: "agreement.limits", Subject: "agreement:" + string(id),
			Before: before, After: agreementText(a),
		}}, nil
	})
}

// Move maps an agreement to another account of the same customer. The third
// party's account_id stays (partner-api §3). It refuses NotFound,
// AgreementEnded, PermissionMissing for a role that does not bind the customer,
// and an account as Choose refuses it.
func (s *Server) Move(ctx context.Context, person party.PersonID, id consent.ID, to account.ID) (consent.Agreement, error) {
	seen, err := s.own(ctx, person, id)
	if err != nil {
		return consent.Agreement{}, err
	}
	if err := s.MayBind(ctx, person, seen.Customer); err != nil {
		return consent.Agreement{}, err
	}
	if err := s.reachable(ctx, to, seen.Customer, seen.Limits.Single.Currency()); err != nil {
		return consent.Agreement{}, err
	}
	now := s.now()
	return s.agreements.ChangeAgreement(ctx, id, nil, func(a *consent.Agreement) ([]audit.Record, error) {
		if a.Status == consent.Ended {
			return nil, a.Standing()
		}
		if a.Account == to {
			return nil, nil
		}
		before := agreementText(a)
		a.Account = to
		return []audit.Record{{
			At: now, Actor: payment.PersonOf(person), Act: "agreement.moved", Subject: "agreement:" + string(id),
			Before: before, After: agreementText(a),
		}}, nil
	})
}

// End ends an agreement; its tokens die with it. Ending an ended one is
// harmless: two calls with one token may race. customer is whose agreement it
// must be, "" for staff and partner; of an actor of kind audit.Customer the ID is
// the person, who must act for that customer now, and of audit.Partner the
// application, whose agreement it must be. Anything else is NotFound.
func (s *Server) End(ctx context.Context, by audit.Actor, id consent.ID, customer party.CustomerID) error {
	seen, err := s.agreements.Agreement(ctx, id)
	if err != nil {
		return err
	}
	switch by.Kind {
	case audit.Customer:
		if err := s.acts(ctx, party.PersonID(by.ID), seen.Customer); err != nil || customer != seen.Customer {
			return agreementUnknown(err)
		}
	case audit.Partner:
		if string(seen.Application) != by.ID {
			return agreementUnknown(nil)
		}
	}
	now := s.now()
	_, err = s.agreements.ChangeAgreement(ctx, id, nil, func(a *consent.Agreement) ([]audit.Record, error) {
		if a.Status == consent.Ended {
			return nil, nil
		}
		before := agreementText(a)
		a.Status, a.EndedAt, a.EndedBy = consent.Ended, now, by.String()
		return []audit.Record{{
			At: now, Actor: by, Act: "pairing.ended", Subject: "agreement:" + string(id),
			Before: before, After: agreementText(a),
		}}, nil
	})
	return err
}

// own finds an agreement of a customer for whom the person acts now.
func (s *Server) own(ctx context.Context, person party.PersonID, id consent.ID) (consent.Agreement, error) {
	a, err := s.agreements.Agreement(ctx, id)
	if err != nil {
		return consent.Agreement{}, err
	}
	if err := s.acts(ctx, person, a.Customer); err != nil {
		return consent.Agreement{}, agreementUnknown(err)
	}
	return a, nil
}

// agreementUnknown hides that an agreement is somebody else's; an error that is
// no refusal passes.
func agreementUnknown(err error) error {
	if bank.CodeOf(err) == bank.Internal {
		return err
	}
	return bank.Refuse(bank.NotFound, "There is no such pairing.")
}
