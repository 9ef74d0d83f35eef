package edge

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"okienko/clock"
)

// v2 makes a header of version 2.
func v2(command, family byte, body []byte) string {
	h := append([]byte(proxyV2Signature), 0x20|command, family, 0, 0)
	binary.BigEndian.PutUint16(h[14:], uint16(len(body)))
	return string(append(h, body...))
}

func v2addr(source, target string) []byte {
	s, d := netip.MustParseAddrPort(source), netip.MustParseAddrPort(target)
	b := append(s.Addr().AsSlice(), d.Addr().AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, s.Port())
	return binary.BigEndian.AppendUint16(b, d.Port())
}

var proxyHeaders = []struct {
	name, header, source string // an empty source: the header names none
}{
	{"v1 IPv4", "PROXY TCP4 198.51.100.7 203.0.113.1 40000 443\r\n", "198.51.100.7:40000"},
	{"v1 IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 40000 443\r\n", "[2001:db8::7]:40000"},
	{"v1 mapped", "PROXY TCP6 ::ffff:198.51.100.7 ::1 1 2\r\n", "198.51.100.7:1"},
	{"v1 unknown", "PROXY UNKNOWN\r\n", ""},
	{"v1 unknown with more", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", ""},
	{"v2 IPv4", v2(1, 0x11, v2addr("198.51.100.7:40000", "203.0.113.1:443")), "198.51.100.7:40000"},
	{"v2 IPv6", v2(1, 0x21, v2addr("[2001:db8::7]:40000", "[2001:db8::1]:443")), "[2001:db8::7]:40000"},
	{"v2 with extensions", v2(1, 0x11, append(v2addr("198.51.100.7:1", "203.0.113.1:2"), 4, 0, 1, 0)), "198.51.100.7:1"},
	{"v2 health check", v2(0, 0x00, nil), ""},
	{"v2 health check with addresses", v2(0, 0x11, v2addr("198.51.100.7:1", "203.0.113.1:2")), ""},
	{"v2 unspecified", v2(1, 0x00, nil), ""},
	{"v2 unix", v2(1, 0x31, make([]byte, 216)), ""},
}

func TestReadProxyHeader(t *testing.T) {
	for _, test := range proxyHeaders {
		r := bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(test.header+"rest")), 256)
		got, err := readProxyHeader(r)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got.IsValid() != (test.source != "") || got.IsValid() && got.String() != test.source {
			t.Errorf("%s: source %v", test.name, got)
		}
		if rest, _ := io.ReadAll(r); string(rest) != "rest" {
			t.Errorf("%s: %q is left for the server", test.name, rest)
		}
	}
}

var badProxyHeaders = map[string]string{
	"nothing":             "",
	"TLS":                 "\x16\x03\x01",
	"HTTP":                "GET / HTTP/1.1\r\n\r\n",
	"POST":                "POST / HTTP/1.1\r\n\r\n",
	"v1 other word":       "PROXZ TCP4 198.51.100.7 203.0.113.1 1 2\r\n",
	"v1 bare line feed":   "PROXY TCP4 198.51.100.7 203.0.113.1 1 2\n",
	"v1 wrong family":     "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
	"v1 wrong family 6":   "PROXY TCP6 198.51.100.7 203.0.113.1 1 2\r\n",
	"v1 leading zero":     "PROXY TCP4 198.51.100.07 203.0.113.1 1 2\r\n",
	"v1 port zero":        "PROXY TCP4 198.51.100.7 203.0.113.1 01 2\r\n",
	"v1 port too large":   "PROXY TCP4 198.51.100.7 203.0.113.1 65536 2\r\n",
	"v1 a zone":           "PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n",
	"v1 two spaces":       "PROXY  TCP4 198.51.100.7 203.0.113.1 1 2\r\n",
	"v1 a name":           "PROXY TCP4 localhost 203.0.113.1 1 2\r\n",
	"v1 bad target":       "PROXY TCP4 198.51.100.7 x 1 2\r\n",
	"v1 without end":      "PROXY UNKNOWN " + strings.Repeat("x", 200),
	"v1 unknown glued":    "PROXY UNKNOWNX\r\n",
	"v2 cut off":          v2(1, 0x11, v2addr("198.51.100.7:1", "203.0.113.1:2"))[:20],
	"v2 broken signature": "\r\n\r\n\x00\r\nQUIX\n" + "\x21\x11\x00\x00",
	"v2 version 1":        proxyV2Signature + "\x11\x11\x00\x00",
	"v2 command 2":        v2(2, 0x11, v2addr("198.51.100.7:1", "203.0.113.1:2")),
	"v2 datagram":         v2(1, 0x12, v2addr("198.51.100.7:1", "203.0.113.1:2")),
	"v2 too short":        v2(1, 0x11, make([]byte, 11)),
	"v2 too short 6":      v2(1, 0x21, make([]byte, 35)),
	"v2 too long":         v2(1, 0x00, make([]byte, maxProxyV2+1)),
}

func TestReadProxyHeaderRefuses(t *testing.T) {
	for name, header := range badProxyHeaders {
		if got, err := readProxyHeader(bufio.NewReaderSize(strings.NewReader(header), 256)); err == nil {
			t.Errorf("%s: accepted as %v", name, got)
		}
	}
}

func FuzzReadProxyHeader(f *testing.F) {
	for _, h := range proxyHeaders {
		f.Add([]byte(h.header + "rest"))
	}
	for _, h := range badProxyHeaders {
		f.Add([]byte(h))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		under := bytes.NewReader(data)
		r := bufio.NewReaderSize(under, 256)
		source, err := readProxyHeader(r)
		if err != nil {
			return
		}
		used := len(data) - under.Len() - r.Buffered()
		if used > 16+maxProxyV2 {
			t.Fatalf("%d bytes read", used)
		}
		header := data[:used]
		if source.IsValid() && (source.Addr().Zone() != "" || source.Addr().Is4In6()) {
			t.Fatalf("source %v is not in its plain form", source)
		}
		// A header stands for itself: cut anywhere it is none, and what follows it changes nothing.
		again, err := readProxyHeader(bufio.NewReaderSize(bytes.NewReader(header), 256))
		if err != nil || again != source {
			t.Fatalf("alone it reads as %v, %v", again, err)
		}
		if _, err := readProxyHeader(bufio.NewReaderSize(bytes.NewReader(header[:used-1]), 256)); err == nil {
			t.Fatal("cut short it is accepted")
		}
	})
}

// accepted dials a proxy listener, sends text, and returns the accepted connection.
func accepted(t *testing.T, trusted, text string, timeout time.Duration) net.Conn {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := ProxyListener(inner, []netip.Prefix{netip.MustParsePrefix(trusted)}, timeout, clock.Wall{})
	t.Cleanup(func() { ln.Close() })
	peer, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	if _, err := io.WriteString(peer, text); err != nil {
		t.Fatal(err)
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func addrOf(c net.Conn) string {
	return ClientAddr(&http.Request{RemoteAddr: c.RemoteAddr().String()}).String()
}

func readN(t *testing.T, c net.Conn, n int) string {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const proxyLine = "PROXY TCP4 198.51.100.7 203.0.113.1 40000 443\r\n"

func TestListedPeerIsBelieved(t *testing.T) {
	c := accepted(t, "127.0.0.0/8", proxyLine+"hello", time.Minute)
	if got := addrOf(c); got != "198.51.100.7" {
		t.Errorf("client %s", got)
	}
	if got := readN(t, c, 5); got != "hello" {
		t.Errorf("read %q", got)
	}
}

func TestUnlistedPeerIsNotBelieved(t *testing.T) {
	c := accepted(t, "192.0.2.0/24", proxyLine, time.Minute)
	if got := addrOf(c); got != "127.0.0.1" {
		t.Errorf("client %s", got)
	}
	if got := readN(t, c, len(proxyLine)); got != proxyLine {
		t.Errorf("the bytes were changed: %q", got)
	}
}

func TestHealthCheckKeepsTheBalancersAddress(t *testing.T) {
	c := accepted(t, "127.0.0.0/8", v2(0, 0, nil)+"x", time.Minute)
	if got := addrOf(c); got != "127.0.0.1" || readN(t, c, 1) != "x" {
		t.Errorf("client %s", got)
	}
}

func TestListedPeerWithoutHeaderIsCutOff(t *testing.T) {
	c := accepted(t, "127.0.0.0/8", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", time.Minute)
	if _, err := c.Read(make([]byte, 10)); !errors.Is(err, ErrProxyHeader) {
		t.Errorf("got %v", err)
	}
}

func TestSilentPeerTimesOut(t *testing.T) {
	c := accepted(t, "127.0.0.0/8", "PROXY TCP4 ", time.Millisecond)
	_, err := c.Read(make([]byte, 10))
	if timeout := net.Error(nil); !errors.Is(err, ErrProxyHeader) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %v", err)
	}
}

func TestServersDeadlineHoldsAfterTheHeader(t *testing.T) {
	c := accepted(t, "127.0.0.0/8", proxyLine, time.Hour)
	if err := c.SetReadDeadline(clock.Wall{}.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(make([]byte, 1)) // reads the header under its own deadline, then waits
	if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() || errors.Is(err, ErrProxyHeader) {
		t.Errorf("got %v", err)
	}
}

func TestClientAddr(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:5000":          "192.0.2.1",
		"[::ffff:192.0.2.1]:5000": "192.0.2.1",
		"[fe80::1%eth0]:5000":     "fe80::1",
		"@":                       "invalid IP",
	} {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {"203.0.113.9"}, "Forwarded": {"for=203.0.113.9"}}}
		if got := ClientAddr(r).String(); got != want {
			t.Errorf("%s: %s", remote, got)
		}
	}
}
