package customer

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/payment"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/web/ui"
)

const transfersPage = 25 // transfers on one page

func transferPath(id transfer.ID) string         { return transfersPath + "/" + string(id) }
func standingPath(id transfer.StandingID) string { return "/standing/" + string(id) }

// shownStatuses are the statuses behind each filter of the list.
func shownStatuses(filter string) []transfer.Status {
	switch filter {
	case ui.FilterWaiting:
		return []transfer.Status{transfer.Submitted, transfer.Pending, transfer.Scheduled}
	case ui.FilterMade:
		return []transfer.Status{transfer.Done}
	case ui.FilterFailed:
		return []transfer.Status{transfer.Rejected, transfer.Cancelled}
	}
	return nil
}

// transfers lists what third parties have ordered from the customer's accounts.
func (d *Door) transfers(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	p := ui.Transfers{Common: d.common(r, v, ui.SectionPayments)}
	q := r.URL.Query()
	var show string
	p.Filters, show = filters(transfersPath, q.Get("show"), ui.FilterAll, ui.FilterWaiting, ui.FilterMade, ui.FilterFailed)
	names := map[thirdparty.ClientID]string{}
	f := transfer.Filter{Statuses: shownStatuses(show), Size: transfersPage + 1} // one more tells whether there is an older page
	paged := readPlace(q.Get("before"), &f)
	all, err := d.transfersOf(ctx, v, f)
	if err != nil {
		return err
	}
	here := url.Values{}
	if show != ui.FilterAll {
		here.Set("show", show)
	}
	if paged {
		p.NewerURL = withQuery(transfersPath, here.Encode())
	}
	if len(all) > transfersPage {
		all = all[:transfersPage]
		here.Set("before", place(&all[transfersPage-1]))
		p.OlderURL = withQuery(transfersPath, here.Encode())
	}
	for i := range all {
		name, err := d.clientName(ctx, names, all[i].Client)
		if err != nil {
			return err
		}
		p.List = append(p.List, transferLine(&all[i], name))
	}
	if !paged && show == ui.FilterAll {
		if p.Standing, err = d.standingLines(ctx, v, names); err != nil {
			return err
		}
	}
	return d.show(w, http.StatusOK, v, p)
}

// transfersOf merges one page of transfers of all of the customer's accounts.
func (d *Door) transfersOf(ctx context.Context, v *visit, f transfer.Filter) ([]transfer.Transfer, error) {
	accounts, err := d.Accounts.AccountsOf(ctx, v.customer())
	if err != nil {
		return nil, err
	}
	var all []transfer.Transfer
	for i := range accounts {
		f.Account = accounts[i].ID
		some, err := d.Transfers.Transfers(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b transfer.Transfer) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return all[:min(len(all), f.Size)], nil
}

// place is where a page ends, as the next one's address carries it.
func place(t *transfer.Transfer) string {
	return strconv.FormatInt(t.CreatedAt.UnixMicro(), 36) + "." + string(t.ID)
}

// readPlace reads what place writes. Anything else is the first page.
func readPlace(s string, f *transfer.Filter) bool {
	at, id, ok := strings.Cut(s, ".")
	micro, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil || id == "" || len(id) > 64 {
		return false
	}
	f.BeforeAt, f.BeforeID = time.UnixMicro(micro).UTC(), transfer.ID(id)
	return true
}

// clientName is the name of a third party; "" when it is not known any more.
func (d *Door) clientName(ctx context.Context, names map[thirdparty.ClientID]string, id thirdparty.ClientID) (string, error) {
	return seen(names, id, func() (string, error) {
		c, err := d.ThirdParties.Client(ctx, id)
		if bank.CodeOf(err) == bank.NotFound {
			return "", nil
		}
		return c.Name, err
	})
}

func transferLine(t *transfer.Transfer, through string) ui.TransferLine {
	l := ui.TransferLine{
		URL: transferPath(t.ID), At: t.CreatedAt, Payee: t.Order.Recipient.Name, Title: orderView(&t.Order, t.System).Title, Amount: t.Order.Amount,
		Through: through, Status: t.Status, Returned: !t.Returned.IsZero(),
	}
	if t.Status == transfer.Scheduled && !t.Order.ExecutionDate.IsZero() {
		l.On = t.Order.ExecutionDate.Start()
	}
	return l
}

func (d *Door) standingLines(ctx context.Context, v *visit, names map[thirdparty.ClientID]string) ([]ui.StandingLine, error) {
	all, err := d.Transfers.StandingsOf(ctx, v.customer())
	if err != nil {
		return nil, err
	}
	var out []ui.StandingLine
	for i := range all {
		s := &all[i]
		l := ui.StandingLine{
			URL: standingPath(s.ID), Payee: s.Order.Recipient.Name, Title: orderView(&s.Order, s.System).Title, Amount: s.Order.Amount, Status: s.Status,
		}
		if !s.Next.IsZero() && !over(s) {
			l.Next = s.Next.Start()
		}
		if l.Through, err = d.clientName(ctx, names, s.Client); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func over(s *transfer.Standing) bool {
	return s.Status == transfer.StandingCancelled || s.Status == transfer.StandingClosed
}

// ownTransfer finds a transfer of the customer; a foreign one does not exist.
func (d *Door) ownTransfer(r *http.Request, v *visit) (transfer.Transfer, error) {
	t, err := d.Transfers.Transfer(r.Context(), transfer.ID(named(r, "id")))
	if err == nil && t.Customer != v.customer() {
		err = notFound()
	}
	return t, err
}

// transferPage shows one transfer, and explains it when it was not made.
func (d *Door) transferPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	t, err := d.ownTransfer(r, v)
	if err != nil {
		return err
	}
	p := ui.TransferDetail{
		Common: d.common(r, v, ui.SectionPayments), Order: orderView(&t.Order, t.System), Status: t.Status, Returned: t.Returned,
		CreatedAt: t.CreatedAt, EndedAt: t.EndedAt, Reference: string(t.ID), ConsentURL: consentPath(xs2a.ID(t.Consent)), BackURL: transfersPath,
	}
	p.Order.Fee, p.Order.Recurrence = t.Fee, nil // one payment of a standing order does not recur
	if t.Standing != "" {
		p.StandingURL = standingPath(t.Standing)
	}
	if t.Status == transfer.Scheduled {
		p.CancelURL = transferPath(t.ID) + "/cancel"
	}
	if p.From, err = d.accountLine(ctx, t.Account); err != nil {
		return err
	}
	if p.Through, err = d.clientName(ctx, map[thirdparty.ClientID]string{}, t.Client); err != nil {
		return err
	}
	if t.Status == transfer.Rejected || !t.Returned.IsZero() {
		if p.Why, err = d.whyNot(ctx, &t, p.Through); err != nil {
			return err
		}
	}
	return d.show(w, http.StatusOK, v, p)
}

// askCancel asks once more before a scheduled transfer is cancelled.
func (d *Door) askCancel(w http.ResponseWriter, r *http.Request, v *visit) error {
	t, err := d.ownTransfer(r, v)
	if err != nil {
		return err
	}
	page := transferPath(t.ID)
	if t.Status != transfer.Scheduled {
		return seeOther(w, page)
	}
	return d.cancelPage(w, r, v, ui.CancelTransfer, page, &t.Order, t.Account, t.Client)
}

func (d *Door) cancelPage(w http.ResponseWriter, r *http.Request, v *visit, k ui.ActKind, page string, o *transfer.Instruction, from account.ID, c thirdparty.ClientID) error {
	p := ui.ConfirmAction{
		Common: d.common(r, v, ui.SectionPayments), Action: page + "/cancel", Kind: k, Amount: o.Amount,
		Title: joined(", ", o.Recipient.Name, o.Title()), BackURL: page,
	}
	var err error
	if p.Account, err = d.accountLine(r.Context(), from); err != nil {
		return err
	}
	if p.Application, err = d.clientName(r.Context(), map[thirdparty.ClientID]string{}, c); err != nil {
		return err
	}
	return d.show(w, http.StatusOK, v, p)
}

func (d *Door) cancelTransfer(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := yes(w, r); err != nil {
		return err
	}
	t, err := d.ownTransfer(r, v)
	if err != nil {
		return err
	}
	return d.revoke(w, r, v, &payment.Revoke{Transfer: t.ID}, ui.NoticeTransferCancelled, transferPath(t.ID))
}

// revoke cancels by the customer's hand. Whoever comes second, or too late, is
// told so.
func (d *Door) revoke(w http.ResponseWriter, r *http.Request, v *visit, o *payment.Revoke, done ui.Notice, page string) error {
	o.By, o.Customer = payment.PersonOf(v.person.ID), v.customer()
	switch _, err := d.Desk.Do(r.Context(), o); bank.CodeOf(err) {
	case "":
		d.notice(r, done)
	case bank.PaymentFinal:
		d.notice(r, ui.NoticeTooLateToCancel)
	default:
		return err
	}
	return seeOther(w, page)
}

func (d *Door) ownStanding(r *http.Request, v *visit) (transfer.Standing, error) {
	s, err := d.Transfers.Standing(r.Context(), transfer.StandingID(named(r, "id")))
	if err == nil && s.Customer != v.customer() {
		err = notFound()
	}
	return s, err
}

// standingPage shows one standing order with what was paid by it.
func (d *Door) standingPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	s, err := d.ownStanding(r, v)
	if err != nil {
		return err
	}
	p := ui.StandingDetail{
		Common: d.common(r, v, ui.SectionPayments), Order: orderView(&s.Order, s.System), Status: s.Status, Made: s.Made,
		CreatedAt: s.CreatedAt, EndedAt: s.EndedAt, Reference: string(s.ID), ConsentURL: consentPath(xs2a.ID(s.Consent)), BackURL: transfersPath,
	}
	p.Order.Fee = s.Fee
	if !over(&s) {
		p.CancelURL = standingPath(s.ID) + "/cancel"
		if !s.Next.IsZero() {
			p.Next = s.Next.Start()
		}
	}
	if p.From, err = d.accountLine(ctx, s.Account); err != nil {
		return err
	}
	if p.Through, err = d.clientName(ctx, map[thirdparty.ClientID]string{}, s.Client); err != nil {
		return err
	}
	made, err := d.Transfers.Transfers(ctx, transfer.Filter{Account: s.Account, Standing: s.ID, Size: transfersPage})
	if err != nil {
		return err
	}
	for i := range made {
		p.Payments = append(p.Payments, transferLine(&made[i], ""))
	}
	return d.show(w, http.StatusOK, v, p)
}

func (d *Door) askCancelStanding(w http.ResponseWriter, r *http.Request, v *visit) error {
	s, err := d.ownStanding(r, v)
	if err != nil {
		return err
	}
	if over(&s) {
		return seeOther(w, standingPath(s.ID))
	}
	return d.cancelPage(w, r, v, ui.CancelStanding, standingPath(s.ID), &s.Order, s.Account, s.Client)
}

func (d *Door) cancelStanding(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := yes(w, r); err != nil {
		return err
	}
	s, err := d.ownStanding(r, v)
	if err != nil {
		return err
	}
	return d.revoke(w, r, v, &payment.Revoke{Standing: s.ID}, ui.NoticeStandingCancelled, standingPath(s.ID))
}
