package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// atOnce is how many rows of a cursor are in memory together. Beyond a thousand
// nothing gets faster: the round trip is paid for by then.
const atOnce = 1000

// database is a snapshot of a PostgreSQL database: one read-only REPEATABLE READ
// transaction on one connection, in which every query is a cursor of the
// server's.
//
// The other way to have several streams open is to hand the exported snapshot to
// one connection each. Cursors need one connection whatever is checked, see the
// same commit by construction, work through a pooler, and hold no more than
// atOnce rows of each stream here. They forgo parallel plans; a verification is
// to be gentle to a bank at work.
type database struct {
	conn    *pgx.Conn
	cursors int // opened so far: they are named by their number
}

func openDatabase(ctx context.Context, dsn string) (*database, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "okienko verify"
	}
	// No statement is kept by name: what a pooler gives us may have met another
	// verification before.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	d := &database{conn: conn}
	for _, text := range []string{
		"begin isolation level repeatable read read only",
		// A limit that an operator has set for the bank's short statements would
		// end the sorting of ten million postings.
		"set local statement_timeout = 0",
		"set local idle_in_transaction_session_timeout = 0",
		// Sorts beyond it go to the server's disk.
		"set local work_mem = '64MB'",
		// Every cursor is read to its end; the server plans for its first tenth.
		"set local cursor_tuple_fraction = 1.0",
	} {
		if _, err := conn.Exec(ctx, text); err != nil {
			return nil, errors.Join(err, d.close(ctx))
		}
	}
	return d, nil
}

// bytewise asks for the order of bytes, whatever language the database was made
// for.
func (d *database) bytewise(column string) string { return column + ` collate "C"` }

func (d *database) query(ctx context.Context, text string) (rows, error) {
	d.cursors++
	c := &cursor{ctx: ctx, conn: d.conn, name: fmt.Sprintf("verify_%d", d.cursors)}
	if _, err := d.conn.Exec(ctx, "declare "+c.name+" no scroll cursor for "+text); err != nil {
		return nil, err
	}
	return c, nil
}

// close ends the transaction with the connection: nothing was written.
func (d *database) close(ctx context.Context) error {
	return d.conn.Close(context.WithoutCancel(ctx))
}

// cursor reads one query of the server's in parts. The protocol has one answer
// at a time on a connection, so each part is taken in whole before another
// cursor's turn.
type cursor struct {
	ctx  context.Context // of the query, as sql.Rows keeps it
	conn *pgx.Conn
	name string

	fields []pgconn.FieldDescription
	part   [][][]byte // rows of raw values
	at     int        // of the row before Next
	last   bool       // nothing follows this part
	err    error
}

func (c *cursor) Next() bool {
	if c.at < len(c.part) {
		c.at++
	}
	if c.at == len(c.part) && !c.last && c.err == nil {
		c.err = c.fetch()
	}
	return c.at < len(c.part) && c.err == nil
}

func (c *cursor) fetch() error {
	c.part, c.at = c.part[:0], 0
	r, err := c.conn.Query(c.ctx, fmt.Sprintf("fetch forward %d from %s", atOnce, c.name))
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		c.part = append(c.part, copied(r.RawValues()))
	}
	c.fields = slices.Clone(r.FieldDescriptions()) // the driver's are those of whatever was asked last
	c.last = len(c.part) < atOnce
	return r.Err()
}

// copied keeps a row beyond the driver's buffer; nil stays nil, which is null.
func copied(raw [][]byte) [][]byte {
	size := 0
	for _, v := range raw {
		size += len(v)
	}
	all, out := make([]byte, 0, size), make([][]byte, len(raw))
	for i, v := range raw {
		if v != nil {
			from := len(all)
			all = append(all, v...)
			out[i] = all[from:len(all):len(all)]
		}
	}
	return out
}

func (c *cursor) Scan(into ...any) error {
	return pgx.ScanRow(c.conn.TypeMap(), c.fields, c.part[c.at], into...)
}

func (c *cursor) Err() error { return c.err }

// Close gives what the server holds for the cursor back, its sorted rows above
// all.
func (c *cursor) Close() error {
	if c.err != nil { // the transaction has failed, and the cursor with it
		return nil //nolint:nilerr // Err tells of it
	}
	_, err := c.conn.Exec(c.ctx, "close "+c.name)
	return err
}

// references are the columns that name rows of other tables, each with where it
// must lead. They stand here, and are not read from the catalogue, so that a
// constraint which somebody has dropped is not believed either.
var references = [...]struct{ table, column, parent, key string }{
	{"posting", "account_id", "account", "id"},
	{"posting", "entry_id", "entry", "id"},
	{"hold", "account_id", "account", "id"},
	{"hold_event", "hold_id", "hold", "id"},
	{"payment", "account_id", "account", "id"},
	{"payment", "payee_id", "account", "id"},
	{"payment_event", "payment_id", "payment", "id"},
	{"authorisation", "account_id", "account", "id"},
	{"representation", "customer_id", "customer", "id"},
	{"representation", "person_id", "person", "id"},
	{"customer_limit", "customer_id", "customer", "id"},
	{"login", "person_id", "person", "id"},
	{"partner_employee", "partner_id", "partner", "id"},
	{"partner_employee", "person_id", "person", "id"},
	{"application", "partner_id", "partner", "id"},
	{"application_secret", "application", "application", "id"},
	{"agreement", "application", "application", "id"},
	{"agreement", "customer_id", "customer", "id"},
	{"pairing_request", "client", "application", "id"},
	{"code", "agreement_id", "agreement", "id"},
	{"token", "agreement_id", "agreement", "id"},
	{"device", "person_id", "person", "id"},
	{"tpp_key", "client", "tpp_client", "id"},
	{"admission_paper", "organisation", "admission", "organisation"},
	{"consent_request", "consent_id", "tpp_consent", "id"},
	{"consent_request", "client", "tpp_client", "id"},
	{"consent_code", "consent_id", "tpp_consent", "id"},
	{"consent_token", "consent_id", "tpp_consent", "id"},
	{"consent_callback", "consent_id", "tpp_consent", "id"},
	{"background_call", "consent_id", "tpp_consent", "id"},
	{"transfer", "account_id", "account", "id"},
	{"transfer_event", "transfer_id", "transfer", "id"},
	{"bundle", "account_id", "account", "id"},
	{"standing_order", "account_id", "account", "id"},
}

// sound checks of the database what can be checked through a connection: that
// references lead somewhere, that no guard is switched off, that texts still
// sort as they did when the indexes were built, and (with the extension amcheck)
// the indexes themselves. Pages are proven by the server whenever one is read,
// where it was made with checksums.
func (d *database) sound(ctx context.Context, v *verifier) error {
	for _, r := range references {
		err := each(ctx, d, "select 1 from "+r.table+" x where not exists (select 1 from "+r.parent+" y where y."+r.key+" = x."+r.column+")",
			func(func(...any) error) error {
				v.dangling(r.table, r.parent)
				return nil
			})
		if err != nil {
			return err
		}
	}
	for _, check := range []func(context.Context, *verifier) error{d.guards, d.collation, d.checksums, d.indexes} {
		if err := check(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// guards finds constraints and indexes that the server has and does not enforce.
func (d *database) guards(ctx context.Context, v *verifier) error {
	return each(ctx, d, `
		select 'constraint ' || conname || ' of ' || conrelid::regclass from pg_constraint
			where connamespace = current_schema::regnamespace and not convalidated
		union all select 'index ' || indexrelid::regclass || ' of ' || indrelid::regclass from pg_index
			where indrelid = any (select oid from pg_class where relnamespace = current_schema::regnamespace)
			and not (indisvalid and indisready and indislive)
		union all select 'trigger ' || tgname || ' of ' || tgrelid::regclass from pg_trigger
			where tgrelid = any (select oid from pg_class where relnamespace = current_schema::regnamespace) and tgenabled in ('D', 'R')`,
		func(scan func(...any) error) error {
			var what string
			if err := scan(&what); err != nil {
				return err
			}
			v.find("data", what, "it is not enforced")
			return nil
		})
}

// collation compares the library that sorts texts with the one of the day when
// the database was made. An index that was built by other rules misses rows and
// lets a key in twice; a new release of the machine's C library has done that to
// many a database.
func (d *database) collation(ctx context.Context, v *verifier) error {
	var version int
	err := d.conn.QueryRow(ctx, "select current_setting('server_version_num')::int").Scan(&version)
	if err != nil || version < 150000 { // the server does not remember it
		return err
	}
	return each(ctx, d, `select datcollate, datcollversion, pg_database_collation_actual_version(oid) from pg_database
			where datname = current_database() and datcollversion <> pg_database_collation_actual_version(oid)`,
		func(scan func(...any) error) error {
			var name, made, now string
			if err := scan(&name, &made, &now); err != nil {
				return err
			}
			v.find("data", "collation "+name, "the indexes were built with version %s and the machine has version %s: reindex the database", made, now)
			return nil
		})
}

func (d *database) checksums(ctx context.Context, v *verifier) error {
	var on string
	if err := d.conn.QueryRow(ctx, "show data_checksums").Scan(&on); err != nil {
		return err
	}
	if on != "on" {
		v.unchecked("pages: the server was made without checksums")
	}
	return nil
}

// corruptIndex is the class of errors by which amcheck says what it has found.
const corruptIndex = "XX"

// indexes has amcheck prove that the indexes agree with their tables.
func (d *database) indexes(ctx context.Context, v *verifier) error {
	var namespace string
	err := d.conn.QueryRow(ctx, `select quote_ident(n.nspname) from pg_extension e
			join pg_depend d on d.refobjid = e.oid and d.deptype = 'e' and d.classid = 'pg_proc'::regclass
			join pg_proc p on p.oid = d.objid join pg_namespace n on n.oid = p.pronamespace
			where e.extname = 'amcheck' and p.proname = 'bt_index_check' and p.pronargs = 2 and has_function_privilege(p.oid, 'execute')`).Scan(&namespace)
	if errors.Is(err, pgx.ErrNoRows) {
		v.unchecked("indexes: the extension amcheck is not there for this user")
		return nil
	}
	if err != nil {
		return err
	}
	var indexes []string
	err = each(ctx, d, `select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
			where a.amname = 'btree' and c.relnamespace = current_schema::regnamespace and i.indisvalid order by 1`, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		indexes = append(indexes, name)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range indexes {
		if _, err := d.conn.Exec(ctx, "savepoint before"); err != nil {
			return err
		}
		_, err := d.conn.Exec(ctx, "select "+namespace+".bt_index_check($1::text::regclass, true)", name)
		if e := (*pgconn.PgError)(nil); errors.As(err, &e) && strings.HasPrefix(e.Code, corruptIndex) {
			v.find("data", "index "+name, "the engine reports: %s", e.Message)
			_, err = d.conn.Exec(ctx, "rollback to before")
		}
		if err != nil {
			return err
		}
		if _, err := d.conn.Exec(ctx, "release before"); err != nil {
			return err
		}
	}
	v.count("indexes", int64(len(indexes)))
	return nil
}
