package restore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite"
)

// TestCopyOfAFile: the embedded store is copied while the bank pays, and the copy
// is a bank of one moment.
func TestCopyOfAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir, "")
	before := ids("before-the-copy", 5)
	b.pay(t, before...)

	data, copied := filepath.Join(dir, "bank.db"), filepath.Join(t.TempDir(), "copy.db")
	made := make(chan error, 1)
	go func() { made <- vacuum(context.WithoutCancel(t.Context()), data, copied) }()
	during := ids("during-the-copy", 40)
	b.pay(t, during...)
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	b.has(t, slices.Concat(before, during)...)
	b.Close(t)
	clean(t, copied)

	// The disk is lost: the copy takes the file's place, without the log that
	// belonged to the other.
	for _, name := range []string{data, data + "-wal", data + "-shm"} {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(data, text, 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, "")
	kept := again.payments(t)
	for _, id := range before {
		if !slices.Contains(kept, id) {
			t.Errorf("the copy lacks %s, which was paid before it was made", id)
		}
	}
	again.pay(t, "after")
	again.Close(t)
	clean(t, data)
}

// vacuum does what `sqlite3 bank.db "vacuum into 'copy.db'"` does.
func vacuum(ctx context.Context, data, into string) error {
	db, err := sql.Open("sqlite", "file:"+data+"?mode=ro")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf("vacuum into '%s'", into))
	return errors.Join(err, db.Close())
}
