package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The addresses of deploy/ begin with 10.; here they begin with 127., so every
// machine of the guide has its own address and its own ports.
var addresses = edit{"10.0.", "127.0."}

// cluster is the PostgreSQL of the guide: three members, each with etcd,
// Patroni and the server that Patroni runs.
type cluster struct {
	deploy, folder string
	postgres       user
	members        []*member
	tls            *authority
}

type member struct {
	name, address, folder string
	etcd, patroni         *machine
}

// newCluster prepares the members' files.
func newCluster(deploy, dir string, ca *authority) (*cluster, error) {
	as, err := userOf("postgres")
	if err != nil {
		return nil, err
	}
	c := &cluster{deploy: deploy, folder: dir, postgres: as, tls: ca}
	if err := folder(filepath.Join(dir, "wal"), as, 0o700); err != nil {
		return nil, err
	}
	for n := 1; n <= 3; n++ {
		m := &member{name: fmt.Sprintf("db%d", n), address: fmt.Sprintf("127.0.3.1%d", n)}
		m.folder = filepath.Join(dir, m.name)
		if err := c.prepare(m); err != nil {
			return nil, err
		}
		c.members = append(c.members, m)
	}
	return c, nil
}

func (c *cluster) prepare(m *member) error {
	in := func(name string) string { return filepath.Join(m.folder, name) }
	if err := errors.Join(folder(m.folder, c.postgres, 0o755), folder(in("etcd"), c.postgres, 0o700), folder(in("socket"), c.postgres, 0o700)); err != nil {
		return err
	}
	if err := c.tls.server(m.folder, "server", c.postgres, m.address, "127.0.2.11", "127.0.2.12"); err != nil {
		return err
	}
	err := errors.Join(
		deployed(filepath.Join(c.deploy, "patroni", "patroni.yml"), in("patroni.yml"), c.postgres, 0o600,
			addresses,
			edit{"name: db1", "name: " + m.name},
			edit{"listen: 127.0.3.11:", "listen: " + m.address + ":"},
			edit{"connect_address: 127.0.3.11:", "connect_address: " + m.address + ":"},
			edit{"127.0.2.0/24", "127.0.0.0/8"}, // whoever calls a loopback address comes from 127.0.0.1
			edit{"127.0.3.0/24", "127.0.0.0/8"},
			edit{"/var/lib/postgresql/15/okienko", in("data")},
			edit{"/var/lib/postgresql/okienko.pgpass", in("pgpass")},
			edit{"/var/run/postgresql", in("socket")},
			edit{"/etc/postgresql/okienko", m.folder},
			edit{"/usr/local/bin/okienko-archive", filepath.Join(c.folder, "okienko-archive")},
		),
		deployed(filepath.Join(c.deploy, "postgresql", "okienko-archive"), filepath.Join(c.folder, "okienko-archive"), c.postgres, 0o755,
			edit{"/srv/okienko/wal", filepath.Join(c.folder, "wal")}),
		deployed(filepath.Join(c.deploy, "etcd", "default"), in("etcd.default"), c.postgres, 0o644,
			addresses,
			edit{"ETCD_NAME=db1", "ETCD_NAME=" + m.name},
			edit{"URLS=http://127.0.3.11:", "URLS=http://" + m.address + ":"},
			edit{"/var/lib/etcd/okienko", in("etcd")},
		),
	)
	if err != nil {
		return err
	}
	env, err := environment(in("etcd.default"))
	if err != nil {
		return err
	}
	m.etcd = &machine{name: m.name + " etcd", as: c.postgres, env: append(env, "ETCD_LOG_LEVEL=error"), words: []string{"etcd"}, log: in("etcd.log")}
	m.patroni = &machine{name: m.name + " patroni", as: c.postgres, words: []string{"patroni", in("patroni.yml")}, log: in("patroni.log")}
	return nil
}

// environment reads a file for systemd's EnvironmentFile.
func environment(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var env []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			env = append(env, line)
		}
	}
	return env, nil
}

func userOf(name string) (user, error) {
	u, err := osuser.Lookup(name)
	if err != nil {
		return user{}, err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return user{uid, gid}, errors.Join(err1, err2)
}

// start makes the cluster: etcd first, then the member that makes the data,
// then the ones that copy it.
func (c *cluster) start(ctx context.Context) error {
	for _, m := range c.members {
		if err := m.etcd.start(); err != nil {
			return err
		}
	}
	for _, m := range c.members {
		if err := m.patroni.start(); err != nil {
			return err
		}
	}
	return c.whole(ctx, 2*time.Minute)
}

// whole waits until one member leads, one has every commit, and all run.
func (c *cluster) whole(ctx context.Context, most time.Duration) error {
	err := until(ctx, most, "the cluster", func() error {
		for _, m := range c.members {
			if !m.patroni.running() || !m.etcd.running() {
				return fmt.Errorf("%s: %w", m.name, errEnded)
			}
		}
		states, err := c.states(ctx)
		if err != nil {
			return err
		}
		roles := map[string]int{}
		for _, s := range states {
			if s.State != "running" && s.State != "streaming" {
				return fmt.Errorf("%+v", states)
			}
			roles[s.Role]++
		}
		if len(states) != len(c.members) || roles["leader"] != 1 || roles["sync_standby"] != 1 {
			return fmt.Errorf("%+v", states)
		}
		return nil
	})
	if err != nil {
		for _, m := range c.members {
			err = fmt.Errorf("%w\n%s", err, m.patroni.tail())
		}
	}
	return err
}

// state is what Patroni tells about a member.
type state struct {
	Name, Role, State string
	Timeline          int
}

// states asks the members in turn, and takes the first answer.
func (c *cluster) states(ctx context.Context) ([]state, error) {
	var errs []error
	for _, m := range c.members {
		var all struct{ Members []state }
		err := getJSON(ctx, "http://"+m.address+":8008/cluster", &all)
		if err == nil {
			return all.Members, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func getJSON(ctx context.Context, url string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return json.NewDecoder(resp.Body).Decode(into)
}

// leader is the member that is primary by its own word, not by a key in etcd
// that a dead one may still hold.
func (c *cluster) leader(ctx context.Context) (*member, error) {
	for _, m := range c.members {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		req, err := http.NewRequestWithContext(ctx, http.MethodOptions, "http://"+m.address+":8008/primary", nil)
		if err != nil {
			cancel()
			return nil, err
		}
		resp, err := http.DefaultClient.Do(req)
		cancel()
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return m, nil
		}
	}
	return nil, errors.New("no member is primary")
}

// query asks a member and returns its rows, columns parted by a bar. The
// superuser has the database postgres and no other over the network.
func (c *cluster) query(ctx context.Context, m *member, database, sql string) ([]string, error) {
	as, secret := "postgres", "change-me-superuser"
	if database == "okienko" {
		as, secret = "okienko", password
	}
	cmd := exec.CommandContext(ctx, "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", m.address, "-U", as, "-d", database, "-c", sql)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+secret, "PGCONNECT_TIMEOUT=3")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", sql, err, stderr.String())
	}
	text := strings.TrimSuffix(string(out), "\n")
	if text == "" {
		return nil, nil
	}
	return strings.Split(text, "\n"), nil
}

// givenUp is how many commits stopped waiting for a standby, by the servers'
// own logs.
func (c *cluster) givenUp() (n int, err error) {
	for _, m := range c.members {
		text, err := os.ReadFile(m.patroni.log)
		if err != nil {
			return 0, err
		}
		n += strings.Count(string(text), "has already committed locally")
	}
	return n, nil
}

// kill ends a whole member at once: server, Patroni and etcd.
func (m *member) kill() error { return errors.Join(m.patroni.kill(), m.etcd.kill()) }

// vanish is a power cut seen from outside: nothing that is sent to the member
// arrives, and nothing comes from it, not even the end of a connection.
func (m *member) vanish(ctx context.Context) error {
	return errors.Join(
		run(ctx, "ip", "route", "add", "blackhole", m.address+"/32", "table", "local"),
		m.patroni.signal(syscall.SIGSTOP, ""), m.etcd.signal(syscall.SIGSTOP, ""),
	)
}

// cable undoes what vanish did to the network, when the member is dead.
func (m *member) cable(ctx context.Context) error {
	return run(ctx, "ip", "route", "del", "blackhole", m.address+"/32", "table", "local")
}

func (m *member) start() error { return errors.Join(m.etcd.start(), m.patroni.start()) }

func run(ctx context.Context, words ...string) error {
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w\n%s", words, err, out)
	}
	return nil
}
