package polishapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/bank/thirdparty"
	"okienko/eidas/seal"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
	"okienko/work"
)

const callback = "https://tpp.example/called"

// called is what a third party was told at its callback.
type called struct {
	to     string
	header http.Header
	body   []byte
}

type post chan called

func (p post) Post(_ context.Context, to string, header http.Header, body []byte) error {
	p <- called{to, header, body}
	return nil
}

// tells delivers what is to be told, and returns the only callback.
func (w *world) tells() (header http.Header, body m) {
	w.T.Helper()
	calls := make(post)
	caller := work.NewCaller(work.CallerConfig{
		Book: w.Store, Maker: w.Auth, Post: calls, Clock: w.Clock, Wall: w.Wall, Worker: "test", Log: slog.New(slog.DiscardHandler),
		Forms: formsOf(polishapi.CallbackForms(bankSigns, w.Wall)),
	})
	must(w.T, caller.Start(w.T.Context()))
	defer caller.Stop()
	var got called
	select {
	case got = <-calls:
	case <-time.After(30 * time.Second):
		w.T.Fatal("nobody was called")
	}
	if got.to != callback {
		w.T.Fatalf("called %q", got.to)
	}
	s, err := seal.Parse(got.header.Get("X-JWS-SIGNATURE"), seal.RS256)
	must(w.T, err)
	must(w.T, s.Verify(bankSeal().Certificate, got.body))
	must(w.T, json.Unmarshal(got.body, &body))
	return got.header, body
}

func formsOf(all map[string]polishapi.CallbackForm) map[string]work.CallbackForm {
	out := map[string]work.CallbackForm{}
	for word, form := range all {
		out[word] = form
	}
	return out
}

func bankSigns(body []byte) (string, error) {
	return seal.Sign(bankSeal().Key, seal.Header{Alg: seal.RS256, KeyID: bankOrg}, body)
}

// external asks for the list of accounts with a code of Anna's phone.
func (p *tpp) external(v polishapi.Version, code string) *ask {
	return p.ask(v, "auth/authorizeExt", m{
		"response_type": "code", "client_id": p.client, "scope": "ais-accounts", "state": psd2test.State, "eatCode": code,
		"eatType":       m{"code": polishapi.External, "description": "Kod z aplikacji"},
		"scope_details": p.scopeDetails("ais-accounts", psd2test.NewUUID(p.w.Wall.Now()), listPrivilege()),
	}).say("callbackURL", callback, "apiKey", "a key of ours")
}

func (w *world) mayBeCalled() {
	w.T.Helper()
	w.Change(oneOrg, func(c *thirdparty.Client) { c.CallbackURLs = []string{callback} })
}

// TestConsentByACode walks the way of a consent without a browser in every version:
// code, approval on the phone, callback, token, list (psd2 §2.2, §2.7).
func TestConsentByACode(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.mayBeCalled()
			asked := w.one.external(v, w.Code())
			asked.say("apiKey", "key-1")
			if got := asked.send().Is(http.StatusNoContent); got.Header.Get("X-JWS-SIGNATURE") != "" {
				t.Error("a 204 is signed")
			}
			w.Approves(w.Waiting()[0])
			header, told := w.tells()
			if header.Get("X-API-KEY") != "key-1" || header.Get("Content-Type") != "application/json" {
				t.Errorf("told with %v", header)
			}
			head, _ := told["responseHeader"].(m)
			if head["requestId"] != asked.header.Get("X-REQUEST-ID") || head["isCallback"] != true || told["state"] != psd2test.State || told["error"] != nil {
				t.Errorf("told %v", told)
			}
			code, _ := told["code"].(string)
			redeemed := tokensOf(w.one.ask(v, "auth/token", m{"grant_type": "authorization_code", "Code": code, "client_id": w.one.client}).send())
			list := w.one.ask(v, "accounts/getAccounts", nil).with(redeemed.access).present().send().Is(http.StatusOK)
			if n := len(list.List("accounts")); n != 3 {
				t.Errorf("%d accounts", n)
			}
			// The code was for one use.
			w.one.ask(v, "auth/token", m{"grant_type": "authorization_code", "Code": code, "client_id": w.one.client}).send().
				Fails(http.StatusBadRequest, "invalid_grant")
		})
	}
}

// TestNoToACode: the third party learns no more than that there is no consent.
func TestNoToACode(t *testing.T) {
	w := newWorld(t)
	w.mayBeCalled()
	denied := func(name string) {
		t.Helper()
		if _, told := w.tells(); told["error"] != "access_denied" || told["code"] != nil || told["state"] != psd2test.State {
			t.Errorf("%s: told %v", name, told)
		}
	}
	w.one.external(v212, w.Code()).say("apiKey", "k").send().Is(http.StatusNoContent)
	w.Rejects(w.Waiting()[0])
	denied("a no")
	// Nobody answers.
	w.one.external(v212, w.Code()).say("apiKey", "k").send().Is(http.StatusNoContent)
	w.Clock.Advance(16 * time.Minute)
	w.Wall.Advance(16 * time.Minute)
	_, _, err := w.Auth.LapseExternal(t.Context(), 10)
	must(t, err)
	denied("no answer")
	// Somebody else was sent than whose phone it is.
	w.one.external(v212, w.Code()).say("apiKey", "k", "psuIdentifierType", "P", "psuIdentifierValue", string(psd2test.BobsPESEL)).
		send().Is(http.StatusNoContent)
	denied("another person")
}

func TestWrongCallsWithACode(t *testing.T) {
	w := newWorld(t)
	w.mayBeCalled()
	good := func() *ask { return w.one.external(v212, w.Code()).say("apiKey", "k") }
	for name, c := range map[string]struct {
		ask  *ask
		code string
	}{
		"no callback":           {good().say("callbackURL", nil), "invalid_field"},
		"no key":                {good().say("apiKey", nil), "invalid_field"},
		"an unknown callback":   {good().say("callbackURL", "https://tpp.example/called/"), "redirect_unknown"},
		"an internal callback":  {good().say("callbackURL", "http://127.0.0.1:1/"), "redirect_unknown"},
		"a wrong code":          {good().put("eatCode", "00000000"), "invalid_grant"},
		"no code":               {good().put("eatCode", nil), "invalid_field"},
		"another tool":          {good().put("eatType", m{"code": "TOKEN"}), "invalid_field"},
		"another response type": {good().put("response_type", "token"), "unsupported_response_type"},
		"another scope":         {good().put("scope", "ais-accounts ais"), "invalid_scope"},
		"another client":        {good().put("client_id", w.other.client), "third_party_unknown"},
		"a key with line ends":  {good().say("apiKey", "a\nb"), "invalid_field"},
		"a redirect":            {good().put("redirect_uri", goBack), "invalid_field"},
	} {
		got := c.ask.send().Fails(http.StatusBadRequest, c.code)
		if strings.Contains(got.Body, "127.0.0.1") {
			t.Errorf("%s: repeated in %s", name, got.Body)
		}
	}
	// A code that was used, and one that has run out.
	used := w.Code()
	w.one.external(v212, used).say("apiKey", "k").send().Is(http.StatusNoContent)
	w.one.external(v212, used).say("apiKey", "k").send().Fails(http.StatusBadRequest, "invalid_grant")
	old := w.Code()
	w.Clock.Advance(3 * time.Minute)
	w.one.external(v212, old).say("apiKey", "k").send().Fails(http.StatusBadRequest, "invalid_grant")
}
