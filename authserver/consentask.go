package authserver

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/nrb"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// maxConsentID is the longest id that a third party gives a consent (PolishAPI
// 3.0; mBank's are UUIDs).
const maxConsentID = 128

// ConsentAsk is a third party's call for a consent, free of any wire form: the
// door has checked certificate, signature and client. Of Consent the door fills
// TPPID, Scope, Grants, Wanted, Until and Payment.
type ConsentAsk struct {
	Client      *thirdparty.Client
	Consent     xs2a.Consent
	State       string
	RedirectURI string
	Context     PSUContext
}

// AskConsent takes a third party's call for a consent and opens a request, whose
// id goes into the customer's link. It refuses, in this order: RedirectUnknown;
// InvalidParameter with Field "state" or "consentId"; ScopeInvalid; a client that
// may not call or lacks the role in the supervisor's register; InvalidParameter
// with Field "isCompanyContext", "psuIdentifierType", "psuIdentifierValue",
// "psuContextIdentifierType", "psuContextIdentifierValue", "privilegeList", "maxAllowedHistoryLong", "accountNumber" or
// "scopeTimeLimit"; an order as transfer.Instruction.Validate and
// rail.Network.Check do, or NotFound for a payment to cancel or look at that is
// not this client's; ConsentTaken. No refusal may lead the browser to
// RedirectURI (psd2 §10 cases 22 to 28).
func (s *Server) AskConsent(ctx context.Context, a ConsentAsk) (ConsentRequest, error) {
	now := s.now()
	if !a.Client.Redirects(a.RedirectURI) || strings.Contains(a.RedirectURI, "#") {
		return ConsentRequest{}, bank.Refuse(bank.RedirectUnknown, "The return address is not registered for the client.")
	}
	if a.State == "" {
		return ConsentRequest{}, bank.RefuseField("state", "The parameter state is missing or empty.")
	}
	c, sent, err := s.asked(ctx, &a, now)
	if err != nil {
		return ConsentRequest{}, err
	}
	r := s.requestOf(&c, &a, now)
	r.For = sent
	r.RedirectURI, r.ExpiresAt = a.RedirectURI, now.Add(s.rules.RequestLife)
	err = s.consents.AskConsent(ctx, c, r, askedRecord(&c))
	if err != nil {
		return ConsentRequest{}, err
	}
	return r, nil
}

// asked judges the consent that a third party asks for, however it does so, and
// finds whom it sent.
func (s *Server) asked(ctx context.Context, a *ConsentAsk, now time.Time) (xs2a.Consent, *ConsentFor, error) {
	c := a.Consent
	if c.TPPID == "" || len(c.TPPID) > maxConsentID {
		return xs2a.Consent{}, nil, bank.RefuseField("consentId", "A consent id has 1 to "+strconv.Itoa(maxConsentID)+" characters.")
	}
	if c.Scope != xs2a.AccountList && c.Scope != xs2a.AccountInfo && c.Scope != xs2a.Payments {
		return xs2a.Consent{}, nil, bank.Refuse(bank.ScopeInvalid, "The scope is ais-accounts, ais or pis.")
	}
	entry, err := s.licensed(ctx, a.Client, c.Scope, now)
	if err != nil {
		return xs2a.Consent{}, nil, err
	}
	sent, err := s.addressed(ctx, a.Context)
	if err != nil {
		return xs2a.Consent{}, nil, err
	}
	if c.Grants, err = askedGrants(c.Scope, c.Grants); err != nil {
		return xs2a.Consent{}, nil, err
	}
	if c.Wanted, err = askedNumbers(c.Wanted); err != nil {
		return xs2a.Consent{}, nil, err
	}
	if c.Until, err = askedUntil(c.Scope, c.Until, now); err != nil {
		return xs2a.Consent{}, nil, err
	}
	if err := s.askedPayment(ctx, a.Client.ID, &c, now); err != nil {
		return xs2a.Consent{}, nil, err
	}
	c.ID, c.Version, c.Status, c.AskedAt = xs2a.ID(s.ids.NewID()), 1, xs2a.Asked, now
	c.Client, c.Organisation, c.Name = a.Client.ID, a.Client.Organisation, shownName(a.Client, &entry)
	return c, sent, nil
}

// requestOf is the request of a consent that was asked for, before it is known
// how the customer hears of it.
func (s *Server) requestOf(c *xs2a.Consent, a *ConsentAsk, now time.Time) ConsentRequest {
	return ConsentRequest{
		ID: RequestID(s.ids.NewID()), Consent: c.ID, Client: c.Client, State: a.State, CreatedAt: now, Status: RequestOpen,
	}
}

func askedRecord(c *xs2a.Consent) audit.Record {
	return consentRecord(c.AskedAt, thirdPartyOf(c.Client), "consent.asked", "", c)
}

// shownName is what a customer reads of a third party: the name that it chose
// itself, and beside it the one of the supervisor's register, which it cannot
// choose. A shop that calls itself after the bank must not look like the bank.
func shownName(c *thirdparty.Client, e *thirdparty.Entry) string {
	switch {
	case c.Name == "" || c.Name == e.Name:
		return e.Name
	case e.Name == "":
		return c.Name
	}
	return c.Name + " (" + e.Name + ")"
}

// licensed refuses a client that may not call now, or whose organisation the
// supervisor's register does not give the role of a scope; it returns the entry.
func (s *Server) licensed(ctx context.Context, c *thirdparty.Client, scope xs2a.Scope, now time.Time) (thirdparty.Entry, error) {
	if err := c.Standing(); err != nil {
		return thirdparty.Entry{}, err
	}
	entry, err := s.third.Entry(ctx, c.Organisation)
	if bank.CodeOf(err) == bank.NotFound {
		return thirdparty.Entry{}, (*thirdparty.Entry)(nil).Allows(scope.Role(), now)
	}
	if err == nil {
		err = entry.Allows(scope.Role(), now)
	}
	return entry, err
}

// askedGrants refuses rights that a consent of a scope cannot have.
func askedGrants(scope xs2a.Scope, asked []xs2a.Grant) ([]xs2a.Grant, error) {
	if len(asked) == 0 {
		return nil, bank.RefuseField("privilegeList", "A consent needs at least one privilege.")
	}
	out := slices.Clone(asked)
	for i := range out {
		g := &out[i]
		switch {
		case g.Right.Scope() != scope || !slices.Contains(xs2a.Rights, g.Right):
			return nil, bank.RefuseField("privilegeList", "A privilege belongs to another scope.")
		case slices.ContainsFunc(out[:i], func(o xs2a.Grant) bool { return o.Right == g.Right }):
			return nil, bank.RefuseField("privilegeList", "A privilege is named twice.")
		case g.Right.HasHistory() && (g.HistoryDays < 1 || g.HistoryDays > xs2a.MaxHistoryDays):
			return nil, bank.RefuseField("maxAllowedHistoryLong", "A history is of 1 to "+strconv.Itoa(xs2a.MaxHistoryDays)+" days.")
		case !g.Right.HasHistory():
			g.HistoryDays = 0
		}
		g.Spent = false
	}
	return out, nil
}

// askedNumbers brings the account numbers that a third party named into the form
// in which ours are kept, each once.
func askedNumbers(asked []string) ([]string, error) {
	var out []string
	for _, text := range asked {
		n, err := nrb.Parse(text)
		if err != nil {
			return nil, bank.RefuseField("accountNumber", "An account number is an NRB of 26 digits.")
		}
		if !slices.Contains(out, n.String()) {
			out = append(out, n.String())
		}
	}
	return out, nil
}

// askedUntil refuses a past end, and cuts one down that is further than the law
// lets a consent to account information reach (RTS 2018/389 art. 10a).
func askedUntil(scope xs2a.Scope, asked, now time.Time) (time.Time, error) {
	until := asked.UTC().Truncate(time.Microsecond)
	if !now.Before(until) {
		return time.Time{}, bank.RefuseField("scopeTimeLimit", "The consent would end in the past.")
	}
	if latest := now.Add(xs2a.MaxLife); scope != xs2a.Payments && until.After(latest) {
		return latest, nil
	}
	return until, nil
}

func thirdPartyOf(c thirdparty.ClientID) audit.Actor {
	return audit.Actor{Kind: audit.ThirdParty, ID: string(c)}
}

func consentRecord(now time.Time, by audit.Actor, act, before string, c *xs2a.Consent) audit.Record {
	return audit.Record{At: now, Actor: by, Act: act, Subject: "consent:" + string(c.ID), Before: before, After: consentText(c)}
}

// consentText is the canonical text of a consent for the audit: accounts by
// their ids inside the bank, no numbers and no names.
func consentText(c *xs2a.Consent) string {
	parts := []string{
		"status=" + string(c.Status), "version=" + strconv.Itoa(c.Version), "scope=" + string(c.Scope),
		"rights=" + strings.Join(grantTexts(c.Grants), ","), "until=" + instant(c.Until),
	}
	var accounts []string
	for _, r := range c.Accounts {
		if !r.Past {
			accounts = append(accounts, string(r.Account))
		}
	}
	if len(accounts) > 0 {
		parts = append(parts, "accounts="+strings.Join(accounts, ","))
	}
	if w := c.Payment; w != nil {
		for i := range w.Orders {
			o := &w.Orders[i]
			parts = append(parts, "order="+o.Order.Amount.String()+" "+o.Order.Amount.Currency().String()+" "+string(o.Order.Kind)+" "+string(o.System))
		}
		if of := string(w.Transfer) + string(w.OfBundle) + string(w.Standing); of != "" {
			parts = append(parts, "of="+of)
		}
	}
	return strings.Join(parts, " ")
}

// grantTexts are rights with what limits them.
func grantTexts(grants []xs2a.Grant) []string {
	out := make([]string, 0, len(grants))
	for _, g := range grants {
		text := string(g.Right)
		if g.HistoryDays > 0 {
			text += "/" + strconv.Itoa(g.HistoryDays)
		}
		if g.Single {
			text += "/single"
		}
		out = append(out, text)
	}
	return out
}
