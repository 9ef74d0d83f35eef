package trustservice

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"okienko/eidas"
)

// places are the addresses below a base.
type places string

func (p places) ocsp() string    { return string(p) + "/ocsp" }
func (p places) crl() string     { return string(p) + "/qtsp.crl" }
func (p places) rootCRL() string { return string(p) + "/root.crl" }
func (p places) issuer() string  { return string(p) + "/qtsp.cer" }
func (p places) x5u(c *x509.Certificate) string {
	return string(p) + "/certificates/" + eidas.Thumbprint(c) + ".pem"
}

// How long what is published serves, in bank time.
const (
	ocspLife = time.Hour
	crlLife  = 24 * time.Hour
)

const maxRequest = 8 << 10 // an OCSP request has about 120 bytes

// errUnknown is an address that the service does not have.
var errUnknown = errors.New("trustservice: no such address")

// Fetch implements eidas.Fetcher within the process: whatever the host, the path says what is wanted.
func (s *Service) Fetch(_ context.Context, address string, request []byte) ([]byte, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("trustservice: %w", err)
	}
	base, err := url.Parse(string(s.places))
	if err != nil {
		return nil, fmt.Errorf("trustservice: %w", err)
	}
	path := strings.TrimPrefix(at.Path, base.Path)
	if path == "/ocsp" && request != nil {
		return s.answerOCSP(request)
	}
	body, _, err := s.published(path)
	return body, err
}

// ServeHTTP serves the same over HTTP: POST and GET of RFC 6960, A.1, the lists, and the certificates.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	encoded, byGet := strings.CutPrefix(path, "/ocsp/")
	var body []byte
	var kind string
	var err error
	switch {
	case path == "/ocsp" && r.Method == http.MethodPost:
		var request []byte
		if request, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest)); err == nil {
			body, err = s.answerOCSP(request)
		}
		kind = "application/ocsp-response"
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	case byGet:
		var request []byte
		if request, err = base64.StdEncoding.DecodeString(encoded); err == nil {
			body, err = s.answerOCSP(request)
		}
		kind = "application/ocsp-response"
	default:
		body, kind, err = s.published(path)
	}
	switch {
	case errors.Is(err, errUnknown):
		http.NotFound(w, r)
	case err != nil && kind == "application/ocsp-response":
		w.Header().Set("Content-Type", kind)
		w.Write(ocsp.MalformedRequestErrorResponse)
	case err != nil:
		http.Error(w, "internal error", http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", kind)
		w.Write(body)
	}
}

// published gives what stands under a path, with its media type.
func (s *Service) published(path string) (body []byte, kind string, err error) {
	switch path {
	case "/qtsp.crl":
		body, err = s.crl(s.qtsp, true)
		return body, "application/pkix-crl", err
	case "/root.crl":
		body, err = s.crl(s.root, false)
		return body, "application/pkix-crl", err
	case "/qtsp.cer":
		return s.qtsp.certificate.Raw, "application/pkix-cert", nil
	case "/root.cer":
		return s.root.certificate.Raw, "application/pkix-cert", nil
	}
	if name, ok := strings.CutPrefix(path, "/certificates/"); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range s.issued {
			if eidas.Thumbprint(r.parsed)+".pem" == name {
				return certificatePEM(r.parsed), "application/x-pem-file", nil
			}
		}
	}
	return nil, "", errUnknown
}

func (s *Service) crl(a *authority, ofCertificates bool) ([]byte, error) {
	now := s.settings.Clock.Now()
	list := &x509.RevocationList{Number: big.NewInt(now.UnixMicro()), ThisUpdate: now, NextUpdate: now.Add(crlLife)}
	if ofCertificates {
		s.mu.Lock()
		for _, serial := range s.order {
			if r := s.issued[serial]; !r.RevokedAt.IsZero() {
				list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
					x509.RevocationListEntry{SerialNumber: r.parsed.SerialNumber, RevocationTime: r.RevokedAt})
			}
		}
		s.mu.Unlock()
	}
	return x509.CreateRevocationList(rand.Reader, list, a.certificate, a.key)
}

func (s *Service) answerOCSP(request []byte) ([]byte, error) {
	asked, err := ocsp.ParseRequest(request)
	if err != nil {
		return nil, fmt.Errorf("trustservice: %w", err)
	}
	now := s.settings.Clock.Now()
	answer := ocsp.Response{
		Status: ocsp.Unknown, SerialNumber: asked.SerialNumber, ThisUpdate: now, NextUpdate: now.Add(ocspLife), IssuerHash: asked.HashAlgorithm,
	}
	s.mu.Lock()
	if r, ok := s.issued[asked.SerialNumber.String()]; ok {
		answer.Status = ocsp.Good
		if !r.RevokedAt.IsZero() {
			answer.Status, answer.RevokedAt, answer.RevocationReason = ocsp.Revoked, r.RevokedAt, ocsp.PrivilegeWithdrawn
		}
	}
	s.mu.Unlock()
	return ocsp.CreateResponse(s.qtsp.certificate, s.qtsp.certificate, answer, s.qtsp.key)
}
