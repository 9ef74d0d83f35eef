package faults

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Codes that stand in the place of the protocol's version in a first message.
const (
	sslRequest    = 80877103
	gssRequest    = 80877104
	cancelRequest = 80877102
)

// longest is the longest message that is taken: what PostgreSQL itself takes.
const longest = 1 << 30

// link is one client's connection to the database.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	ending         sync.Once
	over           chan struct{}

	// Of the client's direction only.
	statements map[string]string // prepared, by name
	portals    map[string]string // bound, by name
	begun      bool              // in a transaction
	writing    bool              // which has written
}

// end closes both sides. A client's side is reset rather than closed, as by a
// machine that has gone.
func (l *link) end() {
	l.ending.Do(func() {
		close(l.over)
		if tcp, ok := l.client.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = l.client.Close()
		_ = l.server.Close()
	})
}

func (l *link) run() {
	defer l.end()
	in := bufio.NewReader(l.client)
	if err := l.startup(in); err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		defer l.end()
		l.answers(bufio.NewReader(l.server))
	})
	l.orders(in)
	l.end()
	back.Wait()
}

// startup passes the first messages on, which have no type. Encryption is
// declined: the proxy must see.
func (l *link) startup(in *bufio.Reader) error {
	for {
		head, err := in.Peek(8)
		if err != nil {
			return err
		}
		size, code := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:])
		if size < 8 || size > 10_000 { // PostgreSQL's own limit for a first message
			return fmt.Errorf("a first message of %d bytes", size)
		}
		message := make([]byte, size)
		if _, err := io.ReadFull(in, message); err != nil {
			return err
		}
		if !l.proxy.pass(l.over) {
			return net.ErrClosed
		}
		switch code {
		case sslRequest, gssRequest:
			if _, err := l.client.Write([]byte("N")); err != nil {
				return err
			}
		case cancelRequest:
			if _, err := l.server.Write(message); err != nil {
				return err
			}
			_, _ = io.Copy(io.Discard, l.server) // the server closes it when it has taken note
			return io.EOF
		default:
			_, err := l.server.Write(message)
			return err
		}
	}
}

// read reads a message with its type and length. The slice is new.
func read(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(5)
	if err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size < 4 || size > longest {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	message := make([]byte, 1+size)
	_, err = io.ReadFull(in, message)
	return message, err
}

// orders passes the client's messages on.
func (l *link) orders(in *bufio.Reader) {
	out := bufio.NewWriter(l.server)
	for {
		message, err := read(in)
		if err != nil || !l.proxy.pass(l.over) {
			return
		}
		sql := l.statement(message[0], message[5:])
		if commits(sql) {
			if out.Flush() != nil || l.proxy.reached(BeforeCommit) || !l.proxy.pass(l.over) {
				return
			}
		}
		if _, err := out.Write(message); err != nil {
			return
		}
		if l.firstWrite(sql) {
			if out.Flush() != nil || l.proxy.reached(InBatch) {
				return
			}
		}
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
	}
}

// statement is the SQL that a message has the database run, "" when it runs
// nothing.
func (l *link) statement(kind byte, body []byte) string {
	switch kind {
	case 'Q':
		var m pgproto3.Query
		if m.Decode(body) == nil {
			return m.String
		}
	case 'P':
		var m pgproto3.Parse
		if m.Decode(body) == nil {
			l.statements[m.Name] = m.Query
		}
	case 'B':
		var m pgproto3.Bind
		if m.Decode(body) == nil {
			l.portals[m.DestinationPortal] = l.statements[m.PreparedStatement]
		}
	case 'E':
		var m pgproto3.Execute
		if m.Decode(body) == nil {
			return l.portals[m.Portal]
		}
	case 'C':
		var m pgproto3.Close
		if m.Decode(body) == nil && m.ObjectType == 'S' {
			delete(l.statements, m.Name)
		}
	}
	return ""
}

// commits tells whether a text ends a transaction for good. One message of the
// simple protocol may hold several statements.
func commits(sql string) bool {
	for part := range strings.SplitSeq(sql, ";") {
		switch strings.ToLower(strings.TrimSpace(part)) {
		case "commit", "commit work", "commit transaction", "end", "end transaction":
			return true
		}
	}
	return false
}

var writes = regexp.MustCompile(`(?is)^\s*(with\b.*)?\b(insert\s+into|update|delete\s+from)\b`)

// firstWrite tells whether a statement is the first one of its transaction that
// writes.
func (l *link) firstWrite(sql string) bool {
	text := strings.ToLower(strings.TrimSpace(sql))
	switch {
	case commits(sql), strings.HasPrefix(text, "rollback"): // also a message that is a whole transaction: it has no middle
		l.begun = false
	case strings.HasPrefix(text, "begin"), strings.HasPrefix(text, "start transaction"):
		l.begun, l.writing = true, false
	}
	if !l.begun || l.writing || !writes.MatchString(sql) {
		return false
	}
	l.writing = true
	return true
}

// answers passes the database's messages on, each as late as the proxy says.
func (l *link) answers(in *bufio.Reader) {
	type answer struct {
		text []byte
		due  time.Time
	}
	queue := make(chan answer, 4096)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer l.end()
		out := bufio.NewWriter(l.client)
		for a := range queue {
			if wait := time.Until(a.due); wait > 0 {
				if out.Flush() != nil || !l.sleep(wait) {
					return
				}
			}
			if _, err := out.Write(a.text); err != nil {
				return
			}
			if len(queue) == 0 && out.Flush() != nil {
				return
			}
		}
		_ = out.Flush()
	})
	defer writer.Wait()
	defer close(queue)
	for {
		message, err := read(in)
		if err != nil || !l.proxy.pass(l.over) {
			return
		}
		if m, is := momentOf(message[0], string(message[5:])); is && (l.proxy.reached(m) || !l.proxy.pass(l.over)) {
			l.end()
			return
		}
		select {
		case queue <- answer{message, time.Now().Add(l.proxy.delayed())}:
		case <-l.over:
			return
		}
	}
}

// momentOf is the moment that an answer of the database marks.
func momentOf(kind byte, body string) (m Moment, is bool) {
	switch {
	case kind == 'C' && body == "COMMIT\x00": // command complete
		return AfterCommit, true
	case kind == 'Z' && body == "T": // ready for the next query, in a transaction
		return InTransaction, true
	}
	return 0, false
}

// sleep is false when the link was over before the time.
func (l *link) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.over:
		return false
	}
}
