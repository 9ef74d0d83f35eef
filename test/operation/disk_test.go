package operation

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"okienko/test/process"
)

// limited puts a limit on the size of files in front of a program: what the
// kernel then says is what a full disk says.
func limited(kib int) []string {
	return []string{"bash", "-c", `ulimit -S -f "$0" && exec "$@"`, strconv.Itoa(kib)}
}

// A full disk: callers get a clear error and none of the bank's inner texts,
// nothing acknowledged is lost, and with room again all is as before.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := start(t, data, nil) // makes the world with room enough
	if code, err := first.Stop(); err != nil || code != 0 {
		t.Fatalf("closing: %d, %v", code, err)
	}
	info, err := os.Stat(filepath.Join(data, "bank.db"))
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, data, limited(int(info.Size()>>10)+256), "--log", "info")

	acknowledged := map[string]string{}
	refused, pay := 0, func(b *bank, id string) (int, string) {
		return b.call(http.MethodPost, "/payment", payment(b.Paired.AccountID, id))
	}
	for n := 0; refused < 20; n++ {
		if n > 5000 {
			t.Fatal("the disk does not get full")
		}
		id := fmt.Sprintf("full-%d", n)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.Partner+"/payment", strings.NewReader(payment(b.Paired.AccountID, id)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("access_token", b.Paired.AccessToken)
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Content-Type", "application/json")
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatalf("after %d payments and %d refusals the bank is gone: %v\n%s", n, refused, err, b.Log())
		}
		text := read(t, resp)
		switch resp.StatusCode {
		case http.StatusCreated:
			acknowledged[id] = text
		case http.StatusInternalServerError, http.StatusServiceUnavailable:
			refused++
			told := text + resp.Header.Get("X-Okienko-Reason")
			for _, inner := range []string{"disk", "SQL", "store", "I/O", "begin", "commit", data} {
				if strings.Contains(strings.ToLower(told), strings.ToLower(inner)) {
					t.Errorf("the caller is told of %q: %s", inner, told)
				}
			}
			if member(text, "error") == "" || member(text, "error_description") == "" {
				t.Errorf("no error of the interface: %s", text)
			}
		default:
			t.Fatalf("%s: %d %s", id, resp.StatusCode, text)
		}
	}
	if len(acknowledged) == 0 {
		t.Fatal("the disk was full before the first payment")
	}
	t.Logf("%d payments fitted", len(acknowledged))
	// What is there can still be read, also what was acknowledged last.
	if status, text := b.call(http.MethodGet, "/payment?pageSize=100", ""); status != http.StatusOK {
		t.Errorf("reading from a full disk: %d %s", status, text)
	}
	if status, _ := b.get("/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	if !strings.Contains(b.Log(), `"level":"ERROR"`) {
		t.Error("the operator's log does not tell of it")
	}
	if err := process.Verify(t.Context(), binary, "--data", data); err != nil {
		t.Errorf("with the disk full: %v", err)
	}
	// The operator makes room: the bank goes on by itself.
	if err := unix.Prlimit(b.PID, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}, nil); err != nil {
		t.Fatal(err)
	}
	status, text := pay(b, "room")
	if status != http.StatusCreated {
		t.Errorf("with room again: %d %s", status, text)
	}
	acknowledged["room"] = text
	if code, err := b.Stop(); err != nil || code != 0 {
		t.Errorf("closing: %d, %v", code, err)
	}

	again := start(t, data, nil)
	for id, text := range acknowledged {
		if status, now := pay(again, id); status != http.StatusCreated || now != text {
			t.Fatalf("%s was answered %s and is now %d %s", id, text, status, now)
		}
	}
	if code, err := again.Stop(); err != nil || code != 0 {
		t.Errorf("closing: %d, %v", code, err)
	}
	if err := process.Verify(t.Context(), binary, "--data", data); err != nil {
		t.Error(err)
	}
}

// A disk that is full when the program is told to end: it ends all the same,
// and says that something was left undone.
func TestClosingOnAFullDisk(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if code, err := start(t, data, nil).Stop(); err != nil || code != 0 {
		t.Fatalf("closing: %d, %v", code, err)
	}
	info, err := os.Stat(filepath.Join(data, "bank.db"))
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, data, limited(int(info.Size()>>10)+256))
	last, status := "", http.StatusCreated
	for n := 0; status == http.StatusCreated; n++ {
		last = fmt.Sprintf("closing-%d", n)
		status, _ = b.call(http.MethodPost, "/payment", payment(b.Paired.AccountID, last))
	}
	if err := b.Interrupt(); err != nil {
		t.Fatal(err)
	}
	ends(t, b.Program, 15*time.Second)
	if err := process.Verify(t.Context(), binary, "--data", data); err != nil {
		t.Error(err)
	}
	again := start(t, data, nil)
	if status, text := again.call(http.MethodPost, "/payment", payment(again.Paired.AccountID, last)); status != http.StatusCreated {
		t.Errorf("what the full disk refused, once there is room: %d %s", status, text)
	}
}
