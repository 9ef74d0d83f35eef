package scenario

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
	"okienko/okienkotest"
)

// Look asks the door for what the door shows. Balances, reasons, fees and what
// was used of a limit are read from the books: partners never see them. So is
// an object of which the application may no longer ask.
func (d *door) Look(ctx context.Context, a *Act, object string) (map[string]string, error) {
	d.step()
	books := d.inside.Books
	switch a.Verb {
	case ExpectAccount:
		id := account.ID(mark + a.Args["account"])
		if a.Args["account"] == "fees" {
			id = account.FeeIncome
		}
		acc, err := books.Account(ctx, id)
		return map[string]string{"booked": acc.Booked.String(), "held": acc.Held.String()}, err
	case ExpectHold:
		h, err := books.Hold(ctx, ledger.HoldID(object))
		if err != nil {
			return nil, err
		}
		date, hour := moment(h.ValidTo, a.Args["until-time"])
		return d.shown(ctx, a, object, h.Agreement, map[string]string{
			"status": string(h.Status), "amount": h.Amount.String(), "captured": h.Captured.String(), "until-date": date, "until-time": hour,
		})
	case ExpectPayment:
		p, err := books.Payment(ctx, payment.ID(object))
		if err != nil {
			return nil, err
		}
		return d.shown(ctx, a, object, p.Agreement, map[string]string{
			"status": string(p.Status), "amount": p.Amount.String(), "because": string(p.Reason), "fee": p.Fee.String(), "on": p.ExecutionDate.String(),
		})
	case ExpectConfirmation:
		c, err := books.Authorisation(ctx, payment.AuthorisationID(object))
		if err != nil {
			return nil, err
		}
		return d.shown(ctx, a, object, c.Agreement, map[string]string{"status": string(c.At(d.now)), "because": string(c.Reason), "fee": c.Fee.String()})
	}
	return d.counted(ctx, a)
}

// mayHide are the rules by which the door may keep an object from its own
// application: partner-api §6 has them checked before anything is shown.
var mayHide = []bank.Code{
	bank.AgreementEnded, bank.PermissionMissing, bank.PermissionUsedUp,
	bank.CustomerBlocked, bank.AccountBlocked, bank.AccountClosed, bank.AccessOff, bank.AccessBlocked,
}

// shown are the facts of the books, and above them those that the door shows.
func (d *door) shown(ctx context.Context, a *Act, object string, of consent.ID, facts map[string]string) (map[string]string, error) {
	for key, p := range d.pairings {
		if p.id != of {
			continue
		}
		app, customer, _ := strings.Cut(key, " ")
		c := &request{app: app, customer: customer, method: http.MethodGet}
		switch a.Verb {
		case ExpectHold:
			c.path = "/account/" + d.accountID(app, customer) + "/blockade/" + object
		case ExpectPayment:
			c.path = "/payment/" + object
		case ExpectConfirmation:
			c.path = "/authorization/" + object
		}
		got, err := d.send(ctx, p, c)
		if err != nil {
			return nil, err
		}
		if got.Status == http.StatusOK {
			maps.Copy(facts, read(got, a))
			return facts, nil
		}
		no, err := refusalOf(got)
		if no.Code == bank.TokenInvalid && p.ended {
			no.Code = bank.AgreementEnded
		}
		if err == nil && !slices.Contains(mayHide, no.Code) {
			err = fmt.Errorf("the door does not show it: %s", no)
		}
		return facts, err
	}
	return nil, fmt.Errorf("nobody is paired as %s", of)
}

// read are the facts in an answer of the door.
func read(got *okienkotest.Answer, a *Act) map[string]string {
	facts := map[string]string{"status": got.Field("status")}
	if s := got.Field("amount"); s != "" {
		facts["amount"] = s
	}
	if s := got.Field("executionDate"); s != "" {
		facts["on"] = s
	}
	if t, err := time.Parse(time.RFC3339, got.Field("validTo")); err == nil {
		facts["until-date"], facts["until-time"] = moment(t, a.Args["until-time"])
	}
	return facts
}

// counted is how much of something was used.
func (d *door) counted(ctx context.Context, a *Act) (map[string]string, error) {
	p, err := d.pairing(a.Args["app"], a.Args["customer"])
	if err != nil {
		return nil, err
	}
	day, month := limit.DayOf(d.now), limit.MonthOf(d.now)
	own, charges := limit.OfAgreement(string(p.id)), limit.ChargesOf(string(p.id))
	used, err := d.inside.Books.Counters(ctx, []limit.Key{{Subject: own, Period: day}, {Subject: own, Period: month}, {Subject: charges, Period: month}})
	if err != nil {
		return nil, err
	}
	switch a.Verb {
	case ExpectUsed:
		return map[string]string{
			"today": used[limit.Key{Subject: own, Period: day}].String(), "month": used[limit.Key{Subject: own, Period: month}].String(),
		}, nil
	case ExpectCharged:
		return map[string]string{"charged": used[limit.Key{Subject: charges, Period: month}].String()}, nil
	case ExpectCalls:
		return d.callsLeft(ctx, p, a.Args["permission"])
	}
	return nil, fmt.Errorf("%w: %s", ErrCannot, a.Verb)
}

// Where a text of a permission says what (partner-api §5): 15 fields, the third
// and the fourth of which name it, and the eleventh is valid_r.
const (
	permissionFields = 15
	objectField      = 2
	actionField      = 3
	leftField        = 10
)

// callsLeft reads the calls left in the permissions that come with new tokens.
func (d *door) callsLeft(ctx context.Context, p *paired, permission string) (map[string]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := d.renew(ctx, p); err != nil {
		return nil, err
	}
	for _, text := range p.tokens.Permissions {
		f := strings.Split(text, ":")
		if len(f) != permissionFields {
			return nil, fmt.Errorf("a permission of %d fields: %s", len(f), text)
		}
		if f[objectField]+":"+f[actionField] == permission {
			return map[string]string{"calls": f[leftField]}, nil
		}
	}
	return nil, fmt.Errorf("the permission was not given")
}
