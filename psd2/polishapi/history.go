package polishapi

import (
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// list is a list of movements: an operation for each right (psd2 §2.4).
type list struct {
	operation string
	right     xs2a.Right
	field     string // of the answer
	// status, where items of the list have transactionStatus.
	status, meaning string
}

var lists = []list{
	{"getTransactionsDone", xs2a.ReadDone, "transactions", "done", "The movement is booked."},
	{"getTransactionsPending", xs2a.ReadPending, "transactions", "", ""},
	{"getTransactionsRejected", xs2a.ReadRejected, "transactions", "", ""},
	{"getTransactionsCancelled", xs2a.ReadCancelled, "transactions", "cancelled", "The payment was cancelled."},
	{"getTransactionsScheduled", xs2a.ReadScheduled, "transactions", "scheduled", "The payment waits for its day."},
	{"getHolds", xs2a.ReadHolds, "holds", "", ""},
}

// listOf finds the list in which an item stands.
func listOf(right xs2a.Right) list {
	for _, l := range lists {
		if l.right == right {
			return l
		}
	}
	return lists[0]
}

func (d *Door) list(c *call, l *list) (wire.Answer, error) {
	r, err := d.begin(c, xs2a.AccountInfo)
	if err != nil {
		return wire.Answer{}, err
	}
	q := c.body.readQuery(l)
	ref, err := d.reach(c, r)
	if err != nil {
		return wire.Answer{}, err
	}
	a, err := d.core.Reach(c.Ctx(), r, ref)
	if err != nil {
		return wire.Answer{}, err
	}
	page, err := d.core.History(c.Ctx(), r, &a, q)
	if err != nil {
		return wire.Answer{}, paged(err)
	}
	b := append(edge.AppendKey(d.answer(c, 64+768*len(page.Items)), l.field), '[')
	for i := range page.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendItem(append(b, '{'), &page.Items[i], l), '}')
	}
	return appendPage(append(b, ']'), page.Next), nil
}

// readQuery reads the filters of a list (psd2 §2.4). Days of booking are read and
// passed over where nothing is booked.
func (b branch) readQuery(l *list) psd2.Query {
	b.Only("requestHeader", "accountNumber", "itemIdFrom", "transactionDateFrom", "transactionDateTo", "bookingDateFrom", "bookingDateTo",
		"minAmount", "maxAmount", "pageId", "perPage", "type")
	q := psd2.Query{Rights: []xs2a.Right{l.right}, After: b.Text("itemIdFrom", b.version.idLength())}
	q.From, q.To = b.days("transactionDateFrom", "transactionDateTo")
	q.BookedFrom, q.BookedTo = b.days("bookingDateFrom", "bookingDateTo")
	q.Least, q.Most = b.bound("minAmount"), b.bound("maxAmount")
	if q.Least.Currency() != "" && q.Most.Currency() != "" && q.Least.Minor() > q.Most.Minor() {
		b.Blame("maxAmount", "It is below minAmount.")
	}
	q.Direction = wire.OneOf(b.Branch, "type", directions)
	if l.right == xs2a.ReadHolds && q.Direction == psd2.Credits {
		b.Blame("type", "Holds are DEBIT.")
	}
	q.Size, q.Cursor = b.page()
	return q
}

var directions = []wire.Word[psd2.Direction]{wire.Pair(psd2.Credits, "CREDIT"), wire.Pair(psd2.Debits, "DEBIT")}

// days reads two days, of which the second does not come before the first.
func (b branch) days(from, to string) (first, last calendar.Date) {
	first, last = b.Date(from), b.Date(to)
	if !first.IsZero() && !last.IsZero() && last.Before(first) {
		b.Blame(to, "The end lies before the beginning.")
	}
	return first, last
}

// bound reads an amount that may be absent. Its currency is the account's, and all
// of the bank's have two decimals.
func (b branch) bound(name string) money.Amount {
	if _, there := b.Get(name); !there {
		return money.Amount{}
	}
	return b.Amount(name, money.PLN)
}

// The longest texts of an item.
const (
	typeLength   = 100
	reasonLength = 140
)

// appendItem writes a movement. Amounts have no sign: transactionCategory tells
// which way the money goes.
func appendItem(b []byte, i *psd2.Item, l *list) []byte {
	b = edge.AppendStringField(b, "itemId", i.ID)
	b = wire.AppendMoney(b, "amount", i.Amount)
	b = edge.AppendStringField(b, "currency", string(i.Amount.Currency()))
	b = edge.AppendStringField(b, "description", psd2.Shortened(i.Title, wire.TitleLength))
	b = edge.AppendStringField(b, "transactionType", psd2.Shortened(i.Type, typeLength))
	b = wire.AppendInstant(b, "tradeDate", i.At)
	if l.right != xs2a.ReadHolds {
		way := psd2.Debits
		if i.Credit {
			way = psd2.Credits
		}
		b = edge.AppendStringField(b, "transactionCategory", wire.Spell(directions, way))
	}
	if l.status != "" {
		b = append(edge.AppendKey(b, "transactionStatus"), '{')
		b = edge.AppendStringField(b, "code", l.status)
		b = append(edge.AppendStringField(b, "description", l.meaning), '}')
	}
	b = appendLines(b, "initiator", psd2.NameAddress(i.Sender.Name, ""))
	b = appendEnd(b, "sender", i.Sender)
	b = appendEnd(b, "recipient", i.Recipient)
	switch {
	case !i.BookedAt.IsZero():
		b = wire.AppendInstant(b, "bookingDate", i.BookedAt)
		b = wire.AppendMoney(b, "postTransactionBalance", i.After)
	case l.right == xs2a.ReadRejected:
		b = edge.AppendStringField(b, "rejectionReason", psd2.Shortened(i.Why(), reasonLength))
		b = wire.AppendInstant(b, "rejectionDate", i.EndedAt)
	case l.right == xs2a.ReadHolds && !i.HoldUntil.IsZero():
		b = wire.AppendInstant(b, "holdExpirationDate", i.HoldUntil)
	case i.Right == xs2a.ReadScheduled && !i.Execution.IsZero():
		b = append(edge.AppendKey(b, "auxData"), '{')
		b = append(wire.AppendInstant(b, "executionDate", i.Execution), '}')
	}
	return b
}

func appendEnd(b []byte, name string, e psd2.End) []byte {
	if e == (psd2.End{}) {
		return b
	}
	b = wire.MaybeText(append(edge.AppendKey(b, name), '{'), "accountNumber", e.Number)
	return append(appendLines(b, "nameAddress", psd2.NameAddress(e.Name, "")), '}')
}

// tppNameLength is the longest name of the third party that initiated.
const tppNameLength = 32

// showTransaction shows one movement, in whatever list it stands: what does not
// fit into baseInfo stands beside it.
func (d *Door) showTransaction(c *call) (wire.Answer, error) {
	r, err := d.begin(c, xs2a.AccountInfo)
	if err != nil {
		return wire.Answer{}, err
	}
	c.body.Only("requestHeader", "itemId", "accountNumber", "bookingDate")
	id, booked := c.body.Need("itemId", c.version.idLength()), c.body.dayOf("bookingDate")
	ref, err := d.reach(c, r)
	if err != nil {
		return wire.Answer{}, err
	}
	i, err := d.core.Movement(c.Ctx(), r, ref, wire.Plausible(id), booked)
	if err != nil {
		return wire.Answer{}, err
	}
	return d.detail(c, &i)
}

// dayOf is the day in Warsaw of an instant that may be absent.
func (b branch) dayOf(name string) calendar.Date {
	text := b.Text(name, 40)
	if text == "" {
		return calendar.Date{}
	}
	at, ok := wire.ParseInstant(text)
	if !ok {
		b.Blame(name, "An instant is needed, 2026-11-21T12:00:00Z.")
	}
	return calendar.DateOf(at)
}

func (d *Door) detail(c *call, i *psd2.Item) (wire.Answer, error) {
	shown := listOf(xs2a.ReadDone) // the form of baseInfo, with the status of where it stands
	if l := listOf(i.Right); l.right != xs2a.ReadDone {
		shown.status, shown.meaning = detailStatus(&l)
	}
	b := append(appendItem(append(edge.AppendKey(d.answer(c, 1024), "baseInfo"), '{'), i, &shown), '}')
	if i.TaxForm != nil {
		b = wire.AppendTaxForm(b, i.TaxForm, true)
	}
	if !i.BookedAt.IsZero() {
		b = wire.AppendInstant(b, "currencyDate", i.BookedAt)
	}
	if len(i.TPPID) <= c.version.idLength() {
		b = wire.MaybeText(b, "tppTransactionId", i.TPPID)
	}
	name, err := d.core.InitiatedBy(c.Ctx(), i)
	if err != nil {
		return wire.Answer{}, err
	}
	b = wire.MaybeText(b, "tppName", psd2.Shortened(name, tppNameLength))
	if i.Right == xs2a.ReadRejected {
		b = edge.AppendStringField(b, "rejectionReason", psd2.Shortened(i.Why(), reasonLength))
	}
	if !i.HoldUntil.IsZero() {
		b = wire.AppendInstant(b, "holdExpirationDate", i.HoldUntil)
	}
	if c.version.since(V300) {
		b = edge.AppendBoolField(b, "splitPayment", i.Split != nil)
		if i.Split != nil {
			b = wire.AppendSplit(b, i.Split)
		}
	}
	return served(b), nil
}

// detailStatus is the status of a movement that is not done.
func detailStatus(l *list) (code, meaning string) {
	switch l.right {
	case xs2a.ReadPending:
		return "pending", "The money is set aside; the payment is on its way."
	case xs2a.ReadRejected:
		return "rejected", "The payment was rejected."
	case xs2a.ReadHolds:
		return "hold", "The money is blocked."
	}
	return l.status, l.meaning
}
