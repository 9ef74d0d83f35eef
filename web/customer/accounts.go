package customer

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/payment"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/web/ui"
)

// home lists the customer's accounts.
func (d *Door) home(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	all, err := d.Accounts.AccountsOf(ctx, v.customer())
	if err != nil {
		return err
	}
	p := ui.Home{Common: d.common(r, v, ui.SectionHome), ApplicationsURL: "/applications", LimitsURL: limitsPath, AccessURL: accessPath}
	for i := range all {
		if all[i].Status == account.Closed {
			continue
		}
		s, err := summary(&all[i])
		if err != nil {
			return err
		}
		p.Accounts = append(p.Accounts, s)
	}
	agreements, err := d.Agreements.AgreementsOf(ctx, v.customer())
	if err != nil {
		return err
	}
	for i := range agreements {
		p.ApplicationsCount += 1 - ended(&agreements[i])
	}
	if d.thirdParties() {
		p.ConsentsURL, p.PaymentsURL = consentsPath, transfersPath
		all, err := d.ConsentBook.ConsentsOf(ctx, v.customer())
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].At(d.Clock.Now()) == xs2a.Active {
				p.ConsentsCount++
			}
		}
	}
	return d.show(w, http.StatusOK, v, p)
}

func summary(a *account.Account) (ui.AccountSummary, error) {
	line := lineOf(a)
	free, err := a.Available()
	return ui.AccountSummary{
		URL: accountPath(a.ID), Name: line.Name, NRB: line.NRB, Booked: a.Booked, Held: a.Held,
		Overdraft: a.Overdraft, Available: free, Access: ui.Access(a.Access.State),
	}, err
}

const (
	historyPage = 25 // movements on one page
	curveDays   = 30 // days that the curve shows when no range is asked for
	maxCurve    = 366
	maxText     = 140 // characters of a search, as many as a title has
)

// account shows one account: its money, what is set aside, and its history.
func (d *Door) account(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	a, err := d.Accounts.Account(ctx, account.ID(named(r, "id")))
	if err != nil {
		return err
	}
	if a.Kind != account.Customer || a.Customer != v.customer() {
		return notFound()
	}
	p := ui.Account{Common: d.common(r, v, ui.SectionHome), AccessSince: a.Access.At, AccessURL: accessPath}
	if p.Summary, err = summary(&a); err != nil {
		return err
	}
	if p.Holds, err = d.holdLines(ctx, v, payment.HoldFilter{Account: a.ID}); err != nil {
		return err
	}
	if p.Pending, err = d.pendingTransfers(ctx, a.ID); err != nil {
		return err
	}
	q, err := edge.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return errBadForm
	}
	f, faults := readHistory(q, &p, accountPath(a.ID))
	f.Account = a.ID
	if len(faults) > 0 {
		p.Faults = faults
		return d.show(w, http.StatusUnprocessableEntity, v, p)
	}
	if err := d.history(ctx, q.Value("pages"), f, &p); err != nil {
		return err
	}
	if p.Curve, err = d.curve(ctx, &a, f); err != nil {
		return err
	}
	return d.show(w, http.StatusOK, v, p)
}

// readHistory reads the filter into the page and into what is asked of the bank.
func readHistory(q edge.Form, p *ui.Account, page string) (payment.TransactionFilter, []ui.Fault) {
	p.Filter = ui.HistoryFilter{Action: page, From: q.Value("from"), To: q.Value("to"), Text: strings.TrimSpace(q.Value("text"))}
	if p.Filter.Active() {
		p.Filter.ClearURL = page
	}
	var faults []ui.Fault
	day := func(name, typed string) calendar.Date {
		if typed == "" {
			return calendar.Date{}
		}
		on, err := calendar.ParseDate(typed)
		if err != nil {
			faults = append(faults, ui.Fault{Field: name, Why: ui.NotADate})
		}
		return on
	}
	from, to := day("from", p.Filter.From), day("to", p.Filter.To)
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		faults = append(faults, ui.Fault{Field: "to", Why: ui.DatesReversed})
	}
	if utf8.RuneCountInString(p.Filter.Text) > maxText {
		faults = append(faults, ui.Fault{Field: "text", Why: ui.TooLong})
	}
	f := payment.TransactionFilter{Text: p.Filter.Text}
	if !from.IsZero() {
		f.From = from.Start()
	}
	if !to.IsZero() {
		f.To = to.AddDays(1).Start()
	}
	return f, faults
}

// history fills in one page of movements. The address carries the places at
// which the pages read so far begin, so that "newer" leads back the same way.
func (d *Door) history(ctx context.Context, trail string, f payment.TransactionFilter, p *ui.Account) error {
	places := readTrail(trail)
	f.Page = payment.Page{Size: historyPage + 1} // one more tells whether there is an older page
	if n := len(places); n > 0 {
		f.Page.Before = places[n-1]
	}
	got, err := d.Reader.Transactions(ctx, f)
	if err != nil {
		return err
	}
	if len(got) > historyPage {
		got = got[:historyPage]
		last := &got[historyPage-1]
		p.OlderURL = historyURL(p.Filter, append(places, payment.Place{At: last.At, ID: string(last.ID), Seq: last.Seq}))
	}
	if n := len(places); n > 0 {
		p.NewerURL = historyURL(p.Filter, places[:n-1])
	}
	names, thirds := map[consent.ClientID]string{}, map[thirdparty.ClientID]string{}
	for i := range got {
		t := &got[i]
		line := ui.EntryLine{At: t.At, Party: t.Other.Name, NRB: t.Other.Number, Title: t.Title, Amount: t.Amount, Balance: t.After}
		if t.Kind == ledger.Fee {
			line.Fee, line.Party, line.NRB = true, "", ""
		}
		if t.Payment != "" {
			if line.Through, err = d.through(ctx, names, payment.ID(t.Payment)); err == nil && line.Through == "" {
				line.Through, err = d.throughThird(ctx, thirds, transfer.ID(t.Payment))
				if line.Fee && line.Through != "" {
					line.Title = line.Through // whom the fee's sentence names
				}
			}
			if err != nil {
				return err
			}
		}
		p.Entries = append(p.Entries, line)
	}
	return nil
}

// through is the application that ordered a payment; "" when there is no such
// payment any more.
func (d *Door) through(ctx context.Context, names map[consent.ClientID]string, id payment.ID) (string, error) {
	paid, err := d.Reader.Payment(ctx, id)
	if bank.CodeOf(err) == bank.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return seen(names, paid.Application, func() (string, error) {
		app, err := d.Partners.Application(ctx, paid.Application)
		return app.Name, err
	})
}

// throughThird is the third party that ordered a transfer; "" when there is no
// such transfer.
func (d *Door) throughThird(ctx context.Context, names map[thirdparty.ClientID]string, id transfer.ID) (string, error) {
	if !d.thirdParties() {
		return "", nil
	}
	t, err := d.Transfers.Transfer(ctx, id)
	if bank.CodeOf(err) == bank.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return d.clientName(ctx, names, t.Client)
}

// pendingTransfers are those whose money is part of what the account shows as
// set aside.
func (d *Door) pendingTransfers(ctx context.Context, a account.ID) ([]ui.TransferLine, error) {
	if !d.thirdParties() {
		return nil, nil
	}
	all, err := d.Transfers.Transfers(ctx, transfer.Filter{Account: a, Statuses: []transfer.Status{transfer.Pending}, Size: maxHolds})
	if err != nil {
		return nil, err
	}
	names := map[thirdparty.ClientID]string{}
	var out []ui.TransferLine
	for i := range all {
		name, err := d.clientName(ctx, names, all[i].Client)
		if err != nil {
			return nil, err
		}
		out = append(out, transferLine(&all[i], name))
	}
	return out, nil
}

// maxTrail bounds the address; who has read so many pages loses the newest of
// the way back.
const maxTrail = 40

func historyURL(f ui.HistoryFilter, places []payment.Place) string {
	q := url.Values{}
	for name, value := range map[string]string{"from": f.From, "to": f.To, "text": f.Text} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if n := len(places) - maxTrail; n > 0 {
		places = places[n:]
	}
	var b strings.Builder
	for _, p := range places {
		if b.Len() > 0 {
			b.WriteByte('~')
		}
		b.WriteString(strconv.FormatInt(p.At.UnixMicro(), 36) + "." + strconv.FormatInt(p.Seq, 36) + "." + p.ID)
	}
	if b.Len() > 0 {
		q.Set("pages", b.String())
	}
	if len(q) == 0 {
		return f.Action
	}
	return f.Action + "?" + q.Encode()
}

// readTrail reads what historyURL writes. Anything else is the first page: a
// place only says where to go on reading what is the customer's own anyway.
func readTrail(s string) []payment.Place {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, "~")
	if len(parts) > maxTrail {
		return nil
	}
	out := make([]payment.Place, 0, len(parts))
	for _, part := range parts {
		f := strings.SplitN(part, ".", 3)
		if len(f) != 3 || len(f[2]) > 64 {
			return nil
		}
		at, err := strconv.ParseInt(f[0], 36, 64)
		if err != nil {
			return nil
		}
		seq, err := strconv.ParseInt(f[1], 36, 64)
		if err != nil {
			return nil
		}
		out = append(out, payment.Place{At: time.UnixMicro(at).UTC(), Seq: seq, ID: f[2]})
	}
	return out
}

// curve is the booked balance of the days that are asked for, or of the last
// month; never from before the account was opened, never of the future.
func (d *Door) curve(ctx context.Context, a *account.Account, f payment.TransactionFilter) ([]ui.BalancePoint, error) {
	last := calendar.DateOf(d.Clock.Now())
	if !f.To.IsZero() {
		if to := calendar.DateOf(f.To).AddDays(-1); to.Before(last) {
			last = to
		}
	}
	first := last.AddDays(1 - curveDays)
	if !f.From.IsZero() {
		first = calendar.DateOf(f.From)
	}
	if opened := calendar.DateOf(a.OpenedAt); first.Before(opened) {
		first = opened
	}
	if oldest := last.AddDays(1 - maxCurve); first.Before(oldest) {
		first = oldest
	}
	if !first.Before(last) {
		return nil, nil
	}
	balances, err := d.Reader.BalancesByDay(ctx, a.ID, first, last)
	if err != nil {
		return nil, err
	}
	points := make([]ui.BalancePoint, len(balances))
	for i, b := range balances {
		points[i] = ui.BalancePoint{Day: first.AddDays(i).Start(), Balance: b}
	}
	return points, nil
}
