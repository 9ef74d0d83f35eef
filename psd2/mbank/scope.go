package mbank

import (
	"slices"
	"strconv"

	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// scopes pair a scope with its spelling as scopeGroupType (psd2 §3.4).
var scopes = []wire.Word[xs2a.Scope]{
	wire.Pair(xs2a.AccountList, "AIS_ACCOUNTS"), wire.Pair(xs2a.AccountInfo, "AIS"), wire.Pair(xs2a.Payments, "PIS"),
}

// throttling is the one policy there is.
const throttling = "PSD2_REGULATORY"

// readDetails reads scope_details for a scope. Every field is needed, except
// where an earlier consent has said it already.
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
	if len(list) == 0 {
		if first {
			b.Blame(b.Path+"privilegeList", "At least one privilege is needed.")
		}
		return d, b.Err()
	}
	if scope == xs2a.Payments {
		if err := b.Err(); err != nil {
			return d, err
		}
		ask, err := readPaymentPrivileges(b.Reading, list, b.Path+"privilegeList")
		d.Grants, d.Payment = ask.grants, ask.Subject
		return d, err
	}
	d.Grants, d.Numbers = b.readPrivileges(list, scope)
	return d, b.Err()
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

// readPrivileges reads privilegeList of account information. An element may name
// an account and holds any of the privileges.
func (b branch) readPrivileges(list []edge.Value, scope xs2a.Scope) ([]xs2a.Grant, []string) {
	elements := make([]psd2.Element, 0, len(list))
	for i, v := range list {
		path := b.Path + "privilegeList[" + strconv.Itoa(i) + "]"
		o, ok := v.Object()
		if !ok {
			b.Blame(path, "An object is expected.")
			continue
		}
		one := b.at(o, path)
		elements = append(elements, psd2.Element{Number: one.Text("accountNumber", wire.AccountLength), Grants: one.addPrivileges(nil, scope)})
	}
	grants, numbers, ok := psd2.Uniform(elements)
	if !ok {
		b.Blame(b.Path+"privilegeList", "All accounts of a consent have the same privileges.")
	}
	return grants, numbers
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
	days, ok := b.Whole("maxAllowedHistoryLong")
	if !ok || days < 1 || days > xs2a.MaxHistoryDays {
		b.Blame(b.Path+"maxAllowedHistoryLong", "A number of days from 1 to 1460 is needed.")
		days = 1
	}
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
		out = append(out, xs2a.Grant{Right: right, Single: single, HistoryDays: int(days)})
	}
	return out
}

// appendDetails writes scope_details as the customer gave them: for account
// information an element for each account, with the handle for the paths.
func appendDetails(b []byte, c *xs2a.Consent) []byte {
	b = append(edge.AppendKey(b, "scope_details"), '{')
	b = append(edge.AppendKey(b, "privilegeList"), '[')
	if c.Scope == xs2a.Payments {
		b = appendPaymentPrivilege(b, c)
	} else {
		b = appendAccountPrivileges(b, c)
	}
	b = append(b, ']')
	b = edge.AppendStringField(b, "consentId", c.TPPID)
	b = wire.AppendInstant(b, "scopeTimeLimit", c.Until)
	b = edge.AppendStringField(b, "throttlingPolicy", throttling)
	return append(b, '}')
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
