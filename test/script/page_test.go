package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The guide for third parties is followed as its reader does: every command of
// it, in order, pasted into one shell beside a fresh sandbox.
func TestGuideForThirdParties(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil && ci() {
			t.Fatalf("the guide needs %s: %v", tool, err)
		} else if err != nil {
			t.Skipf("NOT RUN: the guide needs %s: %v", tool, err)
		}
	}
	page, err := os.ReadFile("../../docs/psd2.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, found := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(page, -1) {
		blocks = append(blocks, string(found[1]))
	}
	if len(blocks) < 10 || blocks[0] != "okienko sandbox\n" {
		t.Fatalf("the guide has %d commands to paste, the first is %q", len(blocks), blocks[0])
	}
	file := filepath.Join(t.TempDir(), "guide.txtar")
	if err := os.WriteFile(file, []byte(guide+"-- page.sh --\n"+strings.Join(blocks[1:], "\n")+"\ntrue # the last commands are refused, as the page says\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{file}, RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"waitfor": waitfor},
	})
}

// guide starts the sandbox where the guide's reader has it, on free ports, and
// says what the reader must have seen in the end.
const guide = `env XDG_CACHE_HOME=$WORK/cache
mkdir cache/okienko
exec okienko sandbox --ephemeral --data cache/okienko/sandbox --people 127.0.0.1:0 --partner 127.0.0.1:0 --psd2 127.0.0.1:0 --doors 127.0.0.1:0 --admin 127.0.0.1:0 --ready ready.json &bank&
waitfor ready.json
exec bash page.sh
kill -INT bank
stdout -count=2 '^40000000131000210798300003  Konto osobiste$'
stdout '^Consent .* has ended\.$'
stdout '^2.* DONE +Natalia Kołodziej +Obiad$'
stdout '\(SORBNET\): PENDING'
stdout '\(INSTANT_SEPA\): DONE'
stdout '\(SWIFT\): PENDING'
stdout '\(ELIXIR\): SCHEDULED'
stdout ': SUBMITTED\. The next payment will be made on '
stdout '^bundle .*: DONE\. 2 payments, 2 done\.$'
stdout 'REJECTED.*AC04'
stdout '\(ELIXIR\): CANCELLED'
stdout '^yes$'
stdout '"tppPaymentId":"order-1","generalStatus":"(PENDING|DONE)"'
stdout '"code":"invalid_token"'

# The same in PolishAPI.
stdout '^4000000013\*{12}0003  Konto osobiste$'
stdout -count=2 '^The bank said so\.$'
stdout -count=3 '^Verified OK$'
stdout '"accounts":\[\{"accountNumber":"[0-9]{10}\*{12}[0-9]{4}"'
stdout -count=6 '^20[0-9-]{8}\t[0-9.]+\t(DEBIT|CREDIT)\t'
stdout -count=2 '"tppTransactionId":"supper-1","generalStatus":"(pending|done)"'
stdout 'The standing order was cancelled'
stdout '^The bank called about consent [0-9a-f-]{36}\.$'
stdout '"code":"third_party_unknown"'
stdout '^HTTP/2 400'

# What was refused is what the page says: the fifth call of a day, a closed account, seven bad certificates.
stderr -count=9 '^okienko: refused: '
stderr -count=9 '^okienko: '
stderr '429 TooManyRequestsError'
stderr 'the certificate has expired'
stderr 'the certificate is revoked'
! stderr 'page\.sh: '
wait bank
`

// ci tells whether a missing tool is a failure.
func ci() bool {
	v := os.Getenv("CI")
	return v != "" && v != "false"
}
