package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"okienko/app"
	"okienko/client"
	"okienko/sandbox"
)

// How much of everything is asked for in one run. Requests are signed beforehand:
// the generator's signatures would cost more than the bank's checking of them,
// and a request id is good once and for five minutes.
const (
	signedReads    = 8000
	signedPayments = 600
	psd2Page       = 50 // transactions in a page
)

// benchPSD2 measures the interface for licensed third parties of the built
// program, over mutual TLS and with signed requests, beside the partner API, whose
// calls carry no signature; and what a signature and the record of a request id
// cost alone.
func benchPSD2(ctx context.Context, o options, sh shelf, dir string) error {
	bank, err := withBank(ctx, o, sh, dir, func(g *generator) error { return (&thirdPartyLoad{generator: g}).measure(ctx, o) })
	if err != nil {
		return err
	}
	if err := replays(ctx, o, sh); err != nil {
		return err
	}
	if sh.engine() == embedded {
		return signatures(bank.TPP)
	}
	return nil
}

// thirdPartyLoad calls the bank as a licensed third party.
type thirdPartyLoad struct {
	*generator
	folder  client.Folder
	tpp     *client.Client
	to      *url.URL
	mutual  *tls.Config
	people  []reader
	sandbox *http.Client
}

// reader is a customer who lets the third party read one account.
type reader struct {
	login, number    string
	list, read, path string // tokens, and the path of the account
}

func (t *thirdPartyLoad) measure(ctx context.Context, o options) error {
	if err := t.prepare(ctx); err != nil { // of the partner API
		return err
	}
	if err := t.consents(ctx); err != nil {
		return err
	}
	defer t.tpp.Close()
	runs := min(o.runs, 3)
	fmt.Printf("\nPSD2 interface (mBank's form) on %s: mutual TLS 1.3, RS256 signatures made beforehand, answers unsigned, %d connections, %d customers; medians of %d runs\n",
		t.shelf.engine(), connections, len(t.people), runs)
	fmt.Printf("%-44s %9s %9s %9s %9s\n", "call", "rate", "p50", "p99", "bank CPU")
	type kind struct {
		name   string
		signed func(ctx context.Context) ([][]byte, error)
		beside call // of the partner API
		label  string
		status int
	}
	for _, k := range []kind{
		{"GET /accounts", t.signedGets(func(r *reader) (string, string) { return t.base() + "/accounts", r.list }), nil, "", 200},
		{fmt.Sprintf("GET /accounts/{id}/transactions (%d)", psd2Page), t.signedGets(func(r *reader) (string, string) {
			return fmt.Sprintf("%s/transactions?transactionStatus=DONE&pageSize=%d", r.path, psd2Page), r.read
		}), t.smallPage, fmt.Sprintf("  partner API, unsigned: a page of %d", psd2Page), 200},
		{"POST /payments/domestic (internal)", t.signedOrders, t.pay, "  partner API, unsigned: POST /payment", 201},
	} {
		var signed, bare []httpsRun
		for range runs {
			requests, err := k.signed(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			r, err := t.send(ctx, requests, k.status)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			signed = append(signed, r)
			if k.beside != nil {
				r, err := t.run(ctx, o.length, nil, k.beside)
				if err != nil {
					return fmt.Errorf("%s: %w", k.label, err)
				}
				bare = append(bare, r)
			}
		}
		t.tell(k.name, signed)
		if k.beside != nil {
			t.tell(k.label, bare)
			var ratios []float64
			for i := range signed {
				ratios = append(ratios, signed[i].bank.Seconds()/bare[i].bank.Seconds())
			}
			fmt.Printf("  a signed call's processor time over an unsigned one's: %s (min / median / max)\n", spread(ratios))
		}
	}
	return t.measurePolish(ctx, runs)
}

func (t *thirdPartyLoad) tell(name string, runs []httpsRun) {
	fmt.Printf("%-44s %7.0f/s %9s %9s %9s\n", name, median(pick(runs, func(r httpsRun) float64 { return r.rate() })),
		ms(median(pick(runs, func(r httpsRun) time.Duration { return r.percentile(50) }))), ms(median(pick(runs, func(r httpsRun) time.Duration { return r.percentile(99) }))),
		us(median(pick(runs, func(r httpsRun) time.Duration { return r.bank }))))
}

func (t *thirdPartyLoad) base() string { return "/" + t.folder.Bank + "/v3" }

// consents has as many customers as there are connections let the third party
// read.
func (t *thirdPartyLoad) consents(ctx context.Context) (err error) {
	if t.folder, err = client.Open(t.bank.TPP); err != nil {
		return err
	}
	if t.tpp, err = client.New(t.folder.Config); err != nil {
		return err
	}
	if t.to, err = url.Parse(t.folder.URL); err != nil {
		return err
	}
	t.mutual = &tls.Config{
		Certificates: []tls.Certificate{t.folder.QWAC}, RootCAs: t.folder.Roots, ServerName: "localhost", NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS13,
	}
	t.sandbox = &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: t.folder.Roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: connections}}
	world, err := sandbox.NewWorld(sandbox.Config{Seed: sandbox.DefaultSeed, Now: time.Now(), Entries: sandbox.OnlyOpening})
	if err != nil {
		return err
	}
	for _, owner := range world.Owners {
		if len(t.people) == connections {
			return nil
		}
		r, err := t.reader(ctx, owner.Login)
		if refused := (*client.Error)(nil); errors.As(err, &refused) || errors.Is(err, errNotThis) {
			continue // some of the made-up people are there to be refused
		}
		if err != nil {
			return err
		}
		t.people = append(t.people, r)
	}
	if len(t.people) < connections/2 {
		return fmt.Errorf("only %d of the made-up people can consent", len(t.people))
	}
	return nil
}

// errNotThis is a made-up customer whom the bank refuses.
var errNotThis = errors.New("the customer cannot consent")

func (t *thirdPartyLoad) reader(ctx context.Context, login string) (reader, error) {
	r := reader{login: login}
	until := time.Now().AddDate(0, 0, 30)
	list, _, err := t.given(ctx, login, client.Consent{Accounts: true, Until: until})
	if err != nil {
		return r, err
	}
	accounts, err := t.tpp.Accounts(ctx, client.Session{Token: list.Access})
	if err != nil || len(accounts) == 0 {
		return r, errors.Join(err, errNotThis)
	}
	r.list, r.number = list.Access, accounts[0].Number
	var full string
	if full, err = t.fullNumber(ctx, login); err != nil {
		return r, err
	}
	read, _, err := t.given(ctx, login, client.Consent{Read: &client.Read{Numbers: []string{full}, Days: 90, Statuses: []string{"DONE"}}, Until: until}, full)
	if err != nil {
		return r, err
	}
	ids := read.AccountIDs()
	if len(ids) == 0 {
		return r, errNotThis
	}
	r.number, r.read, r.path = full, read.Access, t.base()+"/accounts/"+ids[0]
	return r, nil
}

// fullNumber is a customer's first account in PLN.
func (t *thirdPartyLoad) fullNumber(ctx context.Context, login string) (string, error) {
	var list struct {
		Accounts []struct{ Number, Currency string }
	}
	if err := t.doors(ctx, http.MethodGet, "/api/people/"+login+"/accounts", nil, &list); err != nil {
		return "", err
	}
	for _, a := range list.Accounts {
		if a.Currency == "PLN" {
			return a.Number, nil
		}
	}
	return "", errNotThis
}

func (t *thirdPartyLoad) given(ctx context.Context, login string, k client.Consent, accounts ...string) (client.Tokens, client.Asked, error) {
	k.RedirectURI = t.folder.RedirectURI
	k.Customer = &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "bench"}
	asked, err := t.tpp.Ask(ctx, k)
	if err != nil {
		return client.Tokens{}, asked, err
	}
	page, err := url.Parse(asked.Redirect)
	if err != nil {
		return client.Tokens{}, asked, err
	}
	body, err := json.Marshal(map[string]any{"login": login, "accounts": accounts})
	if err != nil {
		return client.Tokens{}, asked, err
	}
	var answer struct{ Redirect string }
	if err := t.doors(ctx, http.MethodPost, "/api/consents/"+path.Base(page.Path)+"/approve", body, &answer); err != nil {
		return client.Tokens{}, asked, err
	}
	code, _, err := client.Returned(answer.Redirect, asked.State)
	if err != nil {
		return client.Tokens{}, asked, err
	}
	tokens, err := t.tpp.Redeem(ctx, code, k.RedirectURI)
	return tokens, asked, err
}

// doors calls the sandbox's own doors, where made-up customers act.
func (t *thirdPartyLoad) doors(ctx context.Context, method, at string, body []byte, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, t.folder.Sandbox+at, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := t.sandbox.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %d %s", errNotThis, resp.StatusCode, bytes.TrimSpace(text))
	}
	return json.Unmarshal(text, into)
}

// signedGets signs reads of all customers in turn.
func (t *thirdPartyLoad) signedGets(of func(*reader) (path, token string)) func(context.Context) ([][]byte, error) {
	return func(ctx context.Context) ([][]byte, error) {
		return t.sign(ctx, signedReads, func(i int) (string, string, string, []byte, map[string]string) {
			at, token := of(&t.people[i%len(t.people)])
			return http.MethodGet, at, token, nil, nil
		})
	}
}

// agreed is a payment that a customer has consented to, and the token for it.
type agreed struct {
	token   string
	payment client.Payment
}

// consentedOrders has customers consent to one payment each, to another customer
// of the bank.
func (t *thirdPartyLoad) consentedOrders(ctx context.Context) ([]agreed, error) {
	orders := make([]agreed, signedPayments)
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, connections)
	for w := range errs {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(orders) && errs[w] == nil; i = int(next.Add(1)) - 1 {
				from, to := &t.people[i%len(t.people)], &t.people[(i+1)%len(t.people)]
				p := client.Payment{
					Recipient: client.Party{AccountNumber: to.number, Name: "Jan Testowy"}, Sender: client.Party{AccountNumber: from.number},
					TransferData: client.TransferData{Description: title, Amount: "0.01", Currency: "PLN"}, DeliveryMode: "EXPRESS_D0", System: "INTERNAL",
				}
				tokens, _, err := t.given(ctx, from.login, client.Consent{Payment: &p, Until: time.Now().AddDate(0, 0, 1)}, from.number)
				if err != nil {
					errs[w] = err
					return
				}
				orders[i] = agreed{tokens.Access, p}
			}
		})
	}
	wg.Wait()
	return orders, errors.Join(errs...)
}

// signedOrders signs orders of such payments.
func (t *thirdPartyLoad) signedOrders(ctx context.Context) ([][]byte, error) {
	orders, err := t.consentedOrders(ctx)
	if err != nil {
		return nil, err
	}
	return t.sign(ctx, len(orders), func(i int) (string, string, string, []byte, map[string]string) {
		body, _ := json.Marshal(orders[i].payment) // texts alone: nothing can fail
		return http.MethodPost, t.base() + "/payments/domestic", orders[i].token, body, map[string]string{"TPP-Payment-ID": client.NewID()}
	})
}

// sign makes whole requests in mBank's form.
func (t *thirdPartyLoad) sign(ctx context.Context, n int, what func(i int) (method, path, token string, body []byte, headers map[string]string)) ([][]byte, error) {
	return t.signBy(ctx, t.tpp, n, what)
}

// signBy makes whole requests of a client, on every core.
func (t *thirdPartyLoad) signBy(ctx context.Context, c *client.Client, n int, what func(i int) (method, path, token string, body []byte, headers map[string]string)) ([][]byte, error) {
	out := make([][]byte, n)
	errs := make([]error, runtime.NumCPU())
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				method, at, token, body, more := what(i)
				headers := map[string]string{}
				if c == t.tpp {
					headers = map[string]string{"PSU-Session": "true", "PSU-IP-Address": "203.0.113.7", "PSU-User-Agent": "bench"}
				}
				maps.Copy(headers, more)
				r, err := c.NewRequest(ctx, method, at, token, headers, body)
				if err != nil {
					errs[w] = err
					return
				}
				if r.Body != nil { // the form may have added to it
					if body, errs[w] = io.ReadAll(r.Body); errs[w] != nil {
						return
					}
				}
				out[i] = wholeRequest(method, at, t.to.Host, r.Header, body)
			}
		})
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

func wholeRequest(method, at, host string, h http.Header, body []byte) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, at, host)
	if h.Get("Accept-Encoding") == "" {
		b = append(b, "Accept-Encoding: gzip, deflate\r\n"...)
	}
	for name, values := range h {
		b = fmt.Appendf(b, "%s: %s\r\n", name, values[0])
	}
	if len(body) > 0 {
		b = fmt.Appendf(b, "Content-Length: %d\r\n", len(body))
	}
	return append(append(b, "\r\n"...), body...)
}

// send has every connection send prepared requests until none is left.
func (t *thirdPartyLoad) send(ctx context.Context, requests [][]byte, status int) (r httpsRun, err error) {
	wires := make([]*wire, connections)
	for i := range wires {
		if wires[i], err = dial(ctx, t.to, t.mutual, nil); err != nil {
			return r, errors.Join(err, hangUp(wires[:i]))
		}
	}
	own, bank := meter{read: ownCPU}, meter{read: func() time.Duration { return cpuOf(t.bank.PID) }}
	own.edge()
	bank.edge()
	began := time.Now()
	took := make([]time.Duration, len(requests))
	errs := make([]error, len(wires))
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range wires {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(requests); i = int(next.Add(1)) - 1 {
				from := time.Now()
				if _, errs[w] = wires[w].call(ctx, status, requests[i]); errs[w] != nil {
					return
				}
				took[i] = time.Since(from)
			}
		})
	}
	wg.Wait()
	r.took = time.Since(began)
	own.edge()
	bank.edge()
	if err := errors.Join(append(errs, hangUp(wires))...); err != nil {
		return r, err
	}
	slices.Sort(took)
	r.latencies, r.done = took, len(took)
	r.own, r.bank = own.each(r.done), bank.each(r.done)
	return r, nil
}

// smallPage is a page of the partner API of the same size.
func (t *thirdPartyLoad) smallPage(ctx context.Context, _ int, w *wire, who app.ReadyClient) error {
	_, err := w.call(ctx, 200, w.get(t.url, fmt.Sprintf("/account/%s/transaction?pageSize=%d", who.AccountID, psd2Page), who.AccessToken))
	return err
}
