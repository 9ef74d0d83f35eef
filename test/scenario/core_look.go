package scenario

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
)

func (e *core) Look(ctx context.Context, a *Act, object string) (map[string]string, error) {
	app, customer := a.Args["app"], a.Args["customer"]
	day, month := limit.DayOf(e.clock.Now()), limit.MonthOf(e.clock.Now())
	own, charges := limit.OfAgreement(string(agreementOf(app, customer))), limit.ChargesOf(string(agreementOf(app, customer)))
	used := func(s limit.Subject, p limit.Period) (string, error) {
		k := limit.Key{Subject: s, Period: p}
		got, err := e.world.Counters(ctx, []limit.Key{k})
		return got[k].String(), err
	}
	switch a.Verb {
	case ExpectAccount:
		id := account.ID(a.Args["account"])
		if id == "fees" {
			id = account.FeeIncome
		}
		acc, err := e.world.Account(ctx, id)
		return map[string]string{"booked": acc.Booked.String(), "held": acc.Held.String()}, err
	case ExpectHold:
		h, err := e.world.Hold(ctx, ledger.HoldID(object))
		date, hour := moment(h.ValidTo, a.Args["until-time"])
		return map[string]string{"status": string(h.Status), "amount": h.Amount.String(), "captured": h.Captured.String(), "until-date": date, "until-time": hour}, err
	case ExpectPayment:
		p, err := e.world.Payment(ctx, payment.ID(object))
		return map[string]string{"status": string(p.Status), "amount": p.Amount.String(), "because": string(p.Reason), "fee": p.Fee.String(), "on": p.ExecutionDate.String()}, err
	case ExpectConfirmation:
		c, err := e.world.Authorisation(ctx, payment.AuthorisationID(object))
		return map[string]string{"status": string(c.At(e.clock.Now())), "because": string(c.Reason), "fee": c.Fee.String()}, err
	case ExpectUsed:
		today, err := used(own, day)
		if err != nil {
			return nil, err
		}
		mon, err := used(own, month)
		return map[string]string{"today": today, "month": mon}, err
	case ExpectCharged:
		charged, err := used(charges, month)
		return map[string]string{"charged": charged}, err
	case ExpectCalls:
		g, err := e.world.Agreement(ctx, agreementOf(app, customer))
		if err != nil {
			return nil, err
		}
		grant := g.Grant(a.Permission("permission"))
		if grant == nil {
			return nil, fmt.Errorf("the permission was not given")
		}
		return map[string]string{"calls": strconv.FormatInt(grant.Left, 10)}, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrCannot, a.Verb)
}

// moment prints an instant in Warsaw, in the precision in which it was asked.
func moment(t time.Time, asked string) (date, hour string) {
	form := "15:04:05"
	if len(asked) == len("15:04") {
		form = "15:04"
	}
	return calendar.DateOf(t).String(), t.In(calendar.Warsaw()).Format(form)
}
