package customer

import (
	"context"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
	"okienko/web/ui"
)

// consentDeed gives a third party's consent and leads the reader back to it.
func (d *Door) consentDeed(ctx context.Context, v *visit, id authserver.RequestID) (*deed, error) {
	p, err := d.Auth.PendingConsent(ctx, id)
	if err != nil {
		return nil, err
	}
	page, c := wantedPath(id), p.Request.Choice
	if c == nil || c.Person != v.person.ID || c.Customer != v.customer() {
		return nil, elsewhere(page) // somebody else's choice is not confirmed
	}
	subject, err := d.Auth.ConsentSubject(ctx, id, party.Language(v.lang))
	if err != nil {
		return nil, err
	}
	shown := ui.Subject{Kind: whatFor(&p.Consent), Application: p.Consent.Name}
	lines := make([]ui.AccountLine, len(c.Accounts))
	for i, a := range c.Accounts {
		if lines[i], err = d.accountLine(ctx, a); err != nil {
			return nil, err
		}
	}
	if p.Consent.Payment == nil {
		shown.Accounts, shown.Until = lines, p.Consent.Until
	} else {
		what, err := d.whatView(ctx, p.Consent.Payment)
		if err != nil {
			return nil, err
		}
		shown.Amount, shown.Fee, shown.Account = what.amount, what.fee, lines[0]
		if len(what.orders) == 1 {
			shown.Payee, shown.Title = what.orders[0].Payee, what.orders[0].Title
		}
		if len(p.Consent.Payment.Orders) == 0 {
			shown.Fee = money.Amount{} // cancelling and looking cost nothing
		}
	}
	return &deed{
		subject: subject, shown: shown, back: page, leaves: p.Request.RedirectURI,
		finish: func(challenge sca.ID) (string, error) { return d.Auth.GiveConsent(ctx, id, v.person.ID, challenge) },
	}, nil
}

// renewalDeed gives a consent to read another time.
func (d *Door) renewalDeed(ctx context.Context, v *visit, id xs2a.ID) (*deed, error) {
	c, err := d.ownConsent(ctx, v, id)
	if err != nil {
		return nil, err
	}
	subject, err := d.Auth.RenewalSubject(ctx, v.person.ID, id, party.Language(v.lang))
	if err != nil {
		return nil, err
	}
	line, err := d.consentLine(ctx, map[account.ID]ui.AccountLine{}, &c)
	if err != nil {
		return nil, err
	}
	page := consentPath(id)
	return &deed{
		subject: subject, section: ui.SectionConsents, back: page, notice: ui.NoticeConsentRenewed,
		shown: ui.Subject{Kind: ui.SubjectRenew, Application: c.Name, Accounts: line.Accounts, Until: d.Clock.Now().Add(xs2a.MaxLife)},
		finish: func(challenge sca.ID) (string, error) {
			_, err := d.Auth.RenewConsent(ctx, v.person.ID, id, challenge)
			return page, err
		},
	}, nil
}

// fundsDeed lets a card issuer ask whether there is enough money. The act's
// subject is the account; To are the issuer and the last day.
func (d *Door) fundsDeed(ctx context.Context, v *visit, a *act) (*deed, error) {
	if len(a.To) != 2 {
		return nil, elsewhere(fundsPath)
	}
	last, err := calendar.ParseDate(a.To[1])
	if err != nil {
		return nil, elsewhere(fundsPath)
	}
	ask := authserver.FundsAsk{
		Person: v.person.ID, Customer: v.customer(), Account: account.ID(a.Subject), Issuer: thirdparty.Organisation(a.To[0]),
		Until: endOf(last),
	}
	subject, err := d.Auth.FundsSubject(ctx, ask, party.Language(v.lang))
	if err != nil {
		return nil, err
	}
	issuer, err := d.ThirdParties.Entry(ctx, ask.Issuer)
	if err != nil {
		return nil, err
	}
	line, err := d.accountLine(ctx, ask.Account)
	if err != nil {
		return nil, err
	}
	return &deed{
		subject: subject, section: ui.SectionConsents, back: fundsPath, notice: ui.NoticeFundsGiven,
		shown: ui.Subject{Kind: ui.SubjectFunds, Application: issuer.Name, Accounts: []ui.AccountLine{line}, Until: ask.Until},
		finish: func(challenge sca.ID) (string, error) {
			c, err := d.Auth.GiveFunds(ctx, ask, challenge)
			if err != nil {
				return "", err
			}
			return consentPath(c.ID), nil
		},
	}, nil
}

// endOf is the last second of a day: "until a day" includes it, and a page that
// said midnight of the next one would be misread.
func endOf(day calendar.Date) time.Time { return day.AddDays(1).Start().Add(-time.Second) }

// accessDeed opens an account to applications and third parties.
func (d *Door) accessDeed(ctx context.Context, v *visit, id account.ID) (*deed, error) {
	a, err := d.ownAccount(ctx, v, id)
	if err != nil {
		return nil, err
	}
	if a.Access.State == account.AccessOn {
		return nil, elsewhere(accessPath)
	}
	subject, err := d.Auth.AccessSubject(ctx, v.person.ID, id, true, party.Language(v.lang))
	if err != nil {
		return nil, err
	}
	return &deed{
		subject: subject, section: ui.SectionAccess, back: accessPath, notice: ui.NoticeAccessOn,
		shown: ui.Subject{Kind: ui.SubjectAccess, Account: lineOf(&a)},
		finish: func(challenge sca.ID) (string, error) {
			_, err := d.Auth.SwitchAccess(ctx, v.person.ID, id, true, challenge)
			return accessPath, err
		},
	}, nil
}
