package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"okienko/bank"
	"okienko/bank/partner"
	"okienko/office"
)

const (
	// proofTime is for everything: names, connection, redirects and file. Staff
	// wait for it, and nobody acts meanwhile.
	proofTime = 5 * time.Second
	// maxProof holds a token of 64 bytes with room for an editor's habits.
	maxProof     = 1 << 10
	maxRedirects = 3
)

// txtResolver asks the domain name system; *net.Resolver is one.
type txtResolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// prover looks up whether a domain carries the proof that the bank asked for
// (partner-api §2). The partner chooses the domain, so the bank is sent to an
// address of a stranger's choice: it goes to public addresses only, takes little
// and says nothing of what it met.
type prover struct {
	txt    txtResolver
	client *http.Client
}

var _ partner.Prover = (*prover)(nil)

// newProver asks the machine's resolver and the internet.
func newProver() *prover {
	dialer := &net.Dialer{Timeout: proofTime, Control: publicOnly}
	return proverOver(net.DefaultResolver, dialer.DialContext, nil)
}

func proverOver(txt txtResolver, dial func(ctx context.Context, network, address string) (net.Conn, error), tlsConfig *tls.Config) *prover {
	return &prover{txt: txt, client: &http.Client{
		Timeout: proofTime,
		Transport: &http.Transport{
			// No proxy: it would dial for us, also where we refuse to.
			Proxy: nil, DialContext: dial, TLSClientConfig: tlsConfig, ForceAttemptHTTP2: true,
			DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10, TLSHandshakeTimeout: proofTime,
		},
		CheckRedirect: sameSite,
	}}
}

var errElsewhere = errors.New("a redirect to another place")

// sameSite lets a server move the file about within its domain: somebody else's
// server proves nothing.
func sameSite(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	if r.URL.Scheme != first.Scheme || r.URL.Host != first.Host || r.URL.User != nil || len(via) > maxRedirects {
		return errElsewhere
	}
	return nil
}

// Prove looks the proof up. Its refusals say what is wrong with the proof.
func (p *prover) Prove(ctx context.Context, d partner.DomainProof) error {
	if err := office.Domain(d.Domain); err != nil {
		return err
	}
	if d.Token == "" {
		return unproven("The application has no token to look for.")
	}
	ctx, cancel := context.WithTimeout(ctx, proofTime)
	defer cancel()
	switch d.Method {
	case partner.ByDNS:
		return p.byDNS(ctx, d)
	case partner.ByFile:
		return p.byFile(ctx, d)
	}
	return unproven("A domain is proven by dns or by file.")
}

func unproven(format string, args ...any) *bank.Refusal {
	return bank.RefuseField("domain", fmt.Sprintf(format, args...))
}

func (p *prover) byDNS(ctx context.Context, d partner.DomainProof) error {
	name := office.ProofLabel + d.Domain
	// The last dot: no search domain of this machine is put behind it.
	texts, err := p.txt.LookupTXT(ctx, name+".")
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return unproven("There is no TXT record %s.", name).Because(err)
	case err != nil:
		return unproven("The TXT record %s could not be looked up; try again later.", name).Because(err)
	case !slices.Contains(texts, office.ProofPrefix+d.Token):
		return unproven("No TXT record %s says %s%s.", name, office.ProofPrefix, d.Token)
	}
	return nil
}

func (p *prover) byFile(ctx context.Context, d partner.DomainProof) error {
	where := "https://" + d.Domain + office.ProofPath
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/plain")
	r.Header.Set("User-Agent", "okienko")
	resp, err := p.client.Do(r)
	switch {
	case errors.Is(err, errElsewhere):
		return unproven("%s leads to another place.", where).Because(err)
	case errors.Is(err, errNotPublic):
		return unproven("The address of %s is not public.", d.Domain).Because(err)
	case err != nil:
		return unproven("%s could not be read; try again later.", where).Because(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return unproven("%s answers %d.", where, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxProof+1))
	switch {
	case err != nil:
		return unproven("%s could not be read; try again later.", where).Because(err)
	case len(body) > maxProof:
		return unproven("%s has more than %d bytes.", where, maxProof)
	}
	first, _, _ := strings.Cut(string(body), "\n")
	if strings.TrimRight(first, " \t\r") != d.Token {
		return unproven("The first line of %s is not %s.", where, d.Token)
	}
	return nil
}

var errNotPublic = errors.New("not a public address")

// publicOnly refuses a connection to an address that the internet does not have.
// It is asked after the name was resolved, for every address that is tried: a
// check of the name beforehand could be answered differently the second time.
func publicOnly(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(a.Addr()) {
		return errNotPublic
	}
	return nil
}

// isPublic tells whether an address lies on the internet, by the special-purpose
// registries of IANA (RFC 6890).
func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	if a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	if a.Is6() && !netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20}), 3).Contains(a) {
		return false // outside of 2000::/3 nothing is given out; NAT64 would lead to IPv4 inside
	}
	return !slices.ContainsFunc(specialNetworks(), func(p netip.Prefix) bool { return p.Contains(a) })
}

// specialNetworks are those that netip does not know by name.
func specialNetworks() []netip.Prefix {
	texts := []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", // Teredo and 6to4 carry IPv4 addresses inside
	}
	out := make([]netip.Prefix, 0, len(texts))
	for _, s := range texts {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}
