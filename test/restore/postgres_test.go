package restore

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okienko/test/postgres"
)

// TestPointInTime is the guide's way back to a point in time: a base backup, the
// archived log, and a minute that somebody names.
func TestPointInTime(t *testing.T) {
	t.Parallel()
	archive := newArchive(t)
	srv := postgres.Start(t, postgres.Setting("archive_mode=on"), postgres.Setting("archive_command="+archive.command))
	archive.belongsTo(t, srv.Dir())
	dsn, dir := srv.DSN(t), t.TempDir()
	b := open(t, dir, dsn)

	before := ids("before-the-backup", 5)
	b.pay(t, before...)
	archive.as(t, "pg_basebackup", "-h", filepath.Dir(srv.Socket()), "-U", "postgres", "-D", archive.base, "-X", "stream", "--checkpoint=fast", "--no-sync")
	after := ids("after-the-backup", 5)
	b.pay(t, after...)
	target := ask(t, dsn, "select clock_timestamp()::text") // between two payments, by the clock that dates commits
	late := ids("too-late", 3)
	b.pay(t, late...)
	whole := slices.Concat(before, after, late)
	b.has(t, whole...)

	// The log that was not archived yet is what a lost disk takes along. Here it
	// holds payments beyond the target, so the archive must get that far.
	segment := ask(t, dsn, "select pg_walfile_name(pg_current_wal_insert_lsn())")
	super(t, srv, "select pg_switch_wal()")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(archive.wal, segment)); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not archived: %s", segment, super(t, srv, "select pg_stat_archiver::text from pg_stat_archiver"))
		}
	}
	b.Close(t)

	srv.Kill(t)
	if err := os.RemoveAll(srv.Dir()); err != nil { // the disk is lost
		t.Fatal(err)
	}
	settings := fmt.Sprintf("\nrestore_command = 'cp \"%s/%%f\" \"%%p\"'\nrecovery_target_time = '%s'\nrecovery_target_action = 'promote'\n", archive.wal, target)
	archive.as(t, "cp", "-a", archive.base, srv.Dir())
	archive.as(t, "sh", "-c", `printf '%s' "$1" >> "$0/postgresql.auto.conf" && touch "$0/recovery.signal"`, srv.Dir(), settings)
	srv.Restart(t)
	for deadline := time.Now().Add(time.Minute); super(t, srv, "select pg_is_in_recovery()::text") != "false"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server does not come out of recovery")
		}
	}

	clean(t, dsn)
	again := open(t, dir, dsn)
	again.has(t, slices.Concat(before, after)...)
	// What was lost is unknown, so its operation ids are free, and what was kept
	// is known, so a repeat is no second payment.
	again.pay(t, "too-late-1", "after-the-backup-5")
	again.has(t, slices.Concat(before, after, late[:1])...)
	again.Close(t)
	clean(t, dsn)
}

// archive is where the log goes, and the base backup.
type archive struct {
	dir, wal, base, command string
	owner                   *syscall.Credential
}

// newArchive makes the folders and takes the command of deploy/ to where the
// server's user can reach it.
func newArchive(t *testing.T) *archive {
	t.Helper()
	dir, err := os.MkdirTemp("", "okienko-restore-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &archive{dir: dir, wal: filepath.Join(dir, "wal"), base: filepath.Join(dir, "base")}
	script, err := os.ReadFile("../../deploy/postgresql/okienko-archive")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "okienko-archive")
	for _, err := range []error{os.Chmod(dir, 0o755), os.Mkdir(a.wal, 0o700), os.WriteFile(path, script, 0o755), os.Chmod(path, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a.command = fmt.Sprintf(`OKIENKO_ARCHIVE="%s" "%s" "%%p" "%%f"`, a.wal, path)
	return a
}

// belongsTo gives the folders to the user of the server over data.
func (a *archive) belongsTo(t *testing.T, data string) {
	t.Helper()
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	if int(stat.Uid) == os.Getuid() {
		return
	}
	a.owner = &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}
	err = filepath.WalkDir(a.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, int(stat.Uid), int(stat.Gid))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// as runs a program as the server's user.
func (a *archive) as(t *testing.T, words ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Dir = a.dir
	if a.owner != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.owner}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
}

// ask asks the bank's database for one text.
func ask(t *testing.T, dsn, query string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// super asks as the server's superuser.
func super(t *testing.T, srv *postgres.Server, query string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "psql", "-XAtq", "-h", filepath.Dir(srv.Socket()), "-U", "postgres", "-c", query).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", query, err, out)
	}
	return strings.TrimSpace(string(out))
}
