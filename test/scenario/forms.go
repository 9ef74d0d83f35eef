package scenario

// Verb names one kind of line.
type Verb string

// The verbs. What each carries is in its form below.
const (
	AddCustomer    Verb = "add customer"
	AddAccount     Verb = "add account"
	AddApplication Verb = "add application"
	Pair           Verb = "pair"

	Hold          Verb = "hold"
	ChangeHold    Verb = "change hold"
	Capture       Verb = "capture"
	Release       Verb = "release"
	Pay           Verb = "pay"
	ChangePayment Verb = "change payment"
	Cancel        Verb = "cancel"
	Read          Verb = "read"

	AskHold          Verb = "ask for a hold"
	AskChangeHold    Verb = "ask for a changed hold"
	AskPay           Verb = "ask for a payment"
	AskChangePayment Verb = "ask for a changed payment"
	AskPermission    Verb = "ask for a permission"

	Confirm            Verb = "confirm"
	Decline            Verb = "decline"
	ReleaseByCustomer  Verb = "release by customer"
	LimitApplication   Verb = "limit application"
	LimitEverything    Verb = "limit everything"
	Move               Verb = "move"
	End                Verb = "end"
	Suspend            Verb = "suspend"
	Reinstate          Verb = "reinstate"
	BlockCustomer      Verb = "block customer"
	UnblockCustomer    Verb = "unblock customer"
	BlockAccount       Verb = "block account"
	OpenAccount        Verb = "open account"
	CloseAccount       Verb = "close account"
	AccessOn           Verb = "access on"
	AccessOff          Verb = "access off"
	BlockAccess        Verb = "block access"
	PayIn              Verb = "pay in"
	PayOut             Verb = "pay out"
	SetFees            Verb = "set fees"
	SetPartnerAccount  Verb = "set partner account"
	DefinePermission   Verb = "define permission"
	ReleaseByBank      Verb = "release by bank"
	CancelByBank       Verb = "cancel by bank"
	SetTime            Verb = "set time"
	Wait               Verb = "wait"
	StopSweeping       Verb = "stop sweeping"
	Sweep              Verb = "sweep"
	ExpectAccount      Verb = "expect account"
	ExpectHold         Verb = "expect hold"
	ExpectPayment      Verb = "expect payment"
	ExpectConfirmation Verb = "expect confirmation"
	ExpectUsed         Verb = "expect used"
	ExpectCharged      Verb = "expect charged"
	ExpectCalls        Verb = "expect calls"
)

// form is how a line of one verb is written. <kind> and <kind:name> stand for a
// value, <=kind:name> for one that is looked up in the bank and compared.
// Clauses may follow in any order, each at most once unless it ends in "...".
type form struct {
	verb    Verb
	words   string
	clauses []string
}

func with(clauses []string, more ...string) []string {
	return append(append([]string{}, clauses...), more...)
}

// grammar is the whole language.
func grammar() []form {
	limits := []string{"single <amount:single>", "daily <amount:daily>", "monthly <amount:monthly>", "unconfirmed <amount:unconfirmed>"}
	fees := []string{"hold costs <amount:hold-fee>", "payment costs <amount:payment-fee>", "charges at most <amount:charges>"}
	order := []string{"titled <text:title>", "with id <id>", "as <name:as>", "naming account of <name:naming>"}
	life := with(order, "for <duration:life>", "until <date:until-date> <time:until-time>")
	dated := with(order, "on <date:on>")
	back := []string{"back to <text:callback>", "by app <word:app-type> on <word:os-type>"}
	return []form{
		{AddCustomer, "customer <name:customer>", nil},
		{AddAccount, "account <name:account> of <name:customer> with <amount>", []string{"overdraft <amount:overdraft>"}},
		{AddApplication, "application <name:app>", with(fees, "customer may <word:release>", "calls <number:calls> of <permission:counted>", "lasting <duration:lasts> <permission:timed>", "without <permission:without>")},
		{Pair, "<name:customer> pairs <name:app> on <name:account>", with(limits, "without <permission:without>")},

		{Hold, "<name:app> holds <amount> of <name:customer>", life},
		{ChangeHold, "<name:app> changes hold <object>", with(life, "to <amount>")},
		{Capture, "<name:app> captures <amount> of <object>", dated},
		{Release, "<name:app> releases <object>", []string{"naming account of <name:naming>"}},
		{Pay, "<name:app> takes <amount> from <name:customer>", dated},
		{ChangePayment, "<name:app> changes payment <object> to <amount>", dated},
		{Cancel, "<name:app> cancels <object>", nil},
		{Read, "<name:app> reads <permission> of <name:customer>", nil},

		{AskHold, "<name:app> asks <name:customer> to confirm a hold of <amount>", with(life, back...)},
		{AskChangeHold, "<name:app> asks <name:customer> to confirm hold <object> of <amount>", with(life, back...)},
		{AskPay, "<name:app> asks <name:customer> to confirm a payment of <amount>", with(dated, back...)},
		{AskChangePayment, "<name:app> asks <name:customer> to confirm payment <object> of <amount>", with(dated, back...)},
		{AskPermission, "<name:app> asks <name:customer> for <permission>", with(back, "as <name:as>")},

		{Confirm, "<name:customer> confirms <object>", []string{"as <name:as>"}},
		{Decline, "<name:customer> declines <object>", nil},
		{ReleaseByCustomer, "<name:customer> frees <object>", nil},
		{LimitApplication, "<name:customer> limits <name:app> to", limits},
		{LimitEverything, "<name:customer> limits everything to", limits[:3]},
		{Move, "<name:customer> moves <name:app> to <name:account>", nil},
		{End, "<name:customer> ends <name:app>", nil},

		{Suspend, "bank suspends <name:app> of <name:customer>", nil},
		{Reinstate, "bank reinstates <name:app> of <name:customer>", nil},
		{BlockCustomer, "bank blocks customer <name:customer>", nil},
		{UnblockCustomer, "bank unblocks customer <name:customer>", nil},
		{BlockAccount, "bank blocks account <name:account>", nil},
		{OpenAccount, "bank opens account <name:account>", nil},
		{CloseAccount, "bank closes account <name:account>", nil},
		{AccessOn, "bank switches on access to <name:account>", nil},
		{AccessOff, "bank switches off access to <name:account>", nil},
		{BlockAccess, "bank blocks access to <name:account>", nil},
		{PayIn, "bank pays <amount> to <name:account>", nil},
		{PayOut, "bank takes <amount> from <name:account>", nil},
		{SetFees, "bank charges <name:app>", fees},
		{SetPartnerAccount, "bank gives <name:app> the account <name:account>", nil},
		{DefinePermission, "bank defines <permission> for <name:app>", nil},
		{ReleaseByBank, "bank releases <object>", nil},
		{CancelByBank, "bank cancels <object>", nil},

		{SetTime, "it is <date> <time>", nil},
		{Wait, "wait <duration>", nil},
		{StopSweeping, "the sweeper sleeps", nil},
		{Sweep, "the sweeper wakes", nil},

		{ExpectAccount, "expect account <name:account> booked <=signed:booked> held <=amount:held>", nil},
		{ExpectHold, "expect hold <object> <=word:status>", []string{"of <=amount:amount>", "until <=date:until-date> <=time:until-time>", "captured <=amount:captured>"}},
		{ExpectPayment, "expect payment <object> <=word:status>", []string{"of <=amount:amount>", "because <=code:because>", "costing <=amount:fee>", "on <=date:on>"}},
		{ExpectConfirmation, "expect confirmation <object> <=word:status>", []string{"because <=code:because>", "costing <=amount:fee>"}},
		{ExpectUsed, "expect <name:app> used <=amount:today> today and <=amount:month> this month of <name:customer>", nil},
		{ExpectCharged, "expect <name:app> charged <=amount:charged> this month to <name:customer>", nil},
		{ExpectCalls, "expect <name:app> has <=number:calls> calls of <permission> of <name:customer>", nil},
	}
}
