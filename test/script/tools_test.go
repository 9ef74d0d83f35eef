package script

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"okienko/app"
)

// tool is a program for scripts: it fails with a line on standard error.
func tool(f func(args []string) error) func() {
	return func() {
		if err := f(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// tamper changes a store behind the bank's back: `tamper bank.db 'update …'`.
func tamper(args []string) (err error) {
	if len(args) != 2 {
		return fmt.Errorf("usage: tamper file statement")
	}
	if _, err := os.Stat(args[0]); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", args[0])
	if err != nil {
		return err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
	}()
	done, err := db.Exec(args[1])
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%d rows were changed, not one: %v", n, err)
	}
	return nil
}

// call calls the partner API with what a sandbox has written for its users:
// `call ready.json POST /payment '{"account_id":"ACCOUNT",…}'`. ACCOUNT stands
// for the paired account.
func call(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: call ready.json method path [body]")
	}
	ready, client, err := reach(args[0])
	if err != nil {
		return err
	}
	fill := strings.NewReplacer("ACCOUNT", ready.Paired.AccountID)
	req, err := http.NewRequest(args[1], ready.Partner+fill.Replace(args[2]), bytes.NewBufferString(fill.Replace(strings.Join(args[3:], ""))))
	if err != nil {
		return err
	}
	req.Header.Set("access_token", ready.Paired.AccessToken)
	return answered(client, req)
}

// door calls the sandbox's own doors: `door ready.json POST /clock '{"jump":"36h"}'`.
func door(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: door ready.json method path [body]")
	}
	ready, client, err := reach(args[0])
	if err != nil {
		return err
	}
	req, err := http.NewRequest(args[1], ready.Sandbox+args[2], bytes.NewBufferString(strings.Join(args[3:], "")))
	if err != nil {
		return err
	}
	return answered(client, req)
}

// reach reads what a sandbox has written for its users, and trusts its CA.
func reach(file string) (ready app.Ready, client *http.Client, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return ready, nil, err
	}
	if err := json.Unmarshal(text, &ready); err != nil {
		return ready, nil, err
	}
	ca, err := os.ReadFile(ready.CA)
	if err != nil {
		return ready, nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return ready, &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}, nil
}

// answered prints the status of an answer, and its body.
func answered(client *http.Client, req *http.Request) error {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	fmt.Println(resp.StatusCode)
	_, err = io.Copy(os.Stdout, resp.Body)
	return err
}

// remember keeps what stood on standard output, for the lines after it:
// `remember ID '^(\S+): PENDING'` makes it $ID.
func remember(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: remember variable pattern")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("standard output has no %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// waitfor waits until a file is there: `waitfor ready.json`.
func waitfor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor file")
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("there is no %s after a minute", args[0])
		}
	}
}

// empty demands that a folder holds nothing: `empty tmp`.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: empty folder")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, e := range entries {
		ts.Fatalf("%s holds %s", args[0], e.Name())
	}
}
