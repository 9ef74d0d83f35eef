package sandbox

import (
	"fmt"
	"time"

	"okienko/bank/nrb"
	"okienko/bank/party"
)

// BankCode is the sort code of the made-up bank. The National Bank of Poland
// numbers banks with three digits from 101 and cooperative banks with four from
// 8001, and a sort code begins with that number (NBP, register of bank numbers,
// questions and answers). None that we know of begins with four zeros, and nobody
// takes such a number for a real one. Its check digit is right, so that no check
// refuses it.
const BankCode = "00000013"

// otherBanks are the sort codes of the other made-up banks, where employers,
// landlords and offices have their accounts.
func otherBanks() []string { return []string{"00000026", "00000039", "00000042", "00000055"} }

// mint gives numbers that are well-formed and never twice the same.
type mint struct {
	dice
	used map[string]bool
	next int
}

func newMint(seed uint64) *mint { return &mint{dice: throw(seed, "numbers"), used: map[string]bool{}} }

// account is the next account of the made-up bank.
func (m *mint) account() (nrb.NRB, error) {
	m.next++
	return nrb.Make(BankCode, fmt.Sprintf("1000%08d%04d", m.IntN(100_000_000), m.next))
}

// elsewhere is the account of a name in one of the other banks: always the same
// for the same name.
func elsewhere(seed uint64, name string) string {
	d := throw(seed, "account of "+name)
	n, err := nrb.Make(pick(d, otherBanks()), fmt.Sprintf("%016d", d.Int64N(1e16)))
	if err != nil {
		return "" // the codes above are eight digits: a test holds it
	}
	return string(n)
}

// pesel is that of somebody of an age in whole years, give or take one.
func (m *mint) pesel(year, age int, sex party.Sex) (party.PESEL, error) {
	for {
		serial := m.IntN(5000) * 2
		if sex == party.Male {
			serial++
		}
		p, err := party.MakePESEL(year-age, time.Month(m.between(1, 12)), m.between(1, 28), serial)
		if err != nil || m.fresh("pesel", string(p)) {
			return p, err
		}
	}
}

func (m *mint) nip() party.NIP {
	for {
		if n, ok := party.MakeNIP(fmt.Sprintf("%09d", m.between(110_000_000, 998_999_999))); ok && m.fresh("nip", string(n)) {
			return n
		}
	}
}

func (m *mint) regon() party.REGON {
	for {
		if n, ok := party.MakeREGON(fmt.Sprintf("%08d", m.between(10_000_000, 39_999_999))); ok && m.fresh("regon", string(n)) {
			return n
		}
	}
}

func (m *mint) krs() string { m.next++; return fmt.Sprintf("000090%04d", m.next) }

// phone begins with 999, the ambulance's number, so that no subscriber can have it.
func phone(n int) string { return fmt.Sprintf("+48999100%03d", n) }

func (m *mint) address() string {
	t := pick(m.dice, towns())
	flat := ""
	if m.chance(60) {
		flat = fmt.Sprintf("/%d", m.between(1, 48))
	}
	return fmt.Sprintf("ul. %s %d%s, %s%02d %s", pick(m.dice, streets()), m.between(1, 120), flat, t.post, m.IntN(100), t.name)
}

func (m *mint) fresh(kind, number string) bool {
	if m.used[kind+number] {
		return false
	}
	m.used[kind+number] = true
	return true
}
