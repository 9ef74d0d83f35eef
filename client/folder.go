package client

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is a third party's folder as `okienko tpp new` writes it.
type Folder struct {
	Config
	Name        string
	Roles       []string
	RedirectURI string // where customers come back to
	Sandbox     string // address of the sandbox's own doors, where made-up customers answer
	Bad         string // what is wrong with its certificates on purpose, ""

	bankSeal *x509.Certificate
}

// Speak chooses another form than the folder's. The bank's certificate of the folder
// belongs to PolishAPI, where answers are always signed.
func (f *Folder) Speak(form Form) {
	f.Form, f.BankSeal = form, nil
	if form != MBank && form != "" {
		f.BankSeal = f.bankSeal
	}
}

// Open reads a folder: certificates, keys, addresses and ids.
func Open(path string) (Folder, error) {
	var f Folder
	text, err := os.ReadFile(filepath.Join(path, "tpp.json"))
	if err != nil {
		return f, fmt.Errorf("client: %w", err)
	}
	var j struct {
		URL          string   `json:"url"`
		Bank         string   `json:"bank"`
		Sandbox      string   `json:"sandbox"`
		Organisation string   `json:"organisation"`
		Name         string   `json:"name"`
		Roles        []string `json:"roles"`
		ClientID     string   `json:"client_id"`
		RedirectURI  string   `json:"redirect_uri"`
		SealURL      string   `json:"x5u"`
		Form         Form     `json:"form"`
		Bad          string   `json:"bad"`
	}
	if err := json.Unmarshal(text, &j); err != nil {
		return f, fmt.Errorf("client: tpp.json: %w", err)
	}
	f = Folder{
		Config: Config{URL: j.URL, Bank: j.Bank, Organisation: j.Organisation, ClientID: j.ClientID, SealURL: j.SealURL},
		Name:   j.Name, Roles: j.Roles, RedirectURI: j.RedirectURI, Sandbox: j.Sandbox, Bad: j.Bad,
	}
	if f.QWAC, err = tls.LoadX509KeyPair(filepath.Join(path, "qwac.pem"), filepath.Join(path, "qwac-key.pem")); err != nil {
		return f, fmt.Errorf("client: qwac: %w", err)
	}
	sealing, err := tls.LoadX509KeyPair(filepath.Join(path, "qsealc.pem"), filepath.Join(path, "qsealc-key.pem"))
	if err != nil {
		return f, fmt.Errorf("client: qsealc: %w", err)
	}
	var ok bool
	if f.Seal, ok = sealing.PrivateKey.(crypto.Signer); !ok {
		return f, errors.New("client: the key of the QSealC cannot sign")
	}
	if f.SealCertificate, err = x509.ParseCertificate(sealing.Certificate[0]); err != nil {
		return f, fmt.Errorf("client: qsealc: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(path, "bank-ca.pem"))
	if err != nil {
		return f, fmt.Errorf("client: %w", err)
	}
	if f.Roots = x509.NewCertPool(); !f.Roots.AppendCertsFromPEM(ca) {
		return f, errors.New("client: bank-ca.pem holds no certificate")
	}
	if f.bankSeal, err = bankSealIn(path); err != nil {
		return f, err
	}
	f.Speak(j.Form)
	return f, nil
}

// bankSealIn reads the certificate with which the bank signs its answers. A folder
// may have none.
func bankSealIn(path string) (*x509.Certificate, error) {
	text, err := os.ReadFile(filepath.Join(path, "bank-seal.pem"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("client: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("client: bank-seal.pem holds no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("client: bank-seal.pem: %w", err)
	}
	return cert, nil
}
