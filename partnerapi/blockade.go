package partnerapi

import (
	"net/http"
	"time"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/payment"
)

// What the calls on holds ask for. Those that order something are checked by
// the bank, these here by the door.
var (
	mayListHolds = consent.Permission{Object: consent.Blockades, Action: consent.ReadList}
	mayReadHold  = consent.Permission{Object: consent.Blockades, Action: consent.ReadDet}
)

func (d *Door) placeHold(c *call) (answer, error) {
	return d.submitHold(c, http.StatusCreated, readFields(c.body, holdFields...).hold())
}

func (d *Door) changeHold(c *call) (answer, error) {
	return d.submitHold(c, http.StatusOK, readFields(c.body, holdChangeFields...).holdChange(c.holdID()))
}

func (d *Door) submitHold(c *call, status int, draft payment.Draft) (answer, error) {
	out, err := d.cfg.Desk.Do(c.ctx(), &payment.Submit{Agreement: c.agreement().ID, AccountRef: c.accountID(), Draft: draft})
	if err != nil {
		return answer{}, err
	}
	return answer{status: status, body: appendHold(make([]byte, 0, objectSize), out.Hold, c.agreement().AccountRef, time.Time{})}, nil
}

func (d *Door) releaseHold(c *call) (answer, error) {
	_, err := d.cfg.Desk.Do(c.ctx(), &payment.Release{
		Hold: c.holdID(), By: c.actor(), Agreement: c.agreement().ID, AccountRef: c.accountID(),
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func (d *Door) prepareHold(c *call) (answer, error) {
	f := readFields(c.body, withReturn(holdFields)...)
	draft := f.hold()
	return d.prepare(c, c.accountID(), draft, f)
}

func (d *Door) prepareHoldChange(c *call) (answer, error) {
	f := readFields(c.body, withReturn(holdChangeFields)...)
	draft := f.holdChange(c.holdID())
	return d.prepare(c, c.accountID(), draft, f)
}

func (d *Door) showHold(c *call) (answer, error) {
	if err := c.mayRead(mayReadHold); err != nil {
		return answer{}, err
	}
	if err := c.reaches(c.accountID()); err != nil {
		return answer{}, err
	}
	h, err := d.cfg.Reader.Hold(c.ctx(), c.holdID())
	if err != nil {
		return answer{}, err
	}
	if h.Agreement != c.agreement().ID {
		return answer{}, noSuchObject()
	}
	if err := d.spend(c, mayReadHold); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: appendHold(make([]byte, 0, objectSize), &h, c.agreement().AccountRef, c.now)}, nil
}

func (d *Door) listHolds(c *call) (answer, error) {
	if err := c.mayRead(mayListHolds); err != nil {
		return answer{}, err
	}
	if err := c.reaches(c.accountID()); err != nil {
		return answer{}, err
	}
	const kind = "blockade"
	l, err := readList(c.r.URL.RawQuery, kind,
		string(ledger.Active), string(ledger.Released), string(ledger.Captured), string(ledger.Expired))
	if err != nil {
		return answer{}, err
	}
	if err := d.spend(c, mayListHolds); err != nil {
		return answer{}, err
	}
	// By pairing, not by account: after a move the holds stay on the old account
	// and are the application's all the same (partner-api §3).
	holds, err := d.cfg.Reader.Holds(c.ctx(), payment.HoldFilter{
		Agreement: c.agreement().ID, Status: ledger.HoldStatus(l.status), Now: c.now, From: l.from, To: l.to, Page: l.more(),
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: page("blockades", kind, l.page.Size, holds,
		func(b []byte, h *ledger.Hold) []byte { return appendHold(b, h, c.agreement().AccountRef, c.now) },
		func(h *ledger.Hold) payment.Place { return payment.Place{At: h.CreatedAt, ID: string(h.ID)} })}, nil
}

func noSuchObject() error { return bank.Refuse(bank.NotFound, "There is no such object.") }
