package psd2

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/client"
	"okienko/okienkotest"
)

// thing is what can be ordered.
type thing int

const (
	onePayment thing = iota
	aBundle
	aStandingOrder
)

// ordered is something that a third party has ordered, as the model knows it.
type ordered struct {
	thing
	consent *given
	from    string
	kind    client.Kind
	own     string // the third party's id
	first   client.Initiated
	status  string
}

// named are the payment systems as orders name them, which PolishAPI always does.
var named = map[transfer.System]string{
	transfer.Internal: client.SystemInternal, transfer.Elixir: client.SystemElixir, transfer.ExpressElixir: client.SystemExpressElixir,
	transfer.BlueCash: client.SystemBlueCash, transfer.Sorbnet: client.SystemSorbnet, transfer.SEPA: client.SystemSEPA,
	transfer.InstantSEPA: client.SystemInstantSEPA, transfer.Target: client.SystemTarget, transfer.Swift: client.SystemSwift,
}

// says are the forms that have words for a payment: a split payment came with 3.0,
// and the payee's country with 2.1.2.
func says(p *client.Payment) []client.Form {
	switch {
	case p.Split != nil:
		return []client.Form{client.MBank, client.PolishAPI30}
	case p.Recipient.CountryCode != "", p.Recipient.Address != nil:
		return []client.Form{client.MBank, client.PolishAPI212, client.PolishAPI30}
	}
	return client.Forms()
}

// payAcross consents to a payment at one door, orders it at another and repeats it
// at others: it is one payment, and costs once.
func (g *doors) payAcross() {
	g.Helper()
	w, order := g.order()
	order.System = named[w.system]
	if order.Kind == client.NonEEA { // PolishAPI wants the payee's country
		order.Recipient.Address = &client.NameAddress{Address: client.Address{CountryCode: "US"}}
	}
	g.paysAcross(g.dice.IntN(len(g.parties)), w.login, order)
}

func (g *doors) paysAcross(by int, login string, order client.Payment) *ordered {
	g.Helper()
	from, forms := order.Sender.AccountNumber, says(&order)
	c := g.asked(by, login, []string{from}, client.Consent{Payment: &order}, forms...)
	if c == nil {
		return nil
	}
	s := g.session(c)
	if g.dice.IntN(3) == 0 {
		other := order
		other.TransferData.Amount = less(g.T, order.TransferData.Amount, "-0.01")
		p := g.in(by, forms...)
		g.say("another amount in %s", speaks(p))
		if _, err := p.Pay(g.Context(), s, client.NewID(), other); !refusedWith(err, http.StatusUnauthorized) {
			g.Errorf("a payment that the customer has not consented to, in %s: %v", speaks(p), err)
		}
	}
	o := &ordered{consent: c, from: from, kind: order.Kind, own: client.NewID()}
	if order.ExecutionMode == "RECURRING" {
		o.thing = aStandingOrder
	}
	g.places(o, forms, func(p *okienkotest.ThirdParty) (client.Initiated, error) { return p.Pay(g.Context(), s, o.own, order) })
	g.met("paid")
	// Under another id the consent is used up.
	p := g.in(by, forms...)
	if _, err := p.Pay(g.Context(), s, client.NewID(), order); !refusedWith(err, http.StatusForbidden) {
		g.Errorf("a second payment under one consent in %s: %v", speaks(p), err)
	}
	if g.dice.IntN(4) == 0 {
		g.looksOnly(o, order)
	}
	return o
}

// looksOnly narrows the tokens of an order to its status at one door: at none of
// them do they order any more.
func (g *doors) looksOnly(o *ordered, order client.Payment) {
	g.Helper()
	c, p := o.consent, g.in(o.consent.by)
	g.say("a refresh to the status in %s", speaks(p))
	next, err := p.RefreshTo(g.Context(), c.tokens.Refresh, client.Consent{
		ID: c.id, Until: c.until, Status: &client.Target{PaymentID: o.first.PaymentID, Recurring: o.thing == aStandingOrder},
	})
	if err != nil {
		g.Errorf("a refresh to the status in %s: %v", speaks(p), err)
		return
	}
	c.tokens, c.at = next, g.Inside().Now()
	s := g.session(c)
	for _, form := range says(&order) {
		q := g.in(c.by, form)
		if _, err := q.Pay(g.Context(), s, o.own, order); !refusedWith(err, http.StatusForbidden) {
			g.Errorf("ordering in %s with tokens that only look: %v", form, err)
		}
	}
	g.statusEverywhere(o)
	g.met("tokens that only look")
}

// places orders something at one door and again, under the same id, at all that
// can say it.
func (g *doors) places(o *ordered, forms []client.Form, order func(*okienkotest.ThirdParty) (client.Initiated, error)) {
	g.Helper()
	p := g.in(o.consent.by, forms...)
	g.say("ordered in %s as %s", speaks(p), o.own)
	var err error
	if o.first, err = order(p); err != nil {
		g.Fatalf("ordering in %s: %v", speaks(p), err)
	}
	if o.first.OwnPaymentID == "" && o.thing != aBundle {
		o.first.OwnPaymentID = o.own
	}
	o.status = standsAt(o, &o.first)
	g.consented(o)
	g.rest()
	after := g.booked(o.from)
	for _, form := range forms {
		q := g.in(o.consent.by, form)
		again, err := order(q)
		if err != nil || again.PaymentID != o.first.PaymentID || again.BundleID != o.first.BundleID {
			g.Errorf("%s of %s again in %s is %+v, %v", o.own, speaks(p), form, again, err)
		}
	}
	if now := g.booked(o.from); now != after {
		g.Errorf("an order that was repeated has cost: before %s, after %s", after, now)
	}
	g.made = append(g.made, o)
}

// consented notes in the model that the consent of an order was used.
func (g *doors) consented(o *ordered) {
	for _, r := range o.consent.rights {
		o.consent.spent[r] = true
	}
}

// booked is what stands on an account, booked and available.
func (g *doors) booked(number string) string {
	now := held{Number: number}.again(g.T, g.Bank)
	return now.Booked + " " + now.Available
}

// standsAt is where an order stands, in words that all forms have. Of a standing
// order every form tells its own status.
func standsAt(o *ordered, i *client.Initiated) string {
	if o.thing == aStandingOrder {
		return i.RecurringStatus
	}
	return i.GeneralStatus
}

// bundleAcross orders a bundle as payAcross a payment.
func (g *doors) bundleAcross() {
	g.Helper()
	titles := []string{"one", "two", "three", "scenario:closed", "scenario:returned"}
	g.dice.Shuffle(len(titles), func(i, j int) { titles[i], titles[j] = titles[j], titles[i] })
	k, by := bundle(titles[:2+g.dice.IntN(3)]...), g.dice.IntN(len(g.game.parties))
	from := g.ways[0].from.Number
	for i := range k.Transfers {
		k.Transfers[i].Sender.AccountNumber = from
		if g.dice.IntN(2) == 0 {
			k.Transfers[i].ExecutionMode, k.Transfers[i].TransferData.ExecutionDate = "FUTURE_DATED", g.day(1+g.dice.IntN(9))
		}
	}
	c := g.asked(by, "jan", []string{from}, client.Consent{Bundle: &k})
	if c == nil {
		return
	}
	s, o := g.session(c), &ordered{thing: aBundle, consent: c, from: from, own: client.NewID()}
	g.places(o, client.Forms(), func(p *okienkotest.ThirdParty) (client.Initiated, error) {
		return p.PayBundle(g.Context(), s, o.own, k)
	})
	g.met("a bundle")
}

// day is so many days ahead.
func (g *doors) day(ahead int) string {
	return date(g.T, g.Inside().Now().Format(time.DateOnly)).AddDays(ahead).String()
}

// oftenAcross orders a standing order, not too many of them.
func (g *doors) oftenAcross() {
	g.Helper()
	if g.standing == 6 {
		return
	}
	g.standing++
	units := []string{"DAY", "WEEK", "MONTH"}
	first := date(g.T, g.day(1+g.dice.IntN(5)))
	order := standing(g.T, g.Bank, fmt.Sprintf("standing %d", g.step), client.Recurrence{
		StartDate: first.String(), EndDate: first.AddDays(g.dice.IntN(60)).String(),
		Frequency: client.Frequency{Type: units[g.dice.IntN(3)], Value: 1 + g.dice.IntN(3)}, DayOff: []string{"BEFORE", "AFTER"}[g.dice.IntN(2)],
	})
	order.Sender.AccountNumber = g.ways[0].from.Number
	if g.paysAcross(g.dice.IntN(len(g.parties)), "jan", order) != nil {
		g.met("a standing order")
	}
}

// status asks at a door what became of an order, by the bank's id or by the third
// party's own.
func (g *doors) status(p *okienkotest.ThirdParty, s client.Session, o *ordered, byOwn bool) (client.Initiated, error) {
	known := client.Initiated{Kind: o.kind, PaymentID: o.first.PaymentID, BundleID: o.first.BundleID, RecurringStatus: o.first.RecurringStatus}
	switch {
	case o.thing == aBundle && byOwn:
		return p.FindBundle(g.Context(), s, o.kind, o.own)
	case o.thing == aBundle:
		return p.BundleStatus(g.Context(), s, known)
	case o.thing == aStandingOrder && byOwn:
		return p.FindRecurring(g.Context(), s, o.kind, o.own)
	case byOwn:
		return p.FindPayment(g.Context(), s, o.kind, o.own)
	}
	return p.PaymentStatus(g.Context(), s, known)
}

// statusEverywhere asks every door; a status never goes back.
func (g *doors) statusEverywhere(o *ordered) {
	g.Helper()
	if !o.consent.stands(g.Inside().Now()) || o.consent.lost {
		return
	}
	s, first := g.session(o.consent), ""
	for n, p := range g.parties[o.consent.by] {
		now, err := g.status(p, s, o, g.dice.IntN(2) == 0)
		if err != nil {
			g.Errorf("the status of %s in %s: %v", o.own, speaks(p), err)
			continue
		}
		text := statusText(o, &now)
		if n == 0 {
			first = text
			g.moved(o, standsAt(o, &now))
		} else if text != first {
			g.Errorf("%s is %s in %s, %s in %s", o.own, first, speaks(g.parties[o.consent.by][0]), text, speaks(p))
		}
	}
}

// statusText is what every form says of where an order stands.
func statusText(o *ordered, i *client.Initiated) string {
	var parts []string
	for n := range i.Transfers {
		parts = append(parts, i.Transfers[n].OwnPaymentID+" "+i.Transfers[n].PaymentID+" "+i.Transfers[n].GeneralStatus)
	}
	slices.Sort(parts)
	return fmt.Sprintln(i.PaymentID, i.BundleID, i.OwnPaymentID, i.OwnBundleID, standsAt(o, i), strings.Join(parts, ", "))
}

func (g *doors) moved(o *ordered, to string) {
	g.Helper()
	if o.thing == aStandingOrder {
		o.status = to
		return
	}
	if was, is := rank(o.status), rank(to); is < was || (was == last && to != o.status) {
		g.Errorf("%s was %s and is %s", o.own, o.status, to)
	}
	if o.status != to {
		g.met(to)
	}
	o.status = to
}

// cancelAcross consents to cancelling at one door and cancels at another; a third
// one finds nothing left to cancel.
func (g *doors) cancelAcross() {
	g.Helper()
	if len(g.made) == 0 {
		return
	}
	o := g.made[len(g.made)-1-g.dice.IntN(min(len(g.made), 6))]
	target := &client.Target{PaymentID: o.first.PaymentID, BundleID: o.first.BundleID, Recurring: o.thing == aStandingOrder}
	c := g.asked(o.consent.by, o.consent.login, []string{o.from}, client.Consent{Cancel: target})
	s, p := g.session(c), g.in(c.by)
	g.say("%s is cancelled in %s", o.own, speaks(p))
	err := g.cancels(p, s, o)
	switch {
	case err == nil:
		g.met("cancelled in time")
	case isNot(err):
		g.met("cancelled too late")
	default:
		g.Errorf("cancelling in %s: %v", speaks(p), err)
	}
	for _, p := range g.parties[c.by] {
		err := g.cancels(p, s, o)
		again := o.thing == aStandingOrder && speaks(p) != client.MBank && err == nil // ending it twice answers the same
		if !isNot(err) && !again {
			g.Errorf("cancelling again in %s: %v", speaks(p), err)
		}
	}
	g.statusEverywhere(o)
	if err == nil && o.thing == onePayment && o.status != "CANCELLED" && o.consent.stands(g.Inside().Now()) && !o.consent.lost {
		g.Errorf("cancelled in %s, and it is %s", speaks(p), o.status)
	}
}

func (g *doors) cancels(p *okienkotest.ThirdParty, s client.Session, o *ordered) error {
	switch o.thing {
	case aBundle:
		return p.CancelBundle(g.Context(), s, o.kind, o.first.BundleID)
	case aStandingOrder:
		return p.CancelRecurring(g.Context(), s, o.kind, o.first.PaymentID)
	}
	return p.Cancel(g.Context(), s, o.kind, o.first.PaymentID)
}

// several asks for many payments of one third party in one call, and for each of
// them at another door.
func (g *doors) several() {
	g.Helper()
	by, now := g.dice.IntN(len(g.parties)), g.Inside().Now()
	var list []client.TokenOf
	var of []*ordered
	for _, n := range g.dice.Perm(len(g.made)) {
		o := g.made[n]
		if o.thing != onePayment || o.consent.by != by || !o.consent.stands(now) || o.consent.lost || len(list) == 5 {
			continue
		}
		one := client.TokenOf{Token: g.session(o.consent).Token}
		if g.dice.IntN(2) == 0 {
			one.PaymentID = o.first.PaymentID
		} else {
			one.OwnID = o.own
		}
		list, of = append(list, one), append(of, o)
	}
	if len(list) == 0 {
		return
	}
	p := g.in(by, client.PolishAPI211, client.PolishAPI212, client.PolishAPI30)
	g.say("%d payments at once in %s", len(list), speaks(p))
	got, err := p.PaymentStatuses(g.Context(), list)
	if err != nil || len(got) != len(list) {
		g.Errorf("%d payments at once in %s: %+v, %v", len(list), speaks(p), got, err)
		return
	}
	for n, o := range of {
		q := g.in(by)
		alone, err := g.status(q, g.session(o.consent), o, false)
		if err != nil || statusText(o, &alone) != statusText(o, &got[n]) {
			g.Errorf("%s is %+v among several in %s, %+v alone in %s, %v", o.own, got[n], speaks(p), alone, speaks(q), err)
		}
	}
	g.met("several payments at once")
}

// transfersOf are the transfers that an order has made, as they stand in the
// books.
func (g *doors) transfersOf(o *ordered) []transfer.Transfer {
	g.Helper()
	p := g.parties[o.consent.by][0]
	s, err := books(g.T, g.Bank).Submission(g.Context(), transfer.SubmissionKey{Client: thirdparty.ClientID(p.ClientID()), TPPID: o.own})
	if err != nil {
		g.Fatal(err)
	}
	var ids []transfer.ID
	switch {
	case s.Bundle != "":
		b, err := books(g.T, g.Bank).Bundle(g.Context(), s.Bundle)
		if err != nil {
			g.Fatal(err)
		}
		ids = b.Transfers
	case s.Standing != "":
		return g.paidBy(o.from, s.Standing)
	default:
		ids = []transfer.ID{s.Transfer}
	}
	var out []transfer.Transfer
	for _, id := range ids {
		t, err := books(g.T, g.Bank).Transfer(g.Context(), id)
		if err != nil {
			g.Fatal(err)
		}
		out = append(out, t)
	}
	return out
}

// paidBy are the payments of a standing order.
func (g *doors) paidBy(from string, s transfer.StandingID) []transfer.Transfer {
	g.Helper()
	var out []transfer.Transfer
	for _, a := range g.accounts {
		if a.Number != from {
			continue
		}
		for _, t := range g.transfers(g.stored(a), nil) {
			if t.Standing == s {
				out = append(out, t)
			}
		}
	}
	return out
}
