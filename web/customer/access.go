package customer

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/xs2a"
	"okienko/web/ui"
)

// highLimit is from when on a limit is called very high: 100 000 zł is more than
// a household moves in a month, and a limit above it would stop no thief.
const highLimit = 100_000_00 // minor units

// ownAccount finds an account of the customer; a foreign one does not exist.
func (d *Door) ownAccount(ctx context.Context, v *visit, id account.ID) (account.Account, error) {
	a, err := d.Accounts.Account(ctx, id)
	if err != nil {
		return account.Account{}, err
	}
	if a.Kind != account.Customer || a.Customer != v.customer() {
		return account.Account{}, notFound()
	}
	return a, nil
}

// access shows which accounts can be reached from outside, and what limits that.
func (d *Door) access(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	all, err := d.Accounts.AccountsOf(ctx, v.customer())
	if err != nil {
		return err
	}
	p := ui.AccessPage{
		Common: d.common(r, v, ui.SectionAccess), Segment: ui.CustomerKind(v.acts.Customer.Segment), Hotline: d.Hotline,
		MaySwitch: v.binds, LimitsURL: limitsPath, ApplicationsURL: "/applications",
	}
	covered, err := d.coveredBy(ctx, v)
	if err != nil {
		return err
	}
	if d.thirdParties() {
		p.ConsentsURL = consentsPath
	}
	for i := range all {
		if all[i].Status == account.Closed {
			continue
		}
		line, err := d.accessLine(ctx, v, &all[i], strconv.Itoa(i+1))
		if err != nil {
			return err
		}
		line.Consents = covered[all[i].ID]
		p.Accounts = append(p.Accounts, line)
	}
	limits, of, err := d.ownLimits(r, v)
	if err != nil {
		return err
	}
	p.OneOff, p.Recurring = capUses(&limits.OneOff), capUses(&limits.Recurring)
	p.Unlimited = unlimited(of.OneOff) || unlimited(of.Recurring)
	return d.show(w, http.StatusOK, v, p)
}

// coveredBy counts the standing consents of each account.
func (d *Door) coveredBy(ctx context.Context, v *visit) (map[account.ID]int, error) {
	if !d.thirdParties() {
		return nil, nil
	}
	all, err := d.ConsentBook.ConsentsOf(ctx, v.customer())
	if err != nil {
		return nil, err
	}
	n := map[account.ID]int{}
	for i := range all {
		if all[i].At(d.Clock.Now()) != xs2a.Active {
			continue
		}
		for _, reach := range all[i].Accounts {
			if !reach.Past {
				n[reach.Account]++
			}
		}
	}
	return n, nil
}

func (d *Door) accessLine(ctx context.Context, v *visit, a *account.Account, key string) (ui.AccountAccess, error) {
	line := lineOf(a)
	l := ui.AccountAccess{Key: key, Name: line.Name, NRB: line.NRB, Access: ui.Access(a.Access.State), Since: a.Access.At}
	var err error
	if l.By, l.Person, err = d.accessBy(ctx, v, &a.Access); err != nil {
		return l, err
	}
	if l.By == ui.AccessByHotline || l.By == ui.AccessByBank {
		l.Why = a.Access.Why
	}
	switch err := d.Auth.MaySwitchAccess(ctx, v.person.ID, a.ID); bank.CodeOf(err) {
	case "":
		if a.Access.State == account.AccessOn {
			l.OffURL = "/access/" + string(a.ID) + "/off"
		} else {
			l.OnAction = "/access/" + string(a.ID) + "/on"
		}
	case bank.Internal, bank.Busy:
		return l, err
	}
	return l, nil
}

// accessBy is who decided, from the text that the deciding part of the bank left.
func (d *Door) accessBy(ctx context.Context, v *visit, a *account.Access) (by ui.AccessBy, person string, err error) {
	if account.FirstAccess(v.acts.Customer.Segment, a.At) == *a {
		return ui.AccessByRule, "", nil
	}
	kind, id, typed := strings.Cut(a.By, ":")
	switch {
	case strings.HasSuffix(kind, string(audit.Staff)): // "hotline staff:…" too
		return ui.AccessByHotline, "", nil
	case !typed:
		id = a.By
	case audit.ActorKind(kind) != audit.Customer:
		return ui.AccessByBank, "", nil
	}
	p, err := d.Parties.Person(ctx, party.PersonID(id))
	switch bank.CodeOf(err) {
	case "":
		return ui.AccessByPerson, p.FullName(), nil
	case bank.NotFound:
		return ui.AccessByBank, "", nil
	}
	return "", "", err
}

func capUses(l *ui.OwnLimits) []ui.CapUse {
	var out []ui.CapUse
	for _, c := range []struct {
		kind ui.LimitKind
		own  *ui.OwnLimit
	}{{ui.LimitSingle, &l.Single}, {ui.LimitDaily, &l.Daily}, {ui.LimitMonthly, &l.Monthly}} {
		out = append(out, ui.CapUse{Kind: c.kind, Most: c.own.Field.Now, Used: c.own.Used, Left: c.own.Left, Hint: c.own.Hint})
	}
	return out
}

func unlimited(c limit.Caps) bool { return !c.Single.Set && !c.Daily.Set && !c.Monthly.Set }

// hint is what is remarkable about a limit that is set.
func hint(most money.Amount) ui.LimitHint {
	switch {
	case most.IsZero():
		return ui.HintZero
	case most.Minor() >= highLimit:
		return ui.HintHigh
	}
	return ui.HintNone
}

// switchOn asks for the second factor: opening a door is proven, shutting one is not.
func (d *Door) switchOn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	a, err := d.ownAccount(r.Context(), v, account.ID(named(r, "id")))
	if err != nil {
		return err
	}
	if a.Access.State == account.AccessOn { // sent twice
		return seeOther(w, accessPath)
	}
	return d.begin(w, r, v, act{Purpose: sca.ForAccess, Subject: string(a.ID)})
}

// askOff asks once more before an account is shut.
func (d *Door) askOff(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := d.ownAccount(r.Context(), v, account.ID(named(r, "id")))
	if err != nil {
		return err
	}
	if a.Access.State != account.AccessOn {
		return seeOther(w, accessPath)
	}
	return d.show(w, http.StatusOK, v, ui.ConfirmAction{
		Common: d.common(r, v, ui.SectionAccess), Action: "/access/" + string(a.ID) + "/off", Kind: ui.AccessOff, Account: lineOf(&a), BackURL: accessPath,
	})
}

func (d *Door) switchOff(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := yes(w, r); err != nil {
		return err
	}
	a, err := d.ownAccount(r.Context(), v, account.ID(named(r, "id")))
	if err != nil {
		return err
	}
	if _, err := d.Auth.SwitchAccess(r.Context(), v.person.ID, a.ID, false, ""); err != nil {
		return err
	}
	d.notice(r, ui.NoticeAccessOff)
	return seeOther(w, accessPath)
}
