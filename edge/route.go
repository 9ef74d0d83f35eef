package edge

import (
	"net/http"
	"strings"
)

// A Door is one wire form of the bank or one set of pages.
type Door interface {
	Name() string              // in logs and metrics, for example "partner"
	Routes(mux *http.ServeMux) // registers every route; called once
}

// An ErrorWriter answers in a door's own wire form where edge must answer in
// the door's place:
//
//	404  no such path
//	405  no such method; Allow is already set
//	429  too many requests; Retry-After is already set
//	500  the handler panicked before it answered
//	503  too busy; Retry-After is already set
//
// A [Door] that is an ErrorWriter too is asked; others get plain text.
type ErrorWriter interface {
	WriteError(w http.ResponseWriter, r *http.Request, status int)
}

type plainErrors struct{}

func (plainErrors) WriteError(w http.ResponseWriter, _ *http.Request, status int) {
	http.Error(w, http.StatusText(status), status)
}

// A Middleware wraps a handler.
type Middleware func(http.Handler) http.Handler

// Chain wraps h so that the first middleware sees the request first.
func Chain(h http.Handler, middlewares ...Middleware) http.Handler {
	for i := len(middlewares) - 1; i >= 0; i-- {
		h = middlewares[i](h)
	}
	return h
}

// A Site is the doors of one listener behind one handler.
type Site struct{ doors []mounted }

type mounted struct {
	name   string
	mux    *http.ServeMux
	errors ErrorWriter
}

// match says where a request goes. A status other than 0 is an answer that the
// door's ErrorWriter gives.
type match struct {
	door   *mounted
	route  string
	status int
	allow  string
}

// Mount puts doors behind one handler. They are asked in the given order and
// the first that has a route for the request serves it; a door with a route for
// "/" therefore comes last. Where none has one, the last door answers 404.
func Mount(doors ...Door) *Site {
	if len(doors) == 0 {
		panic("edge: a site without doors")
	}
	s := &Site{doors: make([]mounted, len(doors))}
	for i, d := range doors {
		m := mounted{name: d.Name(), mux: http.NewServeMux(), errors: plainErrors{}}
		if own, ok := d.(ErrorWriter); ok {
			m.errors = own
		}
		d.Routes(m.mux)
		s.doors[i] = m
	}
	return s
}

// WithFallback serves mux and lets errors answer 404 and 405, for a mux that
// belongs to no door.
func WithFallback(mux *http.ServeMux, errors ErrorWriter) http.Handler {
	return &Site{doors: []mounted{{mux: mux, errors: errors}}}
}

// ServeHTTP finds the door and lets it serve.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.find(r).serve(w, r)
}

func (m match) serve(w http.ResponseWriter, r *http.Request) {
	if m.status != 0 {
		if m.allow != "" {
			w.Header().Set("Allow", m.allow)
		}
		m.door.errors.WriteError(w, r, m.status)
		return
	}
	m.door.mux.ServeHTTP(w, r)
}

func (s *Site) find(r *http.Request) match {
	last := &s.doors[len(s.doors)-1]
	if !isClean(r.URL.Path) {
		// ServeMux would redirect. A client that signs its request line or posts
		// money must not be sent somewhere else than it asked for.
		return match{door: last, status: http.StatusNotFound}
	}
	for i := range s.doors {
		d := &s.doors[i]
		if _, pattern := d.mux.Handler(r); pattern != "" {
			return match{door: d, route: pattern}
		}
	}
	for i := range s.doors {
		d := &s.doors[i]
		h, _ := d.mux.Handler(r)
		p := probe{header: http.Header{}}
		h.ServeHTTP(&p, r)
		if p.status == http.StatusMethodNotAllowed {
			return match{door: d, status: p.status, allow: p.header.Get("Allow")}
		}
	}
	return match{door: last, status: http.StatusNotFound}
}

// isClean reports whether ServeMux would take the path as it is.
func isClean(path string) bool {
	return strings.HasPrefix(path, "/") &&
		!strings.Contains(path, "//") &&
		!strings.Contains(path, "/./") && !strings.Contains(path, "/../") &&
		!strings.HasSuffix(path, "/.") && !strings.HasSuffix(path, "/..")
}

// probe swallows the plain text answer of a ServeMux that has no route; only
// by that answer does it tell 404 from 405.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
