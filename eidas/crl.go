package eidas

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// crl is a verified revocation list.
type crl struct {
	issuer  [sha256.Size]byte
	from    time.Time
	next    time.Time
	scope   scope
	revoked map[string]string // serial number → detail
}

func (r *Revocation) askCRL(ctx context.Context, address string, c, issuer *x509.Certificate, now time.Time) (answer, error) {
	by := sha256.Sum256(issuer.Raw)
	list, err := r.listing.do(ctx, address+string(by[:]), func(ctx context.Context) (crl, error) {
		known, have := r.lists.get(address)
		have = have && known.issuer == by
		if have && !now.After(known.next) && !known.from.After(now.Add(clockSkew)) {
			return known, nil
		}
		body, err := r.fetch(ctx, address, nil)
		if err != nil {
			return crl{}, err
		}
		list, err := readCRL(body, issuer, now)
		if err == nil && have && list.from.Before(known.from) {
			err = fmt.Errorf("the list of %s is older than that of %s", stamp(list.from), stamp(known.from))
		}
		if err == nil {
			err = list.scope.covers(c, address)
		}
		if err != nil {
			r.useless(address, nil, err)
			return crl{}, err
		}
		r.lists.add(address, list)
		return list, nil
	})
	if err != nil {
		return answer{}, err
	}
	if err := list.scope.covers(c, address); err != nil { // the list may have come for another certificate
		return answer{}, err
	}
	a := answer{from: list.from, nextCheck: list.next}
	a.detail, a.revoked = list.revoked[string(c.SerialNumber.Bytes())]
	return a, nil
}

func readCRL(body []byte, issuer *x509.Certificate, now time.Time) (crl, error) {
	list, err := x509.ParseRevocationList(body)
	if err != nil {
		return crl{}, err
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		return crl{}, err
	}
	read := crl{issuer: sha256.Sum256(issuer.Raw), from: list.ThisUpdate, next: list.NextUpdate, revoked: make(map[string]string, len(list.RevokedCertificateEntries))}
	switch {
	case list.NextUpdate.IsZero():
		return crl{}, errors.New("the list has no nextUpdate") // RFC 5280, 5.1.2.5 demands it
	case list.ThisUpdate.After(now.Add(clockSkew)):
		return crl{}, fmt.Errorf("the list is of %s, now %s", stamp(list.ThisUpdate), stamp(now))
	case now.After(list.NextUpdate):
		return crl{}, fmt.Errorf("the list ran out at %s, now %s", stamp(list.NextUpdate), stamp(now))
	}
	for _, e := range list.Extensions {
		switch {
		case e.Id.Equal(oidDistributionPoint):
			if read.scope, err = readScope(e.Value); err != nil {
				return crl{}, fmt.Errorf("issuingDistributionPoint: %w", err)
			}
		case e.Critical: // a delta list among others: what it does not name may still be revoked
			return crl{}, fmt.Errorf("unknown critical extension %v", e.Id)
		}
	}
	for _, e := range list.RevokedCertificateEntries {
		for _, x := range e.Extensions {
			if x.Critical { // certificateIssuer: the list of another authority
				return crl{}, fmt.Errorf("unknown critical extension %v of an entry", x.Id)
			}
		}
		read.revoked[string(e.SerialNumber.Bytes())] = fmt.Sprintf("CRL: since %s, reason %d", stamp(e.RevocationTime), e.ReasonCode)
	}
	return read, nil
}

var oidDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

// scope is what a list is about: RFC 5280, 5.2.5. An authority may publish several lists, and whoever sits on the line
// could answer with one in which the certificate cannot stand.
type scope struct {
	places []string // nil: any
	users  bool     // end entities only
	cas    bool     // authorities only
}

// readScope refuses lists of attribute certificates, of some reasons only, and of other authorities' certificates.
func readScope(value []byte) (scope, error) {
	var s scope
	in := cryptobyte.String(value)
	var body, point cryptobyte.String
	var named bool
	if !in.ReadASN1(&body, der.SEQUENCE) || !in.Empty() ||
		!body.ReadOptionalASN1(&point, &named, der.Tag(0).Constructed().ContextSpecific()) {
		return s, errDER
	}
	for named && !point.Empty() {
		var names, name cryptobyte.String
		var tag der.Tag
		if !point.ReadASN1(&names, der.Tag(0).Constructed().ContextSpecific()) {
			return s, errors.New("not named in full")
		}
		for !names.Empty() {
			if !names.ReadAnyASN1(&name, &tag) {
				return s, errDER
			}
			if tag == der.Tag(6).ContextSpecific() {
				s.places = append(s.places, string(name))
			}
		}
	}
	if named && s.places == nil {
		return s, errors.New("no address")
	}
	var flags [6]bool
	for !body.Empty() {
		var value cryptobyte.String
		var tag der.Tag
		if !body.ReadAnyASN1(&value, &tag) {
			return s, errDER
		}
		n := int(tag &^ der.Tag(0).ContextSpecific())
		if n < 1 || n > 5 {
			return s, errDER
		}
		flags[n] = n == 3 || !slices.Equal(value, []byte{0})
	}
	if flags[3] || flags[4] || flags[5] {
		return s, errors.New("a list of some reasons, of attribute certificates, or of other authorities")
	}
	s.users, s.cas = flags[1], flags[2]
	return s, nil
}

func (s *scope) covers(c *x509.Certificate, fetched string) error {
	switch {
	case s.users && c.IsCA, s.cas && !c.IsCA:
		return errors.New("the list is about other kinds of certificates")
	case s.places == nil || slices.Contains(s.places, fetched):
		return nil
	}
	for _, point := range c.CRLDistributionPoints {
		if slices.Contains(s.places, point) {
			return nil
		}
	}
	return errors.New("the list is that of another distribution point")
}
