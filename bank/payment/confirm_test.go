package payment_test

import (
	"context"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

func (k *teller) authorisationNow(id payment.AuthorisationID) payment.Authorisation {
	k.t.Helper()
	a, err := k.book.Authorisation(context.Background(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return a
}

func TestConfirmedOperation(t *testing.T) {
	k := newTeller(t)
	k.fees(0, 150, limit.Cap{})
	k.refused(under(annaShop, pay("x", "300.00")), bank.AuthorisationRequired)
	a := k.done(prepare(pay("x", "300.00"))).Authorisation
	if a.Status != payment.Waiting || a.Amount != pln("300.00") || a.Fee != pln("1.50") || a.Payee.Name != string(shops) || a.Person != annaHerself {
		t.Errorf("%+v", a)
	}
	k.used("0.00", "0.00") // it reserves nothing
	k.stands(purse, "1000.00", "0.00")
	k.funds(purse, "301.50")
	execute := k.confirmed(a)
	out := k.done(execute)
	if out.Payment == nil || out.Payment.Status != payment.Executed || out.Authorisation.Status != payment.Done || out.Authorisation.Payment != out.Payment.ID {
		t.Fatalf("%+v", out)
	}
	k.stands(purse, "0.00", "0.00")
	k.stands(shops, "300.00", "0.00")
	k.used("300.00", "300.00")
	// Once: with the same challenge, with another one, by declining.
	k.refused(execute, bank.AuthorisationEnded)
	k.refused(k.confirmed(a), bank.AuthorisationEnded)
	k.refused(&payment.Decline{Authorisation: a.ID, Person: annaHerself}, bank.AuthorisationEnded)
	// The caller who repeats either call gets the first answers.
	if again := k.done(prepare(pay("x", "300.00"))); !again.Repeat || again.Authorisation.ID != a.ID || again.Authorisation.Status != payment.Done {
		t.Errorf("%+v", again)
	}
	if again := k.done(under(annaShop, pay("x", "300.00"))); !again.Repeat || again.Payment.ID != out.Payment.ID {
		t.Errorf("%+v", again)
	}
	k.refused(prepare(pay("x", "300.01")), bank.OperationReused)
	k.stands(shops, "300.00", "0.00")
}

// Authorisation lifts limit_a only: the others hold when it is prepared and when
// it is executed.
func TestConfirmationLiftsLimitAOnly(t *testing.T) {
	k := newTeller(t)
	k.refused(prepare(pay(k.op(), "500.01")), bank.SingleLimit)
	first := k.done(prepare(pay(k.op(), "450.00"))).Authorisation
	second := k.done(prepare(pay(k.op(), "450.00"))).Authorisation
	k.done(k.confirmed(first))
	out := k.done(k.confirmed(second))
	if out.Authorisation.Status != payment.Turned || out.Authorisation.Reason != bank.DailyLimit {
		t.Errorf("%+v", out.Authorisation)
	}
	k.stands(shops, "450.00", "0.00")
}

func TestPreparedTwice(t *testing.T) {
	k := newTeller(t)
	first := k.done(prepare(hold("x", "300.00"))).Authorisation
	again := k.done(prepare(hold("x", "300.00")))
	if !again.Repeat || again.Authorisation.ID != first.ID {
		t.Errorf("%+v", again)
	}
	k.refused(prepare(hold("x", "300.01")), bank.OperationReused)
	elsewhere := prepare(hold("x", "300.00"))
	elsewhere.Return.AppType, elsewhere.Return.OS = "mobile", "Android"
	k.refused(elsewhere, bank.OperationReused)
	foreign := prepare(hold("x", "300.00"))
	foreign.Agreement, foreign.AccountRef = benShop, "ref-"+string(benShop)
	k.refused(foreign, bank.OperationReused)
	foreign.Agreement, foreign.AccountRef = annaTaxi, "ref-"+string(annaTaxi)
	k.done(foreign)

	// It lives ten minutes; then the id can be prepared again.
	k.now = k.now.Add(payment.AuthorisationLife - time.Microsecond)
	if again := k.done(prepare(hold("x", "300.00"))); again.Authorisation.ID != first.ID {
		t.Error("it ended before its time")
	}
	late := k.confirmed(first)
	k.now = k.now.Add(time.Microsecond)
	k.refused(late, bank.AuthorisationEnded)
	k.refused(&payment.Decline{Authorisation: first.ID, Person: annaHerself}, bank.AuthorisationEnded)
	if now := k.authorisationNow(first.ID); now.At(k.now) != payment.PastItsMoment {
		t.Errorf("%s", now.At(k.now))
	}
	second := k.done(prepare(hold("x", "310.00"))).Authorisation
	if second.ID == first.ID || k.authorisationNow(first.ID).Status != payment.PastItsMoment {
		t.Errorf("%+v, %+v", second, k.authorisationNow(first.ID))
	}
	k.refused(k.confirmed(first), bank.AuthorisationEnded)
	if out := k.done(k.confirmed(second)); out.Hold == nil || out.Hold.Amount != pln("310.00") {
		t.Errorf("%+v", out)
	}
}

func TestDeclined(t *testing.T) {
	k := newTeller(t)
	a := k.done(prepare(hold("x", "300.00"))).Authorisation
	k.refused(&payment.Decline{Authorisation: a.ID, Person: benHimself}, bank.NotFound)
	k.refused(&payment.Decline{Authorisation: "unknown", Person: annaHerself}, bank.NotFound)
	out := k.done(&payment.Decline{Authorisation: a.ID, Person: annaHerself})
	if out.Authorisation.Status != payment.Turned || out.Authorisation.Reason != "" {
		t.Errorf("%+v", out.Authorisation)
	}
	k.refused(k.confirmed(a), bank.AuthorisationEnded)
	b := k.done(prepare(hold("x", "300.00"))).Authorisation
	if b.ID == a.ID {
		t.Error("a declined operation came back")
	}
	k.done(k.confirmed(b))
	k.stands(purse, "1000.00", "300.00")
}

// A challenge confirms one operation of one person, with its amount, fee, payee
// and title, once. What is wrong with the challenge does not end the operation.
func TestChallengeIsBoundToTheOperation(t *testing.T) {
	k := newTeller(t)
	a := k.done(prepare(pay("x", "300.00"))).Authorisation
	other := k.done(prepare(pay("y", "300.00"))).Authorisation
	challenge := func(change func(c *sca.Challenge)) *payment.Execute {
		e := k.confirmed(a)
		c, err := k.book.Challenge(context.Background(), e.Challenge)
		if err != nil {
			t.Fatal(err)
		}
		change(&c)
		k.book.PutChallenge(c)
		return e
	}
	for name, c := range map[string]struct {
		code   bank.Code
		change func(c *sca.Challenge)
	}{
		"of another person":     {bank.ChallengeForeign, func(c *sca.Challenge) { c.Person = benHimself }},
		"for another operation": {bank.ChallengeForeign, func(c *sca.Challenge) { c.Subject.ID, c.Subject.Binding = string(other.ID), other.Binding() }},
		"for another amount":    {bank.ChallengeForeign, func(c *sca.Challenge) { b := *a; b.Amount = pln("299.99"); c.Subject.Binding = b.Binding() }},
		"for another fee":       {bank.ChallengeForeign, func(c *sca.Challenge) { b := *a; b.Fee = pln("0.01"); c.Subject.Binding = b.Binding() }},
		"for another payee":     {bank.ChallengeForeign, func(c *sca.Challenge) { b := *a; b.Payee.Number = "1"; c.Subject.Binding = b.Binding() }},
		"for another name":      {bank.ChallengeForeign, func(c *sca.Challenge) { b := *a; b.Payee.Name = "x"; c.Subject.Binding = b.Binding() }},
		"for another title":     {bank.ChallengeForeign, func(c *sca.Challenge) { b := *a; b.Draft.Title = "x"; c.Subject.Binding = b.Binding() }},
		"for another purpose":   {bank.ChallengeForeign, func(c *sca.Challenge) { c.Subject.Purpose = sca.ForPairing }},
		"not answered":          {bank.ChallengeWrong, func(c *sca.Challenge) { c.Status = sca.Pending }},
		"refused":               {bank.ChallengeWrong, func(c *sca.Challenge) { c.Status = sca.Refused }},
		"spent":                 {bank.ChallengeSpent, func(c *sca.Challenge) { c.Status = sca.Spent }},
		"expired":               {bank.ChallengeExpired, func(c *sca.Challenge) { c.ExpiresAt = k.now }},
	} {
		t.Run(name, func(t *testing.T) { k.refused(challenge(c.change), c.code) })
	}
	k.refused(&payment.Execute{Authorisation: a.ID, Challenge: "unknown", Person: annaHerself}, bank.ChallengeForeign)
	good := k.confirmed(a)
	k.refused(&payment.Execute{Authorisation: a.ID, Challenge: good.Challenge, Person: benHimself}, bank.NotFound)
	k.refused(&payment.Execute{Authorisation: "unknown", Challenge: good.Challenge, Person: annaHerself}, bank.NotFound)
	k.done(good)
	k.refused(&payment.Execute{Authorisation: other.ID, Challenge: good.Challenge, Person: annaHerself}, bank.ChallengeSpent)
}

// What was shown must be what is done: a fee, a payee or an account that changed
// meanwhile ends the operation, and the confirmation with it.
func TestWhatWasShownHasChanged(t *testing.T) {
	for name, change := range map[string]func(k *teller){
		"fee":   func(k *teller) { k.fees(1, 1, limit.Cap{}) },
		"payee": func(k *teller) { paysTo(taxis)(k, nil) },
		"account": func(k *teller) {
			k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Account = savings })
		},
		"name": func(k *teller) { k.book.ChangeAccount(shops, func(a *account.Account) { a.Holder = "Another" }) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, d := range []payment.Draft{pay("x", "300.00"), hold("x", "300.00")} {
				k := newTeller(t)
				a := k.done(prepare(d)).Authorisation
				change(k)
				execute := k.confirmed(a)
				if out := k.done(execute); out.Authorisation.Status != payment.Turned || out.Authorisation.Reason != bank.OperationChanged {
					t.Errorf("%+v", out.Authorisation)
				}
				if c, _ := k.book.Challenge(context.Background(), execute.Challenge); c.Status != sca.Spent {
					t.Errorf("the confirmation is %s", c.Status)
				}
				k.stands(purse, "1000.00", "0.00")
				k.stands(savings, "1000.00", "0.00")
			}
		})
	}
}

// What the application did on its own word meanwhile is not done once more.
func TestDoneMeanwhileWithoutTheCustomer(t *testing.T) {
	k := newTeller(t)
	a := k.done(prepare(pay("x", "150.00"))).Authorisation
	k.done(under(annaShop, pay("x", "150.00")))
	k.refused(prepare(pay("x", "150.00")), bank.OperationReused)
	if out := k.done(k.confirmed(a)); out.Authorisation.Status != payment.Turned || out.Authorisation.Reason != bank.OperationReused {
		t.Errorf("%+v", out.Authorisation)
	}
	k.stands(shops, "150.00", "0.00")
}

func TestExecutedAtOnceByTwo(t *testing.T) {
	k := newTeller(t)
	a := k.done(prepare(pay("x", "300.00"))).Authorisation
	results := k.all(k.confirmed(a), k.confirmed(a), &payment.Decline{Authorisation: a.ID, Person: annaHerself})
	if results[0].Err != nil || bank.CodeOf(results[1].Err) != bank.AuthorisationEnded || bank.CodeOf(results[2].Err) != bank.AuthorisationEnded {
		t.Errorf("%+v", results)
	}
	k.stands(shops, "300.00", "0.00")
}

// A confirmed scheduled payment and a confirmed change of it.
func TestConfirmedSchedule(t *testing.T) {
	k := newTeller(t)
	a := k.done(prepare(schedule("x", "300.00", "2026-03-12"))).Authorisation
	p := k.done(k.confirmed(a)).Payment
	if p.Status != payment.Scheduled {
		t.Errorf("%+v", p)
	}
	k.refused(under(annaShop, changePayment("y", p.ID, "301.00")), bank.AuthorisationRequired)
	k.done(k.confirmed(k.done(prepare(changePayment("y", p.ID, "301.00"))).Authorisation))
	k.used("301.00", "301.00")
	k.now = at(dueDay)
	k.done(&payment.Run{Payment: p.ID})
	k.stands(shops, "301.00", "0.00")
}

// A date that passes while the customer hesitates ends the operation.
func TestPreparedBeforeMidnightConfirmedAfter(t *testing.T) {
	k := newTeller(t)
	k.now = at("2026-03-10T22:59:00Z")
	a := k.done(prepare(schedule("x", "300.00", "2026-03-10"))).Authorisation
	k.now = at("2026-03-10T23:01:00Z")
	if again := k.done(prepare(schedule("x", "300.00", "2026-03-10"))); again.Authorisation.ID != a.ID {
		t.Error("a repeat was prepared anew")
	}
	if out := k.done(k.confirmed(a)); out.Authorisation.Reason != bank.InvalidParameter {
		t.Errorf("%+v", out.Authorisation)
	}
}

// Permissions asked for later are given by the customer only (partner-api §5).
func TestPermissionAskedForLater(t *testing.T) {
	k := newTeller(t)
	p := consent.Permission{Object: consent.Transactions, Action: consent.ReadList}
	ask := prepare(payment.Draft{Kind: payment.Permit, Permissions: []consent.Permission{p, mayCreate}})
	ask.AccountRef = ""
	k.refused(ask, bank.PermissionForeign) // not defined for the application
	k.book.ChangeApplication(shop, func(a *partner.Application) {
		a.Permissions = append(a.Permissions, consent.Definition{Permission: p, ValidSeconds: 60, Quota: 5})
	})
	k.refused(&payment.Submit{Agreement: annaShop, Draft: ask.Draft}, bank.AuthorisationRequired)
	none := prepare(payment.Draft{Kind: payment.Permit})
	k.refused(none, bank.InvalidParameter)
	k.quota(annaShop, mayCreate, 0)
	k.refused(under(annaShop, hold(k.op(), "1.00")), bank.PermissionUsedUp)
	a := k.done(ask).Authorisation
	if a.Payee.Name != "" || a.Amount.Currency() != "" {
		t.Errorf("it shows money: %+v", a)
	}
	k.now = k.now.Add(time.Minute)
	out := k.done(k.confirmed(a))
	if out.Authorisation.Status != payment.Done {
		t.Errorf("%+v", out.Authorisation)
	}
	g, _ := k.book.Agreement(context.Background(), annaShop)
	if given := g.Grant(p); given == nil || given.Left != 5 || !given.GivenAt.Equal(k.now) || g.Version != 2 {
		t.Errorf("%+v", g)
	}
	k.done(under(annaShop, hold(k.op(), "1.00"))) // what was used up is given anew

	// The application lost the permission before the customer gave it: then none
	// of those asked for together is given.
	ask.Draft.Permissions = []consent.Permission{mayCreate, p}
	k.quota(annaShop, mayCreate, 0)
	a = k.done(ask).Authorisation
	k.book.ChangeApplication(shop, func(a *partner.Application) { a.Permissions = a.Permissions[:len(a.Permissions)-1] })
	if out := k.done(k.confirmed(a)); out.Authorisation.Reason != bank.PermissionForeign {
		t.Errorf("%+v", out.Authorisation)
	}
	if k.left(annaShop, mayCreate) != 0 {
		t.Error("half of what was asked for was given")
	}
	k.statusOf(purse, account.Blocked)
	k.refused(prepare(payment.Draft{Kind: payment.Permit, Permissions: []consent.Permission{mayCreate}}), bank.AccountBlocked)
}
