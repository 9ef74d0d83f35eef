package psd2

import (
	"context"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Query chooses movements of one account, newest first.
type Query struct {
	Rights   []xs2a.Right  // which lists; none: every list that was granted
	From, To calendar.Date // days in Warsaw, both inclusive; zero: as far as allowed
	Filter
	After  string // only what is newer than this item
	Size   int
	Cursor string // where a page goes on; the other filters must be those of the first
}

// Page is one page of movements.
type Page struct {
	Items []Item
	Next  string // cursor of the next page, "" at the end
}

// cursorLife is how long the pages of one fetch may take. A page after the first
// is not counted as a call, so a cursor must not serve for ever.
const cursorLife = time.Hour

// History lists movements of an account that the reading has reached. The place
// of a page is an item, so what arrives in between neither moves nor doubles
// one; how far back it goes was decided with the first page.
func (c *Core) History(ctx context.Context, r *Reading, a *Account, q Query) (Page, error) {
	fetch := fetch{began: r.Now}
	var err error
	if q.Cursor != "" {
		fetch, err = c.readCursor(q, r, a.Ref)
	} else {
		fetch.lists, err = r.lists(q.Rights)
	}
	if err != nil {
		return Page{}, err
	}
	lists, began := fetch.lists, fetch.began
	sources, err := c.sources(r, a, lists, q, began)
	if err != nil {
		return Page{}, err
	}
	newerThan, err := c.after(ctx, a, q.After)
	if err != nil {
		return Page{}, err
	}
	if q.Cursor == "" {
		for _, right := range lists {
			if err := c.count(ctx, r, a.Ref, string(right)); err != nil {
				return Page{}, err
			}
		}
	}
	items, stopped, err := merge(ctx, sources, fetch.after, newerThan, q.Size+1)
	if err != nil {
		return Page{}, err
	}
	for _, right := range lists {
		if q.Cursor != "" && r.Consent.Grant(right).Single {
			continue // spent with the first page, of which this is a part
		}
		if err := c.use(ctx, r, right); err != nil {
			return Page{}, err
		}
	}
	page := Page{Items: items}
	switch {
	case len(items) > q.Size:
		page.Items = items[:q.Size]
		fetch.after = placeOf(&page.Items[q.Size-1])
	case stopped != nil: // what was looked at is not all that there is
		fetch.after = *stopped
	default:
		return page, nil
	}
	page.Next = c.cursor(q, r.Consent, a.Ref, fetch)
	return page, nil
}

// lists are the rights that a query uses: those asked for, of which none may be
// missing, or all that were granted and are not spent.
func (r *Reading) lists(asked []xs2a.Right) ([]xs2a.Right, error) {
	if len(asked) > 0 {
		for _, right := range asked {
			if err := r.Consent.Allows(right); err != nil {
				return nil, err
			}
		}
		return asked, nil
	}
	refused := r.Consent.Allows(xs2a.ReadDone)
	var granted []xs2a.Right
	for _, right := range xs2a.Rights {
		if !right.HasHistory() || r.Consent.Grant(right) == nil {
			continue
		}
		if err := r.Consent.Allows(right); err != nil {
			refused = err
			continue
		}
		granted = append(granted, right)
	}
	if len(granted) == 0 {
		return nil, refused
	}
	return granted, nil
}

// earliest is the first day of a list at an instant: as far as the customer
// granted, but without a fresh authentication 90 days at most (RTS art. 10a).
// Exactly that many days ago is still allowed.
func (r *Reading) earliest(right xs2a.Right, at time.Time) calendar.Date {
	days := r.Consent.Grant(right).HistoryDays
	if !r.Consent.Fresh(at) {
		days = min(days, xs2a.FreeDays)
	}
	return calendar.DateOf(at).AddDays(-days)
}

// ranks is the most sources that one right has.
const ranks = 2

// source is one list of one kind of object. Its rank orders what happened at the
// same instant.
type source struct {
	rank     int
	from, to time.Time
	fits     func(*Item) bool // nil: all do
	read     readFunc
}

// sources are what the lists of a query are made of.
func (c *Core) sources(r *Reading, a *Account, lists []xs2a.Right, q Query, began time.Time) ([]source, error) {
	var out []source
	for _, right := range lists {
		first, last := q.days(right)
		switch earliest := r.earliest(right, began); {
		case first.IsZero():
			first = earliest
		case first.Before(earliest):
			return nil, needsSCA("the days asked for begin before those allowed")
		}
		var to time.Time
		if !last.IsZero() {
			to = last.AddDays(1).Start()
		}
		for i, read := range c.readers(a, right, r.Now) {
			out = append(out, source{
				rank: slices.Index(xs2a.Rights, right)*ranks + i, from: first.Start(), to: to, fits: q.fits(), read: read,
			})
		}
	}
	return out, nil
}

type readFunc = func(ctx context.Context, s *source, before place, n int) ([]Item, error)

func (c *Core) readers(a *Account, right xs2a.Right, now time.Time) []readFunc {
	switch right {
	case xs2a.ReadDone:
		return []readFunc{c.entries(a)}
	case xs2a.ReadPending:
		return []readFunc{c.transfers(a, transfer.Submitted, transfer.Pending)}
	case xs2a.ReadScheduled:
		return []readFunc{c.transfers(a, transfer.Scheduled), c.payments(a, payment.Scheduled)}
	case xs2a.ReadRejected:
		return []readFunc{c.transfers(a, transfer.Rejected), c.payments(a, payment.Rejected)}
	case xs2a.ReadCancelled:
		return []readFunc{c.transfers(a, transfer.Cancelled), c.payments(a, payment.Cancelled)}
	case xs2a.ReadHolds:
		return []readFunc{c.holds(a, now)}
	}
	return nil
}

func (c *Core) entries(a *Account) readFunc {
	return func(ctx context.Context, s *source, before place, n int) ([]Item, error) {
		list, err := c.Reader.Transactions(ctx, payment.TransactionFilter{
			Account: a.ID, From: s.from, To: s.to, Page: payment.Page{Size: n, Before: payment.Place{At: before.at, Seq: before.seq}},
		})
		return each(list, err, func(t *payment.Transaction) Item { return ofEntry(&a.Account, t) })
	}
}

func (c *Core) transfers(a *Account, statuses ...transfer.Status) readFunc {
	return func(ctx context.Context, s *source, before place, n int) ([]Item, error) {
		list, err := c.Transfers.Transfers(ctx, transfer.Filter{
			Account: a.ID, Statuses: statuses, From: s.from, To: s.to, Size: n, BeforeAt: before.at, BeforeID: transfer.ID(before.id),
		})
		return each(list, err, func(t *transfer.Transfer) Item { return ofTransfer(&a.Account, t) })
	}
}

func (c *Core) payments(a *Account, status payment.Status) readFunc {
	payees := map[account.ID]End{} // one read for each, however many payments it has had
	return func(ctx context.Context, s *source, before place, n int) ([]Item, error) {
		list, err := c.Reader.Payments(ctx, payment.Filter{
			Account: a.ID, Status: status, From: s.from, To: s.to, Page: payment.Page{Size: n, Before: payment.Place{At: before.at, ID: before.id}},
		})
		if err != nil {
			return nil, err
		}
		out := make([]Item, len(list))
		for i := range list {
			to, known := payees[list[i].Payee]
			if !known {
				payee, err := c.Accounts.Account(ctx, list[i].Payee)
				if err != nil {
					return nil, err
				}
				to = End{string(payee.NRB), payee.Holder}
				payees[list[i].Payee] = to
			}
			out[i] = ofPayment(&a.Account, &list[i], to)
		}
		return out, nil
	}
}

func (c *Core) holds(a *Account, now time.Time) readFunc {
	return func(ctx context.Context, s *source, before place, n int) ([]Item, error) {
		list, err := c.Reader.Holds(ctx, payment.HoldFilter{
			Account: a.ID, Status: ledger.Active, Now: now, From: s.from, To: s.to,
			Page: payment.Page{Size: n, Before: payment.Place{At: before.at, ID: before.id}},
		})
		return each(list, err, func(h *ledger.Hold) Item { return ofHold(&a.Account, h) })
	}
}

func each[T any](list []T, err error, item func(*T) Item) ([]Item, error) {
	if err != nil {
		return nil, err
	}
	out := make([]Item, len(list))
	for i := range list {
		out[i] = item(&list[i])
	}
	return out, nil
}

// after is the instant from which a list begins that is asked for what is newer
// than an item: the next one that stores can tell apart. What happened at the
// very same microsecond on one account is left out with it.
func (c *Core) after(ctx context.Context, a *Account, id string) (time.Time, error) {
	if id == "" {
		return time.Time{}, nil
	}
	item, err := c.item(ctx, a, id)
	if bank.CodeOf(err) == bank.NotFound {
		return time.Time{}, bank.RefuseField("transactionIdFrom", "There is no such transaction on the account.")
	} else if err != nil {
		return time.Time{}, err
	}
	return item.At.Add(time.Microsecond), nil
}

// Movement reads one movement. It shows only what the lists of the consent
// could show: in a list that was granted, and within its days. booked, unless it
// is zero, is the day in Warsaw on which it was booked: one of another day is not
// found, and finding nothing neither counts nor spends anything.
func (c *Core) Movement(ctx context.Context, r *Reading, ref, id string, booked calendar.Date) (Item, error) {
	if err := r.Consent.Allows(xs2a.ReadTransaction); err != nil {
		return Item{}, err
	}
	a, err := c.Reach(ctx, r, ref)
	if err != nil {
		return Item{}, err
	}
	item, err := c.item(ctx, &a, id)
	if err != nil {
		return Item{}, err
	}
	if !booked.IsZero() && (item.BookedAt.IsZero() || calendar.DateOf(item.BookedAt) != booked) {
		return Item{}, noItem()
	}
	grant := r.Consent.Grant(item.Right)
	day := calendar.DateOf(item.At)
	if grant == nil || day.Before(calendar.DateOf(r.Now).AddDays(-grant.HistoryDays)) {
		return Item{}, noItem()
	}
	if day.Before(r.earliest(item.Right, r.Now)) {
		return Item{}, needsSCA("the movement is older than 90 days")
	}
	if err := c.count(ctx, r, ref, kindDetail+item.own); err != nil {
		return Item{}, err
	}
	return item, c.use(ctx, r, xs2a.ReadTransaction)
}

func noItem() error { return bank.Refuse(bank.NotFound, "There is no such transaction.") }

// item finds a movement of an account by its id. What is of another account is
// not found, like what is of nobody.
func (c *Core) item(ctx context.Context, a *Account, id string) (Item, error) {
	own, kind, ok := parseItemID(id)
	if !ok {
		return Item{}, noItem()
	}
	item, err := c.load(ctx, a, own, kind)
	switch {
	case err != nil:
		return Item{}, err
	case item.ID != id || item.Right == "":
		return Item{}, noItem()
	}
	return item, nil
}

func (c *Core) load(ctx context.Context, a *Account, own string, kind byte) (Item, error) {
	switch kind {
	case isEntry:
		t, err := c.Reader.Transaction(ctx, a.ID, ledger.EntryID(own))
		if err != nil {
			return Item{}, err
		}
		item := ofEntry(&a.Account, &t)
		err = c.enrich(ctx, &item, a, t.Payment)
		return item, err
	case isTransfer:
		t, err := c.Transfers.Transfer(ctx, transfer.ID(own))
		if err == nil && t.Account == a.ID {
			return ofTransfer(&a.Account, &t), nil
		}
		return Item{}, orNoItem(err)
	case isPayment:
		p, err := c.Reader.Payment(ctx, payment.ID(own))
		if err != nil || p.Account != a.ID {
			return Item{}, orNoItem(err)
		}
		payee, err := c.Accounts.Account(ctx, p.Payee)
		return ofPayment(&a.Account, &p, End{string(payee.NRB), payee.Holder}), err
	case isHold:
		h, err := c.Reader.Hold(ctx, ledger.HoldID(own))
		if err == nil && h.Account == a.ID && h.Status == ledger.Active {
			return ofHold(&a.Account, &h), nil
		}
		return Item{}, orNoItem(err)
	}
	return Item{}, noItem()
}

func orNoItem(err error) error {
	if err == nil {
		return noItem()
	}
	return err
}

// enrich adds to what was booked what its order said, where a third party
// ordered it from this account.
func (c *Core) enrich(ctx context.Context, item *Item, a *Account, order string) error {
	if order == "" {
		return nil
	}
	switch t, err := c.Transfers.Transfer(ctx, transfer.ID(order)); {
	case bank.CodeOf(err) == bank.NotFound:
		return nil
	case err != nil:
		return err
	case t.Account == a.ID:
		item.TPPID, item.client, item.Split, item.TaxForm = t.TPPID, t.Client, t.Order.Split, t.Order.TaxForm
	}
	return nil
}

// InitiatedBy is the name of the third party that initiated a movement, "" when
// none did.
func (c *Core) InitiatedBy(ctx context.Context, i *Item) (string, error) {
	if i.client == "" {
		return "", nil
	}
	client, err := c.ThirdParties.Client(ctx, i.client)
	if bank.CodeOf(err) == bank.NotFound {
		return "", nil
	}
	return client.Name, err
}
