package eidas_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"okienko/eidas"
)

func TestHTTPFetcherAsksAListedHost(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body)
		if r.URL.Path == "/elsewhere" {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		}
		if r.URL.Path == "/round" {
			http.Redirect(w, r, "/round", http.StatusFound)
		}
		if r.URL.Path == "/long" {
			w.Write(make([]byte, 101))
		}
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
		}
		w.Write([]byte("answer"))
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := eidas.NewHTTPFetcher(eidas.FetchSettings{Hosts: []string{at.Hostname()}, Plain: true, Internal: true, Limit: 100})
	for _, ask := range []struct {
		path    string
		request []byte
		want    string
	}{
		{"/list.crl", nil, "GET /list.crl  "},
		{"/ocsp", []byte("question"), "POST /ocsp application/ocsp-request question"},
	} {
		body, err := f.Fetch(context.Background(), server.URL+ask.path, ask.request)
		if err != nil || string(body) != "answer" || got != ask.want {
			t.Errorf("%s: asked %q, got %q, %v", ask.path, got, body, err)
		}
	}
	for path, want := range map[string]string{"/elsewhere": "not on the list", "/round": "redirects", "/long": "more than 100 bytes", "/gone": "404"} {
		if body, err := f.Fetch(context.Background(), server.URL+path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v, want %q", path, body, err, want)
		}
	}
}

// The server is there and would answer; the fetcher does not go.
func TestHTTPFetcherStaysOutside(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the fetcher came") }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	outside := eidas.NewHTTPFetcher(eidas.FetchSettings{Plain: true, Hosts: []string{
		"127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "0.0.0.0", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
		"fd00::1", "fe80::1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255", "240.0.0.1",
	}})
	for _, host := range []string{
		"127.0.0.1", "localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254",
		"100.64.0.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255", "240.0.0.1",
	} {
		_, err := outside.Fetch(context.Background(), "http://"+host+":"+port+"/", nil)
		if err == nil || !strings.Contains(err.Error(), "not a public address") {
			t.Errorf("%s: %v", host, err)
		}
	}
	listed := eidas.NewHTTPFetcher(eidas.FetchSettings{Hosts: []string{"ocsp.qtsp.example", "*.ca.example"}, Internal: true})
	for _, address := range []string{
		"https://evil.example/", "https://ocsp.qtsp.example.evil.example/", "https://ca.example/", "https://evilca.example/", "http://ocsp.qtsp.example/",
		"https://user:secret@ocsp.qtsp.example/", "https://ocsp.qtsp.example@evil.example/", "file:///etc/passwd", "ftp://ocsp.qtsp.example/", "gopher://a.ca.example/", "//a.ca.example", "", ":", "https:///x",
	} {
		_, err := listed.Fetch(context.Background(), address, nil)
		if err == nil {
			t.Errorf("%s: fetched", address)
		} else if strings.Contains(err.Error(), "lookup") || strings.Contains(err.Error(), "dial") {
			t.Errorf("%s: it was tried: %v", address, err)
		}
	}
}
