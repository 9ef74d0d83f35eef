package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"okienko/bank"
	"okienko/client"
	"okienko/sandbox"
)

type (
	tppNew struct {
		Name         string   `arg:"" help:"Name of the third party."`
		Folder       string   `arg:"" help:"Where to write its files." type:"path"`
		Role         []string `help:"PSP_AI, PSP_PI, PSP_IC, PSP_AS." default:"PSP_AI,PSP_PI,PSP_IC"`
		Organisation string   `help:"Organisation identifier; made from the name when left out." placeholder:"PSDPL-PFSA-…"`
		RedirectURI  string   `help:"Where customers come back to; the sandbox's own page when left out." placeholder:"URL"`
		Callback     []string `help:"Address that the bank may call, for PolishAPI's authorizeExt; may be repeated." placeholder:"URL" sep:"none"`
		Bad          string   `help:"Make certificates that are bad on purpose: expired, revoked, wrong-role, no-role, wrong-issuer, wrong-org, no-statement." placeholder:"HOW"`
	}
	tppRegister struct {
		Callback []string `help:"Address that the bank may call, for PolishAPI's authorizeExt; may be repeated." placeholder:"URL" sep:"none"`
	}
)

// Run makes a third party.
func (t tppNew) Run(c *tppCall) error {
	data, err := c.data()
	if err != nil {
		return err
	}
	file := filepath.Join(t.Folder, sandbox.TPPFile)
	var old sandbox.TPPFolder
	if there, err := sandbox.LoadJSON(file, &old); err != nil {
		return err
	} else if there {
		return fmt.Errorf("%s holds %s already: its keys would be lost", t.Folder, old.Name)
	}
	made, err := askForTPP(c.ctx, filepath.Join(data, socketName), newTPP{
		Name: t.Name, Organisation: t.Organisation, Roles: t.Role, RedirectURI: t.RedirectURI, Bad: t.Bad,
	})
	if err != nil {
		return err
	}
	made.Form = c.cmd.Form
	if err := made.Save(t.Folder); err != nil {
		return err
	}
	if t.Bad != "" {
		c.say("%s (%s) has certificates that are %s, so the bank refuses its calls.", made.Name, made.Organisation, t.Bad)
		c.say("Its folder: %s", t.Folder)
		c.say("See it: okienko tpp --as '%s' --login jan accounts", t.Folder)
		return nil
	}
	known, err := c.register(t.Folder, t.Callback)
	if err != nil {
		return err
	}
	made.ClientID = known.ClientID
	if err := made.Save(t.Folder); err != nil { // its README names the client
		return err
	}
	status := ""
	if known.Status != "" { // PolishAPI does not say it
		status = ", " + known.Status
	}
	c.say("%s (%s) is registered%s, client id %s.", made.Name, made.Organisation, status, known.ClientID)
	c.say("Its folder: %s", t.Folder)
	c.say("Next: okienko tpp --as '%s' --login jan accounts", t.Folder)
	return nil
}

// Run registers the organisation, or adds this key to it.
func (t tppRegister) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	p.Close()
	known, err := c.register(p.path, t.Callback)
	if err != nil {
		return err
	}
	var f sandbox.TPPFolder
	file := filepath.Join(p.path, sandbox.TPPFile)
	if _, err := sandbox.LoadJSON(file, &f); err != nil {
		return err
	}
	if f.ClientID != known.ClientID {
		f.ClientID = known.ClientID
		if err := sandbox.SaveJSON(file, &f); err != nil {
			return err
		}
	}
	return c.print(known)
}

// register registers the third party of a folder over the interface, with the
// address where its customers come back to and those that the bank may call.
func (c *tppCall) register(folder string, callbacks []string) (client.Registered, error) {
	f, err := client.Open(folder)
	if err != nil {
		return client.Registered{}, err
	}
	c.speak(&f)
	bank, err := client.New(f.Config)
	if err != nil {
		return client.Registered{}, err
	}
	defer bank.Close()
	return bank.Register(c.ctx, client.Registration{Name: f.Name, Email: "api@tpp.example", RedirectURIs: []string{f.RedirectURI}, CallbackURLs: callbacks})
}

// askForTPP asks a running sandbox for a third party.
func askForTPP(ctx context.Context, socket string, req newTPP) (*sandbox.TPPFolder, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	hc := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", socket)
	}}}
	defer hc.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://bank/v1/tpp", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := hc.Do(r)
	if err != nil {
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			return nil, fmt.Errorf("no sandbox listens on %s: start `okienko sandbox`, and name its data folder with --data", socket)
		}
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the bank answered %s: only a sandbox makes third parties", resp.Status)
	}
	var made madeTPP
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil {
		return nil, err
	}
	if made.Refusal != "" {
		return nil, &bank.Refusal{Code: bank.InvalidParameter, Public: made.Refusal}
	}
	t := made.Folder
	t.QWAC, t.QWACKey, t.QSealC, t.QSealCKey, t.CA = made.QWAC, made.QWACKey, made.QSealC, made.QSealCKey, made.CA
	t.BankSeal = made.BankSeal
	return &t, nil
}
