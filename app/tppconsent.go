package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"okienko/client"
	"okienko/clock"
	"okienko/sandbox"
)

type (
	tppConsents struct {
		List   tppConsentsList   `cmd:"" default:"1" help:"List them."`
		Delete tppConsentsDelete `cmd:"" help:"End one."`
	}
	tppConsentsList   struct{}
	tppConsentsDelete struct {
		ID string `arg:"" help:"The third party's own id of the consent."`
	}
)

// keptFile holds what customers gave to a folder. A refresh token is a secret: the
// file is its owner's alone, as the keys beside it are.
const keptFile = "consents.json"

// keptConsent is a consent that may be used again without the customer.
type keptConsent struct {
	ID      string           `json:"consent_id"`
	Scope   string           `json:"scope"`
	About   string           `json:"about"`
	Refresh string           `json:"refresh_token"`
	Until   time.Time        `json:"until"`
	Made    client.Initiated `json:"made,omitzero"` // what was ordered under it
	Kind    client.Kind      `json:"kind,omitempty"`
}

// kept are the consents of a folder, the newest last.
func (p *thirdParty) kept() ([]keptConsent, error) {
	var list []keptConsent
	_, err := sandbox.LoadJSON(filepath.Join(p.path, keptFile), &list)
	return list, err
}

// keep writes a consent down, or what has become of it.
func (p *thirdParty) keep(k keptConsent) error {
	list, err := p.kept()
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(list, func(old keptConsent) bool { return old.ID == k.ID }); at >= 0 {
		list[at] = k
	} else {
		list = append(list, k)
	}
	return sandbox.SaveJSON(filepath.Join(p.path, keptFile), list)
}

// forget takes a consent out.
func (p *thirdParty) forget(id string) error {
	list, err := p.kept()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(old keptConsent) bool { return old.ID == id })
	return sandbox.SaveJSON(filepath.Join(p.path, keptFile), list)
}

// again uses a consent that was kept: new tokens, without the customer.
func (c *tppCall) again(p *thirdParty, is func(*keptConsent) bool) (*keptConsent, client.Tokens, error) {
	list, err := p.kept()
	if err != nil {
		return nil, client.Tokens{}, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		k := &list[i]
		if !is(k) {
			continue
		}
		tokens, err := p.Client.Refresh(c.ctx, k.Refresh)
		if err != nil {
			return nil, tokens, err
		}
		k.Refresh = tokens.Refresh // the one before it is dead
		return k, tokens, p.keep(*k)
	}
	return nil, client.Tokens{}, errNoConsent
}

var errNoConsent = errors.New("this folder holds no such consent; `okienko tpp consents` lists them")

// byID finds a consent by its id, or a beginning of it that is long enough to type.
func byID(id string) func(*keptConsent) bool {
	return func(k *keptConsent) bool { return len(id) >= 4 && strings.HasPrefix(k.ID, id) }
}

// whoIsThere is the machine of whoever sits here.
func whoIsThere() *client.Customer {
	return &client.Customer{Address: "127.0.0.1", Port: 443, UserAgent: "okienko tpp"}
}

// consented asks for a consent for some days and has the customer answer it: the
// made-up one of --login, or whoever opens the link in a browser.
func (c *tppCall) consented(p *thirdParty, about string, days int, k client.Consent, accounts ...string) (*keptConsent, client.Tokens, error) {
	now, err := c.bankTime(p)
	if err != nil {
		return nil, client.Tokens{}, err
	}
	k.RedirectURI, k.Customer, k.Until = p.RedirectURI, whoIsThere(), now.Add(time.Duration(days)*24*time.Hour)
	asked, err := p.Ask(c.ctx, k)
	if err != nil {
		return nil, client.Tokens{}, err
	}
	var back string
	if c.cmd.Login != "" {
		back, err = c.approve(p, asked.Redirect, accounts)
	} else {
		_, _ = fmt.Fprintf(c.errs, "Open this in a browser:\n  %s\nand paste the address to which the bank sends you back:\n", asked.Redirect)
		if back, err = bufio.NewReader(c.in).ReadString('\n'); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		return nil, client.Tokens{}, err
	}
	code, denied, err := client.Returned(strings.TrimSpace(back), asked.State)
	switch {
	case err != nil:
		return nil, client.Tokens{}, err
	case denied != "":
		return nil, client.Tokens{}, fmt.Errorf("the customer did not consent: %s", denied)
	}
	tokens, err := p.Redeem(c.ctx, code, p.RedirectURI)
	if err != nil {
		return nil, tokens, err
	}
	kept := keptConsent{ID: asked.ConsentID, Scope: tokens.Scope, About: about, Refresh: tokens.Refresh, Until: k.Until}
	return &kept, tokens, p.keep(kept)
}

// bankTime is what the bank's clock shows: a sandbox's may have been moved ahead,
// and a consent ends by the bank's. A bank that is no sandbox has everybody's.
func (c *tppCall) bankTime(p *thirdParty) (time.Time, error) {
	if p.Sandbox == "" {
		return clock.Wall{}.Now(), nil
	}
	var shown struct {
		Now time.Time `json:"now"`
	}
	err := c.door(p, http.MethodGet, "/clock", nil, &shown)
	return shown.Now, err
}

// approve has a made-up customer answer.
func (c *tppCall) approve(p *thirdParty, redirect string, accounts []string) (string, error) {
	if p.Sandbox == "" {
		return "", errors.New("--login needs a sandbox: at this bank customers answer in their browsers")
	}
	link, err := url.Parse(redirect)
	if err != nil {
		return "", err
	}
	var answer struct {
		Redirect string `json:"redirect"`
	}
	ask := map[string]any{"login": c.cmd.Login}
	if len(accounts) > 0 {
		ask["accounts"] = accounts
	}
	err = c.door(p, http.MethodPost, "/api/consents/"+path.Base(link.Path)+"/approve", ask, &answer)
	return answer.Redirect, err
}

// door calls the sandbox's own doors, where its clock and its people are.
func (c *tppCall) door(p *thirdParty, method, path string, body, out any) error {
	var text []byte
	var err error
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(c.ctx, method, p.Sandbox+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	hc := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: tlsFor(p.Roots)}}
	defer hc.CloseIdleConnections()
	resp, err := hc.Do(r)
	if err != nil {
		return fmt.Errorf("the sandbox of this folder does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if text, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20)); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var no struct{ Error, Message string }
		if json.Unmarshal(text, &no) != nil || no.Message == "" {
			no.Message = strings.TrimSpace(no.Error + " " + resp.Status)
		}
		return fmt.Errorf("the sandbox says: %s", no.Message)
	}
	return json.Unmarshal(text, out)
}

// Run lists what customers gave.
func (tppConsentsList) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	list, err := p.kept()
	if err != nil {
		return err
	}
	for _, k := range list {
		c.say("%s  until %s  %-12s  %s", k.ID, k.Until.Format(time.DateOnly), k.Scope, k.About)
	}
	return nil
}

// Run ends a consent.
func (t tppConsentsDelete) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	list, err := p.kept()
	if err != nil {
		return err
	}
	id := t.ID
	for i := range list {
		if byID(id)(&list[i]) {
			id = list[i].ID
			break
		}
	}
	err = p.DeleteConsent(c.ctx, id)
	if err == nil || client.IsNotFound(err) {
		err = errors.Join(err, p.forget(id))
	}
	if err == nil {
		c.say("Consent %s has ended.", id)
	}
	return err
}

// sortedNames are the names of headers in order.
func sortedNames(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }
