// Package faults puts a bank on PostgreSQL through what networks, disks and
// clocks do to it. It owns a proxy that breaks the connection at exact moments
// of the protocol, counted and never drawn by lot, and the tests that use it.
//
// The proxy speaks the wire protocol version 3 without TLS and understands just
// enough of it to see transactions; it changes no byte.
package faults

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"
)

// Moment is where a connection is cut.
type Moment int

const (
	// InTransaction is when the database has answered and waits for the rest of a
	// transaction, and its answer was not passed on.
	InTransaction Moment = iota
	// InBatch is right after the first statement that writes was forwarded: the
	// transaction is half done, and the database must undo it.
	InBatch
	// BeforeCommit is when everything but the commit was forwarded.
	BeforeCommit
	// AfterCommit is when the database has answered the commit, and the answer
	// was not passed on: it is done, and nobody knows.
	AfterCommit
)

func (m Moment) String() string {
	return [...]string{"in a transaction", "in a batch", "before commit", "after commit"}[m]
}

// Proxy stands between clients and one database.
type Proxy struct {
	dsn             string // for clients
	network, server string
	reserved        int // a socket that is bound and never listens: it keeps the port ours while connections are refused

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	links    map[*link]struct{}
	faults   []*fault
	delay    time.Duration
	thawed   chan struct{} // closed unless the proxy is frozen
	closed   bool
	running  sync.WaitGroup
}

// fault waits for its moment.
type fault struct {
	moment  Moment
	left    int  // how many such moments are still let pass
	freezes bool // everything, instead of cutting the connection
	done    chan struct{}
}

// Start starts a proxy in front of a database until the end of the test.
func Start(tb testing.TB, dsn string) *Proxy {
	tb.Helper()
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		tb.Fatalf("faults: %v", err)
	}
	p := &Proxy{links: map[*link]struct{}{}, thawed: make(chan struct{})}
	close(p.thawed)
	p.network, p.server = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	port, err := p.reserve()
	if err != nil {
		tb.Fatalf("faults: reserving a port: %v", err)
	}
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path: "/" + cfg.Database, RawQuery: "sslmode=disable",
	}
	p.dsn = address.String()
	if err := p.listen(); err != nil {
		tb.Fatalf("faults: %v", err)
	}
	tb.Cleanup(func() {
		if err := p.close(); err != nil {
			tb.Errorf("faults: %v", err)
		}
	})
	return p
}

// reserve takes a free port without listening on it. A port that is only
// remembered could be somebody else's by the time it is listened on again.
func (p *Proxy) reserve() (port int, err error) {
	if p.reserved, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return 0, err
	}
	if err = unix.SetsockoptInt(p.reserved, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err == nil {
		err = unix.Bind(p.reserved, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		return 0, errors.Join(err, unix.Close(p.reserved))
	}
	name, err := unix.Getsockname(p.reserved)
	if err != nil {
		return 0, errors.Join(err, unix.Close(p.reserved))
	}
	return name.(*unix.SockaddrInet4).Port, nil
}

func (p *Proxy) listen() error {
	shared := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}), err)
	}}
	u, err := url.Parse(p.dsn)
	if err != nil {
		return err
	}
	l, err := shared.Listen(context.Background(), "tcp", u.Host)
	if err != nil {
		return err
	}
	p.listener = l
	p.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // closed: refused from now on, or for good
			}
			p.join(client)
		}
	})
	return nil
}

// join connects a client through. A client whose database is not there is
// dropped.
func (p *Proxy) join(client net.Conn) {
	p.running.Go(func() {
		server, err := net.Dial(p.network, p.server) //nolint:noctx // a socket of this machine answers at once or never
		if err != nil {
			_ = client.Close()
			return
		}
		l := &link{proxy: p, client: client, server: server, over: make(chan struct{}), statements: map[string]string{}, portals: map[string]string{}}
		p.mu.Lock()
		gone := p.closed || p.listener == nil
		if !gone {
			p.links[l] = struct{}{}
		}
		p.mu.Unlock()
		if gone {
			l.end()
			return
		}
		l.run()
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	})
}

// DSN is the address of the database through the proxy.
func (p *Proxy) DSN() string { return p.dsn }

// Cut cuts the connection that reaches the n-th such moment from now, on
// whichever connection it comes; 1 is the next one. The channel is closed when
// it has happened.
func (p *Proxy) Cut(m Moment, n int) <-chan struct{} {
	return p.await(&fault{moment: m, left: n - 1, done: make(chan struct{})})
}

// FreezeAt freezes everything, see Freeze, when a connection reaches the n-th
// such moment from now.
func (p *Proxy) FreezeAt(m Moment, n int) <-chan struct{} {
	return p.await(&fault{moment: m, left: n - 1, freezes: true, done: make(chan struct{})})
}

func (p *Proxy) await(f *fault) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, f)
	return f.done
}

// reached tells whether a connection is to be cut at the moment that it has
// reached. The proxy may be frozen afterwards.
func (p *Proxy) reached(m Moment) (isCut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.faults[:0]
	for _, f := range p.faults {
		switch {
		case f.moment != m:
		case f.left > 0:
			f.left--
		default:
			if f.freezes {
				p.freeze()
			}
			isCut = isCut || !f.freezes
			close(f.done)
			continue
		}
		waiting = append(waiting, f)
	}
	p.faults = waiting
	return isCut
}

// Drop cuts every connection that there is.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.end()
	}
}

// Refuse refuses new connections, as a machine does on which no database
// listens, and drops those that there are.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.Drop()
}

// Admit ends Refuse.
func (p *Proxy) Admit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}
	return p.listen()
}

// Delay lets every answer arrive late by a time, as a far or busy database
// does: it is latency and takes nothing from the throughput.
func (p *Proxy) Delay(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = by
}

func (p *Proxy) delayed() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.delay
}

// Freeze lets nothing pass any more in either direction, though connections
// stand and bytes are taken: what a partition looks like before anybody knows.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.freeze()
}

func (p *Proxy) freeze() {
	select {
	case <-p.thawed:
		p.thawed = make(chan struct{})
	default: // frozen already
	}
}

// Thaw ends Freeze; what was taken meanwhile goes on its way.
func (p *Proxy) Thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.thawed:
	default:
		close(p.thawed)
	}
}

// pass waits until the proxy is not frozen. It is false when the link is over.
func (p *Proxy) pass(over <-chan struct{}) bool {
	p.mu.Lock()
	thawed := p.thawed
	p.mu.Unlock()
	select {
	case <-thawed:
		return true
	case <-over:
		return false
	}
}

func (p *Proxy) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Refuse()
	p.running.Wait()
	return unix.Close(p.reserved)
}
