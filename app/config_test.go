package app

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sampleConfig is deploy/okienko.toml with its secret files made in a folder of
// the test.
func sampleConfig(t *testing.T) (text, folder string) {
	t.Helper()
	sample, err := os.ReadFile(filepath.Join("..", "deploy", "okienko.toml"))
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for _, name := range []string{"bank.key", "people.key", "partner.key", "psd2.key", "sms.secret", "database.password"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(string(sample), "/etc/okienko", folder), folder
}

// readText reads a configuration from a text.
func readText(t *testing.T, text string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "okienko.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadConfig(path)
}

func TestSampleConfigurationIsGood(t *testing.T) {
	text, folder := sampleConfig(t)
	c, err := readText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Bank.Name != "Bank Przykładowy" || c.Bank.KeyFile != filepath.Join(folder, "bank.key") || c.People.URL != "https://login.bank.example" ||
		c.Partner.Listen != "0.0.0.0:8444" || time.Duration(c.SMS.Timeout) != 5*time.Second ||
		!reflect.DeepEqual(c.Staff, []Staff{{"a.nowak", 1001}, {"b.kowal", 1002}}) {
		t.Errorf("read as %+v", c)
	}
}

// Every key that the program knows stands in the sample, so that it is a full
// description.
func TestSampleConfigurationNamesEveryKey(t *testing.T) {
	text, _ := sampleConfig(t)
	var walk func(section string, of reflect.Type)
	walk = func(section string, of reflect.Type) {
		for i := range of.NumField() {
			f := of.Field(i)
			key := f.Tag.Get("toml")
			switch {
			case f.Anonymous:
				walk(section, f.Type)
			case f.Type.Kind() == reflect.Struct:
				walk("["+key+"]", f.Type)
			case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
				walk("[["+key+"]]", f.Type.Elem())
			default:
				_, body, found := strings.Cut(text, "\n"+section)
				body, _, _ = strings.Cut(body, "\n[")
				if !found || !strings.Contains(body, "\n"+key+" = ") {
					t.Errorf("%s has no %s", section, key)
				}
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
}

func TestConfigurationFaults(t *testing.T) {
	folderFor := func(name string) string { return filepath.Join(os.TempDir(), name) }
	for _, tt := range []struct {
		name     string
		old, new string // what is changed in the sample
		fault    string
	}{
		{"an unknown key", `[log]`, "[log]\ncolour = true", "unknown key log.colour"},
		{"an unknown section", `[log]`, "[magic]\n[log]", "unknown key magic"},
		{"no name", `name = "Bank Przykładowy"`, `name = ""`, "bank.name is missing"},
		{"no node", `node = "node-1"`, ``, "bank.node is missing"},
		{"a node with a path in its name", `node = "node-1"`, `node = "dc1/node"`, "bank.node must be letters"},
		{"a node with a dot in its name", `node = "node-1"`, `node = "node.1"`, "bank.node must be letters"},
		{"no memory at all", `data = "/var/lib/okienko/okienko.db"`, `data = ""`, "either bank.data"},
		{"two memories", `database = ""`, `database = "postgres://okienko@/okienko?host=/run/postgresql"`, "either bank.data"},
		{"a password of no database", `database_password_file = ""`, `database_password_file = "/x"`, "belong to bank.database"},
		{"connections to no database", `database_connections = 0`, `database_connections = 32`, "belong to bank.database"},
		{"a data file somewhere", `data = "/var/lib/okienko/okienko.db"`, `data = "okienko.db"`, "bank.data must be an absolute path"},
		{"a data file that the machine sweeps away", `data = "/var/lib/okienko/okienko.db"`, `data = "` + folderFor("okienko.db") + `"`, "bank.data must not lie in the folder for temporary files"},
		{"no key", `key_file =`, "#", "bank.key_file is missing"},
		{"a key that is not there", `bank.key"`, `other.key"`, "bank.key_file: there is no file"},
		{"a key that is a folder", `/bank.key"`, `"`, "bank.key_file:"},
		{"no listener for people", `listen = "0.0.0.0:8443"`, ``, "people.listen must be host:port"},
		{"a listener without a port", `listen = "0.0.0.0:8444"`, `listen = "0.0.0.0"`, "partner.listen must be host:port"},
		{"one listener for both", `listen = "0.0.0.0:8444"`, `listen = "0.0.0.0:8443"`, "people.listen and partner.listen must differ"},
		{"pages without TLS", `url = "https://login.bank.example"`, `url = "http://login.bank.example"`, "people.url must be https"},
		{"pages with a password in the address", `url = "https://login.bank.example"`, `url = "https://a:b@login.bank.example"`, "people.url must be https"},
		{"no address of the API", `url = "https://api.bank.example"`, ``, "partner.url must be https"},
		{"no certificate", `certificate =`, "#", "people.certificate is missing"},
		{"no key of the API", `partner.key"`, `none.key"`, "partner.key: there is no file"},
		{"a proxy that is none", `proxies = []`, `proxies = ["balancer"]`, "people.proxies:"},
		{"the world as a proxy", `proxies = []`, `proxies = ["0.0.0.0/0"]`, "too wide a network to be believed"},
		{"the world as a proxy, again", `proxies = []`, `proxies = ["::/0"]`, "too wide a network to be believed"},
		{"a PSD2 interface of no bank", `bank_ids = ["pl-retail", "pl-corpo"]`, `bank_ids = []`, "psd2.bank_ids or psd2.polishapi"},
		{"a bank id that is the version", `"pl-corpo"`, `"v3"`, "psd2.bank_ids: v3"},
		{"a bank id of two parts", `"pl-corpo"`, `"pl/corpo"`, "psd2.bank_ids: pl/corpo"},
		{"certificates from anybody", `issuers = ["/etc/okienko/qtsp.pem"]`, `issuers = []`, "psd2.issuers or psd2.trusted_lists"},
		{"a trusted list from anybody", `trusted_lists = []`, `trusted_lists = ["/x.xml"]`, "psd2.trusted_list_signers"},
		{"revocation that is something else", `revocation = "hard"`, `revocation = "maybe"`, "psd2.revocation is hard or soft"},
		{"an admission that is something else", `admission = "open"`, `admission = "closed"`, "psd2.admission is open or papers"},
		{"a lenience that nobody knows", `lenience = []`, `lenience = ["any-uuid", "everything"]`, "optional-tpp-id, loose-numbers are known, everything is not"},
		{"a paper that nobody knows", `papers = []`, `papers = ["passport"]`, "no kind of paper passport"},
		{"a signature with a shared secret", `algorithms = ["RS256"]`, `algorithms = ["HS256"]`, "HS256 is not"},
		{"half of a signature", `sign_certificate = ""`, `sign_certificate = "/x.pem"`, "psd2.sign_key and psd2.sign_certificate go together"},
		{"signed answers without a seal", `sign_mbank = false`, `sign_mbank = true`, "psd2.sign_mbank needs psd2.sign_key"},
		{"PolishAPI without a seal", `polishapi = {}`, `polishapi = { "v2_1_1.1" = "2.1.1" }`, "psd2.polishapi needs psd2.sign_key"},
		{"groups of nothing", `polishapi_groups = {}`, `polishapi_groups = { "v2_1_1.1/auth" = "v2_1_1.4" }`, "psd2.polishapi_groups"},
		{"a fee of nothing that exists", `fees = {}`, `fees = { "domestic/Pigeon" = "1.00" }`, `"domestic/Pigeon" is no kind`},
		{"a fee that is no amount", `fees = {}`, `fees = { "domestic/Elixir" = "1" }`, "which is no amount"},
		{"a window of a day", `replay_window = "5m"`, `replay_window = "24h"`, "psd2.replay_window must be at most 1h"},
		{"one listener for partners and PSD2", `listen = "0.0.0.0:8445"`, `listen = "0.0.0.0:8444"`, "psd2.listen must differ"},
		{"a socket somewhere", `socket = "/run/okienko/admin.sock"`, `socket = "admin.sock"`, "admin.socket must be an absolute path"},
		{"metrics for everybody", `metrics = "127.0.0.1:8446"`, `metrics = "0.0.0.0:8446"`, "admin.metrics must be a loopback address"},
		{"metrics for everybody, again", `metrics = "127.0.0.1:8446"`, `metrics = ":8446"`, "admin.metrics must be a loopback address"},
		{"codes without TLS", `url = "https://sms.gateway.example/v1/messages"`, `url = "http://sms.gateway.example/v1/messages"`, "sms.url must be https"},
		{"no secret of the gateway", `secret_file =`, "#", "sms.secret_file is missing"},
		{"a gateway that is waited for", `timeout = "5s"`, `timeout = "61s"`, "sms.timeout must be at most 1m"},
		{"a gateway that is not waited for", `timeout = "5s"`, `timeout = "-1s"`, "sms.timeout must be at most 1m"},
		{"a log of another kind", `level = "info"`, `level = "loud"`, "log.level must be"},
		{"a queue below zero", `queue = 0`, `queue = -1`, "desk.queue and desk.batch"},
		{"a batch without end", `batch = 0`, `batch = 4097`, "desk.queue and desk.batch"},
		{"one member of staff", "[[staff]]\nname = \"b.kowal\"\nuid = 1002", "", "at least two members of staff"},
		{"one name for two", `"b.kowal"`, `"a.nowak"`, "every member needs a name and a user id of their own"},
		{"one user for two", `1002`, `1001`, "every member needs a name and a user id of their own"},
		{"staff without a name", `"b.kowal"`, `""`, "every member needs a name and a user id of their own"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, folder := sampleConfig(t)
			tt.old = strings.ReplaceAll(tt.old, "/etc/okienko", folder)
			if !strings.Contains(text, tt.old) {
				t.Fatalf("the sample does not hold %q", tt.old)
			}
			_, err := readText(t, strings.Replace(text, tt.old, tt.new, 1))
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Fatalf("got %v, want %q", err, tt.fault)
			}
			if n := strings.Count(err.Error(), "\n"); n > 0 {
				t.Errorf("one change gives %d faults: %v", n+1, err)
			}
		})
	}
}

// Others on the machine must not read the bank's secrets.
func TestConfigurationRefusesOpenSecrets(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		text, folder := databaseConfig(t, "postgres://okienko@/okienko?host=/run/postgresql")
		password := filepath.Join(folder, "database.password")
		text = strings.Replace(text, `database_password_file = ""`, `database_password_file = "`+password+`"`, 1)
		if err := os.Chmod(password, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := readText(t, text); err == nil || !strings.Contains(err.Error(), "bank.database_password_file: ") || !strings.Contains(err.Error(), "chmod 600 it") {
			t.Errorf("the database's password with mode %o: %v", mode, err)
		}
	}
	for name, setting := range map[string]string{"bank.key": "bank.key_file", "people.key": "people.key", "partner.key": "partner.key", "psd2.key": "psd2.key", "sms.secret": "sms.secret_file"} {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
			text, folder := sampleConfig(t)
			if err := os.Chmod(filepath.Join(folder, name), mode); err != nil {
				t.Fatal(err)
			}
			_, err := readText(t, text)
			if err == nil || !strings.Contains(err.Error(), setting+": ") || !strings.Contains(err.Error(), "readable by others; chmod 600 it") {
				t.Errorf("%s with mode %o: %v", name, mode, err)
			}
		}
	}
}

// An operator mends everything in one go.
func TestConfigurationGivesEveryFaultAtOnce(t *testing.T) {
	_, err := readText(t, "colour = true\n[admin]\nmetrics = \":1\"\n[desk]\nbatch = -1\n[log]\nlevel = \"x\"\n[sms]\ntimeout = \"2m\"\n")
	if err == nil {
		t.Fatal("an empty configuration is good")
	}
	for _, fault := range []string{
		"unknown key colour", "bank.name", "bank.node", "bank.data", "bank.key_file", "people.listen", "people.url", "people.certificate", "people.key",
		"partner.listen", "partner.url", "partner.certificate", "partner.key", "admin.socket", "admin.metrics", "sms.url", "sms.secret_file", "sms.timeout",
		"log.level", "desk.queue", "at least two members of staff",
	} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("%q is not named in:\n%v", fault, err)
		}
	}
}

func TestConfigurationThatIsNoTOML(t *testing.T) {
	for _, text := range []string{"[bank", "bank = 1", "[sms]\ntimeout = \"soon\"", "[[staff]]\nuid = \"root\""} {
		if _, err := readText(t, text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}
