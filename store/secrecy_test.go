package store_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/intake"
	"okienko/bank/notice"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
	"okienko/clock"
	"okienko/store"
)

// What a thief of the file must not find in it: personal numbers, phones, the
// texts of messages with their codes, anybody's session, one-time codes of the
// bank's application (also as the hash from which eight digits are found in no
// time), and the keys that third parties want to see again.
func TestFileTellsNoSecrets(t *testing.T) {
	dir := t.TempDir()
	now := clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	s, err := store.Open(t.Context(), store.Config{
		Path: filepath.Join(dir, "bank.db"), Environment: partner.Test, Key: key, Clock: now, Wall: now, Node: "n1",
	})
	if err != nil {
		t.Fatal(err)
	}
	number, err := party.MakePESEL(1990, 5, 12, 4321)
	if err != nil {
		t.Fatal(err)
	}
	const (
		phone   = "+48600100200"
		text    = "Kod 987654 do parowania"
		session = "session-token-of-anna"
		paper   = "PESEL wspólnika: 44051401458"
		apiKey  = "api-key-of-a-third-party"
		hashed  = "sha-256 of an external code!"
	)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Import(t.Context(), &intake.Batch{Persons: []party.Person{
		{ID: "anna", FirstName: "Anna", LastName: "Nowakowska", PESEL: number, Phone: phone, Language: party.Polish},
	}}))
	expires := now.Now().Add(time.Minute)
	must(s.OpenChallenge(t.Context(), sca.Challenge{ID: "c", Person: "anna", Method: sca.SMS, CodeHash: []byte("h"), ExpiresAt: expires, Status: sca.Pending},
		&notice.Message{ID: "m", Channel: notice.SMS, Person: "anna", To: phone, Text: text, ExpiresAt: expires},
		func(*sca.Factor) error { return nil }))
	must(s.Sessions().CommitCtx(t.Context(), session, []byte("data"), expires))
	const applicant = thirdparty.Organisation("PSDPL-PFSA-1")
	_, err = s.ChangeAdmission(t.Context(), applicant, func(*thirdparty.Admission) (thirdparty.Admission, []audit.Record, error) {
		return thirdparty.Admission{Organisation: applicant, Status: thirdparty.Applied, Papers: []thirdparty.Paper{
			{ID: "p", Kind: thirdparty.Extract, Content: []byte(paper), Status: thirdparty.HandedIn},
		}}, nil, nil
	})
	must(err)
	const tpp = thirdparty.ClientID("tpp")
	_, err = s.ChangeClient(t.Context(), applicant, func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		return thirdparty.Client{ID: tpp, Organisation: applicant, Status: thirdparty.Active}, nil, nil
	})
	must(err)
	for range 2 { // one is used, and one stands
		_, err = s.KeepExternalCode(t.Context(), authserver.KeptExternalCode{Person: "anna", Hash: []byte(hashed), Until: expires}, now.Now(), audit.Record{})
		must(err)
		_, err = s.AskExternally(t.Context(), []byte(hashed), xs2a.Consent{ID: "c", Version: 1, Client: tpp, TPPID: "c", Scope: xs2a.AccountInfo, Status: xs2a.Asked, Until: expires},
			authserver.ConsentRequest{ID: "r", Consent: "c", Client: tpp, Status: authserver.RequestOpen}, authserver.CallbackTo{APIKey: apiKey}, audit.Record{},
			func(*authserver.WrongCodes, *authserver.KeptExternalCode) ([]audit.Record, error) { return nil, nil })
		if bank.CodeOf(err) != bank.ConsentTaken {
			must(err)
		}
	}
	got, err := s.Person(t.Context(), "anna")
	must(err)
	if got.PESEL != number || got.Phone != phone {
		t.Errorf("the bank itself reads %q and %q", string(got.PESEL), got.Phone)
	}

	secrets := []string{string(number), phone, text, "987654", session, paper, apiKey, hashed}
	read := func() (all []byte) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		must(err)
		for _, f := range files {
			b, err := os.ReadFile(f)
			must(err)
			all = append(all, b...)
		}
		return all
	}
	for _, when := range []string{"while it is open", "after it was closed"} {
		all := read()
		if !bytes.Contains(all, []byte("Nowakowska")) {
			t.Fatalf("%s: the file does not hold the person at all", when)
		}
		for _, secret := range secrets {
			if bytes.Contains(all, []byte(secret)) || bytes.Contains(all, []byte(hex.EncodeToString([]byte(secret)))) {
				t.Errorf("%s the file holds %q", when, secret)
			}
		}
		must(s.Close())
	}
}
