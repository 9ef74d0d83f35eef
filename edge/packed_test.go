package edge_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"okienko/edge"
)

func TestPackedBodies(t *testing.T) {
	text := strings.Repeat("żółw ", 1000)
	read := func(encoding string, body []byte, limit int64) (string, error) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		r.Header.Set("Content-Encoding", encoding)
		got, err := edge.ReadPackedBody(httptest.NewRecorder(), r, limit)
		return string(got), err
	}
	for _, encoding := range []string{"gzip", "deflate", "GZIP", "identity", ""} {
		packed, err := edge.Pack(strings.ToLower(encoding), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := read(encoding, packed, 1<<16); err != nil || got != text {
			t.Errorf("%q: %d bytes, %v", encoding, len(got), err)
		}
		// What unpacks to more than the door reads is refused, however small it is packed.
		if _, err := read(encoding, packed, 1000); !errors.Is(err, edge.ErrBodyTooLarge) {
			t.Errorf("%q above the limit: %v", encoding, err)
		}
	}
	if _, err := read("br", []byte("x"), 100); !errors.Is(err, edge.ErrBodyEncoded) {
		t.Errorf("an unknown encoding: %v", err)
	}
	for name, body := range map[string][]byte{"no gzip": []byte("hello"), "cut off": firstHalf(t, text)} {
		if _, err := read("gzip", body, 1<<16); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func firstHalf(t *testing.T, text string) []byte {
	t.Helper()
	packed, err := edge.Pack("gzip", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return packed[:len(packed)/2]
}

func TestPackIsWhatStandardsUnpack(t *testing.T) {
	for encoding, open := range map[string]func(io.Reader) (io.Reader, error){
		"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"deflate": func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
	} {
		packed, err := edge.Pack(encoding, []byte("twelve"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := open(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != "twelve" {
			t.Errorf("%s: %q %v", encoding, got, err)
		}
	}
}

// Packers are kept and handed from answer to answer: nobody reads a byte of another's.
func TestPackKeepsAnswersApart(t *testing.T) {
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			for n := range 50 {
				encoding := []string{"gzip", "deflate"}[n%2]
				text := strings.Repeat(fmt.Sprintf("answer %d of %d ", n, caller), 1+n*7)
				packed, err := edge.Pack(encoding, []byte(text))
				if err != nil {
					t.Error(err)
					return
				}
				r := httptest.NewRequest("POST", "/", bytes.NewReader(packed))
				r.Header.Set("Content-Encoding", encoding)
				if got, err := edge.ReadPackedBody(httptest.NewRecorder(), r, 1<<16); err != nil || string(got) != text {
					t.Errorf("%s: %d bytes of %d, %v", encoding, len(got), len(text), err)
				}
			}
		})
	}
	callers.Wait()
}

func TestPacking(t *testing.T) {
	for header, want := range map[string]string{
		"gzip": "gzip", "Gzip, deflate": "gzip", "deflate": "deflate", "deflate, gzip;q=0": "deflate", "br, *": "gzip", "": "", "identity": "",
		"gzip;q=0, identity": "",
	} {
		if got, known := edge.Packing(header); got != want || !known {
			t.Errorf("%q: %q %v, want %q", header, got, known, want)
		}
	}
	for _, header := range []string{"br", "br, zstd", "gzip;q=0"} {
		if got, known := edge.Packing(header); known {
			t.Errorf("%q is answered in %q", header, got)
		}
	}
}
