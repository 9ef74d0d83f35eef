package store_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"okienko/bank/audit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/clock"
	"okienko/store"
	"okienko/store/storetest"
)

var key = []byte("0123456789abcdef0123456789abcdef")

func TestSQLite(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(t *testing.T, cfg store.Config) *store.Store {
		t.Helper()
		// A test's name is unique, and its hash a file name.
		cfg.Path = filepath.Join(dir, fmt.Sprintf("%x.db", sha256.Sum256([]byte(t.Name()))))
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestOpenRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	cfg := store.Config{Path: path, Environment: partner.Test, Key: key, Clock: clock.Wall{}, Wall: clock.Wall{}}
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), cfg); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second time at once: %v, want %v", err, store.ErrLocked)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := cfg
	other.Environment = partner.Production
	if _, err := store.Open(t.Context(), other); !errors.Is(err, store.ErrEnvironment) {
		t.Errorf("a sandbox's data in a real bank: %v, want %v", err, store.ErrEnvironment)
	}
	other = cfg
	other.Key = []byte("another key of thirty-two bytes!")
	if _, err := store.Open(t.Context(), other); !errors.Is(err, store.ErrKey) {
		t.Errorf("with another key: %v, want %v", err, store.ErrKey)
	}
	other.Key = key[:31]
	if _, err := store.Open(t.Context(), other); err == nil {
		t.Error("a short key was taken")
	}
	s, err = store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("after all that: %v", err)
	}
	if err := errors.Join(s.Ping(t.Context()), s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := s.Block(t.Context(), "c", partyBlock, record); err == nil {
		t.Error("a closed store took a change")
	}
}

var (
	partyBlock = party.Block{By: "staff:anna"}
	record     = audit.Record{Act: "test"}
)
