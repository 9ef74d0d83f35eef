package mbank

import (
	"net/http"
	"net/url"
	"strings"

	"okienko/bank/calendar"
	"okienko/bank/party"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

func (d *Door) readingRoutes() []route {
	read := func(act string, serve func(*call) (wire.Answer, error)) route {
		return route{
			act: act, service: service.Information, role: thirdparty.AccountInformation, own: []string{"Client-ID"}, token: true, serve: serve,
		}
	}
	return []route{
		read("GET /accounts", d.listAccounts),
		read("GET /accounts/{accountId}", d.showAccount),
		read("GET /accounts/{accountId}/transactions", d.listTransactions),
		read("GET /accounts/{accountId}/transactions/{aspspTransactionId}", d.showTransaction),
	}
}

// open begins a reading: scope, consent and customer.
func (d *Door) open(c *call, scope xs2a.Scope) (*psd2.Reading, error) {
	r, err := d.core.Open(c.Ctx(), &c.Access, scope, c.Now)
	if err != nil {
		return nil, err
	}
	r.Present, err = c.present()
	return r, err
}

// openPlain opens a reading whose call takes no parameters.
func (d *Door) openPlain(c *call, scope xs2a.Scope) (*psd2.Reading, error) {
	r, err := d.open(c, scope)
	if err != nil {
		return nil, err
	}
	if _, err := c.query(); err != nil {
		return nil, err
	}
	return r, c.throttled(d)
}

func (d *Door) listAccounts(c *call) (wire.Answer, error) {
	r, err := d.openPlain(c, xs2a.AccountList)
	if err != nil {
		return wire.Answer{}, err
	}
	page, err := d.core.List(c.Ctx(), r, psd2.ListQuery{})
	if err != nil {
		return wire.Answer{}, err
	}
	b := append(make([]byte, 0, 64+512*len(page.Accounts)), `{"accounts":[`...)
	for i := range page.Accounts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		b = append(appendAccount(b, &page.Accounts[i]), '}')
	}
	return wire.Answer{Status: http.StatusOK, Body: append(b, ']', '}')}, nil
}

// appendAccount writes what list and details have in common.
func appendAccount(b []byte, a *psd2.Account) []byte {
	b = edge.AppendStringField(b, "accountNumber", string(a.NRB))
	b = edge.AppendStringField(b, "accountTypeName", psd2.Shortened(a.Name, 32))
	b = append(edge.AppendKey(b, "accountType"), '{')
	b = edge.AppendStringField(b, "code", a.Product.Type)
	b = append(edge.AppendStringField(b, "description", a.Product.Group+" "+a.Product.Type), '}')
	b = append(edge.AppendKey(b, "psuRelations"), '[', '{')
	if a.As.Role == party.Owner {
		b = edge.AppendStringField(b, "typeOfRelation", "OWNER")
		if a.As.Share > 0 { // per mille here, per cent there
			b = edge.AppendIntField(b, "stake", int64(a.As.Share/10))
		}
	} else {
		b = edge.AppendStringField(b, "typeOfRelation", "PROXY_OWNER")
		b = edge.AppendStringField(b, "typeOfProxy", proxyOf(a.As.Role))
	}
	return append(b, '}', ']')
}

// proxyOf is the kind of proxy (psd2 §2.4); a company's representative acts for it
// as a general one does.
func proxyOf(r party.Role) string {
	switch r {
	case party.ProxySpecial:
		return "SPECIAL"
	case party.ProxyAdmin:
		return "ADMINISTRATOR"
	case party.ProxyUser:
		return "USER"
	}
	return "GENERAL"
}

func (d *Door) showAccount(c *call) (wire.Answer, error) {
	r, err := d.openPlain(c, xs2a.AccountInfo)
	if err != nil {
		return wire.Answer{}, err
	}
	a, err := d.core.Details(c.Ctx(), r, wire.Plausible(c.R.PathValue("accountId")))
	if err != nil {
		return wire.Answer{}, err
	}
	shown, err := a.Shown()
	if err != nil {
		return wire.Answer{}, err
	}
	b := append(make([]byte, 0, 1024), '{')
	b = edge.AppendStringField(b, "name", a.Holder)
	b = appendAccount(b, &a)
	b = append(edge.AppendKey(b, "nameAddress"), '{')
	b = append(edge.AppendStringsField(b, "value", psd2.NameAddress(a.Customer.Name, a.Customer.Address)), '}')
	holder := "INDIVIDUAL"
	if a.Customer.Segment != party.Individual {
		holder = "CORPORATION"
	}
	b = edge.AppendStringField(b, "accountHolderType", holder)
	b = edge.AppendStringField(b, "accountNameClient", psd2.Shortened(a.Name, 32))
	b = edge.AppendStringField(b, "currency", string(a.Currency()))
	b = wire.AppendMoney(b, "availableBalance", shown)
	b = wire.AppendMoney(b, "bookingBalance", a.Booked)
	b = append(edge.AppendKey(b, "bank"), '{')
	b = edge.AppendStringField(b, "bicOrSwift", d.cfg.Bank.BIC)
	b = edge.AppendStringField(b, "name", d.cfg.Bank.Name)
	b = append(edge.AppendStringsField(b, "address", psd2.Lines(d.cfg.Bank.Address)), '}')
	b = append(edge.AppendKey(b, "auxData"), '{', '}')
	return wire.Answer{Status: http.StatusOK, Body: append(b, '}')}, nil
}

func (d *Door) listTransactions(c *call) (wire.Answer, error) {
	r, err := d.open(c, xs2a.AccountInfo)
	if err != nil {
		return wire.Answer{}, err
	}
	a, err := d.core.Reach(c.Ctx(), r, wire.Plausible(c.R.PathValue("accountId")))
	if err != nil {
		return wire.Answer{}, err
	}
	q, form, err := c.readList()
	if err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	page, err := d.core.History(c.Ctx(), r, &a, q)
	if err != nil {
		return wire.Answer{}, err
	}
	b := append(make([]byte, 0, 256+768*len(page.Items)), `{"transactions":[`...)
	for i := range page.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		b = append(appendItem(b, &page.Items[i]), '}')
	}
	b = append(b, `],"links":[`...)
	if page.Next != "" {
		b = append(b, '{')
		b = edge.AppendStringField(b, "rel", "nextPage")
		b = edge.AppendStringField(b, "href", nextPage(c.R, form, page.Next))
		b = append(edge.AppendStringField(b, "action", "GET"), '}')
	}
	return wire.Answer{Status: http.StatusOK, Body: append(b, ']', '}')}, nil
}

// nextPage is the same target with the cursor of the next page: the path as the
// caller wrote it, so that it can be signed as it is.
func nextPage(r *http.Request, form edge.Form, next string) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	query := ""
	for _, name := range listParameters {
		if value, ok := form.Get(name); ok && name != cursor {
			query += name + "=" + url.QueryEscape(value) + "&"
		}
	}
	return path + "?" + query + cursor + "=" + next
}

// appendItem writes a movement. Amounts of debits are negative, as in mBank's
// published sample; the category says the same (psd2 §3.6).
func appendItem(b []byte, i *psd2.Item) []byte {
	b = edge.AppendStringField(b, "aspspTransactionId", i.ID)
	amount, category := i.Amount, "CREDIT"
	if !i.Credit {
		amount, _ = amount.Neg() // an item's amount is above zero
		category = "DEBIT"
	}
	b = wire.AppendMoney(b, "amount", amount)
	b = edge.AppendStringField(b, "currency", string(i.Amount.Currency()))
	b = edge.AppendStringField(b, "description", i.Title)
	b = edge.AppendStringField(b, "transactionType", i.Type)
	b = edge.AppendStringField(b, "transactionCategory", category)
	b = edge.AppendStringField(b, "transactionStatus", wire.Spell(lists, i.Right))
	b = wire.AppendInstant(b, "tradeDate", i.At)
	if !i.BookedAt.IsZero() {
		b = wire.AppendInstant(b, "bookingDate", i.BookedAt)
		b = wire.AppendMoney(b, "postTransactionBalance", i.After)
	}
	b = edge.AppendStringField(b, "initiatorName", i.Sender.Name)
	b = appendEnd(b, "sender", i.Sender)
	b = appendEnd(b, "recipient", i.Recipient)
	switch i.Right {
	case xs2a.ReadRejected:
		b = edge.AppendStringField(b, "rejectionReason", i.Why())
		b = wire.AppendInstant(b, "rejectionDate", i.EndedAt)
	case xs2a.ReadHolds:
		b = wire.AppendInstant(b, "holdExpirationDate", i.HoldUntil)
	}
	b = append(edge.AppendKey(b, "auxData"), '{')
	if i.Right == xs2a.ReadScheduled && !i.Execution.IsZero() {
		b = wire.AppendInstant(b, "executionDate", i.Execution)
	}
	return append(b, '}')
}

func appendEnd(b []byte, name string, e psd2.End) []byte {
	if e == (psd2.End{}) {
		return b
	}
	b = append(edge.AppendKey(b, name), '{')
	if e.Number != "" {
		b = edge.AppendStringField(b, "accountNumber", e.Number)
	}
	if e.Name != "" {
		b = edge.AppendStringField(b, "name", e.Name)
	}
	return append(b, '}')
}

func (d *Door) showTransaction(c *call) (wire.Answer, error) {
	r, err := d.openPlain(c, xs2a.AccountInfo)
	if err != nil {
		return wire.Answer{}, err
	}
	i, err := d.core.Movement(c.Ctx(), r, wire.Plausible(c.R.PathValue("accountId")), wire.Plausible(c.R.PathValue("aspspTransactionId")), calendar.Date{})
	if err != nil {
		return wire.Answer{}, err
	}
	b := append(make([]byte, 0, 1024), '{')
	b = appendItem(b, &i)
	if !i.BookedAt.IsZero() {
		b = wire.AppendInstant(b, "currencyDate", i.BookedAt)
	}
	if i.TPPID != "" {
		b = edge.AppendStringField(b, "tppTransactionId", i.TPPID)
	}
	b = edge.AppendBoolField(b, "splitPayment", i.Split != nil)
	if i.Split != nil {
		b = wire.AppendSplit(b, i.Split)
	}
	if i.TaxForm != nil {
		b = wire.AppendTaxForm(b, i.TaxForm, false)
	}
	return wire.Answer{Status: http.StatusOK, Body: append(b, '}')}, nil
}
