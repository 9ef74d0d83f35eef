package authserver

import (
	"context"
	"slices"
	"strings"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// AccessBook keeps third parties' access to accounts.
type AccessBook interface {
	// ChangeAccess lets change decide over the account as it stands, keeps its
	// Access and nothing else of it, and the audit. When spend is given its
	// challenge is spent in the same transaction, or everything is refused.
	ChangeAccess(ctx context.Context, id account.ID, spend *consent.Use, change func(*account.Account) ([]audit.Record, error)) (account.Account, error)
}

// MaySwitchAccess refuses a person who cannot switch third parties' access to an
// account: NotFound when the account is of nobody for whom the person acts,
// PermissionMissing for a role that does not bind the customer, StatusNotAllowed
// for a segment whose access the hotline switches (design §3), AccountClosed,
// CustomerBlocked, and AccessBlocked where the hotline or the bank has blocked
// it, which the customer cannot lift.
func (s *Server) MaySwitchAccess(ctx context.Context, person party.PersonID, id account.ID) error {
	a, err := s.accounts.Account(ctx, id)
	if err != nil {
		return err
	}
	if a.Kind != account.Customer {
		return bank.Refuse(bank.NotFound, "There is no such account.")
	}
	if err := s.mayGive(ctx, person, a.Customer); err != nil {
		if bank.CodeOf(err) == bank.NotFound {
			return bank.Refuse(bank.NotFound, "There is no such account.")
		}
		return err
	}
	customer, err := s.parties.Customer(ctx, a.Customer)
	if err != nil {
		return err
	}
	if slices.Contains(s.rules.ByHotline, customer.Segment) {
		return bank.Refuse(bank.StatusNotAllowed, "The hotline switches access by third parties for this customer.")
	}
	return switchable(&a, person)
}

func switchable(a *account.Account, person party.PersonID) error {
	ownBlock := strings.HasPrefix(a.Access.By, string(audit.Customer)+":") || a.Access.By == string(person)
	switch {
	case a.Status == account.Closed:
		return bank.Refuse(bank.AccountClosed, "The account is closed.")
	case a.Access.State == account.AccessBlocked && !ownBlock:
		return bank.Refuse(bank.AccessBlocked, "The bank has blocked access by third parties on this account.")
	}
	return nil
}

// AccessSubject is what a challenge for switching access on or off confirms. It
// refuses as MaySwitchAccess.
func (s *Server) AccessSubject(ctx context.Context, person party.PersonID, id account.ID, on bool, lang party.Language) (sca.Subject, error) {
	if err := s.MaySwitchAccess(ctx, person, id); err != nil {
		return sca.Subject{}, err
	}
	a, err := s.accounts.Account(ctx, id)
	if err != nil {
		return sca.Subject{}, err
	}
	return sca.Subject{
		Purpose: sca.ForAccess, ID: string(id), Binding: accessBinding(id, on),
		Display: sca.Display{Text: wordsIn(lang).accessSwitched(&a, on)},
	}, nil
}

func accessBinding(id account.ID, on bool) string {
	return bind("access", string(id), string(accessState(on)))
}

func accessState(on bool) account.AccessState {
	if on {
		return account.AccessOn
	}
	return account.AccessOff
}

// SwitchAccess switches third parties' access to one account. Switching on needs
// the word of a challenge (AuthorisationRequired without); switching off needs
// none (""), because nobody should have to prove anything to shut a door. It
// refuses as MaySwitchAccess, and what sca.Spend refuses.
func (s *Server) SwitchAccess(ctx context.Context, person party.PersonID, id account.ID, on bool, challenge sca.ID) (account.Account, error) {
	if err := s.MaySwitchAccess(ctx, person, id); err != nil {
		return account.Account{}, err
	}
	if on && challenge == "" {
		return account.Account{}, bank.Refuse(bank.AuthorisationRequired, "Switching access on must be confirmed.")
	}
	var spend *consent.Use
	if challenge != "" {
		spend = &consent.Use{Challenge: challenge, Person: person, Purpose: sca.ForAccess, Subject: string(id), Binding: accessBinding(id, on)}
	}
	now, to := s.now(), accessState(on)
	return s.access.ChangeAccess(ctx, id, spend, func(a *account.Account) ([]audit.Record, error) {
		if err := switchable(a, person); err != nil {
			return nil, err
		}
		if a.Access.State == to {
			return nil, nil
		}
		before := "access=" + string(a.Access.State)
		by := payment.PersonOf(person)
		a.Access = account.Access{State: to, By: by.String(), At: now, Why: "by the customer"}
		return []audit.Record{{
			At: now, Actor: by, Act: "access.switched", Subject: "account:" + string(id),
			Before: before, After: "access=" + string(to), Why: a.Access.Why,
		}}, nil
	})
}
