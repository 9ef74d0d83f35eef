package polishapi

import (
	"okienko/bank/party"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

func (d *Door) readingOperations() []operation {
	read := func(name string, serve func(*call) (wire.Answer, error)) operation {
		return operation{
			group: "accounts", name: name, service: service.Information, role: thirdparty.AccountInformation, token: true, header: readingHeader,
			refuses: []int{401, 403, 429}, serve: serve,
		}
	}
	all := []operation{read("getAccounts", d.listAccounts), read("getAccount", d.showAccount), read("getTransactionDetail", d.showTransaction)}
	for _, l := range lists {
		all = append(all, read(l.operation, func(c *call) (wire.Answer, error) { return d.list(c, &l) }))
	}
	return all
}

// begin begins a reading: scope, consent and customer.
func (d *Door) begin(c *call, scope xs2a.Scope) (*psd2.Reading, error) {
	r, err := d.core.Open(c.Ctx(), &c.Access, scope, c.Now)
	if err != nil {
		return nil, err
	}
	r.Present = c.head.present
	return r, nil
}

// The size of a page. A larger one is cut down (psd2 §10 case 48).
const (
	usualPage   = 50
	largestPage = 100
)

// page reads perPage and pageId.
func (b branch) page() (size int, cursor string) {
	size = usualPage
	if n, there := b.Whole("perPage"); there {
		if n < 1 {
			b.Blame("perPage", "A page has at least one element.")
		}
		size = int(min(max(n, 1), largestPage))
	}
	cursor = b.Text("pageId", 1024)
	if v, there := b.Get("pageId"); there && cursor == "" && !v.IsNull() {
		b.Blame("pageId", "It is empty.")
	}
	return size, cursor
}

// appendPage ends an answer with where it goes on; without nextPage this was the
// last one.
func appendPage(b []byte, next string) wire.Answer {
	b = append(edge.AppendKey(b, "pageInfo"), '{')
	return served(append(wire.MaybeText(b, "nextPage", next), '}'))
}

// paged words a refusal of a cursor with this form's name of it.
func paged(err error) error {
	return wire.Renamed(err, map[string]string{"cursor": "pageId", "transactionIdFrom": "itemIdFrom"})
}

func (d *Door) listAccounts(c *call) (wire.Answer, error) {
	r, err := d.begin(c, xs2a.AccountList)
	if err != nil {
		return wire.Answer{}, err
	}
	known := []string{"requestHeader", "pageId", "perPage"}
	q := psd2.ListQuery{}
	if c.version.since(V212) {
		known = append(known, "typeOfPsuRelation")
		if is := wire.OneOf(c.body.Branch, "typeOfPsuRelation", relations); is != "" {
			q.Same, q.Fits = string(is), func(a *psd2.Account) bool { return relationOf(a) == is }
		}
	}
	c.body.Only(known...)
	q.Size, q.Cursor = c.body.page()
	if err := c.body.Err(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	page, err := d.core.List(c.Ctx(), r, q)
	if err != nil {
		return wire.Answer{}, paged(err)
	}
	b := append(edge.AppendKey(d.answer(c, 64+384*len(page.Accounts)), "accounts"), '[')
	for i := range page.Accounts {
		if i > 0 {
			b = append(b, ',')
		}
		a := &page.Accounts[i]
		b = edge.AppendStringField(append(b, '{'), "accountNumber", xs2a.Masked(string(a.NRB)))
		b = append(appendAccount(b, a, c.version), '}')
	}
	return appendPage(append(b, ']'), page.Next), nil
}

func relationOf(a *psd2.Account) relation {
	if a.As.Role == party.Owner {
		return owner
	}
	return proxyOwner
}

// appendAccount writes what list and details have in common but the number.
func appendAccount(b []byte, a *psd2.Account, v Version) []byte {
	b = edge.AppendStringField(b, "accountTypeName", psd2.Shortened(a.Name, 32))
	b = append(edge.AppendKey(b, "accountType"), '{')
	b = edge.AppendStringField(b, "code", a.Product.Type)
	b = append(edge.AppendStringField(b, "description", a.Product.Group+" "+a.Product.Type), '}')
	if !v.since(V212) {
		return b
	}
	b = append(edge.AppendKey(b, "psuRelations"), '[', '{')
	is := relationOf(a)
	b = edge.AppendStringField(b, "typeOfRelation", wire.Spell(relations, is))
	switch {
	case is == proxyOwner:
		kind := wire.Spell(proxies, a.As.Role)
		if kind == "" {
			kind = "General"
		}
		b = edge.AppendStringField(b, "typeOfProxy", kind)
	case a.As.Share > 0: // per mille here, per cent there
		b = edge.AppendIntField(b, "stake", int64(a.As.Share/10))
	}
	return append(b, '}', ']')
}

// reach finds the account that a body names among those of the consent, by its
// full number or by the mask under which the list showed it (psd2 §0.1).
func (d *Door) reach(c *call, r *psd2.Reading) (ref string, err error) {
	number := c.body.Need("accountNumber", wire.AccountLength)
	if err := c.body.Err(); err != nil {
		return "", err
	}
	if err := c.throttled(d); err != nil {
		return "", err
	}
	found, err := xs2a.Numbered(r.Consent.Accounts, number)
	if err != nil {
		return "", err
	}
	c.Line.Subject = "account:" + found.Ref
	return found.Ref, nil
}

func (d *Door) showAccount(c *call) (wire.Answer, error) {
	r, err := d.begin(c, xs2a.AccountInfo)
	if err != nil {
		return wire.Answer{}, err
	}
	c.body.Only("requestHeader", "accountNumber")
	ref, err := d.reach(c, r)
	if err != nil {
		return wire.Answer{}, err
	}
	a, err := d.core.Details(c.Ctx(), r, ref)
	if err != nil {
		return wire.Answer{}, err
	}
	b, err := d.appendDetails(c, r, append(edge.AppendKey(d.answer(c, 1024), "account"), '{'), &a)
	return served(append(b, '}')), err
}

// shortBIC is as long as BankAccountInfo lets one be (psd2 §2.4).
const shortBIC = 8

func (d *Door) appendDetails(c *call, r *psd2.Reading, b []byte, a *psd2.Account) ([]byte, error) {
	shown, err := a.Shown()
	if err != nil {
		return nil, err
	}
	b = edge.AppendStringField(b, "accountNumber", string(a.NRB))
	b = appendLines(b, "nameAddress", psd2.NameAddress(a.Customer.Name, a.Customer.Address))
	b = appendAccount(b, a, c.version)
	holder := "individual"
	if a.Customer.Segment != party.Individual {
		holder = "corporation"
	}
	b = edge.AppendStringField(b, "accountHolderType", holder)
	b = edge.AppendStringField(b, "accountNameClient", psd2.Shortened(a.Name, 32))
	b = edge.AppendStringField(b, "currency", string(a.Currency()))
	b = wire.AppendMoney(b, "availableBalance", shown)
	b = wire.AppendMoney(b, "bookingBalance", a.Booked)
	b = append(edge.AppendKey(b, "bank"), '{')
	b = edge.AppendStringField(b, "bicOrSwift", psd2.Shortened(d.cfg.Bank.BIC, shortBIC))
	b = edge.AppendStringField(b, "name", psd2.Shortened(d.cfg.Bank.Name, bankNameLength))
	b = append(appendAddress(b, psd2.NameAddress("", d.cfg.Bank.Address), c.version), '}')
	if !c.version.since(V300) {
		return b, nil
	}
	vat, linked, err := d.core.Linked(c.Ctx(), r, a)
	if err != nil {
		return nil, err
	}
	b = wire.MaybeText(b, "vatAccountNrb", vat)
	if len(linked) > 0 {
		b = edge.AppendStringsField(b, "linkedAccountNumber", linked)
	}
	return b, nil
}
