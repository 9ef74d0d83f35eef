package polishapi

import (
	"okienko/bank/party"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2/wire"
)

// branch is an object of a body in this form, of a version.
type branch struct {
	wire.Branch
	version Version
}

// inside reads an object that may be absent.
func (b branch) inside(name string) branch { return branch{b.Inside(name), b.version} }

// at is an element of a list.
func (b branch) at(o edge.Object, path string) branch { return branch{b.Open(o, path), b.version} }

// required blames an object that is not there.
func (b branch) required(name string) branch {
	if _, there := b.Get(name); !there {
		b.Blame(b.Path+name, "The field is required.")
	}
	return b.inside(name)
}

// The words of the core are those of the standard wherever it has them.
var deliveries = []wire.Word[transfer.Delivery]{
	wire.Pair(transfer.ExpressD0, "ExpressD0"), wire.Pair(transfer.UrgentD1, "UrgentD1"),
	wire.Pair(transfer.StandardD1, "StandardD1"), wire.Pair(transfer.StandardD2, "StandardD2"),
}

var systems = []wire.Word[transfer.System]{
	wire.Pair(transfer.Elixir, "Elixir"), wire.Pair(transfer.ExpressElixir, "ExpressElixir"), wire.Pair(transfer.Sorbnet, "Sorbnet"),
	wire.Pair(transfer.BlueCash, "BlueCash"), wire.Pair(transfer.Internal, "Internal"), wire.Pair(transfer.SEPA, "SEPA"),
	wire.Pair(transfer.InstantSEPA, "InstantSEPA"), wire.Pair(transfer.Target, "Target"), wire.Pair(transfer.Swift, "Swift"),
}

// modes have no word for what recurs: that is an operation of its own.
var modes = []wire.Word[transfer.Mode]{wire.Pair(transfer.Immediate, "Immediate"), wire.Pair(transfer.FutureDated, "FutureDated")}

var units = []wire.Word[transfer.Unit]{wire.Pair(transfer.Day, "day"), wire.Pair(transfer.Week, "week"), wire.Pair(transfer.Month, "month")}

var offHoliday = []wire.Word[wire.OffHoliday]{wire.Pair(wire.DayBefore, "before"), wire.Pair(wire.DayAfter, "after")}

var scopes = []wire.Word[xs2a.Scope]{
	wire.Pair(xs2a.AccountList, "ais-accounts"), wire.Pair(xs2a.AccountInfo, "ais"), wire.Pair(xs2a.Payments, "pis"),
}

// proxies are the kinds of proxy; a company's representative acts for it as a
// general one does.
var proxies = []wire.Word[party.Role]{
	wire.Pair(party.ProxySpecial, "Special"), wire.Pair(party.ProxyAdmin, "Administrator"), wire.Pair(party.ProxyUser, "User"),
}

// The relations of the standard; this bank knows the first and the fourth.
var relations = []wire.Word[relation]{
	wire.Pair(owner, "Owner"), wire.Pair(relation("borrower"), "Borrower"), wire.Pair(relation("guarantor"), "Guarantor"),
	wire.Pair(proxyOwner, "ProxyOwner"), wire.Pair(relation("beneficiary"), "Beneficiary"), wire.Pair(relation("trustee"), "Trustee"),
}

// relation is what a customer is to an account.
type relation string

const (
	owner      relation = "owner"
	proxyOwner relation = "proxy"
)

// form is how a kind of transfer is worded: as an operation, in typeOfTransfers
// and typeOfPayment, as a privilege, and as the list or object that goes with it.
type form struct {
	kind      transfer.Kind
	name      string // operation, typeOfTransfers, typeOfPayment
	privilege string
	transfers string // list of a bundle
	payment   string // object of a recurring payment
}

var forms = []form{
	{transfer.Domestic, "domestic", "pis:domestic", "domesticTransfers", "domesticPayment"},
	{transfer.EEA, "EEA", "pis:EEA", "EEATransfers", "EEAPayment"},
	{transfer.NonEEA, "nonEEA", "pis:nonEEA", "nonEEATransfers", "nonEEAPayment"},
	{transfer.Tax, "tax", "pis:tax", "taxTransfers", "taxPayment"},
}

// formOf finds the form of a kind.
func formOf(k transfer.Kind) form {
	for _, f := range forms {
		if f.kind == k {
			return f
		}
	}
	return forms[0]
}

// The privileges that are no single payment.
const (
	mayBundle          = "pis:bundle"
	mayRecur           = "pis:recurring"
	mayReadPayment     = "pis:getPayment"
	mayReadBundle      = "pis:getBundle"
	mayReadRecurring   = "pis:getRecurringPayment"
	mayCancel          = "pis:cancelPayment"
	mayCancelRecurring = "pis:cancelRecurringPayment"
)

// The spellings of scopeUsageLimit.
const (
	single   = "single"
	multiple = "multiple"
)
