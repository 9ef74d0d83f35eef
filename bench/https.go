package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"okienko/app"
	"okienko/test/process"
)

const connections = 32

// httpsRun is one measurement through the door.
type httpsRun struct {
	load
	own, bank, server time.Duration // processor time of one call: the generator's, the bank's, the database server's
	commits           float64       // a second: of a server all that wrote, of a file those of the desk
}

// benchHTTPS measures the partner API of the built program with everything on,
// its payments beside the engine's own rate over as many payers.
func benchHTTPS(ctx context.Context, o options, sh shelf, dir string) error {
	_, err := withBank(ctx, o, sh, dir, func(g *generator) error { return g.measure(ctx, o) })
	return err
}

// withBank opens a bank for measure, closes it and has its data verified. It tells
// what the bank told of itself.
func withBank(ctx context.Context, o options, sh shelf, dir string, measure func(*generator) error) (app.Ready, error) {
	b := books{embedded, filepath.Join(dir, "data", "bank.db")}
	if sh.engine() == postgreSQL {
		var err error
		if b, err = sh.blank(ctx, "bank"); err != nil {
			return app.Ready{}, err
		}
	}
	g, stop, err := openBank(ctx, o, b, dir)
	if err != nil {
		return app.Ready{}, err
	}
	g.shelf = sh
	if err := errors.Join(measure(g), stop()); err != nil {
		return g.bank, err
	}
	if err := b.verify(ctx); err != nil {
		return g.bank, err
	}
	fmt.Println("The bank was closed, and verify found nothing wrong in its data.")
	return g.bank, nil
}

// openBank starts the bank as a process of its own, or inside this one where
// its profile is wanted.
func openBank(ctx context.Context, o options, b books, dir string) (*generator, func() error, error) {
	data, dsn := filepath.Join(dir, "data"), ""
	if b.engine == postgreSQL {
		dsn = b.where
	}
	if o.inProcess {
		h, err := app.OpenSandbox(ctx, app.SandboxOptions{Folder: data, Database: dsn, PairAll: true, Version: "bench"})
		if err != nil {
			return nil, nil, err
		}
		return &generator{bank: *h.Ready()}, h.Close, nil
	}
	bin, err := build(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	words := []string{"--pair-all"}
	if dsn != "" {
		words = append(words, "--database", dsn)
	}
	p, err := process.Start(ctx, bin, data, nil, words...)
	if err != nil {
		return nil, nil, err
	}
	return &generator{bank: p.Ready}, func() error {
		status, err := p.Stop()
		if err == nil && status != 0 {
			err = fmt.Errorf("the bank ended with status %d", status)
		}
		return err
	}, nil
}

// generator calls the bank.
type generator struct {
	shelf      shelf
	bank       app.Ready
	url        *url.URL
	tls        *tls.Config
	operations atomic.Int64
	refresh    []string // of each connection, what its pairing's next token is asked for with
}

// call is one thing that a connection asks the bank for.
type call func(ctx context.Context, connection int, w *wire, who app.ReadyClient) error

func (g *generator) measure(ctx context.Context, o options) error {
	if err := g.prepare(ctx); err != nil {
		return err
	}
	template, err := g.shelf.blank(ctx, "template")
	if err != nil {
		return err
	}
	alike := shape{name: "partner", payers: len(g.bank.Everybody), partners: 1}
	if err := seed(ctx, template, world{customers: alike.payers, payers: alike.payers, partners: 1}); err != nil {
		return err
	}
	before, err := contentsOf(ctx, template)
	if err != nil {
		return err
	}
	start, _ := memoryOf(g.bank.PID)
	fmt.Printf("\nPartner API over HTTPS on %s: %d connections (HTTP/1.1, TLS 1.3), %d pairings, token, permission, limits, audit and access log on; medians of %d x %s\n",
		g.shelf.engine(), connections, len(g.bank.Everybody), o.runs, o.length)
	fmt.Printf("%-36s %9s %9s %9s %9s %9s %9s %9s\n", "call", "rate", "commits", "p50", "p99", "bank CPU", "server's", "our own")
	var payments []httpsRun
	var engines []engineRun
	var shares []float64
	engine := o.designs(g.shelf.engine())[0]
	for range o.runs {
		p, err := g.run(ctx, o.length, nil, g.pay)
		if err != nil {
			return err
		}
		e, err := engine.measure(ctx, g.shelf, template, before, alike, connections, o.length)
		if err != nil {
			return err
		}
		payments, engines, shares = append(payments, p), append(engines, e), append(shares, 100*p.rate()/e.rate())
	}
	g.print("POST /payment", payments)
	server := ""
	if g.shelf.engine() == postgreSQL {
		server = us(median(pick(engines, func(r engineRun) time.Duration { return r.server })))
	}
	fmt.Printf("%-36s %7.0f/s %7.0f/s %9s %9s %9s %9s             (desk and store alone, %d callers, as many payers)\n", "the engine's own rate",
		median(pick(engines, func(r engineRun) float64 { return r.rate() })), median(pick(engines, func(r engineRun) float64 { return r.commits })),
		ms(median(pick(engines, func(r engineRun) time.Duration { return r.percentile(50) }))), ms(median(pick(engines, func(r engineRun) time.Duration { return r.percentile(99) }))),
		us(median(pick(engines, func(r engineRun) time.Duration { return r.cpu }))), server, connections)
	fmt.Printf("%-36s %s %% (min / median / max of %d runs)\n", "payments' share of it", spread(shares), o.runs)
	// The bank counts grants by address: each connection has one of its own.
	addresses := func(i int) net.IP { return net.IPv4(127, 0, 1, byte(1+i)) }
	for _, c := range []struct {
		name string
		from func(int) net.IP
		call call
	}{
		{"POST + DELETE /account/{id}/blockade", nil, g.hold}, {"GET /account/{id}/transaction (100)", nil, g.page},
		{"POST /grant (refresh_token)", addresses, g.rotate},
	} {
		var runs []httpsRun
		for range o.runs {
			r, err := g.run(ctx, o.length, c.from, c.call)
			if err != nil {
				return err
			}
			runs = append(runs, r)
		}
		g.print(c.name, runs)
	}
	now, most := memoryOf(g.bank.PID)
	fmt.Printf("resident memory of the bank: %s when open, %s after the load, %s at most", mebibytes(start), mebibytes(now), mebibytes(most))
	if g.shelf.engine() == postgreSQL {
		fmt.Printf("; of the server: %s", mebibytes(g.shelf.memory()))
	}
	fmt.Println()
	return nil
}

// prepare finds the bank's address and those who can pay.
func (g *generator) prepare(ctx context.Context) error {
	pem, err := os.ReadFile(g.bank.CA)
	if err != nil {
		return err
	}
	g.tls = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost", NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS13}
	g.tls.RootCAs.AppendCertsFromPEM(pem)
	if g.url, err = url.Parse(g.bank.Partner); err != nil {
		return err
	}
	if err := g.leaveOut(ctx); err != nil {
		return err
	}
	for i := range connections {
		g.refresh = append(g.refresh, g.bank.Everybody[i].RefreshToken)
	}
	return nil
}

// leaveOut keeps the pairings that can pay: some of the made-up people are
// there to be refused.
func (g *generator) leaveOut(ctx context.Context) error {
	var payers []app.ReadyClient
	w, err := dial(ctx, g.url, g.tls, nil)
	if err != nil {
		return err
	}
	for _, who := range g.bank.Everybody {
		err := g.pay(ctx, 0, w, who)
		if status := (*statusError)(nil); errors.As(err, &status) {
			continue
		}
		if err != nil {
			return errors.Join(err, w.conn.Close())
		}
		payers = append(payers, who)
	}
	g.bank.Everybody = payers
	if len(payers) < connections {
		return errors.Join(fmt.Errorf("only %d of the made-up people can pay", len(payers)), w.conn.Close())
	}
	return w.conn.Close()
}

func (g *generator) print(name string, runs []httpsRun) {
	bank, server := "–", ""
	if g.bank.PID != os.Getpid() {
		bank = us(median(pick(runs, func(r httpsRun) time.Duration { return r.bank })))
	}
	if g.shelf.engine() == postgreSQL {
		server = us(median(pick(runs, func(r httpsRun) time.Duration { return r.server })))
	}
	commits := fmt.Sprintf("%.0f/s", median(pick(runs, func(r httpsRun) float64 { return r.commits })))
	fmt.Printf("%-36s %7.0f/s %9s %9s %9s %9s %9s %9s\n", name, median(pick(runs, func(r httpsRun) float64 { return r.rate() })), commits,
		ms(median(pick(runs, func(r httpsRun) time.Duration { return r.percentile(50) }))), ms(median(pick(runs, func(r httpsRun) time.Duration { return r.percentile(99) }))),
		bank, server, us(median(pick(runs, func(r httpsRun) time.Duration { return r.own }))))
}

// commits is how many transactions were committed. Nobody counts those of a
// file but the bank, and the bank those of its desk.
func (g *generator) commits(ctx context.Context) int64 {
	if g.shelf.engine() == postgreSQL {
		return g.shelf.commits(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.bank.Admin+"/metrics", nil)
	if err != nil {
		return 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "okienko_desk_batch_orders_count "); ok {
			n, _ := strconv.ParseInt(text, 10, 64) // 0 when it is not known
			return n
		}
	}
	return 0
}

// run has every connection call for the pairings in turn.
func (g *generator) run(ctx context.Context, length time.Duration, from func(int) net.IP, do call) (r httpsRun, err error) {
	wires, err := g.connect(ctx, from)
	if err != nil {
		return r, err
	}
	if err := g.shelf.settle(ctx); err != nil {
		return r, err
	}
	own, bank, server := meter{read: ownCPU}, meter{read: func() time.Duration { return cpuOf(g.bank.PID) }}, meter{read: g.shelf.cpu}
	commits := meter{read: func() time.Duration { return time.Duration(g.commits(ctx)) }}
	turn := make([]int, connections)
	r.load, err = drive(ctx, connections, length, func() { own.edge(); bank.edge(); server.edge(); commits.edge() }, func(ctx context.Context, i int) error {
		turn[i]++
		return do(ctx, i, wires[i], g.bank.Everybody[(i+turn[i])%len(g.bank.Everybody)])
	})
	err = errors.Join(err, hangUp(wires))
	if err == nil {
		r.own, r.bank, r.server, r.commits = own.each(r.done), bank.each(r.done), server.each(r.done), float64(commits.grown)/r.took.Seconds()
	}
	return r, err
}

func (g *generator) connect(ctx context.Context, from func(i int) net.IP) ([]*wire, error) {
	wires := make([]*wire, connections)
	for i := range wires {
		var ip net.IP
		if from != nil {
			ip = from(i)
		}
		var err error
		if wires[i], err = dial(ctx, g.url, g.tls, ip); err != nil {
			return nil, errors.Join(err, hangUp(wires[:i]))
		}
	}
	return wires, nil
}

func hangUp(wires []*wire) error {
	var errs []error
	for _, w := range wires {
		errs = append(errs, w.conn.Close())
	}
	return errors.Join(errs...)
}

func (g *generator) pay(ctx context.Context, _ int, w *wire, who app.ReadyClient) error {
	body := fmt.Appendf(nil, `{"operationId":"bench-%010d","account_id":"%s","amount":"0.01","currency":"PLN","title":"%s"}`, g.operations.Add(1), who.AccountID, title)
	_, err := w.call(ctx, 201, w.post(g.url, "/payment", who.AccessToken, body))
	return err
}

// hold places a hold and releases it: two calls.
func (g *generator) hold(ctx context.Context, _ int, w *wire, who app.ReadyClient) error {
	body := fmt.Appendf(nil, `{"operationId":"bench-%010d","amount":"0.01","currency":"PLN","title":"%s"}`, g.operations.Add(1), title)
	answer, err := w.call(ctx, 201, w.post(g.url, "/account/"+who.AccountID+"/blockade", who.AccessToken, body))
	if err != nil {
		return err
	}
	var hold struct {
		ID string `json:"blockadeId"`
	}
	if err := json.Unmarshal(answer, &hold); err != nil {
		return err
	}
	_, err = w.call(ctx, 204, w.delete(g.url, "/account/"+who.AccountID+"/blockade/"+hold.ID, who.AccessToken))
	return err
}

func (g *generator) page(ctx context.Context, _ int, w *wire, who app.ReadyClient) error {
	_, err := w.call(ctx, 200, w.get(g.url, "/account/"+who.AccountID+"/transaction?pageSize=100", who.AccessToken))
	return err
}

// rotate trades the refresh token of the connection's own pairing for the next.
func (g *generator) rotate(ctx context.Context, i int, w *wire, _ app.ReadyClient) error {
	who := g.bank.Everybody[i]
	body, err := w.call(ctx, 200, w.form(g.url, "/grant", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {who.ID}, "client_secret": {who.Secret}, "refresh_token": {g.refresh[i]},
	}))
	if err != nil {
		return err
	}
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	g.refresh[i] = answer.RefreshToken
	return nil
}
