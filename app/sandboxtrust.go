package app

import (
	"context"
	"crypto/x509"
	"path/filepath"
	"time"

	"okienko/authserver"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/psd2"
	"okienko/psd2/polishapi"
	"okienko/rails"
	"okienko/sandbox"
)

// thirdParties are the settings of the interface for licensed third parties in
// the made-up world.
func (w *sandboxWorld) thirdParties(s *Settings, listen Address) *PSD2Settings {
	rules := psd2.Rules{LoopbackRedirects: true, NewClients: thirdparty.Lenient()} // psd2 §0.1
	if w.options.PairAll {                                                         // a load test comes from one third party
		rules.Calls = edge.Rate{Burst: 1 << 30, Every: time.Nanosecond}
	}
	return &PSD2Settings{
		Address: listen, BankIDs: []string{"bank-simulator-pl-retail", "bank-simulator-pl-corpo"},
		Bank:    psd2.Bank{BIC: "OKNOPLP1", Name: s.BankName, Address: "ul. Zmyślona 1, 00-950 Warszawa"},
		Rules:   rules,
		Network: rails.NewSimulator(s.Clock), Consents: authserver.ConsentRules{BankCodes: []string{sandbox.BankCode}},
		CallbackRoots: callbackRoots(w.trust.CAPEM),
		Trust:         func() (psd2.Certificates, psd2.Fetcher) { return w.checker, w.qualified },
		Places:        polishapi.UsualPlaces(), Seal: func() (*Seal, error) { return w.sealed, nil },
	}
}

// openTrustService opens the test trust service, whose certificates name the
// sandbox's doors, and what judges them.
func (w *sandboxWorld) openTrustService(doors string) error {
	var revocation *eidas.Revocation
	folder := filepath.Join(w.folder, trustName)
	if w.options.Ephemeral {
		folder = ""
	}
	var err error
	w.qualified, err = trustservice.Open(trustservice.Settings{
		Folder: folder, Clock: w.clock, BaseURL: doors + sandbox.TrustPath,
		Changed: func() { revocation.Forget() },
	})
	if err != nil {
		return err
	}
	if revocation, err = eidas.NewRevocation(eidas.RevocationSettings{Fetcher: w.qualified, Wall: w.wall, Mode: eidas.Hard}); err != nil {
		return err
	}
	w.checker, err = eidas.NewChecker(eidas.Settings{
		Environment: eidas.Test, Issuers: w.qualified.Issuers(), Clock: w.clock, Revocation: revocation,
	})
	if err != nil {
		return err
	}
	return w.openSeal(folder)
}

// openSeal opens the bank's own seal, which lies beside the trust service.
func (w *sandboxWorld) openSeal(folder string) error {
	own, err := sandbox.OpenBankSeal(folder, sandboxBank, w.qualified, w.clock.Now())
	if err != nil {
		return err
	}
	w.bankSeal = own.PEM
	w.sealed, err = newSeal(own.Key, []*x509.Certificate{own.Certificate, w.qualified.Issuer()}, own.URL)
	return err
}

// openTPP opens the ready third party and registers it.
func (w *sandboxWorld) openTPP(ctx context.Context, h *House) error {
	if w.options.NoTPP {
		return nil
	}
	t, err := sandbox.OpenReadyTPP(sandbox.ReadyTPPConfig{
		Folder: filepath.Join(w.folder, tppFolder), Seed: w.seed, Trust: w.qualified, Clock: w.clock,
		URL: h.psd2.url, Bank: h.settings.PSD2.BankIDs[0], Doors: h.sandbox.url, CA: w.trust.CAPEM, BankSeal: w.bankSeal,
	})
	if err != nil {
		return err
	}
	w.tpp = filepath.Join(w.folder, tppFolder)
	return t.Register(ctx, h.store, w.clock.Now())
}
