package consent

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/money"
)

// Object and Action are what a permission is about (partner-api §5).
type (
	Object string
	Action string
)

// The objects and actions of partner-api §5.
const (
	Payments     Object = "PAYMENTS"
	Blockades    Object = "BLOCKADES"
	Transactions Object = "TRANSACTIONS"
	User         Object = "USER"

	ReadList Action = "READ_LIST"
	ReadDet  Action = "READ_DET"
	Create   Action = "CREATE"
	Delete   Action = "DELETE"
	Update   Action = "UPDATE"
	Auth     Action = "AUTH"
)

// Objects and Actions list each once.
var (
	Objects = []Object{Payments, Blockades, Transactions, User}
	Actions = []Action{ReadList, ReadDet, Create, Delete, Update, Auth}
)

// Permission is the right to do one action on one kind of object.
type Permission struct {
	Object Object
	Action Action
}

// String is "OBJECT:ACTION".
func (p Permission) String() string { return string(p.Object) + ":" + string(p.Action) }

// ParsePermission reads "OBJECT:ACTION".
func ParsePermission(s string) (Permission, error) {
	object, action, ok := strings.Cut(s, ":")
	p := Permission{Object(object), Action(action)}
	if !ok || !slices.Contains(Objects, p.Object) || !slices.Contains(Actions, p.Action) {
		return Permission{}, bank.RefuseField("permissions", "There is no such permission.")
	}
	return p, nil
}

// Prefix groups permissions: money, or information. BUS is known to readers of
// the form, yet no permission of ours needs it.
func (p Permission) Prefix() string {
	if p.Object == Payments || p.Object == Blockades {
		return "FIN"
	}
	return "INF"
}

// Unrestricted is the value of ValidSeconds and Quota that restricts nothing.
const Unrestricted int64 = -1

// Definition is a permission as an application is defined with it.
type Definition struct {
	Permission
	Obligatory   bool
	ValidSeconds int64 // valid_t: use without a renewed consent; Unrestricted for no end
	Quota        int64 // valid_q: number of calls; Unrestricted for no end
}

// Valid refuses a definition that cannot be granted.
func (d Definition) Valid() error {
	if _, err := ParsePermission(d.String()); err != nil {
		return err
	}
	if d.ValidSeconds < Unrestricted || d.ValidSeconds == 0 || d.Quota < Unrestricted || d.Quota == 0 {
		return bank.RefuseField("permissions", "valid_t and valid_q are -1 or at least 1.")
	}
	return nil
}

// Grant is a permission as a customer gave it.
type Grant struct {
	Permission
	GivenAt      time.Time
	ValidSeconds int64 // Unrestricted for no end
	Quota        int64 // calls given; Unrestricted for no end
	Left         int64 // calls left; Unrestricted with Quota
}

// Give makes the grant of a definition at an instant.
func (d Definition) Give(at time.Time) Grant {
	return Grant{Permission: d.Permission, GivenAt: at, ValidSeconds: d.ValidSeconds, Quota: d.Quota, Left: d.Quota}
}

// Until is when the grant's time is over; ok is false when it never is.
func (g *Grant) Until() (t time.Time, ok bool) {
	if g.ValidSeconds == Unrestricted {
		return time.Time{}, false
	}
	return g.GivenAt.Add(time.Duration(g.ValidSeconds) * time.Second), true
}

// Over tells whether the grant's time is over.
func (g *Grant) Over(now time.Time) bool {
	until, ends := g.Until()
	return ends && !now.Before(until)
}

// Exhausted tells whether no call is left.
func (g *Grant) Exhausted() bool { return g.Quota != Unrestricted && g.Left <= 0 }

// Spend takes one call and tells whether the grant changed.
func (g *Grant) Spend() bool {
	if g.Quota == Unrestricted {
		return false
	}
	g.Left--
	return true
}

// Text is a permission in the form of partner-api §5: 15 fields, always all of
// them, nothing to say = empty.
type Text struct {
	Prefix       string
	Context      string // the customer's context in the bank, opaque
	Permission   Permission
	Limits       limit.Limits
	ValidSeconds int64
	Quota        int64
	Left         int64
	Product      account.Product
	ProductID    string // the account_id of the agreement
}

const textFields = 15

// String prints the 15 fields.
func (t Text) String() string {
	b := make([]byte, 0, 160)
	b = append(b, t.Prefix...)
	b = append(b, ':')
	b = append(b, t.Context...)
	b = append(b, ':')
	b = append(b, t.Permission.String()...)
	for _, a := range []money.Amount{t.Limits.Single, t.Limits.Daily, t.Limits.Monthly, t.Limits.Unconfirmed} {
		b = a.AppendString(append(b, ':'))
	}
	for _, n := range []int64{t.ValidSeconds, t.Quota, t.Left} {
		b = strconv.AppendInt(append(b, ':'), n, 10)
	}
	for _, s := range []string{string(t.Limits.Single.Currency()), t.Product.Group, t.Product.Type, t.ProductID} {
		b = append(append(b, ':'), s...)
	}
	return string(b)
}

// ParseText reads what String prints, and nothing else.
func ParseText(s string) (Text, error) {
	f := strings.Split(s, ":")
	if len(f) != textFields {
		return Text{}, bank.RefuseField("permission", "A permission has 15 fields.")
	}
	if f[0] != "BUS" && f[0] != "FIN" && f[0] != "INF" {
		return Text{}, bank.RefuseField("permission", "The prefix is BUS, FIN or INF.")
	}
	p, err := ParsePermission(f[2] + ":" + f[3])
	if err != nil {
		return Text{}, err
	}
	t := Text{Prefix: f[0], Context: f[1], Permission: p, Product: account.Product{Group: f[12], Type: f[13]}, ProductID: f[14]}
	currency, err := money.ParseCurrency(f[11])
	if err != nil {
		return Text{}, bank.RefuseField("permission", "The currency is not known.").Because(err)
	}
	for i, a := range []*money.Amount{&t.Limits.Single, &t.Limits.Daily, &t.Limits.Monthly, &t.Limits.Unconfirmed} {
		if *a, err = money.Parse(f[4+i], currency); err != nil {
			return Text{}, bank.RefuseField("permission", "A limit is not an amount.").Because(err)
		}
	}
	for i, n := range []*int64{&t.ValidSeconds, &t.Quota, &t.Left} {
		if *n, err = strconv.ParseInt(f[8+i], 10, 64); err != nil || *n < Unrestricted || strconv.FormatInt(*n, 10) != f[8+i] {
			return Text{}, bank.RefuseField("permission", "A count is -1 or more.")
		}
	}
	return t, nil
}

// Texts prints the permissions of an agreement. Every one carries the same
// limits: they belong to the agreement (partner-api §5).
func (a *Agreement) Texts(product account.Product) []string {
	out := make([]string, 0, len(a.Grants))
	for i := range a.Grants {
		g := &a.Grants[i]
		out = append(out, Text{
			Prefix: g.Prefix(), Context: string(a.Customer), Permission: g.Permission, Limits: a.Limits,
			ValidSeconds: g.ValidSeconds, Quota: g.Quota, Left: g.Left, Product: product, ProductID: a.AccountRef,
		}.String())
	}
	return out
}
