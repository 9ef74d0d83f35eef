package thirdparty

import (
	"context"
	"time"

	"okienko/bank/audit"
)

// Register keeps third parties. Finds answer with a NotFound refusal when there
// is nothing; acts are whole, with their audit in the same transaction.
type Register interface {
	Client(ctx context.Context, id ClientID) (Client, error)
	ClientOf(ctx context.Context, o Organisation) (Client, error)
	Clients(ctx context.Context) ([]Client, error)
	// ChangeClient lets change decide over the client of an organisation as it
	// stands (nil when there is none) and keeps what it returns: of concurrent
	// registrations one makes the client, the others find it.
	ChangeClient(ctx context.Context, o Organisation, change func(*Client) (Client, []audit.Record, error)) (Client, error)

	Entry(ctx context.Context, o Organisation) (Entry, error)
	Entries(ctx context.Context) ([]Entry, error)
	// ImportEntries replaces the register: what the list no longer names is
	// withdrawn at the instant of the import.
	ImportEntries(ctx context.Context, list []Entry, now time.Time, r audit.Record) error

	Admission(ctx context.Context, o Organisation) (Admission, error)
	Admissions(ctx context.Context) ([]Admission, error)
	// ChangeAdmission lets change decide over an application as it stands (nil
	// when there is none).
	ChangeAdmission(ctx context.Context, o Organisation, change func(*Admission) (Admission, []audit.Record, error)) (Admission, error)
}

// Replays remembers request ids. Of any number of concurrent calls with one id
// of one organisation, on whatever node, exactly one passes; the others are
// refused as RequestRepeated. Ids older than keep may be forgotten.
type Replays interface {
	FirstUse(ctx context.Context, o Organisation, requestID string, at time.Time) error
}
