package main

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"okienko/test/postgres"
)

// The command's status is handed on, and its server is gone when it has ended.
func TestServerLastsAsLongAsTheCommand(t *testing.T) {
	postgres.Need(t)
	t.Setenv(postgres.Environment, "")
	out := filepath.Join(t.TempDir(), "out")
	status, err := run([]string{"sh", "-c", `printf %s "$` + postgres.Environment + `" >"$0"; exit 7`, out})
	if err != nil || status != 7 {
		t.Errorf("status %d, %v, want the command's 7", status, err)
	}
	dsn, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(string(dsn))
	if err != nil || address.Query().Get("host") == "" {
		t.Fatalf("the command was handed %q, %v", dsn, err)
	}
	if _, err := os.Stat(address.Query().Get("host")); !os.IsNotExist(err) {
		t.Errorf("the server's folder is left: %v", err)
	}
}

// A server that somebody else runs is used and left alone.
func TestServerOfSomebodyElse(t *testing.T) {
	t.Setenv(postgres.Environment, "postgres://elsewhere")
	if status, err := run([]string{"sh", "-c", `test "$` + postgres.Environment + `" = postgres://elsewhere`}); err != nil || status != 0 {
		t.Errorf("status %d, %v", status, err)
	}
}
