package authserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/sca"
)

// SignedText is what a device signs to approve a challenge: id, nonce, purpose
// and binding, each behind its length, behind a word that no other signed text
// of the bank begins with.
func SignedText(c sca.Challenge) []byte { return deviceText("okienko approves", &c) }

// RejectionText is what a device signs to reject a challenge. It differs from
// SignedText: a no that was caught on its way must not serve as a yes.
func RejectionText(c sca.Challenge) []byte { return deviceText("okienko rejects", &c) }

func deviceText(act string, c *sca.Challenge) []byte {
	return []byte(bind(act, string(c.ID), string(c.Nonce), string(c.Subject.Purpose), c.Subject.Binding))
}

// Approve takes a device's yes: an ECDSA P-256 signature in ASN.1 DER over the
// SHA-256 of SignedText. A device that is unknown, removed or another person's
// is NotFound; otherwise it refuses as sca.Approve does, and a wrong signature
// counts as a wrong try.
func (s *Server) Approve(ctx context.Context, id sca.ID, deviceID string, signature []byte) (sca.Challenge, error) {
	signed, err := s.signed(ctx, id, deviceID, signature, SignedText)
	if err != nil {
		return sca.Challenge{}, err
	}
	now := s.now()
	return s.decide(ctx, id, now, func(c *sca.Challenge, f *sca.Factor) error { return sca.Approve(c, f, signed, now) })
}

// Reject takes a device's no: as Approve, over RejectionText.
func (s *Server) Reject(ctx context.Context, id sca.ID, deviceID string, signature []byte) (sca.Challenge, error) {
	signed, err := s.signed(ctx, id, deviceID, signature, RejectionText)
	if err != nil {
		return sca.Challenge{}, err
	}
	now := s.now()
	return s.decide(ctx, id, now, func(c *sca.Challenge, f *sca.Factor) error {
		if !signed || c.Method != sca.Mobile {
			return sca.Approve(c, f, false, now) // counts, or names what is wrong
		}
		return sca.Refuse(c, now)
	})
}

// signed tells whether a device of the challenge's person signed the text. What
// is signed never changes in the life of a challenge, so this needs no
// transaction.
func (s *Server) signed(ctx context.Context, id sca.ID, deviceID string, signature []byte, text func(sca.Challenge) []byte) (bool, error) {
	d, err := s.device(ctx, deviceID)
	if err != nil {
		return false, err
	}
	c, err := s.Look(ctx, d.Person, id)
	if err != nil {
		return false, err
	}
	key, err := deviceKey(d.PublicKey)
	if err != nil {
		return false, fmt.Errorf("authserver: device %s: %w", d.ID, err)
	}
	sum := sha256.Sum256(text(c))
	return ecdsa.VerifyASN1(key, sum[:], signature), nil
}

// device finds one that is active.
func (s *Server) device(ctx context.Context, id string) (sca.Device, error) {
	d, err := s.sca.Device(ctx, id)
	if err != nil {
		return sca.Device{}, err
	}
	if !d.RemovedAt.IsZero() {
		return sca.Device{}, bank.Refuse(bank.NotFound, "There is no such device.")
	}
	return d, nil
}

var errDeviceKey = errors.New("the public key is not an ECDSA P-256 one")

func deviceKey(der []byte) (*ecdsa.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errDeviceKey
	}
	return key, nil
}

// WaitingApprovals lists what waits for a device's yes or no, newest first.
func (s *Server) WaitingApprovals(ctx context.Context, deviceID string) ([]sca.Challenge, error) {
	d, err := s.device(ctx, deviceID)
	if err != nil {
		return nil, err
	}
	all, err := s.sca.WaitingChallenges(ctx, d.Person)
	if err != nil {
		return nil, err
	}
	now := s.now()
	return slices.DeleteFunc(all, func(c sca.Challenge) bool { return over(&c, now) }), nil
}

func over(c *sca.Challenge, now time.Time) bool {
	return c.Method != sca.Mobile || c.Status != sca.Pending || !now.Before(c.ExpiresAt)
}
