package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Limits bound what one listener spends on its callers. See http.Server for
// the times.
type Limits struct {
	ReadHeaderTimeout time.Duration
	ReadTimeout       time.Duration
	WriteTimeout      time.Duration
	IdleTimeout       time.Duration
	MaxHeaderBytes    int
	MaxInFlight       int // requests served at once; more get 503
}

// DefaultLimits are for bodies of some kilobytes and answers within seconds.
func DefaultLimits() Limits {
	return Limits{
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute, // longer than the usual balancer's 60 s, which must close first
		MaxHeaderBytes:    32 << 10,        // a signature with its certificate chain takes about 10 kB
		MaxInFlight:       1024,
	}
}

func (l Limits) check() error {
	if l.ReadHeaderTimeout <= 0 || l.ReadTimeout <= 0 || l.WriteTimeout <= 0 || l.IdleTimeout <= 0 ||
		l.MaxHeaderBytes <= 0 || l.MaxInFlight <= 0 {
		return errors.New("every limit of a listener must be above zero")
	}
	return nil
}

// ServerConfig describes one listener. Metrics, TLS and Proxies may be left out.
type ServerConfig struct {
	Name    string // of the listener, for the log
	Site    *Site
	Limits  Limits
	TLS     *tls.Config    // nil: plain HTTP, which Serve allows on loopback and unix sockets only
	Proxies []netip.Prefix // balancers that must send the PROXY protocol, see ProxyListener
	Clock   Clock          // the wall clock
	Log     *slog.Logger
	Metrics *Metrics
	// Observe, if set, is told of every answered request, by the names of door and
	// route that the program itself gives. It must not block.
	Observe func(door, route string, status int, took time.Duration)
}

// Server serves one listener of the bank.
type Server struct {
	config   ServerConfig
	http     *http.Server
	inFlight atomic.Int64
}

// NewServer checks the configuration. TLS below 1.2 is refused.
func NewServer(c ServerConfig) (*Server, error) {
	if c.Site == nil || c.Clock == nil || c.Log == nil {
		return nil, fmt.Errorf("edge: listener %q: site, clock and log are needed", c.Name)
	}
	if err := c.Limits.check(); err != nil {
		return nil, fmt.Errorf("edge: listener %q: %w", c.Name, err)
	}
	if c.TLS != nil && c.TLS.MinVersion != 0 && c.TLS.MinVersion < tls.VersionTLS12 {
		return nil, fmt.Errorf("edge: listener %q: TLS below 1.2", c.Name)
	}
	s := &Server{config: c}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.handle),
		TLSConfig:         c.TLS.Clone(),
		ReadHeaderTimeout: c.Limits.ReadHeaderTimeout,
		ReadTimeout:       c.Limits.ReadTimeout,
		WriteTimeout:      c.Limits.WriteTimeout,
		IdleTimeout:       c.Limits.IdleTimeout,
		MaxHeaderBytes:    c.Limits.MaxHeaderBytes,
		// Failed handshakes of scanners; worth a look only when one is looked for.
		ErrorLog: slog.NewLogLogger(c.Log.With("listener", c.Name).Handler(), slog.LevelDebug),
	}
	return s, nil
}

// Listen opens a TCP or unix listener that Serve takes.
func Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, network, address)
}

// Serve serves ln until Shutdown and then returns nil.
func (s *Server) Serve(ln net.Listener) error {
	if s.config.TLS == nil && !isLocal(ln.Addr()) {
		_ = ln.Close()
		return fmt.Errorf("edge: listener %q: plain HTTP on %v, which others can reach", s.config.Name, ln.Addr())
	}
	if len(s.config.Proxies) > 0 {
		ln = ProxyListener(ln, s.config.Proxies, s.config.Limits.ReadHeaderTimeout, s.config.Clock)
	}
	var err error
	if s.config.TLS != nil {
		err = s.http.ServeTLS(ln, "", "")
	} else {
		err = s.http.Serve(ln)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown stops accepting and lets every accepted request finish. When ctx
// ends first it cuts the rest off and returns the context's error.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
	}
	return err
}

func isLocal(addr net.Addr) bool {
	if addr.Network() == "unix" {
		return true
	}
	ap, err := netip.ParseAddrPort(addr.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// handle is the way of every request: its id, its door, a free place, the
// handler; and, whatever happens, its log line and its measures.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	start := s.config.Clock.Now()
	v, r := newVisit(w, r)
	v.match = s.config.Site.find(r)
	s.config.Metrics.begin(v.match)
	defer func() {
		if v.status == 0 {
			v.status = http.StatusOK // net/http sends this when a handler writes nothing
		}
		took := s.config.Clock.Now().Sub(start)
		s.config.Metrics.end(v.match, v.status, took)
		if s.config.Observe != nil {
			s.config.Observe(v.match.door.name, v.match.label(), v.status, took)
		}
		logRequest(s.config.Log, s.config.Name, v, r, took)
	}()

	if s.inFlight.Add(1) > int64(s.config.Limits.MaxInFlight) {
		s.inFlight.Add(-1)
		w.Header().Set("Retry-After", "1")
		v.match.door.errors.WriteError(v, r, http.StatusServiceUnavailable)
		return
	}
	defer s.inFlight.Add(-1)
	defer s.recover(v, r)
	v.match.serve(v, r)
}

// recover turns a panic into the door's answer, or, when a part of the answer
// has gone out, into a cut connection: half an answer must not look whole.
func (s *Server) recover(v *visit, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
		v.cut()
		panic(p)
	}
	Note(r.Context(), slog.String("panic", panicText(p)), slog.String("stack", string(debug.Stack())))
	if v.status != 0 {
		v.cut()
		panic(http.ErrAbortHandler)
	}
	h := v.Header()
	for _, name := range [...]string{ // what the handler meant to say; security headers stay
		"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition",
		"Etag", "Last-Modified", "Location", "Set-Cookie",
	} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	v.match.door.errors.WriteError(v, r, http.StatusInternalServerError)
}

// cut records that the caller saw no whole answer.
func (v *visit) cut() { v.status = http.StatusInternalServerError }

// panicText says what happened without quoting what a stranger may have sent:
// texts of the Go runtime hold only types and numbers, others hold anything.
func panicText(p any) string {
	if err, ok := p.(interface {
		error
		RuntimeError()
	}); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}
