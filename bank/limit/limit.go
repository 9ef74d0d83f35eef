// Package limit owns the limits within which others may move a customer's
// money, and the counting of what was used in a day and in a month.
//
// It decides over counters that it is given; it loads and stores nothing. Days
// and months are calendar ones in Europe/Warsaw, by the bank clock
// (partner-api §6).
package limit

import (
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/money"
)

// Limits are the limits of one agreement. All are set; zero means zero.
type Limits struct {
	Single      money.Amount // one operation
	Daily       money.Amount // one calendar day
	Monthly     money.Amount // one calendar month
	Unconfirmed money.Amount // limit_a: strictly above it the customer must confirm
}

// Raises tells whether to is above l in any of the four numbers. Lowering needs
// no confirmation, raising does (partner-api §6).
func (l Limits) Raises(to Limits) bool {
	return to.Single.MoreThan(l.Single) || to.Daily.MoreThan(l.Daily) ||
		to.Monthly.MoreThan(l.Monthly) || to.Unconfirmed.MoreThan(l.Unconfirmed)
}

// Within tells whether l stays within the maximum in all four numbers.
func (l Limits) Within(maximum Limits) bool { return !maximum.Raises(l) }

// Valid refuses limits that are negative, or in more than one currency.
func (l Limits) Valid() error {
	for _, f := range []struct {
		name string
		a    money.Amount
	}{{"single", l.Single}, {"daily", l.Daily}, {"monthly", l.Monthly}, {"unconfirmed", l.Unconfirmed}} {
		if f.a.IsNegative() || f.a.Currency() != l.Single.Currency() {
			return bank.RefuseField(f.name, "A limit is an amount of zero or more, in the currency of the account.")
		}
	}
	return nil
}

// Cap is a limit that may be absent. The zero Cap does not limit.
type Cap struct {
	Amount money.Amount
	Set    bool
}

// CapAt is a cap at an amount.
func CapAt(a money.Amount) Cap { return Cap{Amount: a, Set: true} }

// PassedBy tells whether used+more passes the cap.
func (c Cap) PassedBy(used, more money.Amount) (bool, error) {
	if !c.Set {
		return false, nil
	}
	sum, err := used.Add(more)
	if err != nil {
		return false, err
	}
	return sum.MoreThan(c.Amount), nil
}

// OfCustomer are the customer's own limits across everything that comes
// through an API, one-off and recurring payments apart (design §3, Limits).
type OfCustomer struct {
	OneOff    Caps
	Recurring Caps
}

// Caps are three limits, each of which may be absent.
type Caps struct{ Single, Daily, Monthly Cap }

// In is the caps for orders in a currency: the same numbers, so that a limit of
// 1000.00 also stops 1000.01 EUR. This bank converts nothing and has no rate by
// which a limit in złotys could hold a payment in another currency.
func (c Caps) In(currency money.Currency) Caps {
	in := func(k Cap) Cap {
		if !k.Set {
			return k
		}
		return CapAt(money.New(k.Amount.Minor(), currency))
	}
	return Caps{Single: in(c.Single), Daily: in(c.Daily), Monthly: in(c.Monthly)}
}

// Raises tells whether to allows more than c in any of the three.
func (c Caps) Raises(to Caps) bool {
	raises := func(from, to Cap) bool {
		switch {
		case !from.Set:
			return false
		case !to.Set:
			return true
		}
		return to.Amount.MoreThan(from.Amount)
	}
	return raises(c.Single, to.Single) || raises(c.Daily, to.Daily) || raises(c.Monthly, to.Monthly)
}

// Raises tells whether to allows more than l anywhere.
func (l OfCustomer) Raises(to OfCustomer) bool {
	return l.OneOff.Raises(to.OneOff) || l.Recurring.Raises(to.Recurring)
}

// Subject is what a counter counts for.
type Subject string

// CountedIn is the counter of a subject for one currency: amounts of different
// currencies have no sum. Złotys are counted under the subject itself.
func CountedIn(s Subject, c money.Currency) Subject {
	if c == money.PLN {
		return s
	}
	return s + Subject(":"+string(c))
}

// OfAgreement counts what moved under one agreement.
func OfAgreement(id string) Subject { return Subject("agreement:" + id) }

// OneOffOf counts one-off orders of a customer across every agreement.
func OneOffOf(customer string) Subject { return Subject("customer:" + customer) }

// RecurringOf counts recurring payments of a customer across every agreement.
func RecurringOf(customer string) Subject { return Subject("recurring:" + customer) }

// ChargesOf counts the fees charged to a customer under one agreement.
func ChargesOf(agreement string) Subject { return Subject("charges:" + agreement) }

// Period is a calendar day "2026-11-21" or a calendar month "2026-11".
type Period string

// DayOf and MonthOf are the periods in which an instant lies, in Warsaw.
func DayOf(t time.Time) Period { return Period(calendar.DateOf(t).String()) }

// MonthOf is the calendar month in which an instant lies, in Warsaw.
func MonthOf(t time.Time) Period { return Period(calendar.MonthOf(t).String()) }

// Key names one counter.
type Key struct {
	Subject Subject
	Period  Period
}

// Counter says how much of a limit is used in one period.
type Counter struct {
	Key
	Used money.Amount
}

// Use says how much of one operation is counted in the periods that it touched
// last. Giving back returns only what still lies in the current ones
// (partner-api §6).
type Use struct {
	Day     Period
	InDay   money.Amount
	Month   Period
	InMonth money.Amount
}

// Delta is a change of the counters: what one act took (positive) or gave back
// (negative) in the day and in the month in which it was done. It is kept with
// the act, so that the counters can be added up again by somebody else.
type Delta struct {
	Day     Period
	InDay   money.Amount
	Month   Period
	InMonth money.Amount
}

// Take counts more at an instant.
func (u Use) Take(more money.Amount, day, month Period) (Use, Delta, error) {
	u = u.at(more.Currency(), day, month)
	var err error
	if u.InDay, err = u.InDay.Add(more); err != nil {
		return Use{}, Delta{}, err
	}
	if u.InMonth, err = u.InMonth.Add(more); err != nil {
		return Use{}, Delta{}, err
	}
	return u, Delta{Day: day, InDay: more, Month: month, InMonth: more}, nil
}

// GiveBack returns up to less: of the day what was counted in this very day, of
// the month what was counted in this very month.
func (u Use) GiveBack(less money.Amount, day, month Period) (Use, Delta, error) {
	u = u.at(less.Currency(), day, month)
	fromDay, fromMonth := smaller(less, u.InDay), smaller(less, u.InMonth)
	var err error
	if u.InDay, err = u.InDay.Sub(fromDay); err != nil {
		return Use{}, Delta{}, err
	}
	if u.InMonth, err = u.InMonth.Sub(fromMonth); err != nil {
		return Use{}, Delta{}, err
	}
	d := Delta{Day: day, Month: month}
	if d.InDay, err = fromDay.Neg(); err != nil {
		return Use{}, Delta{}, err
	}
	if d.InMonth, err = fromMonth.Neg(); err != nil {
		return Use{}, Delta{}, err
	}
	return u, d, nil
}

// at forgets what was counted in other periods than those given.
func (u Use) at(c money.Currency, day, month Period) Use {
	if u.Day != day || u.InDay.Currency() == "" {
		u.Day, u.InDay = day, money.Zero(c)
	}
	if u.Month != month || u.InMonth.Currency() == "" {
		u.Month, u.InMonth = month, money.Zero(c)
	}
	return u
}

func smaller(a, b money.Amount) money.Amount {
	if a.LessThan(b) {
		return a
	}
	return b
}
