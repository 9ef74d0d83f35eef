package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"okienko/bank/notice"
)

// inbox keeps the last messages of everybody, in a file with one JSON text to a
// line or in memory alone. It is a convenience of the sandbox: nothing is synced,
// and a torn last line after a crash is left out.
type inbox struct {
	path string
	keep int

	mu    sync.Mutex
	boxes map[string][]notice.Message // by login, oldest first
	file  *os.File
	lines int
}

// line is a message as the file keeps it.
type line struct {
	Login  string    `json:"login"`
	ID     string    `json:"id"`
	Number string    `json:"number"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

func openInbox(path string, keep int) (*inbox, error) {
	b := &inbox{path: path, keep: keep, boxes: map[string][]notice.Message{}}
	if path == "" {
		return b, nil
	}
	if err := b.load(); err != nil {
		return nil, fmt.Errorf("sandbox: inbox: %w", err)
	}
	if err := b.rewrite(); err != nil {
		return nil, fmt.Errorf("sandbox: inbox: %w", err)
	}
	return b, nil
}

func (b *inbox) load() error {
	f, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var l line
		if json.Unmarshal(text, &l) == nil {
			b.put(l.Login, notice.Message{ID: l.ID, Channel: notice.SMS, To: l.Number, Text: l.Text, CreatedAt: l.At})
		}
	}
}

func (b *inbox) put(login string, m notice.Message) bool {
	box := b.boxes[login]
	if slices.ContainsFunc(box, func(had notice.Message) bool { return had.ID == m.ID }) {
		return false // delivered twice: the first delivery was not settled in time
	}
	box = append(box, m)
	b.boxes[login] = box[max(0, len(box)-b.keep):]
	return true
}

func (b *inbox) add(login string, m notice.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.put(login, m) || b.path == "" {
		return nil
	}
	// Many times what is kept means that the file is mostly past.
	if b.lines > 20*b.keep+1000 {
		return b.rewrite()
	}
	return b.write(b.file, login, m)
}

func (b *inbox) write(f *os.File, login string, m notice.Message) error {
	text, err := json.Marshal(line{Login: login, ID: m.ID, Number: m.To, Text: m.Text, At: m.CreatedAt})
	if err != nil {
		return err
	}
	b.lines++
	if _, err = f.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("sandbox: inbox: %w", err)
	}
	return nil
}

// rewrite makes the file anew with what is kept, and opens it for adding.
func (b *inbox) rewrite() error {
	next, err := os.OpenFile(b.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	b.lines = 0
	for login, box := range b.boxes {
		for _, m := range box {
			if err := b.write(next, login, m); err != nil {
				return errors.Join(err, next.Close())
			}
		}
	}
	if err := os.Rename(b.path+".new", b.path); err != nil {
		return errors.Join(err, next.Close())
	}
	if b.file != nil {
		_ = b.file.Close() // replaced; nothing of it is needed any more
	}
	b.file = next
	return nil
}

// of lists the messages of a login, newest first.
func (b *inbox) of(login string) []notice.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.boxes[login])
	slices.Reverse(out)
	return out
}

func (b *inbox) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}
