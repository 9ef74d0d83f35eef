// Package process runs the real program as a process of its own, for tests that
// kill it and benchmarks that must not share its memory.
//
// It owns building, starting, killing and calling, as a partner and as a
// customer in front of the pages; it knows nothing of what is tested.
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
	"sync"
	"syscall"
	"time"

	"okienko/app"
)

// Build compiles the program into a folder and returns its path. It takes what
// the tests themselves have compiled from the build cache.
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

// Program is a started program of any command.
type Program struct {
	cmd    *exec.Cmd
	stderr output
	exited chan struct{}
}

// output may be read while the program writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Run starts a program and returns at once. More environment goes behind the
// own one.
func Run(ctx context.Context, environment []string, words ...string) (*Program, error) {
	p := &Program{exited: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, words[0], words[1:]...)
	p.cmd.Stderr = &p.stderr
	p.cmd.Env = append(os.Environ(), environment...)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// Signal sends a signal to the process that was started.
func (p *Program) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Exited is closed when the program has ended.
func (p *Program) Exited() <-chan struct{} { return p.exited }

// Status waits for the end and returns the exit status, -1 after a signal.
func (p *Program) Status() int {
	<-p.exited
	return p.cmd.ProcessState.ExitCode()
}

// Log is what the program has written to standard error so far.
func (p *Program) Log() string { return p.stderr.String() }

// Bank is a running sandbox.
type Bank struct {
	app.Ready
	*Program
}

// startTime is how long a bank may take until it is open, on a loaded machine.
const startTime = 60 * time.Second

// Start starts a sandbox over a data folder on free ports and waits until it is
// open. wrap is put in front of the program's own words, for a tracer.
func Start(ctx context.Context, bin, data string, wrap []string, args ...string) (*Bank, error) {
	ready := filepath.Join(data, "ready.json")
	b, err := Launch(ctx, bin, data, wrap, args...)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(startTime)
	for {
		if text, err := os.ReadFile(ready); err == nil {
			return b, json.Unmarshal(text, &b.Ready)
		}
		select {
		case <-b.exited:
			return nil, fmt.Errorf("the bank ended before it was open: %s", b.Log())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			_ = b.Kill()
			return nil, fmt.Errorf("the bank was not open after %s: %s", startTime, b.Log())
		}
	}
}

// Launch starts a sandbox as Start does and does not wait.
func Launch(ctx context.Context, bin, data string, wrap []string, args ...string) (*Bank, error) {
	ready := filepath.Join(data, "ready.json")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	words := append(append([]string{}, wrap...), bin, "sandbox", "--data", data, "--ready", ready,
		"--people", "127.0.0.1:0", "--partner", "127.0.0.1:0", "--psd2", "127.0.0.1:0", "--doors", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	p, err := Run(ctx, nil, append(words, args...)...)
	if err != nil {
		return nil, err
	}
	return &Bank{Program: p}, nil
}

// Kill ends the bank at once, as a power cut ends a program.
func (b *Bank) Kill() error {
	pid := b.PID
	if pid == 0 { // not open yet
		pid = b.cmd.Process.Pid
	}
	err := syscall.Kill(pid, syscall.SIGKILL)
	<-b.exited
	return err
}

// Stop asks the bank to close and returns its exit status.
func (b *Bank) Stop() (int, error) {
	if err := syscall.Kill(b.PID, syscall.SIGTERM); err != nil {
		return 0, err
	}
	return b.Status(), nil
}

// Interrupt sends what Ctrl-C sends, and returns at once.
func (b *Bank) Interrupt() error { return syscall.Kill(b.PID, syscall.SIGINT) }

// Roots holds the bank's CA.
func (b *Bank) Roots() (*x509.CertPool, error) { return roots(b.CA) }

func roots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

// Client trusts the bank's CA and keeps up to n connections.
func (b *Bank) Client(n int) (*http.Client, error) {
	pool, err := b.Roots()
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			MaxIdleConnsPerHost: n, MaxConnsPerHost: n,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// Call sends JSON with an access token and returns status and body. The error
// says that the connection broke: nobody knows what became of the request.
func Call(ctx context.Context, client *http.Client, method, url, token, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewBufferString(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("access_token", token)
	}
	return Do(client, req)
}

// Do sends a request and reads the whole answer.
func Do(client *http.Client, req *http.Request) (int, string, error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", err
	}
	return resp.StatusCode, string(text), nil
}

// Verify runs `okienko verify` with the given words and returns an error
// with all that it printed unless it finds everything in order.
func Verify(ctx context.Context, bin string, words ...string) error {
	out, err := exec.CommandContext(ctx, bin, append([]string{"verify"}, words...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("verify: %w\n%s", err, out)
	}
	return nil
}
