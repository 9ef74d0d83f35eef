package authserver

import (
	"context"
	"slices"
	"strconv"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// PendingConsent is a request that waits for the customer, with who asks for what.
type PendingConsent struct {
	Request ConsentRequest
	Consent xs2a.Consent
	Client  *thirdparty.Client
}

// open refuses when the request can no longer be given or refused.
func (r *ConsentRequest) open(now time.Time) error {
	return (&Request{Status: r.Status, ExpiresAt: r.ExpiresAt}).open(now)
}

// PendingConsent finds a request that can still be given. It is NotFound when
// there never was one, RequestEnded when it was given, refused or has expired,
// or when the third party withdrew the consent meanwhile. Looking at an expired
// one writes down that nobody gave it. What is asked of a person in the bank's
// application is NotFound on any page.
func (s *Server) PendingConsent(ctx context.Context, id RequestID) (PendingConsent, error) {
	p, err := s.pendingConsent(ctx, id)
	if err == nil && p.Request.AskedOf != "" {
		return PendingConsent{}, bank.Refuse(bank.NotFound, "There is no such request.")
	}
	return p, err
}

func (s *Server) pendingConsent(ctx context.Context, id RequestID) (PendingConsent, error) {
	r, err := s.consents.ConsentRequest(ctx, id)
	if err != nil {
		return PendingConsent{}, err
	}
	now := s.now()
	if ended := r.open(now); ended != nil {
		if r.Status == RequestOpen {
			_, err := s.endRequest(ctx, id, consentPage(), "nobody answered in time", func(r *ConsentRequest) bool {
				return r.Status == RequestOpen && !now.Before(r.ExpiresAt)
			})
			if err != nil {
				return PendingConsent{}, err
			}
		}
		return PendingConsent{}, ended
	}
	c, err := s.book.Consent(ctx, r.Consent)
	if err != nil {
		return PendingConsent{}, err
	}
	if c.At(now) != xs2a.Asked {
		return PendingConsent{}, bank.Refuse(bank.RequestEnded, "The request does not stand any more.")
	}
	client, err := s.third.Client(ctx, r.Client)
	if err != nil {
		return PendingConsent{}, err
	}
	return PendingConsent{Request: r, Consent: c, Client: &client}, nil
}

// ConsentAccounts lists the accounts that the person may choose for a customer;
// none when nothing fits (another currency, another number than the third party
// named), which the third party learns as access_denied alone (psd2 §10 cases 31
// and 33). When what fits cannot be used now, the refusal says why: AccessOff,
// AccessBlocked, AccountBlocked, AccountClosed. It refuses as MayBind, and
// CustomerBlocked, and NotFound for whom the third party did not send
// (ConsentContexts).
func (s *Server) ConsentAccounts(ctx context.Context, p PendingConsent, person party.PersonID, c party.CustomerID) ([]account.Account, error) {
	if err := s.mayGive(ctx, person, c); err != nil {
		return nil, err
	}
	if err := s.meant(ctx, p.Request.For, person, c); err != nil {
		return nil, err
	}
	fits, err := s.fitting(ctx, &p.Consent)
	if err != nil {
		return nil, err
	}
	all, err := s.accounts.AccountsOf(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []account.Account
	var unusable error
	for i := range all {
		a := &all[i]
		if a.Kind != account.Customer || fits(a) != nil {
			continue
		}
		if err := a.Usable(); err != nil {
			unusable = err
			continue
		}
		out = append(out, *a)
	}
	if len(out) == 0 {
		return nil, unusable
	}
	return out, nil
}

// mayGive refuses a person who cannot bind the customer now, and a customer who
// is blocked.
func (s *Server) mayGive(ctx context.Context, person party.PersonID, c party.CustomerID) error {
	if err := s.MayBind(ctx, person, c); err != nil {
		return err
	}
	customer, err := s.parties.Customer(ctx, c)
	if err != nil {
		return err
	}
	return customer.Usable()
}

// fitting makes the test whether an account is one that a consent can be about.
func (s *Server) fitting(ctx context.Context, c *xs2a.Consent) (func(*account.Account) error, error) {
	other := bank.Refuse(bank.NotFound, "There is no such account.")
	named := func(a *account.Account) bool { return len(c.Wanted) == 0 || slices.Contains(c.Wanted, a.NRB.String()) }
	if c.Payment == nil {
		return func(a *account.Account) error {
			if !named(a) {
				return other
			}
			return nil
		}, nil
	}
	if len(c.Payment.Orders) == 0 {
		o, err := s.object(ctx, c.Client, c.Payment)
		if err != nil {
			return nil, err
		}
		return func(a *account.Account) error {
			if a.ID != o.account || a.Customer != o.customer || !named(a) {
				return other
			}
			return nil
		}, nil
	}
	return func(a *account.Account) error {
		if !named(a) {
			return other
		}
		for i := range c.Payment.Orders {
			if err := pays(a, &c.Payment.Orders[i].Order); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// pays refuses an account from which an order cannot be paid.
func pays(a *account.Account, o *transfer.Instruction) error {
	if named := o.Sender.Account; named != "" {
		if n, err := nrb.Parse(named); err != nil || n != a.NRB {
			return bank.Refuse(bank.NotFound, "There is no such account.")
		}
	}
	if a.Product.Type == vatProduct {
		return bank.RefuseField("account", "A VAT account pays the VAT of split payments and nothing else.")
	}
	if in := o.Amount.Currency(); a.Currency() != in {
		return bank.RefuseField("account", "The account is kept in "+a.Currency().String()+", the payment is in "+in.String()+".")
	}
	return nil
}

// ChooseForConsent keeps what the customer chose on the consent page; of a
// payment it also completes the orders: fee, payee's account, VAT account.
// Choosing again replaces it, and makes a challenge that was bound to the first
// choice foreign.
//
// Besides what PendingConsent and ConsentAccounts refuse it refuses:
// InvalidParameter with Field "account" (none, more than one that pays, a wrong
// currency, no VAT account); NotFound for an account that is not the customer's
// or not the one that was named; PayerIsPayee, PayeeUnavailable,
// RailUnavailable; CustomerLimit with what is used and left.
func (s *Server) ChooseForConsent(ctx context.Context, id RequestID, c ConsentChoice) (PendingConsent, error) {
	p, err := s.PendingConsent(ctx, id)
	if err != nil {
		return PendingConsent{}, err
	}
	return s.choose(ctx, p, c)
}

func (s *Server) choose(ctx context.Context, p PendingConsent, c ConsentChoice) (PendingConsent, error) {
	_, err := s.complete(ctx, &p, &c)
	if err != nil {
		return PendingConsent{}, err
	}
	now := s.now()
	p.Request, err = s.consents.ChangeConsentRequest(ctx, p.Request.ID, func(r *ConsentRequest, of *xs2a.Consent) ([]audit.Record, error) {
		if err := stillAsked(r, of, now); err != nil {
			return nil, err
		}
		choice := c
		r.Choice, of.Payment = &choice, p.Consent.Payment
		return nil, nil // a choice is not yet a decision: giving it is recorded
	})
	return p, err
}

// stillAsked refuses a request or consent that is no longer open.
func stillAsked(r *ConsentRequest, c *xs2a.Consent, now time.Time) error {
	if err := r.open(now); err != nil {
		return err
	}
	if c.At(now) != xs2a.Asked {
		return bank.Refuse(bank.RequestEnded, "The request does not stand any more.")
	}
	return nil
}

// complete judges a choice and completes the orders of the pending consent for
// it. It returns the accounts that were chosen.
func (s *Server) complete(ctx context.Context, p *PendingConsent, c *ConsentChoice) ([]account.Account, error) {
	now := s.now()
	if err := s.mayGive(ctx, c.Person, c.Customer); err != nil {
		return nil, err
	}
	if err := s.meant(ctx, p.Request.For, c.Person, c.Customer); err != nil {
		return nil, err
	}
	if _, err := s.licensed(ctx, p.Client, p.Consent.Scope, now); err != nil {
		return nil, err
	}
	chosen, err := s.chosen(ctx, &p.Consent, c)
	if err != nil || p.Consent.Payment == nil {
		return chosen, err
	}
	if p.Consent.Payment, err = s.priced(ctx, p.Consent.Payment, &chosen[0]); err != nil {
		return nil, err
	}
	return chosen, s.affordable(ctx, c.Customer, p.Consent.Payment, now)
}

// chosen finds the chosen accounts, in an order that does not depend on that of
// the choosing, and brings the choice into it.
func (s *Server) chosen(ctx context.Context, of *xs2a.Consent, c *ConsentChoice) ([]account.Account, error) {
	ids := slices.Clone(c.Accounts)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 || of.Scope == xs2a.Payments && len(ids) > 1 {
		return nil, bank.RefuseField("account", "Choose "+map[bool]string{true: "the account that pays.", false: "at least one account."}[of.Scope == xs2a.Payments])
	}
	fits, err := s.fitting(ctx, of)
	if err != nil {
		return nil, err
	}
	out := make([]account.Account, 0, len(ids))
	for _, id := range ids {
		a, err := s.accounts.Account(ctx, id)
		if err != nil {
			return nil, err
		}
		if a.Kind != account.Customer || a.Customer != c.Customer {
			return nil, bank.Refuse(bank.NotFound, "There is no such account.")
		}
		if err := a.Usable(); err != nil {
			return nil, err
		}
		if err := fits(&a); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	c.Accounts = ids
	return out, nil
}

// binding is the exact content of a chosen consent, "" while nothing is chosen:
// who gives what to whom, for which accounts and until when; of payments every
// word of every order with its fee, way and accounts (dynamic linking, RTS
// 2018/389 art. 5).
func (r *ConsentRequest) binding(c *xs2a.Consent) string {
	if r.Choice == nil {
		return ""
	}
	parts := []string{
		"consent", string(r.ID), string(c.ID), string(c.Client), string(c.Organisation), c.Name, c.TPPID, string(c.Scope),
		instantText(c.Until), string(r.Choice.Person), string(r.Choice.Customer), strconv.Itoa(len(r.Choice.Accounts)),
	}
	for _, a := range r.Choice.Accounts {
		parts = append(parts, string(a))
	}
	return bind(append(append(parts, bind(grantTexts(c.Grants)...)), whatTexts(c.Payment)...)...)
}

func whatTexts(w *xs2a.What) []string {
	if w == nil {
		return nil
	}
	parts := []string{
		strconv.FormatBool(w.Bundle), w.Total.String(), string(w.Total.Currency()),
		string(w.Transfer), string(w.OfBundle), string(w.Standing),
	}
	for i := range w.Orders {
		o := &w.Orders[i]
		parts = append(parts, o.TPPID, o.Order.Content(), string(o.System), o.Fee.String(), string(o.Fee.Currency()), string(o.Payee), string(o.VAT))
	}
	return parts
}

// instantText keeps the microseconds, by which consents end.
func instantText(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }
