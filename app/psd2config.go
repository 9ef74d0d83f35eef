package app

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/clock"
	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/eidas/trustedlist"
	"okienko/psd2"
	"okienko/psd2/polishapi"
)

// PSD2Config is the section [psd2] of the configuration: the interface for
// licensed third parties. Without a listen address the bank has none.
type PSD2Config struct {
	ListenerConfig
	BankIDs []string `toml:"bank_ids"` // first parts of the paths: pl-retail, pl-corpo
	BIC     string   `toml:"bic"`
	Address string   `toml:"address"` // of the bank, as accounts tell it

	Issuers            []string `toml:"issuers"`              // PEM files of authorities that issue QWACs and QSealCs
	TrustedLists       []string `toml:"trusted_lists"`        // XML files by ETSI TS 119 612
	TrustedListSigners []string `toml:"trusted_list_signers"` // PEM files of who may sign them

	Revocation      string   `toml:"revocation"`       // hard (the usual) or soft: what happens while no responder answers
	RevocationHosts []string `toml:"revocation_hosts"` // of CRLs and OCSP responders; "*.qtsp.example" is every host below
	SealHosts       []string `toml:"x5u_hosts"`        // from which certificates of signatures are fetched; none: from nowhere

	Admission string   `toml:"admission"` // open (the usual) or papers
	Papers    []string `toml:"papers"`    // which papers are asked for; all kinds when left out

	Lenience []string `toml:"lenience"` // to third parties that register from now on; none of thirdparty.Leniences is strict

	Algorithms      []string `toml:"algorithms"` // of signatures; RS256 when left out
	SignKey         string   `toml:"sign_key"`   // PEM; with sign_certificate: the bank's own QSealC
	SignCertificate string   `toml:"sign_certificate"`
	SignURL         string   `toml:"sign_url"`   // x5u of the bank's own QSealC
	SignMBank       bool     `toml:"sign_mbank"` // answers in mBank's form are signed too; PolishAPI's always are

	// PolishAPI says where which version of the standard is served, by the first part
	// of its paths, "v2_1_1.1" = "2.1.1"; the revision is the bank's own. Second parts
	// that differ stand in PolishAPIGroups, "v2_1_1.1/auth" = "v2_1_1.4".
	PolishAPI       map[string]string `toml:"polishapi"`
	PolishAPIGroups map[string]string `toml:"polishapi_groups"`

	ReplayWindow duration `toml:"replay_window"` // 5m
	CodeLife     duration `toml:"code_life"`     // 60s
	AccessLife   duration `toml:"access_life"`   // 10m
	BankCodes    []string `toml:"bank_codes"`    // the bank's own sort codes

	// Fees are what transfers cost, by kind and payment system, "domestic/Elixir",
	// in units of the payer's account; what is not named is free.
	Fees map[string]string `toml:"fees"`
}

// served tells whether the bank has the interface at all.
func (c *PSD2Config) served() bool { return c.Listen != "" }

var bankID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (c *PSD2Config) faults() []error {
	if !c.served() {
		return nil
	}
	f := c.ListenerConfig.faults("psd2")
	must := func(ok bool, otherwise string) {
		if !ok {
			f = append(f, errors.New(otherwise))
		}
	}
	must(len(c.BankIDs)+len(c.PolishAPI) > 0, "psd2.bank_ids or psd2.polishapi must say in which form the interface is served")
	f = append(f, c.polishFaults()...)
	for _, id := range c.BankIDs {
		must(bankID.MatchString(id) && id != "v3", "psd2.bank_ids: "+id+" is no first part of a path")
	}
	must(len(c.Issuers)+len(c.TrustedLists) > 0, "psd2.issuers or psd2.trusted_lists must say whose certificates the bank takes")
	must(len(c.TrustedLists) == 0 || len(c.TrustedListSigners) > 0, "psd2.trusted_list_signers must say who may sign the trusted lists")
	must(slices.Contains([]string{"", "hard", "soft"}, c.Revocation), "psd2.revocation is hard or soft")
	must(slices.Contains([]string{"", "open", "papers"}, c.Admission), "psd2.admission is open or papers")
	for _, p := range c.Papers {
		must(slices.Contains(thirdparty.PaperKinds, thirdparty.PaperKind(p)), "psd2.papers: there is no kind of paper "+p)
	}
	for _, name := range c.Lenience {
		must(slices.Contains(thirdparty.Leniences, name), "psd2.lenience: "+strings.Join(thirdparty.Leniences, ", ")+" are known, "+name+" is not")
	}
	for _, a := range c.Algorithms {
		must(slices.Contains([]string{"RS256", "PS256", "ES256"}, a), "psd2.algorithms: RS256, PS256 and ES256 are known, "+a+" is not")
	}
	must((c.SignKey == "") == (c.SignCertificate == ""), "psd2.sign_key and psd2.sign_certificate go together")
	must(c.SignKey != "" || !c.SignMBank, "psd2.sign_mbank needs psd2.sign_key")
	if c.SignKey != "" {
		f = append(f, secretFile("psd2.sign_key", c.SignKey)...)
		must(isHTTPS(c.SignURL), "psd2.sign_url must be the https address of the bank's QSealC")
	}
	if _, err := c.fees(); err != nil {
		f = append(f, err)
	}
	for name, d := range map[string]duration{"replay_window": c.ReplayWindow, "code_life": c.CodeLife, "access_life": c.AccessLife} {
		must(d >= 0 && time.Duration(d) <= time.Hour, "psd2."+name+" must be at most 1h")
	}
	return f
}

var polishPath = regexp.MustCompile(`^v[0-9]+(_[0-9]+)*(\.[0-9]+)?$`)

func (c *PSD2Config) polishFaults() []error {
	var f []error
	wrong := func(format string, args ...any) { f = append(f, fmt.Errorf(format, args...)) }
	if len(c.PolishAPI) > 0 && c.SignKey == "" {
		wrong("psd2.polishapi needs psd2.sign_key: every answer of it is signed")
	}
	for path, version := range c.PolishAPI {
		if !polishPath.MatchString(path) || path == "v3" { // that is mBank's registration
			wrong("psd2.polishapi: %q is no first part of its paths, as v2_1_1.1 is", path)
		}
		if !slices.Contains(polishapi.Versions, polishapi.Version(version)) {
			wrong("psd2.polishapi: there is no version %q, %v are served", version, polishapi.Versions)
		}
	}
	for at, second := range c.PolishAPIGroups {
		path, group, _ := strings.Cut(at, "/")
		if c.PolishAPI[path] == "" || !slices.Contains(polishapi.Groups, group) || !polishPath.MatchString(second) {
			wrong("psd2.polishapi_groups: %q = %q is no group of a path that is served, with the second part of its paths", at, second)
		}
	}
	return f
}

// places are where PolishAPI is served, the same at every start.
func (c *PSD2Config) places() []polishapi.Place {
	var out []polishapi.Place
	for _, path := range slices.Sorted(maps.Keys(c.PolishAPI)) {
		p := polishapi.Place{Version: polishapi.Version(c.PolishAPI[path]), Path: path, Groups: map[string]string{}}
		for _, group := range polishapi.Groups {
			if second := c.PolishAPIGroups[path+"/"+group]; second != "" {
				p.Groups[group] = second
			}
		}
		out = append(out, p)
	}
	return out
}

// fees reads the table of fees.
func (c *PSD2Config) fees() (map[authserver.FeeOf]int64, error) {
	out := make(map[authserver.FeeOf]int64, len(c.Fees))
	for name, text := range c.Fees {
		kind, system, _ := strings.Cut(name, "/")
		of := authserver.FeeOf{Kind: transfer.Kind(kind), System: transfer.System(system)}
		if !slices.Contains(transfer.Kinds, of.Kind) || !slices.Contains(transfer.Systems, of.System) {
			return nil, fmt.Errorf("psd2.fees: %q is no kind of transfer and payment system, as domestic/Elixir is", name)
		}
		fee, err := money.Parse(text, money.PLN) // two decimals in every currency that the bank keeps
		if err != nil || fee.IsNegative() {
			return nil, fmt.Errorf("psd2.fees: %q costs %q, which is no amount", name, text)
		}
		out[of] = fee.Minor()
	}
	return out, nil
}

// settings are those of the interface that the configuration asks for.
func (c *PSD2Config) settings(bankName string, bankClock bank.Clock) (*PSD2Settings, error) {
	address, err := c.ListenerConfig.address(bankClock.Now())
	if err != nil {
		return nil, err
	}
	s := &PSD2Settings{
		Address: address, BankIDs: c.BankIDs, Bank: psd2.Bank{BIC: c.BIC, Name: bankName, Address: c.Address},
		Rules:    psd2.Rules{ReplayWindow: time.Duration(c.ReplayWindow), Admission: c.Admission == "papers"},
		Consents: authserver.ConsentRules{CodeLife: time.Duration(c.CodeLife), AccessLife: time.Duration(c.AccessLife), BankCodes: c.BankCodes},
	}
	if s.Consents.Fees, err = c.fees(); err != nil {
		return nil, err
	}
	for _, name := range c.Lenience {
		if err := s.Rules.NewClients.Set(name, true); err != nil {
			return nil, err
		}
	}
	for _, a := range c.Algorithms {
		s.Rules.Algorithms = append(s.Rules.Algorithms, seal.Algorithm(a))
	}
	for _, p := range c.Papers {
		s.Papers = append(s.Papers, thirdparty.PaperKind(p))
	}
	if s.Rules.Admission && len(c.Papers) == 0 {
		s.Papers = thirdparty.PaperKinds
	}
	checker, err := c.checker(bankClock)
	if err != nil {
		return nil, err
	}
	fetcher := eidas.NewHTTPFetcher(eidas.FetchSettings{Hosts: c.SealHosts})
	s.Trust = func() (psd2.Certificates, psd2.Fetcher) { return checker, fetcher }
	s.Places = c.places()
	s.SignMBank = c.SignMBank
	if c.SignKey != "" {
		seal, err := c.seal()
		if err != nil {
			return nil, fmt.Errorf("sign_key: %w", err)
		}
		s.Seal = func() (*Seal, error) { return seal, nil }
	}
	return s, nil
}

// checker judges certificates of third parties. An issuer that a sandbox has made
// is refused by the checker itself.
func (c *PSD2Config) checker(bankClock bank.Clock) (*eidas.Checker, error) {
	var issuers []eidas.Issuer
	for _, file := range c.Issuers {
		list, err := readCertificates(file)
		if err != nil {
			return nil, fmt.Errorf("issuers: %w", err)
		}
		for _, cert := range list {
			issuers = append(issuers, eidas.Issuer{Certificate: cert, Environment: eidas.Production})
		}
	}
	listed, err := c.listed(bankClock)
	if err != nil {
		return nil, err
	}
	mode := eidas.Hard
	if c.Revocation == "soft" {
		mode = eidas.Soft
	}
	revocation, err := eidas.NewRevocation(eidas.RevocationSettings{
		Fetcher: eidas.NewHTTPFetcher(eidas.FetchSettings{Hosts: c.RevocationHosts, Plain: true}), Wall: clock.Wall{}, Mode: mode,
	})
	if err != nil {
		return nil, err
	}
	return eidas.NewChecker(eidas.Settings{
		Environment: eidas.Production, Issuers: append(issuers, listed...), Clock: bankClock, Revocation: revocation,
	})
}

// listed are the issuers of trusted lists. A list that is out of date, or signed by
// somebody else, is an error: a bank must not begin the day with whom it trusted
// last year.
func (c *PSD2Config) listed(bankClock bank.Clock) ([]eidas.Issuer, error) {
	if len(c.TrustedLists) == 0 {
		return nil, nil
	}
	s := trustedlist.Settings{Environment: eidas.Production, Clock: bankClock}
	for _, file := range c.TrustedListSigners {
		list, err := readCertificates(file)
		if err != nil {
			return nil, fmt.Errorf("trusted_list_signers: %w", err)
		}
		s.Signers = append(s.Signers, list...)
	}
	var out []eidas.Issuer
	for _, file := range c.TrustedLists {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("trusted_lists: %w", err)
		}
		list, err := trustedlist.Read(text, s)
		if err != nil {
			return nil, fmt.Errorf("trusted_lists: %s: %w", file, err)
		}
		out = append(out, list.Issuers...)
	}
	return out, nil
}

func readCertificates(file string) ([]*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return out, nil
}

// seal reads the bank's own QSealC.
func (c *PSD2Config) seal() (*Seal, error) {
	pair, err := tls.LoadX509KeyPair(c.SignCertificate, c.SignKey)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key cannot sign")
	}
	var chain []*x509.Certificate
	for _, der := range pair.Certificate {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, cert)
	}
	return newSeal(key, chain, c.SignURL)
}

// newSeal signs bodies as PolishAPI does (psd2 §4.1, §4.2). The key decides the
// algorithm; kid is the bank's organisation, as clients in the field send theirs.
func newSeal(key crypto.Signer, chain []*x509.Certificate, url string) (*Seal, error) {
	algorithm := seal.RS256
	if chain[0].PublicKeyAlgorithm == x509.ECDSA {
		algorithm = seal.ES256
	}
	kid := eidas.Thumbprint(chain[0])
	if own, err := eidas.Parse(chain[0]); err == nil {
		kid = string(own.Organisation)
	}
	h := seal.Header{Alg: algorithm, Typ: "JWT", KeyID: kid, URL: url, Thumbprint: eidas.Thumbprint(chain[0])}
	sign := func(body []byte) (string, error) { return seal.Sign(key, h, body) }
	if _, err := sign(nil); err != nil { // a key that cannot sign stops the start, and not every answer after it
		return nil, err
	}
	return &Seal{Seal: psd2.Seal{Chain: chain, KeyID: kid}, Sign: sign}, nil
}
