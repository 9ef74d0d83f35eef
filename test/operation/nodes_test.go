package operation

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okienko/app"
	"okienko/test/postgres"
	"okienko/test/process"
)

// cluster is several nodes of one bank over one database, behind a balancer
// that sends every request to another one.
type cluster struct {
	*production
	nodes []*production
	dsn   string
}

// newCluster prepares nodes whose settings differ in nothing but their names,
// ports and sockets. Callers know the addresses of the first one.
func newCluster(t *testing.T, n int) *cluster {
	t.Helper()
	c := &cluster{dsn: postgres.DSN(t)}
	for i := range n {
		p := newProduction(t)
		if i == 0 {
			c.production = p
			p.settings["node"] = "node-1"
		} else {
			own := p.settings
			p.settings = map[string]string{}
			for k, v := range c.production.settings {
				p.settings[k] = v
			}
			for _, k := range []string{"people", "partner", "socket", "metrics", "health"} {
				p.settings[k] = own[k]
			}
			p.settings["node"] = fmt.Sprintf("node-%d", i+1)
			p.ca = c.ca
			write(t, p.path("ca.pem"), 0o644, string(c.ca.pem))
		}
		p.settings["data"] = ""
		p.settings["more"] = fmt.Sprintf("database = %q", c.dsn)
		c.nodes = append(c.nodes, p)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c.ca.cert)
	c.client, c.partner = c.inTurn(roots, nil), c.inTurn(roots, from("193.0.6.5"))
	return c
}

// inTurn is a client whose every request goes to the next node that is open.
func (c *cluster) inTurn(roots *x509.CertPool, header func(net.Conn) string) *http.Client {
	var turn atomic.Int64
	return &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
				listener := "people"
				if _, port, _ := net.SplitHostPort(address); strings.HasSuffix(c.settings["partner"], ":"+port) {
					listener = "partner"
				}
				for range c.nodes {
					node := c.nodes[int(turn.Add(1))%len(c.nodes)]
					if conn, err = (&net.Dialer{}).DialContext(ctx, network, node.settings[listener]); err == nil {
						break
					}
				}
				if err == nil && header != nil {
					_, err = conn.Write([]byte(header(conn)))
				}
				return conn, err
			},
		},
	}
}

// holder is the node that does the work of a name, by what the logs say.
func (c *cluster) holder(work string) *production {
	c.t.Helper()
	var last *production
	fence := -1.0
	for _, p := range c.nodes {
		if p.program == nil {
			continue
		}
		for line := range strings.Lines(p.program.Log()) {
			var l struct {
				Msg, Work string
				Fence     float64
			}
			if json.Unmarshal([]byte(line), &l) == nil && l.Msg == "background work taken over" && l.Work == work && l.Fence > fence {
				last, fence = p, l.Fence
			}
		}
	}
	return last
}

// Everything that a customer and a partner do goes on when each of their
// requests meets another node; and what falls due is done once, also when the
// node that was at it is killed.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		why := "four eyes are two users of the machine, and only root can be both: several nodes were NOT tested"
		if ci := os.Getenv("CI"); ci != "" && ci != "false" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	c := newCluster(t, 2)
	for range 2 { // twice is harmless
		migrate, err := process.Run(t.Context(), c.environment(), binary, "migrate", "--config", c.config("okienko.toml", nil))
		if err != nil {
			t.Fatal(err)
		}
		if status := ends(t, migrate, time.Minute); status != 0 {
			t.Fatalf("migrate: %d %s", status, migrate.Log())
		}
	}
	// Staff can work before any node runs, as one more node.
	c.closedStaff()
	for _, node := range c.nodes {
		node.open()
	}
	c.must(0, "--apply", "--why", "agreement", "partner", "put", c.example("partner.toml"))
	c.must(nobody, "--apply", "--why", "agreement", "application", "put", c.example("application.toml"))
	secret := clientSecret.FindStringSubmatch(c.nodes[1].must(0, "--apply", "--why", "given by hand", "application", "secret", "kajak-app"))
	if secret == nil {
		t.Fatal("no secret was given")
	}
	for _, to := range []string{"BETA", "PUBLIC"} {
		c.status(to)
	}

	marek, err := process.NewCustomer(c.settings["people_url"], c.client)
	if err != nil {
		t.Fatal(err)
	}
	if err := marek.LogIn(t.Context(), "marek.lis", "koza pije herbate z rana"); err != nil {
		t.Fatal(err)
	}
	base := c.settings["partner_url"] + "/rest/v1/open/api"
	pairing := process.Pairing{
		ReadyClient: app.ReadyClient{ID: "kajak-app", Secret: secret[1], RedirectURI: "https://app.kajak.example/paired"},
		Partner:     base, State: strings.Repeat("Q", 128),
	}
	const phone = "+48600700801"
	page, err := marek.Request(t.Context(), c.partner, pairing)
	if err != nil {
		t.Fatal(err)
	}
	sent := func() func() (string, error) {
		return func() (string, error) {
			m, err := c.gateway.next(phone)
			return sixDigits.FindString(m.Text), err
		}
	}
	code, err := marek.Consent(t.Context(), page, pairing, sent)
	if err != nil {
		t.Fatal(err)
	}
	c.pays(marek, base, secret[1], code, pairing, phone)
	for n := range 6 { // the session is known on every node
		if p, err := marek.Get(t.Context(), "/"); err != nil || strings.HasPrefix(p.Location, "/login") {
			t.Fatalf("page %d: %+v, %v", n, p, err)
		}
	}

	// Paired once more, for tokens of our own.
	if page, err = marek.Request(t.Context(), c.partner, pairing); err != nil {
		t.Fatal(err)
	}
	code, err = marek.Consent(t.Context(), page, pairing, sent)
	if err != nil {
		t.Fatal(err)
	}
	status, tokens, text, err := process.Grant(t.Context(), c.partner, base, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"kajak-app"}, "client_secret": {secret[1]}, "code": {code},
		"state": {pairing.State}, "redirect_uri": {pairing.RedirectURI},
	})
	if err != nil || status != http.StatusOK {
		t.Fatalf("grant: %d %s, %v", status, text, err)
	}
	c.losesANode(base, tokens)
}

// example copies a file of the documentation to where every member of staff can
// read it.
func (p *production) example(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "examples", name))
	if err != nil {
		p.t.Fatal(err)
	}
	if name == "application.toml" {
		p.example("kajak.svg")
	}
	write(p.t, p.path(name), 0o644, string(text))
	return p.path(name)
}

func (c *cluster) closedStaff() {
	c.t.Helper()
	customers := c.example("customers.toml")
	c.must(0, "--apply", "--why", "first day", "customer", "import", customers)
	if status, out := c.admin(0, "customer", "accounts", "customer-marek.lis"); status != 0 || !strings.Contains(out, "1500.00") {
		c.t.Fatalf("taken in while no node runs: %d %s", status, out)
	}
}

// losesANode kills the node that expires holds, and looks that another one does
// it, once.
func (c *cluster) losesANode(base string, tokens process.Tokens) {
	t := c.t
	t.Helper()
	at := c.holder("due")
	if at == nil {
		t.Fatal("no node does what falls due")
	}
	for i := range 5 {
		body := fmt.Sprintf(`{"operationId":"kept-%d","amount":"7.00","currency":"PLN","title":"Kaucja","validTo":%q}`,
			i, time.Now().Add(3*time.Second).UTC().Format(time.RFC3339))
		status, text, err := process.Call(t.Context(), c.partner, http.MethodPost, base+"/account/"+tokens.Account+"/blockade", tokens.Access, body)
		if err != nil || status != http.StatusCreated {
			t.Fatalf("a hold: %d %s, %v", status, text, err)
		}
	}
	if err := at.program.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-at.program.Exited()
	killed := time.Now()
	for c.holder("due") == at {
		if time.Since(killed) > 15*time.Second {
			t.Fatal("nobody took over within fifteen seconds")
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("taken over after %v", time.Since(killed).Round(10*time.Millisecond))
	expired := func() (holds, endings int) {
		conn, err := pgx.Connect(t.Context(), c.dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		err = conn.QueryRow(t.Context(), `select (select count(*) from hold where status = 'EXPIRED'),
			(select count(*) from hold_event where kind = 'expired')`).Scan(&holds, &endings)
		if err != nil {
			t.Fatal(err)
		}
		return holds, endings
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		holds, endings := expired()
		if holds == 5 && endings == 5 {
			break
		}
		if holds > 5 || endings > 5 || time.Now().After(deadline) {
			t.Fatalf("%d holds of 5 expired, %d times", holds, endings)
		}
	}
	if err := process.Verify(t.Context(), binary, "--config", at.path("okienko.toml")); err != nil {
		t.Error(err)
	}
}
