package sandbox

import (
	"fmt"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
)

// firm plans one month of a company: invoices paid and issued, some of them in
// split payment, contributions, taxes, rent, the bank's own fee.
func (p *plan) firm(f *firm, i int, month calendar.Date) {
	d := throw(p.cfg.Seed, fmt.Sprintf("month %s of %s", month, f.customer.ID))
	me := p.end(f.account)
	move := func(day, minute int, e event) {
		e.kind = ledger.Transfer
		p.add(calendar.NextBusinessDay(month.AddDays(day)), minute, e)
	}
	out := func(day, minute int, title string, to account.ID, payee ledger.Party, minor int64) {
		move(day, minute, event{title: title, from: f.account, to: to, payer: me, payee: payee, minor: minor})
	}

	sales := d.between(6, 11)
	for n := range sales {
		client := pick(d, clients())
		gross := f.turnover / int64(sales) * int64(d.between(80, 120)) / 100
		invoice := fmt.Sprintf("FV %d/%02d/%d", n+1, month.Month, month.Year)
		title := "Zapłata za fakturę " + invoice
		if d.chance(50) {
			title = splitPayment(gross, p.nipOf(client), invoice, "")
		}
		move(d.IntN(28), d.between(8*60, 15*60), event{title: title, from: intake.ElixirAccount, to: f.account, payer: p.office(client), payee: me, minor: gross})
	}
	purchases := d.between(4, 8)
	for n := range purchases {
		supplier := pick(d, suppliers())
		gross := f.turnover * 30 / 100 / int64(purchases) * int64(d.between(70, 130)) / 100
		invoice := fmt.Sprintf("%d/%s/%02d", 100+7*n, pick(d, []string{"A", "H", "K"}), month.Month)
		title := "Faktura " + invoice
		if gross > 1_000_00 {
			title = splitPayment(gross, p.nipOf(supplier), invoice, "dostawa")
		}
		out(d.IntN(28), d.between(9*60, 16*60), title, intake.ElixirAccount, p.office(supplier), gross)
	}

	before := month.AddDays(-1) // taxes and contributions are for the month before
	out(9, 8*60, "Czynsz za lokal "+month.String()[:7], intake.ElixirAccount, p.office(pick(d, landlords())), f.turnover*6/100)
	zus := int64(2_000_00)
	if !f.sole {
		zus = f.turnover * 7 / 100
	}
	out(19, 10*60, fmt.Sprintf("Składki ZUS %02d/%d", before.Month, before.Year), intake.ElixirAccount, p.office("Zakład Ubezpieczeń Społecznych"), zus)
	out(19, 10*60+5, taxTitle(string(f.customer.NIP), before, map[bool]string{true: "PPL", false: "PIT4"}[f.sole]), intake.TaxAccount, p.office("Urząd Skarbowy"), f.turnover*5/100)
	out(24, 10*60+10, taxTitle(string(f.customer.NIP), before, "VAT-7"), intake.TaxAccount, p.office("Urząd Skarbowy"), f.turnover*9/100)
	p.add(nextMonth(month).AddDays(-1), 21*60, event{kind: ledger.Fee, title: "Opłata za prowadzenie rachunku", from: f.account, to: account.FeeIncome, payer: me,
		payee: ledger.Party{Name: "Opłaty i prowizje"}, minor: 15_00})
	where := shops()
	for range 6 {
		s := pick(d, where)
		p.add(month.AddDays(d.IntN(28)), d.between(8*60, 18*60), event{kind: ledger.Card, title: "Zakup kartą firmową", from: f.account, to: intake.CardsAccount,
			payer: me, payee: ledger.Party{Name: s.name}, minor: d.grosze(s.low, s.high), spare: true})
	}
	p.add(month.AddDays(26), 13*60, event{kind: ledger.Transfer, title: "Lokata terminowa", from: f.account, to: intake.ElixirAccount, payer: me,
		payee: p.office("Bank Lokacyjny Skarbonka S.A."), above: f.turnover})
	if f.sole { // the owner lives on it
		if i == 0 {
			piotr := p.households[3]
			p.add(month.AddDays(9), 12*60, event{kind: ledger.Transfer, title: "Na życie", from: f.account, to: piotr.main, payer: me, payee: p.end(piotr.main), minor: 6_000_00})
			return
		}
		out(9, 12*60, "Wypłata właściciela", intake.ElixirAccount, p.office(f.customer.Name), f.turnover*18/100)
	}
}

// splitPayment is the title of a transfer in split payment (komunikat
// przelewu): VAT in it, the seller's NIP, the invoice, a free text.
func splitPayment(gross int64, nip, invoice, text string) string {
	vat := money.New(gross*23/123, money.PLN).String()
	title := "/VAT/" + vat[:len(vat)-3] + "," + vat[len(vat)-2:] + "/IDC/" + nip + "/INV/" + invoice
	if text != "" {
		title += "/TXT/" + text
	}
	return title
}

// taxTitle is the title of a transfer to the tax office: payer by NIP, monthly
// period, form.
func taxTitle(nip string, month calendar.Date, form string) string {
	return fmt.Sprintf("/TI/N%s/OKR/%02dM%02d/SFP/%s", nip, month.Year%100, month.Month, form)
}

// nipOf is the NIP of a firm outside the world: always the same for the same
// name.
func (p *plan) nipOf(name string) string {
	m := &mint{dice: throw(p.cfg.Seed, "nip of "+name), used: map[string]bool{}}
	return string(m.nip())
}
