package polishapi

import (
	"slices"
	"strconv"

	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// throttling is the one policy there is.
const throttling = "psd2Regulatory"

// readDetails reads scope_details for a scope (psd2 §2.3). Every field is needed,
// except where an earlier consent has said it already.
func (b branch) readDetails(scope xs2a.Scope, first bool) (psd2.Details, error) {
	b.Only("privilegeList", "scopeGroupType", "consentId", "scopeTimeLimit", "throttlingPolicy")
	need := b.Text
	if first {
		need = b.Need
	}
	var d psd2.Details
	if group := need("scopeGroupType", 16); group != "" && group != wire.Spell(scopes, scope) {
		b.Blame(b.Path+"scopeGroupType", "It is "+wire.Spell(scopes, scope)+" for this scope.")
	}
	d.ConsentID = need("consentId", 128)
	if policy := need("throttlingPolicy", 32); policy != "" && policy != throttling {
		b.Blame(b.Path+"throttlingPolicy", "It is "+throttling+".")
	}
	if limit := need("scopeTimeLimit", 40); limit != "" {
		var ok bool
		if d.Until, ok = wire.ParseInstant(limit); !ok {
			b.Blame(b.Path+"scopeTimeLimit", "An instant is needed, 2027-01-31T12:00:00Z.")
		}
	}
	list := b.List("privilegeList")
	if len(list) == 0 && first {
		b.Blame(b.Path+"privilegeList", "At least one privilege is needed.")
	}
	if len(list) == 0 {
		return d, b.Err()
	}
	if scope == xs2a.Payments {
		b.readPayments(list, &d)
	} else {
		b.readRights(list, scope, &d)
	}
	return d, b.Err()
}

// privilege is one name of the standard for one right of ours.
type privilege struct {
	right xs2a.Right
	name  string
}

// privileges are those of account information, in the order in which they are
// written.
var privileges = []privilege{
	{xs2a.ListAccounts, "ais-accounts:getAccounts"}, {xs2a.ReadAccount, "ais:getAccount"}, {xs2a.ReadHolds, "ais:getHolds"},
	{xs2a.ReadDone, "ais:getTransactionsDone"}, {xs2a.ReadPending, "ais:getTransactionsPending"},
	{xs2a.ReadRejected, "ais:getTransactionsRejected"}, {xs2a.ReadCancelled, "ais:getTransactionsCancelled"},
	{xs2a.ReadScheduled, "ais:getTransactionsScheduled"}, {xs2a.ReadTransaction, "ais:getTransactionDetail"},
}

// element opens an element of privilegeList.
func (b branch) element(i int, v edge.Value) (branch, bool) {
	path := b.Path + "privilegeList[" + strconv.Itoa(i) + "]"
	o, ok := v.Object()
	if !ok {
		b.Blame(path, "An object is expected.")
	}
	return b.at(o, path), ok
}

// readRights reads privilegeList of account information. An element may name an
// account and holds any of the privileges.
func (b branch) readRights(list []edge.Value, scope xs2a.Scope, d *psd2.Details) {
	elements := make([]psd2.Element, 0, len(list))
	for i, v := range list {
		if one, ok := b.element(i, v); ok {
			elements = append(elements, one.readElement(scope))
		}
	}
	var ok bool
	if d.Grants, d.Numbers, ok = psd2.Uniform(elements); !ok {
		b.Blame(b.Path+"privilegeList", "All accounts of a consent have the same privileges.")
	}
}

func (b branch) readElement(scope xs2a.Scope) psd2.Element {
	e := psd2.Element{Number: b.Text("accountNumber", wire.AccountLength)}
	for _, name := range b.Object.Names() {
		if name == "accountNumber" {
			continue
		}
		i := slices.IndexFunc(privileges, func(p privilege) bool { return p.name == name && p.right.Scope() == scope })
		if i < 0 {
			b.Blame(b.Path+wire.Printable(name), "The privilege is not one of this scope.")
			continue
		}
		e.Grants = append(e.Grants, b.inside(name).readGrant(privileges[i].right))
	}
	if len(e.Grants) == 0 {
		b.Blame(b.Path[:len(b.Path)-1], "A privilege is expected.")
	}
	return e
}

// readGrant reads what stands in a privilege.
func (b branch) readGrant(right xs2a.Right) xs2a.Grant {
	g := xs2a.Grant{Right: right, Single: b.single()}
	if !right.HasHistory() {
		b.Only("scopeUsageLimit")
		return g
	}
	b.Only("scopeUsageLimit", "maxAllowedHistoryLong")
	days, ok := b.Whole("maxAllowedHistoryLong")
	if !ok || days < 1 || days > xs2a.MaxHistoryDays {
		b.Blame(b.Path+"maxAllowedHistoryLong", "A number of days from 1 to 1460 is needed.")
		days = 1
	}
	g.HistoryDays = int(days)
	return g
}

// single reads scopeUsageLimit.
func (b branch) single() bool {
	switch s := b.Text("scopeUsageLimit", 16); s {
	case single:
		return true
	case multiple, "":
	default:
		b.Blame(b.Path+"scopeUsageLimit", "One of single, multiple is expected.")
	}
	return false
}

func appendUsage(b []byte, g *xs2a.Grant) []byte {
	limit := multiple
	if g.Single {
		limit = single
	}
	return edge.AppendStringField(b, "scopeUsageLimit", limit)
}

// appendDetails writes scope_details as the customer gave them.
func appendDetails(b []byte, c *xs2a.Consent, v Version) []byte {
	b = append(edge.AppendKey(b, "scope_details"), '{')
	b = append(edge.AppendKey(b, "privilegeList"), '[')
	if c.Scope == xs2a.Payments {
		b = appendPayments(b, c, v)
	} else {
		b = appendRights(b, c)
	}
	b = append(b, ']')
	b = edge.AppendStringField(b, "consentId", c.TPPID)
	b = wire.AppendInstant(b, "scopeTimeLimit", c.Until)
	b = edge.AppendStringField(b, "throttlingPolicy", throttling)
	return append(b, '}')
}

// appendRights writes an element for each account. Who may only list accounts is
// shown no number: the list masks them (psd2 §2.4).
func appendRights(b []byte, c *xs2a.Consent) []byte {
	element := func(number string) {
		if b[len(b)-1] == '}' {
			b = append(b, ',')
		}
		b = append(b, '{')
		b = wire.MaybeText(b, "accountNumber", number)
		for _, p := range privileges {
			if g := c.Grant(p.right); g != nil {
				b = appendUsage(append(edge.AppendKey(b, p.name), '{'), g)
				if p.right.HasHistory() {
					b = edge.AppendIntField(b, "maxAllowedHistoryLong", int64(g.HistoryDays))
				}
				b = append(b, '}')
			}
		}
		b = append(b, '}')
	}
	if c.Scope == xs2a.AccountList {
		element("")
		return b
	}
	for i := range c.Accounts {
		if !c.Accounts[i].Past {
			element(c.Accounts[i].Number)
		}
	}
	return b
}
