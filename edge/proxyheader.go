package edge

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

const (
	maxProxyV1 = 107  // "PROXY UNKNOWN" with two longest addresses and CRLF, by the protocol's §2.1
	maxProxyV2 = 2048 // of addresses and extensions; real balancers send below 300 bytes
)

const proxyV2Signature = "\r\n\r\n\x00\r\nQUIT\n"

// readProxyHeader reads one header of the PROXY protocol (haproxy's
// proxy-protocol.txt, versions 1 and 2) and not one byte more. It returns the
// source; an invalid AddrPort means that the header names none.
func readProxyHeader(r *bufio.Reader) (netip.AddrPort, error) {
	first, err := r.Peek(1)
	if err != nil {
		return netip.AddrPort{}, err
	}
	switch first[0] {
	case 'P':
		return readProxyV1(r)
	case '\r':
		return readProxyV2(r)
	}
	return netip.AddrPort{}, errors.New("another protocol")
}

func readProxyV1(r *bufio.Reader) (none netip.AddrPort, err error) {
	line := make([]byte, 0, maxProxyV1)
	for {
		c, err := r.ReadByte()
		if err != nil {
			return none, err
		}
		line = append(line, c)
		if c == '\n' {
			break
		}
		if len(line) == maxProxyV1 {
			return none, errors.New("version 1: too long")
		}
	}
	text, ok := strings.CutSuffix(string(line), "\r\n")
	if !ok {
		return none, errors.New("version 1: line end")
	}
	if text == "PROXY UNKNOWN" || strings.HasPrefix(text, "PROXY UNKNOWN ") {
		return none, nil
	}
	f := strings.Split(text, " ")
	if len(f) != 6 || f[0] != "PROXY" || f[1] != "TCP4" && f[1] != "TCP6" {
		return none, errors.New("version 1: fields")
	}
	source, err1 := proxyV1Addr(f[1], f[2], f[4])
	_, err2 := proxyV1Addr(f[1], f[3], f[5])
	if err := errors.Join(err1, err2); err != nil {
		return none, err
	}
	return source, nil
}

func proxyV1Addr(family, address, port string) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Zone() != "" || a.Is4() != (family == "TCP4") {
		return netip.AddrPort{}, errors.New("version 1: address")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || strconv.FormatUint(n, 10) != port {
		return netip.AddrPort{}, errors.New("version 1: port")
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), nil
}

func readProxyV2(r *bufio.Reader) (none netip.AddrPort, err error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return none, err
	}
	if string(head[:12]) != proxyV2Signature || head[12]>>4 != 2 {
		return none, errors.New("version 2: signature")
	}
	size := int(binary.BigEndian.Uint16(head[14:]))
	if size > maxProxyV2 {
		return none, errors.New("version 2: too long")
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return none, err
	}
	switch command := head[12] & 15; command {
	case 0: // LOCAL: the balancer itself, whatever the rest says
		return none, nil
	case 1: // PROXY
	default:
		return none, errors.New("version 2: command")
	}
	switch family := head[13]; family {
	case 0x11: // TCP over IPv4: two addresses, two ports
		if size < 12 {
			return none, errors.New("version 2: too short")
		}
		a := netip.AddrFrom4([4]byte(body))
		return netip.AddrPortFrom(a, binary.BigEndian.Uint16(body[8:])), nil
	case 0x21: // TCP over IPv6
		if size < 36 {
			return none, errors.New("version 2: too short")
		}
		a := netip.AddrFrom16([16]byte(body)).Unmap()
		return netip.AddrPortFrom(a, binary.BigEndian.Uint16(body[32:])), nil
	case 0x00, 0x31: // unspecified, unix stream: no address that means anything to us
		return none, nil
	}
	return none, errors.New("version 2: family") // datagrams cannot come here
}
