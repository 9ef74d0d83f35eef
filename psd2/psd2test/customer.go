package psd2test

import (
	"net/url"
	"regexp"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// State is what third parties send along: it comes back byte for byte.
const State = "st&te=1"

// Confirm passes a challenge with the code of a text message.
func (w *World) Confirm(person party.PersonID, subject sca.Subject) sca.ID {
	w.T.Helper()
	ctx := w.T.Context()
	challenge, err := w.Auth.Challenge(ctx, person, sca.SMS, subject)
	Must(w.T, err)
	messages, err := w.Store.ClaimMessages(ctx, "test", 100, w.Wall.Now(), w.Wall.Now().Add(time.Hour))
	Must(w.T, err)
	for _, m := range slices.Backward(messages) {
		if m.Person != person {
			continue
		}
		for _, code := range regexp.MustCompile(`\b\d{6}\b`).FindAllString(m.Text, -1) {
			if c, err := w.Auth.Answer(ctx, person, challenge.ID, code); err == nil && c.Status == sca.Passed {
				return challenge.ID
			}
		}
	}
	w.T.Fatal("no message had the code")
	return ""
}

// Gives has a person choose accounts and give a consent; it returns the code.
func (w *World) Gives(id authserver.RequestID, person party.PersonID, customer party.CustomerID, accounts ...account.ID) (code string) {
	w.T.Helper()
	ctx := w.T.Context()
	_, err := w.Auth.ChooseForConsent(ctx, id, authserver.ConsentChoice{Person: person, Customer: customer, Accounts: accounts})
	Must(w.T, err)
	subject, err := w.Auth.ConsentSubject(ctx, id, party.Polish)
	Must(w.T, err)
	to, err := w.Auth.GiveConsent(ctx, id, person, w.Confirm(person, subject))
	Must(w.T, err)
	u, err := url.Parse(to)
	Must(w.T, err)
	if got := u.Query().Get("state"); got != State {
		w.T.Fatalf("state %q came back", got)
	}
	return u.Query().Get("code")
}
