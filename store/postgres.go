package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"okienko/bank"
	"okienko/bank/desk"
)

// What a node uses of a PostgreSQL server.
const (
	usualConnections = 32
	// lanesOfActs bounds the acts of a node that write at the same time. Each
	// lane has chains of its own in the logs, so that no chain becomes a lock.
	lanesOfActs = 8
	// writers are the connections of the lanes, and one to find out about outcomes
	// in doubt; deciders are for the batch that is being written and the one that is
	// being decided.
	writers  = lanesOfActs + 1
	deciders = 2
	// replanned is when a connection is replaced, and with it the plans that were
	// made when tables were smaller.
	replanned = 10 * time.Minute
	// usualPatience is how long an act or a batch waits for a database that does
	// not answer before it is given up: callers wait no longer than that for a
	// "503". Once it has begun it may take twice as long.
	usualPatience = 8 * time.Second
	between       = 100 * time.Millisecond // tries to reach it
)

// settings are those of every session. %d is how long, in milliseconds, to wait
// for a lock.
//
// What a server frees by itself matters most: a node that was cut off in the
// middle of a batch holds the turn of all nodes until the server ends its
// session. A statement has no time limit: that would end a commit's wait for
// its standby, see neverCancel.
//
// Everything that is asked here is found by a key, in tables that are empty at
// first and large later: a plan is made once, and never one that reads a whole
// table because it was small, or not yet counted, on the day it was planned.
const settings = `set idle_in_transaction_session_timeout = '5s';
set lock_timeout = '%dms';
set statement_timeout = 0;
set tcp_keepalives_idle = 5;
set tcp_keepalives_interval = 2;
set tcp_keepalives_count = 3;
set client_min_messages = warning;
set jit = off;
set plan_cache_mode = force_generic_plan;
set enable_seqscan = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
set enable_memoize = off;
select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') in ('off', 'local', 'remote_write')`

// byKeys leaves a session only the look-up of keys in an index.
const byKeys = `;
set enable_indexscan = off;
set enable_indexonlyscan = off`

// The advisory locks of a bank's database. Their numbers are arbitrary, and the
// same in every version of the program.
const (
	turnLock = 0x6f6b_0001 // batches of the desk alone, acts that change what they read together
)

// postgres is a database on a server, which any number of nodes write.
type postgres struct {
	db *sql.DB // writing
	// batches is for the desk alone: what a batch asks for is found by its keys, in
	// whatever order, so its sessions are left no other way. The planner would
	// otherwise walk a whole index of a table that it believes to be empty, and go
	// on doing so while the table grows (byKeys).
	batches *sql.DB
	lanes   chan *lane // those that no act is using
	desk    deskLane

	patience time.Duration
}

func (*postgres) dialect() dialect { return inPostgreSQL }

// lane is where the logs of one writer of this node end. Whoever has taken it
// from the channel owns it.
type lane struct{ trail, access chain }

func newLane(node string) *lane {
	return &lane{trail: chain{name: "audit", node: node}, access: chain{name: "access", node: node}}
}

// forget has the lane read anew where its chains end.
func (l *lane) forget() { *l = *newLane(l.trail.node) }

func (s *Store) openPostgres(ctx context.Context, cfg Config) error {
	config, err := pgx.ParseConfig(cfg.DSN)
	if err != nil {
		return fmt.Errorf("store: %w", err) // pgx leaves the password out of it
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "okienko " + s.node
	}
	patience := cfg.patience
	if patience == 0 {
		patience = usualPatience
	}
	connections := cfg.Connections
	if connections == 0 {
		connections = usualConnections
	}
	if connections < writers+deciders+2 {
		return fmt.Errorf("store: %d connections to the database are too few, at least %d are needed", connections, writers+deciders+2)
	}
	pool := func(n int, settings string) *sql.DB {
		db := stdlib.OpenDB(*config, stdlib.OptionBeforeConnect(neverCancel), stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.PgConn().Exec(ctx, fmt.Sprintf(settings, (patience*3/4).Milliseconds())).ReadAll()
			return err
		}))
		db.SetMaxOpenConns(n)
		db.SetMaxIdleConns(n)
		db.SetConnMaxLifetime(replanned)
		s.atClose(db.Close)
		return db
	}
	p := &postgres{db: pool(writers, settings), batches: pool(deciders, settings+byKeys), lanes: make(chan *lane, lanesOfActs), patience: patience}
	if err := s.migratePostgres(ctx, p.db); err != nil {
		return err
	}
	for i := range lanesOfActs {
		p.lanes <- newLane(fmt.Sprintf("%s.%d", s.node, i+1))
	}
	p.desk = newDeskLane(s.node)
	s.engine = p
	if err := s.settleIn(ctx); err != nil {
		return err
	}
	s.atClose(p.close)
	s.read = &pooled{db: pool(connections-writers-deciders, settings)}
	return nil
}

// close waits for the acts that are being written and refuses all that follow.
func (p *postgres) close() error {
	for range lanesOfActs {
		<-p.lanes
	}
	close(p.lanes)
	p.desk.close()
	return nil
}

// transact runs f in one transaction.
func (p *postgres) transact(ctx context.Context, s *Store, r room, f func(ctx context.Context, tx *writeTx) error) error {
	var l *lane
	select {
	case l = <-p.lanes:
		if l == nil {
			return errClosed
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.lanes <- l }()
	if err := ctx.Err(); err != nil {
		return err
	}
	// A caller who goes leaves the act alone: breaking it off costs a connection,
	// and once it commits its outcome would be unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*p.patience)
	defer cancel()
	tx, err := p.begin(ctx)
	if err != nil {
		return err
	}
	w := &writeTx{querier: tx, scribe: inTransaction{tx}, trail: l.trail, access: l.access}
	err = enter(ctx, tx, r)
	if err == nil {
		err = f(ctx, w)
	}
	if err == nil {
		err = s.appendAudit(ctx, w)
	}
	if err != nil {
		_ = tx.Rollback() // the server does so by itself when the connection is gone
		l.forget()
		return p.unwritten(err)
	}
	if err := tx.Commit(); err != nil {
		was := *l
		l.forget()
		return p.doubted(ctx, err, end(was.trail, w.trail), end(was.access, w.access))
	}
	l.trail, l.access = w.trail, w.access
	return nil
}

// begin begins a transaction, waiting a while for a server that cannot be
// reached: nothing has been done yet that could be done twice.
func (p *postgres) begin(ctx context.Context) (*sql.Tx, error) {
	var tx *sql.Tx
	return tx, p.reach(ctx, func() (err error) {
		tx, err = p.db.BeginTx(ctx, nil)
		return err
	})
}

// reach tries until the server answers or patience is over.
func (p *postgres) reach(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	for {
		err := try()
		if err == nil || !isLost(err) {
			return err
		}
		p.dropIdle()
		select {
		case <-time.After(between):
		case <-ctx.Done():
			return unreachable(err)
		}
	}
}

func unreachable(err error) error {
	return bank.Refuse(bank.Busy, "The bank's records cannot be reached at the moment. Try again shortly.").Because(err)
}

// enter takes the lock of the room. The count is raised only under the lock: a
// batch that reads it before the act has its turn has read everything else
// before it too.
func enter(ctx context.Context, tx *sql.Tx, r room) error {
	var err error
	switch r {
	case inside:
		_, err = tx.ExecContext(ctx, "select case when pg_advisory_xact_lock_shared($1)::text is not null then nextval('desk_epoch') end", int64(turnLock))
	case beside:
		_, err = tx.ExecContext(ctx, "select pg_advisory_xact_lock_shared($1)", int64(turnLock))
	}
	return err
}

// inTransaction writes rows in a transaction at once, a statement a kind.
type inTransaction struct{ tx *sql.Tx }

func (t inTransaction) put(ctx context.Context, b bulk, rows [][]any) error {
	types, columns, err := columnar(rows)
	if err != nil {
		return err
	}
	if b.key != "" { // planned by the size that the table has now: it is joined with the values
		columns = append([]any{pgx.QueryExecModeDescribeExec}, columns...)
	}
	n, err := changed(ctx, t.tx, b.all(types), columns...)
	if err == nil && b.exact() && n != int64(len(rows)) {
		err = fmt.Errorf("%d rows changed instead of %d", n, len(rows))
	}
	if err != nil {
		return fmt.Errorf("store: %s: %w", b.table, err)
	}
	return nil
}

func (t inTransaction) must(ctx context.Context, text string, args ...any) error {
	n, err := changed(ctx, t.tx, text, args...)
	if err == nil && n != 1 {
		err = overtaken(n)
	}
	return err
}

func overtaken(n int64) error {
	return fmt.Errorf("%w: %d rows changed instead of one", desk.ErrConflict, n)
}

// dropIdle closes the connections that nobody uses: when one was cut, a restart
// or a failover has cut them all.
func (p *postgres) dropIdle() {
	p.db.SetMaxIdleConns(0)
	p.db.SetMaxIdleConns(writers)
	p.batches.SetMaxIdleConns(0)
	p.batches.SetMaxIdleConns(deciders)
}

// unwritten is the error of a transaction that was not committed: trying again
// makes sense when the connection was lost.
func (p *postgres) unwritten(err error) error {
	switch {
	case isLost(err):
		p.dropIdle()
		return fmt.Errorf("%w: %w", desk.ErrConflict, err)
	case isState(err, pgLockTimeout):
		p.endStuck()
	}
	return asConflict(err)
}

// endStuck ends a batch, of whatever node, that has held the turn for longer
// than any batch may take. The server ends one that is idle by itself, but not
// one of which half a message has arrived: a node that was stopped, or whose
// network was, in the middle of sending. One that is committed and waits for a
// standby is left alone.
func (p *postgres) endStuck() {
	ctx, cancel := context.WithTimeout(context.Background(), p.patience)
	defer cancel()
	_, _ = p.db.ExecContext(ctx, `select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a using (pid)
		where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
			and l.classid = 0 and l.objid::bigint = $1 and l.granted and l.mode = 'ExclusiveLock' and a.wait_event is distinct from 'SyncRep' and a.xact_start < now() - make_interval(secs => $2)`,
		int64(turnLock), (p.patience * 5 / 2).Seconds()) // whoever waits next finds out whether it helped
}

// isLost tells whether err says that the server cannot be reached, is starting
// or stopping, or is not the primary any more.
func isLost(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var inServer *pgconn.PgError
	if errors.As(err, &inServer) {
		switch inServer.Code {
		case pgReadOnly, "25P03": // and a session that was idle for too long in a transaction
			return true
		}
		switch inServer.Code[:2] {
		case "08", "57": // connection exception; operator intervention
			return inServer.Code != "57014" // a statement that took too long was answered
		}
		return false
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err)
}

// pooled reads committed data through connections of its own.
type pooled struct{ db *sql.DB }

// again tells whether a reading is to be repeated on another connection: the
// first one was cut since it was used last.
func (r *pooled) again(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil || !isLost(err) {
		return false
	}
	n := r.db.Stats().MaxOpenConnections
	r.db.SetMaxIdleConns(0)
	r.db.SetMaxIdleConns(n)
	return true
}

func (r *pooled) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := r.db.QueryContext(ctx, query, args...) //nolint:rowserrcheck // the caller reads them
	if r.again(ctx, err) {
		return r.db.QueryContext(ctx, query, args...)
	}
	return rows, err
}

func (r *pooled) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	row := r.db.QueryRowContext(ctx, query, args...)
	if r.again(ctx, row.Err()) {
		return r.db.QueryRowContext(ctx, query, args...)
	}
	return row
}

// ExecContext is here for the form only: the pool does not write.
func (*pooled) ExecContext(context.Context, string, ...any) (sql.Result, error) { return nil, errReads }
