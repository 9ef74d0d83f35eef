package partner

import (
	"context"
	"time"

	"okienko/bank/audit"
	"okienko/bank/consent"
)

// Register keeps partners and applications.
type Register interface {
	// Application and Partner find one; a NotFound refusal when there is none.
	Application(ctx context.Context, id ClientID) (Application, error)
	Partner(ctx context.Context, id ID) (Partner, error)
	Partners(ctx context.Context) ([]Partner, error)
	Applications(ctx context.Context) ([]Application, error)

	// PutPartner and PutApplication keep a new one or replace what stands, with
	// the audit. They do not change an application's status. Limits lower than
	// before bring those of its pairings down with them, in the same transaction.
	PutPartner(ctx context.Context, p Partner, r audit.Record) error
	PutApplication(ctx context.Context, a Application, r audit.Record) error
	// SetStatus lets decide judge the application as it stands and gives it the
	// status. In the same transaction allowed is asked about every pairing that is
	// active or suspended: those not allowed are suspended and their tokens end;
	// suspended ones that are allowed again are active again, without tokens
	// (partner-api §2).
	SetStatus(ctx context.Context, id ClientID, to Status, decide func(*Application, *Partner) error,
		allowed func(*Application, *Partner, *consent.Agreement) bool, r audit.Record) error

	// Secrets are the hashes of an application's client secrets that are valid at
	// an instant; AddSecret adds one and ends the others at an instant, so that a
	// partner can change over without a gap.
	Secrets(ctx context.Context, id ClientID, at time.Time) ([][]byte, error)
	AddSecret(ctx context.Context, id ClientID, hash []byte, at, othersEnd time.Time, r audit.Record) error
}

// Prover looks up whether a domain carries the proof that the bank asked for.
type Prover interface {
	Prove(ctx context.Context, p DomainProof) error
}
