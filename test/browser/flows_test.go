package browser

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"okienko/okienkotest"
)

// flow is one thing that people come to the bank's pages for.
type flow struct {
	name string
	walk func(*pass, *testing.T, string)
}

// flows run one after the other on one bank and rely on different people, so
// that none finds what another has left. The last ones move the bank's clock.
var flows = []flow{
	{"a-pairing-sms", (*pass).pairingBySMS},
	{"b-pairing-app", (*pass).pairingInTheApp},
	{"c-pairing-refused", (*pass).pairingRefused},
	{"d-payment", (*pass).paymentConfirmed},
	{"d-payment-refused", (*pass).paymentRefused},
	{"d-payment-app", (*pass).holdConfirmedInTheApp},
	{"e-wrong-codes", (*pass).wrongCodes},
	{"f-application", (*pass).connectedApplication},
	{"g-own-limits", (*pass).ownLimits},
	{"h-company", (*pass).actingForACompany},
	{"i-errors", (*pass).wrongRequests},
	{"i-blocked", (*pass).blockedPeople},
	{"j-frame", (*pass).languageAndLogOut},
	{"j-login", (*pass).wrongLogins},
	{"k-phone", (*pass).phone},
	{"k-phone-code", (*pass).phoneCode},
	{"n-third-party-reads", (*pass).thirdPartyReads},
	{"n-third-party-refused", (*pass).thirdPartyRefused},
	{"n-third-party-pays", (*pass).thirdPartyPays},
	{"n-third-party-foreign", (*pass).thirdPartyForeign},
	{"n-third-party-polishapi", (*pass).thirdPartyInPolishAPI},
	{"n-access", (*pass).accessToAccounts},
	{"n-funds", (*pass).fundsConfirmed},
	{"l-late", (*pass).tooLate},
	{"m-clock", (*pass).clock},
}

// TestPagesByKeyboardWithoutScripts is every flow in both languages.
func TestPagesByKeyboardWithoutScripts(t *testing.T) {
	browser := openBrowser(t)
	for _, lang := range []string{"pl", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := &pass{Bank: okienkotest.Start(t, okienkotest.WithHistory()), browser: browser, lang: lang, folder: folder(t)}
			p.third = p.ThirdParty(t, thirdName)
			walk(t, p)
		})
	}
	t.Run("scripts", func(t *testing.T) { // a page that would only work with scripts fails above; one that complains about them, here
		t.Parallel()
		p := &pass{Bank: okienkotest.Start(t), browser: browser, lang: "en", scripts: true}
		p.third = p.ThirdParty(t, thirdName)
		walk(t, p)
	})
}

func walk(t *testing.T, p *pass) {
	for _, f := range flows {
		t.Run(f.name, func(t *testing.T) { f.walk(p, t, f.name) })
	}
}

// folder is where photographs go, "" when none are wanted.
func folder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("OKIENKO_SCREENSHOTS")
	if dir == "" {
		return ""
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A browser that ran scripts after all would prove nothing.
func TestScriptsAreOffAndOn(t *testing.T) {
	browser := openBrowser(t)
	for _, on := range []bool{false, true} {
		p := &pass{browser: browser, lang: "en", scripts: on}
		r := p.starts(t, "scripts")
		r.opens(`data:text/html,<title>still</title><script>document.title="ran"</script><noscript>none</noscript>`)
		if ran := asks[string](r, "document.title") == "ran"; ran != on {
			t.Errorf("scripts on: %t, but the script ran: %t", on, ran)
		}
	}
}

// Checks that find nothing anywhere would look the same as good pages.
func TestChecksFindWhatIsWrong(t *testing.T) {
	p := &pass{browser: openBrowser(t), lang: "pl"}
	r := p.starts(t, "bad")
	const bad = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Bad</title>
		<style>button, a { height: 50px } a:focus { outline: 0 } #thin { height: 10px } #over { position: fixed; inset: 0 } #far { width: 600px }</style>
		<h1>One</h1><h1>Two</h1><a id="a" href="/x">unseen focus</a><button id="thin">thin</button><button id="b" tabindex="-1">out of reach</button>
		<button id="b"></button><input id="c"><img src="/missing" style="width:9px;height:9px"><p id="far">far</p><script>throw "up"</script>`
	r.opens("data:text/html," + url.PathEscape(bad))
	found := strings.Join(r.faults(), "\n")
	for _, want := range []string{
		`in "en", not in "pl"`, "2 headings", `the title is "Bad"`, "scrolls sideways", "ids given twice: [b]", "too small to touch: [thin",
		"a button has no name", "a textbox has no name", "a image has no name", `nobody sees that "a" has the focus`, `Tab does not reach "b"`,
	} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s\n%s", want, found)
		}
	}
	r.opens("data:text/html," + url.PathEscape(`<!doctype html><button id="d">under</button><p style="position:fixed;inset:0;margin:0;background:red">over</p>`))
	if found := strings.Join(r.faults(), "\n"); !strings.Contains(found, `"d" is hidden while it has the focus`) {
		t.Errorf("what lies under something else is not found\n%s", found)
	}
	p.scripts = true
	r = p.starts(t, "bad")
	r.opens("data:text/html," + url.PathEscape(`<!doctype html><meta http-equiv="Content-Security-Policy" content="img-src 'none'"><img src="https://localhost/x.png">`))
	if found := strings.Join(r.faults(), "\n"); !strings.Contains(found, "img-src") {
		t.Errorf("a violation of the policy is not found\n%s", found)
	}
}
