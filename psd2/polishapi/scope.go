package polishapi

import (
	"slices"

	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// grammar is what a consent is in this form (psd2 §2.3).
func grammar(v Version) *wire.Grammar {
	return &wire.Grammar{
		Groups: scopes, Throttling: "psd2Regulatory",
		Privileges: func(b wire.Branch, list []edge.Value, scope xs2a.Scope, d *psd2.Details) error {
			if scope == xs2a.Payments {
				branch{b, v}.readPayments(list, d)
			} else {
				b.Rights(list, d, func(one wire.Branch) []xs2a.Grant { return branch{one, v}.readRights(scope) })
			}
			return nil
		},
		Append: func(b []byte, c *xs2a.Consent) []byte {
			if c.Scope == xs2a.Payments {
				return appendPayments(b, c, v)
			}
			return appendRights(b, c)
		},
	}
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

// readRights reads an element of account information: any of the privileges.
func (b branch) readRights(scope xs2a.Scope) []xs2a.Grant {
	var grants []xs2a.Grant
	for _, name := range b.Object.Names() {
		if name == "accountNumber" {
			continue
		}
		i := slices.IndexFunc(privileges, func(p privilege) bool { return p.name == name && p.right.Scope() == scope })
		if i < 0 {
			b.Blame(b.Path+wire.Printable(name), "The privilege is not one of this scope.")
			continue
		}
		grants = append(grants, b.inside(name).readGrant(privileges[i].right))
	}
	if len(grants) == 0 {
		b.Blame(b.Path[:len(b.Path)-1], "A privilege is expected.")
	}
	return grants
}

// readGrant reads what stands in a privilege.
func (b branch) readGrant(right xs2a.Right) xs2a.Grant {
	g := xs2a.Grant{Right: right, Single: b.single()}
	if !right.HasHistory() {
		b.Only("scopeUsageLimit")
		return g
	}
	b.Only("scopeUsageLimit", "maxAllowedHistoryLong")
	g.HistoryDays = b.History()
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
