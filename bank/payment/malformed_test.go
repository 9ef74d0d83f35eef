package payment_test

import (
	"testing"

	"okienko/bank"
	"okienko/bank/payment"
)

// What a door could not read is a wrong parameter, found where parameters are:
// after the permission and the account, whatever else the draft says.
func TestWhatADoorCouldNotRead(t *testing.T) {
	k := newTeller(t)
	d := hold("h", "100.00")
	d.Malformed = "validTo"
	for _, o := range []payment.Order{under(annaShop, d), prepare(d)} {
		if r := k.refusal(o, bank.InvalidParameter); r.Field != "validTo" {
			t.Errorf("%T blames %q, want validTo", o, r.Field)
		}
	}
	foreign := under(annaShop, d)
	foreign.AccountRef = "somebody-else"
	k.refused(foreign, bank.NotFound)
	k.quota(annaShop, d.Needs(), 0)
	k.refused(foreign, bank.PermissionUsedUp)

	p := prepare(payment.Draft{Kind: payment.Permit, Malformed: "permissions"})
	if r := k.refusal(p, bank.InvalidParameter); r.Field != "permissions" {
		t.Errorf("asking for permissions blames %q", r.Field)
	}
}

// A known id is no way around: its repeat must be readable too.
func TestARepeatMustBeReadable(t *testing.T) {
	k := newTeller(t)
	d := hold("h", "100.00")
	k.done(under(annaShop, d))
	k.quota(annaShop, d.Needs(), 0)
	d.Malformed = "unknown field"
	k.refused(under(annaShop, d), bank.InvalidParameter)
}
