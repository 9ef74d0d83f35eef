package customer

import (
	"context"
	"net/http"
	"strings"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/web/ui"
)

func wantedPath(id authserver.RequestID) string { return "/consent/" + string(id) }
func consentPath(id xs2a.ID) string             { return consentsPath + "/" + string(id) }

// given tells whether a consent was ever given: one that was only asked for, or
// refused, is no matter of these lists.
func given(c *xs2a.Consent) bool { return c.Status == xs2a.Active || c.Status == xs2a.Ended }

// consents lists what was given to licensed third parties.
func (d *Door) consents(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	all, err := d.ConsentBook.ConsentsOf(ctx, v.customer())
	if err != nil {
		return err
	}
	p := ui.Consents{Common: d.common(r, v, ui.SectionConsents)}
	show := r.URL.Query().Get("show")
	p.Filters, show = filters(consentsPath, show, ui.FilterAll, ui.FilterActive, ui.FilterEnded)
	names := map[account.ID]ui.AccountLine{}
	for i := range all {
		c := &all[i]
		active := c.At(d.Clock.Now()) == xs2a.Active
		if !given(c) || show == ui.FilterActive && !active || show == ui.FilterEnded && active {
			continue
		}
		line, err := d.consentLine(ctx, names, c)
		if err != nil {
			return err
		}
		p.List = append(p.List, line)
	}
	if v.binds {
		p.FundsURL = fundsPath
	}
	return d.show(w, http.StatusOK, v, p)
}

// filters makes the row of links of a list; what is not among them means all.
func filters(page, show string, names ...string) (links []ui.FilterLink, chosen string) {
	chosen = names[0]
	for _, n := range names {
		if n == show {
			chosen = n
		}
	}
	for _, n := range names {
		url := page
		if n != names[0] {
			url += "?show=" + n
		}
		links = append(links, ui.FilterLink{Name: n, URL: url, Current: n == chosen})
	}
	return links, chosen
}

func (d *Door) consentLine(ctx context.Context, names map[account.ID]ui.AccountLine, c *xs2a.Consent) (ui.ConsentLine, error) {
	l := ui.ConsentLine{
		URL: consentPath(c.ID), ThirdParty: c.Name, What: whatFor(c), State: ui.PairingActive,
		Given: c.GivenAt, LastUsed: c.LastUsed, LastRead: xs2a.Right(c.LastRead), Until: c.Until,
	}
	if now := d.Clock.Now(); c.At(now) != xs2a.Active {
		l.State = ui.PairingEnded
		if l.EndedAt = c.EndedAt; l.EndedAt.IsZero() {
			l.EndedAt = c.Until
		}
	}
	for _, reach := range c.Accounts {
		if reach.Past {
			continue
		}
		line, err := seen(names, reach.Account, func() (ui.AccountLine, error) { return d.accountLine(ctx, reach.Account) })
		if err != nil {
			return l, err
		}
		l.Accounts = append(l.Accounts, line)
	}
	if c.Payment != nil && len(c.Payment.Orders) > 0 {
		shown, err := d.whatView(ctx, c.Payment)
		if err != nil {
			return l, err
		}
		l.Amount = shown.amount
	}
	return l, nil
}

// ownConsent finds a consent of the customer; a foreign one does not exist.
func (d *Door) ownConsent(ctx context.Context, v *visit, id xs2a.ID) (xs2a.Consent, error) {
	c, err := d.ConsentBook.Consent(ctx, id)
	if err != nil {
		return xs2a.Consent{}, err
	}
	if c.Customer != v.customer() || !given(&c) {
		return xs2a.Consent{}, notFound()
	}
	return c, nil
}

// givenPage shows one consent.
func (d *Door) givenPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	c, err := d.ownConsent(ctx, v, xs2a.ID(named(r, "id")))
	if err != nil {
		return err
	}
	p := ui.ConsentDetail{Common: d.common(r, v, ui.SectionConsents), BackURL: consentsPath}
	if p.ConsentLine, err = d.consentLine(ctx, map[account.ID]ui.AccountLine{}, &c); err != nil {
		return err
	}
	if p.Party, err = d.thirdParty(ctx, c.Organisation, c.Name); err != nil {
		return err
	}
	p.Rights, p.ByItself = readRights(&c)
	if c.Payment != nil {
		shown, err := d.whatView(ctx, c.Payment)
		if err != nil {
			return err
		}
		p.Orders = shown.orders
		for i := range c.Payment.Orders {
			p.Orders[i].Fee = c.Payment.Orders[i].Fee
		}
		if p.Payments, err = d.madeWith(ctx, &c); err != nil {
			return err
		}
	}
	if p.State == ui.PairingActive {
		p.EndURL = consentPath(c.ID) + "/end"
		if renewable(&c) && v.binds {
			p.RenewURL = consentPath(c.ID) + "/renew"
		}
	} else {
		p.EndedBy = enderOf(&c)
	}
	return d.show(w, http.StatusOK, v, p)
}

// renewable tells whether another 180 days can be given: a payment is consented
// to anew, a consent for funds has no such bound.
func renewable(c *xs2a.Consent) bool {
	return c.Scope == xs2a.AccountInfo || c.Scope == xs2a.AccountList
}

func enderOf(c *xs2a.Consent) ui.Ender {
	kind, _, _ := strings.Cut(c.EndedBy, ":")
	switch audit.ActorKind(kind) {
	case audit.Customer:
		return ui.EndedByYou
	case audit.ThirdParty:
		return ui.EndedByThem
	case audit.Staff, audit.Bank:
		return ui.EndedByBank
	}
	return ui.EndedByTime
}

// madeWith are the payments that were made with a consent, at most one page.
func (d *Door) madeWith(ctx context.Context, c *xs2a.Consent) ([]ui.TransferLine, error) {
	if c.Made == "" || len(c.Payment.Orders) == 0 || len(c.Accounts) == 0 {
		return nil, nil
	}
	f := transfer.Filter{Account: c.Accounts[0].Account, Size: transfersPage}
	switch {
	case c.Payment.Bundle:
		f.Bundle = transfer.BundleID(c.Made)
	case c.Payment.Orders[0].Order.Mode == transfer.Recurring:
		f.Standing = transfer.StandingID(c.Made)
	default:
		t, err := d.Transfers.Transfer(ctx, transfer.ID(c.Made))
		if err != nil {
			return nil, err
		}
		return []ui.TransferLine{transferLine(&t, "")}, nil
	}
	all, err := d.Transfers.Transfers(ctx, f)
	if err != nil {
		return nil, err
	}
	var out []ui.TransferLine
	for i := range all {
		out = append(out, transferLine(&all[i], ""))
	}
	return out, nil
}

// askEndConsent asks once more before a consent is taken back.
func (d *Door) askEndConsent(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := d.ownConsent(r.Context(), v, xs2a.ID(named(r, "id")))
	if err != nil {
		return err
	}
	page := consentPath(c.ID)
	if c.At(d.Clock.Now()) != xs2a.Active {
		return seeOther(w, page)
	}
	return d.show(w, http.StatusOK, v, ui.ConfirmAction{
		Common: d.common(r, v, ui.SectionConsents), Action: page + "/end", Kind: ui.EndConsent, Application: c.Name, BackURL: page,
	})
}

// endConsent takes a consent back. Taking back what has ended is harmless.
func (d *Door) endConsent(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := yes(w, r); err != nil {
		return err
	}
	c, err := d.ownConsent(r.Context(), v, xs2a.ID(named(r, "id")))
	if err != nil {
		return err
	}
	if err := d.Auth.WithdrawConsent(r.Context(), v.person.ID, c.ID); err != nil {
		return err
	}
	d.notice(r, ui.NoticeConsentEnded)
	return seeOther(w, consentPath(c.ID))
}

// askRenew shows what is renewed; one confirmation is all that it takes.
func (d *Door) askRenew(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	c, err := d.ownConsent(ctx, v, xs2a.ID(named(r, "id")))
	if err != nil {
		return err
	}
	page, now := consentPath(c.ID), d.Clock.Now()
	if c.At(now) != xs2a.Active || !renewable(&c) {
		return seeOther(w, page)
	}
	p := ui.ReadConsent{
		Common: d.common(r, v, ui.SectionConsents), Action: page + "/renew", Kind: ui.SubjectRenew,
		For: v.acts.Customer.Name, Until: now.Add(xs2a.MaxLife), BackURL: page,
	}
	p.Rights, p.ByItself = readRights(&c)
	if p.ThirdParty, err = d.thirdParty(ctx, c.Organisation, c.Name); err != nil {
		return err
	}
	line, err := d.consentLine(ctx, map[account.ID]ui.AccountLine{}, &c)
	if err != nil {
		return err
	}
	p.Fixed = line.Accounts
	return d.show(w, http.StatusOK, v, p)
}

func (d *Door) renew(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	if f.Value("decision") != "continue" {
		return errBadForm
	}
	c, err := d.ownConsent(r.Context(), v, xs2a.ID(named(r, "id")))
	if err != nil {
		return err
	}
	if c.At(d.Clock.Now()) != xs2a.Active {
		return bank.Refuse(bank.AgreementEnded, "The consent does not stand.")
	}
	return d.begin(w, r, v, act{Purpose: sca.ForRenewal, Subject: string(c.ID)})
}
