package authserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// ExternalCode is a one-time code of the bank's application (psd2 §2.2,
// eatCode). Its customer gives it to a third party, which asks for a consent with
// it instead of sending the customer to a page.
type ExternalCode struct {
	Code  string // 8 digits
	Until time.Time
}

// ExternalAsk is how a third party asks with such a code, and where it wants to
// be told what became of it.
type ExternalAsk struct {
	Code     string
	Callback CallbackTo
}

const (
	externalDigits = 8
	// externalDraws bounds the drawing of a code whose digits nobody else's has.
	externalDraws = 16
	// maxAPIKey is the longest key that a third party may want to see again.
	maxAPIKey = 1024
)

// NewExternalCode draws a one-time code for a person, in the place of the one
// drawn before. FactorMissing when the person has no active mobile device: there
// would be nothing to approve on.
func (s *Server) NewExternalCode(ctx context.Context, person party.PersonID) (ExternalCode, error) {
	has, err := s.Methods(ctx, person)
	if err != nil {
		return ExternalCode{}, err
	}
	if !slices.Contains(has, sca.Mobile) {
		return ExternalCode{}, bank.Refuse(bank.FactorMissing, "There is no mobile device for this confirmation.")
	}
	now := s.now()
	out := ExternalCode{Until: now.Add(s.rules.ExternalLife)}
	record := audit.Record{
		At: now, Actor: payment.PersonOf(person), Act: "external_code.issued", Subject: "person:" + string(person), After: "until " + instant(out.Until),
	}
	for range externalDraws {
		n, err := rand.Int(s.random, big.NewInt(100_000_000))
		if err != nil {
			return ExternalCode{}, fmt.Errorf("authserver: a new code: %w", err)
		}
		out.Code = fmt.Sprintf("%0*d", externalDigits, n)
		kept, err := s.consents.KeepExternalCode(ctx, KeptExternalCode{Person: person, Hash: hashExternal(out.Code), Until: out.Until}, now, record)
		if err != nil {
			return ExternalCode{}, err
		}
		if kept {
			return out, nil
		}
	}
	return ExternalCode{}, errors.New("authserver: no code of the bank's application is free")
}

// hashExternal hashes a code of the bank's application. Eight digits are found
// from this alone; the store keeps it under a key.
func hashExternal(code string) []byte {
	sum := sha256.Sum256([]byte("external code|" + code))
	return sum[:]
}

// AskConsentExternally takes a third party's call for a consent that comes with
// a one-time code. It refuses as AskConsent does, without a look at return
// address and state: RedirectUnknown is a callback that the client has not
// registered. InvalidParameter with Field "apiKey" is a key that fits no header.
// GrantInvalid is a code that is wrong, used or expired, and every code, with
// Until, after too many wrong ones. A refused call spends no code.
//
// Otherwise the person of the code is asked on their phone, and the third party
// is told no more than that its call was taken: whether the person has fitting
// accounts, is blocked, says no or says nothing, the callback says access_denied.
func (s *Server) AskConsentExternally(ctx context.Context, a ConsentAsk, e ExternalAsk) error {
	now := s.now()
	if !a.Client.CallsBack(e.Callback.URL) {
		return bank.Refuse(bank.RedirectUnknown, "The callback address is not registered for the client.")
	}
	if !e.Callback.presentable() {
		return bank.RefuseField("apiKey", "An API key has at most "+strconv.Itoa(maxAPIKey)+" visible ASCII characters.")
	}
	c, sent, err := s.asked(ctx, &a, now)
	if err != nil {
		return err
	}
	r := s.requestOf(&c, &a, now)
	r.For = sent
	// Nothing can be given any more once the approval on the phone has expired.
	r.ExpiresAt = now.Add(min(s.rules.RequestLife, sca.Life))
	r, err = s.consents.AskExternally(ctx, hashExternal(e.Code), c, r, e.Callback, askedRecord(&c),
		func(tries *WrongCodes, code *KeptExternalCode) ([]audit.Record, error) {
			return s.judgeExternal(a.Client.ID, tries, code, now)
		})
	if err != nil {
		return err
	}
	// The code is spent and the third party will be told: its hanging up, or
	// anything else that goes wrong from here on, changes nothing of that.
	ctx = context.WithoutCancel(ctx)
	if why := s.offer(ctx, r); why != nil {
		_, err = s.endRequest(ctx, r.ID, consentPage(), why.Error(), func(*ConsentRequest) bool { return true })
		if bank.CodeOf(err) == bank.RequestEnded {
			return nil // the third party has withdrawn it meanwhile
		}
	}
	return err
}

// presentable tells whether an API key can stand in a header.
func (c *CallbackTo) presentable() bool {
	for i := range len(c.APIKey) {
		if c.APIKey[i] <= ' ' || c.APIKey[i] > '~' {
			return false
		}
	}
	return len(c.APIKey) <= maxAPIKey
}

// judgeExternal judges a shown code, nil when there is none of these digits, and
// counts a wrong one. While a third party is locked its right codes are not
// looked at either: otherwise it could go on guessing.
func (s *Server) judgeExternal(client thirdparty.ClientID, tries *WrongCodes, code *KeptExternalCode, now time.Time) ([]audit.Record, error) {
	until := tries.Since.Add(s.rules.WrongCodesIn)
	if !now.Before(until) {
		*tries = WrongCodes{}
	}
	if tries.Count >= s.rules.WrongCodes {
		no := bank.Refuse(bank.GrantInvalid, "Too many wrong codes. None is taken until "+instant(until)+".")
		no.Until = until
		return nil, no
	}
	if code != nil && now.Before(code.Until) {
		return nil, nil
	}
	if tries.Count == 0 {
		tries.Since = now
	}
	tries.Count++
	no := bank.Refuse(bank.GrantInvalid, "The code is wrong, was used or has expired.")
	if tries.Count < s.rules.WrongCodes {
		return nil, no
	}
	return []audit.Record{{
		At: now, Actor: thirdPartyOf(client), Act: "external_code.locked", Subject: "third_party:" + string(client),
		After: "until " + instant(tries.Since.Add(s.rules.WrongCodesIn)), Why: strconv.Itoa(tries.Count) + " wrong codes",
	}}, no
}

// offer chooses in the person's place and asks them on their phone, in the same
// words as the bank's page would.
func (s *Server) offer(ctx context.Context, r ConsentRequest) error {
	p, err := s.pendingConsent(ctx, r.ID)
	if err != nil {
		return err
	}
	who, err := s.parties.Person(ctx, r.AskedOf)
	if err != nil {
		return err
	}
	if p, err = s.chooseFor(ctx, p, who.ID); err != nil {
		return err
	}
	subject, err := s.consentSubject(ctx, &p, who.Language)
	if err != nil {
		return err
	}
	_, err = s.Challenge(ctx, who.ID, sca.Mobile, subject)
	return err
}

// chooseFor chooses for a person whom no page asks: of the person's own accounts,
// or else of those of the first company that they may bind, all that fit what the
// third party wants to read, or the first that can pay. It never goes on to
// another customer because of a limit: money would leave where nobody looked.
func (s *Server) chooseFor(ctx context.Context, p PendingConsent, person party.PersonID) (PendingConsent, error) {
	all, err := s.Contexts(ctx, person)
	if err != nil {
		return p, err
	}
	why := error(bank.Refuse(bank.NotFound, "No account of the person fits."))
	var asked []party.CustomerID
	for i := range all {
		c := all[i].Customer.ID
		if slices.Contains(asked, c) {
			continue // who has two roles
		}
		asked = append(asked, c)
		fit, err := s.ConsentAccounts(ctx, p, person, c)
		switch code := bank.CodeOf(err); {
		case code == bank.Internal || code == bank.Busy:
			return p, err
		case err != nil:
			why = err
		case len(fit) > 0:
			return s.chooseOf(ctx, p, ConsentChoice{Person: person, Customer: c}, fit)
		}
	}
	return p, why
}

// chooseOf chooses of the accounts of one customer that fit.
func (s *Server) chooseOf(ctx context.Context, p PendingConsent, c ConsentChoice, fit []account.Account) (PendingConsent, error) {
	if p.Consent.Scope != xs2a.Payments {
		for i := range fit {
			c.Accounts = append(c.Accounts, fit[i].ID)
		}
		return s.choose(ctx, p, c)
	}
	var out PendingConsent
	var err error
	for i := range fit {
		c.Accounts = []account.ID{fit[i].ID}
		if out, err = s.choose(ctx, p, c); bank.CodeOf(err) != bank.PayerIsPayee {
			break
		}
	}
	return out, err
}

// ConfirmExternal gives the consent that a person has approved on a phone, when
// no page waits to do it; other approvals are left alone. One that cannot be
// given any more is refused, and its callback says so.
func (s *Server) ConfirmExternal(ctx context.Context, c sca.Challenge) error {
	p, err := s.external(ctx, &c)
	if err != nil || p == nil {
		return err
	}
	err = s.give(ctx, p, c.Person, c.ID, codeOf(p.Consent.ID, p.Request.Client, time.Time{}))
	switch bank.CodeOf(err) {
	case "":
		s.decided()
		return nil
	case bank.Internal, bank.Busy, bank.RequestEnded:
		return err // worth another try, or decided by somebody else
	}
	_, ending := s.endRequest(ctx, p.Request.ID, consentPage(), err.Error(), func(*ConsentRequest) bool { return true })
	if ending != nil && bank.CodeOf(ending) != bank.RequestEnded {
		return ending
	}
	return err
}

// RejectExternal refuses the consent that a person has refused on a phone; other
// refusals are left alone.
func (s *Server) RejectExternal(ctx context.Context, c sca.Challenge) error {
	p, err := s.external(ctx, &c)
	if err != nil || p == nil {
		return err
	}
	_, err = s.endRequest(ctx, p.Request.ID, payment.PersonOf(c.Person), "", func(*ConsentRequest) bool { return true })
	return err
}

// external finds what a challenge is about when it is a request of
// AskConsentExternally, nil otherwise.
func (s *Server) external(ctx context.Context, c *sca.Challenge) (*PendingConsent, error) {
	if c.Subject.Purpose != sca.ForConsent {
		return nil, nil
	}
	id := RequestID(c.Subject.ID)
	r, err := s.consents.ConsentRequest(ctx, id)
	if err != nil || r.AskedOf == "" {
		return nil, err
	}
	p, err := s.pendingConsent(ctx, id)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// LapseExternal ends at most n requests of AskConsentExternally that nobody
// answered in time. It tells how many it ended, and when the next one is due, the
// zero time when none waits.
func (s *Server) LapseExternal(ctx context.Context, n int) (ended int, next time.Time, err error) {
	now := s.now()
	due, next, err := s.consents.LapsingRequests(ctx, now, n)
	if err != nil {
		return 0, time.Time{}, err
	}
	var errs []error
	for _, id := range due {
		_, err := s.endRequest(ctx, id, consentPage(), "nobody answered in time", func(r *ConsentRequest) bool { return !now.Before(r.ExpiresAt) })
		switch bank.CodeOf(err) {
		case "":
			ended++
		case bank.RequestEnded: // decided at this very moment
		default:
			errs = append(errs, fmt.Errorf("request %s: %w", id, err))
		}
	}
	return ended, next, errors.Join(errs...)
}
