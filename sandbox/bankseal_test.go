package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"okienko/clock"
	"okienko/eidas/seal"
	"okienko/eidas/trustservice"
)

// The bank keeps its seal from start to start; one that does not fit its key, or
// is of another trust service, is made anew.
func TestBankSealIsKept(t *testing.T) {
	now := time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)
	trust := func() *trustservice.Service {
		s, err := trustservice.Open(trustservice.Settings{Clock: clock.NewManual(now), BaseURL: "http://localhost:8445/trust"})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	of, folder := trust(), t.TempDir()
	open := func(of *trustservice.Service) *BankSeal {
		t.Helper()
		s, err := OpenBankSeal(folder, "Bank", of, now)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := seal.Sign(s.Key, seal.Header{Alg: seal.RS256}, []byte("answer"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := seal.Parse(signed, seal.RS256); err != nil || got.Verify(s.Certificate, []byte("answer")) != nil {
			t.Fatal("the key is not the certificate's")
		}
		return s
	}
	first := open(of)
	if again := open(of); !bytes.Equal(again.PEM, first.PEM) || again.URL != first.URL {
		t.Error("a second start has another seal")
	}
	other, err := OpenBankSeal(t.TempDir(), "Bank", of, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, sealFile), other.PEM, 0o600); err != nil { // as after a stop between the two files
		t.Fatal(err)
	}
	if mended := open(of); bytes.Equal(mended.PEM, other.PEM) {
		t.Error("a seal without its key is kept")
	}
	if moved := open(trust()); bytes.Equal(moved.PEM, first.PEM) {
		t.Error("a seal of another trust service is kept")
	}
	if loose, err := OpenBankSeal("", "Bank", of, now); err != nil || bytes.Equal(loose.PEM, first.PEM) {
		t.Errorf("without a folder: %v", err)
	}
}
