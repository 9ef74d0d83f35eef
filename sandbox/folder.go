package sandbox

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"okienko/bank/calendar"
)

// The other files of a sandbox's data folder.
const (
	worldFile = "world.json"
	ClockFile = "clock.json" // what the bank clock remembers, see LoadJSON and SaveJSON
	InboxFile = "phone.jsonl"
)

// Birth is what a data folder remembers of how its world was made, so that the
// phones get the same keys at every start.
type Birth struct {
	Seed uint64
	Day  calendar.Date
}

type birthJSON struct {
	Seed uint64 `json:"seed"`
	Day  string `json:"day"`
}

// LoadBirth reads how the world of a folder was made; ok is false in a new one.
func LoadBirth(folder string) (b Birth, ok bool, err error) {
	var j birthJSON
	if ok, err = LoadJSON(filepath.Join(folder, worldFile), &j); !ok || err != nil {
		return Birth{}, false, err
	}
	day, err := calendar.ParseDate(j.Day)
	if err != nil {
		return Birth{}, false, fmt.Errorf("sandbox: %s: %w", worldFile, err)
	}
	return Birth{Seed: j.Seed, Day: day}, true, nil
}

// SaveBirth is called once the world is in the store, so that a first start that
// was cut short begins again.
func SaveBirth(folder string, seed uint64, now time.Time) error {
	return SaveJSON(filepath.Join(folder, worldFile), birthJSON{Seed: seed, Day: calendar.DateOf(now).String()})
}

// LoadJSON reads a file of the folder strictly; ok is false when there is none.
func LoadJSON(path string, into any) (ok bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("sandbox: %w", err)
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(into); err != nil {
		return false, fmt.Errorf("sandbox: %s: %w", path, err)
	}
	return true, nil
}

// SaveJSON replaces a file of the folder, whole or not at all.
func SaveJSON(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("sandbox: %s: %w", path, err)
	}
	return writeFile(path, append(text, '\n'))
}

// writeFile replaces a file, readable by its owner alone.
func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}

func keyPEM(key any) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// newSerial has 126 bits of chance and its highest bit set, so that it is
// positive and always as long.
func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, err
	}
	return n.SetBit(n, 126, 1), nil
}
