package psd2

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"okienko/bank"
	"okienko/eidas/seal"
)

// written is a statement with a payload and a signature that nobody has checked.
func written(payload string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + e([]byte(payload)) + "." + e([]byte("signature"))
}

const aKey = `{"kty":"RSA","alg":"RS256","x5u":"https://tpp.example/q.pem","x5t#S256":"yZdoUb05K7HrtIWt-cdH6uOv2kiycZH0_F29TRCQY34"}`

func aStatement(changes ...string) string {
	return strings.NewReplacer(changes...).Replace(`{"iss":"PSDPL-PFSA-5250007738","jwks":{"keys":[` + aKey + `]},"client_name":"Kantorek",
		"sub_contact_email":"it@tpp.example","redirect_uris":["https://tpp.example/back"]}`)
}

func TestStatementsThatCannotBeRead(t *testing.T) {
	if s, err := parseStatement(written(aStatement()), seal.RS256); err != nil || s.name != "Kantorek" || len(s.keys) != 1 || s.email != "it@tpp.example" {
		t.Fatalf("%+v %v", s, err)
	}
	for name, text := range map[string]string{
		"empty":         "",
		"two parts":     "a.b",
		"detached":      strings.Join([]string{strings.Split(written("{}"), ".")[0], "", "sig"}, "."),
		"no JSON":       written("hello"),
		"no iss":        written(aStatement(`"iss":"PSDPL-PFSA-5250007738",`, "")),
		"blank name":    written(aStatement(`"Kantorek"`, `" "`)),
		"endless name":  written(aStatement(`"Kantorek"`, `"`+strings.Repeat("x", 141)+`"`)),
		"number":        written(aStatement(`"Kantorek"`, `1`)),
		"no addresses":  written(aStatement(`["https://tpp.example/back"]`, `[]`)),
		"no callbacks":  written(aStatement(`"client_name"`, `"callback_urls":"https://tpp.example/called","client_name"`)),
		"33 callbacks":  written(aStatement(`"client_name"`, `"callback_urls":["a"`+strings.Repeat(`,"a"`, 32)+`],"client_name"`)),
		"no jwks":       written(aStatement(`"jwks"`, `"keys"`)),
		"no keys":       written(aStatement(aKey, ``)),
		"too many keys": written(aStatement(aKey, aKey+strings.Repeat(","+aKey, 8))),
		"no thumbprint": written(aStatement(`"x5t#S256"`, `"x5t"`)),
		"x5c of chance": written(aStatement(`"kty":"RSA"`, `"x5c":["AAAA"]`)),
	} {
		if _, err := parseStatement(text, seal.RS256); bank.CodeOf(err) != bank.InvalidParameter {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parseStatement(written(aStatement()), seal.PS256); bank.CodeOf(err) != bank.SignatureInvalid {
		t.Errorf("an algorithm that no setting allows: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	for _, uri := range []string{"https://tpp.example/back?x=1", "https://tpp.example:8443/", "com.tpp.app:/back"} {
		if err := redirect(uri, false); err != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
	for _, uri := range []string{
		"", "http://tpp.example/", "http://localhost/", "https:///x", "https://tpp.example/#f", "https://tpp.example/#", "https://u:p@tpp.example/",
		"javascript:alert(1)", "data:text/html,x", "/back", "https://tpp.example/ż", "https://tpp.example/ x", "https://" + strings.Repeat("x", 1024),
	} {
		if redirect(uri, false) == nil {
			t.Errorf("%q is taken", uri)
		}
	}
	if redirect("http://localhost:8080/back", true) != nil || redirect("http://tpp.example/", true) == nil {
		t.Error("a sandbox takes addresses of the caller's own machine, and no others")
	}
}

// A bank calls no application's own scheme, and everything else is as with
// redirects.
func TestCallbacks(t *testing.T) {
	text := written(aStatement(`"client_name"`, `"callback_urls":["https://tpp.example/called"],"client_name"`))
	if s, err := parseStatement(text, seal.RS256); err != nil || len(s.callbacks) != 1 || s.callbacks[0] != "https://tpp.example/called" {
		t.Errorf("%+v %v", s, err)
	}
	if err := callback("https://tpp.example/called?x=1", false); err != nil {
		t.Error(err)
	}
	for _, uri := range []string{
		"", "com.tpp.app:/back", "http://tpp.example/", "http://localhost/", "https:///x", "https://tpp.example/#f", "https://u:p@tpp.example/", "/back",
	} {
		err := callback(uri, false)
		var no *bank.Refusal
		if !errors.As(err, &no) || no.Field != "software_statement.callback_urls" {
			t.Errorf("%q: %v", uri, err)
		}
	}
	if callback("http://127.0.0.1:8080/called", true) != nil || callback("http://10.0.0.1/", true) == nil {
		t.Error("a sandbox takes addresses of the caller's own machine, and no others")
	}
}

func FuzzStatement(f *testing.F) {
	f.Add(written(aStatement()))
	f.Add(written("{}"))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseStatement(text, seal.RS256)
		if err == nil && (s.issuer == "" || s.name == "" || len(s.keys) == 0 || len(s.redirects) == 0) {
			t.Errorf("%q was read as %+v", text, s)
		}
		if err != nil && bank.CodeOf(err) == bank.Internal {
			t.Errorf("%q: %v", text, err)
		}
	})
}
