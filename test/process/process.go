// Package process runs the real program as a process of its own, for tests that
// kill it and benchmarks that must not share its memory.
//
// It owns building, starting, killing and calling; it knows nothing of what is
// tested.
package process

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"okienko/app"
)

// Build compiles the program into a folder and returns its path.
func Build(ctx context.Context, dir string) (string, error) {
	root, err := root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "okienko")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cmd/okienko")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return bin, nil
}

// root is the folder of go.mod above the working folder.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working folder")
		}
		dir = up
	}
}

// Bank is a running sandbox.
type Bank struct {
	app.Ready
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	exited chan struct{}
}

// startTime is how long a bank may take until it is open, on a loaded machine.
const startTime = 60 * time.Second

// Start starts a sandbox over a data folder on free ports and waits until it is
// open. wrap is put in front of the program's own words, for a tracer.
func Start(ctx context.Context, bin, data string, wrap []string, args ...string) (*Bank, error) {
	ready := filepath.Join(data, "ready.json")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	words := append(append([]string{}, wrap...), bin, "sandbox", "--data", data, "--ready", ready,
		"--people", "127.0.0.1:0", "--partner", "127.0.0.1:0", "--doors", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	words = append(words, args...)
	b := &Bank{stderr: &bytes.Buffer{}, exited: make(chan struct{})}
	b.cmd = exec.CommandContext(ctx, words[0], words[1:]...)
	b.cmd.Stdout, b.cmd.Stderr = io.Discard, b.stderr
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = b.cmd.Wait()
		close(b.exited)
	}()
	deadline := time.Now().Add(startTime)
	for {
		if text, err := os.ReadFile(ready); err == nil {
			return b, json.Unmarshal(text, &b.Ready)
		}
		select {
		case <-b.exited:
			return nil, fmt.Errorf("the bank ended before it was open: %s", b.stderr)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			_ = b.Kill()
			return nil, fmt.Errorf("the bank was not open after %s: %s", startTime, b.stderr)
		}
	}
}

// Kill ends the bank at once, as a power cut ends a program.
func (b *Bank) Kill() error {
	err := syscall.Kill(b.PID, syscall.SIGKILL)
	if b.PID == 0 {
		err = b.cmd.Process.Kill()
	}
	<-b.exited
	return err
}

// Stop asks the bank to close and returns its exit status.
func (b *Bank) Stop() (int, error) {
	if err := syscall.Kill(b.PID, syscall.SIGTERM); err != nil {
		return 0, err
	}
	<-b.exited
	return b.cmd.ProcessState.ExitCode(), nil
}

// Interrupt sends what Ctrl-C sends, and returns at once.
func (b *Bank) Interrupt() error { return syscall.Kill(b.PID, syscall.SIGINT) }

// Exited is closed when the bank has ended.
func (b *Bank) Exited() <-chan struct{} { return b.exited }

// Log is what the bank has written to standard error. Read it when it has ended.
func (b *Bank) Log() string { return b.stderr.String() }

// CPU is the processor time that the bank has used. Ask when it has ended.
func (b *Bank) CPU() time.Duration {
	return b.cmd.ProcessState.SystemTime() + b.cmd.ProcessState.UserTime()
}

// Client trusts the bank's CA and keeps up to n connections.
func (b *Bank) Client(n int) (*http.Client, error) {
	pem, err := os.ReadFile(b.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", b.CA)
	}
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			MaxIdleConnsPerHost: n, MaxConnsPerHost: n,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
