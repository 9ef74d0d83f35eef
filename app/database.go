package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// The settings of a bank whose memory is a PostgreSQL database. The address is
// judged by what the driver would do with it: what stands in it, in files that
// it names and in the environment counts alike.

// What bank.database_connections may say. The store needs the fewest for its
// writers and one reader; the most is a slip of the finger.
const (
	fewestConnections = 13
	mostConnections   = 1000
)

// isDatabaseURL tells the address of a database from the path of a file.
func isDatabaseURL(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// databaseFaults are what is wrong with bank.database and what belongs to it.
func (c *Config) databaseFaults() []error {
	b := &c.Bank
	if b.Database == "" {
		if b.DatabasePasswordFile != "" || b.DatabaseConnections != 0 {
			return []error{errors.New("bank.database_password_file and bank.database_connections belong to bank.database, which is missing")}
		}
		return nil
	}
	var f []error
	if n := b.DatabaseConnections; n != 0 && (n < fewestConnections || n > mostConnections) {
		f = append(f, fmt.Errorf("bank.database_connections must be between %d and %d, or 0 for the usual number", fewestConnections, mostConnections))
	}
	if b.DatabasePasswordFile != "" {
		f = append(f, secretFile("bank.database_password_file", b.DatabasePasswordFile)...)
	}
	return append(f, addressFaults(b.Database)...)
}

func addressFaults(address string) []error {
	if !isDatabaseURL(address) {
		return []error{errors.New("bank.database must begin with postgres://")}
	}
	if namesPassword(address) {
		return []error{errors.New("bank.database must not hold a password: put it into a file of its own, bank.database_password_file")}
	}
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		return []error{fmt.Errorf("bank.database: %w", err)}
	}
	var f []error
	if config.Database == "" || config.User == "" {
		f = append(f, errors.New("bank.database must name a user and a database"))
	}
	hosts, open := map[string]bool{config.Host: true}, map[string]bool{config.Host: !proven(config.Host, config.TLSConfig)}
	for _, next := range config.Fallbacks { // other hosts, and for one host the same again with less security
		hosts[next.Host] = true
		open[next.Host] = open[next.Host] || !proven(next.Host, next.TLSConfig)
	}
	for host := range hosts {
		if open[host] {
			f = append(f, fmt.Errorf("bank.database must say sslmode=verify-full: whoever answers in the place of %s would read and write everything", host))
		}
	}
	// A standby would serve a consent that was withdrawn a moment ago, and take no
	// order.
	if attrs := queryOf(address).Get("target_session_attrs"); len(hosts) > 1 && attrs != "read-write" && attrs != "primary" {
		f = append(f, errors.New("bank.database names several hosts and must say target_session_attrs=read-write: a node follows the primary"))
	}
	return f
}

// proven tells whether a connection to a host leads to that host: it stays on
// the machine, or the host proves its name by a certificate.
func proven(host string, with *tls.Config) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true // a socket in the file system, or a loopback name
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return true
	}
	return with != nil && !with.InsecureSkipVerify && with.ServerName != ""
}

func queryOf(address string) url.Values {
	_, query, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return url.Values{}
	}
	return values
}

// namesPassword tells whether an address holds a password. net/url does not read
// addresses of several hosts with ports.
func namesPassword(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	at := strings.LastIndex(rest, "@")
	query := queryOf(address)
	return at >= 0 && strings.Contains(rest[:at], ":") || query.Has("password") || query.Has("sslpassword")
}

// storeDSN is the address of the database with its password, "" for a bank in a
// file.
func (c *Config) storeDSN() (string, error) {
	if c.Bank.Database == "" || c.Bank.DatabasePasswordFile == "" {
		return c.Bank.Database, nil
	}
	text, err := os.ReadFile(c.Bank.DatabasePasswordFile)
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(text))
	if password == "" {
		return "", errors.New("bank.database_password_file is empty")
	}
	join := "?"
	if strings.Contains(c.Bank.Database, "?") {
		join = "&"
	}
	// A plus is a plus in these addresses, and no blank.
	return c.Bank.Database + join + "password=" + strings.ReplaceAll(url.QueryEscape(password), "+", "%20"), nil
}

// where is the bank's memory, for verify.
func (c *Config) where() (string, error) {
	if c.Bank.Database != "" {
		return c.storeDSN()
	}
	return c.Bank.Data, nil
}
