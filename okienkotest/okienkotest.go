// Package okienkotest starts a whole bank inside a Go test: its own CA, people,
// phone, bank clock and free ports, all of it gone when the test ends. Any
// number of banks live in one process.
//
// It is the sandbox, hence the production program; it offers short cuts to set
// a test up and none around the bank's rules.
package okienkotest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/api"
	"okienko/api/contract"
	"okienko/app"
)

// Option changes how a bank starts.
type Option func(*app.SandboxOptions)

// WithHistory gives the people months of history. Without it they have their
// opening balances only, which starts faster.
func WithHistory() Option { return func(o *app.SandboxOptions) { o.NoHistory = false } }

// WithSeed makes other people.
func WithSeed(seed uint64) Option { return func(o *app.SandboxOptions) { o.Seed = seed } }

// WithFolder keeps the data in a folder, durably, so that the bank can be
// opened again.
func WithFolder(dir string) Option {
	return func(o *app.SandboxOptions) { o.Folder, o.Ephemeral = dir, false }
}

// Database keeps the ledger in a PostgreSQL database, postgres://…, which should
// be empty at the first start; "" is none. Certificates, keys and names still lie
// in the bank's folder.
func Database(dsn string) Option { return func(o *app.SandboxOptions) { o.Database = dsn } }

// Bank is a running bank.
type Bank struct {
	app.Ready
	HTTP *http.Client // trusts the bank's CA; follows no redirect

	house  *app.House
	inside *app.Inside
	plain  *http.Transport
}

// Start opens a bank and closes it when the test ends.
func Start(t testing.TB, options ...Option) *Bank {
	t.Helper()
	o := app.SandboxOptions{Ephemeral: true, NoHistory: true, NoTPP: true, Version: "test"}
	for _, change := range options {
		change(&o)
	}
	h, err := app.OpenSandbox(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatalf("opening a bank: %v", err)
	}
	b := &Bank{Ready: *h.Ready(), house: h}
	if b.inside, err = h.Inside(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close(t) })
	pem, err := os.ReadFile(b.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", b.CA)
	}
	b.plain = &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 64,
	}
	b.HTTP = &http.Client{
		Timeout:       30 * time.Second,
		Transport:     judged(t, b.Partner, b.plain),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return b
}

// described is the published description, read once: every bank has the same,
// and reading it takes as long as opening one.
var described = sync.OnceValues(func() (*contract.Judge, error) { return contract.Load(api.Partner) })

// judged holds every answer of the partner API against its published
// description, in every test that starts a bank.
func judged(t testing.TB, base string, plain http.RoundTripper) http.RoundTripper {
	judge, err := described()
	if err != nil {
		t.Fatalf("the published description: %v", err)
	}
	strict := judge.Transport(plain, func(err error) { t.Errorf("not as described: %v", err) })
	return transport(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.String(), base+"/") {
			return strict.RoundTrip(r)
		}
		return plain.RoundTrip(r)
	})
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Close closes the bank before the test ends. Twice is harmless.
func (b *Bank) Close(t testing.TB) {
	t.Helper()
	if b.house == nil {
		return
	}
	if b.plain != nil {
		// A connection that was opened and not used would be waited for: its request
		// may be on its way.
		b.plain.CloseIdleConnections()
	}
	if err := b.house.Close(); err != nil {
		t.Errorf("closing the bank: %v", err)
	}
	b.house = nil
}

// Pairing is an application paired with a customer.
type Pairing struct {
	app.ReadyClient
	Permissions []string // as the last tokens came with, partner-api §5; nil after Pair
	bank        *Bank
}

// Pair pairs an application with one of the sandbox's people: the first account
// that can be used, every permission, the largest limits.
func (b *Bank) Pair(t testing.TB, login, client string) *Pairing {
	t.Helper()
	c, err := b.house.Pair(t.Context(), client, login)
	if err != nil {
		t.Fatalf("pairing %s with %s: %v", client, login, err)
	}
	return &Pairing{ReadyClient: c, bank: b}
}

// Resume goes on with a pairing of the bank that stood on the same folder
// before.
func (b *Bank) Resume(p *Pairing) *Pairing { return &Pairing{ReadyClient: p.ReadyClient, bank: b} }

// Answer is what the partner API answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Field is one text of a JSON answer, "" when it is not there.
func (a *Answer) Field(name string) string {
	var o map[string]any
	if json.Unmarshal(a.Body, &o) != nil {
		return ""
	}
	s, _ := o[name].(string)
	return s
}

// Call makes one call with the pairing's access token. A body that is not ""
// is sent as JSON.
func (p *Pairing) Call(t testing.TB, method, path, body string) *Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.bank.Partner+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("access_token", p.AccessToken)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	return p.bank.Do(t, req)
}

// Get, Post, Put and Delete are Call.
func (p *Pairing) Get(t testing.TB, path string) *Answer { return p.Call(t, http.MethodGet, path, "") }

// Post posts JSON.
func (p *Pairing) Post(t testing.TB, path, body string) *Answer {
	return p.Call(t, http.MethodPost, path, body)
}

// Put puts JSON.
func (p *Pairing) Put(t testing.TB, path, body string) *Answer {
	return p.Call(t, http.MethodPut, path, body)
}

// Delete deletes.
func (p *Pairing) Delete(t testing.TB, path string) *Answer {
	return p.Call(t, http.MethodDelete, path, "")
}

// Do sends a request and reads the answer.
func (b *Bank) Do(t testing.TB, req *http.Request) *Answer {
	t.Helper()
	resp, err := b.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
}

// sandboxCall calls the phone or the bank clock.
func (b *Bank) sandboxCall(t testing.TB, method, path, body string) *Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.Sandbox+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	a := b.Do(t, req)
	if a.Status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	return a
}

// Wait moves the bank clock ahead.
func (b *Bank) Wait(t testing.TB, d time.Duration) {
	t.Helper()
	b.sandboxCall(t, http.MethodPost, "/clock", `{"jump":"`+d.String()+`"}`)
}

// Approve approves what waits on somebody's phone, the newest first.
func (b *Bank) Approve(t testing.TB, login string) {
	t.Helper()
	b.sandboxCall(t, http.MethodPost, "/phone/"+login+"/approvals/newest/approve", "")
}

// Code waits for the next SMS code of somebody, made at an instant of the bank
// clock or later.
func (b *Bank) Code(t testing.TB, login string) string {
	t.Helper()
	var list struct {
		Messages []struct{ Code string }
	}
	a := b.sandboxCall(t, http.MethodGet, "/phone/"+login+"/messages?wait=5s", "")
	if err := json.Unmarshal(a.Body, &list); err != nil || len(list.Messages) == 0 {
		t.Fatalf("no message for %s: %s (%v)", login, a.Body, err)
	}
	return list.Messages[0].Code
}
