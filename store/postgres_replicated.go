package store

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A cluster acknowledges a commit when a standby has it. Until then the
// transaction is committed on the primary's disk and nobody sees it. Two things
// let everybody see it before: its wait is cancelled, or the primary starts
// again. From then on a fail-over takes away what can be read. So this store
// cancels nothing, and before it acknowledges what it has not committed itself
// but found, it has that replicated.

var errNoCancel = errors.New("store: nothing is cancelled")

// neverCancel keeps the driver from asking the server to cancel what it gives
// up on, which it otherwise does for every connection that breaks. The request
// would travel on a connection of its own, so it is enough not to let a
// connection that stands dial another one. The server finds out by itself: it
// ends the session when there is nobody to answer.
func neverCancel(_ context.Context, c *pgx.ConnConfig) error {
	dial, then := c.DialFunc, c.AfterConnect
	stands := new(atomic.Bool)
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if stands.Load() {
			return nil, errNoCancel
		}
		return dial(ctx, network, address)
	}
	c.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		stands.Store(true)
		if then == nil {
			return nil
		}
		return then(ctx, conn)
	}
	return nil
}

// replicate makes a transaction wait, as it commits, until a standby has all
// that was visible to it: a log is replicated in its order, and this is behind
// all of that. Without synchronous replication it does nothing.
const replicate = "select pg_logical_emit_message(true, 'okienko', '') where current_setting('synchronous_standby_names') <> ''"

// replicated returns when what has been read so far cannot be lost.
func (p *postgres) replicated(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*p.patience)
	defer cancel()
	_, err := p.db.ExecContext(ctx, replicate)
	return err
}
