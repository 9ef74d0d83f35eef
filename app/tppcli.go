package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"okienko/client"
	"okienko/sandbox"
)

// TPPCmd is `okienko tpp`: a licensed third party on the command line. It knows
// the bank through package client only, but for making third parties.
type TPPCmd struct {
	As    string `help:"The third party's folder; the sandbox's ready one when left out." type:"path"`
	Data  string `help:"Data folder of the sandbox; the default one when left out." type:"path"`
	Login string `help:"The made-up customer who answers the bank's questions. Without it you answer in a browser."`

	New          tppNew          `cmd:"" help:"Make a third party: certificates, a place in the supervisor's register, a registration, a folder with everything."`
	Register     tppRegister     `cmd:"" help:"Register the third party of a folder with the bank."`
	Accounts     tppAccounts     `cmd:"" help:"Ask a customer for consent and list the accounts."`
	Transactions tppTransactions `cmd:"" help:"Ask a customer for consent and read the history of an account."`
	Pay          tppPay          `cmd:"" help:"Ask a customer for a payment, make it and follow it."`
	Funds        tppFunds        `cmd:"" help:"Ask whether an amount is available; the customer has consented to that in internet banking."`
	Get          tppGet          `cmd:"" help:"Make one signed GET and print the answer."`
}

type (
	tppNew struct {
		Name         string   `arg:"" help:"Name of the third party."`
		Folder       string   `arg:"" help:"Where to write its files." type:"path"`
		Role         []string `help:"PSP_AI, PSP_PI, PSP_IC, PSP_AS." default:"PSP_AI,PSP_PI,PSP_IC"`
		Organisation string   `help:"Organisation identifier; made from the name when left out."`
		RedirectURI  string   `help:"Where customers come back to; the sandbox's own page when left out."`
		Bad          string   `help:"Make certificates that are bad on purpose: expired, revoked, wrong-role, no-role, wrong-issuer, wrong-org, no-statement."`
	}
	tppRegister     struct{}
	tppAccounts     struct{}
	tppTransactions struct {
		Account string `help:"Account number; the first account when left out."`
		Status  string `help:"DONE, PENDING, SCHEDULED, REJECTED, HOLD or CANCELLED." default:"DONE"`
		Days    int    `help:"Length of the history." default:"90"`
	}
	tppPay struct {
		To       string `required:"" help:"Account number of the payee."`
		Name     string `required:"" help:"Name of the payee."`
		Amount   string `required:"" help:"12.50"`
		Title    string `required:"" help:"What for."`
		Currency string `default:"PLN"`
		System   string `help:"ELIXIR, EXPRESS_ELIXIR, SORBNET, BLUE_CASH or INTERNAL; the bank chooses when left out."`
		Delivery string `help:"EXPRESS_D0 or STANDARD_D1." default:"EXPRESS_D0"`
		Date     string `help:"A later day, 2026-12-01."`
		From     string `help:"Account number of the payer; the customer chooses when left out."`
	}
	tppFunds struct {
		Account  string `arg:"" help:"Account number."`
		Amount   string `arg:""`
		Currency string `default:"PLN"`
	}
	tppGet struct {
		Path  string `arg:"" help:"Path with query, from the first slash on."`
		Token string `help:"Access token."`
	}
)

// tppCall is what a subcommand is handed.
type tppCall struct {
	cmd *TPPCmd
	ctx context.Context
	in  io.Reader
	out io.Writer
}

func (c *tppCall) say(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format+"\n", args...) }

func (c *tppCall) print(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, string(text))
	return err
}

// folder is the data folder of the sandbox.
func (c *tppCall) folder() (string, error) {
	if c.cmd.Data != "" {
		return c.cmd.Data, nil
	}
	return defaultFolder()
}

// open reads the third party's folder.
func (c *tppCall) open() (client.Folder, *client.Client, error) {
	as := c.cmd.As
	if as == "" {
		data, err := c.folder()
		if err != nil {
			return client.Folder{}, nil, err
		}
		as = filepath.Join(data, tppFolder)
	}
	f, err := client.Open(as)
	if err != nil {
		return f, nil, err
	}
	bank, err := client.New(f.Config)
	return f, bank, err
}

// Run makes a third party.
func (t tppNew) Run(c *tppCall) error {
	data, err := c.folder()
	if err != nil {
		return err
	}
	made, err := askForTPP(c.ctx, filepath.Join(data, socketName), newTPP{
		Name: t.Name, Organisation: t.Organisation, Roles: t.Role, RedirectURI: t.RedirectURI, Bad: t.Bad,
	})
	if err != nil {
		return err
	}
	if err := made.Save(t.Folder); err != nil {
		return err
	}
	if t.Bad != "" {
		c.say("%s (%s) has certificates that are %s. Its calls are refused.", made.Name, made.Organisation, t.Bad)
		c.say("Its folder: %s", t.Folder)
		return nil
	}
	f, err := client.Open(t.Folder)
	if err != nil {
		return err
	}
	bank, err := client.New(f.Config)
	if err != nil {
		return err
	}
	defer bank.Close()
	known, err := bank.Register(c.ctx, client.Registration{Name: made.Name, Email: "api@" + made.Organisation + ".example", RedirectURIs: []string{made.RedirectURI}})
	if err != nil {
		return err
	}
	made.ClientID = known.ClientID
	if err := made.Save(t.Folder); err != nil {
		return err
	}
	c.say("%s (%s) is registered, %s, client id %s.", made.Name, made.Organisation, known.Status, known.ClientID)
	c.say("Its folder: %s", t.Folder)
	c.say("Next: okienko tpp --as '%s' --login jan accounts", t.Folder)
	return nil
}

// askForTPP asks a running sandbox for a third party.
func askForTPP(ctx context.Context, socket string, req newTPP) (*sandbox.TPPFolder, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	hc := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, errors.Join(errNoBank, err)
		}
		return conn, nil
	}}}
	defer hc.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://bank/v1/tpp", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := hc.Do(r)
	if err != nil {
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
		return nil, errors.New(made.Refusal)
	}
	t := made.Folder
	t.QWAC, t.QWACKey, t.QSealC, t.QSealCKey, t.CA = made.QWAC, made.QWACKey, made.QSealC, made.QSealCKey, made.CA
	return &t, nil
}

// Run registers the organisation, or adds this key to it.
func (tppRegister) Run(c *tppCall) error {
	f, bank, err := c.open()
	if err != nil {
		return err
	}
	defer bank.Close()
	known, err := bank.Register(c.ctx, client.Registration{Name: f.Name, Email: "api@" + f.Organisation + ".example", RedirectURIs: []string{f.RedirectURI}})
	if err != nil {
		return err
	}
	return c.print(known)
}

// consented asks for a consent and has the customer answer it: the made-up one
// of --login, or whoever opens the link in a browser.
func (c *tppCall) consented(f *client.Folder, bank *client.Client, k client.Consent, accounts ...string) (client.Tokens, client.Asked, error) {
	k.RedirectURI, k.Customer = f.RedirectURI, &client.Customer{Address: "127.0.0.1", Port: 443, UserAgent: "okienko"}
	asked, err := bank.Ask(c.ctx, k)
	if err != nil {
		return client.Tokens{}, asked, err
	}
	var back string
	if c.cmd.Login != "" {
		back, err = c.approve(f, asked, accounts)
	} else {
		c.say("Open this in a browser:\n  %s\nand paste the address to which the bank sends you back:", asked.Redirect)
		back, err = bufio.NewReader(c.in).ReadString('\n')
	}
	if err != nil {
		return client.Tokens{}, asked, err
	}
	code, denied, err := client.Returned(strings.TrimSpace(back), asked.State)
	switch {
	case err != nil:
		return client.Tokens{}, asked, err
	case denied != "":
		return client.Tokens{}, asked, fmt.Errorf("the customer did not consent: %s", denied)
	}
	tokens, err := bank.Redeem(c.ctx, code, f.RedirectURI)
	return tokens, asked, err
}

// approve has a made-up customer answer through the sandbox's own doors.
func (c *tppCall) approve(f *client.Folder, asked client.Asked, accounts []string) (string, error) {
	link, err := url.Parse(asked.Redirect)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{"login": c.cmd.Login, "accounts": accounts})
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(c.ctx, http.MethodPost, f.Sandbox+"/api/consents/"+path.Base(link.Path)+"/approve", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	hc := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: tlsFor(f.Roots)}}
	defer hc.CloseIdleConnections()
	resp, err := hc.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return "", err
	}
	var answer struct {
		Redirect string `json:"redirect"`
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(text, &answer) != nil || answer.Redirect == "" {
		return "", fmt.Errorf("%s could not consent: %s", c.cmd.Login, bytes.TrimSpace(text))
	}
	return answer.Redirect, nil
}

// Run lists the accounts.
func (tppAccounts) Run(c *tppCall) error {
	f, bank, err := c.open()
	if err != nil {
		return err
	}
	defer bank.Close()
	tokens, _, err := c.consented(&f, bank, client.Consent{Accounts: true, Until: c.until(90)})
	if err != nil {
		return err
	}
	list, err := bank.Accounts(c.ctx, client.Session{Token: tokens.Access})
	if err != nil {
		return err
	}
	return c.print(list)
}

// Run reads the history of one account.
func (t tppTransactions) Run(c *tppCall) error {
	f, bank, err := c.open()
	if err != nil {
		return err
	}
	defer bank.Close()
	until := c.until(90)
	read := client.Read{Days: t.Days, Statuses: []string{t.Status}}
	var tokens client.Tokens
	if t.Account != "" {
		read.Numbers = []string{t.Account}
		tokens, _, err = c.consented(&f, bank, client.Consent{Read: &read, Until: until}, t.Account)
	} else {
		tokens, err = t.exchanged(c, &f, bank, until, read)
	}
	if err != nil {
		return err
	}
	ids := tokens.AccountIDs()
	if len(ids) == 0 {
		return errors.New("the bank named no account")
	}
	for item, err := range bank.Transactions(c.ctx, client.Session{Token: tokens.Access}, ids[0], client.Filter{Status: t.Status}) {
		if err != nil {
			return err
		}
		c.say("%-10.10s %12s %s  %-8s %s", item.TradeDate, item.Amount, item.Currency, item.Status, item.Description)
	}
	return nil
}

// exchanged goes through the list of accounts to the first of them, in the two
// steps of psd2 §6.3.
func (t tppTransactions) exchanged(c *tppCall, f *client.Folder, bank *client.Client, until time.Time, read client.Read) (client.Tokens, error) {
	tokens, asked, err := c.consented(f, bank, client.Consent{Accounts: true, Until: until})
	if err != nil {
		return tokens, err
	}
	list, err := bank.Accounts(c.ctx, client.Session{Token: tokens.Access})
	if err != nil {
		return tokens, err
	}
	if len(list) == 0 {
		return tokens, errors.New("the customer has no account")
	}
	read.Numbers = []string{list[0].Number}
	return bank.ExchangeToAIS(c.ctx, tokens.Access, asked.ConsentID, until, read)
}

// Run makes a payment and follows it until nothing more happens at once.
func (t tppPay) Run(c *tppCall) error {
	f, bank, err := c.open()
	if err != nil {
		return err
	}
	defer bank.Close()
	p := client.Payment{
		Recipient:    client.Party{AccountNumber: t.To, Name: t.Name},
		TransferData: client.TransferData{Description: t.Title, Amount: t.Amount, Currency: t.Currency, ExecutionDate: t.Date},
		DeliveryMode: t.Delivery, System: t.System, Sender: client.Party{AccountNumber: t.From},
	}
	if t.Date != "" {
		p.ExecutionMode = "FUTURE_DATED"
	}
	var payers []string
	if t.From != "" {
		payers = []string{t.From}
	}
	tokens, _, err := c.consented(&f, bank, client.Consent{Payment: &p, Until: c.until(1)}, payers...)
	if err != nil {
		return err
	}
	made, err := bank.Pay(c.ctx, client.Session{Token: tokens.Access}, client.NewID(), p)
	if err != nil {
		return err
	}
	c.say("payment %s: %s", made.PaymentID, made.GeneralStatus)
	if tokens, err = bank.Refresh(c.ctx, tokens.Refresh); err != nil {
		return err
	}
	now, err := settled(c.ctx, func() (client.Initiated, error) {
		return bank.PaymentStatus(c.ctx, client.Session{Token: tokens.Access}, made)
	})
	if err != nil {
		return err
	}
	c.say("payment %s: %s %s", made.PaymentID, now.GeneralStatus, now.DetailedStatus)
	return nil
}

// settled asks until a payment no longer waits, for two seconds at most: an
// instant one is done by then, others wait for their session.
func settled(ctx context.Context, ask func() (client.Initiated, error)) (client.Initiated, error) {
	for try := 0; ; try++ {
		now, err := ask()
		if err != nil || now.GeneralStatus != "PENDING" && now.GeneralStatus != "SUBMITTED" || try == 20 {
			return now, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return now, ctx.Err()
		}
	}
}

// Run asks for funds.
func (t tppFunds) Run(c *tppCall) error {
	_, bank, err := c.open()
	if err != nil {
		return err
	}
	defer bank.Close()
	yes, err := bank.Funds(c.ctx, t.Account, t.Amount, t.Currency)
	if err != nil {
		return err
	}
	c.say("%t", yes)
	return nil
}

// Run makes one signed call.
func (t tppGet) Run(c *tppCall) error {
	_, bank, err := c.open()
	if err != nil {
		return err
	}
	defer bank.Close()
	text, err := bank.Get(c.ctx, t.Path, t.Token)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, string(text))
	return err
}

// input is where answers that are typed come from.
func input() io.Reader { return os.Stdin }
