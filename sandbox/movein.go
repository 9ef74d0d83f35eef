package sandbox

import (
	"context"
	"fmt"
	"time"

	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/partner"
	"okienko/bank/thirdparty"
)

// MoveIn brings the world into an empty bank: people and money first, then the
// partners, then the applications with their secrets, as hash keeps them, and
// their statuses by the rules that hold for every application.
func (w *World) MoveIn(ctx context.Context, book intake.Book, register partner.Register, hash func(secret string) []byte, at time.Time) error {
	if err := book.Import(ctx, &w.Batch); err != nil {
		return fmt.Errorf("sandbox: people and accounts: %w", err)
	}
	by := audit.Actor{Kind: audit.Bank, ID: "sandbox"}
	for _, p := range w.Partners {
		if err := register.PutPartner(ctx, p, audit.Record{At: at, Actor: by, Act: "partner.registered", Subject: "partner:" + string(p.ID)}); err != nil {
			return fmt.Errorf("sandbox: partner %s: %w", p.ID, err)
		}
	}
	for i := range w.Applications {
		if err := offer(ctx, register, &w.Applications[i], by, at); err != nil {
			return fmt.Errorf("sandbox: application %s: %w", w.Applications[i].ID, err)
		}
	}
	for _, s := range w.Secrets {
		r := audit.Record{At: at, Actor: by, Act: "application.secret", Subject: "application:" + string(s.Client)}
		if err := register.AddSecret(ctx, s.Client, hash(s.Text), at, at, r); err != nil {
			return fmt.Errorf("sandbox: secret of %s: %w", s.Client, err)
		}
	}
	return nil
}

// Supervise imports the supervisor's register into a bank that has none yet.
func (w *World) Supervise(ctx context.Context, register thirdparty.Register, at time.Time) error {
	had, err := register.Entries(ctx)
	if err != nil {
		return fmt.Errorf("sandbox: register of third parties: %w", err)
	}
	if len(had) > 0 {
		return nil
	}
	r := audit.Record{At: at, Actor: audit.Actor{Kind: audit.Bank, ID: "sandbox"}, Act: "register.import", Subject: "register:third-parties",
		After: fmt.Sprintf("%d organisations", len(w.Supervised))}
	if err := register.ImportEntries(ctx, w.Supervised, at, r); err != nil {
		return fmt.Errorf("sandbox: register of third parties: %w", err)
	}
	return nil
}

func offer(ctx context.Context, register partner.Register, made *partner.Application, by audit.Actor, at time.Time) error {
	to, a := made.Status, *made
	a.Status = partner.Sandbox
	subject := "application:" + string(a.ID)
	if err := register.PutApplication(ctx, a, audit.Record{At: at, Actor: by, Act: "application.registered", Subject: subject}); err != nil {
		return err
	}
	if to == partner.Sandbox {
		return nil
	}
	decide := func(a *partner.Application, p *partner.Partner) error { return a.MayBecome(to, p) }
	everybody := func(*partner.Application, *partner.Partner, *consent.Agreement) bool { return true } // nobody is paired yet
	return register.SetStatus(ctx, a.ID, to, decide, everybody,
		audit.Record{At: at, Actor: by, Act: "application.status", Subject: subject, Before: string(partner.Sandbox), After: string(to)})
}
