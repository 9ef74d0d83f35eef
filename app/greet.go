package app

import (
	"fmt"
	"io"
	"strings"
	"text/template"
)

// greet prints what a developer needs for the first call, and the calls.
func greet(out io.Writer, h *House) error {
	w, ok := h.world.(*sandboxWorld)
	if !ok {
		return fmt.Errorf("only a sandbox greets")
	}
	t, err := template.New("greeting").Parse(greeting)
	if err != nil {
		return err
	}
	var people strings.Builder
	for _, c := range w.cast {
		fmt.Fprintf(&people, "  %-10s %s: %s\n", c.Login, c.Name, c.Story)
	}
	return t.Execute(out, struct {
		*Ready
		Cast  string
		Fresh string
	}{h.Ready(), people.String(), strings.ToLower(h.ids.NewID())})
}

// greeting holds only commands that work as pasted. The ids of operations are
// new at every start; a command pasted twice gets its first answer again.
const greeting = `
okienko {{.Version}}: a bank with made-up customers, on this machine only.

  customers' pages   {{.People}}
  partner API        {{.Partner}}   (described at {{.Partner}}/openapi.yaml)
  PSD2 interface     {{.PSD2}}   mutual TLS, signed requests, in two forms:
    mBank's          described at {{.PSD2}}/v3/openapi.yaml
    PolishAPI        2.1.1, 2.1.2 and 3.0, described at {{.PSD2}}/v2_1_1.1/openapi.yaml, /v2_1_2.1/openapi.yaml, /v3_0.1/openapi.yaml
  phone              {{.Sandbox}}/phone        SMS messages and approvals of everybody
  bank clock         {{.Sandbox}}/clock
  health, metrics    {{.Admin}}/readyz
  data folder        {{.Data}}   (its ca.pem is what a client must trust)

Everybody's password is {{.Password}}. Log in as
{{.Cast}}
A ready application is paired with {{.Login}}: client_id {{.Paired.ID}}, client_secret {{.Paired.Secret}}
To pair it with somebody else in a browser, open {{.Sandbox}}/callback/{{.Paired.ID}}/start

Paste these, one after another:

# who has been paired
curl -sS --cacert '{{.CA}}' -H 'access_token: {{.Paired.AccessToken}}' -H 'Accept: application/json' '{{.Partner}}/user'; echo

# hold 25.00 on the account
curl -sS --cacert '{{.CA}}' -H 'access_token: {{.Paired.AccessToken}}' -H 'Accept: application/json' -H 'Content-Type: application/json' '{{.Partner}}/account/{{.Paired.AccountID}}/blockade' -d '{"operationId":"hold-{{.Fresh}}","amount":"25.00","currency":"PLN","title":"Kawa, blokada"}'; echo

# pay 12.50 to the partner
curl -sS --cacert '{{.CA}}' -H 'access_token: {{.Paired.AccessToken}}' -H 'Accept: application/json' -H 'Content-Type: application/json' '{{.Partner}}/payment' -d '{"operationId":"pay-{{.Fresh}}","account_id":"{{.Paired.AccountID}}","amount":"12.50","currency":"PLN","title":"Kawa"}'; echo

# 250.00 is above what passes without the customer's word: 401 authorization_required
curl -sS --cacert '{{.CA}}' -H 'access_token: {{.Paired.AccessToken}}' -H 'Accept: application/json' -H 'Content-Type: application/json' '{{.Partner}}/payment' -d '{"operationId":"big-{{.Fresh}}","account_id":"{{.Paired.AccountID}}","amount":"250.00","currency":"PLN","title":"Ekspres do kawy"}'; echo

# so ask for it: {{.Login}} uses the mobile app, and is told on the phone
curl -sS --cacert '{{.CA}}' -H 'access_token: {{.Paired.AccessToken}}' -H 'Accept: application/json' -H 'Content-Type: application/json' '{{.Partner}}/payment/authorize' -d '{"operationId":"big-{{.Fresh}}","account_id":"{{.Paired.AccountID}}","amount":"250.00","currency":"PLN","title":"Ekspres do kawy","appType":"web","os_type":"ALL","callbackUri":"{{.Paired.CallbackURI}}"}'; echo

# approve it on the phone (or in a browser at {{.Sandbox}}/phone/{{.Login}})
curl -sS --cacert '{{.CA}}' -X POST '{{.Sandbox}}/phone/{{.Login}}/approvals/newest/approve'; echo

# see the money moved
curl -sS --cacert '{{.CA}}' -H 'access_token: {{.Paired.AccessToken}}' -H 'Accept: application/json' '{{.Partner}}/account/{{.Paired.AccountID}}/transaction?pageSize=3'; echo

# a new access token (the old refresh token dies with this; the answer holds the next)
curl -sS --cacert '{{.CA}}' -H 'Accept: application/json' '{{.Partner}}/grant' -d 'grant_type=refresh_token&client_id={{.Paired.ID}}&client_secret={{.Paired.Secret}}&refresh_token={{.Paired.RefreshToken}}'; echo

A licensed third party (PSD2) is ready in {{.TPP}}. In another window (with "go run ./cmd/okienko" for okienko where it is not installed):

  okienko tpp --as '{{.TPP}}' --login {{.Login}} accounts
  okienko tpp --as '{{.TPP}}' --login {{.Login}} transactions
  okienko tpp --as '{{.TPP}}' --login {{.Login}} pay --to 20114000000000000000000300 --name 'Anna Nowak' --amount 12.50 --title Obiad

The same over PolishAPI, every answer held against the bank's signature (okienko tpp new --form polishapi-2.1.2 makes a third party that always speaks so):

  okienko tpp --as '{{.TPP}}' --form polishapi-2.1.2 --login {{.Login}} accounts

Ctrl-C closes the bank.
`
