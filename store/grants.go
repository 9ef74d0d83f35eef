package store

import (
	"fmt"
	"strconv"
	"strings"

	"okienko/bank/consent"
)

// grantsForm is the version of the text in which grants are kept, its first
// field. A form that changes gets the next number, and the old one stays
// readable: agreements outlive releases.
const grantsForm = "1"

// encodeGrants prints the grants of an agreement for its row:
//
//	1|PAYMENTS:CREATE 1795271640000000 -1 10 7|USER:READ_DET …
//
// that is form, and per grant the permission, when it was given (microseconds),
// its seconds, its calls and the calls left. One text and not a table: grants
// are read and written with every limited call, and always all of them.
func encodeGrants(grants []consent.Grant) string {
	b := make([]byte, 0, 8+48*len(grants))
	b = append(b, grantsForm...)
	for i := range grants {
		g := &grants[i]
		b = append(b, '|')
		b = append(b, g.String()...)
		for _, n := range [...]int64{micros(g.GivenAt), g.ValidSeconds, g.Quota, g.Left} {
			b = strconv.AppendInt(append(b, ' '), n, 10)
		}
	}
	return string(b)
}

// decodeGrants reads what encodeGrants printed. What it cannot read is an error
// and never "no grants": losing one in silence could not be told from a customer
// who took it back.
func decodeGrants(text string) ([]consent.Grant, error) {
	form, rest, more := strings.Cut(text, "|")
	if form != grantsForm {
		return nil, fmt.Errorf("store: grants of unknown form %q", form)
	}
	var grants []consent.Grant
	for more {
		var one string
		one, rest, more = strings.Cut(rest, "|")
		g, err := decodeGrant(one)
		if err != nil {
			return nil, fmt.Errorf("store: grant %q: %w", one, err)
		}
		grants = append(grants, g)
	}
	return grants, nil
}

func decodeGrant(text string) (consent.Grant, error) {
	f := strings.Split(text, " ")
	if len(f) != 5 {
		return consent.Grant{}, fmt.Errorf("%d fields instead of 5", len(f))
	}
	p, err := consent.ParsePermission(f[0])
	if err != nil {
		return consent.Grant{}, err
	}
	g := consent.Grant{Permission: p}
	var given int64
	for i, n := range []*int64{&given, &g.ValidSeconds, &g.Quota, &g.Left} {
		if *n, err = strconv.ParseInt(f[1+i], 10, 64); err != nil {
			return consent.Grant{}, err
		}
	}
	g.GivenAt = instant(given)
	return g, nil
}
