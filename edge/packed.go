package edge

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// ReadPackedBody reads as ReadBody does, and unpacks a body that comes with
// Content-Encoding gzip or deflate: neither as it is sent nor unpacked may it be
// longer than limit. Any other encoding is ErrBodyEncoded.
func ReadPackedBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if encoding == "" || encoding == "identity" {
		return ReadBody(w, r, limit)
	}
	if encoding != packGzip && encoding != packDeflate {
		return nil, ErrBodyEncoded
	}
	plain := *r
	plain.Header = http.Header{}
	packed, err := ReadBody(w, &plain, limit)
	if err != nil {
		return nil, err
	}
	body, err := unpack(encoding, packed, limit)
	if err != nil {
		return nil, fmt.Errorf("edge: unpacking the body: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, ErrBodyTooLarge
	}
	return body, nil
}

// The encodings of RFC 9110 §8.4.1; deflate is the zlib format there.
const (
	packGzip    = "gzip"
	packDeflate = "deflate"
)

// unpack reads at most one byte more than limit.
func unpack(encoding string, packed []byte, limit int64) ([]byte, error) {
	var from io.ReadCloser
	var err error
	if encoding == packGzip {
		from, err = gzip.NewReader(bytes.NewReader(packed))
	} else {
		from, err = zlib.NewReader(bytes.NewReader(packed))
	}
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, err
	}
	return body, from.Close()
}

// Packing is the encoding in which a caller who sent these Accept-Encoding header
// lines is best answered (RFC 9110 §12.5.3): "gzip", "deflate", or "" for neither.
// known is false when the caller takes neither of them and no plain body either.
func Packing(header ...string) (encoding string, known bool) {
	quality := map[string]bool{}
	for _, item := range strings.Split(strings.Join(header, ","), ",") {
		name, params, _ := strings.Cut(item, ";")
		if name = strings.ToLower(strings.TrimSpace(name)); name == "" {
			continue
		}
		params = strings.ReplaceAll(strings.ToLower(params), " ", "")
		quality[name] = params != "q=0" && params != "q=0.0" && params != "q=0.00" && params != "q=0.000"
	}
	takes := func(name string) bool {
		if said, ok := quality[name]; ok {
			return said
		}
		return quality["*"]
	}
	switch {
	case takes(packGzip):
		return packGzip, true
	case takes(packDeflate):
		return packDeflate, true
	}
	plain, said := quality["identity"]
	return "", len(quality) == 0 || (said && plain)
}

// packer writes packed bytes to where it was last pointed.
type packer interface {
	io.WriteCloser
	Reset(to io.Writer)
}

// packers are kept, by encoding: a new one takes more than a megabyte and ten times as
// long as packing an answer with it. The fastest level: an answer is text of a few kilobytes.
var packers = map[string]*sync.Pool{
	packGzip: {New: func() any {
		p, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // fails for unknown levels only
		return p
	}},
	packDeflate: {New: func() any {
		p, _ := zlib.NewWriterLevel(io.Discard, zlib.BestSpeed)
		return p
	}},
}

// Pack encodes a body, in any other encoding than Packing knows not at all.
func Pack(encoding string, body []byte) ([]byte, error) {
	kept, known := packers[encoding]
	if !known {
		return body, nil
	}
	var out bytes.Buffer
	to := kept.Get().(packer)
	defer kept.Put(to)
	to.Reset(&out)
	if _, err := to.Write(body); err != nil {
		return nil, err
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
