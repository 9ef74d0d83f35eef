package sandbox

import (
	"fmt"

	"okienko/bank/calendar"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
)

// cardsAMonth is how often a person pays by card, before thinning.
const cardsAMonth = 26

// household plans one month of a person.
func (p *plan) household(h *household, i int, month calendar.Date) {
	d := throw(p.cfg.Seed, fmt.Sprintf("month %s of %s", month, h.person.Login))
	me := p.end(h.main)
	p.income(d, h, month, me)
	p.bills(d, h, i, month, me)
	p.cards(d, h, month, me)
	if h.savings != "" {
		p.add(month.AddDays(11), 19*60, event{kind: ledger.Transfer, title: "Odkładam na później", from: h.main, to: h.savings,
			payer: me, payee: p.end(h.savings), minor: h.income / 10})
	}
	keep := h.income
	if target, ok := h.target[h.main]; ok {
		keep = target + h.income/10 // near the balance in which the history must end
	}
	p.add(month.AddDays(26), 20*60, event{kind: ledger.Transfer, title: "Wpłata do funduszu", from: h.main, to: intake.ElixirAccount, payer: me,
		payee: p.office("Fundusz Inwestycyjny Ziarnko do Ziarnka"), above: keep})
	if h.euro != "" {
		p.add(calendar.NextBusinessDay(month.AddDays(14)), 11*60, event{kind: ledger.Transfer, title: "Freelance invoice " + month.String()[:7], from: sepaAccount, to: h.euro,
			payer: ledger.Party{Name: "Bluebell Editing Ltd"}, payee: p.end(h.euro), minor: d.grosze(180, 420), currency: money.EUR})
		p.add(month.AddDays(19), 16*60, event{kind: ledger.Card, title: "Zakup kartą, Praga", from: h.euro, to: sepaAccount,
			payer: p.end(h.euro), payee: ledger.Party{Name: "Hotel Vltava Praha"}, minor: d.grosze(70, 190), currency: money.EUR})
	}
	if d.chance(70) { // a friend gets back what they paid for both
		friend := p.households[(i+1+d.IntN(len(p.households)-1))%len(p.households)]
		p.add(month.AddDays(d.IntN(28)), d.between(8*60, 21*60), event{kind: ledger.Transfer, from: h.main, to: friend.main, payer: me, payee: p.end(friend.main),
			title: pick(d, []string{"Za bilety", "Zrzutka na prezent", "Zwrot za kolację", "Na wspólny wyjazd", "Za pizzę", "Dziękuję!"}), minor: d.grosze(15, 160)})
	}
}

func (p *plan) income(d dice, h *household, month calendar.Date, me ledger.Party) {
	pay := calendar.NextBusinessDay(month.AddDays(9))
	e := event{kind: ledger.Transfer, from: intake.ElixirAccount, to: h.main, payee: me, minor: h.income + d.grosze(0, 150)}
	switch {
	case h.person.Login == "piotr":
		return // he lives on his business, see trade.go
	case h.pension:
		e.title, e.payer = "Emerytura "+month.String()[:7], p.office("Zakład Ubezpieczeń Społecznych")
		pay = calendar.NextBusinessDay(month.AddDays(4))
	case h.employer != nil:
		e.title, e.from, e.payer = "Wynagrodzenie "+month.String()[:7], h.employer.account, p.end(h.employer.account)
	default:
		e.title, e.payer = "Wynagrodzenie "+month.String()[:7], p.office(h.outside)
	}
	p.add(pay, d.between(7*60, 10*60), e)
}

func (p *plan) bills(d dice, h *household, i int, month calendar.Date, me ledger.Party) {
	out := func(day, minute int, title string, payee ledger.Party, minor int64) {
		p.add(calendar.NextBusinessDay(month.AddDays(day)), minute, event{kind: ledger.Transfer, title: title, from: h.main, to: intake.ElixirAccount, payer: me, payee: payee, minor: minor})
	}
	name := month.String()[:7]
	rent := throw(p.cfg.Seed, "rent of "+h.person.Login)
	if jan := p.households[1]; i == 0 { // Anna lives in Jan's flat
		p.add(month.AddDays(10), 18*60, event{kind: ledger.Transfer, title: "Czynsz najmu " + name, from: h.main, to: jan.main, payer: me, payee: p.end(jan.main), minor: 1_850_00})
	} else {
		out(10, 9*60, "Czynsz "+name, p.office(pick(rent, landlords())), h.income*int64(rent.between(14, 24))/100)
	}
	out(13, 9*60+10, "Energia elektryczna, umowa "+fmt.Sprint(rent.between(100000, 999999)), p.office("Prąd i Światło S.A."), d.grosze(70, 210))
	out(14, 9*60+20, "Internet, faktura "+name, p.office("Łącza Światłowodowe S.A."), 69_90)
	out(16, 9*60+30, "Telefon, faktura "+name, p.office("Telefonia Dzwonek S.A."), 35_00)
	if month.Month%2 == 0 {
		out(17, 9*60+40, "Gaz, rozliczenie "+name, p.office("Gazownia Błękit S.A."), d.grosze(60, 240))
	}
	for range d.between(0, 2) {
		p.add(month.AddDays(d.IntN(28)), d.between(8*60, 20*60), event{kind: ledger.Cash, title: "Wypłata z bankomatu", from: h.main, to: intake.CashAccount,
			payer: me, payee: ledger.Party{Name: "Bankomat, " + pick(d, towns()).name}, minor: int64(d.between(1, 8)) * 50_00, spare: true})
	}
}

func (p *plan) cards(d dice, h *household, month calendar.Date, me ledger.Party) {
	// Two fifths of the income go through the card. A poor purse buys the same
	// things, cheaper or less of them.
	left, where := h.income*2/5, shops()
	for range cardsAMonth {
		s := pick(d, where)
		minor := d.grosze(s.low, s.high)
		day, minute := d.IntN(31), d.between(7*60, 21*60)
		if minor > left || month.AddDays(day).Month != month.Month {
			continue
		}
		left -= minor
		p.add(month.AddDays(day), minute, event{kind: ledger.Card, title: "Zakup kartą", from: h.main, to: intake.CardsAccount,
			payer: me, payee: ledger.Party{Name: s.name}, minor: minor, spare: true})
	}
}

// office is somebody with an account at another bank.
func (p *plan) office(name string) ledger.Party {
	return ledger.Party{Name: name, Number: elsewhere(p.cfg.Seed, name)}
}
