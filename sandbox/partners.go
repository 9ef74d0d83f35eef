package sandbox

import (
	"embed"
	"fmt"
	"net/netip"
	"time"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
)

//go:embed logos/*.svg
var logos embed.FS

// partners makes the partners with their ready applications: one open to
// everybody, one in its trial with fees and counted permissions, one native that
// must use PKCE and is open in the sandbox alone.
func (b *builder) partners() error {
	for _, p := range []struct {
		id        partner.ID
		legal     string
		signed    bool
		employees []party.PersonID
		app       partner.Application
	}{
		{kawomat, "Kawomat sp. z o.o.", true, []party.PersonID{"person-helena.kruk", "person-jan"}, b.kawomat()},
		{parkomat, "Parkomat sp. z o.o.", true, []party.PersonID{"person-oskar.bielak", "person-anna"}, b.parkomat()},
		{bilecik, "Bilecik sp. z o.o.", false, nil, b.bilecik()},
	} {
		if err := b.partner(p.id, p.legal, p.signed, p.employees, &p.app); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) partner(id partner.ID, legal string, signed bool, employees []party.PersonID, app *partner.Application) error {
	customer := b.customerByID(party.CustomerID("customer-" + id))
	since := b.first.AddDays(-60).Start().UTC()
	p := partner.Partner{
		ID: id, Name: app.Name, LegalName: legal, NIP: customer.NIP, REGON: customer.REGON, KRS: customer.KRS, Address: customer.Address,
		Email: "api@" + string(id) + ".example", Phone: phone(900 + len(b.world.Partners)), Customer: customer.ID, Employees: employees, Since: since,
	}
	if signed {
		p.Agreement = partner.Agreement{Reference: fmt.Sprintf("API/%d/%03d", b.first.Year, len(b.world.Partners)+1), SignedAt: since.AddDate(0, 0, 20)}
	}
	svg, err := logos.ReadFile("logos/" + string(id) + ".svg")
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	callback := b.cfg.Doors + "/callback/" + string(id)
	app.ID, app.Partner, app.Account = consent.ClientID(id), id, account.ID("account-"+id)
	app.Logo = partner.Logo{MediaType: "image/svg+xml", Bytes: svg}
	app.RedirectURIs, app.CallbackURIs = []string{callback}, []string{callback + "/operation"}
	// Tokens are given to programs on this machine only.
	app.Addresses = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	app.AccessTTL, app.RefreshTTL, app.Since = partner.DefaultAccessTTL, partner.DefaultRefreshTTL, since
	app.Domain = partner.DomainProof{Domain: string(id) + ".example", Method: partner.ByDNS, Token: clientSecret(b.cfg.Seed, "domain of "+string(id))}
	if signed {
		app.Domain.ProvenAt = p.Agreement.SignedAt
	}
	b.world.Partners = append(b.world.Partners, p)
	b.world.Applications = append(b.world.Applications, *app)
	b.world.Secrets = append(b.world.Secrets, Secret{Client: app.ID, Text: clientSecret(b.cfg.Seed, string(id))})
	return app.Valid()
}

func (b *builder) customerByID(id party.CustomerID) party.Customer {
	for _, c := range b.world.Batch.Customers {
		if c.ID == id {
			return c
		}
	}
	return party.Customer{}
}

func zlotys(single, daily, monthly, unconfirmed int64) limit.Limits {
	pln := func(n int64) money.Amount { return money.New(n*100, money.PLN) }
	return limit.Limits{Single: pln(single), Daily: pln(daily), Monthly: pln(monthly), Unconfirmed: pln(unconfirmed)}
}

// permission defines one, free of limits in time and number.
func permission(o consent.Object, a consent.Action, obligatory bool) consent.Definition {
	return consent.Definition{Permission: consent.Permission{Object: o, Action: a}, Obligatory: obligatory, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted}
}

func (b *builder) kawomat() partner.Application {
	const obligatory, optional = true, false
	return partner.Application{
		Name: "Kawomat", Description: "Kawa z automatu: najpierw blokada, potem zapłata tylko za to, co wypijesz.",
		Status: partner.Public, Limits: zlotys(500, 1000, 5000, 100), ReleaseByCustomer: true,
		Permissions: []consent.Definition{
			permission(consent.Blockades, consent.Create, obligatory), permission(consent.Blockades, consent.ReadList, obligatory),
			permission(consent.Blockades, consent.ReadDet, obligatory), permission(consent.Blockades, consent.Delete, obligatory),
			permission(consent.Blockades, consent.Update, obligatory),
			permission(consent.Payments, consent.Create, obligatory), permission(consent.Payments, consent.ReadList, obligatory),
			permission(consent.Payments, consent.ReadDet, obligatory), permission(consent.User, consent.ReadDet, obligatory),
			permission(consent.Transactions, consent.ReadList, optional), permission(consent.Transactions, consent.ReadDet, optional),
			permission(consent.Payments, consent.Update, optional), permission(consent.Payments, consent.Delete, optional),
		},
	}
}

func (b *builder) parkomat() partner.Application {
	const obligatory, optional = true, false
	history := permission(consent.Transactions, consent.ReadList, optional)
	history.Quota, history.ValidSeconds = 10, int64((24 * time.Hour).Seconds())
	who := permission(consent.User, consent.ReadDet, optional)
	who.Quota = 3
	month := permission(consent.Payments, consent.Create, obligatory)
	month.ValidSeconds = int64((30 * 24 * time.Hour).Seconds())
	return partner.Application{
		Name: "Parkomat", Description: "Parkowanie w mieście, płatne za minuty postoju.",
		Status: partner.Beta, Limits: zlotys(200, 300, 1500, 50),
		Fees: fee.Table{fee.Hold: 10, fee.Payment: 49}, Charges: limit.CapAt(money.New(5_00, money.PLN)),
		Permissions: []consent.Definition{
			permission(consent.Blockades, consent.Create, obligatory), permission(consent.Blockades, consent.ReadDet, obligatory),
			permission(consent.Blockades, consent.Delete, obligatory), month, permission(consent.Payments, consent.ReadDet, obligatory), history, who,
		},
	}
}

func (b *builder) bilecik() partner.Application {
	const obligatory, optional = true, false
	return partner.Application{
		Name: "Bilecik", Description: "Bilety miejskie w telefonie.",
		Status: partner.Sandbox, Native: true, Limits: zlotys(100, 200, 600, 100),
		IOSReturn: []string{"example.bilecik://pairing"}, AndroidReturn: []string{"example.bilecik://pairing"},
		Permissions: []consent.Definition{
			permission(consent.Payments, consent.Create, obligatory), permission(consent.Payments, consent.ReadDet, obligatory),
			permission(consent.Payments, consent.ReadList, optional), permission(consent.User, consent.ReadDet, optional),
		},
	}
}
