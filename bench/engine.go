package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"okienko/bank/desk"
	"okienko/clock"
	"okienko/ident"
	"okienko/store"
)

// teller is a design at work over some books.
type teller interface {
	// pay moves one price from a payer to its partner, durably when it returns.
	// Callers are numbered; a design may divide them among nodes.
	pay(ctx context.Context, caller, payer int, operation string) error
	// commits is how many transactions it has committed.
	commits() int64
	close() error
}

// design is one way of paying.
type design struct {
	name string
	open func(ctx context.Context, b books) (teller, error)
}

// designs are what is measured over a shelf's books, the bank's own engine
// first.
func (o options) designs(e engine) []design {
	var out []design
	for _, n := range o.nodes {
		d := design{"engine", func(ctx context.Context, b books) (teller, error) { return openNodes(ctx, b, n) }}
		if n > 1 {
			d.name = fmt.Sprintf("engine ×%d", n)
		}
		if n == 1 || e == postgreSQL {
			out = append(out, d)
		}
	}
	if e == embedded {
		return append(out, design{"commit each", openAlone})
	}
	return append(out,
		design{"interactive", func(ctx context.Context, b books) (teller, error) { return openInteractive(ctx, b, o.connections) }},
		design{"function", func(ctx context.Context, b books) (teller, error) { return openFunction(ctx, b, o.connections) }})
}

// nodes are desks over a store each, which share books.
type nodes struct {
	stores    []*store.Store
	desks     []*desk.Desk
	committed atomic.Int64
}

func openNodes(ctx context.Context, b books, count int) (teller, error) {
	n := &nodes{}
	for i := range count {
		s, err := b.store(ctx, fmt.Sprintf("n%d", i+1))
		if err != nil {
			return nil, errors.Join(err, n.close())
		}
		n.stores = append(n.stores, s)
		n.desks = append(n.desks, desk.New(desk.Config{
			Book: s, Clock: clock.Wall{}, Wall: clock.Wall{}, IDs: ident.New(clock.Wall{}), Observe: func(desk.Stats) { n.committed.Add(1) },
		}))
	}
	return n, nil
}

func (n *nodes) pay(ctx context.Context, caller, payer int, operation string) error {
	_, err := n.desks[caller%len(n.desks)].Do(ctx, order(payer, operation))
	return err
}

func (n *nodes) commits() int64 { return n.committed.Load() }

func (n *nodes) close() error {
	var errs []error
	for _, d := range n.desks {
		d.Close()
	}
	for _, s := range n.stores {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// engineRun is one measurement of a design.
type engineRun struct {
	load
	cpu, server time.Duration // for one payment: of this process, and of the database server's
	commits     float64       // a second
	batch       float64       // payments in one commit
	memory      int64         // resident, of this process
	serverAll   int64         // and of the database server's
	rows        []string
}

// measure has callers pay through a design over books of their own.
func (d design) measure(ctx context.Context, sh shelf, template books, before contents, s shape, callers int, length time.Duration) (r engineRun, err error) {
	b, err := sh.copyOf(ctx, template, "run")
	if err != nil {
		return r, err
	}
	if err := sh.settle(ctx); err != nil {
		return r, err
	}
	t, err := d.open(ctx, b)
	if err != nil {
		return r, err
	}
	var turns, acknowledged atomic.Int64
	own, server := meter{read: ownCPU}, meter{read: sh.cpu}
	commits := meter{read: func() time.Duration { return time.Duration(t.commits()) }}
	r.load, err = drive(ctx, callers, length, func() { own.edge(); server.edge(); commits.edge() }, func(ctx context.Context, caller int) error {
		turn := turns.Add(1)
		err := t.pay(ctx, caller, s.payer(turn), operationOf(turn))
		if err == nil {
			acknowledged.Add(1)
		}
		return err
	})
	r.memory, _ = memoryOf(os.Getpid())
	r.serverAll = sh.memory()
	if err := errors.Join(err, t.close()); err != nil {
		return r, fmt.Errorf("%s: %w", d.name, err)
	}
	r.cpu, r.server, r.commits = own.each(r.done), server.each(r.done), float64(commits.grown)/r.took.Seconds()
	r.batch = r.rate() / r.commits
	if r.rows, err = proven(ctx, b, before, acknowledged.Load()); err != nil {
		return r, fmt.Errorf("%s: %w", d.name, err)
	}
	return r, sh.remove(ctx, b)
}

// benchEngine measures the desk over a store beside the naive designs.
func benchEngine(ctx context.Context, o options, sh shelf, _ string) error {
	designs := o.designs(sh.engine())
	title := "Engine (desk, SQLite, WAL, synchronous=FULL) beside one commit for each payment"
	if sh.engine() == postgreSQL {
		title = fmt.Sprintf("Engine (desk, PostgreSQL, %s) beside an interactive transaction and a function on the server for each payment, %d connections",
			strings.Join(measured(), " "), o.connections)
	}
	fmt.Printf("\n%s; the same rows; medians of %d x %s\n", title, o.runs, o.length)
	fmt.Printf("%7s %-8s %-12s %9s %9s %6s %9s %9s %8s %8s %9s   %s\n", "callers", "shape", "design", "payments", "commits", "batch",
		"p50", "p99", "CPU", "server's", "memory", "the engine is so many times as fast: min / median / max")
	var same []string
	for _, s := range o.shapes {
		template, err := sh.blank(ctx, "template")
		if err != nil {
			return err
		}
		if err := seed(ctx, template, s.world()); err != nil {
			return err
		}
		before, err := contentsOf(ctx, template)
		if err != nil {
			return err
		}
		for _, callers := range o.callers {
			runs := make([][]engineRun, len(designs))
			for range o.runs {
				for i, d := range designs {
					r, err := d.measure(ctx, sh, template, before, s, callers, o.length)
					if err != nil {
						return err
					}
					runs[i] = append(runs[i], r)
					if same == nil {
						same = r.rows
					}
					if !slices.Equal(same, r.rows) {
						return fmt.Errorf("%s writes other rows than %s:\n%s\nand\n%s", d.name, designs[0].name, strings.Join(r.rows, "\n"), strings.Join(same, "\n"))
					}
				}
			}
			for i, d := range designs {
				d.print(sh, s, callers, runs[i], runs[0], i > 0)
			}
		}
		if err := sh.remove(ctx, template); err != nil {
			return err
		}
	}
	fmt.Println("All designs wrote, and verify found nothing wrong in any books of theirs:")
	for _, line := range same {
		fmt.Println("  " + line)
	}
	return nil
}

// print tells the medians of a design, and how the first one compares.
func (d design) print(sh shelf, s shape, callers int, runs, firsts []engineRun, compare bool) {
	figure := func(of func(engineRun) float64) float64 { return median(pick(runs, of)) }
	length := func(of func(engineRun) time.Duration) time.Duration { return median(pick(runs, of)) }
	memory := mebibytes(median(pick(runs, func(r engineRun) int64 { return r.memory })))
	server := ""
	if sh.engine() == postgreSQL {
		server = us(length(func(r engineRun) time.Duration { return r.server }))
		memory += " + " + mebibytes(median(pick(runs, func(r engineRun) int64 { return r.serverAll })))
	}
	ratios := ""
	if compare {
		var list []float64
		for i := range runs {
			list = append(list, firsts[i].rate()/runs[i].rate())
		}
		ratios = spread(list)
	}
	fmt.Printf("%7d %-8s %-12s %7.0f/s %7.0f/s %6.1f %9s %9s %8s %8s %9s   %s\n", callers, s.name, d.name,
		figure(func(r engineRun) float64 { return r.rate() }), figure(func(r engineRun) float64 { return r.commits }),
		figure(func(r engineRun) float64 { return r.batch }), ms(length(func(r engineRun) time.Duration { return r.percentile(50) })),
		ms(length(func(r engineRun) time.Duration { return r.percentile(99) })), us(length(func(r engineRun) time.Duration { return r.cpu })), server, memory, ratios)
}
