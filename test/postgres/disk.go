package postgres

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk has room for an empty cluster, which takes about 30 MB, and for
// some ten thousand payments.
const smallDisk = 192 << 20

// SmallDisk gives the data a disk of their own, which FillDisk can fill: a file
// system in memory. Where mounting is not allowed FillDisk uses the kernel's
// limit on the length of files instead.
func SmallDisk() Option { return func(o *options) { o.disk = smallDisk } }

// mount mounts the small disk.
func (c *cluster) mount(size int64) error {
	err := unix.Mount("tmpfs", c.data(), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0700,size="+strconv.FormatInt(size, 10))
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return nil
	case err != nil:
		return fmt.Errorf("mounting a small disk: %w", err)
	}
	c.mounted = true
	return nil
}

func (c *cluster) ballast() string { return filepath.Join(c.data(), "ballast") }

// FillDisk takes what room there is on the server's small disk.
func (s *Server) FillDisk(tb testing.TB) {
	tb.Helper()
	if !s.mounted {
		tb.Logf("no small disk could be mounted; instead, no file may be longer than 1 MiB")
		s.limit(tb, "1048576") // less than a file of the log, so it fails there at the latest
		return
	}
	f, err := os.Create(s.ballast())
	if err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	// What is left at the end is less than a page of a table.
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, zeros{}, make([]byte, 4096))
	if !errors.Is(err, syscall.ENOSPC) {
		tb.Fatalf("postgres: filling the disk: %v", err)
	}
	if err := f.Close(); err != nil {
		tb.Fatalf("postgres: %v", err)
	}
}

// FreeDisk ends FillDisk.
func (s *Server) FreeDisk(tb testing.TB) {
	tb.Helper()
	if !s.mounted {
		s.limit(tb, "unlimited")
		return
	}
	if err := os.Remove(s.ballast()); err != nil {
		tb.Fatalf("postgres: %v", err)
	}
}

// Ended tells whether the server has ended by itself, as it does when it cannot
// even recover.
func (s *Server) Ended() bool { return s.ended() }

// limit bounds the length of files for every process of the server, which hand
// it on to what they start. It is done by the server's own user: being root is
// not always enough for the processes of others.
func (s *Server) limit(tb testing.TB, bytes string) {
	tb.Helper()
	if s.ended() {
		return
	}
	pids, err := s.processes()
	if err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	for _, pid := range pids {
		limit := exec.CommandContext(tb.Context(), "prlimit", "--pid", strconv.Itoa(pid), "--fsize="+bytes+":")
		limit.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
		if out, err := limit.CombinedOutput(); err != nil && running(pid) {
			tb.Fatalf("postgres: limiting the length of files: %v\n%s", err, out)
		}
	}
}

// processes are the server's, the one that started the others first.
func (c *cluster) processes() ([]int, error) {
	server := c.server.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", server, server))
	if err != nil {
		return nil, err
	}
	pids := []int{server}
	for _, word := range strings.Fields(string(children)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// zeros is endless.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
