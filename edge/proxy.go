package edge

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// ClientAddr returns the address of the caller: the peer of the connection, or
// what a listed balancer said by the PROXY protocol. X-Forwarded-For and its
// kin are never read, everybody can write them. On a unix socket the address
// is not valid.
func ClientAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// ProxyListener wraps ln so that connections from peers in trusted must begin
// with a header of the PROXY protocol, version 1 or 2, and then carry the
// address it names. Such a connection without a whole and valid header within
// timeout fails at its first read: guessing whether a header comes would let
// callers write their own. Connections from all other peers stay as they are,
// and a header on them is only the garbage that TLS or HTTP takes it for.
//
// A header that speaks of the balancer itself (LOCAL, UNKNOWN: its health
// checks) leaves the balancer's address.
func ProxyListener(ln net.Listener, trusted []netip.Prefix, timeout time.Duration, wall Clock) net.Listener {
	return &proxyListener{Listener: ln, trusted: trusted, timeout: timeout, clock: wall}
}

type proxyListener struct {
	net.Listener
	trusted []netip.Prefix
	timeout time.Duration
	clock   Clock
}

// Accept does not wait for the header: a balancer that is slow with one
// connection must not hold up the others. The connection reads it when it is
// first used, in the goroutine that serves it.
func (l *proxyListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil || !l.trusts(conn.RemoteAddr()) {
		return conn, err
	}
	return &proxyConn{Conn: conn, listener: l}, nil
}

func (l *proxyListener) trusts(peer net.Addr) bool {
	ap, err := netip.ParseAddrPort(peer.String())
	if err != nil {
		return false
	}
	addr := ap.Addr().Unmap().WithZone("")
	for _, p := range l.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// ErrProxyHeader: a listed balancer did not send a valid PROXY header.
var ErrProxyHeader = errors.New("edge: no valid PROXY protocol header")

type proxyConn struct {
	net.Conn
	listener *proxyListener

	once   sync.Once
	source net.Addr      // nil: the peer's own
	rest   *bufio.Reader // bytes read beyond the header; nil when used up
	err    error

	mu       sync.Mutex
	reading  bool      // the header is being read under its own deadline
	deadline time.Time // what the server wants for reads after that
}

// header reads the header once.
func (c *proxyConn) header() {
	c.once.Do(func() {
		c.setReading(true)
		r := bufio.NewReaderSize(c.Conn, 256)
		source, err := readProxyHeader(r)
		c.setReading(false)
		if err != nil {
			c.err = fmt.Errorf("%w: %w", ErrProxyHeader, err)
			_ = c.Conn.Close()
			return
		}
		if source.IsValid() {
			c.source = net.TCPAddrFromAddrPort(source)
		}
		if r.Buffered() > 0 {
			c.rest = r
		}
	})
}

// setReading switches between the header's deadline and the server's.
func (c *proxyConn) setReading(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = on
	until := c.deadline
	if on {
		until = c.listener.clock.Now().Add(c.listener.timeout)
	}
	_ = c.Conn.SetReadDeadline(until) // it fails on a closed connection, and then so does the read
}

// RemoteAddr returns the address that the header names. It waits for the header.
func (c *proxyConn) RemoteAddr() net.Addr {
	c.header()
	if c.source != nil {
		return c.source
	}
	return c.Conn.RemoteAddr()
}

func (c *proxyConn) Read(b []byte) (int, error) {
	c.header()
	if c.err != nil {
		return 0, c.err
	}
	if c.rest != nil {
		n, err := c.rest.Read(b[:min(len(b), c.rest.Buffered())])
		if c.rest.Buffered() == 0 {
			c.rest = nil
		}
		return n, err
	}
	return c.Conn.Read(b)
}

func (c *proxyConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline keeps the deadline back while the header is read.
func (c *proxyConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	if c.reading {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}
