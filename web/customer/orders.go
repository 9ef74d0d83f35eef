package customer

import (
	"cmp"
	"context"
	"strings"

	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/web/ui"
)

// whatFor is what a consent is for, as the pages name it.
func whatFor(c *xs2a.Consent) ui.SubjectKind {
	switch c.Scope {
	case xs2a.AccountList:
		return ui.SubjectList
	case xs2a.Funds:
		return ui.SubjectFunds
	case xs2a.AccountInfo:
		return ui.SubjectRead
	}
	switch w := c.Payment; {
	case c.Grant(xs2a.CancelPayment) != nil:
		return ui.SubjectCancel
	case w == nil || len(w.Orders) == 0:
		return ui.SubjectLook
	case w.Bundle:
		return ui.SubjectBundle
	case w.Orders[0].Order.Mode == transfer.Recurring:
		return ui.SubjectStanding
	}
	return ui.SubjectPayment
}

// shownWhat is what a payment consent is about.
type shownWhat struct {
	orders      []ui.OrderView
	amount, fee money.Amount // of all of them; the fee without a currency while it is not known
}

// whatView shows the orders of a consent, or the payment that it is to cancel or
// to look at.
func (d *Door) whatView(ctx context.Context, w *xs2a.What) (shownWhat, error) {
	var s shownWhat
	add := func(o *transfer.Instruction, system transfer.System, fee money.Amount) error {
		view := orderView(o, system)
		s.orders = append(s.orders, view)
		if len(s.orders) == 1 {
			s.amount, s.fee = o.Amount, fee
			return nil
		}
		var err error
		if s.amount, err = s.amount.Add(o.Amount); err == nil && s.fee.Currency() != "" {
			s.fee, err = s.fee.Add(fee)
		}
		return err
	}
	for i := range w.Orders {
		o := &w.Orders[i]
		if err := add(&o.Order, o.System, o.Fee); err != nil {
			return s, err
		}
	}
	switch {
	case w.Transfer != "":
		t, err := d.Transfers.Transfer(ctx, w.Transfer)
		if err != nil {
			return s, err
		}
		return s, add(&t.Order, t.System, t.Fee)
	case w.OfBundle != "":
		b, err := d.Transfers.Bundle(ctx, w.OfBundle)
		if err != nil {
			return s, err
		}
		for _, id := range b.Transfers {
			t, err := d.Transfers.Transfer(ctx, id)
			if err != nil {
				return s, err
			}
			if err := add(&t.Order, t.System, t.Fee); err != nil {
				return s, err
			}
		}
	case w.Standing != "":
		st, err := d.Transfers.Standing(ctx, w.Standing)
		if err != nil {
			return s, err
		}
		return s, add(&st.Order, st.System, st.Fee)
	}
	return s, nil
}

// orderView is one credit transfer in the words of a page.
func orderView(o *transfer.Instruction, s transfer.System) ui.OrderView {
	v := ui.OrderView{
		Payee: ui.Payee{Name: o.Recipient.Name, NRB: number(o.Recipient.Account)}, Address: addressLines(&o.Recipient.Address),
		Country: cmp.Or(o.Recipient.Address.Country, o.RecipientCountry), Title: o.Title(), Amount: o.Amount, System: s, Charges: o.Charges,
	}
	if o.Kind == transfer.NonEEA {
		v.Bank = joined(", ", o.RecipientBank.Name, o.RecipientBank.BIC, o.RecipientBank.Country)
	}
	v.Reference = joined(", ", labelled("VS", o.Symbols.Variable), labelled("SS", o.Symbols.Specific), labelled("KS", o.Symbols.Constant), o.Reference)
	if o.Mode != transfer.Immediate && !o.ExecutionDate.IsZero() {
		v.On = o.ExecutionDate.Start()
	}
	if r := o.Recurrence; r != nil {
		v.Recurrence = &ui.RecurrenceView{Every: r.Every, Count: r.Count, Start: r.Start.Start(), Before: r.Before}
		if !r.End.IsZero() {
			v.Recurrence.End = r.End.Start()
		}
	}
	if p := o.Split; p != nil {
		v.Split = &ui.SplitView{VAT: p.VAT, TaxID: p.TaxID, Invoice: p.Invoice}
		v.Title = cmp.Or(p.Description, o.Description)
	}
	if t := o.TaxForm; t != nil {
		kinds := map[string]string{"N": "NIP", "P": "PESEL", "R": "REGON"}
		v.Tax = &ui.TaxView{
			Form: t.FormCode, Period: joined(" ", t.PeriodType, t.PeriodID, t.Year),
			Payer: joined(" ", kinds[t.PayerIDType], t.PayerID), Obligation: t.Obligation,
		}
		v.Title = o.Description
	}
	return v
}

// number drops the country of a Polish IBAN: people know their numbers without it.
func number(s string) string {
	if n, polish := strings.CutPrefix(s, "PL"); polish && len(n) == 26 {
		return n
	}
	return s
}

func addressLines(a *transfer.Address) []string {
	lines := append([]string(nil), a.Lines...)
	for _, l := range []string{
		joined(" ", a.Street, joined("/", a.BuildingNumber, a.Room)),
		joined(" ", a.PostCode, a.Town),
	} {
		if l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

func joined(sep string, parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, sep)
}

func labelled(label, value string) string {
	if value == "" {
		return ""
	}
	return label + " " + value
}

// readRights are the rights of a consent to read, and how often a day the third
// party may use them without the customer (RTS 2018/389 art. 36(5)(b)).
func readRights(c *xs2a.Consent) (rights []ui.ReadRight, byItself int) {
	for _, g := range c.Grants {
		if s := g.Right.Scope(); s != xs2a.AccountInfo && s != xs2a.AccountList {
			continue
		}
		rights = append(rights, ui.ReadRight{Right: g.Right, Days: g.HistoryDays, Once: g.Single})
		if !g.Single {
			byItself = callsADay
		}
	}
	return rights, byItself
}

// callsADay is how often a third party may read without the customer (RTS
// 2018/389 art. 36(5)(b)); the door for third parties counts them.
const callsADay = 4
