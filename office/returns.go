package office

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"okienko/bank"
)

const (
	maxReturns = 20   // of each kind
	maxReturn  = 2000 // bytes; some browsers cut longer ones
)

// wayBack is the kind of a return address.
type wayBack int

const (
	toSite     wayBack = iota // https, also claimed by an application on the phone (RFC 8252 §7.2)
	toScheme                  // an application's own scheme (RFC 8252 §7.1)
	toLoopback                // http to a program on the customer's own computer (RFC 8252 §7.3)
)

// returns checks the addresses to which a customer's browser is sent back.
// Browsers go there with a code in the address, so nobody else may be there to
// read it: https everywhere, except where the bytes never leave the device.
func (d *ApplicationDocument) returns() error {
	native := false
	for _, list := range []struct {
		field  string
		uris   []string
		mobile bool
	}{
		{"redirect_uris", d.RedirectURIs, false}, {"callback_uris", d.CallbackURIs, false},
		{"android_return", d.AndroidReturn, true}, {"ios_return", d.IOSReturn, true},
	} {
		if len(list.uris) > maxReturns {
			return bank.RefuseField(list.field, fmt.Sprintf("There are at most %d addresses.", maxReturns))
		}
		for i, u := range list.uris {
			kind, why := returnAddress(u)
			switch {
			case why != "":
			case slices.Contains(list.uris[:i], u):
				why = "it stands twice"
			case kind == toScheme && !list.mobile && !d.Native:
				why = "an application's own scheme is for native applications and for the mobile return addresses"
			case kind == toLoopback && (list.mobile || !d.Native):
				why = "http is for native applications on the customer's own computer (RFC 8252 §7.3)"
			}
			if why != "" {
				return bank.RefuseField(list.field, fmt.Sprintf("%q cannot be returned to: %s.", u, why))
			}
			native = native || list.mobile || kind != toSite
		}
	}
	if d.Native && !native {
		return bank.RefuseField("redirect_uris", "A native application returns to a mobile return address, a scheme of its own or a loopback address (RFC 8252 §7).")
	}
	return nil
}

// returnAddress tells the kind of an address, or why it is none.
func returnAddress(s string) (kind wayBack, why string) {
	u, err := url.Parse(s)
	switch {
	case len(s) > maxReturn:
		return 0, fmt.Sprintf("it has more than %d bytes", maxReturn)
	case err != nil || !u.IsAbs():
		return 0, "it is no absolute URI"
	case strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || strings.ContainsRune(`"<>\^{|}*`+"`", r) }):
		return 0, "a URI has only ASCII characters, no spaces and no wildcards"
	case u.Fragment != "" || strings.Contains(s, "#"):
		return 0, "it has a fragment (RFC 6749 §3.1.2)"
	case u.User != nil:
		return 0, "it has a user name"
	}
	if u.Scheme == "https" || u.Scheme == "http" {
		if port := u.Port(); u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || port == "0" {
			return 0, "it names no host"
		}
	}
	switch {
	case u.Scheme == "https":
		return toSite, ""
	case u.Scheme == "http":
		// "localhost" may be made to mean another machine (RFC 8252 §8.3).
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && a.IsLoopback() && a.Zone() == "" {
			return toLoopback, ""
		}
		return 0, "http is for 127.0.0.1 and [::1] only"
	case !strings.Contains(u.Scheme, "."):
		// Also keeps javascript, data and file out (RFC 8252 §8.4).
		return 0, "a scheme of an application's own is a domain name turned around, such as pl.partner.app"
	}
	return toScheme, ""
}

// Where the proof lies that a domain belongs to a partner (partner-api §2): a
// TXT record ProofLabel+domain with the text ProofPrefix+token, or a file at
// ProofPath whose first line is the token.
const (
	ProofLabel  = "_okienko."
	ProofPrefix = "okienko-domain="
	ProofPath   = "/.well-known/okienko-domain.txt"
)

// Domain checks the name of a domain that somebody may own: lower-case ASCII
// (an international one in its xn-- form), two labels or more (RFC 1035
// §2.3.1), no address.
func Domain(s string) error {
	no := func(why string) error { return bank.RefuseField("domain", fmt.Sprintf("%q is no domain: %s.", s, why)) }
	labels := strings.Split(s, ".")
	switch {
	case len(s) > 253-len(ProofLabel):
		return no("it is too long")
	case net.ParseIP(s) != nil:
		return no("it is an address")
	case len(labels) < 2:
		return no("it has one part only")
	}
	for _, l := range labels {
		bad := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, bad) || l[0] == '-' || l[len(l)-1] == '-' {
			return no("its parts are 1 to 63 lower-case letters, digits and dashes within")
		}
	}
	if decimal(labels[len(labels)-1]) {
		return no("its last part is a number")
	}
	return nil
}
