package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"okienko/eidas/seal"
)

// call is one call of the interface.
type call struct {
	method, path string // path with query, as on the request line
	token        string
	body         any
	headers      map[string]string
	about        *requestHeader // PolishAPI's in the body; nil when the call has none
	unsigned     bool           // registration alone
	// repeatable says that another try cannot do a second thing: reads, deletions,
	// and payments under an id of the caller's own. Anything else is repeated only
	// after an answer that says that nothing was done.
	repeatable bool
	// deleted is the status by which a repeat that finds nothing finds the first
	// try's work, 0 where it would not.
	deleted int
}

// do makes a call and reads its answer into out, unless out is nil; a *[]byte
// takes the answer as it came.
func (c *Client) do(ctx context.Context, k call, out any) error {
	var body []byte
	if k.body != nil {
		var err error
		if body, err = encoded(k.body); err != nil {
			return err
		}
	}
	for try := 1; ; try++ {
		wait, err := c.try(ctx, &k, body, out)
		if try > 1 && k.deleted != 0 && statusOf(err) == k.deleted {
			return nil
		}
		if err == nil || wait < 0 || try >= c.cfg.Tries {
			return err
		}
		if wait == 0 {
			wait = backoff(try)
		}
		if stopped := c.cfg.sleep(ctx, wait); stopped != nil {
			return errors.Join(err, stopped)
		}
	}
}

// encoded writes JSON without the escapes that HTML wants.
func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// never says that a call is not made again.
const never = time.Duration(-1)

// maxAnswer bounds what is read of an answer: a page of transactions takes some
// hundred kilobytes.
const maxAnswer = 16 << 20

// try makes one try. wait is how long to wait before the next one: never, 0 for
// the usual, or what the bank asked for.
func (c *Client) try(ctx context.Context, k *call, body []byte, out any) (wait time.Duration, err error) {
	b, err := c.form().request(ctx, k, body)
	if err != nil {
		return never, err
	}
	e := Exchange{Request: b.request, Body: b.body, Signed: b.signed}
	e.Err = c.send(&e)
	if c.cfg.Watch != nil {
		c.cfg.Watch(e)
	}
	if e.Err != nil {
		if !k.repeatable || ctx.Err() != nil {
			return never, e.Err
		}
		return 0, e.Err
	}
	if e.Response.StatusCode < 200 || e.Response.StatusCode > 299 {
		refused := errorOf(&e)
		wait = refused.wait(k.repeatable)
		return wait, refused
	}
	if err := c.form().proven(ctx, &e); err != nil {
		return never, err
	}
	return never, read(k, e.Answer, out)
}

// send sends a request and reads the whole answer.
func (c *Client) send(e *Exchange) error {
	resp, err := c.http.Do(e.Request)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := decoded(resp)
	if err != nil {
		return fmt.Errorf("client: the answer is not compressed as it says: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("client: the answer broke off: %w", err)
	case len(text) > maxAnswer:
		return fmt.Errorf("client: an answer of more than %d bytes", maxAnswer)
	}
	e.Response, e.Answer = resp, text
	return nil
}

func read(k *call, text []byte, out any) error {
	if raw, ok := out.(*[]byte); ok {
		*raw = text
		return nil
	}
	if out == nil || len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("client: the answer to %s %s: %w", k.method, k.path, err)
	}
	return nil
}

// begin starts one try with the headers that all forms have.
func (c *Client) begin(ctx context.Context, k *call, body []byte) (*http.Request, error) {
	if !strings.HasPrefix(k.path, "/") {
		return nil, fmt.Errorf("client: %q is no path", k.path)
	}
	r, err := http.NewRequestWithContext(ctx, k.method, c.base+k.path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	// A transport sends a GET again by itself when the connection breaks under it,
	// and the bank would see one id twice. It does not when it cannot rewind a body.
	r.Body, r.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	r.Header.Set("Accept-Language", c.cfg.Language)
	if k.token != "" {
		r.Header.Set("Authorization", "Bearer "+k.token)
	}
	return r, nil
}

// decoded is the body of an answer. Where the request names the encoding itself,
// net/http leaves it to us. An answer without a body may name one too.
func decoded(resp *http.Response) (io.Reader, error) {
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return resp.Body, nil
	}
	z, err := gzip.NewReader(resp.Body)
	if errors.Is(err, io.EOF) {
		return http.NoBody, nil
	}
	return z, err
}

// sealed makes the signature over a text.
func (c *Client) sealed(h seal.Header, text []byte) (string, error) {
	signature, err := seal.Sign(c.cfg.Seal, h, text)
	if err != nil {
		return "", fmt.Errorf("client: %w", err)
	}
	return signature, nil
}

// sealedBy holds a signature of the bank against its certificate.
func sealedBy(s *seal.Signature, err error, cert *x509.Certificate, text []byte) error {
	if err == nil {
		err = s.Verify(cert, text)
	}
	if err != nil {
		// The causes are the bank's own kind of error, which is none of the caller's.
		return fmt.Errorf("%w: %s", ErrAnswerUnproven, err.Error())
	}
	return nil
}

// Path is that of a resource below the bank's own part: "accounts" in mBank's form,
// in PolishAPI a group and an operation, "accounts/getAccounts".
func (c *Client) Path(below string) string { return c.form().at(below) }

// Get makes one signed call of mBank's form and returns the answer as it came. A
// path is written as on the request line, with its query.
func (c *Client) Get(ctx context.Context, path, token string) ([]byte, error) {
	if c.cfg.Form != MBank {
		return nil, fmt.Errorf("%w: every call of PolishAPI is a POST", ErrNotInForm)
	}
	var out []byte
	err := c.do(ctx, call{method: http.MethodGet, path: path, token: token, repeatable: true}, &out)
	return out, err
}

// NewRequest signs a request without sending it: for other HTTP clients and for
// measurements. It is good once, and for minutes: its id says when it was made. In
// PolishAPI body is an object whose requestHeader this package completes.
func (c *Client) NewRequest(ctx context.Context, method, path, token string, headers map[string]string, body []byte) (*http.Request, error) {
	f := c.form()
	k, body, err := f.raw(method, path, token, headers, body)
	if err != nil {
		return nil, err
	}
	b, err := f.request(ctx, &k, body)
	if err != nil {
		return nil, err
	}
	return b.request, nil
}

// stamp writes an instant as the wire has it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// backoff waits 0.2 s, 0.4 s, 0.8 s …, 6.4 s at most.
func backoff(try int) time.Duration { return 100 * time.Millisecond << min(try, 6) }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
