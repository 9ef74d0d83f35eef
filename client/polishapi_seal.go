package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"okienko/eidas"
	"okienko/eidas/seal"
)

// bankSeals finds the bank's certificate by its thumbprint. Where it was fetched
// does not matter then: another one would have another thumbprint.
type bankSeals struct {
	roots *x509.CertPool

	mu   sync.Mutex
	cert *x509.Certificate // once it was found
}

// find gives the certificate of a thumbprint, from where a signature says it is.
func (b *bankSeals) find(ctx context.Context, s *seal.Signature, thumbprint string) (*x509.Certificate, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.cert != nil:
		return b.cert, nil
	case s.Thumbprint != thumbprint:
		return nil, fmt.Errorf("%w: it is signed under the thumbprint %q", ErrAnswerUnproven, s.Thumbprint)
	}
	cert, err := b.fetch(ctx, s.URL)
	if err == nil && eidas.Thumbprint(cert) != thumbprint {
		err = errors.New("it is another one")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the bank's certificate at %q: %w", ErrAnswerUnproven, s.URL, err)
	}
	b.cert = cert
	return cert, nil
}

const maxCertificate = 64 << 10

// fetch gets a certificate in PEM. It goes there as anybody: without the QWAC and
// without a token.
func (b *bankSeals) fetch(ctx context.Context, url string) (*x509.Certificate, error) {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return nil, errors.New("that is no address")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: b.roots, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Timeout: 10 * time.Second, Transport: transport}).Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxCertificate))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if resp.StatusCode != http.StatusOK || block == nil {
		return nil, fmt.Errorf("it answers %s and no PEM", resp.Status)
	}
	return x509.ParseCertificate(block.Bytes)
}
