package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Config is the configuration file of `okienko serve`, in TOML. Every key is
// described in deploy/okienko.toml; an unknown key is an error.
type Config struct {
	Bank struct {
		Name                 string `toml:"name"`                   // shown to customers
		Node                 string `toml:"node"`                   // names this process among all of the bank's, in the audit and in leases
		Data                 string `toml:"data"`                   // file of the embedded store
		Database             string `toml:"database"`               // or the address of a PostgreSQL database
		DatabasePasswordFile string `toml:"database_password_file"` // "" where the server knows the user by other means
		DatabaseConnections  int    `toml:"database_connections"`   // of this node at most, 0 for the usual number
		KeyFile              string `toml:"key_file"`               // 32 bytes in base64: seals personal numbers
		Hotline              string `toml:"hotline"`                // telephone number that pages tell customers
	} `toml:"bank"`
	People  ListenerConfig `toml:"people"`
	Partner ListenerConfig `toml:"partner"`
	PSD2    PSD2Config     `toml:"psd2"` // licensed third parties; none without it
	Admin   struct {
		Socket  string `toml:"socket"`  // unix socket of `okienko admin`
		Metrics string `toml:"metrics"` // loopback address of health and metrics, "" for none
		Health  string `toml:"health"`  // private address of health alone, for balancers, "" for none
	} `toml:"admin"`
	SMS struct {
		URL        string   `toml:"url"`
		SecretFile string   `toml:"secret_file"`
		Timeout    duration `toml:"timeout"`
	} `toml:"sms"`
	Log struct {
		Level string `toml:"level"` // debug, info, warn, error
	} `toml:"log"`
	Desk struct {
		Queue int `toml:"queue"`
		Batch int `toml:"batch"`
	} `toml:"desk"`
	Staff []Staff `toml:"staff"`
}

// ListenerConfig is one TLS listener.
type ListenerConfig struct {
	Listen      string   `toml:"listen"`
	URL         string   `toml:"url"` // as callers reach it
	Certificate string   `toml:"certificate"`
	Key         string   `toml:"key"`
	Proxies     []string `toml:"proxies"` // balancers that speak the PROXY protocol
}

// Staff is one member of the bank's staff on this machine: who calls the admin
// socket is known by the user id that the kernel tells.
type Staff struct {
	Name string `toml:"name"`
	UID  int    `toml:"uid"`
}

type duration time.Duration

// UnmarshalText reads "5s".
func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = duration(v)
	return err
}

// ReadConfig reads a configuration file and refuses what is unknown, missing
// or insecure. It gives every fault at once: an operator mends them in one go.
func ReadConfig(path string) (*Config, error) {
	var c Config
	meta, err := toml.DecodeFile(path, &c)
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	var faults []error
	for _, k := range meta.Undecoded() {
		faults = append(faults, fmt.Errorf("unknown key %s", k))
	}
	faults = append(faults, c.faults()...)
	if len(faults) > 0 {
		return nil, fmt.Errorf("configuration %s: %w", path, errors.Join(faults...))
	}
	return &c, nil
}

// nodeName is what names a node. Without dots and slashes: the store makes the
// names of its chains in the logs from it.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (c *Config) faults() []error {
	var f []error
	must := func(ok bool, otherwise string) {
		if !ok {
			f = append(f, errors.New(otherwise))
		}
	}
	must(c.Bank.Name != "", "bank.name is missing")
	must(c.Bank.Node != "", "bank.node is missing")
	must(nodeName.MatchString(c.Bank.Node) || c.Bank.Node == "", "bank.node must be letters, digits, - and _ only, at most 64")
	must((c.Bank.Data == "") != (c.Bank.Database == ""), "either bank.data (a file) or bank.database (PostgreSQL) must be given, and not both")
	if c.Bank.Data != "" {
		must(filepath.IsAbs(c.Bank.Data), "bank.data must be an absolute path")
		must(!strings.HasPrefix(c.Bank.Data, os.TempDir()+"/"), "bank.data must not lie in the folder for temporary files")
	}
	f = append(f, c.databaseFaults()...)
	f = append(f, secretFile("bank.key_file", c.Bank.KeyFile)...)
	f = append(f, c.People.faults("people")...)
	f = append(f, c.Partner.faults("partner")...)
	f = append(f, c.PSD2.faults()...)
	must(c.People.Listen == "" || c.People.Listen != c.Partner.Listen, "people.listen and partner.listen must differ")
	must(!c.PSD2.served() || c.PSD2.Listen != c.People.Listen && c.PSD2.Listen != c.Partner.Listen, "psd2.listen must differ from people.listen and partner.listen")
	must(filepath.IsAbs(c.Admin.Socket), "admin.socket must be an absolute path")
	if c.Admin.Metrics != "" {
		must(isLoopback(c.Admin.Metrics), "admin.metrics must be a loopback address: it has no log-in")
	}
	if c.Admin.Health != "" {
		must(isPrivate(c.Admin.Health), "admin.health must be an address of a private network: it has no log-in")
	}
	must(isHTTPS(c.SMS.URL), "sms.url must be https: it carries one-time codes")
	f = append(f, secretFile("sms.secret_file", c.SMS.SecretFile)...)
	must(c.SMS.Timeout >= 0 && time.Duration(c.SMS.Timeout) <= time.Minute, "sms.timeout must be at most 1m")
	switch c.Log.Level {
	case "", "debug", "info", "warn", "error":
	default:
		must(false, "log.level must be debug, info, warn or error")
	}
	must(c.Desk.Queue >= 0 && c.Desk.Batch >= 0 && c.Desk.Batch <= 4096, "desk.queue and desk.batch must not be below zero, and a batch is at most 4096")
	must(len(c.Staff) >= 2, "staff: four eyes need at least two members of staff")
	names, uids := map[string]bool{}, map[int]bool{}
	for _, s := range c.Staff {
		must(s.Name != "" && !names[s.Name] && !uids[s.UID], "staff: every member needs a name and a user id of their own")
		names[s.Name], uids[s.UID] = true, true
	}
	return f
}

func (l *ListenerConfig) faults(name string) []error {
	var f []error
	if _, _, err := net.SplitHostPort(l.Listen); err != nil {
		f = append(f, fmt.Errorf("%s.listen must be host:port", name))
	}
	if !isHTTPS(l.URL) {
		f = append(f, fmt.Errorf("%s.url must be https", name))
	}
	if l.Certificate == "" {
		f = append(f, fmt.Errorf("%s.certificate is missing", name))
	}
	f = append(f, secretFile(name+".key", l.Key)...)
	if _, err := l.proxies(); err != nil {
		f = append(f, fmt.Errorf("%s.proxies: %w", name, err))
	}
	return f
}

// widestProxies are the widest networks that may be believed about addresses:
// a whole site's, never the world.
const (
	widestProxies4 = 16
	widestProxies6 = 48
)

func (l *ListenerConfig) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range l.Proxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		if p.Addr().Is4() && p.Bits() < widestProxies4 || p.Addr().Is6() && p.Bits() < widestProxies6 {
			return nil, fmt.Errorf("%s is too wide a network to be believed about addresses", p)
		}
		out = append(out, p)
	}
	return out, nil
}

// secretFile refuses a secret that others on the machine can read.
func secretFile(name, path string) []error {
	if path == "" {
		return []error{fmt.Errorf("%s is missing", name)}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []error{fmt.Errorf("%s: there is no file %s", name, path)}
	case err != nil:
		return []error{fmt.Errorf("%s: %w", name, err)}
	case !info.Mode().IsRegular():
		return []error{fmt.Errorf("%s: %s is not a file", name, path)}
	case info.Mode().Perm()&0o077 != 0:
		return []error{fmt.Errorf("%s: %s is readable by others; chmod 600 it", name, path)}
	}
	return nil
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// isPrivate takes the unspecified address, too: a container does not know its own.
func isPrivate(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsPrivate() || ip.IsLoopback() || ip.IsUnspecified())
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
