package app

import (
	"context"
	"strconv"
	"time"

	"okienko/api"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/partner"
	"okienko/edge"
	"okienko/partnerapi"
	"okienko/web/customer"
	"okienko/web/mobile"
)

// hsts is how long a browser insists on TLS. A sandbox never asks for it: a
// browser remembers the name localhost for every port.
func (c *core) hsts() time.Duration {
	if c.settings.Environment == partner.Production {
		return 365 * 24 * time.Hour
	}
	return 0
}

// peopleDoors are the customer's pages and the bank's mobile application.
func (h *House) peopleDoors() ([]edge.Door, error) {
	cfg := customer.Config{
		Pages: h.pages, Auth: h.auth, Desk: h.desk, Reader: h.store, Accounts: h.store, Parties: h.store,
		Partners: h.store, Agreements: h.store, Devices: h.store, Sessions: h.store.Sessions(),
		Clock: h.settings.Clock, Wall: h.wall, Sandbox: h.settings.Environment == partner.Test, HSTS: h.hsts(),
		Hotline: h.settings.Hotline,
	}
	if h.settings.PSD2 != nil {
		cfg.ConsentBook, cfg.Transfers, cfg.ThirdParties = h.store, h.store, h.store
	}
	door, err := customer.New(cfg)
	if err != nil {
		return nil, err
	}
	app := mobile.New(mobile.Config{Auth: h.auth, Book: h.store, Codes: h.codes(), Confirmed: h.confirmed, Refused: h.refused, Wall: h.wall, HSTS: h.hsts()})
	public, err := h.portalDoor()
	if err != nil {
		return nil, err
	}
	return []edge.Door{app, door, public}, nil
}

// partnerDoor is the partner API.
func (h *House) partnerDoor() edge.Door {
	return partnerapi.New(partnerapi.Config{
		Auth: h.auth, Desk: h.desk, Reader: h.store, Persons: h.store, Challenges: h.store,
		Clock: h.settings.Clock, Wall: h.wall, PeopleURL: h.people.url, Spec: api.Partner,
		Access: h.logAccess, Sandbox: h.settings.Environment == partner.Test, HSTS: h.hsts(),
	})
}

// logAccess hands a partner's call to the access log, which writes in batches.
func (h *House) logAccess(_ context.Context, c partnerapi.Call) {
	h.store.LogAccess(audit.AccessRecord{
		At: c.At, Client: string(c.Application), Agreement: string(c.Agreement), Act: c.Act, Subject: c.Subject, Outcome: outcome(c.Outcome, c.Status),
	})
}

// outcome is how a call ended, for the access log: the refusal's code, the bare
// status where nothing was refused by the bank's own rules, or "ok".
func outcome(refused bank.Code, status int) string {
	switch {
	case refused != "":
		return string(refused)
	case status >= 400:
		return strconv.Itoa(status)
	}
	return "ok"
}
