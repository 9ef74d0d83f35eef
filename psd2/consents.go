package psd2

import (
	"context"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Wish is a third party's call for a consent, as a door has read it.
type Wish struct {
	ClientID     string
	ResponseType string
	RedirectURI  string
	State        string
	Scope        xs2a.Scope
	Details      Details
}

// Details are scope_details: what a consent is to allow (psd2 §2.3).
type Details struct {
	ConsentID string
	Until     time.Time
	Grants    []xs2a.Grant
	Numbers   []string // of accounts
	Payment   Subject
}

// Subject is what the privileges of scope pis ask for: payments to be made, or one
// made before.
type Subject struct {
	Orders []xs2a.Ordered
	At     string // where the payment or the bundle stands in the body, with a dot behind it
	Total  money.Amount
	Bundle bool   // orders, or what was made before, are a bundle
	Of     string // the bank's id of what is cancelled or looked at
	OfTPP  string // the third party's own id of it, where the bank's is not said
	// Standing says that what was made before must be a standing order; forms whose
	// privileges do not tell the two apart leave it open with Either.
	Standing, Either bool
}

// Kind is the form of the payments, the first of them for a door that must name
// a field.
func (s *Subject) Kind() transfer.Kind {
	if len(s.Orders) == 0 {
		return transfer.Domestic
	}
	return s.Orders[0].Order.Kind
}

// skew is how far a third party's clock may be ahead of ours where an end is
// counted from now (psd2 §10 case 79).
const skew = 5 * time.Minute

// OneScope reads the scope of a consent: exactly one (psd2 §10 case 22).
func OneScope(text string) (xs2a.Scope, error) {
	s := xs2a.Scope(text)
	if s == xs2a.AccountList || s == xs2a.AccountInfo || s == xs2a.Payments {
		return s, nil
	}
	return "", bank.Refuse(bank.ScopeInvalid, "The scope is one of ais-accounts, ais, pis.")
}

// MayAsk refuses a caller who cannot ask for a consent of a scope, whatever the
// consent says. No refusal sends a browser anywhere (psd2 §10 case 28).
func (c *Caller) MayAsk(w *Wish, now time.Time) error {
	if err := c.Is(w.ClientID); err != nil {
		return err
	}
	if w.ResponseType != "code" {
		return bank.Refuse(bank.ResponseUnsupported, "The response type is code.")
	}
	if err := c.Permit(w.Scope.Role(), now); err != nil {
		return err
	}
	if w.RedirectURI != "" && !c.Client.Redirects(w.RedirectURI) {
		return bank.Refuse(bank.RedirectUnknown, "The redirect_uri is not registered for the client.")
	}
	return nil
}

// Is refuses a client id in a body that is not the caller's own.
func (c *Caller) Is(clientID string) error {
	if clientID != string(c.Client.ID) {
		return bank.Refuse(bank.ThirdPartyUnknown, "The client is not that of the certificate.")
	}
	return nil
}

// Wanted judges what a consent is to allow and makes of it what
// authserver.AskConsent takes. The fields of its refusals are those of package
// transfer, for the door to find in its body at Subject.At.
func (c *Core) Wanted(ctx context.Context, caller *Caller, w *Wish, now time.Time) (authserver.ConsentAsk, error) {
	d := &w.Details
	ask := authserver.ConsentAsk{Client: &caller.Client, RedirectURI: w.RedirectURI, State: w.State}
	// An authentication serves account information for 180 days (RTS art. 10a).
	if w.Scope != xs2a.Payments && d.Until.Sub(now) > xs2a.MaxLife+skew {
		return ask, bank.RefuseField("scope_details.scopeTimeLimit", "It is at most 180 days from now.")
	}
	ask.Consent = xs2a.Consent{TPPID: d.ConsentID, Scope: w.Scope, Grants: d.Grants, Wanted: d.Numbers, Until: d.Until}
	if w.Scope != xs2a.Payments {
		return ask, nil
	}
	p := &d.Payment
	what := &xs2a.What{Orders: p.Orders, Total: p.Total, Bundle: p.Bundle && len(p.Orders) > 0}
	ask.Consent.Payment = what
	if len(p.Orders) > 0 {
		return ask, CheckOrders(p.Orders, p.Bundle, p.Total, now)
	}
	made, err := c.MadeBefore(ctx, caller.Client.ID, p)
	if err != nil {
		return ask, err
	}
	what.Transfer, what.OfBundle, what.Standing = made.ids()
	return ask, nil
}

// MadeBefore finds what a privilege is about: NotFound for what this client never
// made, and for what is another kind of thing.
func (c *Core) MadeBefore(ctx context.Context, client thirdparty.ClientID, p *Subject) (Made, error) {
	var made Made
	var err error
	switch {
	case p.Of == "":
		made, err = c.FindByTPP(ctx, client, p.OfTPP)
	case p.Bundle:
		made, err = c.FindBundle(ctx, client, p.Of)
	default:
		made, err = c.Find(ctx, client, p.Of)
	}
	if err != nil {
		return Made{}, err
	}
	if p.Bundle != (made.Bundle != nil) || (!p.Bundle && !p.Either && p.Standing != (made.Standing != nil)) {
		return Made{}, noSuchPayment()
	}
	return made, nil
}

func (m *Made) ids() (t transfer.ID, b transfer.BundleID, s transfer.StandingID) {
	switch {
	case m.Transfer != nil:
		t = m.Transfer.ID
	case m.Bundle != nil:
		b = m.Bundle.ID
	default:
		s = m.Standing.ID
	}
	return t, b, s
}

// Narrowed is what a refresh asks for: a scope with details that it names again.
func (c *Core) Narrowed(ctx context.Context, client thirdparty.ClientID, scope xs2a.Scope, d *Details) (*authserver.ConsentNarrow, error) {
	n := &authserver.ConsentNarrow{Scope: scope, TPPID: d.ConsentID, Numbers: d.Numbers, Grants: d.Grants}
	if d.Payment.Of == "" && d.Payment.OfTPP == "" {
		return n, nil
	}
	made, err := c.MadeBefore(ctx, client, &d.Payment)
	if bank.CodeOf(err) == bank.NotFound {
		return nil, bank.Refuse(bank.ScopeInvalid, "The customer has not consented to that.")
	} else if err != nil {
		return nil, err
	}
	n.Transfer, n.Bundle, n.Standing = made.ids()
	return n, nil
}

// Exchanged is for what a list of accounts is exchanged.
func Exchanged(d *Details) *authserver.ConsentExchange {
	return &authserver.ConsentExchange{Scope: xs2a.AccountInfo, TPPID: d.ConsentID, Numbers: d.Numbers, Grants: d.Grants, Until: d.Until}
}

// Element is an element of privilegeList for account information: rights, and the
// account that it names, "" for all that the customer chooses.
type Element struct {
	Number string
	Grants []xs2a.Grant
}

// Uniform joins elements. A consent of this bank gives the same rights to all of
// its accounts: ok is false for elements that differ, which are never widened.
// Several elements may speak of one account, each with rights of its own.
func Uniform(list []Element) (grants []xs2a.Grant, numbers []string, ok bool) {
	var groups []Element
	for _, e := range list {
		at := slices.IndexFunc(groups, func(g Element) bool { return g.Number == e.Number })
		if at < 0 {
			groups = append(groups, Element{Number: e.Number})
			at = len(groups) - 1
		}
		groups[at].Grants = append(groups[at].Grants, e.Grants...)
	}
	if len(groups) == 0 {
		return nil, nil, true
	}
	ok = true
	for _, g := range groups {
		if g.Number != "" {
			numbers = append(numbers, g.Number)
		}
		ok = ok && sameGrants(g.Grants, groups[0].Grants)
	}
	return groups[0].Grants, numbers, ok
}

func sameGrants(a, b []xs2a.Grant) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(g xs2a.Grant) bool { return !slices.Contains(b, g) })
}
