package sandbox

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/trustservice"
)

// BankOrganisation is the made-up bank among payment service providers.
const BankOrganisation = "PSDPL-PFSA-9990000900"

// BankSeal is the QSealC with which the made-up bank signs its answers.
type BankSeal struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	PEM         []byte // of the certificate
	URL         string // where the trust service publishes it
}

// OpenBankSeal finds the bank's seal in a folder, or has it issued: at the first
// start, when the trust service is another one, and when the bank clock has outrun
// it. Without a folder it is kept nowhere.
func OpenBankSeal(folder, name string, trust *trustservice.Service, now time.Time) (*BankSeal, error) {
	s, err := loadBankSeal(folder)
	if err != nil {
		return nil, err
	}
	if s == nil || !serves(s.PEM, trust.Issuer(), now) {
		if s, err = issueBankSeal(folder, name, trust); err != nil {
			return nil, err
		}
	}
	s.URL = trust.AddressOf(s.Certificate)
	return s, nil
}

const (
	sealFile    = "bank-seal.pem"
	sealKeyFile = "bank-seal-key.pem"
)

// loadBankSeal reads what is kept, nil when nothing is.
func loadBankSeal(folder string) (*BankSeal, error) {
	if folder == "" {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(folder, sealFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	keyText, err2 := os.ReadFile(filepath.Join(folder, sealKeyFile))
	if errors.Is(err2, fs.ErrNotExist) {
		return nil, nil
	}
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("sandbox: the bank's seal: %w", err)
	}
	cert, err := leafOf(text)
	if err != nil {
		return nil, fmt.Errorf("sandbox: the bank's seal: %w", err)
	}
	block, _ := pem.Decode(keyText)
	if block == nil {
		return nil, errors.New("sandbox: the key of the bank's seal is no PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, errors.Join(errors.New("sandbox: the key of the bank's seal cannot be read"), err)
	}
	if own, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(cert.PublicKey) {
		return nil, nil // a stop between the two files: another is issued
	}
	return &BankSeal{Key: signer, Certificate: cert, PEM: text}, nil
}

func issueBankSeal(folder, name string, trust *trustservice.Service) (*BankSeal, error) {
	issued, err := trust.Issue(trustservice.Request{
		Organisation: BankOrganisation, Name: name, Roles: eidas.Roles{eidas.Role(thirdparty.AccountServicing)}, Type: eidas.QSealC,
	})
	if err != nil {
		return nil, fmt.Errorf("sandbox: the bank's seal: %w", err)
	}
	s := &BankSeal{Key: issued.Key, Certificate: issued.Certificate, PEM: issued.CertificatePEM()}
	if folder == "" {
		return s, nil
	}
	key, err := issued.KeyPEM()
	if err != nil {
		return nil, fmt.Errorf("sandbox: the bank's seal: %w", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	for name, text := range map[string][]byte{sealKeyFile: key, sealFile: s.PEM} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	return s, nil
}
