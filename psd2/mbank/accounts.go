package mbank

import (
	"net/http"
	"net/url"
	"strings"

	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
)

func (d *Door) readingRoutes() []route {
	read := func(act string, serve func(*call) (answer, error)) route {
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
	r, err := d.core.Open(c.ctx(), &c.access, scope, c.now)
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

func (d *Door) listAccounts(c *call) (answer, error) {
	r, err := d.openPlain(c, xs2a.AccountList)
	if err != nil {
		return answer{}, err
	}
	accounts, err := d.core.List(c.ctx(), r)
	if err != nil {
		return answer{}, err
	}
	b := append(make([]byte, 0, 64+512*len(accounts)), `{"accounts":[`...)
	for i := range accounts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		b = append(appendAccount(b, &accounts[i]), '}')
	}
	return answer{status: http.StatusOK, body: append(b, ']', '}')}, nil
}

// appendAccount writes what list and details have in common.
func appendAccount(b []byte, a *psd2.Account) []byte {
	b = edge.AppendStringField(b, "accountNumber", string(a.NRB))
	b = edge.AppendStringField(b, "accountTypeName", shortened(a.Name, 32))
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

// shortened cuts a text to n characters (psd2 §2.4).
func shortened(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func appendMoney(b []byte, name string, a money.Amount) []byte {
	b = append(edge.AppendKey(b, name), '"')
	return append(a.AppendString(b), '"')
}

func (d *Door) showAccount(c *call) (answer, error) {
	r, err := d.openPlain(c, xs2a.AccountInfo)
	if err != nil {
		return answer{}, err
	}
	a, err := d.core.Details(c.ctx(), r, plausible(c.r.PathValue("accountId")))
	if err != nil {
		return answer{}, err
	}
	shown, err := a.Shown()
	if err != nil {
		return answer{}, err
	}
	b := append(make([]byte, 0, 1024), '{')
	b = edge.AppendStringField(b, "name", a.Holder)
	b = appendAccount(b, &a)
	b = append(edge.AppendKey(b, "nameAddress"), '{')
	b = append(edge.AppendStringsField(b, "value", nameAddress(a.Customer)), '}')
	holder := "INDIVIDUAL"
	if a.Customer.Segment != party.Individual {
		holder = "CORPORATION"
	}
	b = edge.AppendStringField(b, "accountHolderType", holder)
	b = edge.AppendStringField(b, "accountNameClient", shortened(a.Name, 32))
	b = edge.AppendStringField(b, "currency", string(a.Currency()))
	b = appendMoney(b, "availableBalance", shown)
	b = appendMoney(b, "bookingBalance", a.Booked)
	b = append(edge.AppendKey(b, "bank"), '{')
	b = edge.AppendStringField(b, "bicOrSwift", d.cfg.Bank.BIC)
	b = edge.AppendStringField(b, "name", d.cfg.Bank.Name)
	b = append(edge.AppendStringsField(b, "address", lines(d.cfg.Bank.Address)), '}')
	b = append(edge.AppendKey(b, "auxData"), '{', '}')
	return answer{status: http.StatusOK, body: append(b, '}')}, nil
}

// The unstructured form of name and address: four lines of 35 characters
// (psd2 §2.4).
const (
	addressLines = 4
	addressLine  = 35
)

func nameAddress(c *party.Customer) []string {
	out := append(lines(c.Name), lines(c.Address)...)
	return out[:min(len(out), addressLines)]
}

// lines breaks a text into lines, between words where it can.
func lines(text string) []string {
	out := []string{}
	line := ""
	for _, word := range strings.Fields(text) {
		for word != "" {
			switch room := addressLine - len([]rune(line)); {
			case line == "":
				line = shortened(word, addressLine)
				word = word[len(line):]
			case len([]rune(word)) < room:
				line, word = line+" "+word, ""
			default:
				out, line = append(out, line), ""
			}
		}
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

func (d *Door) listTransactions(c *call) (answer, error) {
	r, err := d.open(c, xs2a.AccountInfo)
	if err != nil {
		return answer{}, err
	}
	a, err := d.core.Reach(c.ctx(), r, plausible(c.r.PathValue("accountId")))
	if err != nil {
		return answer{}, err
	}
	q, form, err := c.readList()
	if err != nil {
		return answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return answer{}, err
	}
	page, err := d.core.History(c.ctx(), r, &a, q)
	if err != nil {
		return answer{}, err
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
		b = edge.AppendStringField(b, "href", nextPage(c.r, form, page.Next))
		b = append(edge.AppendStringField(b, "action", "GET"), '}')
	}
	return answer{status: http.StatusOK, body: append(b, ']', '}')}, nil
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
	b = appendMoney(b, "amount", amount)
	b = edge.AppendStringField(b, "currency", string(i.Amount.Currency()))
	b = edge.AppendStringField(b, "description", i.Title)
	b = edge.AppendStringField(b, "transactionType", i.Type)
	b = edge.AppendStringField(b, "transactionCategory", category)
	b = edge.AppendStringField(b, "transactionStatus", wireOf(lists, i.Right))
	b = appendInstant(b, "tradeDate", i.At)
	if !i.BookedAt.IsZero() {
		b = appendInstant(b, "bookingDate", i.BookedAt)
		b = appendMoney(b, "postTransactionBalance", i.After)
	}
	b = edge.AppendStringField(b, "initiatorName", i.Sender.Name)
	b = appendEnd(b, "sender", i.Sender)
	b = appendEnd(b, "recipient", i.Recipient)
	switch i.Right {
	case xs2a.ReadRejected:
		b = edge.AppendStringField(b, "rejectionReason", reasonWords(i))
		b = appendInstant(b, "rejectionDate", i.EndedAt)
	case xs2a.ReadHolds:
		b = appendInstant(b, "holdExpirationDate", i.HoldUntil)
	}
	b = append(edge.AppendKey(b, "auxData"), '{')
	if i.Right == xs2a.ReadScheduled && !i.Execution.IsZero() {
		b = appendInstant(b, "executionDate", i.Execution)
	}
	return append(b, '}')
}

// reasonWords is why a payment was rejected: the payment system's own words, or
// the bank's code in words.
func reasonWords(i *psd2.Item) string {
	if i.Detail != "" {
		return i.Detail
	}
	return strings.ReplaceAll(string(i.Reason), "_", " ")
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

func (d *Door) showTransaction(c *call) (answer, error) {
	r, err := d.openPlain(c, xs2a.AccountInfo)
	if err != nil {
		return answer{}, err
	}
	i, err := d.core.Movement(c.ctx(), r, plausible(c.r.PathValue("accountId")), plausible(c.r.PathValue("aspspTransactionId")))
	if err != nil {
		return answer{}, err
	}
	b := append(make([]byte, 0, 1024), '{')
	b = appendItem(b, &i)
	if !i.BookedAt.IsZero() {
		b = appendInstant(b, "currencyDate", i.BookedAt)
	}
	if i.TPPID != "" {
		b = edge.AppendStringField(b, "tppTransactionId", i.TPPID)
	}
	b = appendSplit(b, i.Split)
	b = appendTaxForm(b, i.TaxForm)
	return answer{status: http.StatusOK, body: append(b, '}')}, nil
}

// appendSplit and appendTaxForm write what an order of these kinds said.
func appendSplit(b []byte, s *transfer.Split) []byte {
	b = edge.AppendBoolField(b, "splitPayment", s != nil)
	if s == nil {
		return b
	}
	b = append(edge.AppendKey(b, "transactionInfoSp"), '{')
	b = edge.AppendStringField(b, "spInvoiceNumber", s.Invoice)
	b = edge.AppendStringField(b, "spTaxIdentificationNumber", s.TaxID)
	b = appendMoney(b, "spTaxAmount", s.VAT)
	b = edge.AppendStringField(b, "spDescription", s.Description)
	return append(b, '}')
}

func appendTaxForm(b []byte, t *transfer.TaxForm) []byte {
	if t == nil {
		return b
	}
	b = append(edge.AppendKey(b, "usInfo"), '{')
	b = append(edge.AppendKey(b, "payerInfo"), '{')
	b = edge.AppendStringField(b, "payorId", t.PayerID)
	b = append(edge.AppendStringField(b, "payorIdType", t.PayerIDType), '}')
	for _, f := range [...]struct{ name, value string }{
		{"formCode", t.FormCode}, {"periodId", t.PeriodID}, {"periodType", t.PeriodType}, {"year", t.Year}, {"obligationId", t.Obligation},
	} {
		if f.value != "" {
			b = edge.AppendStringField(b, f.name, f.value)
		}
	}
	return append(b, '}')
}
