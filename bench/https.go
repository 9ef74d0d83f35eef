package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"okienko/app"
	"okienko/test/process"
	"okienko/verify"
)

const connections = 32

// httpsRun is one measurement through the door.
type httpsRun struct {
	load
	own, bank time.Duration // processor time of one call: the generator's, the bank's
}

// benchHTTPS measures the partner API of the built program with everything on,
// its payments beside the engine's own rate over as many payers.
func benchHTTPS(ctx context.Context, o options, dir string) error {
	g, stop, err := openBank(ctx, o, dir)
	if err != nil {
		return err
	}
	if err := errors.Join(g.measure(ctx, o, dir), stop()); err != nil {
		return err
	}
	r, err := verify.Run(ctx, filepath.Join(g.bank.Data, "bank.db"))
	if err == nil && !r.Clean() {
		err = fmt.Errorf("verify finds: %v", r.Findings[0])
	}
	if err == nil {
		fmt.Println("The bank was closed, and verify found nothing wrong in its data.")
	}
	return err
}

// openBank starts the bank as a process of its own, or inside this one where
// its profile is wanted.
func openBank(ctx context.Context, o options, dir string) (*generator, func() error, error) {
	data := filepath.Join(dir, "data")
	if o.inProcess {
		h, err := app.OpenSandbox(ctx, app.SandboxOptions{Folder: data, PairAll: true, Version: "bench"})
		if err != nil {
			return nil, nil, err
		}
		return &generator{bank: *h.Ready()}, h.Close, nil
	}
	bin, err := build(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	b, err := process.Start(ctx, bin, data, nil, "--pair-all")
	if err != nil {
		return nil, nil, err
	}
	return &generator{bank: b.Ready}, func() error {
		status, err := b.Stop()
		if err == nil && status != 0 {
			err = fmt.Errorf("the bank ended with status %d", status)
		}
		return err
	}, nil
}

// generator calls the bank.
type generator struct {
	bank       app.Ready
	url        *url.URL
	tls        *tls.Config
	operations atomic.Int64
}

func (g *generator) measure(ctx context.Context, o options, dir string) error {
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
	template := filepath.Join(dir, "template.db")
	if err := seed(ctx, template, len(g.bank.Everybody)); err != nil {
		return err
	}
	before, err := shapeOf(ctx, template)
	if err != nil {
		return err
	}
	start, _ := memoryOf(g.bank.PID)
	fmt.Printf("\nPartner API over HTTPS: %d connections (HTTP/1.1, TLS 1.3), %d pairings, token, permission, limits, audit and access log on; medians of %d x %s\n",
		connections, len(g.bank.Everybody), o.runs, o.length)
	fmt.Printf("%-34s %9s %9s %9s %14s %16s\n", "call", "rate", "p50", "p99", "bank CPU/call", "generator's own")
	var payments []httpsRun
	var engines []engineRun
	var shares []float64
	for range o.runs {
		p, err := g.run(ctx, o.length, g.pay)
		if err != nil {
			return err
		}
		e, err := onCopy(ctx, template, before, func(path string) (engineRun, error) {
			return measureEngine(ctx, path, connections, len(g.bank.Everybody), o.length)
		})
		if err != nil {
			return err
		}
		payments, engines, shares = append(payments, p), append(engines, e), append(shares, 100*p.rate()/e.rate())
	}
	g.print("POST /payment", payments)
	fmt.Printf("%-34s %7.0f/s %9s %9s %14s   (desk and store alone, %d callers, as many payers)\n", "the engine's own rate",
		median(pick(engines, func(r engineRun) float64 { return r.rate() })), ms(median(pick(engines, func(r engineRun) time.Duration { return r.percentile(50) }))),
		ms(median(pick(engines, func(r engineRun) time.Duration { return r.percentile(99) }))), us(median(pick(engines, func(r engineRun) time.Duration { return r.cpu }))), connections)
	fmt.Printf("%-34s %s %% (min / median / max of %d runs)\n", "payments' share of it", spread(shares), o.runs)
	for _, c := range []struct {
		name string
		call func(ctx context.Context, w *wire, who app.ReadyClient) error
	}{{"POST /account/{id}/blockade", g.hold}, {"GET /account/{id}/transaction (100)", g.page}} {
		var runs []httpsRun
		for range o.runs {
			r, err := g.run(ctx, o.length, c.call)
			if err != nil {
				return err
			}
			runs = append(runs, r)
		}
		g.print(c.name, runs)
	}
	if err := g.grants(ctx); err != nil {
		return err
	}
	now, most := memoryOf(g.bank.PID)
	fmt.Printf("resident memory of the bank: %s when open, %s after the load, %s at most\n", mebibytes(start), mebibytes(now), mebibytes(most))
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
		err := g.pay(ctx, w, who)
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
	bank := "–"
	if g.bank.PID != os.Getpid() {
		bank = us(median(pick(runs, func(r httpsRun) time.Duration { return r.bank })))
	}
	fmt.Printf("%-34s %7.0f/s %9s %9s %14s %16s\n", name, median(pick(runs, func(r httpsRun) float64 { return r.rate() })),
		ms(median(pick(runs, func(r httpsRun) time.Duration { return r.percentile(50) }))), ms(median(pick(runs, func(r httpsRun) time.Duration { return r.percentile(99) }))),
		bank, us(median(pick(runs, func(r httpsRun) time.Duration { return r.own }))))
}

// run has every connection call for the pairings in turn.
func (g *generator) run(ctx context.Context, length time.Duration, call func(ctx context.Context, w *wire, who app.ReadyClient) error) (r httpsRun, err error) {
	wires, err := g.connect(ctx, nil)
	if err != nil {
		return r, err
	}
	own, bank := meter{read: ownCPU}, meter{read: func() time.Duration { return cpuOf(g.bank.PID) }}
	turn := make([]int, connections)
	r.load, err = drive(ctx, connections, length, func() { own.edge(); bank.edge() }, func(ctx context.Context, i int) error {
		turn[i]++
		return call(ctx, wires[i], g.bank.Everybody[(i+turn[i])%len(g.bank.Everybody)])
	})
	err = errors.Join(err, hangUp(wires))
	if err == nil {
		r.own, r.bank = own.each(r.done), bank.each(r.done)
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

func (g *generator) pay(ctx context.Context, w *wire, who app.ReadyClient) error {
	body := fmt.Appendf(nil, `{"operationId":"bench-%010d","account_id":"%s","amount":"0.01","currency":"PLN","title":"%s"}`, g.operations.Add(1), who.AccountID, title)
	_, err := w.call(ctx, 201, w.post(g.url, "/payment", who.AccessToken, body))
	return err
}

func (g *generator) hold(ctx context.Context, w *wire, who app.ReadyClient) error {
	body := fmt.Appendf(nil, `{"operationId":"bench-%010d","amount":"0.01","currency":"PLN","title":"%s"}`, g.operations.Add(1), title)
	_, err := w.call(ctx, 201, w.post(g.url, "/account/"+who.AccountID+"/blockade", who.AccessToken, body))
	return err
}

func (g *generator) page(ctx context.Context, w *wire, who app.ReadyClient) error {
	_, err := w.call(ctx, 200, w.get(g.url, "/account/"+who.AccountID+"/transaction?pageSize=100", who.AccessToken))
	return err
}

// refreshes is how many tokens one address is given without waiting, less a few.
const refreshes = 90

// grants measures rotations of refresh tokens: each connection rotates the
// token of its own pairing, from an address of its own, as often as the rate of
// one address allows without a pause.
func (g *generator) grants(ctx context.Context) error {
	wires, err := g.connect(ctx, func(i int) net.IP { return net.IPv4(127, 0, 1, byte(1+i)) })
	if err != nil {
		return err
	}
	errs := make(chan error, connections)
	cpu, bank := ownCPU(), cpuOf(g.bank.PID)
	from := time.Now()
	for i, w := range wires {
		who := g.bank.Everybody[i]
		go func() { errs <- g.rotate(ctx, w, who) }()
	}
	for range wires {
		err = errors.Join(err, <-errs)
	}
	took := time.Since(from)
	if err := errors.Join(err, hangUp(wires)); err != nil {
		return err
	}
	n := refreshes * connections
	fmt.Printf("%-34s %7.0f/s %9s %9s %14s %16s   (one run of %d)\n", "POST /grant (refresh_token)", float64(n)/took.Seconds(), "", "",
		us((cpuOf(g.bank.PID)-bank)/time.Duration(n)), us((ownCPU()-cpu)/time.Duration(n)), n)
	return nil
}

func (g *generator) rotate(ctx context.Context, w *wire, who app.ReadyClient) error {
	for range refreshes {
		body, err := w.call(ctx, 200, w.form(g.url, "/grant", url.Values{
			"grant_type": {"refresh_token"}, "client_id": {who.ID}, "client_secret": {who.Secret}, "refresh_token": {who.RefreshToken},
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
		who.RefreshToken = answer.RefreshToken
	}
	return nil
}
