// Package direction holds the import directions of the house and the few habits that make them worth having: time that
// is handed in, money that is never a float, no state at package level. Each rule carries its reason, and a failure
// prints it. The package owns the rules and nothing else; taste is the linters' business (.golangci.yml).
//
// Test files and generated code are exempt.
package direction

// In patterns, "bank/..." is bank and everything below it, "psd2" is that folder alone, and one "*" stands for one
// folder name. "..." is everything of ours.

// rule says what one part of the house may import of ours. The first rule whose who matches a folder decides, so the
// narrower ones come first. A part may always import itself: the folders that who names, and what is below them.
type rule struct {
	who   string
	may   []string
	never []string // stronger than may; does not apply to a folder that is itself inside the pattern
	why   string
}

var rules = []rule{
	{who: "bank/...",
		may: []string{"bank/..."},
		why: "the core decides; what stores it, serves it or starts it may change without it"},
	{who: "authserver/...",
		may: []string{"bank/..."},
		why: "authorisation knows no wire form and no table, so every door and both stores can share it"},

	{who: "psd2/mbank/...",
		may: []string{"bank/...", "authserver/...", "edge/...", "psd2/..."}, never: psd2Doors,
		why: "a door talks to the bank, not to tables and not to another door: a wire form must be removable alone"},
	{who: "psd2/polishapi/...",
		may: []string{"bank/...", "authserver/...", "edge/...", "psd2/..."}, never: psd2Doors,
		why: "a door talks to the bank, not to tables and not to another door: a wire form must be removable alone"},
	{who: "psd2/psd2test/...",
		may: []string{"..."}, never: psd2Doors,
		why: "a bank for the tests of the wire forms stands where the program stands, and favours neither form"},
	{who: "psd2/...",
		may: []string{"bank/...", "authserver/...", "eidas/...", "edge/..."}, never: psd2Doors,
		why: "what both PSD2 doors share must not know either of them"},
	{who: "partnerapi/...",
		may: []string{"bank/...", "authserver/...", "edge/...", "api/..."},
		why: "a door talks to the bank, not to tables and not to another door; it serves its own description"},
	{who: "web/*/...",
		may: []string{"bank/...", "authserver/...", "edge/...", "web/ui/..."},
		why: "pages are doors: they talk to the bank, and share words and looks through web/ui, never each other's handlers"},
	{who: "edge/...",
		may: []string{"bank/..."},
		why: "what every door shares must not know any door"},

	{who: "store/storetest/...",
		may: []string{"bank/...", "authserver/...", "store/...", "clock/...", "ident/..."},
		why: "the suite stands where the program stands: it opens a store and hands it clocks and identifiers"},
	{who: "store/...",
		may: []string{"bank/...", "authserver/..."},
		why: "the store remembers what the core and the authorisation server define; it decides nothing and serves nobody"},
	{who: "corebank/...",
		may: []string{"bank/...", "authserver/..."},
		why: "an adapter to a bank's own core stands in the store's place, so it sees what the store sees"},
	{who: "rails/...",
		may: []string{"bank/..."},
		why: "a way to a payment system carries what the core hands it; who ordered it and by which door is not its business"},
	{who: "notify/...",
		may: []string{"bank/...", "authserver/..."},
		why: "messages are made from what the core says, whichever door caused them"},
	{who: "work/...",
		may: []string{"bank/...", "authserver/..."},
		why: "background work runs on leases of the core; app hands it the store"},

	{who: "sandbox/...",
		may: []string{"bank/...", "eidas/...", "notify/..."},
		why: "the sandbox makes up a world and hands it in; the program that runs in it is the production program"},
	{who: "verify/...",
		may: []string{"bank/..."},
		why: "a second pair of eyes with its own queries: sharing the store's code would share its mistakes"},
	{who: "client/...",
		may: []string{"eidas/..."},
		why: "other people's programs link it; it must not pull in the bank"},
	{who: "eidas/...",
		may: []string{"bank/..."},
		why: "client links it, so it knows certificates and the bank's clock and nothing that serves or stores"},
	{who: "clock/...",
		may: []string{"bank/..."},
		why: "the one place that asks the machine for the time implements the core's clock and needs nothing else"},

	{who: "ident/...",
		may: []string{"bank/..."},
		why: "identifiers need a clock and chance, and nothing of what they name"},
	{who: "office/...",
		may: []string{"bank/...", "authserver/..."},
		why: "what staff do is the same from the command line and from the back office's pages, so it knows neither"},

	{who: "app/...",
		may: []string{"..."}, never: []string{"cmd/...", "okienkotest/...", "test/...", "bench/...", "tools/..."},
		why: "the one place that joins everything, except what exists only for tests: that must not reach the binary"},
	{who: "okienkotest/...",
		may: []string{"..."}, never: []string{"cmd/...", "test/...", "bench/...", "tools/..."},
		why: "a bank inside a Go test starts the same program as app does"},
	{who: "cmd/okienko/...",
		may: []string{"app/..."},
		why: "main only: anything more could not be started inside a test"},

	{who: "api/...",
		why: "the published interface descriptions are data"},
	{who: "tools/...",
		why: "tools of the house must build when the house does not"},
	{who: "test/...",
		may: []string{"..."},
		why: "tests across the house may look at all of it"},
	{who: "bench/...",
		may: []string{"..."},
		why: "benchmarks measure any part"},
}

// psd2Doors are the wire forms of PSD2, which share psd2 and nothing else.
var psd2Doors = []string{"psd2/mbank/...", "psd2/polishapi/..."}

// pure is all that bank may import of the standard library: nothing that opens, listens, reads the environment, makes
// randomness or knows a wire form. A package missing here is refused until somebody adds it with a reason.
var pure = map[string]string{
	"bytes": "", "cmp": "", "container/heap": "", "container/list": "", "errors": "", "fmt": "", "iter": "", "maps": "",
	"math": "", "math/big": "", "math/bits": "", "regexp": "", "slices": "", "sort": "", "strconv": "", "strings": "",
	"unicode": "", "unicode/utf8": "", "unicode/utf16": "",
	"context":         "callers give up, and a desk must notice",
	"crypto/subtle":   "comparing codes in constant time is arithmetic",
	"encoding/binary": "fingerprints need one order of bytes",
	"encoding/hex":    "reference numbers are read aloud to a hotline",
	"log/slog":        "only to say how a value looks in a log, see slogValues: a PESEL must hide itself wherever it is logged",
	"net/netip":       "an address is a value; IP allow-lists are rules of the bank",
	"sync":            "a desk gathers orders from many goroutines",
	"sync/atomic":     "as sync",
	"time/tzdata":     "Warsaw's rules linked in as data: the same answers on a machine that has none",
	"time":            "dates and durations; asking for the time is refused separately",
}

// slogValues are what bank may use of log/slog. Writing to a log is I/O and the caller's business.
var slogValues = map[string]bool{
	"Value": true, "LogValuer": true, "Attr": true, "String": true, "StringValue": true, "GroupValue": true,
	"Int64Value": true, "TimeValue": true, "BoolValue": true,
}

// wallClockReaders are the functions of package time that ask the machine what time it is.
var wallClockReaders = map[string]bool{"Now": true, "Since": true, "Until": true}

// mayAskTime are the parts that may use them.
var mayAskTime = map[string]string{
	"clock/...":  "this is where the two clocks come from",
	"client/...": "other people's programs link it: request ids and statements say when they were made, by the clock of whoever calls",
	"bench/...":  "a benchmark measures the machine",
	"test/...":   "a test harness measures the machine",
	"tools/...":  "not part of the program",
}

// outsideRule says which modules or standard packages a part never imports.
type outsideRule struct {
	who   []string
	never []string
	why   string
}

var outsideRules = []outsideRule{
	{who: []string{"authserver/...", "partnerapi/...", "psd2/...", "web/...", "edge/...", "work/...", "rails/...", "sandbox/...", "notify/...", "client/...", "eidas/...", "cmd/..."},
		never: []string{"database/sql/...", "modernc.org/...", "github.com/jackc/...", "github.com/pressly/..."},
		why:   "tables are spoken of in store and verify only"},
	{who: []string{"client/...", "eidas/..."},
		never: []string{"net/http/httptest", "github.com/prometheus/...", "github.com/alecthomas/kong/...", "github.com/alexedwards/...", "html/template"},
		why:   "a client must not pull in a server"},
	{who: []string{"app/...", "authserver/...", "partnerapi/...", "psd2/...", "web/...", "edge/...", "store/...", "work/...", "rails/...", "sandbox/...", "notify/...", "verify/...", "client/...", "eidas/...", "clock/...", "cmd/..."},
		never: []string{"testing/...", "pgregory.net/...", "go.uber.org/goleak/...", "github.com/chromedp/..."},
		why:   "test libraries do not belong in the binary (store/storetest and psd2/psd2test are for tests themselves and exempt)"},
}

// exemptOutside are folders that exist for tests and are written without the _test suffix because others import them.
var exemptOutside = []string{"store/storetest/...", "psd2/psd2test/...", "okienkotest/..."}

// noNames are package names that say nothing. What ends up in them belongs to an idea that has a name.
var noNames = map[string]bool{
	"util": true, "utils": true, "common": true, "helper": true, "helpers": true, "types": true, "misc": true,
}

// constantCalls may initialise a package-level variable: what they return is never changed afterwards.
var constantCalls = map[string]bool{
	"errors.New": true, "fmt.Errorf": true, "regexp.MustCompile": true, "strings.NewReplacer": true,
	"template.Must": true, "time.FixedZone": true, "sync.OnceValue": true, "sync.OnceValues": true,
	"time.Date": true, "netip.MustParseAddr": true, "netip.MustParsePrefix": true,
}
