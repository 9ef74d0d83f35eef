// Package operation tests what an operator sees of the real program: closing,
// health, measures, logs, hostile callers, a full disk, and the production mode
// with everything that it refuses.
package operation

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"okienko/test/engine"
	"okienko/test/process"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "okienko-operation-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if err := os.Chmod(dir, 0o755); err != nil { // other users run it too
			panic(err)
		}
		if binary, err = process.Build(context.Background(), dir); err != nil {
			panic(err)
		}
		// The folder and the disk under it, settings that are refused before anything
		// is opened, serving from a file; and TestTwoNodes, which serves from a
		// database in either run.
		engine.Once("TestFullDisk", "TestClosingOnAFullDisk", "TestEphemeralAndLastingInOneFolder", "TestSandboxLeavesAForeignStoreAlone",
			"TestSecondSandboxInOneFolder", "TestServeRefusesInsecureSettings", "TestServe", "TestTwoNodes")
		return m.Run()
	}())
}

// bank is a sandbox with a client.
type bank struct {
	*process.Bank
	t        *testing.T
	data     string // folder
	database string // "" for a file in the folder
	client   *http.Client
}

// open starts a new sandbox on the engine that the run of the tests is for.
func open(t *testing.T, args ...string) *bank {
	t.Helper()
	dsn := engine.DSN(t)
	b := start(t, t.TempDir(), nil, append(args, "--database="+dsn)...)
	b.database = dsn
	return b
}

// again starts the sandbox anew over what it has kept.
func (b *bank) again() *bank {
	b.t.Helper()
	return start(b.t, b.data, nil, "--database="+b.database)
}

// verify adds up what the sandbox has kept.
func (b *bank) verify() {
	b.t.Helper()
	where := b.database
	if where == "" {
		where = "--data=" + b.data
	}
	if err := process.Verify(b.t.Context(), binary, where); err != nil {
		b.t.Error(err)
	}
}

func start(t *testing.T, data string, wrap []string, args ...string) *bank {
	t.Helper()
	b, err := process.Start(t.Context(), binary, data, wrap, append([]string{"--no-history"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Kill() }) // harmless when it has ended
	client, err := b.Client(16)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return &bank{Bank: b, t: t, data: data, client: client}
}

// call calls the partner API with the ready token.
func (b *bank) call(method, path, body string) (int, string) {
	b.t.Helper()
	status, text, err := process.Call(b.t.Context(), b.client, method, b.Partner+path, b.Paired.AccessToken, body)
	if err != nil {
		b.t.Fatal(err)
	}
	return status, text
}

func payment(account, id string) string {
	return `{"operationId":"` + id + `","account_id":"` + account + `","amount":"0.01","currency":"PLN","title":"operation"}`
}

// get reads one address of the admin listener.
func (b *bank) get(path string) (int, string) {
	b.t.Helper()
	status, text, err := process.Call(b.t.Context(), http.DefaultClient, http.MethodGet, b.Admin+path, "", "")
	if err != nil {
		b.t.Fatal(err)
	}
	return status, text
}

// ends waits for the end of a program, for at most so long.
func ends(t *testing.T, p *process.Program, most time.Duration) int {
	t.Helper()
	select {
	case <-p.Exited():
		return p.Status()
	case <-time.After(most):
		t.Fatalf("the program has not ended after %s\n%s", most, p.Log())
		return 0
	}
}

// dial opens a TLS connection for bytes that no decent client sends.
func (b *bank) dial(t *testing.T, url string) *tls.Conn {
	t.Helper()
	roots, err := b.Roots()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := (&tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: "localhost"}}).
		DialContext(t.Context(), "tcp", hostOf(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn.(*tls.Conn)
}

// hostOf is host:port of a URL of this machine.
func hostOf(url string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://"), "/")
	_, port, _ := net.SplitHostPort(host)
	return "127.0.0.1:" + port
}

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
