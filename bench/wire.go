package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
)

// wire is one kept connection that speaks just enough HTTP/1.1 over TLS. The
// generator shares the processor with the bank: what net/http does for a caller
// would cost more than some of the calls that are measured.
type wire struct {
	conn    net.Conn
	answers *bufio.Reader
	request []byte
	body    []byte
}

// dial opens a connection to where a URL points, from an address of its own
// when one is given: the bank counts some calls by address.
func dial(ctx context.Context, to *url.URL, cfg *tls.Config, from net.IP) (*wire, error) {
	d := tls.Dialer{NetDialer: &net.Dialer{}, Config: cfg}
	if from != nil {
		d.NetDialer.LocalAddr = &net.TCPAddr{IP: from}
	}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", to.Port()))
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, answers: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// call sends one request and reads its answer, which is valid until the next
// call. A status other than the wanted one is an error.
func (w *wire) call(ctx context.Context, wanted int, request []byte) ([]byte, error) {
	deadline, _ := ctx.Deadline() // the zero time, none, when there is none
	if err := w.conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if _, err := w.conn.Write(request); err != nil {
		return nil, err
	}
	status, length, err := w.head()
	if err != nil {
		return nil, err
	}
	if cap(w.body) < length {
		w.body = make([]byte, length)
	}
	w.body = w.body[:length]
	if _, err := io.ReadFull(w.answers, w.body); err != nil {
		return nil, err
	}
	if status != wanted {
		return nil, &statusError{status, wanted, string(w.body)}
	}
	return w.body, nil
}

// statusError is another answer than the wanted one.
type statusError struct {
	status, wanted int
	body           string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the bank answered %d instead of %d: %s", e.status, e.wanted, e.body)
}

var errAnswer = errors.New("an answer that this client does not understand")

func (w *wire) head() (status, length int, err error) {
	line, err := w.answers.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, 0, errAnswer
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, errAnswer
	}
	for {
		line, err := w.answers.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		if len(line) <= 2 {
			return status, length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, errAnswer
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return 0, 0, errAnswer
		}
	}
}

// get, delete, post and form write a request into the connection's own buffer.
func (w *wire) get(to *url.URL, path, token string) []byte {
	return w.bare("GET", to, path, token)
}

func (w *wire) delete(to *url.URL, path, token string) []byte {
	return w.bare("DELETE", to, path, token)
}

func (w *wire) bare(method string, to *url.URL, path, token string) []byte {
	w.request = fmt.Appendf(w.request[:0], "%s %s%s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\naccess_token: %s\r\n\r\n", method, to.Path, path, to.Host, token)
	return w.request
}

func (w *wire) post(to *url.URL, path, token string, body []byte) []byte {
	w.request = fmt.Appendf(w.request[:0], "POST %s%s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nContent-Type: application/json\r\naccess_token: %s\r\nContent-Length: %d\r\n\r\n%s",
		to.Path, path, to.Host, token, len(body), body)
	return w.request
}

func (w *wire) form(to *url.URL, path string, values url.Values) []byte {
	body := values.Encode()
	w.request = fmt.Appendf(w.request[:0], "POST %s%s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		to.Path, path, to.Host, len(body), body)
	return w.request
}
