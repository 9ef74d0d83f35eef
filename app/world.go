package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/clock"
	"okienko/edge"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/partnerapi"
	"okienko/sandbox"
	"okienko/web/phone"
)

// sandboxWorld is the made-up world around a bank.
type sandboxWorld struct {
	options SandboxOptions
	folder  string
	remove  bool // the folder goes with the bank
	at      Address
	clock   *clock.Bank
	wall    clock.Wall
	trust   *sandbox.Trust
	// The test trust service, and what judges its certificates.
	qualified *trustservice.Service
	sealed    *Seal  // the bank's own
	bankSeal  []byte // its certificate, PEM
	checker   *eidas.Checker
	seed      uint64 // of the world
	tpp       string // folder of the ready third party, "" where there is none
	log       *slog.Logger

	owners  []sandbox.Owner
	secrets []sandbox.Secret
	native  []consent.ClientID
	cast    []sandbox.Character
	phone   *sandbox.Phone
	paired  ReadyClient
	// everybody are the pairings of SandboxOptions.PairAll.
	everybody []ReadyClient
}

func (w *sandboxWorld) address() Address { return w.at }

var worldActor = audit.Actor{Kind: audit.Bank, ID: "sandbox"}

// settle takes the made-up people in at the first start, and finds their phones
// again at every other one.
func (w *sandboxWorld) settle(ctx context.Context, c *core, doors string) error {
	birth, born, err := w.birth()
	if err != nil {
		return err
	}
	seed := w.options.Seed
	if seed == 0 {
		seed = sandbox.DefaultSeed
	}
	now := w.clock.Now()
	cfg := sandbox.Config{Seed: seed, Now: now, Doors: doors}
	switch {
	case born && w.options.Seed != 0 && birth.Seed != seed:
		return fmt.Errorf("the folder %s holds the world of seed %d; another seed needs another folder", w.folder, birth.Seed)
	case born:
		cfg.Seed, cfg.Now = birth.Seed, birth.Day.Start()
	}
	if born || w.options.NoHistory {
		cfg.Entries = sandbox.OnlyOpening
	}
	if !born {
		if cfg.PasswordHash, err = authserver.HashPassword(sandbox.Password, rand.Reader); err != nil {
			return err
		}
	}
	world, err := sandbox.NewWorld(cfg)
	if err != nil {
		return err
	}
	w.owners, w.secrets, w.cast, w.seed = world.Owners, world.Secrets, world.Cast, cfg.Seed
	if err := w.openTrustService(doors); err != nil {
		return err
	}
	for i := range world.Applications {
		if world.Applications[i].Native {
			w.native = append(w.native, world.Applications[i].ID)
		}
	}
	if !born {
		if err := world.Supervise(ctx, c.store, now); err != nil {
			return err
		}
		if err := world.MoveIn(ctx, c.store, c.store, authserver.HashSecret, now); err != nil {
			return err
		}
		if err := w.keepBirth(cfg.Seed, now); err != nil {
			return err
		}
	} else if err := w.moveDoors(ctx, c, world, now); err != nil {
		return err
	}
	return w.openPhone(c)
}

// moveDoors registers the return addresses anew when the sandbox's doors stand
// on another port than at the last start.
func (w *sandboxWorld) moveDoors(ctx context.Context, c *core, world *sandbox.World, now time.Time) error {
	for _, fresh := range world.Applications {
		a, err := c.store.Application(ctx, fresh.ID)
		if err != nil {
			return fmt.Errorf("the world of the folder %s is not in this data: %w", w.folder, err)
		}
		if slices.Equal(a.RedirectURIs, fresh.RedirectURIs) && slices.Equal(a.CallbackURIs, fresh.CallbackURIs) {
			continue
		}
		a.RedirectURIs, a.CallbackURIs = fresh.RedirectURIs, fresh.CallbackURIs
		r := audit.Record{At: now, Actor: worldActor, Act: "application.put", Subject: "application:" + string(a.ID), Why: "the sandbox's doors have moved"}
		if err := c.store.PutApplication(ctx, a, r); err != nil {
			return err
		}
	}
	return nil
}

func (w *sandboxWorld) openPhone(c *core) (err error) {
	inbox := filepath.Join(w.folder, sandbox.InboxFile)
	if w.options.Ephemeral {
		inbox = ""
	}
	w.phone, err = sandbox.NewPhone(sandbox.PhoneConfig{
		Owners: w.owners, App: c.auth, ApprovalText: authserver.SignedText, RejectionText: authserver.RejectionText,
		Confirmed: c.confirmed, Refused: c.refused, NewCode: c.externalCode, People: c.store, Inbox: inbox,
	})
	c.settings.Gateway = w.phone
	return err
}

// doors are the phone, the bank clock, and the page that stands in the place of
// a partner's server.
func (w *sandboxWorld) doors(h *House) ([]edge.Door, error) {
	clockDoor := sandbox.NewClock(sandbox.ClockConfig{
		Clock: w.clock, Speed: func() int { return w.clock.State().Speed }, Keep: w.keepClock, MaxSpeed: clock.MaxSpeed,
	})
	callback, err := sandbox.NewCallback(sandbox.CallbackConfig{
		Secrets: w.secrets, Native: w.native, PartnerAPI: h.partner.url + partnerapi.BasePath,
		Doors: h.sandbox.url, CAFile: filepath.Join(w.folder, sandbox.CAFile),
	})
	if err != nil {
		return nil, err
	}
	door, err := phone.New(phone.Config{
		Pages: h.pages, Phones: w.phone, Clock: clockDoor,
		Operations: h.store, Applications: h.store, Agreements: h.store, Requests: h.store,
	})
	if err != nil {
		return nil, err
	}
	inside, err := h.Inside()
	if err != nil {
		return nil, err
	}
	customers := sandbox.NewCustomers(sandbox.CustomersConfig{
		Phone: w.phone, Desk: consentDesk{inside}, Parties: h.store, Accounts: h.store, Consents: h.store, Limits: h.store, Clock: w.clock,
	})
	return []edge.Door{callbackDoor{callback}, plainDoor{sandbox.NewTrustDoor(w.qualified)}, plainDoor{customers}, door}, nil
}

// callbackDoor is the page in the place of a partner's server as a door.
type callbackDoor struct{ *sandbox.Callback }

func (callbackDoor) Name() string { return "callback" }

// plainDoor answers errors of the edge in a few words.
type plainDoor struct{ routed }

type routed interface {
	Name() string
	Routes(mux *http.ServeMux)
}

// WriteError answers where the edge answers in the door's place.
func (plainDoor) WriteError(w http.ResponseWriter, _ *http.Request, status int) {
	http.Error(w, http.StatusText(status), status)
}

// keepClock remembers the bank clock for the next start: time must not go back
// for money that has moved.
func (w *sandboxWorld) keepClock() error {
	if w.options.Ephemeral {
		return nil
	}
	return sandbox.SaveJSON(filepath.Join(w.folder, sandbox.ClockFile), w.clock.State())
}

func (w *sandboxWorld) closing() {
	if w.phone != nil {
		w.phone.Hush()
	}
}

func (w *sandboxWorld) close() error {
	var errs []error
	if w.phone != nil {
		errs = append(errs, w.phone.Close())
	}
	if w.remove {
		errs = append(errs, os.RemoveAll(w.folder))
	}
	return errors.Join(errs...)
}
