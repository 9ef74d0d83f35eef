package customer

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"okienko/bank/payment"
)

// atOnce posts one form eight times at once, as an impatient reader does, and
// gives back where each post led.
func (b *browser) atOnce(path string, pairs ...string) []string {
	b.Helper()
	session := b.cookie(sessionToken).String()
	to := make([]string, 8)
	var wg sync.WaitGroup
	for i := range to {
		one := b.browser()
		one.header.Set("Cookie", session)
		wg.Go(func() {
			v := one.post(path, pairs...)
			if to[i] = v.header.Get("Location"); v.status >= http.StatusInternalServerError {
				b.Errorf("a post answered %d", v.status)
			}
		})
	}
	wg.Wait()
	return to
}

func TestOneConfirmationPairsOnce(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	id := w.request(redirect)
	b.post("/pair/"+id, b.choice("account", string(annaMain))...).leads(303, "/factor/pairing/"+id)
	codes := 0
	for _, to := range b.atOnce("/factor/pairing/"+id+"/code", "code", w.sms(anna)) {
		if strings.HasPrefix(to, redirect) {
			codes++
		}
	}
	all, err := w.store.AgreementsOf(w.ctx, ofAnna)
	w.must(err)
	if codes != 1 || len(all) != 1 || all[0].Version != 1 {
		t.Errorf("%d codes, %d pairings: %+v", codes, len(all), all)
	}
}

func TestOneConfirmationExecutesOnce(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	a := w.prepared(&g, payment.Draft{Kind: payment.Pay, OperationID: "p1", Amount: pln(20_000), Title: "Kawa"})
	b := w.as(anna, ofAnna)
	factor := "/factor/operation/" + string(a.ID)
	b.post("/confirm/"+string(a.ID), "decision", "confirm").leads(303, factor)
	back := 0
	for _, to := range b.atOnce(factor+"/code", "code", w.sms(anna)) {
		switch {
		case strings.HasPrefix(to, callto) && strings.HasSuffix(to, "status=EXECUTED"):
			back++
		case to != "/confirm/"+string(a.ID) && to != factor:
			t.Errorf("led to %q", to)
		}
	}
	from, err := w.store.Account(w.ctx, annaMain)
	w.must(err)
	if back == 0 || from.Booked != pln(80_000) {
		t.Errorf("%d came back, the balance is %s", back, from.Booked)
	}
}
