package customer

import (
	"context"
	"net/http"
	"slices"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/web/ui"
)

// wanted is a licensed third party's request that this reader may answer.
type wanted struct {
	authserver.PendingConsent
	choices []ui.AccountChoice
	any     bool // one of them may be chosen
}

// wanted finds the request of the address. It is nil, with a page written, when
// the reader cannot answer it.
func (d *Door) wanted(w http.ResponseWriter, r *http.Request, v *visit) (*wanted, error) {
	p, err := d.Auth.PendingConsent(r.Context(), authserver.RequestID(named(r, "id")))
	if err != nil {
		return nil, err
	}
	switch ok, err := d.meant(w, r, v, &p); {
	case err != nil || !ok:
		return nil, err
	case !v.binds:
		return nil, errNoPower
	}
	if v.acts.Customer.Blocked.IsSet() {
		d.errorPage(w, r, v, http.StatusForbidden, ui.Blocked)
		return nil, nil
	}
	q := &wanted{PendingConsent: p}
	return q, d.choicesFor(r.Context(), v, q)
}

// choicesFor lists the customer's accounts for a consent: those that may be
// chosen, and those that fit but cannot be used now, with the reason.
func (d *Door) choicesFor(ctx context.Context, v *visit, q *wanted) error {
	fit, err := d.Auth.ConsentAccounts(ctx, q.PendingConsent, v.person.ID, v.customer())
	switch bank.CodeOf(err) {
	case "", bank.AccessOff, bank.AccessBlocked, bank.AccountBlocked, bank.AccountClosed:
	default:
		return err
	}
	all, err := d.Accounts.AccountsOf(ctx, v.customer())
	if err != nil {
		return err
	}
	for i := range all {
		a := &all[i]
		c := ui.AccountChoice{ID: string(a.ID), Obstacle: shut(a)}
		if !slices.ContainsFunc(fit, func(f account.Account) bool { return f.ID == a.ID }) {
			if currency := q.currency(); c.Obstacle == ui.ObstacleNone && currency != "" && a.Currency() != currency {
				c.Obstacle = ui.ObstacleOther
			}
			if c.Obstacle == ui.ObstacleNone || c.Obstacle == ui.ObstacleClosed || !q.named(a.NRB) {
				continue
			}
		}
		line := lineOf(a)
		c.Name, c.NRB = line.Name, line.NRB
		if c.Available, err = a.Available(); err != nil {
			return err
		}
		q.any = q.any || c.Obstacle == ui.ObstacleNone
		q.choices = append(q.choices, c)
	}
	return nil
}

// shut is why third parties cannot use an account.
func shut(a *account.Account) ui.Obstacle {
	switch {
	case a.Status == account.Closed:
		return ui.ObstacleClosed
	case a.Access.State == account.AccessBlocked || a.Status == account.Blocked:
		return ui.ObstacleBlocked
	case a.Access.State != account.AccessOn:
		return ui.ObstacleOff
	}
	return ui.ObstacleNone
}

// currency is that of the payment, "" when there is none to make.
func (q *wanted) currency() money.Currency {
	if w := q.Consent.Payment; w != nil && len(w.Orders) > 0 {
		return w.Orders[0].Order.Amount.Currency()
	}
	return ""
}

// named tells whether an account is among those that the third party asks for:
// the others are none of this page's matter.
func (q *wanted) named(n nrb.NRB) bool {
	w := q.Consent.Payment
	if w == nil {
		return len(q.Consent.Wanted) == 0 || slices.Contains(q.Consent.Wanted, n.String())
	}
	for i := range w.Orders {
		if s := w.Orders[i].Order.Sender.Account; s != "" {
			if of, err := nrb.Parse(s); err != nil || of != n {
				return false
			}
		}
	}
	return len(w.Orders) > 0
}

// thirdPartyConsent shows who wants what.
func (d *Door) thirdPartyConsent(w http.ResponseWriter, r *http.Request, v *visit) error {
	q, err := d.wanted(w, r, v)
	if q == nil || err != nil {
		return err
	}
	return d.wantedPage(w, r, v, http.StatusOK, q, answered{})
}

// answered is a form that comes back: what was chosen, what is wrong with it, and
// why a payment cannot be confirmed.
type answered struct {
	accounts []string
	faults   []ui.Fault
	stop     *ui.Failure
}

func (d *Door) wantedPage(w http.ResponseWriter, r *http.Request, v *visit, status int, q *wanted, a answered) error {
	page, err := d.wantedView(r, v, q, a)
	if err != nil {
		return err
	}
	leaves(w, q.Request.RedirectURI)
	return d.show(w, status, v, page)
}

func (d *Door) wantedView(r *http.Request, v *visit, q *wanted, a answered) (ui.Page, error) {
	third, err := d.thirdParty(r.Context(), q.Consent.Organisation, q.Consent.Name)
	if err != nil {
		return nil, err
	}
	common := d.common(r, v, "")
	common.Faults = a.faults
	chosen := a.accounts
	if only := onlyChoice(q.choices); chosen == nil && only != "" {
		chosen = []string{only}
	}
	if q.Consent.Payment != nil {
		return d.paymentView(r, v, q, a.stop, common, third, chosen)
	}
	if chosen == nil && len(q.Consent.Wanted) > 0 { // the third party named them; the customer may leave some out
		for _, c := range q.choices {
			chosen = append(chosen, c.ID)
		}
	}
	p := ui.ReadConsent{
		Common: common, Action: wantedPath(q.Request.ID), Kind: whatFor(&q.Consent), ThirdParty: third, For: v.acts.Customer.Name,
		Accounts: q.choices, Chosen: chosen, None: !q.any, Until: q.Consent.Until, AccessURL: accessPath, TakeBack: consentsPath,
	}
	p.Rights, p.ByItself = readRights(&q.Consent)
	return p, nil
}

func (d *Door) paymentView(r *http.Request, v *visit, q *wanted, stop *ui.Failure, common ui.Common, third ui.ThirdParty, chosen []string) (ui.Page, error) {
	p := ui.PaymentConsent{
		Common: common, Action: wantedPath(q.Request.ID), Kind: whatFor(&q.Consent), ThirdParty: third, For: v.acts.Customer.Name,
		Accounts: q.choices, None: !q.any, Stop: stop, LimitsURL: limitsPath, AccessURL: accessPath, ExpiresAt: q.Request.ExpiresAt,
	}
	if len(chosen) > 0 {
		p.Account = chosen[0]
	}
	if len(q.Consent.Payment.Orders) == 0 && !q.any {
		return p, nil // somebody else's payment, perhaps: nothing is said of it
	}
	shown, err := d.whatView(r.Context(), q.Consent.Payment)
	if err != nil {
		return nil, err
	}
	p.Amount, p.Orders = shown.amount, shown.orders
	if mine := q.Request.Choice; mine != nil && mine.Customer == v.customer() {
		p.Fee = shown.fee // priced for the account that was chosen before
	}
	return p, nil
}

// thirdParty is an organisation as the register has it now.
func (d *Door) thirdParty(ctx context.Context, o thirdparty.Organisation, name string) (ui.ThirdParty, error) {
	t := ui.ThirdParty{Name: name, Organisation: string(o)}
	e, err := d.ThirdParties.Entry(ctx, o)
	switch bank.CodeOf(err) {
	case "":
		now := d.Clock.Now()
		t.Listed = !now.Before(e.Since) && (e.Until.IsZero() || now.Before(e.Until))
	case bank.NotFound:
	default:
		return t, err
	}
	return t, nil
}

// answer takes the reader's decision about a third party's request.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := readForm(w, r, "account")
	if err != nil {
		return err
	}
	switch f.Value("decision") {
	case "continue":
	case "refuse":
		return d.refuse(w, r, v.person.ID)
	default:
		return errBadForm
	}
	q, err := d.wanted(w, r, v)
	if q == nil || err != nil {
		return err
	}
	a := answered{accounts: f.All("account")}
	if q.Consent.Payment != nil && len(q.Consent.Payment.Orders) == 0 { // one account, and no choice
		a.accounts = []string{onlyChoice(q.choices)}
	}
	if fault := chosenAccounts(q, a.accounts); fault != nil {
		a.faults = []ui.Fault{*fault}
		return d.wantedPage(w, r, v, http.StatusUnprocessableEntity, q, a)
	}
	c := authserver.ConsentChoice{Person: v.person.ID, Customer: v.customer()}
	for _, id := range a.accounts {
		c.Accounts = append(c.Accounts, account.ID(id))
	}
	p, err := d.Auth.ChooseForConsent(r.Context(), q.Request.ID, c)
	if err == nil {
		if a.stop, err = d.shortOfMoney(r.Context(), &p); err == nil && a.stop == nil {
			return d.begin(w, r, v, act{Purpose: sca.ForConsent, Subject: string(q.Request.ID)})
		}
	} else {
		err = d.stopped(r.Context(), v, q, err, &a)
	}
	if err != nil {
		return err
	}
	if a.stop != nil && a.stop.Limit != nil {
		d.sessions.Put(r.Context(), keyWaiting, string(q.Request.ID))
	}
	return d.wantedPage(w, r, v, http.StatusConflict, q, a)
}

// chosenAccounts finds what is wrong with a choice, nil when nothing is.
func chosenAccounts(q *wanted, ids []string) *ui.Fault {
	if len(ids) == 0 {
		return &ui.Fault{Field: "account", Why: ui.ChooseOne}
	}
	if q.Consent.Payment != nil && len(ids) > 1 {
		return &ui.Fault{Field: "account", Why: ui.CannotChoose}
	}
	for _, id := range ids {
		if fault := chosenAccount(q.choices, id); fault != nil {
			return fault
		}
	}
	return nil
}

// refuseConsent takes a no, also of somebody who has not logged in: nobody should
// have to give a password in order to say no.
func (d *Door) refuseConsent(w http.ResponseWriter, r *http.Request) error {
	return d.refuse(w, r, party.PersonID(d.sessions.GetString(r.Context(), keyPerson)))
}

func (d *Door) refuse(w http.ResponseWriter, r *http.Request, by party.PersonID) error {
	to, err := d.Auth.RefuseConsent(r.Context(), authserver.RequestID(named(r, "id")), by)
	if err != nil {
		return err
	}
	if by != "" {
		a := act{Purpose: sca.ForConsent, Subject: named(r, "id")}
		if err := d.forget(r.Context(), &a); err != nil {
			return err
		}
	}
	return seeOther(w, to)
}
