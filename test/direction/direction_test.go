package direction

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheHouseKeepsItsDirections(t *testing.T) {
	root := filepath.Join("..", "..")
	files := token.NewFileSet()
	var sources []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "vendor") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		inside = filepath.ToSlash(inside)
		file, err := parser.ParseFile(files, inside, text, parser.ParseComments)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(file) {
			sources = append(sources, source{folder: path.Dir(inside), file: file})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) == 0 {
		t.Fatal("found no source files, so nothing was checked")
	}
	for _, broken := range check(files, sources) {
		t.Error(broken)
	}
}

func TestEveryRuleHasAReason(t *testing.T) {
	for _, r := range rules {
		if r.why == "" {
			t.Errorf("the rule for %s has no reason", r.who)
		}
	}
	for _, o := range outsideRules {
		if o.why == "" {
			t.Errorf("the outside rule for %v has no reason", o.who)
		}
	}
}

// TestTheCheckerSeesEveryBreach breaks each kind of rule once in made-up sources. A checker that sees nothing would
// otherwise look like a house in order.
func TestTheCheckerSeesEveryBreach(t *testing.T) {
	for name, c := range map[string]struct {
		folder, text string
		want         string // in the only sentence; empty when nothing is broken
	}{
		"core imports store":           {"bank/ledger", `import _ "okienko/store"`, "bank/ledger imports store: the core decides"},
		"core imports core":            {"bank/ledger", `import _ "okienko/bank/money"`, ""},
		"core opens files":             {"bank", `import _ "os"`, "bank imports os: the core is pure"},
		"core speaks HTTP":             {"bank", `import _ "net/http"`, "the core is pure"},
		"core speaks SQL":              {"bank", `import _ "database/sql"`, "the core is pure"},
		"core speaks JSON":             {"bank", `import _ "encoding/json"`, "the core is pure"},
		"core throws dice":             {"bank", `import _ "crypto/rand"`, "the core is pure"},
		"core throws cheap dice":       {"bank", `import _ "math/rand/v2"`, "the core is pure"},
		"core uses a library":          {"bank", `import _ "github.com/google/uuid"`, "the core is pure"},
		"core says how it is logged":   {"bank/party", "import \"log/slog\"\nfunc (p PESEL) LogValue() slog.Value { return slog.StringValue(`hidden`) }\ntype PESEL string", ""},
		"core writes a log":            {"bank/party", "import \"log/slog\"\nfunc f() { slog.Info(`x`) }", "uses slog.Info"},
		"core has a float":             {"bank/money", `type rate float64`, "uses float64"},
		"core has a float constant":    {"bank/money", `const half = 0.5`, "has the float 0.5"},
		"core has a large number":      {"bank/money", `const most = int64(1e15)`, ""},
		"core has a wire tag":          {"bank/money", "type a struct { M int64 `json:\"m\"` }", "struct tag"},
		"core asks the time":           {"bank", "import \"time\"\nfunc f() time.Time { return time.Now() }", "uses time.Now"},
		"door asks the time":           {"partnerapi", "import \"time\"\nfunc f(t time.Time) time.Duration { return time.Since(t) }", "uses time.Since"},
		"time under another name":      {"app", "import clock \"time\"\nvar _ = clock.Now", "uses time.Now"},
		"a field called Now":           {"app", "import \"time\"\ntype c struct{ Now func() time.Time }\nfunc f(time c) { time.Now() }", ""},
		"clock asks the time":          {"clock", "import \"time\"\nfunc f() time.Time { return time.Now() }", ""},
		"authserver imports a door":    {"authserver", `import _ "okienko/partnerapi"`, "authserver imports partnerapi"},
		"door imports the store":       {"partnerapi", `import _ "okienko/store"`, "not to tables"},
		"door imports another door":    {"partnerapi", `import _ "okienko/web/customer"`, "not to another door"},
		"door imports itself":          {"partnerapi", `import _ "okienko/partnerapi/wire"`, ""},
		"door opens the database":      {"partnerapi", `import _ "database/sql"`, "tables are spoken of"},
		"partner door reads PSD2":      {"partnerapi", `import _ "okienko/psd2"`, "partnerapi imports psd2"},
		"mbank uses psd2":              {"psd2/mbank", `import _ "okienko/psd2"`, ""},
		"mbank imports polishapi":      {"psd2/mbank", `import _ "okienko/psd2/polishapi"`, "removable alone"},
		"polishapi imports mbank":      {"psd2/polishapi/v3", `import _ "okienko/psd2/mbank"`, "removable alone"},
		"polishapi imports itself":     {"psd2/polishapi/v3", `import _ "okienko/psd2/polishapi"`, ""},
		"psd2 imports its door":        {"psd2", `import _ "okienko/psd2/mbank"`, "must not know either"},
		"psd2 reads certificates":      {"psd2", `import _ "okienko/eidas"`, ""},
		"pages use ui":                 {"web/customer", `import _ "okienko/web/ui"`, ""},
		"pages import pages":           {"web/customer", `import _ "okienko/web/office"`, "never each other's handlers"},
		"ui imports pages":             {"web/ui", `import _ "okienko/web/customer"`, "never each other's handlers"},
		"edge imports a door":          {"edge", `import _ "okienko/partnerapi"`, "must not know any door"},
		"store imports a door":         {"store", `import _ "okienko/partnerapi"`, "serves nobody"},
		"store imports authserver":     {"store/sqlite", `import _ "okienko/authserver"`, ""},
		"corebank imports the store":   {"corebank", `import _ "okienko/store"`, "corebank imports store"},
		"notify imports the store":     {"notify", `import _ "okienko/store"`, "notify imports store"},
		"work imports the store":       {"work", `import _ "okienko/store"`, "app hands it the store"},
		"sandbox imports the store":    {"sandbox", `import _ "okienko/store"`, "hands it in"},
		"sandbox sends messages":       {"sandbox", `import _ "okienko/notify"`, ""},
		"verify imports the store":     {"verify", `import _ "okienko/store"`, "share its mistakes"},
		"verify has its own queries":   {"verify", `import _ "database/sql"`, ""},
		"client imports the bank":      {"client", `import _ "okienko/bank"`, "must not pull in the bank"},
		"client pulls in metrics":      {"client", `import _ "github.com/prometheus/client_golang/prometheus"`, "must not pull in a server"},
		"clock imports edge":           {"clock", `import _ "okienko/edge"`, "clock imports edge"},
		"eidas imports edge":           {"eidas", `import _ "okienko/edge"`, "eidas imports edge"},
		"app imports everything":       {"app", `import _ "okienko/partnerapi"`, ""},
		"app imports test code":        {"app", `import _ "okienko/okienkotest"`, "must not reach the binary"},
		"a bank in a test":             {"okienkotest", `import _ "okienko/app"`, ""},
		"test library in the binary":   {"app", `import _ "testing"`, "test libraries"},
		"the suite is a test library":  {"store/storetest", `import _ "testing"`, ""},
		"main does more than start":    {"cmd/okienko", `import _ "okienko/store"`, "main only"},
		"main starts the app":          {"cmd/okienko", `import _ "okienko/app"`, ""},
		"another command":              {"cmd/other", `const x = 1`, "no rule for this folder"},
		"an unknown folder":            {"cashier", `const x = 1`, "no rule for this folder; add one"},
		"tools import the house":       {"tools/totals", `import _ "okienko/bank"`, "when the house does not"},
		"a name that says nothing":     {"bank/util", `const x = 1`, `"util" says nothing`},
		"a var that waits":             {"app", `var cache map[string]int`, "waits to be written"},
		"a mutex":                      {"app", "import \"sync\"\nvar mu sync.Mutex", "waits to be written"},
		"a pointer":                    {"app", `var current = &struct{}{}`, "may be state"},
		"a made map":                   {"app", `var cache = make(map[string]int)`, "may be state"},
		"a counter":                    {"app", "var n = 0\nfunc f() { n++ }", "writes to the package-level n"},
		"a table that is written":      {"app", "var t = map[string]int{}\nfunc f() { t[`a`] = 1 }", "writes to the package-level t"},
		"a table that is emptied":      {"app", "var t = map[string]int{}\nfunc f() { delete(t, `a`) }", "writes to the package-level t"},
		"a table that is lent":         {"app", "var t = [2]int{}\nfunc f() *int { return &t[0] }", "writes to the package-level t"},
		"a table that is read":         {"app", "var t = map[string]int{`a`: 1}\nfunc f() int { return t[`a`] }", ""},
		"a local of the same name":     {"app", "var t = map[string]int{`a`: 1}\nfunc f() { t := map[string]int{}; t[`a`] = 2; _ = t }", ""},
		"errors, patterns, assertions": {"app", "import (\"errors\"; \"regexp\")\nvar a, b = errors.New(`a`), regexp.MustCompile(`b`)\nvar _ error = (*e)(nil)\ntype e struct{ error }", ""},
		"embedded files":               {"app", "import \"embed\"\n//go:embed x\nvar files embed.FS", ""},
		"the version in main":          {"cmd/okienko", `var version = "dev"`, ""},
		"a version elsewhere":          {"app", `var version = "dev"`, "make it a const"},
	} {
		t.Run(name, func(t *testing.T) {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, c.folder+"/made_up.go", "package "+path.Base(c.folder)+"\n"+c.text, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			broken := check(files, []source{{c.folder, file}})
			switch {
			case c.want == "" && len(broken) > 0:
				t.Errorf("refused: %v", broken)
			case c.want != "" && len(broken) != 1:
				t.Errorf("want one breach with %q, got %v", c.want, broken)
			case c.want != "" && !strings.Contains(broken[0], c.want):
				t.Errorf("want a breach with %q, got %s", c.want, broken[0])
			}
		})
	}
}

// TestEveryRuleCanFail walks the rules themselves: each must refuse a folder that exists in no house, so that a slip of
// the pen such as a stray "..." is found.
func TestEveryRuleCanFail(t *testing.T) {
	for _, r := range rules {
		folder := strings.ReplaceAll(strings.TrimSuffix(r.who, "/..."), "*", "customer")
		if first, _ := ruleFor(folder); first.who != r.who {
			t.Errorf("the rule for %s is never reached: %s comes first", r.who, first.who)
		}
		if len(r.may) == 1 && r.may[0] == "..." {
			continue // may see everything
		}
		if r.allows(folder, "cashier") {
			t.Errorf("the rule for %s allows a folder that does not exist", r.who)
		}
	}
}
