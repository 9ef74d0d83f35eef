package office

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/thirdparty"
)

// maxPaper bounds one paper: a scan of some twenty pages.
const maxPaper = 8 << 20

// ApplyThirdParty hands in an organisation's application for admission, or more
// papers to one that waits.
type ApplyThirdParty struct {
	Organisation string
	Name         string
	By           string // who applies
	ByOwner      bool   // false: the application needs a power of attorney
	Papers       []PaperDocument
}

// PaperDocument is one paper as it is handed in.
type PaperDocument struct {
	Kind     string
	FileName string
	Content  []byte
}

func (d *PaperDocument) paper(id string, now time.Time) (thirdparty.Paper, error) {
	k := thirdparty.PaperKind(d.Kind)
	if !slices.Contains(thirdparty.PaperKinds, k) {
		return thirdparty.Paper{}, bank.RefuseField("kind", fmt.Sprintf("%q is no kind of paper: %v are.", d.Kind, thirdparty.PaperKinds))
	}
	if err := lines(maxName, "file", d.FileName); err != nil {
		return thirdparty.Paper{}, err
	}
	if len(d.Content) == 0 || len(d.Content) > maxPaper {
		return thirdparty.Paper{}, bank.RefuseField("file", fmt.Sprintf("A paper has between 1 byte and %d MiB: %s has %d bytes.", maxPaper>>20, d.FileName, len(d.Content)))
	}
	digest := sha256.Sum256(d.Content)
	return thirdparty.Paper{ID: id, Kind: k, FileName: d.FileName, Digest: digest[:], Content: d.Content, Status: thirdparty.HandedIn, HandedIn: now}, nil
}

func (c *ApplyThirdParty) check(ctx context.Context, o *Office) (*act, error) {
	org, err := thirdparty.ParseOrganisation(c.Organisation)
	if err != nil {
		return nil, err
	}
	if err := lines(maxName, "name", c.Name, "by", c.By); err != nil {
		return nil, err
	}
	if c.Name == "" || c.By == "" {
		return nil, bank.RefuseField("by", "An application says the name of the organisation, and who applies.")
	}
	now := o.now()
	told := []string{fmt.Sprintf("%s applies for %s (%s).", c.By, c.Name, org)}
	papers := make([]thirdparty.Paper, 0, len(c.Papers))
	for i := range c.Papers {
		p, err := c.Papers[i].paper(o.IDs.NewID(), now)
		if err != nil {
			return nil, err
		}
		papers = append(papers, p)
		told = append(told, fmt.Sprintf("  %s: %s, SHA-256 %s", p.Kind, p.FileName, hex.EncodeToString(p.Digest)))
	}
	return &act{
		name: "third_party.applied", subject: "third_party:" + string(org), lines: told,
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			a, err := o.ThirdParties.ChangeAdmission(ctx, org, func(old *thirdparty.Admission) (thirdparty.Admission, []audit.Record, error) {
				a := thirdparty.Admission{Organisation: org, AppliedAt: now}
				if old != nil && old.Status == thirdparty.Applied {
					a = *old
				}
				a.Name, a.AppliedBy, a.ByOwner, a.Status = c.Name, c.By, c.ByOwner, thirdparty.Applied
				a.Papers = append(slices.Clone(a.Papers), papers...)
				r.After = admissionFacts(&a)
				return a, []audit.Record{r}, nil
			})
			if err != nil {
				return nil, err
			}
			return o.missing(&a), nil
		},
	}, nil
}

// missing says which papers an application still waits for.
func (o *Office) missing(a *thirdparty.Admission) []string {
	var said []string
	for _, k := range a.Missing(o.Papers) {
		said = append(said, fmt.Sprintf("Waits for an accepted paper: %s.", k))
	}
	return said
}

func admissionFacts(a *thirdparty.Admission) string {
	accepted := 0
	for i := range a.Papers {
		if a.Papers[i].Status == thirdparty.Accepted {
			accepted++
		}
	}
	return fmt.Sprintf("%s, %d papers, %d accepted", a.Status, len(a.Papers), accepted)
}

// ShowAdmission shows an organisation's client, and its application with the
// papers: where none are asked for there is none.
type ShowAdmission struct{ Organisation string }

func (c *ShowAdmission) check(ctx context.Context, o *Office) (*act, error) {
	of := thirdparty.Organisation(c.Organisation)
	client, err := o.ThirdParties.ClientOf(ctx, of)
	var told []string
	switch bank.CodeOf(err) {
	case "":
		told = clientLines(&client)
	case bank.NotFound:
	default:
		return nil, err
	}
	a, err := o.ThirdParties.Admission(ctx, of)
	switch {
	case err == nil:
		told = append(told, o.admissionLines(&a)...)
	case bank.CodeOf(err) != bank.NotFound || told == nil:
		return nil, err
	}
	return &act{lines: told}, nil
}

// clientLines tells of a client what its calls depend on.
func clientLines(c *thirdparty.Client) []string {
	status := fmt.Sprintf("%s since %s", c.Status, c.Since.Format(time.DateOnly))
	if c.StatusWhy != "" {
		status = fmt.Sprintf("%s, by %s: %s", c.Status, c.StatusBy, c.StatusWhy)
	}
	return []string{
		fmt.Sprintf("%s %s, client %s: %s", c.Organisation, c.Name, c.ID, status),
		fmt.Sprintf("  %s, %d keys, back to %s", lenientIn(c), len(c.Keys), strings.Join(c.RedirectURIs, " ")),
	}
}

func (o *Office) admissionLines(a *thirdparty.Admission) []string {
	told := []string{fmt.Sprintf("%s %s: %s since %s, by %s", a.Organisation, a.Name, a.Status, a.AppliedAt.Format(time.DateOnly), a.AppliedBy)}
	for i := range a.Papers {
		p := &a.Papers[i]
		line := fmt.Sprintf("  %s %-22s %-9s %s, handed in %s", p.ID, p.Kind, p.Status, p.FileName, p.HandedIn.Format(time.DateOnly))
		if p.Reviewer != "" {
			line += fmt.Sprintf("; %s on %s: %s", p.Reviewer, p.Reviewed.Format(time.DateOnly), p.Reason)
		}
		told = append(told, line)
	}
	return append(told, o.missing(a)...)
}

// ReviewPaper accepts or refuses one paper, with the reason.
type ReviewPaper struct {
	Organisation string
	Paper        string
	Accept       bool
	Why          string
}

func (c *ReviewPaper) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.waiting(ctx, c.Organisation)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(a.Papers, func(p thirdparty.Paper) bool { return p.ID == c.Paper })
	if at < 0 {
		return nil, bank.RefuseField("paper", "The application has no such paper.")
	}
	if err := reason(c.Why); err != nil {
		return nil, err
	}
	to := thirdparty.Refused
	if c.Accept {
		to = thirdparty.Accepted
	}
	p := a.Papers[at]
	return &act{
		name: "third_party.paper", subject: "third_party:" + c.Organisation,
		lines: []string{fmt.Sprintf("Mark %s (%s) of %s as %s: %s", p.FileName, p.Kind, a.Name, to, c.Why)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			a, err := o.changeWaiting(ctx, a.Organisation, func(a *thirdparty.Admission) (audit.Record, error) {
				at := slices.IndexFunc(a.Papers, func(p thirdparty.Paper) bool { return p.ID == c.Paper })
				if at < 0 {
					return r, bank.RefuseField("paper", "The application has no such paper.")
				}
				a.Papers = slices.Clone(a.Papers)
				p := &a.Papers[at]
				r.Before, r.After, r.Why = string(p.Status), string(p.Kind)+" "+string(to)+", SHA-256 "+hex.EncodeToString(p.Digest), c.Why
				p.Status, p.Reviewer, p.Reason, p.Reviewed = to, r.Actor.String(), c.Why, o.now()
				return r, nil
			})
			if err != nil {
				return nil, err
			}
			return o.missing(&a), nil
		},
	}, nil
}

// waiting finds an application that has not been decided.
func (o *Office) waiting(ctx context.Context, org string) (thirdparty.Admission, error) {
	a, err := o.ThirdParties.Admission(ctx, thirdparty.Organisation(org))
	if err == nil && a.Status != thirdparty.Applied {
		err = bank.Refuse(bank.StatusNotAllowed, "The application was "+string(a.Status)+" already.")
	}
	return a, err
}

func (o *Office) changeWaiting(ctx context.Context, org thirdparty.Organisation, change func(*thirdparty.Admission) (audit.Record, error)) (thirdparty.Admission, error) {
	return o.ThirdParties.ChangeAdmission(ctx, org, func(old *thirdparty.Admission) (thirdparty.Admission, []audit.Record, error) {
		if old == nil || old.Status != thirdparty.Applied {
			return thirdparty.Admission{}, nil, bank.Refuse(bank.StatusNotAllowed, "The application does not wait.")
		}
		a := *old
		r, err := change(&a)
		return a, []audit.Record{r}, err
	})
}

// AdmitThirdParty admits an organisation whose papers were accepted, and lets its
// client in. Four eyes.
type AdmitThirdParty struct{ Organisation string }

func (c *AdmitThirdParty) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.waiting(ctx, c.Organisation)
	if err != nil {
		return nil, err
	}
	if missing := o.missing(&a); len(missing) > 0 {
		return nil, bank.Refuse(bank.StatusNotAllowed, missing[0])
	}
	e, err := o.ThirdParties.Entry(ctx, a.Organisation)
	if err != nil && bank.CodeOf(err) != bank.NotFound {
		return nil, err
	}
	now := o.now()
	if err != nil || now.Before(e.Since) || !e.Until.IsZero() && !now.Before(e.Until) {
		return nil, bank.Refuse(bank.ThirdPartyBlocked, "The supervisor's register does not list the organisation.")
	}
	return &act{
		name: "third_party.admitted", subject: "third_party:" + c.Organisation, eyes: true,
		lines: []string{fmt.Sprintf("Admit %s (%s): %s.", a.Name, a.Organisation, roleNames(e.Roles)), "Somebody else must approve."},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			if _, err := o.changeWaiting(ctx, a.Organisation, func(a *thirdparty.Admission) (audit.Record, error) {
				if missing := o.missing(a); len(missing) > 0 {
					return r, bank.Refuse(bank.StatusNotAllowed, missing[0])
				}
				r.Before, r.After = string(a.Status), string(thirdparty.Admitted)
				a.Status, a.DecidedBy, a.Reason, a.DecidedAt = thirdparty.Admitted, r.Actor.String(), r.Why, o.now()
				return r, nil
			}); err != nil {
				return nil, err
			}
			client, err := o.ThirdParties.ClientOf(ctx, a.Organisation)
			switch {
			case bank.CodeOf(err) == bank.NotFound:
				return []string{"It has not registered a client yet; the client will be let in when it does."}, nil
			case err != nil:
				return nil, err
			case client.Status != thirdparty.Waiting:
				return nil, nil
			}
			r.Act = "third_party.status"
			return nil, o.setStatus(ctx, a.Organisation, r, thirdparty.Active)
		},
	}, nil
}

// RefuseThirdParty turns an application down, with the reason.
type RefuseThirdParty struct {
	Organisation string
	Why          string
}

func (c *RefuseThirdParty) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.waiting(ctx, c.Organisation)
	if err != nil {
		return nil, err
	}
	if err := reason(c.Why); err != nil {
		return nil, err
	}
	return &act{
		name: "third_party.refused", subject: "third_party:" + c.Organisation,
		lines: []string{fmt.Sprintf("Turn down the application of %s (%s): %s", a.Name, a.Organisation, c.Why)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			_, err := o.changeWaiting(ctx, a.Organisation, func(a *thirdparty.Admission) (audit.Record, error) {
				r.Before, r.After, r.Why = string(a.Status), string(thirdparty.TurnedOut), c.Why
				a.Status, a.DecidedBy, a.Reason, a.DecidedAt = thirdparty.TurnedOut, r.Actor.String(), c.Why, o.now()
				return r, nil
			})
			return nil, err
		},
	}, nil
}
