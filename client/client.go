package client

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"okienko/eidas"
	"okienko/eidas/seal"
)

// Config says who calls, and where. URL, QWAC, Seal, SealCertificate and
// Organisation are needed; Bank in mBank's form; in PolishAPI something to hold the
// bank's signatures against.
type Config struct {
	URL  string // of the PSD2 listener, "https://localhost:8447"
	Form Form   // MBank when ""
	Bank string // MBank: bankId in the paths, "bank-simulator-pl-retail"

	// Version stands in the paths of PolishAPI where the bank's revision is not the
	// first, "2_1_2.4". RegisterVersion does so in the path of register, which only
	// 3.0 has and which the other versions borrow.
	Version, RegisterVersion string

	QWAC            tls.Certificate   // opens the connection
	Seal            crypto.Signer     // key of the QSealC; it may live in a device
	SealCertificate *x509.Certificate // QSealC
	SealURL         string            // x5u: where the bank may fetch the QSealC
	Organisation    string            // organizationIdentifier, TPP-ID
	ClientID        string            // "" until registered

	Roots *x509.CertPool // who may vouch for the bank's server; nil is the machine's own list
	// BankSeal is the certificate with which the bank signs its answers. When it is
	// set, an answer that is not signed with it is an error.
	BankSeal *x509.Certificate
	// BankSealThumbprint is x5t#S256 of that certificate, for PolishAPI, where the
	// certificate itself is fetched from where the bank's signatures say that it is.
	BankSealThumbprint string
	// TakeUnproven takes PolishAPI's answers without a look at their signatures.
	// Otherwise that form needs one of the two above: its answers are always signed.
	TakeUnproven bool
	// Algorithm of signatures; RS256 when "".
	Algorithm seal.Algorithm
	// Tries bounds how often one call is made; 4 when zero, 1 for never again.
	Tries int
	// Language of the bank's sentences: "en" when "".
	Language string
	// Timeout of one try; 30 seconds when zero.
	Timeout time.Duration
	// Watch, when it is set, is shown every try after it was made, for a log. It
	// sees tokens, and may be called concurrently.
	Watch func(Exchange)

	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

// Exchange is one try of a call: what was sent, and what came back.
type Exchange struct {
	Request  *http.Request
	Body     []byte
	Signed   []byte         // the text under the signature; nil when the call has none
	Response *http.Response // nil when no answer came; its body is read already
	Answer   []byte
	Err      error // of the connection
}

// Client calls the bank. Its methods may be called concurrently.
type Client struct {
	cfg    Config
	header seal.Header
	http   *http.Client
	ids    *requestIDs
	seals  *bankSeals
	base   string
}

// New checks the configuration. It opens no connection.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil:
		return nil, fmt.Errorf("client: %q is not the https address of a host: paths are signed, so none may stand before them", c.URL)
	case c.Organisation == "":
		return nil, errors.New("client: an organisation is needed")
	case c.Seal == nil || c.SealCertificate == nil || len(c.QWAC.Certificate) == 0:
		return nil, errors.New("client: a QWAC and a QSealC with their keys are needed")
	}
	if err := c.settled(); err != nil {
		return nil, err
	}
	return &Client{
		cfg: c, ids: &requestIDs{now: c.now}, seals: &bankSeals{roots: c.Roots}, base: "https://" + u.Host,
		header: seal.Header{Alg: c.Algorithm, Typ: "JWT", URL: c.SealURL, Thumbprint: eidas.Thumbprint(c.SealCertificate)},
		http: &http.Client{
			Timeout: c.Timeout,
			Transport: &http.Transport{
				Proxy:               http.ProxyFromEnvironment,
				TLSClientConfig:     &tls.Config{Certificates: []tls.Certificate{c.QWAC}, RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
				MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
			},
			// A redirect would take the token to whoever it names.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// settled checks what belongs to the form, and puts in what was left out.
func (c *Config) settled() error {
	if c.Form == "" {
		c.Form = MBank
	}
	switch {
	case c.Form == MBank && c.Bank == "":
		return errors.New("client: mBank's form needs the bank's id")
	case c.Form != MBank && paths[c.Form] == "":
		return fmt.Errorf("client: %q is no form: %q are", c.Form, Forms())
	case c.Form != MBank && c.BankSeal == nil && c.BankSealThumbprint == "" && !c.TakeUnproven:
		return errors.New("client: PolishAPI signs its answers: the bank's certificate or its thumbprint is needed, or the word that they are taken unproven")
	}
	if c.Version == "" {
		c.Version = paths[c.Form]
	}
	if c.RegisterVersion == "" && c.Form == PolishAPI30 {
		c.RegisterVersion = c.Version
	} else if c.RegisterVersion == "" {
		c.RegisterVersion = paths[PolishAPI30]
	}
	if c.Algorithm == "" {
		c.Algorithm = seal.RS256
	}
	if c.Tries <= 0 {
		c.Tries = 4
	}
	if c.Language == "" {
		c.Language = "en"
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	return nil
}

// As is the same client under a client id, after a registration.
func (c *Client) As(clientID string) *Client {
	other := *c
	other.cfg.ClientID = clientID
	return &other
}

// ClientID is the client's id, "" before it was registered.
func (c *Client) ClientID() string { return c.cfg.ClientID }

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
