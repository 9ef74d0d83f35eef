package app

import (
	"context"
	"fmt"
	"log/slog"

	"okienko/bank"
	"okienko/bank/notice"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/service"
	"okienko/work"
)

// startWorkers starts what the bank does without being asked.
func (h *House) startWorkers(ctx context.Context) error {
	gateways := map[notice.Channel]work.Gateway{notice.SMS: h.settings.Gateway}
	if h.world != nil {
		gateways[notice.Push] = h.settings.Gateway
	}
	h.deliverer = work.NewDeliverer(work.DelivererConfig{
		Outbox: h.store, Gateways: gateways, Clock: h.settings.Clock, Wall: h.wall, Worker: h.settings.Node, Log: h.log,
	})
	// Nodes over one database take turns. A file has one process.
	shift := func(name string) work.Shift {
		if h.settings.StoreDSN == "" {
			return work.Shift{}
		}
		return work.Shift{Leases: h.store, Name: name, Node: h.settings.Node, Log: h.log}
	}
	served := []service.Channel{service.Own}
	if h.settings.PSD2 != nil {
		served = append(served, service.Dedicated)
	}
	h.recorder = work.NewRecorder(work.RecorderConfig{Book: h.store, Wall: h.wall, Log: h.log, Channels: served})
	workers := []work.Worker{
		h.deliverer, h.recorder,
		work.NewExpirer(work.ExpirerConfig{Due: h.store, Desk: h.desk, Clock: h.settings.Clock, Shift: shift(work.Falling), Log: h.log}),
		work.NewPurger(work.PurgerConfig{Store: h.store, Clock: h.settings.Clock, Shift: shift(work.Clearing), Log: h.log}),
	}
	if p := h.settings.PSD2; p != nil {
		h.sender = work.NewSender(work.SenderConfig{
			Due: h.store, Desk: h.desk, Network: p.Network, Clock: h.settings.Clock, Wall: h.wall, Shift: shift(work.Sending), Log: h.log,
		})
		workers = append(workers, h.sender, work.NewTeller(work.TellerConfig{
			Book: h.store, Parties: h.store, Clock: h.settings.Clock, IDs: h.ids, Shift: shift(work.Telling), Told: h.poke, Log: h.log,
		}))
	}
	workers = append(workers, h.callers(shift)...)
	for _, w := range workers {
		// They end with Stop, after the doors: what the last callers ordered is
		// still delivered.
		if err := w.Start(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		h.workers = append(h.workers, w)
	}
	return nil
}

// confirmed does what a person has confirmed on a device: an operation is
// executed at once, since no browser waits for it. What a browser waits for
// (a pairing, limits) is done when the browser comes back. So is a consent, unless
// it was asked for with a code of the application.
func (c *core) confirmed(ctx context.Context, ch sca.Challenge) error {
	if ch.Subject.Purpose != sca.ForOperation {
		return c.auth.ConfirmExternal(ctx, ch)
	}
	id := payment.AuthorisationID(ch.Subject.ID)
	op, err := c.store.Authorisation(ctx, id)
	if err != nil {
		return err
	}
	// A mandate may have ended while the question waited on the device. The pages
	// ask this at every request; a device has none.
	if err := c.auth.MayBind(ctx, ch.Person, op.Customer); err != nil {
		return err
	}
	out, err := c.desk.Do(ctx, &payment.Execute{Authorisation: id, Challenge: ch.ID, Person: ch.Person})
	if err != nil {
		return err
	}
	if a := out.Authorisation; a != nil && a.Status == payment.Turned {
		c.log.InfoContext(ctx, "confirmed operation rejected", slog.String("authorisation", string(a.ID)), slog.String("code", string(a.Reason)))
		return bank.Refuse(a.Reason, fmt.Sprintf("The operation was rejected: %s.", a.Reason))
	}
	return nil
}

// refused ends what a person refused on a device: an operation is turned down,
// so that the partner learns it at once.
func (c *core) refused(ctx context.Context, ch sca.Challenge) error {
	if ch.Subject.Purpose != sca.ForOperation {
		return c.auth.RejectExternal(ctx, ch)
	}
	_, err := c.desk.Do(ctx, &payment.Decline{Authorisation: payment.AuthorisationID(ch.Subject.ID), Person: ch.Person})
	return err
}
