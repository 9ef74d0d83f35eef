package authserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/sca"
)

func operation() sca.Subject {
	return sca.Subject{
		Purpose: sca.ForOperation, ID: "op-1", Binding: "op-1|250.00",
		Display: sca.Display{Text: "Płatność „Rower”.", Amount: "250,00 PLN", Payee: "Rowery Nowak"},
	}
}

func TestMethods(t *testing.T) {
	w := open(t)
	for person, want := range map[party.PersonID][]sca.Method{
		"anna": {sca.SMS}, "bob": {sca.Mobile, sca.SMS}, "mute": nil,
	} {
		if got, err := w.Methods(t.Context(), person); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", person, got, err)
		}
	}
	_, err := w.Challenge(t.Context(), "anna", sca.Mobile, operation())
	wantCode(t, err, bank.FactorMissing)
	_, err = w.Challenge(t.Context(), "mute", sca.SMS, operation())
	wantCode(t, err, bank.FactorMissing)
	rec := audit.Record{At: start, Actor: audit.Actor{Kind: audit.Staff, ID: "s"}, Act: "test", Subject: "test"}
	must(t, w.store.RemoveDevice(t.Context(), bobPhone, rec))
	if got, err := w.Methods(t.Context(), "bob"); err != nil || !slices.Equal(got, []sca.Method{sca.SMS}) {
		t.Errorf("without a device: %v, %v", got, err)
	}
	_, err = w.Challenge(t.Context(), "bob", sca.Mobile, operation())
	wantCode(t, err, bank.FactorMissing)
}

func (w *world) message(t *testing.T) notice.Message {
	t.Helper()
	all, err := w.store.ClaimMessages(t.Context(), "test", 10, start, start.Add(time.Hour))
	must(t, err)
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	return all[0]
}

func TestTheSMSRepeatsWhatIsConfirmed(t *testing.T) {
	w := open(t)
	c, err := w.Challenge(t.Context(), "anna", sca.SMS, operation())
	must(t, err)
	m := w.message(t)
	if m.Channel != notice.SMS || m.To != "+48500100100" || m.Person != "anna" || !m.ExpiresAt.Equal(c.ExpiresAt) || c.ExpiresAt.Sub(start) != 5*time.Minute {
		t.Errorf("%+v", m)
	}
	for _, part := range []string{"250,00 PLN", "Rowery Nowak", "„Rower”"} {
		if !strings.Contains(m.Text, part) {
			t.Errorf("%q lacks %q", m.Text, part)
		}
	}
	if strings.Contains(m.Text, string(c.ID)) || strings.Contains(m.Text, "op-1") {
		t.Errorf("%q says more than it needs", m.Text)
	}
}

func TestThePushSaysNothingOfTheMoney(t *testing.T) {
	w := open(t)
	c, err := w.Challenge(t.Context(), "bob", sca.Mobile, operation())
	must(t, err)
	m := w.message(t)
	if m.Channel != notice.Push || m.To != "" || m.Text != "An operation waits for your confirmation in the bank's app." {
		t.Errorf("%+v", m)
	}
	if len(c.Nonce) != 32 || c.CodeHash != nil {
		t.Errorf("%+v", c)
	}
}

func TestAnswer(t *testing.T) {
	w := open(t)
	c, err := w.Challenge(t.Context(), "anna", sca.SMS, operation())
	must(t, err)
	code := w.code(t)
	_, err = w.Look(t.Context(), "bob", c.ID)
	wantCode(t, err, bank.NotFound)
	_, err = w.Answer(t.Context(), "bob", c.ID, code)
	wantCode(t, err, bank.NotFound)
	_, err = w.Answer(t.Context(), "anna", c.ID, other(code))
	wantCode(t, err, bank.ChallengeWrong)
	got, err := w.Look(t.Context(), "anna", c.ID)
	must(t, err)
	if got.Tries != 1 || got.Status != sca.Pending || got.Subject != operation() {
		t.Errorf("%+v", got)
	}
	got, err = w.Answer(t.Context(), "anna", c.ID, code)
	must(t, err)
	if got.Status != sca.Passed {
		t.Errorf("%+v", got)
	}
	_, err = w.Answer(t.Context(), "anna", c.ID, code)
	wantCode(t, err, bank.ChallengeSpent)

	late, err := w.Challenge(t.Context(), "anna", sca.SMS, operation())
	must(t, err)
	code = w.code(t)
	w.clock.Advance(5 * time.Minute)
	_, err = w.Answer(t.Context(), "anna", late.ID, code)
	wantCode(t, err, bank.ChallengeExpired)
}

// other is a code that differs.
func other(code string) string {
	last := byte('0')
	if code[5] == '0' {
		last = '1'
	}
	return code[:5] + string(last)
}

func TestWrongTriesCountAcrossChallenges(t *testing.T) {
	w := open(t)
	for range 5 {
		c, err := w.Challenge(t.Context(), "anna", sca.SMS, operation())
		must(t, err)
		_, err = w.Answer(t.Context(), "anna", c.ID, "wrong")
		wantCode(t, err, bank.ChallengeWrong)
	}
	_, err := w.Challenge(t.Context(), "anna", sca.SMS, operation())
	wantCode(t, err, bank.FactorLocked)
	w.clock.Advance(30 * time.Minute)
	_, err = w.Challenge(t.Context(), "anna", sca.SMS, operation())
	must(t, err)
}

func TestTheDeviceApproves(t *testing.T) {
	w := open(t)
	c, err := w.Challenge(t.Context(), "bob", sca.Mobile, operation())
	must(t, err)
	waiting, err := w.WaitingApprovals(t.Context(), bobPhone)
	must(t, err)
	if len(waiting) != 1 || waiting[0].ID != c.ID || waiting[0].Subject != operation() {
		t.Fatalf("%+v", waiting)
	}
	yes := w.sign(t, authserver.SignedText(waiting[0]))
	_, err = w.Approve(t.Context(), c.ID, "no-device", yes)
	wantCode(t, err, bank.NotFound)
	_, err = w.Approve(t.Context(), "no-challenge", bobPhone, yes)
	wantCode(t, err, bank.NotFound)
	_, err = w.Approve(t.Context(), c.ID, bobPhone, w.sign(t, authserver.RejectionText(c)))
	wantCode(t, err, bank.ChallengeWrong) // a no is not a yes
	got, err := w.Approve(t.Context(), c.ID, bobPhone, yes)
	must(t, err)
	if got.Status != sca.Passed || got.Tries != 1 {
		t.Errorf("%+v", got)
	}
	waiting, err = w.WaitingApprovals(t.Context(), bobPhone)
	must(t, err)
	if len(waiting) != 0 {
		t.Errorf("%d still wait", len(waiting))
	}
}

func TestASignatureIsOfOneChallengeAndOneContent(t *testing.T) {
	w := open(t)
	c, err := w.Challenge(t.Context(), "bob", sca.Mobile, operation())
	must(t, err)
	another := c
	another.Nonce = slices.Clone(c.Nonce)
	another.Nonce[0]++
	dearer := c
	dearer.Subject.Binding = "op-1|2500.00"
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	own := w.bobKey
	w.bobKey = key
	stranger := w.sign(t, authserver.SignedText(c))
	w.bobKey = own
	for name, signature := range map[string][]byte{
		"another nonce": w.sign(t, authserver.SignedText(another)), "another amount": w.sign(t, authserver.SignedText(dearer)),
		"another key": stranger, "nothing": nil,
	} {
		_, err := w.Approve(t.Context(), c.ID, bobPhone, signature)
		if bank.CodeOf(err) != bank.ChallengeWrong {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheDeviceRejects(t *testing.T) {
	w := open(t)
	c, err := w.Challenge(t.Context(), "bob", sca.Mobile, operation())
	must(t, err)
	_, err = w.Reject(t.Context(), c.ID, bobPhone, w.sign(t, authserver.SignedText(c)))
	wantCode(t, err, bank.ChallengeWrong)
	got, err := w.Reject(t.Context(), c.ID, bobPhone, w.sign(t, authserver.RejectionText(c)))
	must(t, err)
	if got.Status != sca.Refused {
		t.Errorf("%+v", got)
	}
	_, err = w.Approve(t.Context(), c.ID, bobPhone, w.sign(t, authserver.SignedText(c)))
	wantCode(t, err, bank.ChallengeExpired)
	sms, err := w.Challenge(t.Context(), "bob", sca.SMS, operation())
	must(t, err)
	_, err = w.Reject(t.Context(), sms.ID, bobPhone, w.sign(t, authserver.RejectionText(sms)))
	wantCode(t, err, bank.ChallengeWrong) // waits for the other factor
}

func TestARemovedDeviceIsDeaf(t *testing.T) {
	w := open(t)
	c, err := w.Challenge(t.Context(), "bob", sca.Mobile, operation())
	must(t, err)
	must(t, w.store.RemoveDevice(t.Context(), bobPhone, audit.Record{At: start, Actor: audit.Actor{Kind: audit.Staff, ID: "s"}, Act: "test", Subject: "test"}))
	_, err = w.Approve(t.Context(), c.ID, bobPhone, w.sign(t, authserver.SignedText(c)))
	wantCode(t, err, bank.NotFound)
	_, err = w.WaitingApprovals(t.Context(), bobPhone)
	wantCode(t, err, bank.NotFound)
}

func TestADeviceIsDeafToOthersChallenges(t *testing.T) {
	w := open(t)
	c, err := w.Challenge(t.Context(), "anna", sca.SMS, operation())
	must(t, err)
	_, err = w.Approve(t.Context(), c.ID, bobPhone, w.sign(t, authserver.SignedText(c)))
	wantCode(t, err, bank.NotFound)
}

// recording keeps what the server has recorded of challenges.
type recording struct {
	sca.Book
	records *[]audit.Record
}

func (r recording) JudgeChallenge(ctx ctx, id sca.ID, judge func(*sca.Challenge, *sca.Factor) error,
	record func(*sca.Challenge) []audit.Record) (sca.Challenge, error) {
	return r.Book.JudgeChallenge(ctx, id, judge, func(c *sca.Challenge) []audit.Record {
		out := record(c)
		*r.records = append(*r.records, out...)
		return out
	})
}

func TestEveryDecisionIsRecordedAndNothingElse(t *testing.T) {
	w := open(t)
	var records []audit.Record
	s := w.with(func(c *authserver.Config) { c.SCA = recording{w.store, &records} })
	c, err := s.Challenge(t.Context(), "anna", sca.SMS, operation())
	must(t, err)
	code := w.code(t)
	for _, try := range []struct {
		code string
		want bank.Code
	}{{other(code), bank.ChallengeWrong}, {code, ""}, {code, bank.ChallengeSpent}, {other(code), bank.ChallengeSpent}} {
		_, err := s.Answer(t.Context(), "anna", c.ID, try.code)
		wantCode(t, err, try.want)
	}
	want := func(before, after string) audit.Record {
		return audit.Record{
			At: start, Actor: audit.Actor{Kind: audit.Customer, ID: "anna"}, Act: "sca.decided", Subject: "challenge:" + string(c.ID),
			Before: before, After: after, Why: "sms for operation op-1",
		}
	}
	if !slices.Equal(records, []audit.Record{
		want("status=pending tries=0", "status=pending tries=1"),
		want("status=pending tries=1", "status=passed tries=1"),
	}) {
		t.Errorf("%+v", records)
	}
}
