package sandbox

import (
	"okienko/bank/thirdparty"
)

// readyTPP is the third party whose client, certificates and keys lie ready in
// the data folder.
const (
	readyTPP     thirdparty.Organisation = "PSDPL-PFSA-0000000001"
	readyTPPName string                  = "Okno na Finanse sp. z o.o."
)

// supervisor makes the public register as the bank imported it last: every set of
// the three roles of third parties, a bank that is one beside its accounts, one
// from abroad, one withdrawn. Numbers begin with zeros; those that supervisors
// give do not.
func (b *builder) supervisor() error {
	const ai, pi, ic = thirdparty.AccountInformation, thirdparty.PaymentInitiation, thirdparty.CardIssuing
	since, imported := b.first.AddDays(-400).Start().UTC(), b.today.AddDays(-1).Start().UTC()
	for _, t := range []struct {
		organisation thirdparty.Organisation
		name         string
		roles        []thirdparty.Role
		withdrawn    bool
	}{
		{readyTPP, readyTPPName, []thirdparty.Role{ai, pi, ic}, false},
		{"PSDPL-PFSA-0000000002", "Domowy Budżet sp. z o.o.", []thirdparty.Role{ai}, false},
		{"PSDPL-PFSA-0000000003", "Przelewator S.A.", []thirdparty.Role{pi}, false},
		{"PSDPL-PFSA-0000000004", "Karta na Zakupy S.A.", []thirdparty.Role{ic}, false},
		{"PSDPL-PFSA-0000000005", "Koszyk i Kasa sp. z o.o.", []thirdparty.Role{ai, pi}, false},
		{"PSDPL-PFSA-0000000006", "Portfel Rodzinny sp. z o.o.", []thirdparty.Role{ai, ic}, false},
		{"PSDPL-PFSA-0000000007", "Tankowanie bez Gotówki sp. z o.o.", []thirdparty.Role{pi, ic}, false},
		{"PSDPL-PFSA-0000000008", "Dawne Płatności S.A. w likwidacji", []thirdparty.Role{ai, pi, ic}, true},
		{"PSDPL-PFSA-0000000009", "Bank za Miedzą S.A.", []thirdparty.Role{thirdparty.AccountServicing, ai, pi}, false},
		{"PSDDE-BAFIN-0000000010", "Haushaltsbuch Musterstadt GmbH", []thirdparty.Role{ai}, false},
	} {
		e := thirdparty.Entry{Organisation: t.organisation, Name: t.name, Country: t.organisation.Country(), Roles: t.roles, Since: since, ImportedAt: imported}
		if t.withdrawn {
			e.Until = b.today.AddDays(-90).Start().UTC()
		}
		b.world.Supervised = append(b.world.Supervised, e)
	}
	return nil
}
