package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"

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
const readyClient consent.ClientID = "kawomat"

const (
	readyLogin     = "jan"
	readyFile      = "client.json" // the refresh token, for the next start
	stateLength    = 128           // partner-api §4.1
	openAPIScope   = "open-api"
	grantByCode    = "authorization_code"
	grantByRefresh = "refresh_token"
)

// opened pairs the ready application, so that the first call works.
func (w *sandboxWorld) opened(ctx context.Context, h *House) error {
	var err error
	if w.paired, err = w.client(ctx, h, readyClient); err != nil {
		return err
	}
	c := &w.paired
	answer, err := w.tokens(ctx, h)
	if err != nil {
		return fmt.Errorf("pairing %s with %s: %w", readyClient, readyLogin, err)
	}
	c.AccountID, c.AccessToken, c.RefreshToken = answer.AccountRef, answer.AccessToken, answer.RefreshToken
	if w.options.PairAll {
		if err := w.pairAll(ctx, h); err != nil {
			return err
		}
	}
	if err := w.openTPP(ctx, h); err != nil {
		return err
	}
	return w.keepClient(answer.RefreshToken)
}

// pairAll pairs the ready application with everybody else who can be paired.
// Whom the bank refuses, and who has no account of their own, is left out. Of
// two who act for one company the later one is paired.
func (w *sandboxWorld) pairAll(ctx context.Context, h *House) error {
	w.everybody = []ReadyClient{w.paired}
	for _, o := range w.owners {
		if o.Login == readyLogin {
			continue
		}
		answer, err := w.pair(ctx, h, w.paired, o.Login)
		if no := (*bank.Refusal)(nil); errors.As(err, &no) || errors.Is(err, errNobody) {
			continue
		}
		if err != nil {
			return fmt.Errorf("pairing %s with %s: %w", readyClient, o.Login, err)
		}
		c := w.paired
		c.AccountID, c.AccessToken, c.RefreshToken = answer.AccountRef, answer.AccessToken, answer.RefreshToken
		w.everybody = slices.DeleteFunc(w.everybody, func(e ReadyClient) bool { return e.AccountID == c.AccountID })
		w.everybody = append(w.everybody, c)
	}
	return nil
}

// errNobody is why a person of the world cannot be paired by the sandbox itself.
var errNobody = errors.New("the person acts for nobody who has an account that can be used")

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
	if w.options.Ephemeral {
		return w.pair(ctx, h, w.paired, readyLogin)
	}
	if _, err := sandbox.LoadJSON(filepath.Join(w.folder, readyFile), &kept); err != nil {
		return authserver.GrantAnswer{}, err
	}
	if kept.RefreshToken != "" {
		answer, err := h.auth.Grant(ctx, w.paired.grant(authserver.GrantParams{GrantType: grantByRefresh, RefreshToken: kept.RefreshToken}))
		if bank.CodeOf(err) != bank.GrantInvalid {
			return answer, err
		}
	}
	return w.pair(ctx, h, w.paired, readyLogin)
}

// Pair pairs an application of the sandbox with one of its people: what the
// pages do, without the pages. It chooses the first account that can be used,
// all permissions and the largest limits.
func (h *House) Pair(ctx context.Context, client, login string) (ReadyClient, error) {
	w, ok := h.world.(*sandboxWorld)
	if !ok {
		return ReadyClient{}, errors.New("only a sandbox pairs by itself")
	}
	c, err := w.client(ctx, h, consent.ClientID(client))
	if err != nil {
		return c, err
	}
	answer, err := w.pair(ctx, h, c, login)
	c.AccountID, c.AccessToken, c.RefreshToken = answer.AccountRef, answer.AccessToken, answer.RefreshToken
	return c, err
}

// client is an application of the made-up world with its secret.
func (w *sandboxWorld) client(ctx context.Context, h *House, id consent.ClientID) (ReadyClient, error) {
	app, err := h.store.Application(ctx, id)
	if err != nil {
		return ReadyClient{}, err
	}
	c := ReadyClient{ID: string(app.ID), RedirectURI: app.RedirectURIs[0], CallbackURI: app.CallbackURIs[0]}
	for _, s := range w.secrets {
		if s.Client == app.ID {
			c.Secret = s.Text
		}
	}
	return c, nil
}

func (c ReadyClient) grant(p authserver.GrantParams) authserver.GrantParams {
	p.ClientID, p.ClientSecret, p.From = c.ID, c.Secret, netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return p
}

// verifier is the PKCE verifier of every pairing that the sandbox makes by
// itself: no browser lies between, so there is nobody to keep it from.
const verifier = "okienko-sandbox-pairs-by-itself-and-keeps-nothing-secret"

func (w *sandboxWorld) pair(ctx context.Context, h *House, c ReadyClient, login string) (answer authserver.GrantAnswer, err error) {
	i := slices.IndexFunc(w.owners, func(o sandbox.Owner) bool { return o.Login == login })
	if i < 0 {
		return answer, fmt.Errorf("nobody in this world has the login %s", login)
	}
	person, state := w.owners[i].Person, ""
	for len(state) < stateLength {
		state += rand.Text()
	}
	state = state[:stateLength]
	sum := sha256.Sum256([]byte(verifier))
	req, err := h.auth.Begin(ctx, authserver.BeginParams{
		ClientID: c.ID, ResponseType: "code", State: state, RedirectURI: c.RedirectURI, Scope: openAPIScope,
		CodeChallenge: base64.RawURLEncoding.EncodeToString(sum[:]), CodeChallengeMethod: "S256",
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
	ch, err := w.confirm(ctx, h, req, person, login)
	if err != nil {
		return answer, err
	}
	back, err := h.auth.Pair(ctx, req.ID, person, ch)
	if err != nil {
		return answer, err
	}
	u, err := url.Parse(back)
	if err != nil {
		return answer, err
	}
	return h.auth.Grant(ctx, c.grant(authserver.GrantParams{
		GrantType: grantByCode, Code: u.Query().Get("code"), State: state, RedirectURI: c.RedirectURI, CodeVerifier: verifier,
	}))
}

// confirm confirms a pairing with whatever factor the person uses first.
func (w *sandboxWorld) confirm(ctx context.Context, h *House, req authserver.Request, person party.PersonID, login string) (sca.ID, error) {
	subject, err := h.auth.PairingSubject(ctx, req)
	if err != nil {
		return "", err
	}
	methods, err := h.auth.Methods(ctx, person)
	if err != nil || len(methods) == 0 {
		return "", errors.Join(errors.New("the person has no second factor"), err)
	}
	if methods[0] != sca.Mobile {
		return w.byCode(ctx, h, person, login, subject)
	}
	ch, err := h.auth.Challenge(ctx, person, sca.Mobile, subject)
	if err != nil {
		return "", err
	}
	_, err = w.phone.Answer(ctx, login, ch.ID, true)
	return ch.ID, err
}

// byCode confirms a subject with the code that arrives on a person's phone.
func (w *sandboxWorld) byCode(ctx context.Context, h *House, person party.PersonID, login string, subject sca.Subject) (sca.ID, error) {
	var ch sca.Challenge
	code, err := w.phone.AwaitCode(ctx, login, func(ctx context.Context) (err error) {
		ch, err = h.auth.Challenge(ctx, person, sca.SMS, subject)
		return err
	})
	if err != nil {
		return "", err
	}
	_, err = h.auth.Answer(ctx, person, ch.ID, code)
	return ch.ID, err
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
		return choice, errNobody
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
	return choice, errNobody
}

// Ready tells how to reach the sandbox and with what credentials.
func (h *House) Ready() *Ready {
	r := &Ready{
		PID: os.Getpid(), Version: h.settings.Version, People: h.people.url, Partner: h.partner.url + partnerapi.BasePath,
		Login: readyLogin, Password: sandbox.Password,
	}
	if h.psd2 != nil {
		r.PSD2 = h.psd2.url
	}
	if h.metricsAt != nil {
		r.Admin = "http://" + h.metricsAt.String()
	}
	if w, ok := h.world.(*sandboxWorld); ok {
		r.Sandbox, r.Data, r.CA, r.Paired = h.sandbox.url, w.folder, filepath.Join(w.folder, sandbox.CAFile), w.paired
		r.Everybody, r.TPP = w.everybody, w.tpp
	}
	return r
}
