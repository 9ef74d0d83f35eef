package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"okienko/sandbox"
	"okienko/store"
)

// makingName marks a folder in which a sandbox is making its world: what lies
// there beside the mark is half a world, and whose it is.
const makingName = "making"

// openFolder finds the data folder, and makes it fit for a first start where
// none has come to its end.
func (w *sandboxWorld) openFolder(o SandboxOptions) error {
	var err error
	switch {
	case w.folder == "" && o.Ephemeral:
		if w.folder, err = os.MkdirTemp("", "okienko-sandbox-"); err != nil {
			return err
		}
		w.remove = true
	case w.folder == "":
		if w.folder, err = defaultFolder(); err != nil {
			return err
		}
	}
	if w.folder, err = filepath.Abs(w.folder); err != nil {
		return err
	}
	if err := os.MkdirAll(w.folder, 0o700); err != nil || o.Ephemeral {
		return err
	}
	if _, born, err := sandbox.LoadBirth(w.folder); born || err != nil {
		return err
	}
	return w.beginAgain()
}

// beginAgain removes what a first start that was cut short has left. A store
// that no sandbox was making is somebody's bank, and stays.
func (w *sandboxWorld) beginAgain() error {
	path, mark := filepath.Join(w.folder, storeName), filepath.Join(w.folder, makingName)
	if _, err := os.Stat(mark); errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(path); err == nil {
			return fmt.Errorf("%s is a store that no sandbox has made; choose another folder", path)
		}
		return os.WriteFile(mark, nil, 0o600)
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(store.ErrLocked, err) // another sandbox is at it
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// birth is how the folder's world was made; ok is false when there is none, and
// for a sandbox that keeps nothing: its world is its own.
func (w *sandboxWorld) birth() (sandbox.Birth, bool, error) {
	if w.options.Ephemeral {
		return sandbox.Birth{}, false, nil
	}
	return sandbox.LoadBirth(w.folder)
}

// keepBirth remembers that the world is whole.
func (w *sandboxWorld) keepBirth(seed uint64, day time.Time) error {
	if w.options.Ephemeral {
		return nil
	}
	if err := sandbox.SaveBirth(w.folder, seed, day); err != nil {
		return err
	}
	return os.Remove(filepath.Join(w.folder, makingName))
}
