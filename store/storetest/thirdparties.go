package storetest

import (
	"fmt"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/thirdparty"
	"okienko/store"
)

// The third party of the suite.
const (
	theTPP          thirdparty.ClientID     = "0ddc6e7a-2f1c-4a8e-9a57-3f3e52d1c001"
	theOrganisation thirdparty.Organisation = "PSDPL-PFSA-5250007738"
)

func thirdParties(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"a third party comes back whole", clientComesBack},
		{"one organisation registered by many at once is registered once", registeredOnce},
		{"an import of the register withdraws what it no longer names", registerImported},
		{"an application for admission comes back with its papers", admissionComesBack},
		{"one request id used by many at once is used once", requestFight},
		{"a request id is one organisation's, and is remembered for a day", requestRemembered},
	})
}

// register registers the third party of the suite, if it is not.
func register(t *testing.T, s *store.Store, now time.Time) thirdparty.Client {
	t.Helper()
	c, err := s.ChangeClient(t.Context(), theOrganisation, func(c *thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		if c != nil {
			return *c, nil, nil
		}
		return thirdparty.Client{
			ID: theTPP, Organisation: theOrganisation, Name: "Finansowo sp. z o.o.", Email: "psd2@finansowo.example",
			RedirectURIs: []string{"https://finansowo.example/back", "https://finansowo.example/other?x=1"}, CallbackURLs: []string{callURL}, Status: thirdparty.Active,
			StatusBy: "staff:ewa", StatusWhy: "papers complete", Lenience: thirdparty.Lenience{AnyUUID: true, UnknownFields: true, OptionalTPPID: true}, Since: now,
			Keys: []thirdparty.Key{
				{Thumbprint: "z-first", Certificate: []byte{0x30, 1}, URL: "https://finansowo.example/key", AddedAt: now},
				{Thumbprint: "a-second", Certificate: []byte{0x30, 2}, AddedAt: now},
			},
		}, []audit.Record{{At: now, Act: "client.registered"}}, nil
	})
	must(t, err)
	return c
}

func clientComesBack(b *bed) {
	_, err := b.ClientOf(b.ctx, theOrganisation)
	b.refused(err, bank.NotFound)
	want := register(b.T, b.Store, b.now())
	check := func() {
		b.Helper()
		got, err := b.Client(b.ctx, theTPP)
		b.must(err)
		b.same(got, want)
		got, err = b.ClientOf(b.ctx, theOrganisation)
		b.must(err)
		b.same(got, want)
		list, err := b.Clients(b.ctx)
		b.must(err)
		b.same(list, []thirdparty.Client{want})
	}
	check()
	want.Status, want.StatusBy, want.StatusWhy, want.Lenience = thirdparty.Blocked, "staff:jan", "asked to", thirdparty.Lenience{}
	want.RedirectURIs, want.Keys = nil, []thirdparty.Key{want.Keys[1], {Thumbprint: "m-third", Certificate: []byte{0x30, 3}, AddedAt: b.now()}}
	change := func(c thirdparty.Client) error {
		_, err := b.ChangeClient(b.ctx, theOrganisation, func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) { return c, nil, nil })
		return err
	}
	b.must(change(want))
	check()
	want.Keys = nil
	for _, name := range thirdparty.Leniences {
		want.Lenience = thirdparty.Lenience{}
		b.must(want.Lenience.Set(name, true))
		b.must(change(want))
		check()
	}
	foreign := want
	foreign.ID = "another"
	if change(foreign) == nil {
		b.Error("a client became another one")
	}
	_, err = b.Client(b.ctx, "nobody")
	b.refused(err, bank.NotFound)
}

func registeredOnce(b *bed) {
	made := together(fight, func(i int) bool {
		first := false
		c, err := b.ChangeClient(b.ctx, theOrganisation, func(before *thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
			if first = before == nil; !first {
				c := *before
				c.Keys = append(c.Keys, thirdparty.Key{Thumbprint: fmt.Sprint("key-", i), AddedAt: b.now()})
				return c, nil, nil
			}
			return thirdparty.Client{
				ID: thirdparty.ClientID(fmt.Sprint("client-", i)), Organisation: theOrganisation, Name: "TPP", Status: thirdparty.Waiting, Since: b.now(),
			}, nil, nil
		})
		if err != nil {
			b.Error(err)
		}
		return first && c.ID == thirdparty.ClientID(fmt.Sprint("client-", i))
	})
	n := 0
	for _, one := range made {
		if one {
			n++
		}
	}
	list, err := b.Clients(b.ctx)
	b.must(err)
	if n != 1 || len(list) != 1 || len(list[0].Keys) != fight-1 {
		b.Errorf("%d were the first to register, and there are %+v", n, list)
	}
}

func registerImported(b *bed) {
	entry := func(o thirdparty.Organisation, roles ...thirdparty.Role) thirdparty.Entry {
		return thirdparty.Entry{Organisation: o, Name: "N " + string(o), Country: "PL", Roles: roles, Since: b.now().AddDate(-1, 0, 0)}
	}
	first, second, third := entry("PSDPL-PFSA-1", thirdparty.AccountInformation, thirdparty.PaymentInitiation), entry("PSDPL-PFSA-2", thirdparty.CardIssuing), entry("PSDDE-BAFIN-3")
	load := func(list ...thirdparty.Entry) {
		b.must(b.ImportEntries(b.ctx, list, b.now(), b.did("register.imported")))
	}
	load(third, first)
	began := b.now()
	is := func(want ...thirdparty.Entry) {
		b.Helper()
		got, err := b.Entries(b.ctx)
		b.must(err)
		b.same(got, want)
	}
	first.ImportedAt, third.ImportedAt = began, began
	is(third, first)

	b.move(time.Hour)
	first.Roles = []thirdparty.Role{thirdparty.AccountInformation}
	load(first, second)
	first.ImportedAt, second.ImportedAt, third.Until = b.now(), b.now(), b.now()
	is(third, first, second)
	got, err := b.Entry(b.ctx, third.Organisation)
	b.must(err)
	b.same(got, third)

	b.move(time.Hour) // what is withdrawn stays withdrawn since then, and what is listed again stands again
	load()
	first.Until, second.Until = b.now(), b.now()
	is(third, first, second)
	third.Until = time.Time{}
	load(third)
	third.ImportedAt = b.now()
	is(third, first, second)

	b.refused(b.ImportEntries(b.ctx, []thirdparty.Entry{first, first}, b.now(), b.did("twice")), bank.InvalidParameter)
	_, err = b.Entry(b.ctx, "PSDPL-PFSA-9")
	b.refused(err, bank.NotFound)
}

func admissionComesBack(b *bed) {
	want := thirdparty.Admission{
		Organisation: theOrganisation, Name: "Finansowo", AppliedBy: "Jan Kowalski", Status: thirdparty.Applied, AppliedAt: b.now(),
		Papers: []thirdparty.Paper{
			{ID: "z", Kind: thirdparty.Extract, FileName: "krs.pdf", Digest: digest("krs"), Content: []byte("%PDF-1"), Status: thirdparty.HandedIn, HandedIn: b.now()},
			{ID: "a", Kind: thirdparty.Licence, FileName: "knf.pdf", Digest: digest("knf"), Content: []byte("%PDF-2"), Status: thirdparty.Refused,
				HandedIn: b.now(), Reviewer: "ewa", Reason: "not readable", Reviewed: b.now()},
		},
	}
	keep := func(first bool) {
		b.Helper()
		_, err := b.ChangeAdmission(b.ctx, theOrganisation, func(before *thirdparty.Admission) (thirdparty.Admission, []audit.Record, error) {
			if (before == nil) != first {
				b.Errorf("the application before: %+v", before)
			}
			return want, []audit.Record{b.did("admission.changed")}, nil
		})
		b.must(err)
		got, err := b.Admission(b.ctx, theOrganisation)
		b.must(err)
		b.same(got, want)
		list, err := b.Admissions(b.ctx)
		b.must(err)
		b.same(list, []thirdparty.Admission{want})
	}
	keep(true)
	want.Papers[1].Status, want.Papers[1].Reason, want.ByOwner = thirdparty.Accepted, "", true
	want.Papers = append(want.Papers, thirdparty.Paper{ID: "m", Kind: thirdparty.Attorney, Digest: digest("m"), Content: []byte("%PDF-3"), Status: thirdparty.HandedIn, HandedIn: b.now()})
	want.Status, want.DecidedBy, want.Reason, want.DecidedAt = thirdparty.Admitted, "ewa", "complete", b.now()
	keep(false)
	_, err := b.Admission(b.ctx, "PSDPL-PFSA-1")
	b.refused(err, bank.NotFound)
}

func requestFight(b *bed) {
	const rounds = 20
	for round := range rounds {
		id := fmt.Sprint("id-", round)
		errs := together(fight, func(int) error { return b.FirstUse(b.ctx, theOrganisation, id, b.wall.Now()) })
		if n := tally(errs); n[""] != 1 || n[bank.RequestRepeated] != fight-1 {
			b.Errorf("outcomes: %v", n)
		}
	}
	// Many ids at once share transactions, and none is taken for another.
	errs := together(100, func(i int) error { return b.FirstUse(b.ctx, theOrganisation, fmt.Sprint("many-", i/2), b.wall.Now()) })
	if n := tally(errs); n[""] != 50 || n[bank.RequestRepeated] != 50 {
		b.Errorf("outcomes of fifty pairs: %v", n)
	}
}

func requestRemembered(b *bed) {
	use := func(o thirdparty.Organisation, id string) error { return b.FirstUse(b.ctx, o, id, b.wall.Now()) }
	b.must(use(theOrganisation, "one"))
	b.must(use("PSDPL-PFSA-1", "one"))
	b.must(use(theOrganisation, "ONE")) // to the byte: what is the same id in two spellings is for the door
	b.refused(use(theOrganisation, "one"), bank.RequestRepeated)
	purge := func() {
		_, err := b.Purge(b.ctx, b.now()) // also of an hour ago: a day is kept whatever is asked
		b.must(err)
	}
	b.move(24*time.Hour - time.Second)
	purge()
	b.refused(use(theOrganisation, "one"), bank.RequestRepeated)
	b.move(2 * time.Second)
	purge()
	b.must(use(theOrganisation, "one"))
}
