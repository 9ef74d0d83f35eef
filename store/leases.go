package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"okienko/bank/lease"
)

var _ lease.Book = (*Store)(nil)

// Lease shows a lease; one that nobody ever had is only a name.
func (s *Store) Lease(ctx context.Context, name string) (lease.Lease, error) {
	l := lease.Lease{Name: name}
	err := s.read.QueryRowContext(ctx, `select holder, fence, renewals from lease where name = $1`, name).Scan(&l.Holder, &l.Fence, &l.Renewals)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return lease.Lease{}, fmt.Errorf("store: lease %s: %w", name, err)
	}
	return l, nil
}

// ClaimLease takes a lease that still is as it was seen. Fence and renewals are
// compared in the statement that changes them, which judges a row that it had to
// wait for anew: of any number of nodes one finds them unchanged.
func (s *Store) ClaimLease(ctx context.Context, seen lease.Lease, holder string) (lease.Lease, error) {
	return s.changeLease(ctx, lease.Lease{Name: seen.Name, Holder: holder}, `
		insert into lease (name, holder, fence, renewals) values ($1, $2, 1, 0)
		on conflict (name) do update set holder = $2, fence = lease.fence + 1, renewals = 0
			where lease.fence = $3 and lease.renewals = $4
		returning fence, renewals`, seen.Name, holder, seen.Fence, seen.Renewals)
}

// RenewLease keeps a lease, unless it went to somebody else.
func (s *Store) RenewLease(ctx context.Context, held lease.Lease) (lease.Lease, error) {
	return s.changeLease(ctx, held, `update lease set renewals = renewals + 1 where name = $1 and holder = $2 and fence = $3
		returning fence, renewals`, held.Name, held.Holder, held.Fence)
}

// ReleaseLease gives a lease back. Its fence stays, so that the next one is
// higher.
func (s *Store) ReleaseLease(ctx context.Context, held lease.Lease) error {
	_, err := s.changeLease(ctx, held, `update lease set holder = '', renewals = renewals + 1 where name = $1 and holder = $2 and fence = $3
		returning fence, renewals`, held.Name, held.Holder, held.Fence)
	if errors.Is(err, lease.ErrLost) {
		return nil
	}
	return err
}

// changeLease runs a statement that changes the lease or finds it gone.
func (s *Store) changeLease(ctx context.Context, l lease.Lease, text string, args ...any) (lease.Lease, error) {
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		return tx.QueryRowContext(ctx, text, args...).Scan(&l.Fence, &l.Renewals)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return lease.Lease{}, lease.ErrLost
	}
	if err != nil {
		return lease.Lease{}, fmt.Errorf("store: lease %s: %w", l.Name, err)
	}
	return l, nil
}
