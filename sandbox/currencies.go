package sandbox

import (
	"okienko/bank/account"
	"okienko/bank/money"
)

// kawomatReserve is from where Sorbnet, which takes no less than a million, can
// be tried.
const kawomatReserve account.ID = "account-kawomat-reserve"

// currencies opens the accounts from which payments of other kinds than domestic
// ones go: in EUR for some people, in EUR and USD for every company, and the
// companies' VAT accounts, without which there is no split payment. They come
// last, so that nobody's numbers change by them.
func (b *builder) currencies() error {
	since := b.first.AddDays(-20)
	for i, h := range b.households {
		if h.person.Login != "jan" && (i < len(roles()) || i%8 != 0) {
			continue
		}
		if _, err := b.open(h.customer, h.person.Login+"-eur", "Konto walutowe EUR", account.Product{Group: "ACCOUNT", Type: "CURRENCY"}, money.EUR, since); err != nil {
			return err
		}
	}
	for _, f := range b.firms {
		id := string(f.account)[len("account-"):]
		for _, a := range []struct {
			suffix, name, kind string
			currency           money.Currency
			most               int64 // of the opening balance, in whole units
		}{
			{"-eur", "Konto firmowe EUR", "CURRENCY", money.EUR, 60_000},
			{"-usd", "Konto firmowe USD", "CURRENCY", money.USD, 40_000},
			{"-vat", "Rachunek VAT", "VAT", money.PLN, 50_000},
		} {
			opened, err := b.open(f.customer, id+a.suffix, a.name, account.Product{Group: "ACCOUNT", Type: a.kind}, a.currency, since)
			if err != nil {
				return err
			}
			b.likeMain(f, opened)
			b.opening[opened] = throw(b.cfg.Seed, "opening of "+string(opened)).grosze(a.most/3, a.most)
		}
	}
	for _, f := range b.firms {
		if f.account != "account-"+kawomat {
			continue
		}
		id, err := b.open(f.customer, "kawomat-reserve", "Rachunek rezerwowy", account.Product{Group: "ACCOUNT", Type: "BUSINESS"}, money.PLN, since)
		if err != nil {
			return err
		}
		b.likeMain(f, id)
		b.opening[kawomatReserve] = 4_000_000_00
	}
	return nil
}

// likeMain gives an account the API access of its company's main one.
func (b *builder) likeMain(f *firm, id account.ID) {
	if main := b.accountByID(f.account).Access; main.State == account.AccessOn {
		b.accountByID(id).Access = main
	}
}
