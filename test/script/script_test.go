// Package script tests the command line as somebody at a terminal meets it: what is printed, where, and with which exit
// status. A script is a text file in testdata (rogpeppe/go-internal/testscript). What the commands do to a bank is tested
// where it is decided.
package script

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"okienko/app"
	"okienko/test/engine"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"okienko": func() { os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr, "v0-test")) },
		"tamper":  tool(tamper),
		"call":    tool(call),
		"door":    tool(door),
	})
}

func TestScripts(t *testing.T) {
	// Most scripts are about words and files; those that use a bank do so through
	// $DATABASE and $KEPT, and are played on either engine.
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	if engine.PostgreSQL(t) {
		scripts = slices.DeleteFunc(scripts, func(name string) bool {
			text, err := os.ReadFile(name)
			return err == nil && !strings.Contains(string(text), "$DATABASE")
		})
	}
	testscript.Run(t, testscript.Params{
		Files: scripts,
		Setup: func(env *testscript.Env) error {
			dsn, kept := engine.DSN(t), "--data=world"
			if dsn != "" {
				kept = dsn
			}
			env.Setenv("DATABASE", dsn) // of `okienko sandbox`; "" is a file in its folder
			env.Setenv("KEPT", kept)    // for `okienko verify`
			return nil
		},
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "waitfor": waitfor, "empty": empty, "remember": remember},
	})
}

// exits runs a program that must end with a status: `exits 2 okienko fly`. The
// script's own `! exec` does not tell a wrong word from a crash.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits status program [argument...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var end *exec.ExitError
		if !errors.As(err, &end) {
			ts.Fatalf("%v", err)
		}
		got = end.ExitCode()
	}
	if got != want {
		ts.Fatalf("ended with status %d, want %d", got, want)
	}
}
