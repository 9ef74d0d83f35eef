package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"okienko/authserver"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/ident"
	"okienko/store"
)

// What stands in all books of the growth: pairings with two tokens each.
const (
	growthPartners = 100
	growthPayers   = 50_000
	growthCallers  = 32
)

// grown are books of one size, at work.
type grown struct {
	world world
	books books
	store *store.Store
	desk  *desk.Desk

	operations atomic.Int64
	// refresh are the refresh tokens of the pairings, by their hashes, which take
	// turns.
	refresh [][]byte
	turn    atomic.Int64
}

// benchGrowth measures what calls cost over books of several sizes, which
// differ in nothing but the transactions in them.
func benchGrowth(ctx context.Context, o options, sh shelf, _ string) (err error) {
	var all []*grown
	if s, ok := sh.(server); ok {
		if err := s.Again(careless()...); err != nil {
			return err
		}
	}
	fmt.Printf("\nGrowth on %s: %d accounts, %d pairings, %d tokens; books loaded in sets, audit and its chain included\n",
		sh.engine(), o.customers+growthPartners, min(growthPayers, o.customers), 2*min(growthPayers, o.customers))
	for _, n := range o.transactions {
		g := &grown{world: world{customers: o.customers, payers: min(growthPayers, o.customers), partners: growthPartners, tokens: true, history: history{n}}}
		if err := g.world.check(); err != nil {
			return err
		}
		if err := g.load(ctx, sh); err != nil {
			return err
		}
		all = append(all, g)
	}
	if s, ok := sh.(server); ok {
		if err := errors.Join(flush(), s.Again(measured()...)); err != nil {
			return err
		}
	}
	defer func() {
		for _, g := range all {
			err = errors.Join(err, g.close())
		}
	}()
	for _, g := range all {
		if err := g.open(ctx); err != nil {
			return err
		}
	}
	return compare(ctx, o, sh, all)
}

// load makes the books of one size and looks at them.
func (g *grown) load(ctx context.Context, sh shelf) (err error) {
	from := time.Now()
	if g.books, err = sh.blank(ctx, fmt.Sprintf("grown_%d", g.world.history.payments)); err != nil {
		return err
	}
	if err := seed(ctx, g.books, g.world); err != nil {
		return err
	}
	took := since(from)
	size, err := sh.size(ctx, g.books)
	if err != nil {
		return err
	}
	from = time.Now()
	checked := "verify found nothing wrong"
	if g.world.history.payments > verifiable {
		checked = "rows and sums are right"
		err = g.sums(ctx)
	} else {
		err = g.books.verify(ctx)
	}
	if err == nil {
		fmt.Printf("%10d transactions: loaded in %s, %s on the disk; %s (%s)\n", g.world.history.payments, took, mebibytes(size), checked, since(from))
	}
	return err
}

// verifiable is up to how many transactions package verify looks at everything,
// at some 60 µs for each; of larger books the sums are compared.
const verifiable = 200_000

// sums compares what the tables add up to with what was loaded.
func (g *grown) sums(ctx context.Context) (err error) {
	db, err := g.books.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	n := int64(g.world.history.payments)
	for _, c := range []struct {
		query string
		want  int64
	}{
		{"select count(*) from entry", n}, {"select count(*) from posting", 2 * n}, {"select count(*) from payment", n},
		{"select count(*) from operation", n}, {"select count(*) from audit where act = 'payment.executed'", n},
		{"select cast(sum(amount) as bigint) from posting", 0}, {"select cast(sum(booked) as bigint) from account", 0},
		{"select cast(sum(amount) as bigint) from payment", n * price().Minor()},
		{"select cast(sum(used) as bigint) from counter where subject like 'agreement:%' and length(period) = 10", n * price().Minor()},
		{"select cast(sum(used) as bigint) from counter where subject like 'customer:%' and length(period) = 7", n * price().Minor()},
		{`select count(*) from (select account_id from posting group by account_id having count(*) <> max(seq)) odd`, 0},
		{`select count(*) from account a where booked <> 0 and booked <> (select p.balance from posting p
			where p.account_id = a.id order by at desc, p.seq desc limit 1)`, 0},
	} {
		var have int64
		if err := db.QueryRowContext(ctx, c.query).Scan(&have); err != nil {
			return fmt.Errorf("%w in: %s", err, c.query)
		}
		if have != c.want {
			return fmt.Errorf("%d instead of %d: %s", have, c.want, c.query)
		}
	}
	return nil
}

func (g *grown) open(ctx context.Context) (err error) {
	if g.store, err = g.books.store(ctx, "n1"); err != nil {
		return err
	}
	for i := range g.world.payers {
		g.refresh = append(g.refresh, tokenHash("refresh", i))
	}
	g.desk = desk.New(desk.Config{Book: g.store, Clock: clock.Wall{}, Wall: clock.Wall{}, IDs: ident.New(clock.Wall{})})
	return nil
}

func (g *grown) close() error {
	if g.store == nil {
		return nil
	}
	g.desk.Close()
	return g.store.Close()
}

// anybody is some pairing, each as likely as any other.
func (g *grown) anybody() int { return mathrand.IntN(g.world.payers) }

// operation is an id that lies anywhere among those of the others, as a
// caller's own ids do.
func (g *grown) operation() string {
	return fmt.Sprintf("%012d-%06d", mathrand.Int64N(1_000_000_000_000), g.operations.Add(1)%1_000_000)
}

func (g *grown) pay(ctx context.Context, _ int) error {
	_, err := g.desk.Do(ctx, order(g.anybody(), g.operation()))
	return err
}

// hold places a hold and releases it.
func (g *grown) hold(ctx context.Context, _ int) error {
	payer := g.anybody()
	placed, err := g.desk.Do(ctx, &payment.Submit{Agreement: agreementOf(payer), AccountRef: referenceOf(payer), Draft: payment.Draft{
		Kind: payment.PlaceHold, OperationID: g.operation(), Amount: price(), Title: title,
	}})
	if err != nil {
		return err
	}
	_, err = g.desk.Do(ctx, &payment.Release{Hold: placed.Hold.ID, Agreement: agreementOf(payer), AccountRef: referenceOf(payer)})
	return err
}

// page reads a hundred transactions of somebody who has them.
func (g *grown) page(ctx context.Context, _ int) error {
	list, err := g.store.Transactions(ctx, payment.TransactionFilter{Account: accountOf(mathrand.IntN(g.world.history.paying())), Page: payment.Page{Size: 100}})
	if err == nil && len(list) != 100 {
		err = fmt.Errorf("a page of %d transactions", len(list))
	}
	return err
}

// access finds what stands behind an access token.
func (g *grown) access(ctx context.Context, _ int) error {
	_, err := g.store.Access(ctx, tokenHash("access", g.anybody()))
	return err
}

// rotate trades the refresh token of the next pairing for a new pair.
func (g *grown) rotate(ctx context.Context, _ int) error {
	// Neighbours in time are no neighbours in the table: hashes see to it.
	token := &g.refresh[g.turn.Add(1)%int64(len(g.refresh))]
	now := instant()
	fresh := func(life time.Duration) authserver.Token {
		hash := make([]byte, 32)
		_, _ = rand.Read(hash) // never fails
		return authserver.Token{Hash: hash, IssuedAt: now, ExpiresAt: now.Add(life)}
	}
	next := fresh(24 * time.Hour)
	_, err := g.store.Rotate(ctx, *token, now, func(authserver.Token) error { return nil },
		func(authserver.Token, consent.Agreement) (authserver.Issued, error) {
			return authserver.Issued{Access: fresh(20 * time.Minute), Refresh: next}, nil
		})
	*token = next.Hash
	return err
}

// compare measures the calls over the books of each size in turn.
func compare(ctx context.Context, o options, sh shelf, all []*grown) error {
	fmt.Printf("%d callers; every call is about any of the pairings; medians of %d x %s\n", growthCallers, o.runs, o.length)
	fmt.Printf("%-22s", "call")
	for _, g := range all {
		fmt.Printf(" %12d %9s %9s", g.world.history.payments, "p50", "p99")
	}
	fmt.Println("   p50 to that of the first: min / median / max")
	for _, c := range []struct {
		name string
		call func(*grown, context.Context, int) error
	}{
		{"payment", (*grown).pay}, {"hold, and its release", (*grown).hold}, {"history page (100)", (*grown).page},
		{"access check by token", (*grown).access}, {"rotation of a token", (*grown).rotate},
	} {
		runs := make([][]load, len(all))
		for range o.runs {
			for i, g := range all {
				if err := sh.settle(ctx); err != nil {
					return err
				}
				l, err := drive(ctx, growthCallers, o.length, func() {}, func(ctx context.Context, caller int) error { return c.call(g, ctx, caller) })
				if err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				runs[i] = append(runs[i], l)
			}
		}
		fmt.Printf("%-22s", c.name)
		for i := range all {
			fmt.Printf(" %10.0f/s %9s %9s", median(pick(runs[i], load.rate)),
				fine(median(pick(runs[i], func(l load) time.Duration { return l.percentile(50) }))), fine(median(pick(runs[i], func(l load) time.Duration { return l.percentile(99) }))))
		}
		for i := 1; i < len(all); i++ {
			var ratios []float64
			for r := range runs[i] {
				ratios = append(ratios, float64(runs[i][r].percentile(50))/float64(runs[0][r].percentile(50)))
			}
			fmt.Printf("   %s", spread(ratios))
		}
		fmt.Println()
	}
	return nil
}
