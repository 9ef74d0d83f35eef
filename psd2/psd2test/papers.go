package psd2test

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"okienko/clock"
	"okienko/eidas"
	"okienko/eidas/trustservice"
)

// CA is a trust service for the tests of one package: keys of seals take long to
// make. What it issued is never revoked, except what a test had issued for that.
type CA struct {
	open  func() *trustservice.Service
	clock atomic.Pointer[clock.Manual] // of the test that runs
	mu    sync.Mutex
	held  map[eidas.Organisation]Papers
}

// NewCA makes one; it opens when it is needed first.
func NewCA() *CA {
	ca := &CA{held: map[eidas.Organisation]Papers{}}
	ca.open = sync.OnceValue(func() *trustservice.Service {
		s, err := trustservice.Open(trustservice.Settings{Clock: ca})
		if err != nil {
			panic(err)
		}
		return s
	})
	return ca
}

// Now is the bank clock of the test that runs: what the trust service says of
// revocation must be fresh wherever a test has moved its clock.
func (ca *CA) Now() time.Time {
	if m := ca.clock.Load(); m != nil {
		return m.Now()
	}
	return Noon()
}

// Service is the trust service.
func (ca *CA) Service() *trustservice.Service { return ca.open() }

// Papers are the certificates of a third party.
type Papers struct{ QWAC, Seal trustservice.Issued }

// Issue issues one certificate.
func (ca *CA) Issue(org eidas.Organisation, kind eidas.Type, bad trustservice.Bad, roles ...eidas.Role) trustservice.Issued {
	out, err := ca.Service().Issue(trustservice.Request{Organisation: org, Name: "TPP " + string(org), Roles: roles, Type: kind, Bad: bad})
	if err != nil {
		panic(err)
	}
	return out
}

// PapersOf are both certificates of an organisation with every role, issued once.
func (ca *CA) PapersOf(org eidas.Organisation) Papers {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	p, ok := ca.held[org]
	if !ok {
		p = ca.NewPapers(org)
		ca.held[org] = p
	}
	return p
}

// NewPapers issues both certificates, with roles or, without any, with all.
func (ca *CA) NewPapers(org eidas.Organisation, roles ...eidas.Role) Papers {
	return Papers{ca.Issue(org, eidas.QWAC, trustservice.Good, roles...), ca.Issue(org, eidas.QSealC, trustservice.Good, roles...)}
}

// NewUUID makes one of version 1, as third parties do.
func NewUUID(at time.Time) string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	ticks := uint64(at.UnixNano()/100) + 0x01b21dd213814000
	binary.BigEndian.PutUint32(u[0:], uint32(ticks))
	binary.BigEndian.PutUint16(u[4:], uint16(ticks>>32))
	binary.BigEndian.PutUint16(u[6:], uint16(ticks>>48)&0x0fff|0x1000)
	u[8] = u[8]&0x3f | 0x80
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
