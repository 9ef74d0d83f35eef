package sandbox_test

import (
	"crypto/rand"
	"io"
	"log/slog"
	"testing"

	"okienko/authserver"
	"okienko/bank/notice"
	"okienko/bank/partner"
	"okienko/bank/sca"
	"okienko/clock"
	"okienko/ident"
	"okienko/sandbox"
	"okienko/store"
	"okienko/test/engine"
	"okienko/work"
)

// made is a bank with the world in it, as the sandbox starts it.
func made(t testing.TB, entries int) (*store.Store, *sandbox.World, *clock.Manual) {
	t.Helper()
	bankClock := clock.NewManual(day)
	st, err := store.Open(t.Context(), engine.Keep(t, store.Config{Environment: partner.Test, Key: make([]byte, 32), Clock: bankClock, Wall: clock.Wall{},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	hash, err := authserver.HashPassword(sandbox.Password, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w, err := sandbox.NewWorld(sandbox.Config{Seed: 1, Now: day, PasswordHash: hash, Entries: entries})
	if err != nil {
		t.Fatal(err)
	}
	return st, w, bankClock
}

func TestWorldMovesIntoARealBank(t *testing.T) {
	st, w, bankClock := made(t, 0)
	if err := w.MoveIn(t.Context(), st, st, authserver.HashSecret, day); err != nil {
		t.Fatal(err)
	}
	for _, want := range w.Applications {
		if a, err := st.Application(t.Context(), want.ID); err != nil || a.Status != want.Status {
			t.Errorf("%s is %s, %v; it is to be %s", want.ID, a.Status, err, want.Status)
		}
	}
	tomasz, err := st.AccountsOf(t.Context(), "customer-tomasz")
	if err != nil || len(tomasz) != 1 || tomasz[0].Booked.String() != "40.00" {
		t.Errorf("tomasz has %+v, %v", tomasz, err)
	}

	book := work.Announcing(st, func() {})
	server := authserver.New(authserver.Config{Store: st, Agreements: st, Partners: st, Parties: st, Accounts: st, SCA: book, Clock: bankClock,
		IDs: ident.New(clock.Wall{}), Environment: partner.Test})
	who, err := server.LogIn(t.Context(), "anna", sandbox.Password)
	if err != nil || who.ID != "person-anna" {
		t.Fatalf("anna does not get in: %v %v", who.ID, err)
	}
	phone, err := sandbox.NewPhone(sandbox.PhoneConfig{Owners: w.Owners, App: server, ApprovalText: authserver.SignedText, RejectionText: authserver.RejectionText, People: st})
	if err != nil {
		t.Fatal(err)
	}
	courier := work.NewDeliverer(work.DelivererConfig{Outbox: st, Gateways: map[notice.Channel]work.Gateway{notice.SMS: phone, notice.Push: phone},
		Clock: bankClock, Wall: clock.Wall{}, Worker: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	book = work.Announcing(st, courier.Poke)
	if err := courier.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer courier.Stop()
	server = authserver.New(authserver.Config{Store: st, Agreements: st, Partners: st, Parties: st, Accounts: st, SCA: book, Clock: bankClock,
		IDs: ident.New(clock.Wall{}), Environment: partner.Test})

	// Anna reads the code from her phone; Jan approves on his device.
	subject := sca.Subject{Purpose: sca.ForCustomerLimits, ID: "customer-anna", Binding: "limits", Display: sca.Display{Text: "Zmiana limitów."}}
	c, err := server.Challenge(t.Context(), "person-anna", sca.SMS, subject)
	if err != nil {
		t.Fatal(err)
	}
	var got messages
	if ask(t, phone, "GET", "/phone/anna/messages?wait=10s", &got); len(got.Messages) != 1 {
		t.Fatalf("no SMS came: %+v", got)
	}
	if c, err = server.Answer(t.Context(), "person-anna", c.ID, got.Messages[0].Code); err != nil || c.Status != sca.Passed {
		t.Errorf("the code %q of %q: %v %v", got.Messages[0].Code, got.Messages[0].Text, c.Status, err)
	}
	if c, err = server.Challenge(t.Context(), "person-jan", sca.Mobile, subject); err != nil {
		t.Fatal(err)
	}
	var waiting struct{ Approvals []struct{ ID, Text string } }
	if ask(t, phone, "GET", "/phone/jan/approvals?wait=10s", &waiting); len(waiting.Approvals) != 1 || waiting.Approvals[0].ID != string(c.ID) {
		t.Fatalf("nothing waits for jan: %+v", waiting)
	}
	if c, err = phone.Answer(t.Context(), "jan", c.ID, true); err != nil || c.Status != sca.Passed {
		t.Errorf("jan's approval: %v %v", c.Status, err)
	}
	if c, err = server.Challenge(t.Context(), "person-jan", sca.Mobile, subject); err != nil {
		t.Fatal(err)
	}
	if c, err = phone.Answer(t.Context(), "jan", c.ID, false); err != nil || c.Status != sca.Refused {
		t.Errorf("jan's refusal: %v %v", c.Status, err)
	}
}

// BenchmarkMoveIn is what a first start pays for its world.
func BenchmarkMoveIn(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		st, w, _ := made(b, 0)
		b.StartTimer()
		if err := w.MoveIn(b.Context(), st, st, authserver.HashSecret, day); err != nil {
			b.Fatal(err)
		}
	}
}
