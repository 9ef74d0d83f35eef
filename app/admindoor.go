package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"okienko/edge"
)

// serveAdmin opens the admin listener: the unix socket of `okienko admin`, a
// loopback address for health and metrics, and a private one where balancers
// on other machines ask for health and nothing else.
func (h *House) serveAdmin(ctx context.Context) error {
	if path := h.settings.AdminSocket; path != "" {
		ln, err := listenAdmin(ctx, path)
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		h.measureRoutes(mux)
		(&adminDoor{office: h.office, staff: h.settings.Staff, log: h.log}).routes(mux)
		if w, ok := h.world.(*sandboxWorld); ok {
			(&tppDoor{house: h, world: w, log: h.log}).routes(mux)
		}
		srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ConnContext: withPeer}
		h.watch.start("admin", srv, ln)
	}
	if at := h.settings.Health; at != "" {
		ln, err := edge.Listen(ctx, "tcp", at)
		if err != nil {
			return fmt.Errorf("health listener: %w", err)
		}
		mux := http.NewServeMux()
		h.healthRoutes(mux)
		h.watch.start("health", &http.Server{
			Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 4 << 10,
		}, ln)
	}
	if h.settings.Metrics == "" {
		return nil
	}
	ln, err := edge.Listen(ctx, "tcp", h.settings.Metrics)
	if err != nil {
		return fmt.Errorf("admin listener: %w", err)
	}
	if a, ok := ln.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return errors.Join(fmt.Errorf("admin listener: %s is not a loopback address", h.settings.Metrics), ln.Close())
	}
	h.metricsAt = ln.Addr()
	return h.serve(h.watch, &door{name: "admin", ln: ln}, edge.Mount(healthDoor{h}))
}

// healthDoor is health and metrics as an edge.Door.
type healthDoor struct{ *House }

func (healthDoor) Name() string { return "admin" }

func (d healthDoor) Routes(mux *http.ServeMux) { d.measureRoutes(mux) }

func (h *House) healthRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", h.ready)
}

func (h *House) measureRoutes(mux *http.ServeMux) {
	h.healthRoutes(mux)
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{}))
}

// ready tells a balancer whether to send callers here: the store answers, the
// queue has room, and the bank is not closing.
func (h *House) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if h.closing.Load() {
		say(w, http.StatusServiceUnavailable, "closing")
		return
	}
	switch err := h.store.Ping(ctx); {
	case err != nil:
		h.log.ErrorContext(ctx, "not ready", "error", err)
		say(w, http.StatusServiceUnavailable, "the store does not answer")
	case h.desk.Full():
		say(w, http.StatusServiceUnavailable, "too many orders wait")
	default:
		say(w, http.StatusOK, "ready")
	}
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}
