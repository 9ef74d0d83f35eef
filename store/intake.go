package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// Import keeps a batch whole or not at all. Whoever exists already under an id
// is a refusal, and so is an entry that the ledger refuses.
func (s *Store) Import(ctx context.Context, b *intake.Batch) error {
	if err := b.Check(s.clock.Now()); err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		if err := s.insertParties(ctx, tx, b); err != nil {
			return err
		}
		accounts, err := s.importAccounts(ctx, tx, b)
		if err != nil {
			return err
		}
		if err := importEntries(ctx, tx, b, accounts); err != nil {
			return err
		}
		tx.audit(b.Audit...)
		return nil
	})
}

// importAccounts keeps the accounts of a batch, and gives them with all that
// its entries touch.
func (s *Store) importAccounts(ctx context.Context, tx *writeTx, b *intake.Batch) (book, error) {
	accounts := book{}
	for i := range b.Accounts {
		a := b.Accounts[i]
		if a.Kind == account.Customer {
			var known string
			err := tx.QueryRowContext(ctx, "select id from customer where id = $1", string(a.Customer)).Scan(&known)
			if errors.Is(err, sql.ErrNoRows) {
				return nil, bank.RefuseField("customer", fmt.Sprintf("The account %q belongs to the unknown customer %q.", a.ID, a.Customer))
			}
			if err != nil {
				return nil, fmt.Errorf("store: customer %s: %w", a.Customer, err)
			}
		}
		inserted, err := insertAccount(ctx, tx, &a)
		switch {
		case isTaken(err):
			return nil, bank.RefuseField("nrb", fmt.Sprintf("The number of account %q is that of another one.", a.ID)).Because(err)
		case err != nil:
			return nil, err
		case !inserted:
			return nil, bank.RefuseField("accounts", fmt.Sprintf("The account %q exists already.", a.ID))
		}
		accounts[a.ID] = &a
	}
	var others []account.ID
	for i := range b.Entries {
		for _, p := range b.Entries[i].Postings {
			if _, met := accounts[p.Account]; !met {
				accounts[p.Account] = nil
				others = append(others, p.Account)
			}
		}
	}
	slices.Sort(others)
	var qs questions
	loadAccounts(&qs, others, accounts)
	// In order: an import on another node may move money of the same accounts.
	if _, err := rows(ctx, tx, scanText[account.ID], "select id from account where id = any($1) order by id"+held(tx), list(others)); err != nil {
		return nil, err
	}
	return accounts, qs.put(ctx, tx)
}

// book is accounts as package ledger looks them up.
type book map[account.ID]*account.Account

func (b book) Account(id account.ID) *account.Account { return b[id] }

func importEntries(ctx context.Context, tx *writeTx, b *intake.Batch, accounts book) error {
	if err := newEntries(ctx, tx, b); err != nil {
		return err
	}
	last := map[account.ID]time.Time{}
	var moved []*account.Account
	var entries []*ledger.Entry
	for i := range b.Entries {
		e := b.Entries[i]
		e.Postings = append([]ledger.Posting(nil), e.Postings...) // Post fills them in; the batch stays the caller's
		for _, p := range e.Postings {
			a := accounts[p.Account]
			if a == nil {
				return bank.RefuseField("entries", fmt.Sprintf("The entry %q names the unknown account %q.", e.ID, p.Account))
			}
			before, met := last[a.ID]
			if !met {
				moved = append(moved, a)
				var err error
				if before, err = lastPosting(ctx, tx, a); err != nil {
					return err
				}
			}
			// A history is read in order of time, so it is written in it. The bank's
			// own accounts have no reader, and take several imports side by side.
			if e.At.Before(before) && a.Kind == account.Customer {
				return bank.RefuseField("entries", fmt.Sprintf("The entry %q lies before others on the account %q.", e.ID, a.ID))
			}
			last[a.ID] = e.At
		}
		if err := ledger.Post(accounts, &e); err != nil {
			return fmt.Errorf("store: entry %s: %w", e.ID, err)
		}
		entries = append(entries, &e)
	}
	if err := insertEntries(ctx, tx, entries); err != nil {
		return err
	}
	var latest time.Time
	for _, e := range entries {
		latest = later(latest, e.At)
	}
	if err := writeTurn(ctx, tx, latest); err != nil {
		return err
	}
	return writeBalances(ctx, tx, moved)
}

// newEntries refuses entries that exist already, and the same one twice.
func newEntries(ctx context.Context, tx *writeTx, b *intake.Batch) error {
	ids, met := make([]ledger.EntryID, len(b.Entries)), make(map[ledger.EntryID]bool, len(b.Entries))
	for i := range b.Entries {
		if ids[i] = b.Entries[i].ID; met[ids[i]] {
			return bank.RefuseField("entries", fmt.Sprintf("The entry %q exists already.", ids[i]))
		}
		met[ids[i]] = true
	}
	known, err := rows(ctx, tx, scanText[ledger.EntryID], "select id from entry where id = any($1) limit 1", list(ids))
	if err != nil {
		return err
	}
	if len(known) > 0 {
		return bank.RefuseField("entries", fmt.Sprintf("The entry %q exists already.", known[0]))
	}
	return nil
}

// lastPosting is when money moved last on an account, the zero time if never.
func lastPosting(ctx context.Context, q querier, a *account.Account) (time.Time, error) {
	if a.Seq == 0 {
		return time.Time{}, nil
	}
	var at int64
	err := q.QueryRowContext(ctx, "select max(at) from posting where account_id = $1", string(a.ID)).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("store: history of account %s: %w", a.ID, err)
	}
	return instant(at), nil
}

// change runs one statement that must change one row, with its audit.
func (s *Store) change(ctx context.Context, what string, r audit.Record, statement string, args ...any) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		done, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return fmt.Errorf("store: %s: %w", what, err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return fmt.Errorf("store: %s: %w", what, err)
		}
		if n == 0 {
			return bank.Refuse(bank.NotFound, "There is no such "+what+".")
		}
		tx.audit(r)
		return nil
	})
}

// Block sets the block of a customer, or lifts it.
func (s *Store) Block(ctx context.Context, c party.CustomerID, b party.Block, r audit.Record) error {
	return s.change(ctx, "customer", r, "update customer set blocked_by = $1, blocked_at = $2, blocked_why = $3 where id = $4",
		b.By, micros(b.At), b.Why, string(c))
}

// SetAccountStatus changes the status of an account.
func (s *Store) SetAccountStatus(ctx context.Context, id account.ID, to account.Status, r audit.Record) error {
	if to == account.Closed {
		// Money may have come since somebody looked.
		err := s.change(ctx, "account", r, "update account set status = 'closed' where id = $1 and booked = 0 and held = 0", string(id))
		if bank.CodeOf(err) == bank.NotFound {
			return bank.Refuse(bank.StatusNotAllowed, "There is no such account, or there is money on it.")
		}
		return err
	}
	return s.change(ctx, "account", r, "update account set status = $1 where id = $2", string(to), string(id))
}

// SetAccess changes the API access of an account.
func (s *Store) SetAccess(ctx context.Context, id account.ID, a account.Access, r audit.Record) error {
	return s.change(ctx, "account", r, "update account set access_state = $1, access_by = $2, access_at = $3, access_why = $4 where id = $5",
		string(a.State), a.By, micros(a.At), a.Why, string(id))
}

// UnlockLogin ends the lock that wrong passwords have made.
func (s *Store) UnlockLogin(ctx context.Context, p party.PersonID, r audit.Record) error {
	return s.change(ctx, "login", r, "update login set wrong = 0, locked_until = 0 where person_id = $1", string(p))
}

// UnlockFactor ends the lock that wrong confirmations have made.
func (s *Store) UnlockFactor(ctx context.Context, p party.PersonID, m sca.Method, r audit.Record) error {
	return s.change(ctx, "factor", r, `insert into factor (person_id, method, wrong, locked_until)
		select id, $2, 0, 0 from person where id = $1
		on conflict (person_id, method) do update set wrong = 0, locked_until = 0`, string(p), string(m))
}
