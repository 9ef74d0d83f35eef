package okienkotest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"okienko/okienkotest"
	"okienko/test/engine"
)

func TestTwoBanksInOneProcessKnowNothingOfEachOther(t *testing.T) {
	one, two := okienkotest.Start(t, okienkotest.Database(engine.DSN(t))), okienkotest.Start(t, okienkotest.WithSeed(7), okienkotest.Database(engine.DSN(t)))
	p, q := one.Pair(t, "anna", "kawomat"), two.Pair(t, "anna", "kawomat")
	pay := func(p *okienkotest.Pairing, account string) *okienkotest.Answer {
		return p.Post(t, "/payment", fmt.Sprintf(
			`{"operationId":"same","account_id":%q,"amount":"10.00","currency":"PLN","title":"Kawa"}`, account))
	}
	if a := pay(p, p.AccountID); a.Status != http.StatusCreated {
		t.Fatalf("first bank: %d %s", a.Status, a.Body)
	}
	if a := q.Get(t, "/payment"); string(a.Body) != `{"payments":[]}` {
		t.Errorf("the second bank knows of the first one's payment: %s", a.Body)
	}
	if a := pay(q, q.AccountID); a.Status != http.StatusCreated {
		t.Errorf("the same operation id in the second bank: %d %s", a.Status, a.Body)
	}
	foreign := *q
	foreign.AccessToken = p.AccessToken
	if a := foreign.Get(t, "/user"); a.Field("error") != "aceess_token_not_exist" {
		t.Errorf("a token of the first bank in the second: %d %s", a.Status, a.Body)
	}
	one.Wait(t, 21*time.Minute)
	if a := p.Get(t, "/user"); a.Field("error") != "access_token_invalid" {
		t.Errorf("after 21 minutes of the first bank's clock its token answers %d %s", a.Status, a.Body)
	}
	if a := q.Get(t, "/user"); a.Status != http.StatusOK {
		t.Errorf("the first bank's clock moved the second's: %d %s", a.Status, a.Body)
	}
	one.Close(t)
	if a := q.Get(t, "/user"); a.Status != http.StatusOK {
		t.Errorf("closing the first bank closed the second: %d %s", a.Status, a.Body)
	}
}

// Tomasz has 40.00 PLN: of a hundred holds of 1.00 at once exactly forty fit,
// however they meet.
func TestAHundredHoldsAtOnceOverHTTPS(t *testing.T) {
	b := okienkotest.Start(t, okienkotest.Database(engine.DSN(t)))
	p := b.Pair(t, "tomasz", "kawomat")
	const callers = 100
	got := make([]*okienkotest.Answer, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			got[i] = p.Post(t, "/account/"+p.AccountID+"/blockade",
				fmt.Sprintf(`{"operationId":"%d","amount":"1.00","currency":"PLN","title":"Kawa"}`, i))
		})
	}
	wg.Wait()
	held := 0
	for i, a := range got {
		switch {
		case a.Status == http.StatusCreated:
			held++
		case a.Field("error") != "request_reject_by_user_product_state":
			t.Errorf("hold %d: %d %s", i, a.Status, a.Body)
		}
	}
	if held != 40 {
		t.Errorf("%d holds of 1.00 fitted into 40.00", held)
	}
}

// What was done before the bank closed is there when it opens again, and the
// pairing goes on.
func TestABankOpensAgainWhereItWas(t *testing.T) {
	dir, database := t.TempDir(), okienkotest.Database(engine.DSN(t))
	b := okienkotest.Start(t, okienkotest.WithFolder(dir), database)
	p := b.Pair(t, "anna", "kawomat")
	path := "/account/" + p.AccountID + "/blockade"
	held := p.Post(t, path, `{"operationId":"h","amount":"20.00","currency":"PLN","title":"Kawa"}`)
	if held.Status != http.StatusCreated {
		t.Fatalf("hold: %d %s", held.Status, held.Body)
	}
	b.Wait(t, 5*time.Minute)
	b.Close(t)

	again := okienkotest.Start(t, okienkotest.WithFolder(dir), database)
	q := again.Resume(p)
	if a := q.Post(t, path, `{"operationId":"h","amount":"20.00","currency":"PLN","title":"Kawa"}`); string(a.Body) != string(held.Body) {
		t.Errorf("the first answer was %s and is now %s", held.Body, a.Body)
	}
	one := path + "/" + held.Field("blockadeId")
	if a := q.Put(t, one, `{"operationId":"c","amount":"15.00"}`); a.Status != http.StatusOK || a.Field("amount") != "15.00" {
		t.Errorf("change: %d %s", a.Status, a.Body)
	}
	if a := q.Delete(t, one); a.Status != http.StatusNoContent {
		t.Errorf("release: %d %s", a.Status, a.Body)
	}
	// The bank clock goes on from where it was: 15 minutes more and the token's
	// 20 are over.
	again.Wait(t, 15*time.Minute+time.Second)
	if a := q.Get(t, "/user"); a.Field("error") != "access_token_invalid" {
		t.Errorf("the token lives on: %d %s", a.Status, a.Body)
	}
}
