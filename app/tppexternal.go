package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"okienko/client"
)

type tppExternal struct {
	Code   string `help:"The code that the customer drew in the bank's application; with --login it is drawn on the made-up customer's phone." placeholder:"CODE"`
	Listen string `help:"Where to wait for the bank's call; the address is registered before." default:"127.0.0.1:8450" placeholder:"HOST:PORT"`
}

// calledPath is where the bank calls.
const calledPath = "/called"

// Run asks for the list of accounts with a one-time code, waits for the bank's call
// and reads the list.
func (t tppExternal) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	if p.Form == "" || p.Form == client.MBank {
		return errors.New("only PolishAPI has it: --form polishapi-2.1.2")
	}
	code, err := t.drawn(c, p)
	if err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(c.ctx, "tcp", t.Listen)
	if err != nil {
		return err
	}
	desk := &callbackDesk{call: c, bank: p.Client, key: client.NewID(), came: make(chan client.Called, 1)}
	srv := &http.Server{Handler: desk, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(ln) }() // ends with Close
	defer func() { _ = srv.Close() }()
	back := "http://" + ln.Addr().String() + calledPath
	if _, err := c.register(p.path, []string{back}); err != nil {
		return err
	}
	tool := &client.Code{Code: "MOBILE_APP", Description: "Code of the mobile application"}
	tokens, err := t.asked(c, p, desk, client.External{Code: code, Type: tool, CallbackURL: back, APIKey: desk.key})
	if err != nil {
		return err
	}
	list, err := p.Accounts(c.ctx, client.Session{Token: tokens.Access, Present: whoIsThere()})
	for i := range list {
		c.say("%s  %s", list[i].Number, list[i].TypeName)
	}
	return err
}

// drawn is the code: the one that was typed, or one of a made-up customer's phone.
func (t *tppExternal) drawn(c *tppCall, p *thirdParty) (string, error) {
	switch {
	case t.Code != "":
		return t.Code, nil
	case c.cmd.Login == "":
		return "", errors.New("--code is missing: the customer draws one in the bank's application, in a sandbox on the phone")
	}
	var drawn struct {
		Code string `json:"code"`
	}
	err := c.door(p, http.MethodPost, "/phone/"+c.cmd.Login+"/external-codes", nil, &drawn)
	return drawn.Code, err
}

// asked asks, has the customer answer on the phone and redeems what the bank's call
// brings.
func (t *tppExternal) asked(c *tppCall, p *thirdParty, desk *callbackDesk, e client.External) (client.Tokens, error) {
	none := client.Tokens{}
	now, err := c.bankTime(p)
	if err != nil {
		return none, err
	}
	k := client.Consent{Accounts: true, Customer: whoIsThere(), Until: now.Add(90 * 24 * time.Hour)}
	asked, err := p.AskExternally(c.ctx, k, e)
	if err != nil {
		return none, err
	}
	if c.cmd.Login != "" && t.Code == "" {
		var answer struct{}
		if err := c.door(p, http.MethodPost, "/phone/"+c.cmd.Login+"/approvals/newest/approve", nil, &answer); err != nil {
			return none, err
		}
	} else {
		_, _ = fmt.Fprintf(c.errs, "The customer is asked on the phone. Waiting for the bank's call at %s\n", e.CallbackURL)
	}
	called, err := desk.wait(c.ctx)
	switch {
	case err != nil:
		return none, err
	case called.ConsentID != asked.ConsentID || called.State != asked.State:
		return none, errors.New("the bank's call is about another consent")
	case called.Denied != "":
		return none, fmt.Errorf("the customer did not consent: %s", called.Denied)
	}
	c.say("The bank called about consent %s.", called.ConsentID)
	tokens, err := p.Redeem(c.ctx, called.Code, "")
	if err != nil {
		return none, err
	}
	return tokens, p.keep(keptConsent{ID: asked.ConsentID, Scope: tokens.Scope, About: "list of accounts, by a code", Refresh: tokens.Refresh, Until: k.Until})
}

// callbackDesk takes the bank's call.
type callbackDesk struct {
	call *tppCall
	bank *client.Client
	key  string
	came chan client.Called
}

// ServeHTTP takes the first call that is the bank's; others are told off and shown.
func (d *callbackDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != calledPath {
		http.NotFound(w, r)
		return
	}
	called, err := d.bank.ReadCallback(r, d.key)
	if err != nil {
		_, _ = fmt.Fprintf(d.call.errs, "A call that is not the bank's: %v\n", err)
		http.Error(w, "not taken", http.StatusForbidden)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	select {
	case d.came <- called:
	default: // told twice
	}
}

// wait waits for the call.
func (d *callbackDesk) wait(ctx context.Context) (client.Called, error) {
	select {
	case called := <-d.came:
		return called, nil
	case <-ctx.Done():
		return client.Called{}, ctx.Err()
	}
}
