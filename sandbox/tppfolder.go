package sandbox

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

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
	Bad          string   `json:"bad,omitempty"` // what is wrong with its certificates on purpose

	QWAC, QSealC *trustservice.Issued `json:"-"`
	CAPEM        []byte               `json:"-"` // who vouches for the bank's server
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
	for _, c := range []struct {
		name   string
		issued *trustservice.Issued
	}{{"qwac", t.QWAC}, {"qsealc", t.QSealC}} {
		if c.issued == nil {
			continue
		}
		key, err := c.issued.KeyPEM()
		if err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, c.name+".pem"), c.issued.CertificatePEM(), 0o600); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, c.name+"-key.pem"), key, 0o600); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "bank-ca.pem"), t.CAPEM, 0o600); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "README.md"), text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return SaveJSON(filepath.Join(folder, TPPFile), t)
}
