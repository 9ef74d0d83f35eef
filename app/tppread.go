package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"okienko/client"
)

type (
	tppAccounts struct {
		JSON bool `name:"json" help:"Print the bank's answer."`
	}
	tppTransactions struct {
		Account string `help:"Account number; all that the customer has when left out." placeholder:"NUMBER"`
		Status  string `help:"DONE, PENDING, SCHEDULED, REJECTED, HOLD or CANCELLED." default:"DONE"`
		Days    int    `help:"Length of the history that the customer is asked for." default:"90"`
		From    string `help:"First day, 2026-11-01." placeholder:"DAY"`
		To      string `help:"Last day." placeholder:"DAY"`
		Consent string `help:"Use this consent again, without the customer: four times in 24 hours." placeholder:"ID"`
	}
	tppFunds struct {
		Account  string `arg:"" help:"Account number."`
		Amount   string `arg:"" help:"12.50"`
		Currency string `default:"PLN"`
	}
	tppGet struct {
		Path    string `arg:"" help:"Path with query from the first slash on, or what stands behind /v3/. Only in mBank's form: in PolishAPI every call is a POST, see tpp curl."`
		Token   string `help:"Access token." xor:"token"`
		Consent string `help:"Use this consent." placeholder:"ID" xor:"token"`
	}
	tppCurl struct {
		Method  string   `arg:"" help:"GET, POST, DELETE."`
		Path    string   `arg:"" help:"Path with query from the first slash on, or what stands behind /v3/; in PolishAPI a group and an operation, accounts/getAccounts."`
		Token   string   `help:"Access token." xor:"token"`
		Consent string   `help:"Use this consent." placeholder:"ID" xor:"token"`
		Body    string   `help:"File with the body; - for standard input." placeholder:"FILE"`
		Header  []string `short:"H" help:"Another header, 'PSU-IP-Port: 443'." sep:"none"`
	}
)

// Run lists the accounts.
func (t tppAccounts) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	_, tokens, err := c.consented(p, "list of accounts", 90, client.Consent{Accounts: true})
	if err != nil {
		return err
	}
	list, err := p.Accounts(c.ctx, client.Session{Token: tokens.Access, Present: whoIsThere()})
	if err != nil {
		return err
	}
	if t.JSON {
		return c.print(list)
	}
	for i := range list {
		c.say("%s  %s", list[i].Number, list[i].TypeName)
	}
	return nil
}

// Run reads the history of one account.
func (t tppTransactions) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	kept, session, reached, err := t.reach(c, p)
	if err != nil {
		return err
	}
	for _, account := range reached {
		if len(reached) > 1 {
			c.say("%s:", account.AccountNumber)
		}
		filter := client.Filter{Status: t.Status, From: t.From, To: t.To}
		for item, err := range p.Transactions(c.ctx, session, account.AccountID, filter) {
			if err != nil {
				return err
			}
			c.item(&item)
		}
	}
	_, _ = fmt.Fprintf(c.errs, "Again without the customer: okienko tpp --as '%s' transactions --status %s --consent %s\n", p.path, t.Status, kept.ID)
	return nil
}

// item is one line of a history.
func (c *tppCall) item(t *client.Transaction) {
	other := t.Recipient.Name
	if t.Category == "CREDIT" {
		other = t.Sender.Name
	}
	c.say("%.10s  %12s %s  %-9s  %-30s  %s", t.TradeDate, t.Amount, t.Currency, t.Status, other, t.Description)
}

// reach gets the right to read accounts: by a consent that was kept, by one for
// a named account, or through the list and the exchange of psd2 §6.3.
func (t tppTransactions) reach(c *tppCall, p *thirdParty) (kept *keptConsent, s client.Session, reached []client.Privilege, err error) {
	var tokens client.Tokens
	read := client.Read{Days: t.Days}
	switch {
	case t.Consent != "":
		kept, tokens, err = c.again(p, byID(t.Consent))
	case t.Account != "":
		s.Present, read.Numbers = whoIsThere(), []string{t.Account}
		kept, tokens, err = c.consented(p, "account "+t.Account, 90, client.Consent{Read: &read}, t.Account)
	default:
		s.Present = whoIsThere()
		kept, tokens, err = c.exchanged(p, read)
	}
	if err != nil {
		return nil, s, nil, err
	}
	if len(tokens.AccountIDs()) == 0 {
		return nil, s, nil, errors.New("this consent names no account whose history may be read")
	}
	s.Token = tokens.Access
	return kept, s, tokens.Details.Privileges, nil
}

// exchanged asks for the list of accounts and goes on to all of them.
func (c *tppCall) exchanged(p *thirdParty, read client.Read) (*keptConsent, client.Tokens, error) {
	kept, tokens, err := c.consented(p, "list of accounts", 90, client.Consent{Accounts: true})
	if err != nil {
		return nil, tokens, err
	}
	list, err := p.Accounts(c.ctx, client.Session{Token: tokens.Access, Present: whoIsThere()})
	if err != nil {
		return nil, tokens, err
	}
	if len(list) == 0 {
		return nil, tokens, errors.New("the customer has no account")
	}
	for i := range list {
		read.Numbers = append(read.Numbers, list[i].Number)
	}
	if tokens, err = p.ExchangeToAIS(c.ctx, tokens.Access, kept.ID, kept.Until, read); err != nil {
		return nil, tokens, err
	}
	given := make([]string, len(tokens.Details.Privileges)) // in full, where the list has masks
	for i, p := range tokens.Details.Privileges {
		given[i] = p.AccountNumber
	}
	kept.Scope, kept.About, kept.Refresh = tokens.Scope, "accounts "+strings.Join(given, ", "), tokens.Refresh
	return kept, tokens, p.keep(*kept)
}

// Run asks for funds.
func (t tppFunds) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	yes, err := p.Funds(c.ctx, t.Account, t.Amount, t.Currency)
	if err != nil {
		return err
	}
	if yes {
		c.say("yes")
	} else {
		c.say("no")
	}
	return nil
}

// at is a path as it is typed: whole, or below the bank's own part.
func (p *thirdParty) at(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return p.Path(path)
}

// token is the one that was typed, or that of a consent.
func (c *tppCall) token(p *thirdParty, token, consent string) (string, error) {
	if consent == "" {
		return token, nil
	}
	_, tokens, err := c.again(p, byID(consent))
	return tokens.Access, err
}

// Run makes one signed call.
func (t tppGet) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	token, err := c.token(p, t.Token, t.Consent)
	if err != nil {
		return err
	}
	text, err := p.Get(c.ctx, p.at(t.Path), token)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, string(text))
	return err
}

// Run prints a request as a command.
func (t tppCurl) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	var body []byte
	switch t.Body {
	case "":
	case "-":
		body, err = readAll(c.in)
	default:
		body, err = os.ReadFile(t.Body)
	}
	if err != nil {
		return err
	}
	token, err := c.token(p, t.Token, t.Consent)
	if err != nil {
		return err
	}
	headers := map[string]string{}
	for _, h := range t.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return fmt.Errorf("%q is no header: Name: value", h)
		}
		headers[http.CanonicalHeaderKey(name)] = strings.TrimSpace(value)
	}
	r, err := p.NewRequest(c.ctx, strings.ToUpper(t.Method), p.at(t.Path), token, headers, bytes.TrimSpace(body))
	if err != nil {
		return err
	}
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	decoding := ""
	if r.Header.Get("Accept-Encoding") != "" {
		decoding = "--compressed "
	} else {
		r.Header.Set("Accept-Encoding", "identity") // every call has one; curl sends none by itself
	}
	c.say("curl -sS %s--cacert %s --cert %s --key %s -X %s %s \\", decoding, quoted(p.path+"/bank-ca.pem"), quoted(p.path+"/qwac.pem"), quoted(p.path+"/qwac-key.pem"), r.Method, quoted(r.URL.String()))
	for _, name := range sortedNames(r.Header) {
		c.say("  -H %s \\", quoted(name+": "+r.Header.Get(name)))
	}
	if len(sent) > 0 {
		c.say("  --data-binary %s \\", quoted(string(sent)))
	}
	c.say(`  -w '\n'`)
	return nil
}

// quoted is a word of a POSIX shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
