package authserver

import (
	"context"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/xs2a"
)

// ConsentExchange is what a list of accounts is exchanged for (psd2 §6.3).
type ConsentExchange struct {
	Scope   xs2a.Scope
	TPPID   string   // of the very same consent
	Numbers []string // full, or masked where only one account of the consent fits
	Grants  []xs2a.Grant
	Until   time.Time // the zero time, and any later than the consent's own, mean the consent's
}

// exchange makes the next version of a consent: from the list of accounts to
// chosen ones of them, once and never back (psd2 §10 case 37). The customer is
// not asked again, so neither the last strong authentication nor the end moves.
func (s *Server) exchange(ctx context.Context, p *ConsentTokenParams, pair *consentTokens) (xs2a.Consent, error) {
	x := p.Exchange
	if x.Scope != xs2a.AccountInfo {
		return xs2a.Consent{}, bank.Refuse(bank.ScopeInvalid, "A list of accounts is exchanged for the scope ais.")
	}
	grants, err := askedGrants(xs2a.AccountInfo, x.Grants)
	if err != nil {
		return xs2a.Consent{}, err
	}
	if len(x.Numbers) == 0 {
		return xs2a.Consent{}, bank.RefuseField("accountNumber", "The exchange names no account.")
	}
	if !x.Until.IsZero() && !pair.now.Before(x.Until) {
		return xs2a.Consent{}, bank.RefuseField("scopeTimeLimit", "The consent would end in the past.")
	}
	refs := make([]string, len(x.Numbers))
	for i := range refs {
		refs[i] = s.ids.NewID()
	}
	c, err := s.consents.ExchangeConsent(ctx, HashSecret(p.ExchangeToken), pair.now, func(t ConsentToken, c *xs2a.Consent) (ConsentIssued, error) {
		switch {
		case t.Client != consent.ClientID(p.Client):
			return ConsentIssued{}, grantInvalid("another client's token")
		case c.Standing(pair.now) != nil:
			return ConsentIssued{}, grantInvalid("the consent is " + string(c.At(pair.now)))
		case c.TPPID != x.TPPID:
			return ConsentIssued{}, bank.RefuseField("consentId", "An exchange keeps the id of the consent.")
		case c.Scope != xs2a.AccountList:
			return ConsentIssued{}, bank.Refuse(bank.ScopeInvalid, "Only a list of accounts is exchanged.")
		}
		before := consentText(c)
		reach, err := narrowed(c.Accounts, x.Numbers, refs)
		if err != nil {
			return ConsentIssued{}, err
		}
		c.Version++
		c.Scope, c.Grants, c.Accounts, c.GivenAt = xs2a.AccountInfo, slices.Clone(grants), reach, pair.now
		if until := x.Until.UTC().Truncate(time.Microsecond); !x.Until.IsZero() && until.Before(c.Until) {
			c.Until = until
		}
		issued, err := pair.issue(c, t.Family, false)
		issued.Audit = append(issued.Audit, consentRecord(pair.now, thirdPartyOf(p.Client), "consent.exchanged", before, c))
		return issued, err
	})
	switch bank.CodeOf(err) {
	case bank.TokenUnknown, bank.TokenInvalid:
		return xs2a.Consent{}, grantInvalid("the token to exchange: " + err.Error()) // it is a grant here, not the caller's authority
	}
	return c, err
}

// narrowed are the accounts that the numbers name, behind new refs; the accounts
// of the version before stay as past ones, so that their refs are known for what
// they are.
func narrowed(had []xs2a.Reach, numbers, refs []string) ([]xs2a.Reach, error) {
	var out []xs2a.Reach
	for i, number := range numbers {
		found, err := xs2a.Numbered(had, number)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(r xs2a.Reach) bool { return r.Account == found.Account }) {
			out = append(out, xs2a.Reach{Ref: refs[i], Account: found.Account, Number: found.Number})
		}
	}
	for _, r := range had {
		r.Past = true
		out = append(out, r)
	}
	return out, nil
}
