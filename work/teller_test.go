package work_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/xs2a"
	"okienko/clock"
	"okienko/work"
)

// consents is a book of consents and the register of those who gave them.
type consents struct {
	xs2a.Book
	party.Register

	mu       sync.Mutex
	kept     []xs2a.Consent
	messages []notice.Message
	records  []audit.Record
	looks    int
}

func (b *consents) EndingConsents(_ context.Context, before time.Time, n int) ([]xs2a.Consent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looks++
	var out []xs2a.Consent
	for _, c := range b.kept {
		if c.Status == xs2a.Active && c.Told.IsZero() && c.Until.Before(before) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(x, y xs2a.Consent) int { return x.Until.Compare(y.Until) })
	return out[:min(n, len(out))], nil
}

func (b *consents) find(id xs2a.ID) *xs2a.Consent {
	return &b.kept[slices.IndexFunc(b.kept, func(c xs2a.Consent) bool { return c.ID == id })]
}

func (b *consents) TellConsent(_ context.Context, id xs2a.ID, now time.Time, m notice.Message, r audit.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.find(id)
	if !c.Told.IsZero() {
		return nil
	}
	c.Told = now
	b.messages, b.records = append(b.messages, m), append(b.records, r)
	return nil
}

func (b *consents) ChangeConsent(_ context.Context, id xs2a.ID, _ *consent.Use, change func(*xs2a.Consent) ([]audit.Record, error)) (xs2a.Consent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.find(id)
	_, err := change(c)
	return *c, err
}

func (b *consents) Person(_ context.Context, id party.PersonID) (party.Person, error) {
	switch id {
	case "nobody":
		return party.Person{}, errors.New("the register is on fire")
	case "maria":
		return party.Person{ID: id, Phone: "+48999100003", Language: party.English}, nil
	}
	return party.Person{ID: id, Phone: "+48999100001", Language: party.Polish}, nil
}

func (b *consents) told() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, m := range b.messages {
		out = append(out, m.Text)
	}
	return out
}

func lasting(id xs2a.ID, p party.PersonID, s xs2a.Scope, at, until time.Time) xs2a.Consent {
	return xs2a.Consent{ID: id, Person: p, Scope: s, Name: "Budżet Domowy", Status: xs2a.Active, GivenAt: at, Until: until}
}

type counting struct{ n int }

func (c *counting) NewID() string { c.n++; return fmt.Sprintf("m%d", c.n) }

func TestCustomersAreToldOnceTwoWeeksBeforeAConsentEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := clock.NewManual(noon)
		b := &consents{kept: []xs2a.Consent{
			lasting("anna", "anna", xs2a.AccountInfo, noon, noon.Add(180*24*time.Hour)),
			lasting("maria", "maria", xs2a.Funds, noon, noon.Add(30*24*time.Hour)),
			lasting("short", "anna", xs2a.AccountInfo, noon, noon.Add(5*24*time.Hour)),
			lasting("broken", "nobody", xs2a.AccountInfo, noon, noon.Add(20*24*time.Hour)),
		}}
		rings := 0
		teller := work.NewTeller(work.TellerConfig{Book: b, Parties: b, Clock: c, IDs: &counting{}, Told: func() { rings++ }, Log: quiet()})
		start(t, teller)
		defer teller.Stop()
		for _, step := range []struct {
			after time.Duration
			want  int
		}{
			{0, 0}, {16*24*time.Hour - time.Second, 0}, {16*24*time.Hour + time.Second, 1}, {20 * 24 * time.Hour, 1},
			{166*24*time.Hour - time.Second, 1}, {166*24*time.Hour + time.Second, 2}, {179 * 24 * time.Hour, 2},
		} {
			c.Set(noon.Add(step.after))
			synctest.Wait()
			if got := b.told(); len(got) != step.want {
				t.Errorf("after %v: %q", step.after, got)
			}
		}
		if spent := time.Since(began); spent != 0 {
			t.Errorf("moving the bank clock took %v of the wall clock", spent)
		}
		want := []string{
			"The consent of Budżet Domowy to be told whether funds are available ends on 21 December 2026 at 12:00. You can renew or withdraw it in internet banking.",
			"Zgoda dla Budżet Domowy na wgląd w Twoje rachunki wygasa 20.05.2027 o 13:00. Możesz ją odnowić albo cofnąć w bankowości internetowej.",
		}
		if got := b.told(); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		if m := b.messages[1]; m.Person != "anna" || m.To != "+48999100001" || !m.ExpiresAt.Equal(noon.Add(180*24*time.Hour)) {
			t.Errorf("%+v", m)
		}
		if rings != 2 {
			t.Errorf("the outbox was announced %d times", rings)
		}
		if b.find("short").Told.IsZero() {
			t.Error("a consent of five days is looked at for ever")
		}
	})
}

func TestManyConsentsAreToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &consents{}
		for i := range 1000 {
			b.kept = append(b.kept, lasting(xs2a.ID(fmt.Sprint(i)), "anna", xs2a.AccountInfo, noon.Add(-100*24*time.Hour), noon.Add(time.Hour)))
		}
		teller := work.NewTeller(work.TellerConfig{Book: b, Parties: b, Clock: clock.NewManual(noon), IDs: &counting{}, Log: quiet()})
		start(t, teller)
		synctest.Wait()
		teller.Stop()
		if got := len(b.told()); got != 1000 {
			t.Errorf("%d of 1000 told", got)
		}
	})
}

func TestConsentThatCannotBeToldOfIsTriedAgainWithoutSpinning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &consents{}
		for i := range 300 {
			b.kept = append(b.kept, lasting(xs2a.ID(fmt.Sprint(i)), "nobody", xs2a.AccountInfo, noon.Add(-100*24*time.Hour), noon.Add(time.Hour)))
		}
		c := clock.NewManual(noon)
		teller := work.NewTeller(work.TellerConfig{Book: b, Parties: b, Clock: c, IDs: &counting{}, Log: quiet()})
		start(t, teller)
		defer teller.Stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		if b.looks > 3 || strings.Join(b.told(), "") != "" {
			t.Errorf("looked %d times", b.looks)
		}
	})
}
