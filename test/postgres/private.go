package postgres

import (
	"net/url"
	"syscall"
)

// Private is a durable private server of a program that is no test: of a
// benchmark. It ends, and its folder goes, when the program closes it or dies.
type Private struct{ *cluster }

// Open starts a server in a folder of its own below another one, with settings
// "name=value" beside PostgreSQL's defaults and ours.
func Open(parent string, settings ...string) (*Private, error) {
	c, err := create(options{settings: settings, parent: parent, segment: "16"})
	if err != nil {
		return nil, err
	}
	return &Private{c}, nil
}

// Again stops the server in good order and starts it with other settings.
func (p *Private) Again(own ...string) error {
	if err := p.stop(syscall.SIGINT); err != nil {
		return err
	}
	p.settings = append(append([]string(nil), settings...), own...)
	return p.start()
}

// Close stops the server and removes everything.
func (p *Private) Close() error { return p.close() }

// PID is the process that all others of the server descend from.
func (p *Private) PID() int { return p.server.Process.Pid }

// DSN is the address of a database of the server, for its superuser.
func (p *Private) DSN(database string) string {
	return (&url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: url.Values{"host": {p.dir}}.Encode()}).String()
}
