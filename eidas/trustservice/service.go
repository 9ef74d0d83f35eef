package trustservice

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"okienko/bank"
	"okienko/eidas"
)

// Settings of a Service.
type Settings struct {
	Folder  string     // keys, certificates and what was issued; "": in memory, gone with the process
	Clock   bank.Clock // the bank clock, which rules the validity of TPP certificates
	BaseURL string     // where the Service is mounted, for the addresses inside certificates; "": a name that leads nowhere
	Changed func()     // called after a revocation: eidas.Revocation.Forget, so that the next call sees it
}

// Service is the sandbox's trust service. One process owns its folder.
type Service struct {
	settings Settings
	places   places
	root     *authority
	qtsp     *authority

	mu     sync.Mutex
	issued map[string]*record // by serial number
	order  []string           // serial numbers as issued
	rogue  *authority         // of certificates with a wrong issuer; made when the first is asked for
}

// record is what the Service remembers of a certificate; it never has its key.
type record struct {
	Certificate []byte    `json:"certificate"`
	Type        string    `json:"type"`
	RevokedAt   time.Time `json:"revokedAt,omitzero"`

	parsed *x509.Certificate
}

const (
	rootFile   = "root"
	qtspFile   = "qtsp"
	issuedFile = "issued.json"
	noBase     = "http://trust.sandbox.invalid" // RFC 2606: never resolves; the sandbox answers in the process
)

// Open reads the trust service of a folder, or makes it there at first start.
func Open(s Settings) (*Service, error) {
	if s.Clock == nil {
		return nil, errors.New("trustservice: no clock")
	}
	service := &Service{settings: s, places: places(strings.TrimSuffix(s.BaseURL, "/")), issued: map[string]*record{}}
	if service.places == "" {
		service.places = noBase
	}
	if err := service.open(s.Clock.Now()); err != nil {
		return nil, fmt.Errorf("trustservice: %w", err)
	}
	return service, nil
}

func (s *Service) open(now time.Time) error {
	if s.settings.Folder != "" {
		if err := os.MkdirAll(s.settings.Folder, 0o700); err != nil {
			return err
		}
	}
	var err error
	if s.root, err = s.authority(rootFile, "okienko sandbox trust root", nil, now); err != nil {
		return err
	}
	if s.qtsp, err = s.authority(qtspFile, "okienko sandbox QTSP", s.root, now); err != nil {
		return err
	}
	return s.load()
}

func (s *Service) authority(file, name string, parent *authority, now time.Time) (*authority, error) {
	if s.settings.Folder == "" {
		return newAuthority(name, parent, s.places, now)
	}
	a, err := loadAuthority(s.settings.Folder, file)
	if !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	if a, err = newAuthority(name, parent, s.places, now); err != nil {
		return nil, err
	}
	if err := a.save(s.settings.Folder, file); err != nil {
		return nil, err
	}
	return a, nil
}

func (s *Service) load() error {
	if s.settings.Folder == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(s.settings.Folder, issuedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var records []*record
	if err := json.Unmarshal(text, &records); err != nil {
		return fmt.Errorf("%s: %w", issuedFile, err)
	}
	for _, r := range records {
		if r.parsed, err = x509.ParseCertificate(r.Certificate); err != nil {
			return fmt.Errorf("%s: %w", issuedFile, err)
		}
		s.keep(r)
	}
	return nil
}

func (s *Service) keep(r *record) {
	serial := r.parsed.SerialNumber.String()
	s.issued[serial] = r
	s.order = append(s.order, serial)
}

// save is called with the lock held and before anybody is told: a certificate in the world that the service forgot could
// not be revoked.
func (s *Service) save() error {
	if s.settings.Folder == "" {
		return nil
	}
	records := make([]*record, len(s.order))
	for i, serial := range s.order {
		records[i] = s.issued[serial]
	}
	text, err := json.MarshalIndent(records, "", " ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(s.settings.Folder, issuedFile), append(text, '\n'))
}

// Issuers are what the sandbox's bank trusts: the issuing authority itself, as trusted lists name it, so that a TPP need
// not send it along.
func (s *Service) Issuers() []eidas.Issuer {
	return []eidas.Issuer{{Certificate: s.qtsp.certificate, Environment: eidas.Test}}
}

// Root is the root, which only proves who made the issuing authority.
func (s *Service) Root() *x509.Certificate { return s.root.certificate }

// Issuer is the issuing authority.
func (s *Service) Issuer() *x509.Certificate { return s.qtsp.certificate }

// AddressOf is where the service publishes a certificate.
func (s *Service) AddressOf(c *x509.Certificate) string { return s.places.x5u(c) }

// Revoke withdraws a certificate from now on; a second time is harmless.
func (s *Service) Revoke(c *x509.Certificate) error {
	if err := s.revoke(c.SerialNumber.String()); err != nil {
		return fmt.Errorf("trustservice: %w", err)
	}
	if s.settings.Changed != nil {
		s.settings.Changed()
	}
	return nil
}

func (s *Service) revoke(serial string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.issued[serial]
	if !ok {
		return errors.New("the certificate is not of this service")
	}
	if !r.RevokedAt.IsZero() {
		return nil
	}
	r.RevokedAt = s.settings.Clock.Now()
	if err := s.save(); err != nil {
		r.RevokedAt = time.Time{}
		return err
	}
	return nil
}
