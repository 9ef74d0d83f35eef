package polishapi

import (
	"encoding/base64"
	"net/http"

	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// maxStatement is above a statement of eight keys with their certificates.
const maxStatement = 60 << 10

// register takes in a third party by its software statement (psd2 §2.2). It gets
// no secret: certificates say who it is. The key is the bank's own, by which its
// answers are signed.
func (d *Door) register(c *call) (wire.Answer, error) {
	c.body.Only("software_statement")
	statement := c.body.Need("software_statement", maxStatement)
	if err := c.body.Err(); err != nil {
		return wire.Answer{}, err
	}
	wish := psd2.Registration{Statement: statement, RequestID: c.Header(requestIDHeader)}
	if c.R.TLS != nil {
		wish.Chain = c.R.TLS.PeerCertificates
	}
	client, _, err := d.core.Register(c.Ctx(), wish, c.Now)
	if err != nil {
		return wire.Answer{}, err
	}
	c.Line.Organisation, c.Line.Client = client.Organisation, client.ID
	b := edge.AppendStringField(d.answer(c, 4096), "client_id", string(client.ID))
	return wire.Answer{Status: http.StatusCreated, Body: append(d.appendKeys(b), '}')}, nil
}

// appendKeys writes the bank's key as a set of one (RFC 7517).
func (d *Door) appendKeys(b []byte) []byte {
	chain := make([]string, len(d.cfg.Seal.Chain))
	for i, one := range d.cfg.Seal.Chain {
		chain[i] = base64.StdEncoding.EncodeToString(one.Raw)
	}
	b = append(edge.AppendKey(b, "jwks"), '{')
	b = append(edge.AppendKey(b, "keys"), '[', '{')
	b = edge.AppendStringField(b, "kty", d.cfg.Seal.KeyType())
	b = edge.AppendStringsField(b, "x5c", chain)
	b = edge.AppendStringField(b, "use", "sig")
	b = edge.AppendStringField(b, "kid", d.cfg.Seal.KeyID)
	return append(b, '}', ']', '}')
}
