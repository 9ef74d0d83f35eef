package sandbox

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/trustservice"
)

// ReadyTPPConfig says where the ready third party lives and whom it calls.
type ReadyTPPConfig struct {
	Folder string // of its own, under the data folder
	Seed   uint64 // of the world; its client id follows from it
	Trust  *trustservice.Service
	Clock  bank.Clock // bank clock
	URL    string     // of the PSD2 listener
	Bank   string     // bankId in the paths
	Doors  string     // base URL of the sandbox's own doors
	CA     []byte     // who vouches for the bank's server
	// BankSeal is the certificate with which the bank signs its answers; PEM.
	BankSeal []byte
}

// ReadyTPP is the third party that is registered from the start, with every role.
type ReadyTPP struct {
	TPPFolder
	key thirdparty.Key
}

// OpenReadyTPP finds the ready third party in its folder, or makes it there: at
// the first start, when the trust service is another one, and when the bank clock
// has outrun its certificates. Addresses are written anew when they have moved.
func OpenReadyTPP(cfg ReadyTPPConfig) (*ReadyTPP, error) {
	t := &ReadyTPP{TPPFolder: TPPFolder{
		URL: cfg.URL, Bank: cfg.Bank, Sandbox: cfg.Doors, RedirectURI: cfg.Doors + TPPCallback, CA: cfg.CA, BankSeal: cfg.BankSeal,
		Organisation: string(readyTPP), Name: readyTPPName, ClientID: readyClientID(cfg.Seed),
		Roles: []string{string(thirdparty.AccountInformation), string(thirdparty.PaymentInitiation), string(thirdparty.CardIssuing)},
	}}
	kept, err := t.load(cfg.Folder, cfg.Trust.Issuer(), cfg.Clock.Now())
	if err != nil {
		return nil, err
	}
	if !kept {
		if err := t.Issue(cfg.Trust, trustservice.Good); err != nil {
			return nil, err
		}
	}
	seal, err := leafOf(t.QSealC)
	if err != nil {
		return nil, fmt.Errorf("sandbox: seal of %s: %w", t.Name, err)
	}
	t.key = thirdparty.Key{Thumbprint: eidas.Thumbprint(seal), Certificate: seal.Raw, URL: t.SealURL}
	if kept && t.written(cfg.Folder) {
		return t, nil
	}
	if err := t.Save(cfg.Folder); err != nil {
		return nil, err
	}
	return t, nil
}

// load reads certificates and keys that still serve; ok is false when they are to
// be made anew. Nobody else relies on them.
func (t *ReadyTPP) load(folder string, issuer *x509.Certificate, now time.Time) (ok bool, err error) {
	for _, f := range []struct {
		name string
		into *[]byte
	}{{"qwac.pem", &t.QWAC}, {"qwac-key.pem", &t.QWACKey}, {"qsealc.pem", &t.QSealC}, {"qsealc-key.pem", &t.QSealCKey}} {
		*f.into, err = os.ReadFile(filepath.Join(folder, f.name))
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("sandbox: %w", err)
		}
	}
	var had TPPFolder
	if _, err := LoadJSON(filepath.Join(folder, TPPFile), &had); err != nil {
		return false, err
	}
	t.SealURL = had.SealURL
	return t.SealURL != "" && serves(t.QWAC, issuer, now) && serves(t.QSealC, issuer, now), nil
}

// serves tells whether a certificate is one of the issuer's that has not run out.
func serves(text []byte, issuer *x509.Certificate, now time.Time) bool {
	leaf, err := leafOf(text)
	return err == nil && leaf.CheckSignatureFrom(issuer) == nil && !now.After(leaf.NotAfter)
}

// written tells whether the folder says already what it is to say.
func (t *ReadyTPP) written(folder string) bool {
	var had TPPFolder
	for name, is := range map[string][]byte{"bank-ca.pem": t.CA, sealFile: t.BankSeal} {
		if text, err := os.ReadFile(filepath.Join(folder, name)); err != nil || !bytes.Equal(text, is) {
			return false
		}
	}
	ok, err := LoadJSON(filepath.Join(folder, TPPFile), &had)
	return ok && err == nil && had.URL == t.URL && had.Bank == t.Bank && had.Sandbox == t.Sandbox && had.RedirectURI == t.RedirectURI && had.ClientID == t.ClientID
}

func leafOf(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("not PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// readyClientID is a UUID that documents may name: the same for the same seed.
func readyClientID(seed uint64) string {
	b := derived(seed, "client id", string(readyTPP), 0)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4, RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// Register makes the client of the ready third party, or adds what it lacks: a
// key that was made anew, a way back on another port.
func (t *ReadyTPP) Register(ctx context.Context, register thirdparty.Register, at time.Time) error {
	old, err := register.ClientOf(ctx, readyTPP)
	if err == nil && old.Redirects(t.RedirectURI) && old.Key(t.key.Thumbprint) != nil {
		return nil
	}
	if err != nil && bank.CodeOf(err) != bank.NotFound {
		return fmt.Errorf("sandbox: client of %s: %w", t.Name, err)
	}
	by := audit.Actor{Kind: audit.Bank, ID: "sandbox"}
	_, err = register.ChangeClient(ctx, readyTPP, func(old *thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		c := thirdparty.Client{
			ID: thirdparty.ClientID(t.ClientID), Organisation: readyTPP, Name: t.Name, Email: "api@okno-na-finanse.example",
			Status: thirdparty.Active, StatusBy: by.String(), StatusWhy: "made with the world", Since: at,
			Lenience: thirdparty.Lenient(), // as every client of a sandbox (psd2 §0.1)
		}
		if old != nil {
			c = *old
		}
		if !c.Redirects(t.RedirectURI) {
			c.RedirectURIs = append(slices.Clone(c.RedirectURIs), t.RedirectURI)
		}
		if c.Key(t.key.Thumbprint) == nil {
			key := t.key
			key.AddedAt = at
			c.Keys = append(slices.Clone(c.Keys), key)
		}
		return c, []audit.Record{{At: at, Actor: by, Act: "third_party.registered", Subject: "third_party:" + string(readyTPP), After: string(c.ID)}}, nil
	})
	if err != nil {
		return fmt.Errorf("sandbox: client of %s: %w", t.Name, err)
	}
	return nil
}
