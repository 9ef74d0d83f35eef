package crash

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"okienko/test/process"
)

// Killing a process spares what the kernel holds in its page cache: a bank that
// answered before the disk has the data would pass every kill. So this test
// looks at the system calls themselves.
func TestTheDiskHasThePaymentBeforeItsAnswer(t *testing.T) {
	needTracer(t)
	faults := traced(t)
	for _, f := range faults {
		t.Error(f)
	}
	if len(faults) == 0 {
		t.Logf("%d payments, each written and synced before its answer", tracedPayments)
	}
}

// The same look must find fault with a bank that promises nothing about a
// crash, or it would find fault with none.
func TestABankThatPromisesNothingIsSeenNotToSync(t *testing.T) {
	needTracer(t)
	faults := traced(t, "--ephemeral")
	if len(faults) != tracedPayments {
		t.Errorf("of %d payments of an ephemeral bank %d were found unsynced", tracedPayments, len(faults))
	}
	for _, f := range faults {
		if !strings.Contains(f.Error(), errUnsynced) {
			t.Errorf("found for another reason: %v", f)
		}
	}
}

// needTracer skips, loudly, where the kernel lets nobody be traced; where
// nothing may be missing it fails.
func needTracer(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "strace", "-f", "-o", os.DevNull, "true").CombinedOutput()
	if err == nil {
		return
	}
	why := fmt.Sprintf("the order of fsync and answer was NOT looked at: strace: %v %s", err, out)
	if ci := os.Getenv("CI"); ci != "" && ci != "false" {
		t.Fatal(why)
	}
	t.Skip(why)
}

const tracedPayments = 12

// traced pays from one connection, one after another, and returns what the
// trace of the bank has against it: an error for each payment at most.
func traced(t *testing.T, args ...string) []error {
	data, trace := t.TempDir(), filepath.Join(t.TempDir(), "trace")
	wrap := []string{"strace", "-f", "--seccomp-bpf", "-yy", "-s", "20000", "-o", trace,
		"-e", "trace=read,write,writev,pwrite64,pwritev,fsync,fdatasync,sync_file_range,msync"}
	bank, err := process.Start(t.Context(), binary, data, wrap, append(args, "--no-history")...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bank.Kill() }()
	client, err := bank.Client(1)
	if err != nil {
		t.Fatal(err)
	}
	var own []string // local addresses of our connections
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			own = append(own, conn.LocalAddr().String())
		}
		return conn, err
	}
	marks := make([]string, tracedPayments)
	for n := range marks {
		marks[n] = fmt.Sprintf("synced-before-the-answer-%02d", n)
		body := fmt.Sprintf(`{"operationId":"op%d","account_id":%q,"amount":"0.01","currency":"PLN","title":%q}`, n, bank.Paired.AccountID, marks[n])
		if status, text, err := process.Call(t.Context(), client, http.MethodPost, bank.Partner+"/payment", bank.Paired.AccessToken, body); err != nil || status != http.StatusCreated {
			t.Fatalf("payment: %d %s, %v", status, text, err)
		}
	}
	if _, err := bank.Stop(); err != nil {
		t.Fatal(err)
	}
	if len(own) != 1 {
		t.Fatalf("the payments used %d connections", len(own))
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return unsynced(readTrace(string(text)), own[0], marks)
}

// What can be wrong with one payment.
const (
	errUnwritten = "was answered without being written"
	errUnsynced  = "was answered before the disk had it"
	errOrder     = "cannot be found between its request and its answer"
)

const wal = "/bank.db-wal" // the store's write-ahead log: what is in it is committed

// unsynced looks for every mark among the writes to the write-ahead log, for
// the answer that follows on the caller's connection, and for a completed sync
// between the two.
func unsynced(calls []call, caller string, marks []string) []error {
	var faults []error
	answered := -1 // where the answer before began
	for _, mark := range marks {
		fault := func(what string) { faults = append(faults, fmt.Errorf("the payment %s %s", mark, what)) }
		written := slices.IndexFunc(calls, func(c call) bool {
			return c.writes() && strings.HasSuffix(c.of, wal) && strings.Contains(c.text, mark)
		})
		if written < 0 {
			fault(errUnwritten)
			continue
		}
		w := calls[written]
		var request, answer *call
		synced := false
		for i := range calls {
			switch c := &calls[i]; {
			case c.name == "read" && c.on(caller) && c.begin > answered && c.end < w.begin && c.moved():
				request = c
			case c.writes() && c.on(caller) && c.begin > w.end && (answer == nil || c.begin < answer.begin):
				answer = c
			}
		}
		if request == nil || answer == nil {
			fault(errOrder)
			continue
		}
		for _, c := range calls {
			synced = synced || (c.name == "fsync" || c.name == "fdatasync") && strings.HasSuffix(c.of, wal) &&
				c.begin > w.end && c.end < answer.begin && c.back == "0"
		}
		if !synced {
			fault(errUnsynced)
		}
		answered = answer.begin
	}
	return faults
}
