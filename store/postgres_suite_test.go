package store_test

import (
	"strings"
	"sync"
	"testing"

	"okienko/store"
	"okienko/store/storetest"
	"okienko/test/engine"
	"okienko/test/postgres"
)

// TestPostgreSQL is the whole suite on a database of its own for each test.
func TestPostgreSQL(t *testing.T) {
	var mu sync.Mutex
	made := map[string]string{} // a test's name: its database
	storetest.Run(t, func(t *testing.T, cfg store.Config) *store.Store {
		t.Helper()
		mu.Lock()
		if made[t.Name()] == "" {
			made[t.Name()] = begun(t)
		}
		cfg.DSN = made[t.Name()]
		mu.Unlock()
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// begun is the address of a database that has its tables already, but for the
// tests of opening one.
func begun(t *testing.T) string {
	t.Helper()
	if strings.HasPrefix(t.Name(), "TestPostgreSQL/opening/") {
		return postgres.DSN(t)
	}
	return engine.Database(t)
}

// TestNodes is what must hold between several nodes on one database.
func TestNodes(t *testing.T) {
	var mu sync.Mutex
	made := map[string]string{}
	storetest.RunNodes(t, func(t *testing.T, cfg store.Config) *store.Store {
		t.Helper()
		mu.Lock()
		if made[t.Name()] == "" {
			made[t.Name()] = postgres.DSN(t)
		}
		cfg.DSN = made[t.Name()]
		mu.Unlock()
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
