package main

import (
	"errors"
	"net"
	"path/filepath"
	"time"
)

// databaseProxy starts the HAProxy of a node's machine that knows the primary.
func (d *drama) databaseProxy(node string) error {
	dir := filepath.Join(d.cluster.folder, "haproxy-"+node)
	if err := folder(dir, root, 0o755); err != nil {
		return err
	}
	err := errors.Join(
		// database.cfg is appended to a whole configuration; its own front is not
		// wanted here and listens where nobody calls.
		deployed(filepath.Join(d.cluster.deploy, "haproxy", "haproxy.cfg"), filepath.Join(dir, "haproxy.cfg"), root, 0o644,
			addresses, edit{"\tdaemon\n", ""}, edit{"/run/haproxy", dir},
			edit{"bind :443", "bind " + node + "0:443"}),
		deployed(filepath.Join(d.cluster.deploy, "haproxy", "database.cfg"), filepath.Join(dir, "database.cfg"), root, 0o644,
			addresses, edit{"bind 127.0.0.1:5000", "bind " + node + ":5000"}),
	)
	if err != nil {
		return err
	}
	m := &machine{name: "haproxy at " + node, as: root, words: []string{"haproxy", "-db", "-f", filepath.Join(dir, "haproxy.cfg"), "-f", filepath.Join(dir, "database.cfg")}, log: filepath.Join(dir, "log")}
	if err := m.start(); err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	conn, err := net.Dial("tcp", node+":5000")
	if err != nil {
		return errors.Join(err, errors.New(m.tail()))
	}
	return conn.Close()
}
