package rails_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/clock"
	"okienko/rails"
)

var (
	friday    = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	wednesday = time.Date(2027, 11, 10, 9, 0, 0, 0, time.UTC) // before Independence Day
)

// payee is an account at another bank with chosen last digits.
func payee(t *testing.T, bankCode, ending string) string {
	t.Helper()
	n, err := nrb.Make(bankCode, strings.Repeat("7", 16-len(ending))+ending)
	if err != nil {
		t.Fatal(err)
	}
	return string(n)
}

func order(t *testing.T, minor int64, title, ending string) *transfer.Instruction {
	t.Helper()
	return &transfer.Instruction{Kind: transfer.Domestic, Recipient: transfer.Party{Account: payee(t, "00000026", ending), Name: "Drukarnia Kleks"},
		Description: title, Amount: money.New(minor, money.PLN)}
}

func sent(o *transfer.Instruction, at time.Time) *transfer.Transfer {
	return &transfer.Transfer{ID: "t", Order: *o, System: transfer.Elixir, Status: transfer.Pending, CreatedAt: at.Add(-time.Hour), Due: at}
}

// Every scenario is brought out in each of the three ways, and asked twice it
// says the same, later and on a network of another node.
func TestEveryScenarioIsBroughtOutByTitleAccountAndAmount(t *testing.T) {
	for _, s := range rails.Scenarios() {
		for way, o := range map[string]*transfer.Instruction{
			"title":   order(t, 25_00, "Faktura 7 SCENARIO:"+strings.ToUpper(s.Tag), ""),
			"account": order(t, 25_00, "Faktura 7", fmt.Sprintf("9913%02d", s.Number)),
			"amount":  order(t, 1300+int64(s.Number), "Faktura 7", ""),
		} {
			t.Run(s.Tag+" by "+way, func(t *testing.T) {
				at := clock.NewManual(friday)
				n := rails.NewSimulator(at)
				if err := n.Check(t.Context(), transfer.Elixir, o); err != nil {
					t.Fatal(err)
				}
				p := sent(o, friday)
				v := send(t, n, p)
				if s.Silent > 0 {
					if v.Outcome != rail.Unknown {
						t.Fatalf("at once: %+v", v)
					}
					at.Advance(s.Silent - time.Second)
					if v = send(t, n, p); v.Outcome != rail.Unknown {
						t.Fatalf("a second too early: %+v", v)
					}
					at.Advance(time.Second)
					v = send(t, n, p)
				}
				want := rail.Settled
				if s.Refused != "" {
					want = rail.Refused
				}
				if v.Outcome != want || v.Reason != s.Refused || v.ReturnReason != s.Back || v.ReturnAt.IsZero() != (s.Back == "") {
					t.Errorf("%+v", v)
				}
				at.Advance(40 * 24 * time.Hour)
				if again := send(t, rails.NewSimulator(at), p); again != v {
					t.Errorf("asked again: %+v, before: %+v", again, v)
				}
			})
		}
	}
}

func send(t *testing.T, n rail.Network, p *transfer.Transfer) rail.Verdict {
	t.Helper()
	v, err := n.Send(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWithoutAScenarioPaymentsSettleAtOnce(t *testing.T) {
	n := rails.NewSimulator(clock.NewManual(friday))
	if v := send(t, n, sent(order(t, 25_00, "Faktura 7", ""), friday)); v != (rail.Verdict{Outcome: rail.Settled}) {
		t.Errorf("%+v", v)
	}
}

func TestReturnsComeAfterMinutesOrOnTheNextBusinessDay(t *testing.T) {
	for _, c := range []struct {
		tag  string
		sent time.Time
		want time.Time
	}{
		{"returned", friday, friday.Add(10 * time.Minute)},
		{"returned-next-day", friday, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)},                                       // Monday, 11:00 in Warsaw
		{"returned-next-day", wednesday, time.Date(2027, 11, 12, 10, 0, 0, 0, time.UTC)},                                    // Thursday is a holiday
		{"returned-next-day", time.Date(2027, 3, 26, 23, 30, 0, 0, time.UTC), time.Date(2027, 3, 30, 9, 0, 0, 0, time.UTC)}, // Easter, summer time
	} {
		v := send(t, rails.NewSimulator(clock.NewManual(c.sent)), sent(order(t, 25_00, "scenario:"+c.tag, ""), c.sent))
		if !v.ReturnAt.Equal(c.want) {
			t.Errorf("%s sent %v comes back %v, want %v", c.tag, c.sent, v.ReturnAt, c.want)
		}
	}
}

func TestTitleIsStrongerThanAccountAndAccountThanAmount(t *testing.T) {
	n := rails.NewSimulator(clock.NewManual(friday))
	if v := send(t, n, sent(order(t, 1305, "scenario:name", "991301"), friday)); !strings.HasPrefix(v.Reason, "BE01") {
		t.Errorf("title, account and amount: %+v", v)
	}
	if v := send(t, n, sent(order(t, 1305, "Faktura", "991301"), friday)); !strings.HasPrefix(v.Reason, "AC04") {
		t.Errorf("account and amount: %+v", v)
	}
}

func TestUnknownScenarioIsRefusedBeforeTheCustomerIsAsked(t *testing.T) {
	n := rails.NewSimulator(clock.NewManual(friday))
	o := order(t, 25_00, "scenario:closd", "")
	if err := n.Check(t.Context(), transfer.Elixir, o); bank.CodeOf(err) != bank.InvalidParameter {
		t.Errorf("%v", err)
	}
}

func TestSchemesAndTheirLimits(t *testing.T) {
	n := rails.NewSimulator(clock.NewManual(friday))
	const whole = 1_000_00
	to := func(account string) transfer.Instruction {
		return transfer.Instruction{Recipient: transfer.Party{Account: account}, Amount: money.New(whole, money.PLN)}
	}
	at := func(code string) transfer.Instruction { return to(payee(t, code, "")) }
	of := func(minor int64, c money.Currency) transfer.Instruction {
		o := at("00000026")
		o.Amount = money.New(minor, c)
		return o
	}
	swift := func(bic, country string) transfer.Instruction {
		return transfer.Instruction{Recipient: transfer.Party{Account: "123"}, RecipientBank: transfer.Bank{BIC: bic, Country: country}, Amount: money.New(whole, money.USD)}
	}
	for _, c := range []struct {
		name   string
		system transfer.System
		order  transfer.Instruction
		want   bank.Code
	}{
		{"Elixir to every bank", transfer.Elixir, at("00000055"), ""},
		{"Express Elixir to all schemes", transfer.ExpressElixir, at("00000026"), ""},
		{"BlueCash to all schemes", transfer.BlueCash, at("00000026"), ""},
		{"Express Elixir without BlueCash", transfer.ExpressElixir, at("00000039"), ""},
		{"no BlueCash", transfer.BlueCash, at("00000039"), bank.RailUnavailable},
		{"no Express Elixir", transfer.ExpressElixir, at("00000042"), bank.RailUnavailable},
		{"BlueCash without Express Elixir", transfer.BlueCash, at("00000042"), ""},
		{"neither: Express Elixir", transfer.ExpressElixir, at("00000055"), bank.RailUnavailable},
		{"neither: BlueCash", transfer.BlueCash, at("00000055"), bank.RailUnavailable},
		{"recipient of mBank's samples", transfer.ExpressElixir, to("20114000000000000000000300"), ""},
		{"no such sort code", transfer.Elixir, at("00000027"), bank.InvalidParameter},
		{"Express Elixir at its limit", transfer.ExpressElixir, of(250_000_00, money.PLN), ""},
		{"Express Elixir above it", transfer.ExpressElixir, of(250_000_01, money.PLN), bank.InvalidParameter},
		{"BlueCash at its limit", transfer.BlueCash, of(20_000_00, money.PLN), ""},
		{"BlueCash above it", transfer.BlueCash, of(20_000_01, money.PLN), bank.InvalidParameter},
		{"Sorbnet at its least", transfer.Sorbnet, of(1_000_000_00, money.PLN), ""},
		{"Sorbnet below it", transfer.Sorbnet, of(999_999_99, money.PLN), bank.InvalidParameter},
		{"SEPA Instant", transfer.InstantSEPA, to("DE89370400440532013000"), ""},
		{"SEPA Instant to a bank outside", transfer.InstantSEPA, to("FR7699006000011234567890189"), bank.RailUnavailable},
		{"SEPA to the same bank", transfer.SEPA, to("FR7699006000011234567890189"), ""},
		{"SWIFT", transfer.Swift, swift("BOFAUS3N", "US"), ""},
		{"SWIFT to a country by name", transfer.Swift, swift("", "KP"), bank.RailUnavailable},
		{"SWIFT to a country by BIC", transfer.Swift, swift("MELIIRTH", "US"), bank.RailUnavailable},
		{"an unknown system", transfer.System("Pigeon"), at("00000026"), bank.RailUnavailable},
	} {
		if err := n.Check(t.Context(), c.system, &c.order); bank.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// The table of docs/sandbox.md is what a developer reads; the one in the code
// must say the same.
func TestScenariosAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\| `scenario:([a-z-]+)` \\| `9913(\\d\\d)` \\| 13\\.(\\d\\d) \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1)
	list := rails.Scenarios()
	if len(rows) != len(list) {
		t.Fatalf("%d rows, %d scenarios", len(rows), len(list))
	}
	for i, s := range list {
		number := fmt.Sprintf("%02d", s.Number)
		row := rows[i]
		if row[1] != fmt.Sprint(s.Number) || row[2] != s.Tag || row[3] != number || row[4] != number {
			t.Errorf("row %d: %v, scenario %d %s", i+1, row[1:5], s.Number, s.Tag)
		}
		for _, reason := range []string{s.Refused, s.Back} {
			if code, _, _ := strings.Cut(reason, ":"); code != "" && !strings.Contains(row[5], code) {
				t.Errorf("row %d does not name %s", i+1, code)
			}
		}
	}
}
