package mbank

import (
	"net/http"

	"okienko/bank/service"
	"okienko/edge"
	"okienko/psd2"
)

// registerRoute is POST /v3/register/, which stands outside the banks' paths.
func (d *Door) registerRoute() *route {
	return &route{act: "POST /register/", service: service.Authorisation, body: true, stranger: true, serve: d.register}
}

// maxStatement is above a statement of eight keys with their certificates.
const maxStatement = 60 << 10

// register takes in a third party by its software statement (psd2 §3.7). What
// mBank answers is not known: 201, or 200 for a client that is there already.
func (d *Door) register(c *call) (answer, error) {
	if _, err := c.query(); err != nil {
		return answer{}, err
	}
	o, err := c.object()
	if err != nil {
		return answer{}, err
	}
	r := &reading{}
	b := r.open(o, "")
	b.only("software_statement")
	statement := b.need("software_statement", maxStatement)
	if err := r.err(); err != nil {
		return answer{}, err
	}
	wish := psd2.Registration{Statement: statement, RequestID: c.header("TPP-Request-ID")}
	if c.r.TLS != nil {
		wish.Chain = c.r.TLS.PeerCertificates
	}
	client, known, err := d.core.Register(c.ctx(), wish, c.now)
	if err != nil {
		return answer{}, err
	}
	c.line.Organisation, c.line.Client = client.Organisation, client.ID
	status := http.StatusCreated
	if known {
		status = http.StatusOK
	}
	body := append(make([]byte, 0, 512), '{')
	body = edge.AppendStringField(body, "client_id", string(client.ID))
	body = edge.AppendStringField(body, "client_name", client.Name)
	body = edge.AppendStringsField(body, "redirect_uris", client.RedirectURIs)
	body = edge.AppendStringField(body, "status", string(client.Status))
	return answer{status: status, body: append(body, '}')}, nil
}
