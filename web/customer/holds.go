package customer

import (
	"context"
	"net/http"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/partner"
	"okienko/bank/payment"
	"okienko/web/ui"
)

// maxHolds bounds the active holds shown on one page.
const maxHolds = 200

func (d *Door) activeHolds(ctx context.Context, f payment.HoldFilter) ([]ledger.Hold, error) {
	f.Status, f.Now, f.Page = ledger.Active, d.Clock.Now(), payment.Page{Size: maxHolds}
	return d.Reader.Holds(ctx, f)
}

// holdLines shows active holds. Those of an ended pairing can be released by the
// customer where the application is registered so (partner-api §4.7).
func (d *Door) holdLines(ctx context.Context, v *visit, f payment.HoldFilter) ([]ui.HoldLine, error) {
	holds, err := d.activeHolds(ctx, f)
	if err != nil {
		return nil, err
	}
	apps := map[consent.ClientID]partner.Application{}
	agreements := map[consent.ID]consent.Agreement{}
	out := make([]ui.HoldLine, 0, len(holds))
	for i := range holds {
		h := &holds[i]
		app, err := seen(apps, h.Application, func() (partner.Application, error) { return d.Partners.Application(ctx, h.Application) })
		if err != nil {
			return nil, err
		}
		g, err := seen(agreements, h.Agreement, func() (consent.Agreement, error) { return d.Agreements.Agreement(ctx, h.Agreement) })
		if err != nil {
			return nil, err
		}
		line := ui.HoldLine{
			ID: string(h.ID), By: app.Name, Title: h.Title, Amount: h.Amount, Since: h.CreatedAt, Until: h.ValidTo,
		}
		if releasable(&g, &app) && v.binds {
			line.ReleaseURL = "/holds/" + string(h.ID) + "/release"
		}
		out = append(out, line)
	}
	return out, nil
}

func releasable(g *consent.Agreement, app *partner.Application) bool {
	return g.Status == consent.Ended && app.ReleaseByCustomer
}

// seen reads each thing of a list once.
func seen[K comparable, V any](known map[K]V, k K, read func() (V, error)) (V, error) {
	if v, ok := known[k]; ok {
		return v, nil
	}
	v, err := read()
	if err == nil {
		known[k] = v
	}
	return v, err
}

// hold finds an active or ended hold of the customer.
func (d *Door) hold(ctx context.Context, v *visit, id ledger.HoldID) (ledger.Hold, *consent.Agreement, error) {
	h, err := d.Reader.Hold(ctx, id)
	if err != nil {
		return ledger.Hold{}, nil, err
	}
	g, err := d.agreement(ctx, v, h.Agreement)
	return h, &g, err
}

// askRelease asks once more before a hold is released.
func (d *Door) askRelease(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	h, g, err := d.hold(ctx, v, ledger.HoldID(named(r, "id")))
	if err != nil {
		return err
	}
	app, err := d.Partners.Application(ctx, h.Application)
	if err != nil {
		return err
	}
	if h.Standing(d.Clock.Now()) != nil {
		d.notice(r, ui.NoticeHoldEndedBefore)
		return seeOther(w, accountPath(h.Account))
	}
	if !releasable(g, &app) {
		return notFound() // no page of ours leads here
	}
	p := ui.ConfirmAction{
		Common: d.common(r, v, ""), Action: "/holds/" + string(h.ID) + "/release", Kind: ui.ReleaseHold,
		Application: app.Name, Amount: h.Amount, Title: h.Title, BackURL: accountPath(h.Account),
	}
	if p.Account, err = d.accountLine(ctx, h.Account); err != nil {
		return err
	}
	return d.show(w, http.StatusOK, v, p)
}

// release frees the money of a hold. Whoever comes second is told so.
func (d *Door) release(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := yes(w, r); err != nil {
		return err
	}
	ctx := r.Context()
	h, _, err := d.hold(ctx, v, ledger.HoldID(named(r, "id")))
	if err != nil {
		return err
	}
	out, err := d.Desk.Do(ctx, &payment.Release{Hold: h.ID, By: payment.PersonOf(v.person.ID), Customer: v.customer()})
	switch code := bank.CodeOf(err); {
	case err == nil && !out.Repeat:
		d.notice(r, ui.NoticeHoldReleased)
	case err == nil, code == bank.HoldReleased, code == bank.HoldCaptured, code == bank.HoldExpired:
		d.notice(r, ui.NoticeHoldEndedBefore)
	default:
		return err
	}
	return seeOther(w, accountPath(h.Account))
}
