package mbank

import (
	"slices"

	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// scopes pair a scope with its spelling as scopeGroupType (psd2 §3.4).
var scopes = []wire.Word[xs2a.Scope]{
	wire.Pair(xs2a.AccountList, "AIS_ACCOUNTS"), wire.Pair(xs2a.AccountInfo, "AIS"), wire.Pair(xs2a.Payments, "PIS"),
}

// grammar is what a consent is in this form.
func grammar() *wire.Grammar {
	return &wire.Grammar{Groups: scopes, Throttling: "PSD2_REGULATORY", Privileges: readPrivileges, Append: appendPrivileges}
}

// readPrivileges reads privilegeList. An element for account information may name
// an account and holds any of the privileges.
func readPrivileges(b wire.Branch, list []edge.Value, scope xs2a.Scope, d *psd2.Details) error {
	if scope == xs2a.Payments {
		ask, err := readPaymentPrivileges(b.Reading, list, b.Path+"privilegeList")
		d.Grants, d.Payment = ask.grants, ask.Subject
		return err
	}
	b.Rights(list, d, func(one wire.Branch) []xs2a.Grant { return branch{one}.addPrivileges(nil, scope) })
	return nil
}

// privilege is one name of mBank's for rights of ours.
type privilege struct {
	name   string
	scope  xs2a.Scope
	rights []xs2a.Right // nil: one for each transactionStatus
}

var privileges = []privilege{
	{"ais-accounts:accounts", xs2a.AccountList, []xs2a.Right{xs2a.ListAccounts}},
	{"ais:accountDetails", xs2a.AccountInfo, []xs2a.Right{xs2a.ReadAccount}},
	{"ais:transactions", xs2a.AccountInfo, nil},
	{"ais:transactionDetails", xs2a.AccountInfo, []xs2a.Right{xs2a.ReadTransaction}},
}

// lists are the lists of transactions (psd2 §3.6).
var lists = []wire.Word[xs2a.Right]{
	wire.Pair(xs2a.ReadDone, "DONE"), wire.Pair(xs2a.ReadPending, "PENDING"), wire.Pair(xs2a.ReadScheduled, "SCHEDULED"),
	wire.Pair(xs2a.ReadRejected, "REJECTED"), wire.Pair(xs2a.ReadHolds, "HOLD"), wire.Pair(xs2a.ReadCancelled, "CANCELLED"),
}

// addPrivileges adds the rights of one element to those of its account.
func (b branch) addPrivileges(to []xs2a.Grant, scope xs2a.Scope) []xs2a.Grant {
	before := len(to)
	for _, name := range b.Object.Names() {
		if name == "accountNumber" {
			continue
		}
		i := slices.IndexFunc(privileges, func(p privilege) bool { return p.name == name && p.scope == scope })
		if i < 0 {
			b.Blame(b.Path+wire.Printable(name), "The privilege is not one of this scope.")
			continue
		}
		for _, g := range b.inside(name).readGrants(privileges[i]) {
			if slices.ContainsFunc(to, func(has xs2a.Grant) bool { return has.Right == g.Right }) {
				b.Blame(b.Path+name, "The privilege is named twice.")
			}
			to = append(to, g)
		}
	}
	if len(to) == before {
		b.Blame(b.Path[:len(b.Path)-1], "A privilege is expected.")
	}
	return to
}

// readGrants reads what stands in a privilege.
func (b branch) readGrants(p privilege) []xs2a.Grant {
	single := b.single()
	if p.rights != nil {
		b.Only("scopeUsageLimit")
		out := make([]xs2a.Grant, len(p.rights))
		for i, r := range p.rights {
			out[i] = xs2a.Grant{Right: r, Single: single}
		}
		return out
	}
	b.Only("scopeUsageLimit", "maxAllowedHistoryLong", "transactionStatus")
	days := b.History()
	names := b.List("transactionStatus")
	if len(names) == 0 {
		b.Blame(b.Path+"transactionStatus", "At least one status is needed.")
	}
	var out []xs2a.Grant
	for _, v := range names {
		name, _ := v.String()
		right, ok := wire.Inside(lists, name)
		if !ok || slices.ContainsFunc(out, func(g xs2a.Grant) bool { return g.Right == right }) {
			b.Blame(b.Path+"transactionStatus", "A list of different words is needed, of DONE, PENDING, SCHEDULED, REJECTED, HOLD, CANCELLED.")
			break
		}
		out = append(out, xs2a.Grant{Right: right, Single: single, HistoryDays: days})
	}
	return out
}

// appendPrivileges writes privilegeList as the customer gave it: for account
// information an element for each account, with the handle for the paths.
func appendPrivileges(b []byte, c *xs2a.Consent) []byte {
	if c.Scope == xs2a.Payments {
		return appendPaymentPrivilege(b, c)
	}
	return appendAccountPrivileges(b, c)
}

func appendAccountPrivileges(b []byte, c *xs2a.Consent) []byte {
	first := true
	for i := range c.Accounts {
		reach := &c.Accounts[i]
		if reach.Past {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '{')
		b = edge.AppendStringField(b, "accountId", reach.Ref)
		b = edge.AppendStringField(b, "accountNumber", reach.Number)
		for _, p := range privileges {
			b = appendPrivilege(b, c, p)
		}
		b = append(b, '}')
	}
	return b
}

func appendPrivilege(b []byte, c *xs2a.Consent, p privilege) []byte {
	rights := p.rights
	if rights == nil {
		for _, s := range lists {
			if s.Inside.Scope() == p.scope {
				rights = append(rights, s.Inside)
			}
		}
	}
	rights = slices.DeleteFunc(slices.Clone(rights), func(r xs2a.Right) bool { return c.Grant(r) == nil })
	if len(rights) == 0 {
		return b
	}
	b = append(edge.AppendKey(b, p.name), '{')
	limit, g := "MULTIPLE", c.Grant(rights[0])
	if g.Single {
		limit = "SINGLE"
	}
	b = edge.AppendStringField(b, "scopeUsageLimit", limit)
	if p.rights == nil {
		b = edge.AppendIntField(b, "maxAllowedHistoryLong", int64(g.HistoryDays))
		names := make([]string, len(rights))
		for i, r := range rights {
			names[i] = wire.Spell(lists, r)
		}
		b = edge.AppendStringsField(b, "transactionStatus", names)
	}
	return append(b, '}')
}
