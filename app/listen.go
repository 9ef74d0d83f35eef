package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"okienko/edge"
)

// door is one listener of the house: where it listens, and by which URL its
// callers reach it.
type door struct {
	name    string
	ln      net.Listener
	url     string
	tls     *tls.Config
	proxies []netip.Prefix
}

// listen opens a TLS listener. The URL is known only afterwards when the
// address asks for any free port.
func listen(ctx context.Context, name, address, url string, cfg *tls.Config, proxies []netip.Prefix) (*door, error) {
	ln, err := edge.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s listener: %w", name, err)
	}
	if url == "" {
		_, port, err := net.SplitHostPort(ln.Addr().String())
		if err != nil {
			return nil, errors.Join(err, ln.Close())
		}
		url = "https://localhost:" + port
	}
	return &door{name: name, ln: ln, url: strings.TrimSuffix(url, "/"), tls: cfg, proxies: proxies}, nil
}

// listenAdmin opens the admin listener on a unix socket that only the
// program's own user may open, or whoever the folder's permissions let in.
func listenAdmin(ctx context.Context, socket string) (net.Listener, error) {
	// A socket left by a killed process would refuse the address; a live one
	// answers, and then this process is one too many.
	if conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", socket); err == nil {
		return nil, errors.Join(fmt.Errorf("admin listener: another bank listens on %s", socket), conn.Close())
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("admin listener: %w", err)
	}
	ln, err := edge.Listen(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("admin listener: %w", err)
	}
	if err := os.Chmod(socket, 0o660); err != nil {
		return nil, errors.Join(fmt.Errorf("admin listener: %w", err), ln.Close())
	}
	return ln, nil
}

// serving runs servers of a house and stops them together.
type serving struct {
	servers []server
	wg      sync.WaitGroup
	mu      sync.Mutex
	failed  error
	broke   chan struct{} // closed at the first failure
	once    sync.Once
}

func newServing() *serving { return &serving{broke: make(chan struct{})} }

// server is an edge.Server, or the plain one of the admin socket.
type server interface {
	Serve(ln net.Listener) error
	Shutdown(ctx context.Context) error
}

func (s *serving) start(name string, srv server, ln net.Listener) {
	s.servers = append(s.servers, srv)
	s.wg.Go(func() {
		if err := srv.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.mu.Lock()
			s.failed = errors.Join(s.failed, fmt.Errorf("%s listener: %w", name, err))
			s.mu.Unlock()
			s.once.Do(func() { close(s.broke) })
		}
	})
}

// stop lets every server finish what it has accepted.
func (s *serving) stop(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, len(s.servers))
	for i, srv := range s.servers {
		wg.Go(func() { errs[i] = srv.Shutdown(ctx) })
	}
	wg.Wait()
	s.wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(append(errs, s.failed)...)
}

// serverTLS is what every listener speaks: TLS 1.2 and later, with the curves
// and suites of the standard library.
func serverTLS(cert tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{"h2", "http/1.1"},
	}
}

// tlsFor trusts some authorities alone.
func tlsFor(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}
