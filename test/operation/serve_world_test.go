package operation

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"okienko/test/process"
)

// authority is a bank's own CA, made for one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"Bank w teście"}, CommonName: "Test CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// server writes a certificate for a host, and its key.
func (a *authority) server(t *testing.T, folder, name, host string, from, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: from, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, private.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(folder, name+".pem"), filepath.Join(folder, name+".key")
	write(t, cert, 0o644, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, 0o600, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return cert, key
}

func write(t *testing.T, path string, mode os.FileMode, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

const gatewaySecret = "a-secret-that-the-gateway-knows"

// gateway is an SMS gateway that keeps what it gets.
type gateway struct {
	*httptest.Server
	messages chan sms
}

type sms struct{ ID, Channel, To, Text string }

func newGateway(t *testing.T, certificate, key string) *gateway {
	t.Helper()
	g := &gateway{messages: make(chan sms, 100)}
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m sms
		err := json.NewDecoder(r.Body).Decode(&m)
		if err != nil || r.Header.Get("Authorization") != "Bearer "+gatewaySecret || r.Header.Get("Idempotency-Key") != m.ID {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		g.messages <- m
	}))
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	g.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	g.StartTLS()
	t.Cleanup(g.Close)
	return g
}

// next waits for a message to a number.
func (g *gateway) next(to string) (sms, error) {
	select {
	case m := <-g.messages:
		if m.To != to || m.Channel != "sms" {
			return m, fmt.Errorf("a message of the channel %s went to %s, not to %s", m.Channel, m.To, to)
		}
		return m, nil
	case <-time.After(20 * time.Second):
		return sms{}, errors.New("no message came to the gateway")
	}
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// production is a bank by configuration, on this machine.
type production struct {
	t        *testing.T
	folder   string
	ca       *authority
	gateway  *gateway
	settings map[string]string // what goes into the configuration
	program  *process.Program
	client   *http.Client // of the people's pages
	partner  *http.Client // through a balancer, from a public address
}

const configuration = `
[bank]
name = "Bank w teście"
node = "{node}"
data = "{data}"
key_file = "{bank_key}"
{more}
[people]
listen = "{people}"
url = "{people_url}"
certificate = "{people_cert}"
key = "{people_key}"
[partner]
listen = "{partner}"
url = "{partner_url}"
certificate = "{partner_cert}"
key = "{partner_key}"
proxies = ["{proxy}"]
[admin]
socket = "{socket}"
metrics = "{metrics}"
health = "{health}"
[sms]
url = "{sms_url}"
secret_file = "{sms_secret}"
timeout = "5s"
[log]
level = "{level}"
[[staff]]
name = "a.nowak"
uid = {uid_a}
[[staff]]
name = "b.kowal"
uid = {uid_b}
`

// Two members of staff. The second one is the machine's nobody.
const nobody = 65534

// newProduction prepares everything that `okienko serve` reads, in a folder
// that other users can look into.
func newProduction(t *testing.T) *production {
	t.Helper()
	folder, err := os.MkdirTemp("", "okienko-serve-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := errors.Join(os.Chmod(folder, 0o755), os.Mkdir(filepath.Join(folder, "tmp"), 0o700)); err != nil {
		t.Fatal(err)
	}
	p := &production{t: t, folder: folder, ca: newAuthority(t)}
	now := time.Now()
	write(t, p.path("ca.pem"), 0o644, string(p.ca.pem))
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	write(t, p.path("bank.key"), 0o600, base64.StdEncoding.EncodeToString(key)+"\n")
	write(t, p.path("sms.secret"), 0o600, gatewaySecret+"\n")
	certificate, private := p.ca.server(t, folder, "server", "localhost", now.Add(-time.Hour), now.Add(time.Hour))
	p.gateway = newGateway(t, certificate, private)
	people, partner := freePort(t), freePort(t)
	p.settings = map[string]string{
		"node": "node-1", "data": p.path("bank.db"), "bank_key": p.path("bank.key"), "more": "",
		"people": people, "people_url": "https://" + strings.Replace(people, "127.0.0.1", "localhost", 1), "people_cert": certificate, "people_key": private,
		"partner": partner, "partner_url": "https://" + strings.Replace(partner, "127.0.0.1", "localhost", 1), "partner_cert": certificate, "partner_key": private,
		"proxy": "127.0.0.1/32", "socket": p.path("admin.sock"), "metrics": freePort(t), "health": freePort(t), "level": "debug",
		"sms_url": strings.Replace(p.gateway.URL, "127.0.0.1", "localhost", 1) + "/v1/messages", "sms_secret": p.path("sms.secret"),
		"uid_a": fmt.Sprint(os.Getuid()), "uid_b": fmt.Sprint(nobody),
	}
	roots := x509.NewCertPool()
	roots.AddCert(p.ca.cert)
	p.client = newClient(roots, nil)
	p.partner = newClient(roots, from("193.0.6.5"))
	return p
}

func (p *production) path(name string) string { return filepath.Join(p.folder, name) }

// newClient trusts roots. A header, when given, goes before everything else on
// a connection, as a balancer sends it.
func newClient(roots *x509.CertPool, header func(net.Conn) string) *http.Client {
	return &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
				if err == nil && header != nil {
					_, err = conn.Write([]byte(header(conn)))
				}
				return conn, err
			},
		},
	}
}

func from(address string) func(net.Conn) string {
	return func(net.Conn) string { return "PROXY TCP4 " + address + " 127.0.0.1 40000 443\r\n" }
}

// freePort is an address that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// config writes the configuration with some settings changed.
func (p *production) config(name string, changes map[string]string) string {
	p.t.Helper()
	text, settings := configuration, maps.Clone(p.settings)
	maps.Copy(settings, changes)
	for k, v := range settings {
		text = strings.ReplaceAll(text, "{"+k+"}", v)
	}
	write(p.t, p.path(name), 0o644, text)
	return p.path(name)
}

// environment makes the program trust the test's CA, and keeps its temporary
// files apart from its data, which lies in the machine's folder for such.
func (p *production) environment() []string {
	return []string{"SSL_CERT_FILE=" + p.path("ca.pem"), "TMPDIR=" + p.path("tmp")}
}

// open starts the bank and waits until it says that it is open.
func (p *production) open() {
	p.t.Helper()
	var err error
	if p.program, err = process.Run(p.t.Context(), p.environment(), binary, "serve", "--config", p.config("okienko.toml", nil)); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.program.Signal(syscall.SIGKILL) })
	for deadline := time.Now().Add(time.Minute); !strings.Contains(p.program.Log(), `"bank open"`); {
		select {
		case <-p.program.Exited():
			p.t.Fatalf("the bank ended with %d: %s", p.program.Status(), p.program.Log())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the bank does not open: %s", p.program.Log())
		}
	}
}

// admin runs `okienko admin` as a user of the machine.
func (p *production) admin(uid int, words ...string) (status int, out string) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), binary, append([]string{"admin", "--config", p.path("okienko.toml")}, words...)...)
	cmd.Env = append(os.Environ(), p.environment()...)
	cmd.Dir = p.folder
	if uid != os.Getuid() {
		// The socket lets in the group of the bank.
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(os.Getgid()), NoSetGroups: true}}
	}
	text, err := cmd.CombinedOutput()
	var end *exec.ExitError
	if err != nil && !errors.As(err, &end) {
		p.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// must is admin that succeeds.
func (p *production) must(uid int, words ...string) string {
	p.t.Helper()
	status, out := p.admin(uid, words...)
	if status != 0 {
		p.t.Fatalf("admin %v: status %d: %s", words, status, out)
	}
	return out
}
