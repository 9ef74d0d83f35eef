package payment

import (
	"errors"
	"slices"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/sca"
)

// valid refuses a way back that does not fit the application (partner-api §8).
func (r Return) valid(app *partner.Application) error {
	switch r.AppType {
	case "mobile":
		if r.OS != "Android" && r.OS != "iOS" {
			return bank.RefuseField("os_type", "A mobile application runs on Android or iOS.")
		}
	case "web":
		if r.OS != "ALL" {
			return bank.RefuseField("os_type", "A web application runs on ALL.")
		}
	default:
		return bank.RefuseField("appType", "The type is mobile or web.")
	}
	if r.Callback == "" {
		return bank.Refuse(bank.CallbackMissing, "A callbackUri is needed.")
	}
	if !app.CallsBack(r.Callback) {
		return bank.RefuseField("callbackUri", "The callbackUri is not registered.")
	}
	return nil
}

func foreignPermission() error {
	return bank.Refuse(bank.PermissionForeign, "The application is not defined with this permission.")
}

func (o *Prepare) decide(t *turn) (Outcome, error) {
	d := &o.Draft
	c, err := t.caller(o.Agreement, d.Kind.needs(), d.OperationID)
	if err != nil {
		return Outcome{}, err
	}
	if d.Kind == Permit {
		return t.ask(o, c)
	}
	if err := c.reaches(o.AccountRef); err != nil {
		return Outcome{}, err
	}
	p, err := t.object(c, d)
	if err != nil {
		return Outcome{}, err
	}
	if err := t.measure(p); err != nil {
		return Outcome{}, err
	}
	if err := o.Return.valid(c.application); err != nil {
		return Outcome{}, err
	}
	if out, err := t.prepared(o, c); out.Authorisation != nil || err != nil {
		return out, err
	}
	if err := d.dated(t.now); err != nil {
		return Outcome{}, err
	}
	if err := t.fits(p, true); err != nil {
		return Outcome{}, err
	}
	return t.prepare(o, p), nil
}

// ask prepares the giving of permissions that the application is defined with.
func (t *turn) ask(o *Prepare, c *caller) (Outcome, error) {
	if err := o.Draft.worded(money.PLN); err != nil {
		return Outcome{}, err
	}
	for _, want := range o.Draft.Permissions {
		if _, ok := c.application.Definition(want); !ok {
			return Outcome{}, foreignPermission()
		}
	}
	if err := o.Return.valid(c.application); err != nil {
		return Outcome{}, err
	}
	acc := t.accounts.get(c.agreement.Account)
	if err := t.usable(c.agreement, acc); err != nil {
		return Outcome{}, err
	}
	return t.prepare(o, &plan{caller: c, draft: &o.Draft, account: acc}), nil
}

// prepared finds the authorisation that the same id has got already: one that
// waits, or the one through which the operation was done.
func (t *turn) prepared(o *Prepare, c *caller) (Outcome, error) {
	key := OperationKey{Application: c.agreement.Application, ID: o.Draft.OperationID}
	content := o.Draft.content(c.agreement.ID)
	if op := t.operations.get(key); op != nil {
		// Whatever was done without the customer's word was another operation.
		if op.Content != content || op.Authorisation == "" {
			return Outcome{}, reused()
		}
		a := t.authorisations.get(op.Authorisation)
		if a == nil || a.Return != o.Return {
			return Outcome{}, reused()
		}
		return Outcome{Authorisation: a, Repeat: true}, nil
	}
	id := t.pending.get(key)
	if id == nil {
		return Outcome{}, nil
	}
	a := t.authorisations.get(*id)
	if a == nil || a.At(t.now) != Waiting {
		return Outcome{}, nil // one id can be prepared again after it expired
	}
	if a.Draft.content(a.Agreement) != content || a.Return != o.Return {
		return Outcome{}, reused()
	}
	return Outcome{Authorisation: a, Repeat: true}, nil
}

func (t *turn) prepare(o *Prepare, p *plan) Outcome {
	c := p.agreement
	a := &Authorisation{
		ID: AuthorisationID(t.ids.NewID()), Agreement: c.ID, Application: c.Application,
		Customer: c.Customer, Person: c.Person, Account: p.account.ID, Draft: o.Draft, Return: o.Return,
		Status: Waiting, CreatedAt: t.now, ExpiresAt: t.now.Add(AuthorisationLife),
	}
	a.Draft.Permissions = slices.Clone(o.Draft.Permissions)
	t.priced(a, p)
	if a.Draft.OperationID != "" {
		key := OperationKey{Application: a.Application, ID: a.Draft.OperationID}
		if id := t.pending.get(key); id != nil {
			t.lapse(*id)
		}
		t.pending.add(key, &a.ID)
	}
	t.authorisations.add(a.ID, a)
	t.record(p.actor(), "operation.prepared", "authorisation:"+string(a.ID), "", a.Amount.String(), string(a.Draft.Kind))
	return Outcome{Authorisation: a}
}

// priced fills in what the customer is shown and confirms.
func (t *turn) priced(a *Authorisation, p *plan) {
	a.Amount, a.Fee = p.amount, p.fee
	switch {
	case p.payee != nil:
		a.Payee = t.end(p.payee)
	case p.draft.Kind != Permit: // who may take what a hold sets aside
		a.Payee = t.end(t.s.Accounts[p.application.Account])
	}
}

// lapse writes down that a prepared operation has expired.
func (t *turn) lapse(id AuthorisationID) {
	if a := t.authorisations.get(id); a != nil && a.Status == Waiting {
		a = t.authorisations.edit(id)
		a.Status, a.EndedAt = PastItsMoment, a.ExpiresAt
	}
}

// waiting finds a prepared operation that a person may still decide.
func (t *turn) waiting(id AuthorisationID, by string) (*Authorisation, error) {
	a := t.authorisations.get(id)
	if a == nil || string(a.Person) != by {
		return nil, notFound()
	}
	if s := a.At(t.now); s != Waiting {
		return nil, bank.Refuse(bank.AuthorisationEnded, "The operation was "+string(s)+" already.")
	}
	return a, nil
}

func (o *Execute) decide(t *turn) (Outcome, error) {
	a, err := t.waiting(o.Authorisation, string(o.Person))
	if err != nil {
		return Outcome{}, err
	}
	out, err := t.execute(o, a)
	var no *bank.Refusal
	if !errors.As(err, &no) || no.Code == bank.Internal || isChallenge(no.Code) {
		return out, err
	}
	// The customer gave the word, and the bank refuses: the operation ends here,
	// and so does the confirmation.
	t.drop()
	if err := t.confirmed(o, t.authorisations.get(o.Authorisation)); err != nil {
		return Outcome{}, err
	}
	end := t.authorisations.edit(o.Authorisation)
	end.Status, end.Reason, end.EndedAt = Turned, no.Code, t.now
	t.record(PersonOf(o.Person), "operation.rejected", "authorisation:"+string(end.ID), string(Waiting), string(Turned), string(no.Code))
	return Outcome{Authorisation: end}, nil
}

func isChallenge(c bank.Code) bool {
	switch c {
	case bank.ChallengeWrong, bank.ChallengeExpired, bank.ChallengeSpent, bank.ChallengeForeign:
		return true
	}
	return false
}

// confirmed spends the challenge, which must be bound to exactly what will be
// done.
func (t *turn) confirmed(o *Execute, a *Authorisation) error {
	ch := t.challenges.edit(o.Challenge)
	if ch == nil || ch.Person != o.Person {
		return bank.Refuse(bank.ChallengeForeign, "There is no such confirmation.")
	}
	return sca.Spend(ch, sca.ForOperation, string(a.ID), a.Binding(), t.now)
}

func (t *turn) execute(o *Execute, a *Authorisation) (Outcome, error) {
	if err := t.confirmed(o, a); err != nil {
		return Outcome{}, err
	}
	c, err := t.caller(a.Agreement, a.Draft.Kind.needs(), "")
	if err != nil {
		return Outcome{}, err
	}
	p := &plan{caller: c, draft: &a.Draft, account: t.accounts.get(c.agreement.Account)}
	if a.Draft.Kind == Permit {
		if err := t.usable(c.agreement, p.account); err != nil {
			return Outcome{}, err
		}
	} else {
		var op *Operation
		if p, op, err = t.check(c, c.agreement.AccountRef, &a.Draft, true); err != nil {
			return Outcome{}, err
		}
		if op != nil {
			return Outcome{}, reused() // done meanwhile on the application's word alone
		}
		// What was shown and confirmed must be what is done: the partner's account
		// or the fee may have been changed by the bank meanwhile, or the pairing
		// moved to another account.
		now := *a
		now.Account = p.account.ID
		if t.priced(&now, p); now.Binding() != a.Binding() {
			return Outcome{}, bank.Refuse(bank.OperationChanged, "The account, the payee or the fee has changed since the operation was prepared.")
		}
	}
	by := PersonOf(o.Person)
	out, err := t.perform(p, by, a.ID)
	if err != nil {
		return Outcome{}, err
	}
	end := t.authorisations.edit(a.ID)
	end.Status, end.EndedAt = Done, t.now
	if out.Hold != nil {
		end.Hold = out.Hold.ID
	}
	if out.Payment != nil {
		end.Payment = out.Payment.ID
	}
	t.record(by, "operation.confirmed", "authorisation:"+string(end.ID), string(Waiting), string(Done), "")
	out.Authorisation = end
	return out, nil
}

func (o *Decline) decide(t *turn) (Outcome, error) {
	a, err := t.waiting(o.Authorisation, string(o.Person))
	if err != nil {
		return Outcome{}, err
	}
	a = t.authorisations.edit(a.ID)
	a.Status, a.EndedAt = Turned, t.now
	t.record(PersonOf(o.Person), "operation.declined", "authorisation:"+string(a.ID), string(Waiting), string(Turned), "")
	return Outcome{Authorisation: a}, nil
}
