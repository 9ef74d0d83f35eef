package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"okienko/app"
	"okienko/test/process"
)

const (
	balancerAddress = "127.0.2.10"
	// callersAddress is where the partner's servers are, by the application's own
	// list. HAProxy is told so as by a balancer before it, and tells the nodes.
	callersAddress = "193.0.6.5"
	peopleURL      = "https://login.bank.example"
	partnerURL     = "https://api.bank.example"
	customerLogin  = "marek.lis"
	customerSecret = "koza pije herbate z rana"
	gatewaySecret  = "a-secret-that-the-gateway-knows"
	// Two members of staff, by deploy/okienko.toml.
	staffA, staffB = 1001, 1002
)

// node is one `okienko serve` on a machine of its own.
type node struct {
	name, address, config string
	*machine
}

// bank is what stands over the cluster: nodes, balancer, SMS gateway.
type bank struct {
	d        *drama
	folder   string
	binary   string
	nodes    []*node
	balancer *machine
	gateway  *httptest.Server
	codes    chan string
	account  string
	token    string
	numbers  atomic.Int64 // of operations
}

// newBank prepares two nodes from deploy/okienko.toml and HAProxy from
// deploy/haproxy.
func (d *drama) newBank() (*bank, error) {
	b := &bank{d: d, folder: filepath.Join(d.inside, "bank"), binary: filepath.Join(d.inside, "okienko"), codes: make(chan string, 100)}
	if err := folder(b.folder, bankUser, 0o755); err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	ca := d.cluster.tls
	err := errors.Join(
		write(filepath.Join(b.folder, "bank.key"), bankUser, 0o600, base64.StdEncoding.EncodeToString(key)+"\n"),
		write(filepath.Join(b.folder, "sms.secret"), bankUser, 0o600, gatewaySecret+"\n"),
		write(filepath.Join(b.folder, "database.secret"), bankUser, 0o600, password+"\n"),
		ca.server(b.folder, "people", bankUser, "login.bank.example"),
		ca.server(b.folder, "partner", bankUser, "api.bank.example"),
		ca.server(b.folder, "psd2", bankUser, "psd2.bank.example"),
		ca.server(b.folder, "gateway", root, "localhost"),
	)
	if err != nil {
		return nil, err
	}
	if err := b.openGateway(); err != nil {
		return nil, err
	}
	for n := 1; n <= 2; n++ {
		one := &node{name: fmt.Sprintf("node-%d", n), address: fmt.Sprintf("127.0.2.1%d", n)}
		if err := b.prepare(one); err != nil {
			return nil, err
		}
		b.nodes = append(b.nodes, one)
	}
	if err := b.prepareBalancer(); err != nil {
		return nil, err
	}
	return b, nil
}

// openGateway opens the SMS gateway of the bank.
func (b *bank) openGateway() error {
	pair, err := tls.LoadX509KeyPair(filepath.Join(b.folder, "gateway.pem"), filepath.Join(b.folder, "gateway.key"))
	if err != nil {
		return err
	}
	b.gateway = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ Text string }
		if json.NewDecoder(r.Body).Decode(&m) != nil || r.Header.Get("Authorization") != "Bearer "+gatewaySecret {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		b.codes <- sixDigits.FindString(m.Text)
	}))
	b.gateway.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	b.gateway.StartTLS()
	return nil
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

func (b *bank) prepare(n *node) error {
	dir := filepath.Join(b.folder, n.name)
	if err := errors.Join(folder(dir, bankUser, 0o755), folder(filepath.Join(dir, "tmp"), bankUser, 0o700)); err != nil {
		return err
	}
	n.config = filepath.Join(dir, "okienko.toml")
	_, port, _ := net.SplitHostPort(b.gateway.Listener.Addr().String())
	err := deployed(filepath.Join(b.d.deploy, "okienko.toml"), n.config, bankUser, 0o644,
		edit{`node = "node-1"`, fmt.Sprintf("node = %q", n.name)},
		edit{`data = "/var/lib/okienko/okienko.db"`, `data = ""`},
		edit{`database = ""`, fmt.Sprintf("database = %q", strings.Replace(b.d.cluster.dsn(b.d.database, n.address), ":"+password, "", 1))},
		edit{`database_password_file = ""`, fmt.Sprintf("database_password_file = %q", filepath.Join(b.folder, "database.secret"))},
		edit{`issuers = ["/etc/okienko/qtsp.pem"]`, fmt.Sprintf("issuers = [%q]", b.d.cluster.tls.file)},
		edit{"0.0.0.0:", n.address + ":"},
		edit{"127.0.0.1:8446", n.address + ":8446"},
		edit{`health = ""`, fmt.Sprintf("health = %q", n.address+":8447")},
		edit{"/run/okienko/", dir + "/"},
		edit{"/etc/okienko/", b.folder + "/"},
		edit{"proxies = []", `proxies = ["127.0.0.1/32"]`},
		edit{"sms.gateway.example", "localhost:" + port},
	)
	if err != nil {
		return err
	}
	n.machine = &machine{name: n.name, as: bankUser, env: b.environment(dir),
		words: []string{b.binary, "serve", "--config", n.config}, log: filepath.Join(dir, "log")}
	if b.d.database == "haproxy" {
		return b.d.databaseProxy(n.address)
	}
	return nil
}

func (b *bank) environment(dir string) []string {
	return []string{"SSL_CERT_FILE=" + b.d.cluster.tls.file, "TMPDIR=" + filepath.Join(dir, "tmp")}
}

func (b *bank) prepareBalancer() error {
	dir := filepath.Join(b.folder, "haproxy")
	if err := folder(dir, root, 0o755); err != nil {
		return err
	}
	path := filepath.Join(dir, "haproxy.cfg")
	err := deployed(filepath.Join(b.d.deploy, "haproxy", "haproxy.cfg"), path, root, 0o644,
		addresses,
		edit{"\tdaemon\n", ""}, edit{"/run/haproxy", dir},
		edit{"bind :443", "bind " + balancerAddress + ":443 accept-proxy"},
	)
	b.balancer = &machine{name: "haproxy", as: root, words: []string{"haproxy", "-db", "-f", path}, log: filepath.Join(dir, "log")}
	return err
}

// open starts both nodes at one moment, over an empty database, and the
// balancer.
func (b *bank) open(ctx context.Context) error {
	for _, n := range b.nodes {
		if err := n.start(); err != nil {
			return err
		}
	}
	if err := b.balancer.start(); err != nil {
		return err
	}
	for _, n := range b.nodes {
		if err := n.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ready waits until the node says that callers may be sent to it.
func (n *node) ready(ctx context.Context) error {
	err := until(ctx, time.Minute, n.name, func() error {
		if !n.running() {
			return errEnded
		}
		resp, err := http.Get("http://" + n.address + ":8447/readyz")
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, n.tail())
	}
	return err
}

// client calls the bank through HAProxy, from an address of the partner's.
func (b *bank) client(source string) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       20 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: b.d.cluster.tls.pool(), MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", balancerAddress+":443")
				if err == nil {
					_, err = fmt.Fprintf(conn, "PROXY TCP4 %s %s 40000 443\r\n", source, balancerAddress)
				}
				return conn, err
			},
		},
	}
}

// staff runs `okienko admin` on a node's machine.
func (b *bank) staff(ctx context.Context, n *node, uid int, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.binary, append([]string{"admin", "--config", n.config, "--apply", "--why", "first day"}, words...)...)
	cmd.Dir = filepath.Dir(n.config)
	cmd.Env = append(os.Environ(), b.environment(cmd.Dir)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(bankUser.gid), NoSetGroups: true}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("admin %v: %w: %s", words, err, out)
	}
	return string(out), nil
}

var (
	proposal     = regexp.MustCompile(`\b[0-9a-z]{26}\b`)
	clientSecret = regexp.MustCompile(`client_secret (\S+)`)
)

// firstDay takes the examples of docs in: customers, a partner, its
// application, now at one node and now at the other.
func (b *bank) firstDay(ctx context.Context) (secret string, err error) {
	examples, err := filepath.Abs(filepath.Join(b.d.deploy, "..", "docs", "examples"))
	if err != nil {
		return "", err
	}
	in := func(name string) string { return filepath.Join(b.folder, name) }
	err = errors.Join(
		deployed(filepath.Join(examples, "customers.toml"), in("customers.toml"), root, 0o644),
		deployed(filepath.Join(examples, "partner.toml"), in("partner.toml"), root, 0o644),
		deployed(filepath.Join(examples, "kajak.svg"), in("kajak.svg"), root, 0o644),
		// Free of charge and as often as one likes: a limit that is reached would end
		// the load.
		deployed(filepath.Join(examples, "application.toml"), in("application.toml"), root, 0o644,
			edit{`payment = "0.50"`, `payment = "0.00"`}, edit{"calls = 1000", "# as often as one likes:"}),
	)
	if err != nil {
		return "", err
	}
	one, two := b.nodes[0], b.nodes[1]
	for _, act := range []struct {
		at    *node
		uid   int
		words []string
	}{
		{one, staffA, []string{"customer", "import", in("customers.toml")}},
		{two, staffB, []string{"partner", "put", in("partner.toml")}},
		{one, staffB, []string{"application", "put", in("application.toml")}},
	} {
		if _, err := b.staff(ctx, act.at, act.uid, act.words...); err != nil {
			return "", err
		}
	}
	out, err := b.staff(ctx, two, staffA, "application", "secret", "kajak-app")
	found := clientSecret.FindStringSubmatch(out)
	if err != nil || found == nil {
		return "", errors.Join(err, fmt.Errorf("no secret: %s", out))
	}
	for _, to := range []string{"BETA", "PUBLIC"} { // proposed here, approved there
		if _, err := b.staff(ctx, one, staffA, "application", "status", "kajak-app", to); err != nil {
			return "", err
		}
		list, err := b.staff(ctx, two, staffB, "proposal", "list")
		if err != nil {
			return "", err
		}
		if _, err := b.staff(ctx, two, staffB, "proposal", "approve", proposal.FindString(list)); err != nil {
			return "", err
		}
	}
	return found[1], nil
}

// pair pairs the customer through the pages and gets the partner its token.
func (b *bank) pair(ctx context.Context, secret string) error {
	client := b.client(callersAddress)
	marek, err := process.NewCustomer(peopleURL, client)
	if err != nil {
		return err
	}
	if err := marek.LogIn(ctx, customerLogin, customerSecret); err != nil {
		return err
	}
	base := partnerURL + "/rest/v1/open/api"
	pairing := process.Pairing{
		ReadyClient: app.ReadyClient{ID: "kajak-app", Secret: secret, RedirectURI: "https://app.kajak.example/paired"},
		Partner:     base, State: strings.Repeat("f", 128),
	}
	page, err := marek.Request(ctx, client, pairing)
	if err != nil {
		return err
	}
	code, err := marek.Consent(ctx, page, pairing, func() func() (string, error) {
		return func() (string, error) {
			select {
			case c := <-b.codes:
				return c, nil
			case <-time.After(30 * time.Second):
				return "", errors.New("no message came to the gateway")
			}
		}
	})
	if err != nil {
		return err
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"kajak-app"}, "client_secret": {secret}, "code": {code},
		"state": {pairing.State}, "redirect_uri": {pairing.RedirectURI},
	}
	// The address that HAProxy tells is the one that counts.
	if status, _, text, err := process.Grant(ctx, b.client("198.51.100.7"), base, form); err != nil || status != http.StatusForbidden {
		return fmt.Errorf("from an address that is not the partner's: %d %s, %w", status, text, err)
	}
	status, tokens, text, err := process.Grant(ctx, client, base, form)
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("grant: %d %s, %w", status, text, err)
	}
	b.token, b.account = tokens.Access, tokens.Account
	return nil
}

// verify runs `okienko verify` as a node would.
func (b *bank) verify(ctx context.Context, n *node) (string, error) {
	cmd := exec.CommandContext(ctx, b.binary, "verify", "--config", n.config)
	cmd.Env = append(os.Environ(), b.environment(filepath.Dir(n.config))...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("verify: %w\n%s", err, out)
	}
	last := ""
	for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan(); {
		last = s.Text()
	}
	return last, nil
}
