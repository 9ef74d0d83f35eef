package app

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank/audit"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
	"okienko/sandbox"
	"okienko/test/engine"
	"okienko/work"
)

// callback is what the third party of this test is called with.
type callback struct {
	key  string
	body struct{ ID, State, Code, Error string }
}

// plainForm is the form of a door that does not exist.
func plainForm(c authserver.Callback, _ time.Time) ([]byte, http.Header, error) {
	body, err := json.Marshal(map[string]string{"id": c.TPPID, "state": c.State, "code": c.Code, "error": c.Error})
	return body, http.Header{"X-Jws-Signature": {"signed"}}, err
}

// A third party asks with a code that a phone has drawn, the customer approves
// there, and the third party beside the sandbox is called and redeems its code.
// What nobody answers it is told when the bank clock says so.
func TestThirdPartyIsCalledBack(t *testing.T) {
	calls := make(chan callback, 8)
	tppServer := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c := callback{key: r.Header.Get(work.HeaderAPIKey)}
		text, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(text, &c.body); err != nil || r.Header.Get("X-JWS-SIGNATURE") != "signed" {
			t.Errorf("%s: %v", text, err)
		}
		calls <- c
	}))
	defer tppServer.Close()

	ctx := t.Context()
	w := &sandboxWorld{options: SandboxOptions{Ephemeral: true, NoHistory: true, NoTPP: true, Database: engine.DSN(t), Log: slog.New(slog.DiscardHandler)}}
	settings, err := w.prepare(ctx, w.options)
	must(t, err)
	settings.PSD2.CallbackForms = map[string]work.CallbackForm{"test": plainForm}
	h, err := Open(ctx, settings)
	must(t, err)
	defer func() { must(t, h.Close()) }()

	const organisation = thirdparty.Organisation("PSDPL-PFSA-5250007738")
	must(t, w.listed(ctx, h, thirdparty.Entry{Organisation: organisation, Name: "Kantorek", Country: "PL", Roles: thirdparty.Roles}))
	client, err := h.store.ChangeClient(ctx, organisation, func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		return thirdparty.Client{ID: "11111111-1111-4111-8111-111111111111", Organisation: organisation, Name: "Kantorek", Status: thirdparty.Active,
			CallbackURLs: []string{tppServer.URL + "/called"}}, nil, nil
	})
	must(t, err)
	login := someoneWithTheApplication(t, w.phone)
	ask := func(id string) {
		t.Helper()
		code, _, err := w.phone.NewCode(ctx, login)
		must(t, err)
		must(t, h.auth.AskConsentExternally(ctx, authserver.ConsentAsk{Client: &client, State: "st", Consent: xs2a.Consent{
			TPPID: id, Scope: xs2a.AccountList, Grants: []xs2a.Grant{{Right: xs2a.ListAccounts}}, Until: w.clock.Now().AddDate(0, 0, 90),
		}}, authserver.ExternalAsk{Code: code, Callback: authserver.CallbackTo{URL: tppServer.URL + "/called", APIKey: "key", RequestID: "r", Form: "test"}}))
	}
	answer := func(yes bool) {
		t.Helper()
		waiting, _, err := w.phone.Approvals(ctx, login)
		must(t, err)
		_, err = w.phone.Answer(ctx, login, waiting[0].ID, yes)
		must(t, err)
	}

	ask("yes")
	answer(true)
	got := <-calls
	if got.key != "key" || got.body.ID != "yes" || got.body.State != "st" || got.body.Error != "" {
		t.Errorf("called with %+v", got)
	}
	tokens, err := h.auth.ConsentTokens(ctx, authserver.ConsentTokenParams{Client: client.ID, GrantType: "authorization_code", Code: got.body.Code})
	must(t, err)
	if len(tokens.Consent.Accounts) == 0 {
		t.Errorf("%+v", tokens.Consent)
	}

	ask("no")
	answer(false)
	if got := <-calls; got.body.ID != "no" || got.body.Error != "access_denied" || got.body.Code != "" {
		t.Errorf("called with %+v", got)
	}
	ask("nothing")
	must(t, w.clock.Jump(16*time.Minute))
	if got := <-calls; got.body.ID != "nothing" || got.body.Error != "access_denied" {
		t.Errorf("called with %+v", got)
	}
}

func someoneWithTheApplication(t *testing.T, p *sandbox.Phone) string {
	t.Helper()
	for _, o := range p.Owners() {
		if o.UsesApp {
			return o.Login
		}
	}
	t.Fatal("nobody has the application")
	return ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
