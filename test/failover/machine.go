package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// user is whom a program runs as.
type user struct{ uid, gid int }

var (
	root = user{0, 0}
	// bankUser is nobody's number on a usual machine; the bank needs no name.
	bankUser = user{64001, 64001}
)

// machine is a program with everything that it starts, in a process namespace
// of its own. One signal to the first process of the namespace ends all of
// them at one instant, as a power cut does; no parent tidies up after a child.
type machine struct {
	name  string
	as    user
	env   []string
	words []string
	log   string

	cmd   *exec.Cmd
	ended chan struct{}
}

// start starts the program and does not wait for it to be of use.
func (m *machine) start() error {
	// --kill-child ends the namespace when we go, and setpriv asks for that once
	// more, because changing the user forgets it.
	words := append([]string{"--pid", "--fork", "--kill-child", "--mount-proc", "setpriv",
		"--reuid", strconv.Itoa(m.as.uid), "--regid", strconv.Itoa(m.as.gid), "--clear-groups", "--pdeathsig", "KILL", "--"}, m.words...)
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	m.cmd = exec.Command("unshare", words...)
	m.cmd.Dir, m.cmd.Env = filepath.Dir(m.log), append(append(os.Environ(), "HOME="+filepath.Dir(m.log)), m.env...)
	m.cmd.Stdout, m.cmd.Stderr = log, log
	if err := m.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	m.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(m.cmd, m.ended)
	return nil
}

// running tells whether the program still runs.
func (m *machine) running() bool {
	if m.cmd == nil {
		return false
	}
	select {
	case <-m.ended:
		return false
	default:
		return true
	}
}

// kill is kill -9 for the program and all that it started.
func (m *machine) kill() error {
	if !m.running() {
		return nil
	}
	first, err := children(m.cmd.Process.Pid)
	if err != nil {
		return err
	}
	for _, pid := range first {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	if len(first) == 0 { // between its start and its first child
		if err := m.cmd.Process.Kill(); err != nil {
			return err
		}
	}
	<-m.ended
	return nil
}

// signal sends a signal to everything in the namespace, or to what has a word
// in its title.
func (m *machine) signal(s syscall.Signal, title string) error {
	met := false
	todo, err := children(m.cmd.Process.Pid)
	for len(todo) > 0 && err == nil {
		pid := todo[0]
		if words, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(words), title) {
			if err = syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			met = true
		}
		var more []int
		more, err = children(pid)
		todo = append(todo[1:], more...)
	}
	if err == nil && !met {
		err = fmt.Errorf("%s: nothing called %q runs", m.name, title)
	}
	return err
}

// children are the processes that a process has started and not outlived.
func children(pid int) ([]int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return nil, nil
	}
	var all []int
	for _, word := range strings.Fields(string(text)) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, err
}

// tail is the end of what the program said, for failures.
func (m *machine) tail() string {
	text, err := os.ReadFile(m.log)
	if err != nil {
		return err.Error()
	}
	return m.name + " says:\n" + string(text[max(0, len(text)-3000):])
}

// errEnded: what is waited for has ended instead, and waiting is no use.
var errEnded = errors.New("it has ended")

// until asks again and again, for at most so long.
func until(ctx context.Context, most time.Duration, what string, ask func() error) error {
	deadline := time.Now().Add(most)
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if errors.Is(err, errEnded) || time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %s: %w", what, most, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// edit is one change to a file of deploy/. What is to be changed must be there:
// a file that has moved on must not be tried half changed.
type edit struct{ from, to string }

// deployed writes a file of deploy/ with changes and returns its path.
func deployed(from, to string, as user, mode os.FileMode, edits ...edit) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	text := string(data)
	for _, e := range edits {
		if !strings.Contains(text, e.from) {
			return fmt.Errorf("%s has no %q", from, e.from)
		}
		text = strings.ReplaceAll(text, e.from, e.to)
	}
	return write(to, as, mode, text)
}

func write(path string, as user, mode os.FileMode, text string) error {
	return errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode), os.Chown(path, as.uid, as.gid))
}

// folder makes a folder for a user.
func folder(path string, as user, mode os.FileMode) error {
	return errors.Join(os.Mkdir(path, mode), os.Chmod(path, mode), os.Chown(path, as.uid, as.gid))
}
