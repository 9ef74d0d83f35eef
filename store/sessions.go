package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Sessions keeps the sessions of the pages. A token is kept as its hash: a copy
// of the data opens nobody's session. Sessions obey the wall clock, because the
// cookies they belong to do.
type Sessions struct{ store *Store }

var _ scs.CtxStore = (*Sessions)(nil)

// Sessions gives the store of sessions for scs.SessionManager.
func (s *Store) Sessions() *Sessions { return &Sessions{s} }

func sessionKey(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// FindCtx finds the data of a session that has not expired.
func (k *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = k.store.read.QueryRowContext(ctx, `select data from session where token_hash = $1 and expires_at > $2`,
		sessionKey(token), micros(k.store.wall.Now())).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// CommitCtx keeps the data of a session until it expires.
func (k *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return k.store.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		return one(tx.ExecContext(ctx, `insert into session (token_hash, data, expires_at) values ($1, $2, $3)
			on conflict (token_hash) do update set data = excluded.data, expires_at = excluded.expires_at`,
			sessionKey(token), blob(data), micros(expiry)))
	})
}

// DeleteCtx ends a session; one that does not exist is none to end.
func (k *Sessions) DeleteCtx(ctx context.Context, token string) error {
	return k.store.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		_, err := tx.ExecContext(ctx, `delete from session where token_hash = $1`, sessionKey(token))
		return err
	})
}

// Find, Commit and Delete are here because scs.CtxStore contains the form
// without a context; its manager calls those with one.

// Find is FindCtx without a context.
func (k *Sessions) Find(token string) (data []byte, found bool, err error) {
	return k.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (k *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return k.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (k *Sessions) Delete(token string) error { return k.DeleteCtx(context.Background(), token) }
