package sandbox

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"okienko/eidas"
	"okienko/eidas/trustservice"
)

// TPPFile describes a third party in its folder, for programs; what stands in it
// package client reads.
const TPPFile = "tpp.json"

// TPPFolder is all that a third party of the made-up world needs to call the
// bank.
type TPPFolder struct {
	URL          string   `json:"url"`     // of the PSD2 listener
	Bank         string   `json:"bank"`    // bankId in the paths
	Sandbox      string   `json:"sandbox"` // of the sandbox's own doors
	Organisation string   `json:"organisation"`
	Name         string   `json:"name"`
	Roles        []string `json:"roles"`
	ClientID     string   `json:"client_id"`
	RedirectURI  string   `json:"redirect_uri"`
	SealURL      string   `json:"x5u"`
	Bad          string   `json:"bad,omitempty"`  // what is wrong with its certificates on purpose
	Form         string   `json:"form,omitempty"` // in which it speaks; mBank's when ""

	QWAC, QWACKey     []byte `json:"-"` // PEM
	QSealC, QSealCKey []byte `json:"-"`
	CA                []byte `json:"-"` // who vouches for the bank's server
	BankSeal          []byte `json:"-"` // with which the bank signs answers; nil where it signs none
}

// Issue has a trust service make both certificates of the third party; bad names
// what is to be wrong with them, "" for nothing.
func (t *TPPFolder) Issue(s *trustservice.Service, bad trustservice.Bad) error {
	roles := make(eidas.Roles, 0, len(t.Roles))
	for _, r := range t.Roles {
		roles = append(roles, eidas.Role(r))
	}
	for _, c := range []struct {
		of        eidas.Type
		cert, key *[]byte
	}{{eidas.QWAC, &t.QWAC, &t.QWACKey}, {eidas.QSealC, &t.QSealC, &t.QSealCKey}} {
		issued, err := s.Issue(trustservice.Request{
			Organisation: eidas.Organisation(t.Organisation), Name: t.Name, Roles: roles, Type: c.of, Bad: bad,
		})
		if err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		if *c.key, err = issued.KeyPEM(); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		*c.cert = issued.CertificatePEM()
		if c.of == eidas.QSealC {
			t.SealURL = issued.X5U
		}
	}
	t.Bad = string(bad)
	return nil
}

//go:embed tppreadme.md
var tppReadme string

// Save writes the folder: keys for the owner alone, and a README with the first
// commands. Saving again replaces.
func (t *TPPFolder) Save(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	readme, err := template.New("readme").Parse(tppReadme)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	var text bytes.Buffer
	if err := readme.Execute(&text, struct {
		*TPPFolder
		Folder string
	}{t, folder}); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	files := []struct {
		name    string
		content []byte
	}{
		{"qwac.pem", t.QWAC}, {"qwac-key.pem", t.QWACKey}, {"qsealc.pem", t.QSealC}, {"qsealc-key.pem", t.QSealCKey},
		{"bank-ca.pem", t.CA}, {"bank-seal.pem", t.BankSeal}, {"README.md", text.Bytes()},
	}
	for _, f := range files {
		if f.content == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, f.name), f.content, 0o600); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
	}
	return SaveJSON(filepath.Join(folder, TPPFile), t)
}
