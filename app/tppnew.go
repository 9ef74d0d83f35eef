package app

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/thirdparty"
	"okienko/client"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/sandbox"
)

// newTPP asks a sandbox for a third party: certificates, and a place in the
// supervisor's register.
type newTPP struct {
	Name         string   `json:"name"`
	Organisation string   `json:"organisation"` // "" makes one from the name
	Roles        []string `json:"roles"`
	RedirectURI  string   `json:"redirect_uri"`
	Bad          string   `json:"bad"`
}

// madeTPP is the answer. The keys are made for the asker and kept nowhere else.
type madeTPP struct {
	Folder            sandbox.TPPFolder `json:"folder"`
	QWAC, QWACKey     []byte
	QSealC, QSealCKey []byte
	CA, BankSeal      []byte
	Refusal           string `json:"refusal,omitempty"`
}

// tppDoor makes third parties for whoever may open a sandbox's admin socket.
type tppDoor struct {
	house *House
	world *sandboxWorld
	log   *slog.Logger
}

func (d *tppDoor) routes(mux *http.ServeMux) { mux.HandleFunc("POST /v1/tpp", d.serve) }

func (d *tppDoor) serve(w http.ResponseWriter, r *http.Request) {
	var req newTPP
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		http.Error(w, "this bank is of another version", http.StatusBadRequest)
		return
	}
	var answer madeTPP
	made, err := d.world.newTPP(r.Context(), d.house, req)
	var no *bank.Refusal
	switch {
	case errors.As(err, &no):
		answer.Refusal = no.Public
	case err != nil:
		d.log.ErrorContext(r.Context(), "a third party could not be made", "error", err)
		answer.Refusal = "The bank could not do this; its log says why."
	default:
		answer = madeTPP{Folder: *made, QWAC: made.QWAC, QWACKey: made.QWACKey, QSealC: made.QSealC, QSealCKey: made.QSealCKey, CA: made.CA, BankSeal: made.BankSeal}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		d.log.WarnContext(r.Context(), "admin answer not sent", "error", err)
	}
}

// newTPP makes a third party. One whose certificates are bad on purpose is
// registered by the bank's own hand, so that what refuses its calls is what is
// bad; a good one registers itself, as the law has it.
func (w *sandboxWorld) newTPP(ctx context.Context, h *House, req newTPP) (*sandbox.TPPFolder, error) {
	if req.Name == "" || len(req.Name) > 100 {
		return nil, bank.RefuseField("name", "A third party has a name of at most 100 bytes.")
	}
	if req.Organisation == "" {
		req.Organisation = organisationFor(req.Name)
	}
	org, err := thirdparty.ParseOrganisation(req.Organisation)
	if err != nil {
		return nil, err
	}
	if req.Bad != "" && !slices.Contains(trustservice.Bads(), trustservice.Bad(req.Bad)) {
		return nil, bank.RefuseField("bad", fmt.Sprintf("Certificates can be bad by being %v.", trustservice.Bads()))
	}
	var roles []thirdparty.Role
	for _, r := range req.Roles {
		if !slices.Contains(thirdparty.Roles, thirdparty.Role(r)) {
			return nil, bank.RefuseField("roles", fmt.Sprintf("%q is no role: %v are.", r, thirdparty.Roles))
		}
		roles = append(roles, thirdparty.Role(r))
	}
	if req.RedirectURI == "" {
		req.RedirectURI = h.sandbox.url + sandbox.TPPCallback
	}
	t := &sandbox.TPPFolder{
		URL: h.psd2.url, Bank: h.settings.PSD2.BankIDs[0], Sandbox: h.sandbox.url, Organisation: string(org), Name: req.Name,
		Roles: req.Roles, RedirectURI: req.RedirectURI, CA: w.trust.CAPEM, BankSeal: w.bankSeal,
	}
	if err := t.Issue(w.qualified, trustservice.Bad(req.Bad)); err != nil {
		return nil, err
	}
	if err := w.listed(ctx, h, thirdparty.Entry{Organisation: org, Name: req.Name, Country: org.Country(), Roles: roles}); err != nil {
		return nil, err
	}
	if req.Bad == "" {
		return t, nil
	}
	known, err := w.registered(ctx, h, org, t)
	t.ClientID = string(known.ID)
	return t, err
}

// organisationFor is an identifier that follows from a name: the same third party
// asked for again is the same organisation.
func organisationFor(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("PSDPL-PFSA-%010d", binary.BigEndian.Uint64(sum[:8])%10_000_000_000)
}

// listed puts an organisation into the supervisor's register, beside the others.
func (w *sandboxWorld) listed(ctx context.Context, h *House, e thirdparty.Entry) error {
	list, err := h.store.Entries(ctx)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(old thirdparty.Entry) bool { return old.Organisation == e.Organisation })
	now := h.settings.Clock.Now()
	return h.store.ImportEntries(ctx, append(list, e), now, audit.Record{
		At: now, Actor: worldActor, Act: "register.import", Subject: "register:third-parties", After: string(e.Organisation), Why: "a third party was made",
	})
}

// registered makes the client of a third party by the bank's own hand.
func (w *sandboxWorld) registered(ctx context.Context, h *House, org thirdparty.Organisation, t *sandbox.TPPFolder) (thirdparty.Client, error) {
	block, _ := pem.Decode(t.QSealC)
	if block == nil {
		return thirdparty.Client{}, errors.New("the QSealC is no PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return thirdparty.Client{}, err
	}
	now := h.settings.Clock.Now()
	return h.store.ChangeClient(ctx, org, func(old *thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		c := thirdparty.Client{ID: thirdparty.ClientID(client.NewID()), Organisation: org, Name: t.Name, Status: thirdparty.Active, StatusBy: worldActor.String(), Since: now}
		if old != nil {
			c = *old
		}
		if !slices.Contains(c.RedirectURIs, t.RedirectURI) {
			c.RedirectURIs = append(slices.Clone(c.RedirectURIs), t.RedirectURI)
		}
		if thumb := eidas.Thumbprint(cert); c.Key(thumb) == nil {
			c.Keys = append(slices.Clone(c.Keys), thirdparty.Key{Thumbprint: thumb, Certificate: cert.Raw, URL: t.SealURL, AddedAt: now})
		}
		c.Lenience = thirdparty.Lenient() // as every client of a sandbox (psd2 §0.1)
		return c, []audit.Record{{At: now, Actor: worldActor, Act: "third_party.registered", Subject: "third_party:" + string(org), After: string(c.ID)}}, nil
	})
}

// NewThirdParty makes a third party of the sandbox with some roles, and what is
// bad about its certificates, if anything. A good one still has to register.
func (i *Inside) NewThirdParty(ctx context.Context, name string, roles []string, bad string) (*sandbox.TPPFolder, error) {
	return i.world.newTPP(ctx, i.house, newTPP{Name: name, Roles: roles, Bad: bad})
}
