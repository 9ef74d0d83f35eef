package authserver

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// Methods lists the second factors that a person has, the preferred one first:
// Mobile when the person uses the application and has a device, SMS when a phone
// number is known.
func (s *Server) Methods(ctx context.Context, person party.PersonID) ([]sca.Method, error) {
	who, err := s.parties.Person(ctx, person)
	if err != nil {
		return nil, err
	}
	return s.methods(ctx, &who)
}

func (s *Server) methods(ctx context.Context, who *party.Person) ([]sca.Method, error) {
	var out []sca.Method
	if who.UsesApp {
		devices, err := s.sca.Devices(ctx, who.ID)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(devices, func(d sca.Device) bool { return d.RemovedAt.IsZero() }) {
			out = append(out, sca.Mobile)
		}
	}
	if who.Phone != "" {
		out = append(out, sca.SMS)
	}
	return out, nil
}

// Challenge asks a person to confirm a subject. The SMS with the code, or the
// push that tells the application of it, leaves through the outbox in the same
// transaction. FactorMissing when the person has no such factor, FactorLocked
// while it is locked.
//
// A page goes on with the newest challenge that it opened. An older one of the
// same subject can still be answered, and gains nothing: the act that they
// confirm can be done once, and wrong tries count across all of them.
func (s *Server) Challenge(ctx context.Context, person party.PersonID, m sca.Method, subject sca.Subject) (sca.Challenge, error) {
	who, err := s.parties.Person(ctx, person)
	if err != nil {
		return sca.Challenge{}, err
	}
	has, err := s.methods(ctx, &who)
	if err != nil {
		return sca.Challenge{}, err
	}
	if !slices.Contains(has, m) {
		return sca.Challenge{}, bank.Refuse(bank.FactorMissing, "There is no phone or device for this confirmation.")
	}
	now := s.now()
	c := sca.Challenge{
		ID: sca.ID(s.ids.NewID()), Person: person, Method: m, Subject: subject,
		CreatedAt: now, ExpiresAt: now.Add(sca.Life), Status: sca.Pending,
	}
	message := notice.Message{ID: s.ids.NewID(), Person: person, CreatedAt: now, ExpiresAt: c.ExpiresAt}
	w := wordsIn(who.Language)
	if m == sca.SMS {
		code, err := newCode(s.random)
		if err != nil {
			return sca.Challenge{}, err
		}
		c.CodeHash = hashCode(c.ID, code)
		message.Channel, message.To, message.Text = notice.SMS, who.Phone, w.sms(code, subject.Display)
	} else {
		c.Nonce = make([]byte, secretBytes)
		if _, err := io.ReadFull(s.random, c.Nonce); err != nil {
			return sca.Challenge{}, fmt.Errorf("authserver: a nonce: %w", err)
		}
		// A push shows on a locked screen and travels through strangers: it says
		// only that something waits.
		message.Channel, message.Text = notice.Push, w.push
	}
	if err := s.sca.OpenChallenge(ctx, c, &message, func(f *sca.Factor) error { return f.Open(now) }); err != nil {
		return sca.Challenge{}, err
	}
	return c, nil
}

// Look finds a person's own challenge; NotFound for anybody else's.
func (s *Server) Look(ctx context.Context, person party.PersonID, id sca.ID) (sca.Challenge, error) {
	c, err := s.sca.Challenge(ctx, id)
	if err != nil {
		return sca.Challenge{}, err
	}
	if c.Person != person {
		return sca.Challenge{}, challengeUnknown()
	}
	return c, nil
}

func challengeUnknown() error { return bank.Refuse(bank.NotFound, "There is no such confirmation.") }

// Answer judges the code that a person typed. Somebody else's challenge is
// NotFound; otherwise it refuses as sca.Answer does, and a wrong try counts.
func (s *Server) Answer(ctx context.Context, person party.PersonID, id sca.ID, code string) (sca.Challenge, error) {
	if _, err := s.Look(ctx, person, id); err != nil {
		return sca.Challenge{}, err
	}
	now := s.now()
	return s.decide(ctx, id, now, func(c *sca.Challenge, f *sca.Factor) error {
		return sca.Answer(c, f, hashCode(id, code), now)
	})
}

// decide judges a challenge and records the decision, when there was one: an
// answer to what is over or locked changes nothing and fills no audit.
func (s *Server) decide(ctx context.Context, id sca.ID, now time.Time, judge func(*sca.Challenge, *sca.Factor) error) (sca.Challenge, error) {
	var before sca.Challenge
	return s.sca.JudgeChallenge(ctx, id,
		func(c *sca.Challenge, f *sca.Factor) error {
			before = *c
			return judge(c, f)
		},
		func(c *sca.Challenge) []audit.Record {
			if c.Status == before.Status && c.Tries == before.Tries {
				return nil
			}
			return []audit.Record{{
				At: now, Actor: payment.PersonOf(c.Person), Act: "sca.decided", Subject: "challenge:" + string(c.ID),
				Before: challengeText(&before), After: challengeText(c),
				Why: string(c.Method) + " for " + string(c.Subject.Purpose) + " " + c.Subject.ID,
			}}
		})
}

func challengeText(c *sca.Challenge) string {
	return fmt.Sprintf("status=%s tries=%d", c.Status, c.Tries)
}
