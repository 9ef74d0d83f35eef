package polishapi_test

import (
	"crypto/x509"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"okienko/api/contract"
	"okienko/bank/money"
	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/eidas/trustservice"
	"okienko/psd2"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

const (
	people   = psd2test.People
	goBack   = psd2test.GoBack
	anna     = psd2test.Anna
	annaP    = psd2test.AnnaP
	bob      = psd2test.Bob
	bobP     = psd2test.BobP
	annas    = psd2test.Annas
	annas2   = psd2test.Annas2
	annasE   = psd2test.AnnasE
	bobs     = psd2test.Bobs
	oneOrg   = psd2test.OneOrg
	otherOrg = psd2test.OtherOrg

	bankOrg = "PSDPL-PFSA-9990000900"

	v211 = polishapi.V211
	v212 = polishapi.V212
	v300 = polishapi.V300
)

var (
	noon = psd2test.Noon()
	ca   = psd2test.NewCA()
	// bankSeal is the bank's own QSealC.
	bankSeal = sync.OnceValue(func() trustservice.Issued {
		return ca.Issue(bankOrg, eidas.QSealC, trustservice.Good, "PSP_AS")
	})
	// versions are all that the door speaks.
	versions = polishapi.Versions
)

func must(t testing.TB, err error) {
	t.Helper()
	psd2test.Must(t, err)
}

func pln(minor int64) money.Amount { return psd2test.PLN(minor) }

// numberOf is an account number of this bank: 1 to 3 are Anna's, 4 is Bob's.
func numberOf(n int) string { return string(psd2test.NumberOf(n)) }

// world is a bank with this door, over TLS.
type world struct {
	*psd2test.World
	core  *psd2.Core
	net   *httptest.Server
	one   *tpp // a registered third party with every role
	other *tpp
}

type settings struct {
	core psd2.Config
	door polishapi.Config
}

func newWorld(t testing.TB, change ...func(*settings)) *world {
	t.Helper()
	w := &world{World: psd2test.New(t, ca)}
	key := bankSeal()
	header := seal.Header{Alg: seal.RS256, Typ: "JWT", KeyID: bankOrg, URL: key.X5U, Thumbprint: eidas.Thumbprint(key.Certificate)}
	s := settings{
		core: w.Config,
		door: polishapi.Config{
			Places: polishapi.UsualPlaces(), PeopleURL: people, Sandbox: true, Access: w.Note,
			Bank: psd2.Bank{BIC: "OKIEPLPWXXX", Name: "Okienko", Address: "ul. Prosta 1, 00-001 Warszawa"},
			Sign: func(body []byte) (string, error) { return seal.Sign(key.Key, header, body) },
			Seal: psd2.Seal{Chain: []*x509.Certificate{key.Certificate}, KeyID: bankOrg},
		},
	}
	for _, c := range change {
		c(&s)
	}
	w.core = psd2.New(s.core)
	s.door.Core = w.core
	w.net = w.Serve(polishapi.New(s.door))
	w.one = w.register(oneOrg, ca.PapersOf(oneOrg))
	w.other = w.register(otherOrg, ca.PapersOf(otherOrg))
	return w
}

// register makes a third party with a client of its own. It is strict until a test
// says otherwise.
func (w *world) register(org string, p psd2test.Papers) *tpp {
	w.T.Helper()
	return w.tpp(org, string(w.Register(org, p).ID), p)
}

// The judges: made of the official files, which a clone without them does not
// have. Then answers are held against nothing but the assertions of the tests, and
// TestOfficialFilesAreThere says so.
var officials = sync.OnceValues(func() (map[string]*contract.Official, error) {
	folder := os.Getenv("OKIENKO_SPEC_DIR")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "spec")
	}
	folder = filepath.Join(folder, "psd2", "polishapi")
	if _, err := os.Stat(folder); err != nil {
		return nil, nil
	}
	return contract.LoadPolishAPI(folder)
})

func official(t testing.TB, v polishapi.Version) *contract.Official {
	t.Helper()
	all, err := officials()
	must(t, err)
	return all[string(v)]
}

func TestOfficialFilesAreThere(t *testing.T) {
	if all, err := officials(); err != nil || len(all) == 3 {
		must(t, err)
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("the official files of PolishAPI are missing: set OKIENKO_SPEC_DIR")
	}
	t.Skip("NOT JUDGED: the official files of PolishAPI are missing, so no request and no answer is held against them (OKIENKO_SPEC_DIR)")
}

// covered remembers which operations were answered well, by version.
var covered struct {
	sync.Mutex
	by map[string]bool
}

func cover(v polishapi.Version, operation string) {
	covered.Lock()
	defer covered.Unlock()
	if covered.by == nil {
		covered.by = map[string]bool{}
	}
	covered.by[string(v)+" "+operation] = true
}

// TestMain holds the whole run to it that every operation of every version was
// answered well at least once.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" && flag.Lookup("test.list").Value.String() == "" {
		code = uncovered()
	}
	os.Exit(code)
}

func uncovered() int {
	all, err := officials()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	var missing []string
	for version, o := range all {
		for _, operation := range o.Operations() {
			if !covered.by[version+" "+operation] {
				missing = append(missing, version+" "+operation)
			}
		}
	}
	if len(missing) == 0 {
		return 0
	}
	slices.Sort(missing)
	fmt.Println("FAIL: operations that no test was answered well:\n" + strings.Join(missing, "\n"))
	return 1
}
