package office

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/money"
	"okienko/bank/partner"
)

// fact is one registered thing in words, so that whoever tries or approves a
// replacement sees what changes and not only that something does.
type fact struct{ name, value string }

// replaced tells what is different. With no old facts it lists all that are.
func replaced(head string, old, now []fact) []string {
	out := []string{head}
	for i, f := range now {
		switch {
		case old == nil && f.value != "":
			out = append(out, fmt.Sprintf("  %s: %s", f.name, f.value))
		case i < len(old) && old[i].value != f.value:
			out = append(out, fmt.Sprintf("  %s: %s, was: %s", f.name, orNone(f.value), orNone(old[i].value)))
		}
	}
	if len(out) == 1 && old != nil {
		out = append(out, "  Nothing changes.")
	}
	return out
}

func partnerFacts(p *partner.Partner) []fact {
	agreement := ""
	if p.Agreement.Signed() {
		agreement = p.Agreement.Reference + " of " + warsawDay(p.Agreement.SignedAt)
	}
	return []fact{
		{"name", p.Name}, {"legal name", p.LegalName}, {"NIP", string(p.NIP)}, {"REGON", string(p.REGON)}, {"KRS", p.KRS},
		{"address", p.Address}, {"e-mail", p.Email}, {"phone", p.Phone}, {"customer", string(p.Customer)}, {"agreement", agreement},
		{"employees", joined(p.Employees)},
	}
}

func applicationFacts(a *partner.Application) []fact {
	domain := ""
	if a.Domain.Domain != "" {
		domain = a.Domain.Domain + " by " + string(a.Domain.Method) + ", not proven"
		if !a.Domain.ProvenAt.IsZero() {
			domain = a.Domain.Domain + " by " + string(a.Domain.Method) + ", proven on " + warsawDay(a.Domain.ProvenAt)
		}
	}
	logo := ""
	if len(a.Logo.Bytes) > 0 {
		sum := sha256.Sum256(a.Logo.Bytes)
		logo = fmt.Sprintf("%s of %d bytes, SHA-256 %s", a.Logo.MediaType, len(a.Logo.Bytes), hex.EncodeToString(sum[:8]))
	}
	charges := ""
	if a.Charges.Set {
		charges = a.Charges.Amount.String()
	}
	var fees []string
	for _, act := range fee.Acts {
		if a.Fees.Charges(act) {
			fees = append(fees, string(act)+" "+a.Fees.For(act, money.PLN).String())
		}
	}
	permissions := make([]string, 0, len(a.Permissions))
	for _, d := range a.Permissions {
		permissions = append(permissions, definition(d))
	}
	return []fact{
		{"partner", string(a.Partner)}, {"name", a.Name}, {"description", a.Description}, {"logo", logo},
		{"limit of one operation", a.Limits.Single.String()}, {"daily limit", a.Limits.Daily.String()},
		{"monthly limit", a.Limits.Monthly.String()}, {"unconfirmed up to", a.Limits.Unconfirmed.String()},
		{"fees in a month", charges}, {"fees", joined(fees)}, {"account", string(a.Account)}, {"permissions", joined(permissions)},
		{"redirect addresses", joined(a.RedirectURIs)}, {"callback addresses", joined(a.CallbackURIs)},
		{"Android return", joined(a.AndroidReturn)}, {"iOS return", joined(a.IOSReturn)}, {"token addresses", joined(a.Addresses)},
		{"domain", domain}, {"native", yes(a.Native)}, {"customers release holds of ended pairings", yes(a.ReleaseByCustomer)},
		{"access token", span(a.AccessTTL)}, {"refresh token", span(a.RefreshTTL)},
	}
}

// applicationLimits is the short form for the audit.
func applicationLimits(a *partner.Application) string {
	charges := "none"
	if a.Charges.Set {
		charges = a.Charges.Amount.String()
	}
	return fmt.Sprintf("%s: single %s, daily %s, monthly %s, unconfirmed %s, fees %s, account %s", a.Name,
		a.Limits.Single, a.Limits.Daily, a.Limits.Monthly, a.Limits.Unconfirmed, charges, orNone(string(a.Account)))
}

func definition(d consent.Definition) string {
	s := d.String()
	if !d.Obligatory {
		s += " optional"
	}
	if d.ValidSeconds != consent.Unrestricted {
		s += " for " + span(time.Duration(d.ValidSeconds)*time.Second)
	}
	if d.Quota != consent.Unrestricted {
		s += fmt.Sprintf(" for %d calls", d.Quota)
	}
	return s
}

func joined[T any](list []T) string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return strings.Join(out, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// warsawDay is the day of an instant, as staff wrote it.
func warsawDay(t time.Time) string { return calendar.DateOf(t).String() }

// span tells a time in the largest unit that fits it.
func span(d time.Duration) string {
	for _, u := range []struct {
		name string
		of   time.Duration
	}{{"days", 24 * time.Hour}, {"hours", time.Hour}, {"minutes", time.Minute}} {
		if d >= u.of && d%u.of == 0 {
			return fmt.Sprintf("%d %s", d/u.of, u.name)
		}
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}
