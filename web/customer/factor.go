package customer

import (
	"net/http"
	"strings"

	"okienko/bank"
	"okienko/bank/sca"
	"okienko/web/ui"
)

// The second factor is one sequence of pages for everything that is confirmed:
// choose a method, type the code or approve on the phone, and done. What is
// confirmed and what follows is the deed's.

// begin asks for the second factor. With one method there is nothing to choose,
// and the code is sent at once.
func (d *Door) begin(w http.ResponseWriter, r *http.Request, v *visit, a act) error {
	ctx := r.Context()
	methods, err := d.Auth.Methods(ctx, v.person.ID)
	if err != nil {
		return err
	}
	a.Challenge, a.Method = "", ""
	switch len(methods) {
	case 0:
		return bank.Refuse(bank.FactorMissing, "There is no second factor.")
	case 1:
		deed, err := d.deed(ctx, v, &a)
		if err != nil {
			return err
		}
		return d.challenge(w, r, v, a, deed, methods[0])
	}
	if err := d.keep(ctx, a); err != nil {
		return err
	}
	return seeOther(w, a.path())
}

// challenge sends a code or an approval and shows the page that waits for it.
func (d *Door) challenge(w http.ResponseWriter, r *http.Request, v *visit, a act, deed *deed, m sca.Method) error {
	if ok, after := d.messages.Allow(v.person.ID); !ok {
		return d.tooMany(w, r, v, after)
	}
	c, err := d.Auth.Challenge(r.Context(), v.person.ID, m, deed.subject)
	if err != nil {
		return err
	}
	if a.Challenge != "" && a.Method == m {
		d.sessions.Put(r.Context(), keyResent, string(c.ID))
	}
	a.Challenge, a.Method = c.ID, m
	if err := d.keep(r.Context(), a); err != nil {
		return err
	}
	return seeOther(w, a.path())
}

// current is the act that the address names, with its deed.
func (d *Door) current(r *http.Request, v *visit) (act, *deed, error) {
	a, _ := d.act(r.Context(), sca.Purpose(r.PathValue("purpose")), named(r, "subject"))
	deed, err := d.deed(r.Context(), v, &a)
	return a, deed, err
}

// factor shows where the confirmation stands.
func (d *Door) factor(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, deed, err := d.current(r, v)
	if err != nil {
		return d.late(w, r, v, &a, err)
	}
	if a.Challenge == "" {
		return d.methodPage(w, r, v, http.StatusOK, &a, deed, "", nil)
	}
	c, err := d.Auth.Look(r.Context(), v.person.ID, a.Challenge)
	if err != nil {
		return err
	}
	return d.challengePage(w, r, v, http.StatusOK, &a, deed, c, lastTry{})
}

// late answers for an act whose moment has passed. Somebody who was in the
// middle of it (the phone may have finished it) is told how it ended.
func (d *Door) late(w http.ResponseWriter, r *http.Request, v *visit, a *act, err error) error {
	if a.Purpose != sca.ForOperation || bank.CodeOf(err) != bank.AuthorisationEnded {
		return err
	}
	to, err := d.afterOperation(r, v, a)
	if err != nil {
		return err
	}
	if err := d.forget(r.Context(), a); err != nil {
		return err
	}
	return seeOther(w, to)
}

func (d *Door) chooseMethod(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, deed, err := d.current(r, v)
	if err != nil {
		return d.late(w, r, v, &a, err)
	}
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	methods, err := d.Auth.Methods(r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	for _, m := range methods {
		if string(factorKind(m)) != f.Value("method") {
			continue
		}
		err := d.challenge(w, r, v, a, deed, m)
		if bank.CodeOf(err) == bank.FactorLocked && len(methods) > 1 {
			return d.methodPage(w, r, v, http.StatusForbidden, &a, deed, m, []ui.Fault{{Field: "method", Why: ui.CannotChoose}})
		}
		return err
	}
	return d.methodPage(w, r, v, http.StatusUnprocessableEntity, &a, deed, "", []ui.Fault{{Field: "method", Why: ui.ChooseOne}})
}

// code keeps the digits of what was typed: people copy "123 456".
func code(typed string) (string, bool) {
	s := strings.Map(func(c rune) rune {
		if c == ' ' || c == '-' || c == '\u00a0' {
			return -1
		}
		return c
	}, typed)
	if len(s) != sca.CodeDigit {
		return "", false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return "", false
		}
	}
	return s, true
}

func (d *Door) enterCode(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, deed, err := d.current(r, v)
	if err != nil {
		return d.late(w, r, v, &a, err)
	}
	if a.Challenge == "" {
		return seeOther(w, a.path())
	}
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	typed, whole := code(f.Value("code"))
	if !whole { // costs no try
		c, err := d.Auth.Look(r.Context(), v.person.ID, a.Challenge)
		if err != nil {
			return err
		}
		return d.challengePage(w, r, v, http.StatusUnprocessableEntity, &a, deed, c, lastTry{}, ui.Fault{Field: "code", Why: ui.CodeIncomplete})
	}
	c, err := d.Auth.Answer(r.Context(), v.person.ID, a.Challenge, typed)
	if err == nil {
		return d.finish(w, r, &a, deed, c.ID)
	}
	status, last := http.StatusUnprocessableEntity, lastTry{ui.CodeRejected, lockedUntil(err)}
	switch bank.CodeOf(err) {
	case bank.ChallengeWrong:
	case bank.FactorLocked:
		status, last.state = http.StatusForbidden, ui.CodeLocked
	case bank.ChallengeExpired:
		status, last.state = http.StatusGone, ui.CodeExpired
	case bank.ChallengeSpent: // sent twice
		return seeOther(w, a.path())
	default:
		return err
	}
	if c, err = d.Auth.Look(r.Context(), v.person.ID, a.Challenge); err != nil {
		return err
	}
	if c.Status == sca.Refused {
		status = http.StatusForbidden
	}
	return d.challengePage(w, r, v, status, &a, deed, c, last)
}

// resend makes a new challenge of the same method; the page waits for the new one only.
func (d *Door) resend(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, deed, err := d.current(r, v)
	if err != nil {
		return d.late(w, r, v, &a, err)
	}
	if a.Challenge == "" {
		return seeOther(w, a.path())
	}
	return d.challenge(w, r, v, a, deed, a.Method)
}

// sendCode asks by SMS after all: the phone with the application may be at home.
func (d *Door) sendCode(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, deed, err := d.current(r, v)
	if err != nil {
		return d.late(w, r, v, &a, err)
	}
	return d.challenge(w, r, v, a, deed, sca.SMS)
}

// otherMethod goes back to the choice.
func (d *Door) otherMethod(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, _, err := d.current(r, v)
	if err != nil {
		return d.late(w, r, v, &a, err)
	}
	a.Challenge, a.Method = "", ""
	if err := d.keep(r.Context(), a); err != nil {
		return err
	}
	return seeOther(w, a.path())
}

// goOn finishes what was approved on the phone.
func (d *Door) goOn(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, deed, err := d.current(r, v)
	if err != nil {
		return d.late(w, r, v, &a, err)
	}
	if a.Challenge == "" {
		return seeOther(w, a.path())
	}
	c, err := d.Auth.Look(r.Context(), v.person.ID, a.Challenge)
	if err != nil {
		return err
	}
	if c.Method == sca.Mobile && c.Status == sca.Pending {
		return d.challengePage(w, r, v, http.StatusConflict, &a, deed, c, lastTry{state: approvalMissing})
	}
	if c.Status != sca.Passed || !d.Clock.Now().Before(c.ExpiresAt) {
		return seeOther(w, a.path())
	}
	return d.finish(w, r, &a, deed, c.ID)
}

// finish does what was confirmed and leads on.
func (d *Door) finish(w http.ResponseWriter, r *http.Request, a *act, deed *deed, challenge sca.ID) error {
	to, err := deed.finish(challenge)
	switch bank.CodeOf(err) {
	case "":
		if deed.notice != "" {
			d.notice(r, deed.notice)
		}
	case bank.ChallengeExpired: // approved in time, finished too late: the page offers another one
		return seeOther(w, a.path())
	case bank.ChallengeSpent, bank.AuthorisationEnded: // sent twice
		to = deed.back
	case bank.Busy:
		return err // the confirmation stands; the page offers to go on
	default:
		if e := d.forget(r.Context(), a); e != nil {
			return e
		}
		return err
	}
	if err := d.forget(r.Context(), a); err != nil {
		return err
	}
	return seeOther(w, to)
}

func (d *Door) cancel(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, deed, err := d.current(r, v)
	if err != nil {
		return d.late(w, r, v, &a, err)
	}
	if err := d.forget(r.Context(), &a); err != nil {
		return err
	}
	return seeOther(w, deed.back)
}
