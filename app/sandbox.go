package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"okienko/bank/partner"
	"okienko/clock"
	"okienko/sandbox"
)

// The files of a sandbox's data folder that belong to the bank itself.
const (
	storeName  = "bank.db"
	keyName    = "bank.key"
	socketName = "admin.sock"
	tppFolder  = "tpp"   // of the ready third party
	trustName  = "trust" // of the test trust service

	sandboxBank = "Bank Okienko" // the made-up bank's name
)

// SandboxCmd is `okienko sandbox`: the production program in a made-up world.
type SandboxCmd struct {
	Data      string `help:"Data folder; by default one under the user's cache folder." type:"path"`
	Ephemeral bool   `help:"Keep nothing."`
	Database  string `help:"Address of a PostgreSQL database to keep the ledger in, postgres://…; the rest stays in the data folder." placeholder:"DSN"`
	Seed      uint64 `help:"Makes other people; 0 takes the usual ones."`
	NoHistory bool   `help:"Opening balances only: starts faster."`
	People    string `help:"Address of the customers' pages." default:"127.0.0.1:8443" placeholder:"HOST:PORT"`
	Partner   string `help:"Address of the partner API." default:"127.0.0.1:8444" placeholder:"HOST:PORT"`
	PSD2      string `name:"psd2" help:"Address of the interface for licensed third parties." default:"127.0.0.1:8447" placeholder:"HOST:PORT"`
	Doors     string `help:"Address of the phone and the bank clock." default:"127.0.0.1:8445" placeholder:"HOST:PORT"`
	Admin     string `help:"Loopback address of health and metrics." default:"127.0.0.1:8446" placeholder:"HOST:PORT"`
	PairAll   bool   `help:"Pair the ready application with everybody, for load tests." hidden:""`
	Ready     string `help:"Write addresses and credentials as JSON to this file when the bank is open." type:"path"`
	Log       string `help:"Level of the log on standard error: debug, info, warn, error." default:"warn" enum:"debug,info,warn,error"`
}

// Run starts the sandbox and serves until the program is told to stop.
func (s *SandboxCmd) Run(p *program) error {
	o := SandboxOptions{
		Folder: s.Data, Ephemeral: s.Ephemeral, Seed: s.Seed, NoHistory: s.NoHistory, Version: p.version, PairAll: s.PairAll,
		Database: s.Database,
		People:   s.People, Partner: s.Partner, PSD2: s.PSD2, Doors: s.Doors, Admin: s.Admin, Log: newLog(p, s.Log),
	}
	h, err := OpenSandbox(p.ctx, o)
	if err != nil {
		return err
	}
	if s.Ready != "" {
		if err := h.Ready().write(s.Ready); err != nil {
			return errors.Join(err, h.Close())
		}
	}
	if err := greet(p.out, h); err != nil {
		return errors.Join(err, h.Close())
	}
	h.Wait(p.ctx)
	_, _ = fmt.Fprintln(p.out, "\nClosing: what was accepted is being finished.")
	return h.Close()
}

// SandboxOptions say which sandbox to open. Every address must be a loopback
// one: passwords and keys of the made-up world are public.
type SandboxOptions struct {
	Folder    string // "" is the default one, or a temporary one when Ephemeral
	Ephemeral bool
	// Database is the address of a PostgreSQL database in the place of the
	// folder's file. It belongs to the folder: key, certificates and the people's
	// names lie there.
	Database  string
	Seed      uint64
	NoHistory bool
	// PairAll pairs the ready application with everybody who can be paired and
	// lists them as Ready.Everybody: a load that comes from one customer meets
	// the rate of one pairing first.
	PairAll bool
	// NoTPP leaves out the ready third party, whose RSA key takes a moment to make.
	NoTPP bool
	// Clock is the state in which the bank clock begins; the zero State goes on
	// with the folder's, or with the present.
	Clock   clock.State
	Version string
	// Addresses host:port; port 0 takes a free one, "" is that on 127.0.0.1.
	People, Partner, PSD2, Doors, Admin string
	Log                                 *slog.Logger
}

// defaultFolder is where a sandbox keeps its data when nobody says where.
func defaultFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "okienko", "sandbox"), nil
}

// OpenSandbox opens a bank in a made-up world, on loopback.
func OpenSandbox(ctx context.Context, o SandboxOptions) (*House, error) {
	w := &sandboxWorld{options: o, folder: o.Folder}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	settings, err := w.prepare(ctx, o)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	h, err := Open(ctx, settings)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return h, nil
}

// prepare opens the folder and makes what must be there before the bank opens.
func (w *sandboxWorld) prepare(_ context.Context, o SandboxOptions) (Settings, error) {
	var s Settings
	for _, a := range []*string{&o.People, &o.Partner, &o.PSD2, &o.Doors, &o.Admin} {
		if *a == "" {
			*a = "127.0.0.1:0"
		}
		if !isLoopback(*a) {
			return s, fmt.Errorf("%s is not a loopback address: the sandbox's passwords are public", *a)
		}
	}
	if err := w.openFolder(o); err != nil {
		return s, err
	}
	s, err := sandboxSettings(w.folder)
	if err != nil {
		return s, err
	}
	if o.Clock != (clock.State{}) {
		if s.Clock, err = clock.NewMovable(o.Clock, clock.Wall{}); err != nil {
			return s, err
		}
	}
	if w.trust, err = sandbox.OpenTrust(w.folder, clock.Wall{}.Now()); err != nil {
		return s, err
	}
	w.clock, w.log = s.Clock, o.Log
	if o.Ephemeral {
		s.StorePath = "" // a private file that promises nothing about a crash
	}
	if o.Database != "" {
		s.StorePath, s.StoreDSN = "", o.Database
	}
	tls := serverTLS(w.trust.Server)
	s.Version, s.Log, s.World, s.Metrics = o.Version, o.Log, w, o.Admin
	s.People = Address{Listen: o.People, TLS: tls}
	s.Partner = Address{Listen: o.Partner, TLS: tls.Clone()}
	w.at = Address{Listen: o.Doors, TLS: tls.Clone()}
	s.PSD2 = w.thirdParties(&s, Address{Listen: o.PSD2, TLS: tls.Clone()})
	return s, nil
}

// sandboxSettings are what a data folder says about its bank, also when the
// bank is closed and staff work on it.
func sandboxSettings(folder string) (Settings, error) {
	s := Settings{
		Environment: partner.Test, BankName: sandboxBank, Hotline: "+48 22 000 00 00", Node: "sandbox", StorePath: filepath.Join(folder, storeName),
		AdminSocket: filepath.Join(folder, socketName), Staff: staffBook{anybody: true}, Log: slog.New(slog.DiscardHandler),
	}
	var err error
	if s.Key, err = sandboxKey(filepath.Join(folder, keyName)); err != nil {
		return s, err
	}
	var state clock.State
	if _, err := sandbox.LoadJSON(filepath.Join(folder, sandbox.ClockFile), &state); err != nil {
		return s, err
	}
	s.Clock, err = clock.NewMovable(state, clock.Wall{})
	return s, err
}

// sandboxKey reads the folder's key, or makes it at the first start.
func sandboxKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) == 32 {
		return key, nil
	}
	if err == nil {
		return nil, fmt.Errorf("%s is not a key of 32 bytes", path)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	key = make([]byte, 32)
	if _, err := io.ReadFull(rand.Reader, key); err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, key, 0o600)
}
