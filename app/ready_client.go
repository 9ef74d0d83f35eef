package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/partnerapi"
	"okienko/sandbox"
)

// The ready application and the customer with whom it is paired. He uses the
// mobile application, so that a confirmation takes one call to the phone.
const (
	readyClient    consent.ClientID = "kawomat"
	readyLogin                      = "jan"
	readyFile                       = "client.json" // the refresh token, for the next start
	stateLength                     = 128           // partner-api §4.1
	openAPIScope                    = "open-api"
	grantByCode                     = "authorization_code"
	grantByRefresh                  = "refresh_token"
)

// opened pairs the ready application, so that the first call works.
func (w *sandboxWorld) opened(ctx context.Context, h *House) error {
	app, err := h.store.Application(ctx, readyClient)
	if err != nil {
		return err
	}
	c := &w.paired
	c.ID, c.RedirectURI, c.CallbackURI = string(app.ID), app.RedirectURIs[0], app.CallbackURIs[0]
	for _, s := range w.secrets {
		if s.Client == app.ID {
			c.Secret = s.Text
		}
	}
	answer, err := w.tokens(ctx, h)
	if err != nil {
		return fmt.Errorf("pairing %s with %s: %w", readyClient, readyLogin, err)
	}
	c.AccountID, c.AccessToken, c.RefreshToken = answer.AccountRef, answer.AccessToken, answer.RefreshToken
	return w.keepClient(answer.RefreshToken)
}

type keptClient struct {
	RefreshToken string `json:"refresh_token"`
}

func (w *sandboxWorld) keepClient(refresh string) error {
	if w.options.Ephemeral {
		return nil
	}
	return sandbox.SaveJSON(filepath.Join(w.folder, readyFile), keptClient{refresh})
}

// tokens goes on with the pairing of the last start, or pairs anew when there
// is none, or none that still stands.
func (w *sandboxWorld) tokens(ctx context.Context, h *House) (authserver.GrantAnswer, error) {
	var kept keptClient
	if _, err := sandbox.LoadJSON(filepath.Join(w.folder, readyFile), &kept); err != nil {
		return authserver.GrantAnswer{}, err
	}
	if kept.RefreshToken != "" {
		answer, err := h.auth.Grant(ctx, w.grant(authserver.GrantParams{GrantType: grantByRefresh, RefreshToken: kept.RefreshToken}))
		if bank.CodeOf(err) != bank.GrantInvalid {
			return answer, err
		}
	}
	var person party.PersonID
	for _, o := range w.owners {
		if o.Login == readyLogin {
			person = o.Person
		}
	}
	return w.pair(ctx, h, person)
}

func (w *sandboxWorld) grant(p authserver.GrantParams) authserver.GrantParams {
	p.ClientID, p.ClientSecret, p.From = w.paired.ID, w.paired.Secret, netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return p
}

// pair does what the pages do: it chooses the customer's first account and all
// permissions, and confirms on the phone.
func (w *sandboxWorld) pair(ctx context.Context, h *House, person party.PersonID) (answer authserver.GrantAnswer, err error) {
	state := ""
	for len(state) < stateLength {
		state += rand.Text()
	}
	state = state[:stateLength]
	req, err := h.auth.Begin(ctx, authserver.BeginParams{
		ClientID: w.paired.ID, ResponseType: "code", State: state, RedirectURI: w.paired.RedirectURI, Scope: openAPIScope,
	})
	if err != nil {
		return answer, err
	}
	choice, err := w.choose(ctx, h, req, person)
	if err != nil {
		return answer, err
	}
	if req, err = h.auth.Choose(ctx, req.ID, choice); err != nil {
		return answer, err
	}
	subject, err := h.auth.PairingSubject(ctx, req)
	if err != nil {
		return answer, err
	}
	ch, err := h.auth.Challenge(ctx, person, sca.Mobile, subject)
	if err != nil {
		return answer, err
	}
	if _, err := w.phone.Answer(ctx, readyLogin, ch.ID, true); err != nil {
		return answer, err
	}
	back, err := h.auth.Pair(ctx, req.ID, person, ch.ID)
	if err != nil {
		return answer, err
	}
	_, query, _ := strings.Cut(back, "?")
	return h.auth.Grant(ctx, w.grant(authserver.GrantParams{
		GrantType: grantByCode, Code: param(query, "code"), State: state, RedirectURI: w.paired.RedirectURI,
	}))
}

func (w *sandboxWorld) choose(ctx context.Context, h *House, req authserver.Request, person party.PersonID) (authserver.Choice, error) {
	choice := authserver.Choice{Person: person}
	app, err := h.store.Application(ctx, req.Client)
	if err != nil {
		return choice, err
	}
	acts, err := h.auth.Contexts(ctx, person)
	if err != nil {
		return choice, err
	}
	if len(acts) == 0 {
		return choice, errors.New("the person acts for nobody")
	}
	choice.Customer, choice.Limits = acts[0].Customer.ID, app.Limits
	for _, d := range app.Permissions {
		choice.Permissions = append(choice.Permissions, d.Permission)
	}
	accounts, err := h.store.AccountsOf(ctx, choice.Customer)
	if err != nil {
		return choice, err
	}
	for i := range accounts {
		if accounts[i].Usable() == nil {
			choice.Account = accounts[i].ID
			return choice, nil
		}
	}
	return choice, errors.New("the customer has no account that can be used")
}

// Ready tells how to reach the sandbox and with what credentials.
func (h *House) Ready() *Ready {
	r := &Ready{
		PID: os.Getpid(), Version: h.settings.Version, People: h.people.url, Partner: h.partner.url + partnerapi.BasePath,
		Login: readyLogin, Password: sandbox.Password,
	}
	if h.metricsAt != nil {
		r.Admin = "http://" + h.metricsAt.String()
	}
	if w, ok := h.world.(*sandboxWorld); ok {
		r.Sandbox, r.Data, r.CA, r.Paired = h.sandbox.url, w.folder, filepath.Join(w.folder, sandbox.CAFile), w.paired
	}
	return r
}

func param(query, name string) string {
	v, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	return v.Get(name)
}
