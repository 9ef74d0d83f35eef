package sandbox_test

import (
	"context"
	"testing"

	"okienko/bank/notice"
	"okienko/sandbox"
)

// Under a frozen clock two codes are of one instant; who waits gets theirs and
// not the one before, whether it was there already or comes only later.
func TestTheAwaitedCodeIsTheOneThatWasSent(t *testing.T) {
	p, _ := newPhone(t, sandbox.PhoneConfig{})
	send := func(ctx context.Context, messages ...notice.Message) error {
		for _, m := range messages {
			if err := p.Send(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}
	if err := send(t.Context(), sms("m1", "Kod: 111111.")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ id, code string }{{"m2", "222222"}, {"m3", "333333"}} {
		late := make(chan error, 1)
		got, err := p.AwaitCode(t.Context(), "anna", func(ctx context.Context) error {
			if c.id == "m2" {
				return send(ctx, sms(c.id, "Kod: "+c.code+"."))
			}
			go func() { late <- send(ctx, sms("ad", "Dzień dobry."), sms(c.id, "Kod: "+c.code+".")) }()
			return nil
		})
		if err != nil || got != c.code {
			t.Errorf("%s: the code is %q, %v", c.id, got, err)
		}
		if c.id == "m3" {
			if err := <-late; err != nil {
				t.Error(err)
			}
		}
	}
}
