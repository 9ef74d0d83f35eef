package psd2

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/seal"
)

// Seal is the bank's own QSealC, by which its answers are signed: the certificate
// of the key and those above it, and the kid of its signatures.
type Seal struct {
	Chain []*x509.Certificate
	KeyID string
}

// KeyType is the type of the key (RFC 7518 §6.1).
func (s Seal) KeyType() string {
	if s.Chain[0].PublicKeyAlgorithm == x509.ECDSA {
		return "EC"
	}
	return "RSA"
}

// seals remembers what was read or fetched by thumbprint, so that a call costs
// neither a parse nor a fetch. What it holds is no proof: every certificate is
// judged again in every call.
type seals struct {
	mu     sync.Mutex
	chains map[string][]*x509.Certificate
	failed map[string]time.Time // wall clock; when an address that gave nothing may be asked again
}

// The memory of seals: as many as there are third parties with some renewals;
// and how long an address that gave nothing is left alone, so that a caller
// cannot make the bank call it for every request.
const (
	rememberedSeals = 4096
	fetchPause      = time.Minute
	maxChain        = 8
)

func newSeals() *seals {
	return &seals{chains: map[string][]*x509.Certificate{}, failed: map[string]time.Time{}}
}

func (s *seals) get(thumbprint string) []*x509.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chains[thumbprint]
}

func (s *seals) keep(thumbprint string, chain []*x509.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.chains) >= rememberedSeals {
		clear(s.chains) // rare, and costs each third party one parse or fetch
	}
	s.chains[thumbprint] = chain
}

// mayAsk tells whether an address may be fetched now, and takes the turn.
func (s *seals) mayAsk(address string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until, ok := s.failed[address]; ok && now.Before(until) {
		return false
	}
	if len(s.failed) >= rememberedSeals {
		clear(s.failed)
	}
	s.failed[address] = now.Add(fetchPause)
	return true
}

// answered notes that an address gave what was looked for.
func (s *seals) answered(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.failed, address)
}

// sealOf finds the certificate under which a client signed the payload: the key
// with the thumbprint of the signature, registered or at its address, or, for a
// signature without a thumbprint, the registered key that its kid means. A renewed
// seal works so without a registration.
func (c *Core) sealOf(ctx context.Context, client *thirdparty.Client, s *seal.Signature, payload []byte) (eidas.Certificate, error) {
	if isOrganisation(s.KeyID) && s.KeyID != string(client.Organisation) {
		return eidas.Certificate{}, noSeal("kid is another organisation")
	}
	if s.Thumbprint != "" {
		chain, err := c.chainOf(ctx, client, s)
		if err != nil {
			return eidas.Certificate{}, err
		}
		return c.signedBy(ctx, client, chain, s, payload)
	}
	last := noSeal("neither x5t#S256 nor a kid of a registered key")
	for i := range client.Keys {
		key := &client.Keys[i]
		chain, err := c.keyChain(key)
		if err != nil {
			return eidas.Certificate{}, err
		}
		if !means(s.KeyID, client, key, chain[0]) {
			continue
		}
		certificate, err := c.signedBy(ctx, client, chain, s, payload)
		if err == nil {
			return certificate, nil
		}
		last = err
	}
	return eidas.Certificate{}, last
}

// isOrganisation tells whether a kid is an organisation's identifier, and no
// thumbprint that happens to begin like one.
func isOrganisation(kid string) bool {
	_, err := thirdparty.ParseOrganisation(kid)
	return err == nil
}

// means tells whether a kid is one of the names of a key that are in use: the
// organisation, of whose keys it may be any, the identifier of the key as KIR has
// it, or the thumbprint (psd2 §4.1).
func means(kid string, client *thirdparty.Client, key *thirdparty.Key, cert *x509.Certificate) bool {
	if kid == "" {
		return false
	}
	ski := strings.NewReplacer(":", "", " ", "").Replace(kid)
	return kid == string(client.Organisation) || kid == key.Thumbprint ||
		(len(cert.SubjectKeyId) > 0 && strings.EqualFold(ski, hex.EncodeToString(cert.SubjectKeyId)))
}

// signedBy judges a certificate and the signature under it.
func (c *Core) signedBy(ctx context.Context, client *thirdparty.Client, chain []*x509.Certificate, s *seal.Signature, payload []byte) (eidas.Certificate, error) {
	certificate, err := c.Certificates.CheckQSealC(ctx, chain)
	if err != nil {
		return eidas.Certificate{}, err
	}
	if string(certificate.Organisation) != string(client.Organisation) {
		return eidas.Certificate{}, noSeal("the QSealC is of another organisation than the QWAC")
	}
	return certificate, s.Verify(certificate.X509, payload)
}

// noSeal is one answer for every seal that is not the caller's.
func noSeal(why string) error {
	return bank.Refuse(bank.SignatureInvalid, "The signature was not made under a seal of the organisation.").Because(errors.New("psd2: " + why))
}

func (c *Core) chainOf(ctx context.Context, client *thirdparty.Client, s *seal.Signature) ([]*x509.Certificate, error) {
	if chain := c.seals.get(s.Thumbprint); chain != nil {
		return chain, nil // nothing to parse
	}
	if key := client.Key(s.Thumbprint); key != nil {
		return c.keyChain(key)
	}
	return c.fetchSeal(ctx, string(client.Organisation), s.URL, s.Thumbprint)
}

// keyChain is a registered key as a certificate, parsed once.
func (c *Core) keyChain(key *thirdparty.Key) ([]*x509.Certificate, error) {
	if chain := c.seals.get(key.Thumbprint); chain != nil {
		return chain, nil
	}
	chain, err := readChain(key.Certificate)
	if err != nil {
		return nil, fmt.Errorf("psd2: a registered key: %w", err)
	}
	c.seals.keep(key.Thumbprint, chain)
	return chain, nil
}

// fetchSeal finds the certificate with a thumbprint: one that was seen before, or
// what stands at an x5u. by is who wants it: nobody can keep an address from being
// asked for others.
func (c *Core) fetchSeal(ctx context.Context, by, address, thumbprint string) ([]*x509.Certificate, error) {
	if chain := c.seals.get(thumbprint); chain != nil {
		return chain, nil
	}
	if address == "" || c.Fetcher == nil || !c.seals.mayAsk(by+" "+address, c.Wall.Now()) {
		return nil, noSeal("the thumbprint is not registered, and its x5u is not asked")
	}
	text, err := c.Fetcher.Fetch(ctx, address, nil)
	if err != nil {
		return nil, noSeal("x5u: " + err.Error())
	}
	chain, err := readChain(text)
	if err != nil {
		return nil, noSeal("x5u: " + err.Error())
	}
	if eidas.Thumbprint(chain[0]) != thumbprint {
		return nil, noSeal("x5u holds another certificate than x5t#S256 says")
	}
	c.seals.keep(thumbprint, chain)
	c.seals.answered(by + " " + address)
	return chain, nil
}

// readChain reads certificates in PEM (RFC 7515 §4.1.5) or one in DER, the
// signer's own first.
func readChain(text []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for rest := text; len(chain) < maxChain; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		chain = append(chain, one)
	}
	if len(chain) > 0 {
		return chain, nil
	}
	one, err := x509.ParseCertificate(text)
	if err != nil {
		return nil, err
	}
	return []*x509.Certificate{one}, nil
}
