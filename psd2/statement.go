package psd2

import (
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"okienko/bank"
	"okienko/edge"
	"okienko/eidas/seal"
)

// statement is a software statement: what a third party says of itself when it
// registers, in a JWS with its payload attached (psd2 §3.7).
type statement struct {
	signature *seal.Signature
	payload   []byte
	issuer    string
	name      string
	email     string
	redirects []string
	callbacks []string
	keys      []statedKey
}

// statedKey is a key of the statement's jwks.
type statedKey struct {
	url        string // x5u
	thumbprint string // x5t#S256
	chain      []*x509.Certificate
}

// Bounds of a registration. A third party has a handful of keys and of addresses;
// more are a mistake or a flood.
const (
	maxStatedKeys = 8
	maxRedirects  = 32
	maxRedirect   = 1024
	maxName       = 140
	maxEmail      = 254 // RFC 5321 §4.5.3.1
)

func badStatement(field, why string) error {
	return bank.RefuseField("software_statement."+field, why)
}

// parseStatement reads the statement and proves nothing of it.
func parseStatement(text string, allowed ...seal.Algorithm) (*statement, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[1] == "" {
		return nil, bank.RefuseField("software_statement", "It is not a compact JWS with its payload.")
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil || strings.ContainsAny(parts[1], "\r\n") {
		return nil, bank.RefuseField("software_statement", "Its payload is not base64url.")
	}
	signature, err := seal.Parse(parts[0]+".."+parts[2], allowed...)
	if err != nil {
		return nil, err
	}
	o, err := edge.ParseObject(payload)
	if err != nil {
		return nil, bank.RefuseField("software_statement", "Its payload is not a JSON object.").Because(err)
	}
	s := &statement{signature: signature, payload: payload}
	if s.issuer, err = stated(o, "iss", 128); err != nil {
		return nil, err
	}
	if s.name, err = stated(o, "client_name", maxName); err != nil {
		return nil, err
	}
	if _, there := o.Get("sub_contact_email"); there {
		if s.email, err = stated(o, "sub_contact_email", maxEmail); err != nil {
			return nil, err
		}
	}
	v, _ := o.Get("redirect_uris")
	uris, ok := v.Strings()
	if !ok || len(uris) == 0 || len(uris) > maxRedirects {
		return nil, badStatement("redirect_uris", "A list of 1 to 32 addresses is needed.")
	}
	s.redirects = uris
	if v, there := o.Get("callback_urls"); there {
		if s.callbacks, ok = v.Strings(); !ok || len(s.callbacks) > maxRedirects {
			return nil, badStatement("callback_urls", "A list of at most 32 addresses is needed.")
		}
	}
	if err := s.readKeys(o); err != nil {
		return nil, err
	}
	return s, nil
}

func stated(o edge.Object, name string, longest int) (string, error) {
	v, _ := o.Get(name)
	text, ok := v.String()
	if !ok || strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > longest {
		return "", badStatement(name, "A text is needed that is not too long.")
	}
	return text, nil
}

func (s *statement) readKeys(o edge.Object) error {
	bad := badStatement("jwks", "A set of 1 to 8 keys is needed, each with x5t#S256 and with x5u or x5c.")
	set, _ := o.Get("jwks")
	jwks, ok := set.Object()
	if !ok {
		return bad
	}
	list, _ := jwks.Get("keys")
	keys, ok := list.Elements()
	if !ok || len(keys) == 0 || len(keys) > maxStatedKeys {
		return bad
	}
	for _, k := range keys {
		jwk, ok := k.Object()
		if !ok {
			return bad
		}
		key, ok := readKey(jwk)
		if !ok {
			return bad
		}
		s.keys = append(s.keys, key)
	}
	return nil
}

// readKey reads one key. Beside mBank's x5u it takes x5c (RFC 7517 §4.7), which
// needs no fetch: whose host is not on the bank's list registers with it.
func readKey(jwk edge.Object) (k statedKey, ok bool) {
	text := func(name string) string {
		v, _ := jwk.Get(name)
		s, _ := v.String()
		return s
	}
	k.url, k.thumbprint = text("x5u"), text("x5t#S256")
	if v, there := jwk.Get("x5c"); there {
		list, ok := v.Strings()
		if !ok || len(list) == 0 || len(list) > maxChain {
			return k, false
		}
		for _, one := range list {
			der, err := base64.StdEncoding.DecodeString(one)
			if err != nil {
				return k, false
			}
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				return k, false
			}
			k.chain = append(k.chain, certificate)
		}
	}
	return k, (k.url != "" && k.thumbprint != "") || k.chain != nil
}

// redirect judges an address to which customers are sent back with a code: https
// without a fragment (RFC 6749 §3.1.2), an application's own scheme with a dot
// in it (RFC 8252 §7.1), or in a sandbox the third party's own machine.
func redirect(uri string, loopback bool) error {
	u := address(uri)
	if u != nil && (web(u, loopback) || strings.Contains(u.Scheme, ".")) {
		return nil
	}
	return badStatement("redirect_uris", "An address is https, absolute, and without a fragment.")
}

// callback judges an address that the bank is to call: as redirect, without the
// schemes of applications, which no bank can call.
func callback(uri string, loopback bool) error {
	if u := address(uri); u != nil && web(u, loopback) {
		return nil
	}
	return badStatement("callback_urls", "An address is https, absolute, and without a fragment.")
}

// address reads an address that a third party may register, nil otherwise.
func address(uri string) *url.URL {
	u, err := url.Parse(uri)
	if err != nil || len(uri) > maxRedirect || u.Fragment != "" || strings.HasSuffix(uri, "#") || u.User != nil ||
		strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil
	}
	return u
}

// web tells whether an address is https, or in a sandbox http on the third
// party's own machine.
func web(u *url.URL, loopback bool) bool {
	return u.Scheme == "https" && u.Hostname() != "" ||
		u.Scheme == "http" && loopback && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
}
