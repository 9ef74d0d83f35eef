package operation

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"okienko/test/process"
)

// A sandbox that keeps nothing neither uses nor spoils what a lasting one has
// in the same folder.
func TestEphemeralAndLastingInOneFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	pay := func(b *bank, id string) (status int, text string) {
		t.Helper()
		return b.call(http.MethodPost, "/payment", payment(b.Paired.AccountID, id))
	}
	for _, args := range [][]string{{"--ephemeral"}, nil, {"--ephemeral"}, nil} {
		b := start(t, data, nil, args...)
		if status, text := pay(b, "one"); status != http.StatusCreated {
			t.Errorf("%v: %d %s", args, status, text)
		}
		if len(args) > 0 {
			if _, list := b.call(http.MethodGet, "/payment", ""); strings.Count(list, "paymentId") != 1 {
				t.Errorf("%v: %s", args, list)
			}
		}
		if code, err := b.Stop(); err != nil || code != 0 {
			t.Errorf("%v: closing: %d, %v", args, code, err)
		}
	}
	if err := process.Verify(t.Context(), binary, "--data", data); err != nil {
		t.Error(err)
	}
}

// A first start clears away what an earlier one has left half done, and nothing
// else: a store in the folder may be a bank's.
func TestSandboxLeavesAForeignStoreAlone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	path := filepath.Join(data, "bank.db")
	if err := os.WriteFile(path, []byte("somebody's bank"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := process.Start(t.Context(), binary, data, nil)
	if err == nil || !strings.Contains(err.Error(), "no sandbox has made") {
		t.Errorf("started over it: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "somebody's bank" {
		t.Errorf("the store is now %q, %v", text, err)
	}
}

// Two sandboxes in one folder: the second is refused and does no harm.
func TestSecondSandboxInOneFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	b := start(t, data, nil)
	second, err := process.Run(t.Context(), nil, binary, "sandbox", "--data", data, "--no-history",
		"--people", "127.0.0.1:0", "--partner", "127.0.0.1:0", "--psd2", "127.0.0.1:0", "--doors", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if second.Status() != 1 || !strings.Contains(second.Log(), "another process has the data open") {
		t.Errorf("the second one ended with %d: %s", second.Status(), second.Log())
	}
	if status, text := b.call(http.MethodGet, "/user", ""); status != http.StatusOK {
		t.Errorf("the first one: %d %s", status, text)
	}
}
