package partnerapi

import (
	"net/http"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/edge"
)

// What the application shows to the customer (partner-api §8).
const (
	infoApp = "Potwierdź operację w aplikacji mobilnej banku. Masz na to 10 minut."
	infoWeb = "Przejdź na stronę banku, aby potwierdzić operację. Masz na to 10 minut."
)

func (d *Door) preparePermissions(c *call) (answer, error) {
	f := readFields(c.body, withReturn(permitFields)...)
	return d.prepare(c, "", f.permit(), f)
}

// prepare has an operation kept for the customer to confirm, and says how the
// customer gets there.
func (d *Door) prepare(c *call, account string, draft payment.Draft, f *fields) (answer, error) {
	o := &payment.Prepare{Agreement: c.agreement().ID, AccountRef: account}
	o.Return = f.back(&draft)
	o.Draft = draft
	out, err := d.cfg.Desk.Do(c.ctx(), o)
	if err != nil {
		return answer{}, err
	}
	inApp, err := d.asked(c, out.Authorisation)
	if err != nil {
		return answer{}, err
	}
	to, info := d.cfg.PeopleURL+"/confirm/"+string(out.Authorisation.ID), infoWeb
	if inApp {
		to, info = "", infoApp
	}
	b := append(make([]byte, 0, objectSize), '{')
	b = edge.AppendStringField(b, "authorizationId", string(out.Authorisation.ID))
	b = edge.AppendStringField(b, "redirectURI", to)
	b = edge.AppendStringField(b, "infoMsg", info)
	return answer{status: http.StatusOK, body: append(b, '}')}, nil
}

// maxQuestions bounds what waits on one person's device. An application that
// rings without end hopes for the yes that only wants the phone to be quiet; what
// is above this goes to the bank's page.
const maxQuestions = 8

// asked tells whether the customer confirms in the bank's mobile application,
// and sees to it that the question stands there, once: a repeated call must not
// ring again, but must ring when the first one broke off in between.
func (d *Door) asked(c *call, a *payment.Authorisation) (inApp bool, err error) {
	methods, err := d.cfg.Auth.Methods(c.ctx(), a.Person)
	if err != nil {
		return false, err
	}
	if len(methods) == 0 || methods[0] != sca.Mobile {
		return false, nil
	}
	if a.At(c.now) != payment.Waiting {
		return true, nil
	}
	person, err := d.cfg.Persons.Person(c.ctx(), a.Person)
	if err != nil {
		return false, err
	}
	subject := d.cfg.Auth.OperationSubject(*a, person.Language)
	waiting, err := d.cfg.Challenges.WaitingChallenges(c.ctx(), a.Person)
	if err != nil {
		return false, err
	}
	open := 0
	for i := range waiting {
		w := &waiting[i]
		if w.Status != sca.Pending || !c.now.Before(w.ExpiresAt) {
			continue
		}
		if w.Subject.Purpose == subject.Purpose && w.Subject.ID == subject.ID && w.Subject.Binding == subject.Binding {
			return true, nil
		}
		open++
	}
	if open >= maxQuestions {
		return false, nil
	}
	switch _, err = d.cfg.Auth.Challenge(c.ctx(), a.Person, sca.Mobile, subject); bank.CodeOf(err) {
	case "":
		return true, nil
	case bank.FactorLocked, bank.FactorMissing:
		// The device cannot ask now. The bank's page can say why, and offers what
		// other way there is.
		return false, nil
	}
	return false, err
}

// showAuthorisation asks for the permission of the operation, yet takes no call
// of it: with a quota of one the application could otherwise never learn how
// its one operation ended.
func (d *Door) showAuthorisation(c *call) (answer, error) {
	a, err := d.cfg.Reader.Authorisation(c.ctx(), payment.AuthorisationID(plausible(c.r.PathValue("authorizationId"))))
	if err != nil {
		return answer{}, err
	}
	if a.Agreement != c.agreement().ID {
		return answer{}, noSuchObject()
	}
	if p := a.Draft.Needs(); p != (consent.Permission{}) {
		if err := c.agreement().Allows(p, c.now); err != nil {
			return answer{}, err
		}
	}
	if err := c.usable(); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: appendAuthorisation(make([]byte, 0, objectSize), &a, c.now)}, nil
}
