package postgres

import (
	"syscall"
	"testing"
)

// Server is a durable private server of one test.
type Server struct{ *cluster }

// Option changes the server that Start makes.
type Option func(*options)

type options struct {
	settings []string
	disk     int64
	parent   string // folder for the server's own; "" is the one for temporary files
	segment  string // MiB of a file of the log; "" is small, for many short lives
}

// Setting is a setting of the server, as "name=value".
func Setting(s string) Option { return func(o *options) { o.settings = append(o.settings, s) } }

// Start starts a server that keeps what it acknowledged, and that the test may
// end as it likes. It is removed at the end of the test.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	c, err := create(o)
	if err != nil {
		lacking(tb, err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("the end of the server's log:\n%s", c.logTail())
		}
		if err := c.close(); err != nil {
			tb.Errorf("postgres: %v", err)
		}
	})
	return &Server{c}
}

// DSN is the address of a new empty database. It lasts as long as the server.
func (s *Server) DSN(tb testing.TB) string {
	tb.Helper()
	server := s.dsn(owner, superuser)
	name, err := database(server, "template0")
	if err != nil {
		tb.Fatalf("postgres: making a database: %v", err)
	}
	return inside(server, name)
}

// Dir is the folder of the server's data.
func (s *Server) Dir() string { return s.data() }

// Socket is the path of the socket that the server takes connections on.
func (s *Server) Socket() string { return s.dir + "/.s.PGSQL.5432" }

// Kill kills the server and all its processes, as a power cut would.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	if err := s.kill(); err != nil {
		tb.Fatalf("postgres: killing: %v", err)
	}
}

// Stop ends the server in good order, throwing its clients out.
func (s *Server) Stop(tb testing.TB) {
	tb.Helper()
	if err := s.stop(syscall.SIGINT); err != nil {
		tb.Fatalf("postgres: stopping: %v", err)
	}
}

// Restart starts the server over its data again, after it was killed or
// stopped, or stops it first.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.Stop(tb)
	if err := s.start(); err != nil {
		tb.Fatalf("postgres: restarting: %v", err)
	}
}
