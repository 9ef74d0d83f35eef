package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// owner is the role that databases are made by and belong to. It is no
	// superuser: the bank must not need one.
	owner     = "okienko"
	superuser = "postgres"
	// startTime bounds a start with its recovery, on a loaded machine.
	startTime = 60 * time.Second
	pollEvery = 5 * time.Millisecond
)

// settings of every server. Only the socket in its private folder lets anybody
// in, so trusting whoever comes is safe, and no port can be taken already.
var settings = []string{
	"listen_addresses=",
	"unix_socket_permissions=0700",
	"max_connections=300",
	"shared_buffers=128MB",
	"dynamic_shared_memory_type=mmap", // kill -9 leaves nothing behind outside the folder
	"timezone=UTC",
	"log_checkpoints=off",
	"log_line_prefix=%m [%p] ",
}

// hasty are the settings of a server whose data nobody will miss. Commits are
// synchronous all the same: what one sees of another's commit stays as it is.
// Its databases live for seconds, in which vacuuming only takes time from tests.
var hasty = []string{"fsync=off", "full_page_writes=off", "autovacuum=off", "max_wal_size=1GB", "checkpoint_timeout=1h"}

// memory is a folder in memory for such a server, or "" where there is none with
// room. A database is 300 files, and ext4 looks through what was deleted lately
// for each new one: after some hundred databases the next took 320 ms to make
// and the store's suite 42 s; in memory 15 ms and 15 s.
func memory() string {
	const folder, room = "/dev/shm", 3 << 30
	var fs unix.Statfs_t
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o777 || unix.Statfs(folder, &fs) != nil || fs.Type != unix.TMPFS_MAGIC || fs.Bavail*uint64(fs.Bsize) < room {
		return ""
	}
	return folder
}

// cluster is a folder with data and, while it runs, a server over it.
type cluster struct {
	dir      string
	account  *syscall.Credential
	settings []string
	mounted  bool // the data stand in a small file system of their own
	server   *exec.Cmd
	keeper   *exec.Cmd
	alive    *os.File // its closing tells the keeper that we are gone
}

// create makes a cluster in a new folder and starts it.
func create(o options) (_ *cluster, err error) {
	c := &cluster{settings: append(append([]string(nil), settings...), o.settings...)}
	if c.account, err = account(); err != nil {
		return nil, err
	}
	// Not tb.TempDir: the path of a socket may have 107 bytes and no more, and
	// the server's user must be able to walk there.
	if c.dir, err = os.MkdirTemp(o.parent, "okienko-postgres-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if err := c.keep(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(c.data(), 0o700); err != nil {
		return nil, err
	}
	if o.disk > 0 {
		if err := c.mount(o.disk); err != nil {
			return nil, err
		}
	}
	if c.account != nil {
		for _, path := range []string{c.dir, c.data()} {
			if err := os.Chown(path, int(c.account.Uid), int(c.account.Gid)); err != nil {
				return nil, err
			}
		}
	}
	if err := c.initialise(o.segment); err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		return nil, err
	}
	if err := c.execute("create role " + owner + " login createdb"); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// initialise writes an empty cluster. Letters sort by their codes, so that no
// test depends on the languages that a machine has.
func (c *cluster) initialise(segment string) error {
	if segment == "" {
		segment = "4"
	}
	initdb, err := c.command("initdb", "--pgdata", c.data(), "--username", superuser, "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--wal-segsize", segment, "--no-sync", "--no-instructions")
	if err != nil {
		return err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// start starts the server and waits until it takes connections.
func (c *cluster) start() error {
	args := []string{"-D", c.data(), "-k", c.dir}
	for _, s := range c.settings {
		args = append(args, "-c", s)
	}
	server, err := c.command("postgres", args...)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(c.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return err
	}
	c.server = server
	return c.ready()
}

// ready waits for the word "ready" in the last line of postmaster.pid, which
// the server writes when it takes connections; asking it instead would fill
// its log with refusals.
func (c *cluster) ready() error {
	for deadline := time.Now().Add(startTime); ; time.Sleep(pollEvery) {
		switch lines := c.pidFile(); {
		case len(lines) >= 8 && lines[0] == strconv.Itoa(c.server.Process.Pid) && strings.TrimSpace(lines[7]) == "ready":
			return nil
		case c.ended():
			return fmt.Errorf("the server ended: %s\n%s", c.server.ProcessState, c.logTail())
		case time.Now().After(deadline):
			return fmt.Errorf("the server is not ready after %s\n%s", startTime, c.logTail())
		}
	}
}

// pidFile is what a server wrote about itself; none when there is none.
func (c *cluster) pidFile() []string {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// ended tells whether the server that was started has ended, and takes its
// status when it has. No goroutine waits for it: tests look for forgotten ones.
func (c *cluster) ended() bool {
	if c.server.ProcessState != nil {
		return true
	}
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, c.server.Process.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err != nil || info.Signo == 0 {
		return false
	}
	_ = c.server.Wait()
	return true
}

// stop ends the server by a signal: SIGINT throws its clients out and shuts
// down in good order, SIGQUIT saves nothing.
func (c *cluster) stop(by syscall.Signal) error {
	if c.server == nil || c.ended() {
		return nil
	}
	if err := c.server.Process.Signal(by); err != nil {
		return err
	}
	for deadline := time.Now().Add(startTime); !c.ended(); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("the server did not end\n%s", c.logTail()), c.kill())
		}
	}
	return nil
}

// kill kills the server and every process that it started, as a power cut
// would. The first signal holds it still: otherwise its children would see it
// go, and one might finish its commit.
func (c *cluster) kill() error {
	if c.ended() {
		return errors.New("the server has ended already")
	}
	if err := c.server.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	pids, err := c.processes()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	// A process counts until it is gone: one that still holds the shared memory
	// keeps the next server from starting.
	for deadline := time.Now().Add(startTime); !c.ended() || slices.ContainsFunc(pids[1:], running); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			return errors.New("the killed server's processes do not end")
		}
	}
	return nil
}

// running tells whether a process runs; one that only waits for somebody to
// take its status does not.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// close stops the server and removes everything.
func (c *cluster) close() error {
	errs := []error{c.stop(syscall.SIGQUIT)}
	// A killed server leaves a segment of System V's shared memory, which the
	// next one over the same folder takes over; here there is no next one.
	if lines := c.pidFile(); len(lines) >= 7 {
		if words := strings.Fields(lines[6]); len(words) == 2 {
			if id, err := strconv.Atoi(words[1]); err == nil {
				_, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
			}
		}
	}
	if c.mounted {
		errs = append(errs, unix.Unmount(c.data(), 0))
	}
	errs = append(errs, os.RemoveAll(c.dir))
	if c.alive != nil {
		errs = append(errs, c.alive.Close())
	}
	if c.keeper != nil {
		errs = append(errs, c.keeper.Wait())
	}
	return errors.Join(errs...)
}

func (c *cluster) logPath() string { return filepath.Join(c.dir, "log") }

// logTail is the end of the server's log, for failures.
func (c *cluster) logTail() string {
	text, err := os.ReadFile(c.logPath())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// dsn is the address of a database of this server.
func (c *cluster) dsn(user, database string) string {
	return "postgres://" + user + "@/" + database + "?host=" + url.QueryEscape(c.dir)
}
