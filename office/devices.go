package office

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// EnrolDevice makes a mobile device the person's first factor. PublicKey is a
// PEM file with an ECDSA P-256 public key.
type EnrolDevice struct {
	Person    string
	Name      string
	PublicKey []byte
}

func (c *EnrolDevice) check(ctx context.Context, o *Office) (*act, error) {
	p, err := o.Parties.Person(ctx, party.PersonID(c.Person))
	if err != nil {
		return nil, err
	}
	der, err := deviceKey(c.PublicKey)
	if err != nil {
		return nil, err
	}
	if c.Name == "" {
		return nil, bank.RefuseField("name", "A device has a name.")
	}
	if err := line("name", c.Name, maxDeviceName); err != nil {
		return nil, err
	}
	has, err := o.SCA.Devices(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	for _, h := range has {
		if h.RemovedAt.IsZero() && bytes.Equal(h.PublicKey, der) {
			return nil, bank.Refuse(bank.StatusNotAllowed, "The key is that of the person's device "+h.Name+" already.")
		}
	}
	d := sca.Device{ID: o.IDs.NewID(), Person: p.ID, Name: c.Name, PublicKey: der, EnrolledAt: o.now()}
	return &act{
		name: "device.enrolled", subject: "person:" + c.Person,
		lines: []string{"Enrol the device " + c.Name + " for " + p.FullName() + "."},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = d.ID
			return []string{"device id " + d.ID}, o.SCA.EnrolDevice(ctx, d, r)
		},
	}, nil
}

const maxDeviceName = 60

func deviceKey(text []byte) ([]byte, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, bank.RefuseField("key", "The key is not a PEM file.")
	case block.Type != "PUBLIC KEY": // a private one has no business here
		return nil, bank.RefuseField("key", "The PEM file holds no public key but: "+block.Type+".")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, bank.RefuseField("key", "The key is no public key.").Because(err)
	}
	if ec, ok := key.(*ecdsa.PublicKey); !ok || ec.Curve != elliptic.P256() {
		return nil, bank.RefuseField("key", "The key is not an ECDSA key on P-256.")
	}
	return block.Bytes, nil
}

// RemoveDevice ends a device.
type RemoveDevice struct{ Device string }

func (c *RemoveDevice) check(ctx context.Context, o *Office) (*act, error) {
	d, err := o.SCA.Device(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	if !d.RemovedAt.IsZero() {
		return nil, bank.Refuse(bank.StatusNotAllowed, "The device was removed already.")
	}
	return &act{
		name: "device.removed", subject: "person:" + string(d.Person),
		lines: []string{"Remove the device " + d.Name + " of person " + string(d.Person) + "."},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Before = d.ID
			return nil, o.SCA.RemoveDevice(ctx, d.ID, r)
		},
	}, nil
}
