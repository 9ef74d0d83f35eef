package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"okienko/client"
)

// TPPCmd is `okienko tpp`: a licensed third party on the command line. It knows
// the bank through package client only, but for making third parties.
type TPPCmd struct {
	As       string `help:"The third party's folder; the sandbox's ready one when left out." type:"path" placeholder:"DIR"`
	Data     string `help:"Data folder of the sandbox; the default one when left out." type:"path" placeholder:"DIR"`
	Login    string `help:"The made-up customer who answers the bank's questions, jan. Without it you answer in a browser." placeholder:"WHO"`
	Form     string `help:"How to speak to the bank: mbank, polishapi-2.1.1, polishapi-2.1.2 or polishapi-3.0; as the folder says when left out. With tpp new it is written into the folder." enum:",mbank,polishapi-2.1.1,polishapi-2.1.2,polishapi-3.0" default:"" placeholder:"FORM"`
	Unproven bool   `help:"Take PolishAPI's answers without a look at the bank's signatures."`
	Show     bool   `help:"Show every request, the text that was signed, and the answer, on standard error."`

	New          tppNew          `cmd:"" help:"Make a third party: certificates, a place in the supervisor's register, a registration, a folder with everything."`
	Register     tppRegister     `cmd:"" help:"Register the third party of a folder with the bank."`
	Accounts     tppAccounts     `cmd:"" help:"Ask a customer for consent and list the accounts."`
	Transactions tppTransactions `cmd:"" help:"Ask a customer for consent and read the history of an account."`
	Pay          tppPay          `cmd:"" help:"Ask a customer for a payment, a bundle or a standing order, make it and follow it."`
	Status       tppStatus       `cmd:"" help:"What became of a payment or a bundle."`
	Cancel       tppCancel       `cmd:"" help:"Ask a customer for the cancelling of what is not executed yet, and cancel it."`
	Funds        tppFunds        `cmd:"" help:"Ask whether an amount is available; the customer has consented to that in internet banking."`
	Consents     tppConsents     `cmd:"" help:"The consents that customers gave to this folder."`
	External     tppExternal     `cmd:"" help:"Ask for the list of accounts with a one-time code of the bank's application (PolishAPI's authorizeExt), wait for the bank's call and read the list."`
	Get          tppGet          `cmd:"" help:"Make one signed GET and print the answer."`
	Curl         tppCurl         `cmd:"" help:"Sign one request and print it as a command of curl."`
}

// tppCall is what a subcommand is handed.
type tppCall struct {
	cmd  *TPPCmd
	ctx  context.Context
	in   io.Reader
	out  io.Writer
	errs io.Writer
}

func (c *tppCall) say(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format+"\n", args...) }

// thirdParty is who calls: a folder, and the bank as seen from it.
type thirdParty struct {
	client.Folder
	*client.Client
	path string
}

// open reads the third party's folder.
func (c *tppCall) open() (*thirdParty, error) {
	p := &thirdParty{path: c.cmd.As}
	if p.path == "" {
		data, err := c.data()
		if err != nil {
			return nil, err
		}
		p.path = filepath.Join(data, tppFolder)
		if _, err := os.Stat(p.path); err != nil {
			return nil, fmt.Errorf("there is no third party in %s: start `okienko sandbox`, or name a folder with --as", p.path)
		}
	}
	var err error
	if p.Folder, err = client.Open(p.path); err != nil {
		return nil, err
	}
	c.speak(&p.Folder)
	p.Client, err = client.New(p.Config)
	return p, err
}

// speak takes in how the caller wants to speak to the bank.
func (c *tppCall) speak(f *client.Folder) {
	if c.cmd.Form != "" {
		f.Speak(client.Form(c.cmd.Form))
	}
	f.TakeUnproven = c.cmd.Unproven
	if c.cmd.Show {
		f.Watch = c.show
	}
}

// data is the data folder of the sandbox.
func (c *tppCall) data() (string, error) {
	if c.cmd.Data != "" {
		return c.cmd.Data, nil
	}
	return defaultFolder()
}

// show prints an exchange the way curl -v does, and what was signed.
func (c *tppCall) show(e client.Exchange) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(c.errs, format+"\n", args...) }
	p("> %s %s", e.Request.Method, e.Request.URL.RequestURI())
	for _, name := range sortedNames(e.Request.Header) {
		p("> %s: %s", name, e.Request.Header.Get(name))
	}
	if len(e.Body) > 0 {
		p(">\n> %s", e.Body)
	}
	if e.Signed != nil && !bytes.Equal(e.Signed, e.Body) {
		p("signed: %s", e.Signed)
	}
	if e.Err != nil {
		p("no answer: %v\n", e.Err)
		return
	}
	p("< %s", e.Response.Status)
	for _, name := range []string{"X-Okienko-Reason", "Retry-After", "JWS-Signature", "X-JWS-SIGNATURE"} {
		if value := e.Response.Header.Get(name); value != "" {
			p("< %s: %s", name, value)
		}
	}
	p("< %s\n", e.Answer)
}

// print prints an answer for people and for jq.
func (c *tppCall) print(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, string(text))
	return err
}

// input is where answers that are typed come from.
func input() io.Reader { return os.Stdin }
