package office

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// RegisterDocument is the supervisor's list of payment service providers as the
// bank imports it. It stands for the whole list: whoever is missing has gone.
type RegisterDocument struct {
	Entries []RegisterEntry `toml:"entry"`
}

// RegisterEntry is one organisation of the list.
type RegisterEntry struct {
	Organisation string   `toml:"organisation"` // PSDPL-PFSA-5250007738
	Name         string   `toml:"name"`
	Country      string   `toml:"country"` // where it is licensed; "" takes it from the identifier
	Roles        []string `toml:"roles"`   // PSP_AI, PSP_PI, PSP_IC, PSP_AS
	Since        string   `toml:"since"`   // day of the licence; "" was always
	Until        string   `toml:"until"`   // day on which it was withdrawn, "" while it stands
}

func (d *RegisterDocument) entries() ([]thirdparty.Entry, error) {
	if len(d.Entries) == 0 {
		return nil, bank.RefuseField("entry", "An empty list would take the licence from everybody.")
	}
	seen := map[thirdparty.Organisation]bool{}
	out := make([]thirdparty.Entry, 0, len(d.Entries))
	for i := range d.Entries {
		e, err := d.Entries[i].entry()
		if err != nil {
			return nil, err
		}
		if seen[e.Organisation] {
			return nil, bank.RefuseField("organisation", fmt.Sprintf("The organisation %s stands twice.", e.Organisation))
		}
		seen[e.Organisation] = true
		out = append(out, e)
	}
	return out, nil
}

func (d *RegisterEntry) entry() (thirdparty.Entry, error) {
	var e thirdparty.Entry
	var err error
	if e.Organisation, err = thirdparty.ParseOrganisation(d.Organisation); err != nil {
		return e, bank.RefuseField("organisation", fmt.Sprintf("%q is no organisation identifier: PSDPL-PFSA-5250007738 is one.", d.Organisation))
	}
	if err := lines(maxText, "name", d.Name); err != nil {
		return e, err
	}
	if d.Name == "" {
		return e, bank.RefuseField("name", fmt.Sprintf("The organisation %s has no name.", d.Organisation))
	}
	e.Name, e.Country = d.Name, d.Country
	if e.Country == "" {
		e.Country = e.Organisation.Country()
	}
	if len(e.Country) != 2 || strings.ToUpper(e.Country) != e.Country {
		return e, bank.RefuseField("country", fmt.Sprintf("The country of %s is two capital letters.", d.Organisation))
	}
	for _, name := range d.Roles {
		r := thirdparty.Role(name)
		if !slices.Contains(thirdparty.Roles, r) || slices.Contains(e.Roles, r) {
			return e, bank.RefuseField("roles", fmt.Sprintf("The role %q of %s is unknown or stands twice.", name, d.Organisation))
		}
		e.Roles = append(e.Roles, r)
	}
	if len(e.Roles) == 0 {
		return e, bank.RefuseField("roles", fmt.Sprintf("The organisation %s has no role.", d.Organisation))
	}
	for _, at := range []struct {
		field, text string
		into        *time.Time
	}{{"since", d.Since, &e.Since}, {"until", d.Until, &e.Until}} {
		if at.text == "" {
			continue
		}
		if *at.into, err = day(at.field, at.text); err != nil {
			return e, err
		}
	}
	if !e.Until.IsZero() && e.Until.Before(e.Since) {
		return e, bank.RefuseField("until", fmt.Sprintf("The licence of %s ends before it begins.", d.Organisation))
	}
	return e, nil
}

// ImportRegister replaces the supervisor's register by the list of a file.
type ImportRegister struct{ Document RegisterDocument }

func (c *ImportRegister) check(ctx context.Context, o *Office) (*act, error) {
	list, err := c.Document.entries()
	if err != nil {
		return nil, err
	}
	old, err := o.ThirdParties.Entries(ctx)
	if err != nil {
		return nil, err
	}
	now := o.now()
	told := []string{fmt.Sprintf("Replace the register of %d organisations by a list of %d.", len(old), len(list))}
	for i := range list {
		told = append(told, entryChange(old, &list[i])...)
	}
	for i := range old {
		gone := !slices.ContainsFunc(list, func(e thirdparty.Entry) bool { return e.Organisation == old[i].Organisation })
		if gone && old[i].Until.IsZero() {
			told = append(told, fmt.Sprintf("  gone     %s %s: every further call of it is refused", old[i].Organisation, old[i].Name))
		}
	}
	return &act{
		name: "register.import", subject: "register:third-parties", lines: told,
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Before, r.After = fmt.Sprint(len(old)), fmt.Sprint(len(list))
			return nil, o.ThirdParties.ImportEntries(ctx, list, now, r)
		},
	}, nil
}

func entryChange(old []thirdparty.Entry, e *thirdparty.Entry) []string {
	i := slices.IndexFunc(old, func(was thirdparty.Entry) bool { return was.Organisation == e.Organisation })
	roles := roleNames(e.Roles)
	switch {
	case i < 0:
		return []string{fmt.Sprintf("  new      %s %s: %s", e.Organisation, e.Name, roles)}
	case roleNames(old[i].Roles) != roles || !old[i].Until.Equal(e.Until):
		return []string{fmt.Sprintf("  changed  %s %s: %s, was %s", e.Organisation, e.Name, roles+until(e), roleNames(old[i].Roles)+until(&old[i]))}
	}
	return nil
}

func until(e *thirdparty.Entry) string {
	if e.Until.IsZero() {
		return ""
	}
	return " until " + calendar.DateOf(e.Until).String()
}

func roleNames(list []thirdparty.Role) string {
	names := make([]string, 0, len(list))
	for _, r := range list {
		names = append(names, string(r))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// ListThirdParties shows the registered clients, what the register says of each,
// and who has applied.
type ListThirdParties struct{}

func (*ListThirdParties) check(ctx context.Context, o *Office) (*act, error) {
	clients, err := o.ThirdParties.Clients(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := o.ThirdParties.Entries(ctx)
	if err != nil {
		return nil, err
	}
	var told []string
	for i := range clients {
		c := &clients[i]
		says := "not in the register"
		if at := slices.IndexFunc(entries, func(e thirdparty.Entry) bool { return e.Organisation == c.Organisation }); at >= 0 {
			says = roleNames(entries[at].Roles) + until(&entries[at])
		}
		told = append(told, fmt.Sprintf("%-8s %s %s, client %s: %s", c.Status, c.Organisation, c.Name, c.ID, says))
	}
	admissions, err := o.ThirdParties.Admissions(ctx)
	for i := range admissions {
		a := &admissions[i]
		told = append(told, fmt.Sprintf("%-8s %s %s, %d papers, since %s", a.Status, a.Organisation, a.Name, len(a.Papers), a.AppliedAt.Format(time.DateOnly)))
	}
	return &act{lines: told}, err
}

// BlockThirdParty blocks the client of an organisation, or lets it in again.
type BlockThirdParty struct {
	Organisation string
	Lift         bool
	Why          string
}

func (c *BlockThirdParty) check(ctx context.Context, o *Office) (*act, error) {
	client, err := o.ThirdParties.ClientOf(ctx, thirdparty.Organisation(c.Organisation))
	if err != nil {
		return nil, err
	}
	to, words := thirdparty.Blocked, "Block"
	if c.Lift {
		to, words = thirdparty.Active, "Lift the block of"
	}
	switch {
	case c.Lift && client.Status != thirdparty.Blocked:
		return nil, bank.Refuse(bank.StatusNotAllowed, "The third party is not blocked.")
	case client.Status == to:
		return nil, bank.Refuse(bank.StatusNotAllowed, "The third party is blocked already.")
	}
	if err := reason(c.Why); err != nil {
		return nil, err
	}
	return &act{
		name: "third_party.status", subject: "third_party:" + c.Organisation,
		lines: []string{fmt.Sprintf("%s %s (%s): %s", words, client.Name, client.Organisation, c.Why)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Why = c.Why
			return nil, o.setStatus(ctx, client.Organisation, r, to)
		},
	}, nil
}

// LenientTo changes the points in which the bank is lenient to one client, by
// their names (thirdparty.Leniences); what it does not name stays.
type LenientTo struct {
	Organisation string
	On, Off      []string
	Why          string
}

func (c *LenientTo) check(ctx context.Context, o *Office) (*act, error) {
	client, err := o.ThirdParties.ClientOf(ctx, thirdparty.Organisation(c.Organisation))
	if err != nil {
		return nil, err
	}
	to := client.Lenience
	if err := c.change(&to); err != nil {
		return nil, err
	}
	if to == client.Lenience {
		return nil, bank.Refuse(bank.StatusNotAllowed, "So it is already: the bank is "+lenientIn(&client)+" to the third party.")
	}
	if err := reason(c.Why); err != nil {
		return nil, err
	}
	told := []string{fmt.Sprintf("Change in what the bank is lenient to %s (%s): %s", client.Name, client.Organisation, c.Why)}
	for _, name := range thirdparty.Leniences {
		if was, is := slices.Contains(client.Lenience.Names(), name), slices.Contains(to.Names(), name); was != is {
			told = append(told, fmt.Sprintf("  %-16s %s, was %s", name, onOff(is), onOff(was)))
		}
	}
	return &act{
		name: "third_party.lenience", subject: "third_party:" + c.Organisation, lines: told,
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Why = c.Why
			return nil, o.setClient(ctx, client.Organisation, r, func(t *thirdparty.Client) error { return c.change(&t.Lenience) })
		},
	}, nil
}

// change makes the named changes.
func (c *LenientTo) change(l *thirdparty.Lenience) error {
	if len(c.On)+len(c.Off) == 0 {
		return bank.RefuseField("lenience", "Say in what: one of "+strings.Join(thirdparty.Leniences, ", ")+".")
	}
	for _, name := range c.On {
		if slices.Contains(c.Off, name) {
			return bank.RefuseField("lenience", "It cannot be on and off: "+name+".")
		}
		if err := l.Set(name, true); err != nil {
			return err
		}
	}
	for _, name := range c.Off {
		if err := l.Set(name, false); err != nil {
			return err
		}
	}
	return nil
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// setStatus lets the client of an organisation call, or stops it, and keeps by
// whom and why.
func (o *Office) setStatus(ctx context.Context, of thirdparty.Organisation, r audit.Record, to thirdparty.ClientStatus) error {
	return o.setClient(ctx, of, r, func(c *thirdparty.Client) error {
		c.Status, c.StatusBy, c.StatusWhy = to, r.Actor.String(), r.Why
		return nil
	})
}

// setClient changes the client of an organisation that is registered.
func (o *Office) setClient(ctx context.Context, of thirdparty.Organisation, r audit.Record, change func(*thirdparty.Client) error) error {
	_, err := o.ThirdParties.ChangeClient(ctx, of, func(old *thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		if old == nil {
			return thirdparty.Client{}, nil, bank.Refuse(bank.NotFound, "There is no such third party.")
		}
		c := *old
		r.Before = clientFacts(&c)
		if err := change(&c); err != nil {
			return thirdparty.Client{}, nil, err
		}
		r.After = clientFacts(&c)
		return c, []audit.Record{r}, nil
	})
	return err
}

func clientFacts(c *thirdparty.Client) string {
	return fmt.Sprintf("%s, %s", c.Status, lenientIn(c))
}

// lenientIn says in what the bank is lenient to a client.
func lenientIn(c *thirdparty.Client) string {
	if c.Lenience == (thirdparty.Lenience{}) {
		return "strict"
	}
	return "lenient in " + c.Lenience.String()
}

// ListConsents shows what a customer has consented to for third parties.
type ListConsents struct{ Customer string }

func (c *ListConsents) check(ctx context.Context, o *Office) (*act, error) {
	if _, err := o.Parties.Customer(ctx, party.CustomerID(c.Customer)); err != nil {
		return nil, err
	}
	list, err := o.Consents.ConsentsOf(ctx, party.CustomerID(c.Customer))
	now := o.now()
	told := make([]string, 0, len(list))
	for i := range list {
		g := &list[i]
		told = append(told, fmt.Sprintf("%s %-7s %-12s %s, given %s, until %s", g.ID, g.At(now), g.Scope, g.Name, g.GivenAt.Format(time.DateOnly), g.Until.Format(time.DateOnly)))
	}
	return &act{lines: told}, err
}

// EndConsent ends a third party's consent by the hand of the bank.
type EndConsent struct{ Consent string }

func (c *EndConsent) check(ctx context.Context, o *Office) (*act, error) {
	g, err := o.Consents.Consent(ctx, xs2a.ID(c.Consent))
	if err != nil {
		return nil, err
	}
	if err := g.Standing(o.now()); err != nil {
		return nil, err
	}
	return &act{
		name: "consent.ended", subject: "consent:" + c.Consent,
		lines: []string{fmt.Sprintf("End the consent of customer %s for %s (%s).", g.Customer, g.Name, g.Scope)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			_, err := o.Consents.ChangeConsent(ctx, g.ID, nil, func(g *xs2a.Consent) ([]audit.Record, error) {
				if err := g.Standing(o.now()); err != nil {
					return nil, err
				}
				r.Before, r.After = string(g.Status), string(xs2a.Ended)
				g.Status, g.EndedAt, g.EndedBy = xs2a.Ended, o.now(), r.Actor.String()
				return []audit.Record{r}, nil
			})
			return nil, err
		},
	}, nil
}
