package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// databaseConfig is the sample with a database in the place of the file.
func databaseConfig(t *testing.T, address string) (text, folder string) {
	t.Helper()
	for _, name := range []string{"PGSSLMODE", "PGSSLROOTCERT", "PGHOST", "PGPASSWORD", "PGTARGETSESSIONATTRS"} {
		t.Setenv(name, "") // the driver reads them
	}
	text, folder = sampleConfig(t)
	text = strings.Replace(text, `data = "/var/lib/okienko/okienko.db"`, `data = ""`, 1)
	return strings.Replace(text, `database = ""`, `database = "`+address+`"`, 1), folder
}

func TestDatabaseAddresses(t *testing.T) {
	for _, tt := range []struct{ address, fault string }{
		{"postgres://okienko@db.bank.example/okienko?sslmode=verify-full", ""},
		{"postgresql://okienko@db.bank.example:5433/okienko?sslmode=verify-full", ""},
		{"postgres://okienko@db1.bank.example,db2.bank.example/okienko?sslmode=verify-full&target_session_attrs=read-write", ""},
		{"postgres://okienko@db1.bank.example:5432,db2.bank.example:5433/okienko?sslmode=verify-full&target_session_attrs=primary", ""},
		{"postgres://okienko@/okienko?host=/run/postgresql", ""},
		{"postgres://okienko@127.0.0.1:5432/okienko", ""},
		{"postgres://okienko@localhost/okienko?sslmode=disable", ""},
		{"postgres://okienko@[::1]:5432/okienko?sslmode=disable", ""},

		{"postgres://okienko@db.bank.example/okienko", "sslmode=verify-full: whoever answers in the place of db.bank.example"},
		{"postgres://okienko@db.bank.example/okienko?sslmode=disable", "sslmode=verify-full"},
		{"postgres://okienko@db.bank.example/okienko?sslmode=allow", "sslmode=verify-full"},
		{"postgres://okienko@db.bank.example/okienko?sslmode=prefer", "sslmode=verify-full"},
		{"postgres://okienko@db.bank.example/okienko?sslmode=require", "sslmode=verify-full"},
		{"postgres://okienko@db.bank.example/okienko?sslmode=verify-ca", "sslmode=verify-full"},
		{"postgres://okienko@/okienko?host=db.bank.example", "sslmode=verify-full"},
		{"postgres://okienko@127.0.0.1,10.0.0.5/okienko?target_session_attrs=read-write", "in the place of 10.0.0.5"},
		{"postgres://okienko@db1.bank.example,db2.bank.example/okienko?sslmode=verify-full", "target_session_attrs=read-write"},
		{"postgres://okienko@db1.bank.example,db2.bank.example/okienko?sslmode=verify-full&target_session_attrs=any", "target_session_attrs=read-write"},
		{"postgres://okienko@db1.bank.example,db2.bank.example/okienko?sslmode=verify-full&target_session_attrs=prefer-standby", "target_session_attrs=read-write"},

		{"postgres://okienko:tajne@localhost/okienko", "must not hold a password"},
		{"postgres://okienko:tajne@h1:1,h2:2/okienko?sslmode=verify-full&target_session_attrs=read-write", "must not hold a password"},
		{"postgres://okienko@localhost/okienko?password=tajne", "must not hold a password"},
		{"host=localhost user=okienko dbname=okienko", "must begin with postgres://"},
		{"mysql://okienko@localhost/okienko", "must begin with postgres://"},
		{"postgres://okienko@localhost:port/okienko", "bank.database: "},
		{"postgres://okienko@localhost", "must name a user and a database"},
	} {
		t.Run("", func(t *testing.T) {
			text, _ := databaseConfig(t, tt.address)
			c, err := readText(t, text)
			switch {
			case tt.fault == "" && err != nil:
				t.Fatal(tt.address, err)
			case tt.fault == "" && (serveSettings(c).StoreDSN != tt.address || serveSettings(c).StorePath != ""):
				t.Errorf("the store is opened with %+v", serveSettings(c))
			case tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)):
				t.Fatalf("%s: got %v, want %q", tt.address, err, tt.fault)
			case tt.fault != "" && strings.Contains(err.Error(), "tajne"):
				t.Errorf("the password is told: %v", err)
			}
		})
	}
}

// What the environment says about TLS counts as if it stood in the address.
func TestEnvironmentMakesNoAddressInsecure(t *testing.T) {
	text, _ := databaseConfig(t, "postgres://okienko@db.bank.example/okienko")
	t.Setenv("PGSSLMODE", "require")
	if _, err := readText(t, text); err == nil || !strings.Contains(err.Error(), "sslmode=verify-full") {
		t.Errorf("%v", err)
	}
	t.Setenv("PGSSLMODE", "verify-full")
	if _, err := readText(t, text); err != nil {
		t.Error(err)
	}
}

func TestDatabasePassword(t *testing.T) {
	const password = ` zażółć + 100% & "=?/#@: `
	for _, address := range []string{
		"postgres://okienko@127.0.0.1:1,[::1]:2/okienko?sslmode=disable&target_session_attrs=read-write",
		"postgres://okienko@localhost/okienko",
	} {
		text, folder := databaseConfig(t, address)
		path := filepath.Join(folder, "database.password")
		if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := readText(t, strings.Replace(text, `database_password_file = ""`, `database_password_file = "`+path+`"`, 1))
		if err != nil {
			t.Fatal(err)
		}
		config, err := pgconn.ParseConfig(serveSettings(c).StoreDSN)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSpace(password); config.Password != want || config.User != "okienko" || config.Database != "okienko" {
			t.Errorf("%s: user %q, database %q, password %q instead of %q", address, config.User, config.Database, config.Password, want)
		}
	}
}

func TestDatabaseConnections(t *testing.T) {
	for n, good := range map[string]bool{"0": true, "13": true, "1000": true, "12": false, "-1": false, "1001": false} {
		text, _ := databaseConfig(t, "postgres://okienko@localhost/okienko")
		_, err := readText(t, strings.Replace(text, "database_connections = 0", "database_connections = "+n, 1))
		if (err == nil) != good || !good && !strings.Contains(err.Error(), "bank.database_connections must be") {
			t.Errorf("%s connections: %v", n, err)
		}
	}
}
