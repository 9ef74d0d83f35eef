package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"okienko/authserver"
	"okienko/bank/desk"
	"okienko/bank/partner"
	"okienko/bank/service"
	"okienko/clock"
	"okienko/edge"
	"okienko/ident"
	"okienko/notify"
	"okienko/office"
	"okienko/store"
	"okienko/web/ui"
	"okienko/work"
)

// Settings are all in which one bank differs from another.
type Settings struct {
	Environment partner.Environment
	BankName    string
	Hotline     string // telephone number that pages tell customers
	Version     string
	Node        string
	StorePath   string // "" keeps nothing after the bank has closed
	// StoreDSN is the address of a PostgreSQL database, in the place of a file.
	StoreDSN         string
	StoreConnections int    // to the database, 0 for the usual number
	Key              []byte // 32 bytes
	Clock            *clock.Bank
	Log              *slog.Logger
	People           Address
	Partner          Address
	PSD2             *PSD2Settings // nil: the bank serves no licensed third parties
	AdminSocket      string        // "" for none
	Metrics          string        // loopback address, "" for none
	Health           string        // private address of health alone, "" for none
	Staff            staffBook
	Gateway          notify.Gateway
	Desk             struct{ Queue, Batch int }
	// World adds what only a sandbox has: its people at the first start, and its
	// doors. It is nil in production, where none of that exists.
	World world
}

// Address is where a listener listens, and how its callers reach it.
type Address struct {
	Listen  string // host:port; port 0 takes a free one
	URL     string // "" is https://localhost:<port>
	TLS     *tls.Config
	Proxies []netip.Prefix
}

// world is what a sandbox adds to the house.
type world interface {
	// address is that of the sandbox's own listener.
	address() Address
	// settle makes the world's people and applications when the store is new;
	// doors is the URL of the sandbox's listener.
	settle(ctx context.Context, c *core, doors string) error
	// doors are the sandbox's own, on a listener of their own.
	doors(h *House) ([]edge.Door, error)
	// opened is called when every listener serves.
	opened(ctx context.Context, h *House) error
	// closing is called before the doors drain: nobody is to wait any longer for
	// what may never come.
	closing()
	// close lets go of what the world holds.
	close() error
}

// core is the bank without its doors.
type core struct {
	settings Settings
	wall     clock.Wall
	ids      *ident.Source
	store    *store.Store
	desk     *desk.Desk
	auth     *authserver.Server
	office   *office.Office
	registry *prometheus.Registry
	metrics  *edge.Metrics
	log      *slog.Logger

	deliverer *work.Deliverer // nil until the workers start
	sender    *work.Sender
	recorder  *work.Recorder
	caller    *work.Caller           // nil also where nobody is called
	post      *notify.CallbackClient // of the caller
}

// openCore opens the store and builds the core over it.
func openCore(ctx context.Context, s Settings) (_ *core, err error) {
	c := &core{settings: s, log: s.Log, registry: prometheus.NewRegistry()}
	c.ids = ident.New(c.wall)
	if c.metrics, err = edge.NewMetrics(c.registry); err != nil {
		return nil, err
	}
	for _, m := range []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := c.registry.Register(m); err != nil {
			return nil, err
		}
	}
	c.store, err = store.Open(ctx, store.Config{
		Path: s.StorePath, DSN: s.StoreDSN, Connections: s.StoreConnections, Environment: s.Environment, Key: s.Key, Clock: s.Clock, Wall: c.wall, Node: s.Node, Log: s.Log,
	})
	if err != nil {
		return nil, err
	}
	observe, err := deskMetrics(c.registry, func() int { return c.desk.Waiting() })
	if err != nil {
		return nil, errors.Join(err, c.store.Close())
	}
	c.desk = desk.New(desk.Config{
		Book: c.store, Clock: s.Clock, Wall: c.wall, IDs: c.ids, Queue: s.Desk.Queue, Batch: s.Desk.Batch, Observe: observe,
	})
	auth := authserver.Config{
		Store: c.store, Agreements: c.store, Partners: c.store, Parties: c.store, Accounts: c.store, SCA: work.Announcing(c.store, c.poke),
		Clock: s.Clock, IDs: c.ids, Environment: s.Environment,
		Consents: c.store, ConsentBook: c.store, ThirdParties: c.store, Transfers: c.store, Counters: c.store, Access: c.store,
		Decided: c.callSoon,
	}
	staff := office.Config{
		Partners: c.store, Parties: c.store, Accounts: c.store, Agreements: c.store, SCA: c.store, Intake: c.store,
		Approvals: c.store, Orders: c.desk, Payments: c.store, Prover: newProver(), Clock: s.Clock, IDs: c.ids,
		Environment: s.Environment, HashPassword: authserver.HashPassword,
		NewSecret:    func() (string, []byte, error) { return authserver.NewSecret(rand.Reader) },
		ThirdParties: c.store, Consents: c.store, Transfers: c.store,
	}
	if s.PSD2 != nil {
		auth.Network, auth.ConsentRules = s.PSD2.Network, s.PSD2.Consents
		staff.Papers = s.PSD2.Papers
	}
	c.auth, c.office = authserver.New(auth), office.New(staff)
	return c, nil
}

// poke wakes the deliverer: a code is waited for by somebody who looks at their
// phone.
func (c *core) poke() {
	if c.deliverer != nil {
		c.deliverer.Poke()
	}
}

// close finishes the orders that were accepted, then lets go of the store.
func (c *core) close() error {
	c.desk.Close()
	return c.store.Close()
}

// deskMetrics registers what the desk tells about its batches.
func deskMetrics(reg *prometheus.Registry, waiting func() int) (func(desk.Stats), error) {
	orders := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "okienko_desk_batch_orders", Help: "Orders decided in one transaction.",
		Buckets: prometheus.ExponentialBuckets(1, 2, 10),
	})
	seconds := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "okienko_desk_batch_seconds", Help: "Time to load, decide, write and commit one batch.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	})
	failed := prometheus.NewCounter(prometheus.CounterOpts{Name: "okienko_desk_batches_failed_total", Help: "Batches that could not be written."})
	retries := prometheus.NewCounter(prometheus.CounterOpts{Name: "okienko_desk_retries_total", Help: "Batches tried again after meeting another writer."})
	queue := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "okienko_desk_waiting_orders", Help: "Orders that queue."},
		func() float64 { return float64(waiting()) })
	for _, m := range []prometheus.Collector{orders, seconds, failed, retries, queue} {
		if err := reg.Register(m); err != nil {
			return nil, err
		}
	}
	return func(s desk.Stats) {
		orders.Observe(float64(s.Orders))
		seconds.Observe(s.Took.Seconds())
		retries.Add(float64(s.Retries))
		if s.Failed {
			failed.Inc()
		}
	}, nil
}

// House is a bank with its doors open.
type House struct {
	*core
	world   world
	people  *door
	partner *door
	psd2    *door    // nil where no licensed third party is served
	sandbox *door    // nil in production
	serving *serving // the doors
	watch   *serving // admin listener: it closes last, so that /readyz can tell that the bank is closing
	workers []work.Worker
	pages   *ui.Pages // parsed once: it takes as long as opening the store
	closing atomic.Bool

	metricsAt net.Addr // loopback address of health and metrics, nil for none
}

// Open opens a bank: store, core, doors, workers. It returns when every
// listener serves. Close it.
func Open(ctx context.Context, s Settings) (_ *House, err error) {
	c, err := openCore(ctx, s)
	if err != nil {
		return nil, err
	}
	h := &House{core: c, world: s.World, serving: newServing(), watch: newServing()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if err := h.listen(ctx); err != nil {
		return nil, err
	}
	if h.world != nil {
		if err := h.world.settle(ctx, c, h.sandbox.url); err != nil {
			return nil, fmt.Errorf("making the world: %w", err)
		}
	}
	if err := h.startWorkers(ctx); err != nil {
		return nil, err
	}
	if err := h.openDoors(ctx); err != nil {
		return nil, err
	}
	if h.world != nil {
		if err := h.world.opened(ctx, h); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// listen opens the sockets first: the doors print their addresses.
func (h *House) listen(ctx context.Context) error {
	var err error
	p := h.settings.People
	if h.people, err = listen(ctx, "people", p.Listen, p.URL, p.TLS, p.Proxies); err != nil {
		return err
	}
	p = h.settings.Partner
	if h.partner, err = listen(ctx, "partner", p.Listen, p.URL, p.TLS, p.Proxies); err != nil {
		return err
	}
	if h.settings.PSD2 != nil {
		p = h.settings.PSD2.Address
		if h.psd2, err = listen(ctx, "psd2", p.Listen, p.URL, mutualTLS(p.TLS), p.Proxies); err != nil {
			return err
		}
	}
	if h.world == nil {
		return nil
	}
	p = h.world.address()
	h.sandbox, err = listen(ctx, "sandbox", p.Listen, p.URL, p.TLS, p.Proxies)
	return err
}

// openDoors hangs the doors on their listeners and lets callers in.
func (h *House) openDoors(ctx context.Context) error {
	var err error
	if h.pages, err = ui.New(); err != nil {
		return err
	}
	people, err := h.peopleDoors()
	if err != nil {
		return err
	}
	if err := h.serve(h.serving, h.people, edge.Mount(people...)); err != nil {
		return err
	}
	if err := h.serve(h.serving, h.partner, edge.Mount(h.partnerDoor())); err != nil {
		return err
	}
	if h.psd2 != nil {
		doors, err := h.psd2Doors()
		if err != nil {
			return err
		}
		if err := h.serve(h.serving, h.psd2, edge.Mount(doors...)); err != nil {
			return err
		}
	}
	if h.world != nil {
		doors, err := h.world.doors(h)
		if err != nil {
			return err
		}
		if err := h.serve(h.serving, h.sandbox, edge.Mount(doors...)); err != nil {
			return err
		}
	}
	return h.serveAdmin(ctx)
}

func (h *House) serve(with *serving, d *door, site *edge.Site) error {
	srv, err := edge.NewServer(edge.ServerConfig{
		Name: d.name, Site: site, Limits: edge.DefaultLimits(), TLS: d.tls, Proxies: d.proxies,
		Clock: h.wall, Log: h.log, Metrics: h.core.metrics, Observe: h.observed(d),
	})
	if err != nil {
		return err
	}
	with.start(d.name, srv, d.ln)
	return nil
}

// observed counts what a listener answers to the bank's own customers; third
// parties' calls are counted by their door, which knows the service.
func (h *House) observed(d *door) func(door, route string, status int, took time.Duration) {
	if d != h.people {
		return nil
	}
	return func(door, route string, status int, took time.Duration) {
		if door != "customer" || strings.HasPrefix(route, "GET "+ui.AssetPrefix) {
			return
		}
		kind := service.Initiation
		if strings.HasPrefix(route, "GET ") {
			kind = service.Information
		}
		h.recorder.Count(service.Own, kind, status >= 500, took)
	}
}

// drainTime is how long callers that were let in may take to finish.
const drainTime = 20 * time.Second

// Close drains: it lets nobody in, finishes what was accepted, stops the
// workers, and closes the store last, so that nothing acknowledged is lost.
func (h *House) Close() error {
	h.closing.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if h.world != nil {
		h.world.closing()
	}
	errs := []error{h.serving.stop(ctx)}
	for _, d := range []*door{h.people, h.partner, h.psd2, h.sandbox} {
		if d != nil {
			_ = d.ln.Close() // of a bank that did not get as far as serving it
		}
	}
	for _, w := range h.workers {
		w.Stop()
	}
	if h.post != nil {
		h.post.Close()
	}
	errs = append(errs, h.watch.stop(ctx), h.core.close())
	if h.world != nil {
		errs = append(errs, h.world.close())
	}
	return errors.Join(errs...)
}

// Wait returns when ctx ends, or when a listener has failed.
func (h *House) Wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-h.serving.broke:
	case <-h.watch.broke:
	}
}
