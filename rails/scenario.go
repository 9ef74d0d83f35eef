package rails

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/transfer"
)

// Scenario is a way in which a payment can end. Reasons carry the code of the
// ISO 20022 external code sets (ExternalStatusReason1Code and
// ExternalReturnReason1Code) by which real systems name them.
type Scenario struct {
	Number int    // of the amount 13.NN and of the account ending in 9913NN
	Tag    string // scenario:TAG in the title

	// Silent is how long the system does not say what became of the payment,
	// counted from the instant at which it was handed over.
	Silent time.Duration
	// Refused is why the payment is refused in the end, "" when it is settled.
	Refused string
	// Back is why the settled money is sent back, "" when it stays; After is how
	// long that takes, 0 until 11:00 on the next business day.
	Back  string
	After time.Duration
}

// Scenarios lists every scenario once, in the order of their numbers. A payment
// that names none is settled at once.
func Scenarios() []Scenario {
	const closed = "AC04: the payee's account is closed"
	return []Scenario{
		{Number: 1, Tag: "closed", Refused: closed},
		{Number: 2, Tag: "unknown", Refused: "AC01: the payee's bank has no such account"},
		{Number: 3, Tag: "blocked", Refused: "AC06: the payee's account is blocked"},
		{Number: 4, Tag: "name", Refused: "BE01: the account belongs to somebody of another name"},
		{Number: 5, Tag: "regulatory", Refused: "RR04: the payee's bank refuses for regulatory reasons"},
		{Number: 6, Tag: "system", Refused: "ED05: the payment system could not settle"},
		{Number: 7, Tag: "timeout", Refused: "AB05: the payee's bank did not answer in time"},
		{Number: 8, Tag: "slow", Silent: time.Minute},
		{Number: 9, Tag: "slow-closed", Silent: time.Minute, Refused: closed},
		{Number: 10, Tag: "lost", Silent: 24 * time.Hour, Refused: "AB06: the payment system lost the payment"},
		{Number: 11, Tag: "returned", Back: closed, After: 10 * time.Minute},
		{Number: 12, Tag: "returned-next-day", Back: "CUST: the payee sent the money back"},
	}
}

const (
	tagMark = "scenario:" // in a title, in any case
	// A payee's account is one in a million by chance, and the made-up world has
	// none; 13.01 is an amount that nobody types without a thought.
	accountMark = "9913"
	amountMark  = 1300 // minor units, in whatever currency
)

// scenarioOf finds the scenario that an order asks for: by its title, by the
// payee's account, by the amount, in this order. nil is none. A title with a tag
// that stands in no table is refused: silently settled, a test with a slip in it
// would pass.
func scenarioOf(o *transfer.Instruction) (*Scenario, error) {
	list := Scenarios()
	find := func(is func(Scenario) bool) *Scenario {
		if at := slices.IndexFunc(list, is); at >= 0 {
			return &list[at]
		}
		return nil
	}
	if tag, ok := tagIn(o.Description); ok {
		s := find(func(s Scenario) bool { return s.Tag == tag })
		if s == nil {
			return nil, bank.RefuseField("transferData.description", fmt.Sprintf("The sandbox has no scenario %q.", tag))
		}
		return s, nil
	}
	if s := find(func(s Scenario) bool {
		return strings.HasSuffix(o.Recipient.Account, fmt.Sprintf("%s%02d", accountMark, s.Number))
	}); s != nil {
		return s, nil
	}
	return find(func(s Scenario) bool { return o.Amount.Minor() == amountMark+int64(s.Number) }), nil
}

// tagIn is the first tag of a title.
func tagIn(title string) (string, bool) {
	title = strings.ToLower(title)
	_, rest, found := strings.Cut(title, tagMark)
	if !found {
		return "", false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' })
	if end < 0 {
		end = len(rest)
	}
	return strings.TrimRight(rest[:end], "-"), true
}
