package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"maps"

	"okienko/api"
	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/partner"
	"okienko/bank/rail"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/mbank"
	"okienko/psd2/polishapi"
	"okienko/web/portal"
	"okienko/work"
)

// PSD2Settings are those of the interface for licensed third parties.
type PSD2Settings struct {
	Address
	BankIDs []string // first parts of the paths (psd2 §0.1)
	Bank    psd2.Bank
	Rules   psd2.Rules
	Papers  []thirdparty.PaperKind // without which no third party is admitted
	// Network is the way to payment systems; without one only payments inside the
	// bank are taken.
	Network  rail.Network
	Consents authserver.ConsentRules
	// Trust gives what judges certificates and what fetches them. It is asked once
	// the listeners stand: certificates of a sandbox name their addresses.
	Trust func() (psd2.Certificates, psd2.Fetcher)
	// Seal gives the bank's own QSealC, once the listeners stand; nil: the bank has
	// none, and serves no PolishAPI.
	Seal      func() (*Seal, error)
	SignMBank bool              // answers in mBank's form are signed too (psd2 §0.1)
	Places    []polishapi.Place // where PolishAPI is served; none: nowhere
	// CallbackForms make the callbacks of doors, by the word that the door hands to
	// authserver.CallbackTo. Without any, nobody is called.
	CallbackForms map[string]work.CallbackForm
	CallbackRoots *x509.CertPool // by which third parties' servers are trusted; nil: the system's
}

// Seal is the bank's own QSealC with what it signs by it.
type Seal struct {
	psd2.Seal
	Sign func(body []byte) (string, error)
}

// mutualTLS asks callers for a certificate and leaves judging it to the door: a
// caller without one gets an answer that says so, and one whose certificate the
// bank does not trust gets the bank's word and not that of a library.
func mutualTLS(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.ClientAuth = tls.RequestClientCert
	return c
}

// psd2Doors are the interface for licensed third parties in its forms, which
// share one core. mBank's comes last: it answers what is no path of either.
func (h *House) psd2Doors() ([]edge.Door, error) {
	s := h.settings.PSD2
	certificates, fetcher := s.Trust()
	core := psd2.New(psd2.Config{
		Certificates: certificates, Fetcher: fetcher, ThirdParties: h.store, Replays: h.store, Auth: h.auth, Book: h.store,
		Accounts: h.store, Parties: h.store, Reader: h.store, Transfers: h.store, Desk: h.desk,
		Clock: h.settings.Clock, Wall: h.wall, CursorKey: h.derived("psd2 cursors"), Poke: h.sendSoon, Rules: s.Rules,
	})
	seal := &Seal{}
	if s.Seal != nil {
		var err error
		if seal, err = s.Seal(); err != nil {
			return nil, err
		}
	}
	var doors []edge.Door
	sandbox := h.settings.Environment == partner.Test
	if len(s.Places) > 0 {
		doors = append(doors, polishapi.New(polishapi.Config{
			Core: core, Places: s.Places, PeopleURL: h.people.url, Bank: s.Bank, Sign: seal.Sign, Seal: seal.Seal,
			Specs:  map[polishapi.Version][]byte{polishapi.V211: api.PolishAPI211, polishapi.V212: api.PolishAPI212, polishapi.V300: api.PolishAPI300},
			Access: h.logThirdParty, Statistics: h.countCall, Sandbox: sandbox, HSTS: h.hsts(),
		}))
	}
	if len(s.BankIDs) > 0 {
		form := mbank.Config{
			Core: core, BankIDs: s.BankIDs, PeopleURL: h.people.url, Bank: s.Bank, Spec: api.PSD2MBank,
			Access: h.logThirdParty, Statistics: h.countCall, Sandbox: sandbox, HSTS: h.hsts(),
		}
		if s.SignMBank {
			form.Sign = seal.Sign
		}
		doors = append(doors, mbank.New(form))
	}
	return doors, nil
}

// callbackForms are the forms in which third parties are called back: those of
// the doors, and what the settings add.
func (p *PSD2Settings) callbackForms(wall bank.Clock) map[string]work.CallbackForm {
	forms := maps.Clone(p.CallbackForms)
	if len(p.Places) == 0 {
		return forms
	}
	if forms == nil {
		forms = map[string]work.CallbackForm{}
	}
	sign := func(body []byte) (string, error) { // the seal may not be there yet
		seal, err := p.Seal()
		if err != nil {
			return "", err
		}
		return seal.Sign(body)
	}
	for word, form := range polishapi.CallbackForms(sign, wall) {
		forms[word] = form
	}
	return forms
}

// derived is a key for one purpose, made from the bank's own: the same on every
// node, and useless for any other purpose.
func (c *core) derived(purpose string) []byte {
	mac := hmac.New(sha256.New, c.settings.Key)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// sendSoon wakes what carries payments to their systems.
func (h *House) sendSoon() {
	if h.sender != nil {
		h.sender.Poke()
	}
}

// countCall adds a third party's call to the statistics.
func (h *House) countCall(c psd2.Call) {
	h.recorder.Count(service.Dedicated, c.Service, c.Status >= 500, c.Took)
}

// logThirdParty hands a third party's call to the access log.
func (h *House) logThirdParty(_ context.Context, c psd2.Call) {
	h.store.LogAccess(audit.AccessRecord{
		At: c.At, Client: string(c.Organisation), Agreement: string(c.Consent), Act: c.Act, Subject: c.Subject, Outcome: outcome(c.Outcome, c.Status),
	})
}

// portalDoor is what anybody may read: the statistics of the interface.
func (h *House) portalDoor() (edge.Door, error) {
	return portal.New(portal.Config{
		Pages: h.pages, Service: h.store, Wall: h.wall, Sandbox: h.settings.Environment == partner.Test, HSTS: h.hsts(),
	})
}
