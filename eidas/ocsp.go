package eidas

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

func (r *Revocation) askOCSP(ctx context.Context, address string, c, issuer *x509.Certificate, now time.Time) (answer, error) {
	request, err := ocsp.CreateRequest(c, issuer, nil) // SHA-1 names the certificate and protects nothing; every responder knows it
	if err != nil {
		return answer{}, err
	}
	body, err := r.fetch(ctx, address, request)
	if err != nil {
		return answer{}, err
	}
	a, err := r.readOCSP(body, c, issuer, now)
	if err != nil {
		r.useless(address, request, err)
	}
	return a, err
}

func (r *Revocation) readOCSP(body []byte, c, issuer *x509.Certificate, now time.Time) (answer, error) {
	// No issuer is handed in: the library would accept any certificate of the issuer as a responder, so that every TPP
	// could answer for itself.
	response, err := ocsp.ParseResponseForCert(body, c, nil)
	if err != nil {
		return answer{}, err
	}
	if err := fromResponder(response, issuer, now); err != nil {
		return answer{}, err
	}
	a := answer{from: response.ThisUpdate, nextCheck: response.NextUpdate}
	if response.NextUpdate.IsZero() {
		a.nextCheck = response.ThisUpdate.Add(r.settings.MaxAge)
	}
	switch {
	case response.ThisUpdate.After(now.Add(clockSkew)):
		return answer{}, fmt.Errorf("the answer is of %s, now %s", stamp(response.ThisUpdate), stamp(now))
	case now.After(a.nextCheck):
		return answer{}, fmt.Errorf("the answer ran out at %s, now %s", stamp(a.nextCheck), stamp(now))
	case response.Status == ocsp.Good:
		return a, nil
	case response.Status == ocsp.Revoked:
		a.revoked, a.detail = true, fmt.Sprintf("OCSP: since %s, reason %d", stamp(response.RevokedAt), response.RevocationReason)
		return a, nil
	}
	return answer{}, errors.New("the responder does not know the certificate")
}

// fromResponder checks who signed an answer: the issuer itself, or somebody whom the issuer made a responder by the
// extended key usage (RFC 6960, 4.2.2.2).
func fromResponder(response *ocsp.Response, issuer *x509.Certificate, now time.Time) error {
	responder := response.Certificate
	if responder == nil || responder.Equal(issuer) {
		return response.CheckSignatureFrom(issuer)
	}
	if !slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
		return fmt.Errorf("%s is no responder of the issuer", responder.Subject)
	}
	if err := responder.CheckSignatureFrom(issuer); err != nil {
		return fmt.Errorf("the responder: %w", err)
	}
	if err := validAt([]*x509.Certificate{responder}, now); err != nil {
		return fmt.Errorf("the responder: %v", err) //nolint:errorlint // its expiry is not that of the TPP's certificate
	}
	return response.CheckSignatureFrom(responder)
}
