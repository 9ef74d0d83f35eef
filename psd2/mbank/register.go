package mbank

import (
	"net/http"

	"okienko/bank/service"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// registerRoute is POST /v3/register/, which stands outside the banks' paths.
func (d *Door) registerRoute() *route {
	return &route{act: "POST /register/", service: service.Authorisation, body: true, stranger: true, serve: d.register}
}

// maxStatement is above a statement of eight keys with their certificates.
const maxStatement = 60 << 10

// register takes in a third party by its software statement (psd2 §3.7). What
// mBank answers is not known: 201, or 200 for a client that is there already.
func (d *Door) register(c *call) (wire.Answer, error) {
	if _, err := c.query(); err != nil {
		return wire.Answer{}, err
	}
	o, err := c.object()
	if err != nil {
		return wire.Answer{}, err
	}
	r := &wire.Reading{}
	b := open(r, o, "")
	b.Only("software_statement")
	statement := b.Need("software_statement", maxStatement)
	if err := r.Err(); err != nil {
		return wire.Answer{}, err
	}
	wish := psd2.Registration{Statement: statement, RequestID: c.Header("TPP-Request-ID")}
	if c.R.TLS != nil {
		wish.Chain = c.R.TLS.PeerCertificates
	}
	client, known, err := d.core.Register(c.Ctx(), wish, c.Now)
	if err != nil {
		return wire.Answer{}, err
	}
	c.Line.Organisation, c.Line.Client = client.Organisation, client.ID
	status := http.StatusCreated
	if known {
		status = http.StatusOK
	}
	body := append(make([]byte, 0, 512), '{')
	body = edge.AppendStringField(body, "client_id", string(client.ID))
	body = edge.AppendStringField(body, "client_name", client.Name)
	body = edge.AppendStringsField(body, "redirect_uris", client.RedirectURIs)
	body = edge.AppendStringField(body, "status", string(client.Status))
	return wire.Answer{Status: status, Body: append(body, '}')}, nil
}
