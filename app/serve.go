package app

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"okienko/bank/partner"
	"okienko/clock"
	"okienko/edge"
	"okienko/notify"
	"okienko/sandbox"
)

// ServeCmd is `okienko serve`: a bank for real customers.
type ServeCmd struct {
	Config string `help:"Configuration file; deploy/okienko.toml shows every key." required:"" type:"existingfile"`
	Check  bool   `help:"Read and check the configuration, and start nothing."`
}

// Run serves until the program is told to stop.
func (s *ServeCmd) Run(p *program) error {
	cfg, err := ReadConfig(s.Config)
	if err != nil {
		return err
	}
	settings := serveSettings(cfg)
	settings.Version = p.version
	settings.Log = newLog(p, cfg.Log.Level)
	if err := secure(cfg, &settings); err != nil {
		return fmt.Errorf("configuration %s: %w", s.Config, err)
	}
	if s.Check {
		_, err := fmt.Fprintln(p.out, "The configuration is good.")
		return err
	}
	h, err := Open(p.ctx, settings)
	if err != nil {
		return err
	}
	settings.Log.Info("bank open", "version", p.version, "people", h.people.url, "partner", h.partner.url)
	h.Wait(p.ctx)
	settings.Log.Info("bank closing")
	return h.Close()
}

// newLog is the program's structured log, on standard error. What looks like a
// secret or a personal number is masked in it.
func newLog(p *program, level string) *slog.Logger {
	var l slog.Level
	if level != "" {
		if err := l.UnmarshalText([]byte(level)); err != nil {
			l = slog.LevelInfo
		}
	}
	return slog.New(edge.Redact(slog.NewJSONHandler(p.errs, &slog.HandlerOptions{Level: l})))
}

// serveSettings are the settings that a configuration file asks for, without
// the secrets that secure reads.
func serveSettings(c *Config) Settings {
	s := Settings{
		Environment: partner.Production, BankName: c.Bank.Name, Node: c.Bank.Node,
		StorePath: c.Bank.Data, StoreConnections: c.Bank.DatabaseConnections,
		Hotline: c.Bank.Hotline, Clock: clock.NewBank(), AdminSocket: c.Admin.Socket, Metrics: c.Admin.Metrics, Health: c.Admin.Health, Staff: staffOf(c.Staff),
		Log: slog.New(slog.DiscardHandler),
	}
	s.Desk.Queue, s.Desk.Batch = c.Desk.Queue, c.Desk.Batch
	s.Key, _ = readKey(c.Bank.KeyFile)
	s.StoreDSN, _ = c.storeDSN()
	return s
}

// secure reads certificates and secrets, and refuses those that no bank may
// start with.
func secure(c *Config, s *Settings) error {
	var errs []error
	var err error
	if s.Key, err = readKey(c.Bank.KeyFile); err != nil {
		errs = append(errs, fmt.Errorf("bank.key_file: %w", err))
	}
	if s.StoreDSN, err = c.storeDSN(); err != nil {
		errs = append(errs, fmt.Errorf("bank.database_password_file: %w", err))
	}
	if s.People, err = c.People.address(s.Clock.Now()); err != nil {
		errs = append(errs, fmt.Errorf("people: %w", err))
	}
	if s.Partner, err = c.Partner.address(s.Clock.Now()); err != nil {
		errs = append(errs, fmt.Errorf("partner: %w", err))
	}
	if c.PSD2.served() {
		if s.PSD2, err = c.PSD2.settings(c.Bank.Name, s.Clock); err != nil {
			errs = append(errs, fmt.Errorf("psd2: %w", err))
		}
	}
	secret, err := os.ReadFile(c.SMS.SecretFile)
	if text := strings.TrimSpace(string(secret)); err != nil || len(text) < 16 {
		errs = append(errs, errors.Join(errors.New("sms.secret_file must hold a secret of at least 16 characters"), err))
	} else if s.Gateway, err = notify.NewHTTPGateway(notify.HTTPConfig{URL: c.SMS.URL, Secret: text, Timeout: time.Duration(c.SMS.Timeout)}); err != nil {
		errs = append(errs, fmt.Errorf("sms: %w", err))
	}
	return errors.Join(errs...)
}

// readKey reads the key that seals personal numbers.
func readKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, errors.New("the key is not 32 bytes in base64")
	}
	return key, nil
}

// address loads the certificate of a listener. It must be of now, for the host
// of the URL, and of no sandbox.
func (l *ListenerConfig) address(now time.Time) (Address, error) {
	cert, err := tls.LoadX509KeyPair(l.Certificate, l.Key)
	if err != nil {
		return Address{}, err
	}
	leaf := cert.Leaf
	if leaf == nil {
		if leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
			return Address{}, err
		}
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		return Address{}, err
	}
	switch {
	case sandbox.IsSandboxCA(leaf):
		return Address{}, errors.New("the certificate was made by a sandbox")
	case now.Before(leaf.NotBefore) || now.After(leaf.NotAfter):
		return Address{}, fmt.Errorf("the certificate is valid from %s to %s only", leaf.NotBefore.Format(time.DateOnly), leaf.NotAfter.Format(time.DateOnly))
	}
	if err := leaf.VerifyHostname(u.Hostname()); err != nil {
		return Address{}, err
	}
	proxies, err := l.proxies()
	return Address{Listen: l.Listen, URL: l.URL, TLS: serverTLS(cert), Proxies: proxies}, err
}
