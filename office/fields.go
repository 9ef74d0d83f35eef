package office

import (
	"fmt"
	"net/mail"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"okienko/bank"
)

// What staff write is shown to customers at consent, to other staff in a
// terminal, and stays in the audit: every text is bounded, one line, and free
// of characters that a reader does not see (U+202E turns a name around).
const (
	maxName   = 100
	maxText   = 300
	maxReason = 500
)

// line checks a text of at most so many bytes; "" is good.
func line(field, s string, most int) error {
	switch {
	case len(s) > most:
		return bank.RefuseField(field, fmt.Sprintf("The text has more than %d bytes.", most))
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return bank.RefuseField(field, "The text is one line of visible characters.")
	case strings.TrimSpace(s) != s:
		return bank.RefuseField(field, "The text begins or ends with a space.")
	}
	return nil
}

// lines checks pairs of field and text against one bound.
func lines(most int, fieldsAndTexts ...string) error {
	for i := 0; i < len(fieldsAndTexts); i += 2 {
		if err := line(fieldsAndTexts[i], fieldsAndTexts[i+1], most); err != nil {
			return err
		}
	}
	return nil
}

// maxID bounds an id that staff choose.
const maxID = 64

// identifier checks an id that staff choose. It stands in addresses, in the
// audit between colons, and a customer's in the permission string (partner-api
// §5), whose fields colons part.
func identifier(field, s string) error {
	good := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.'
	}
	if s == "" || len(s) > maxID || strings.ContainsFunc(s, func(r rune) bool { return !good(r) }) || strings.Trim(s[:1], "-_.") == "" {
		return bank.RefuseField(field, fmt.Sprintf("An id is 1 to %d letters, digits, dashes, dots or underscores, and begins with a letter or digit: %q is none.", maxID, s))
	}
	return nil
}

// phone checks a number in E.164; "" is good.
func phone(field, s string) error {
	if s == "" {
		return nil
	}
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < 8 || len(digits) > 15 || digits[0] == '0' || !decimal(digits) {
		return bank.RefuseField(field, "A phone number is written as +48600700800.")
	}
	return nil
}

// krs checks a number of the National Court Register; "" is good. It has no
// check digit.
func krs(field, s string) error {
	if s != "" && (len(s) != 10 || !decimal(s)) {
		return bank.RefuseField(field, "A KRS number has ten digits.")
	}
	return nil
}

func decimal(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// email checks a bare address; "" is good.
func email(field, s string) error {
	if s == "" {
		return nil
	}
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s || len(s) > 254 {
		return bank.RefuseField(field, "An e-mail address is written as api@partner.example.")
	}
	return nil
}

// The widest networks that may obtain tokens for an application: a company's
// own, never a country's.
const (
	widestPrefix4 = 16
	widestPrefix6 = 32
)

// prefix reads an address or a network. An IPv4 address inside IPv6 is read as
// IPv4: callers' addresses are compared in that form.
func prefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, notAddress := netip.ParseAddr(s)
		if notAddress != nil || a.Zone() != "" {
			return netip.Prefix{}, bank.RefuseField("addresses", fmt.Sprintf("%q is no address and no network.", s)).Because(err)
		}
		a = a.Unmap()
		p = netip.PrefixFrom(a, a.BitLen())
	}
	switch {
	case p.Addr().Is4In6():
		return p, bank.RefuseField("addresses", fmt.Sprintf("%q is an IPv4 network written as IPv6; write it as IPv4.", s))
	case p != p.Masked():
		return p, bank.RefuseField("addresses", fmt.Sprintf("%q is an address inside a network: the network is %s.", s, p.Masked()))
	case p.Addr().IsLoopback(): // 127.0.0.0/8 is one machine, however wide it looks
		return p, nil
	case p.Addr().Is4() && p.Bits() < widestPrefix4, p.Addr().Is6() && p.Bits() < widestPrefix6:
		return p, bank.RefuseField("addresses", fmt.Sprintf("%q is too wide: an IPv4 network has at least /%d, an IPv6 network /%d.", s, widestPrefix4, widestPrefix6))
	}
	return p, nil
}

// life reads a number of seconds; 0 takes the standard.
func life(field string, seconds int64, standard, longest time.Duration) (time.Duration, error) {
	switch {
	case seconds == 0:
		return standard, nil
	case seconds < 0 || seconds > int64(longest/time.Second):
		return 0, bank.RefuseField(field, fmt.Sprintf("The time is 1 to %d seconds, or 0 for the standard one.", int64(longest/time.Second)))
	}
	return time.Duration(seconds) * time.Second, nil
}
