package client

import (
	"bytes"
	"context"
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
	unsigned     bool // registration alone
	// repeatable says that another try cannot do a second thing: reads, deletions,
	// and payments under an id of the caller's own. Anything else is repeated only
	// after an answer that says that nothing was done.
	repeatable bool
	// deletes says that a repeat which finds nothing finds the first try's work.
	deletes bool
}

// do makes a call and reads its answer into out, unless out is nil; a *[]byte
// takes the answer as it came.
func (c *Client) do(ctx context.Context, k call, out any) error {
	var body []byte
	if k.body != nil {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(k.body); err != nil {
			return fmt.Errorf("client: %w", err)
		}
		body = bytes.TrimSpace(b.Bytes())
	}
	for try := 1; ; try++ {
		wait, err := c.try(ctx, &k, body, out)
		if try > 1 && k.deletes && statusOf(err) == http.StatusNotFound {
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

// never says that a call is not made again.
const never = time.Duration(-1)

// maxAnswer bounds what is read of an answer: a page of transactions takes some
// hundred kilobytes.
const maxAnswer = 16 << 20

// try makes one try. wait is how long to wait before the next one: never, 0 for
// the usual, or what the bank asked for.
func (c *Client) try(ctx context.Context, k *call, body []byte, out any) (wait time.Duration, err error) {
	r, signed, err := c.request(ctx, k, body)
	if err != nil {
		return never, err
	}
	e := Exchange{Request: r, Body: body, Signed: signed}
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
	if err := c.proven(&e); err != nil {
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
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("client: the answer broke off: %w", err)
	case len(text) > maxAnswer:
		return fmt.Errorf("client: an answer of more than %d bytes", maxAnswer)
	}
	e.Response, e.Answer = resp, text
	return nil
}

// proven asks for the bank's signature on an answer with a body.
func (c *Client) proven(e *Exchange) error {
	if c.cfg.BankSeal == nil || len(e.Answer) == 0 {
		return nil
	}
	s, err := seal.Parse(e.Response.Header.Get("JWS-Signature"), seal.RS256, seal.PS256, seal.ES256)
	if err == nil {
		err = s.Verify(c.cfg.BankSeal, e.Answer)
	}
	if err != nil {
		// The causes are the bank's own kind of error, which is none of the caller's.
		return fmt.Errorf("%w: %s", ErrAnswerUnproven, err.Error())
	}
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

// request builds and signs one try: every try is a request with an id of its
// own, since the bank takes an id once. signed is the text under the signature.
func (c *Client) request(ctx context.Context, k *call, body []byte) (r *http.Request, signed []byte, err error) {
	if !strings.HasPrefix(k.path, "/") {
		return nil, nil, fmt.Errorf("client: %q is no path", k.path)
	}
	r, err = http.NewRequestWithContext(ctx, k.method, c.base+k.path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("client: %w", err)
	}
	// A transport sends a GET again by itself when the connection breaks under it,
	// and the bank would see one id twice. It does not when it cannot rewind a body.
	r.Body, r.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	h := r.Header
	h.Set("Accept", "application/json; charset=utf-8")
	h.Set("Accept-Language", c.cfg.Language)
	h.Set("TPP-Request-ID", c.ids.next())
	if len(body) > 0 {
		h.Set("Content-Type", "application/json")
	}
	if k.unsigned {
		return r, nil, nil
	}
	h.Set("TPP-ID", c.cfg.Organisation)
	h.Set("Send-Date", stamp(c.cfg.now()))
	if k.token != "" {
		h.Set("Authorization", "Bearer "+k.token)
	}
	if c.cfg.ClientID != "" {
		h.Set("Client-ID", c.cfg.ClientID)
	}
	for name, value := range k.headers {
		if value != "" {
			h.Set(name, value)
		}
	}
	// What is signed is what net/http writes on the request line.
	if signed, err = seal.AppendPayload(nil, r.URL.RequestURI(), h, body); err != nil {
		return nil, nil, fmt.Errorf("client: %s", err.Error())
	}
	signature, err := seal.Sign(c.cfg.Seal, c.header, signed)
	if err != nil {
		return nil, nil, fmt.Errorf("client: %w", err)
	}
	h.Set("JWS-Signature", signature)
	return r, signed, nil
}

// Get makes one signed call and returns the answer as it came. A path is written
// as on the request line, with its query.
func (c *Client) Get(ctx context.Context, path, token string) ([]byte, error) {
	var out []byte
	err := c.do(ctx, call{method: http.MethodGet, path: path, token: token, repeatable: true}, &out)
	return out, err
}

// NewRequest signs a request without sending it: for other HTTP clients and for
// measurements. It is good once, and for minutes: its id says when it was made.
func (c *Client) NewRequest(ctx context.Context, method, path, token string, headers map[string]string, body []byte) (*http.Request, error) {
	r, _, err := c.request(ctx, &call{method: method, path: path, token: token, headers: headers}, body)
	return r, err
}

// bank is a path below the bank's own part.
func (c *Client) bank(path string) string { return "/" + c.cfg.Bank + "/v3" + path }

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
