package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"okienko/bank/desk"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/ident"
)

const spreadPayers = 2000

// engineRun is one measurement of a design.
type engineRun struct {
	load
	cpu     time.Duration // of this process, for one payment
	commits float64       // a second
	batch   float64       // payments in one commit
	rows    []string
	// acknowledged counts every payment, also those of warming up and stopping.
	acknowledged int64
}

// benchEngine measures the desk over the store beside the naive design.
func benchEngine(ctx context.Context, o options, dir string) error {
	template := filepath.Join(dir, "template.db")
	if err := seed(ctx, template, spreadPayers); err != nil {
		return err
	}
	before, err := shapeOf(ctx, template)
	if err != nil {
		return err
	}
	fmt.Printf("\nEngine (desk, SQLite, synchronous=FULL) beside one interactive transaction for each payment, the same rows; medians of %d x %s\n", o.runs, o.length)
	fmt.Printf("%7s %-6s %-7s %9s %9s %6s %9s %9s %12s   %s\n", "callers", "payers", "design", "payments", "commits", "batch", "p50", "p99", "CPU/payment", "engine/naive min / median / max")
	var same []string
	for _, callers := range o.callers {
		for _, payers := range []int{spreadPayers, 1} {
			var engines, naives []engineRun
			for range o.runs {
				for _, d := range []struct {
					measure func(context.Context, string, int, int, time.Duration) (engineRun, error)
					runs    *[]engineRun
				}{{measureEngine, &engines}, {measureNaive, &naives}} {
					r, err := onCopy(ctx, template, before, func(path string) (engineRun, error) { return d.measure(ctx, path, callers, payers, o.length) })
					if err != nil {
						return err
					}
					*d.runs = append(*d.runs, r)
				}
				e, n := engines[len(engines)-1].rows, naives[len(naives)-1].rows
				if !slices.Equal(e, n) {
					return fmt.Errorf("the designs write different rows:\n%s\nand\n%s", strings.Join(e, "\n"), strings.Join(n, "\n"))
				}
				same = e
			}
			var ratios []float64
			for i := range engines {
				ratios = append(ratios, engines[i].rate()/naives[i].rate())
			}
			printEngine(callers, payers, "engine", engines, spread(ratios))
			printEngine(callers, payers, "naive", naives, "")
		}
	}
	fmt.Println("Both designs wrote, and verify found nothing wrong in any file of theirs:")
	for _, line := range same {
		fmt.Println("  " + line)
	}
	return nil
}

func printEngine(callers, payers int, design string, runs []engineRun, ratios string) {
	who := "spread"
	if payers == 1 {
		who = "one"
	}
	fmt.Printf("%7d %-6s %-7s %7.0f/s %7.0f/s %6.1f %9s %9s %12s   %s\n", callers, who, design,
		median(pick(runs, func(r engineRun) float64 { return r.rate() })), median(pick(runs, func(r engineRun) float64 { return r.commits })),
		median(pick(runs, func(r engineRun) float64 { return r.batch })), ms(median(pick(runs, func(r engineRun) time.Duration { return r.percentile(50) }))),
		ms(median(pick(runs, func(r engineRun) time.Duration { return r.percentile(99) }))), us(median(pick(runs, func(r engineRun) time.Duration { return r.cpu }))), ratios)
}

// onCopy measures over a fresh copy of the template, and looks afterwards at
// what was written.
func onCopy(ctx context.Context, template string, before shape, measure func(path string) (engineRun, error)) (engineRun, error) {
	path := filepath.Join(filepath.Dir(template), "run.db")
	if err := copyOf(template, path); err != nil {
		return engineRun{}, err
	}
	r, err := measure(path)
	if err != nil {
		return r, err
	}
	if r.rows, err = proven(ctx, path, before, r.acknowledged); err != nil {
		return r, err
	}
	for _, end := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return r, err
		}
	}
	return r, nil
}

// measureEngine has callers pay through a desk over the store.
func measureEngine(ctx context.Context, path string, callers, payers int, length time.Duration) (r engineRun, err error) {
	s, err := openStore(ctx, path)
	if err != nil {
		return r, err
	}
	var commits, operations, acknowledged atomic.Int64
	d := desk.New(desk.Config{Book: s, Clock: clock.Wall{}, Wall: clock.Wall{}, IDs: ident.New(clock.Wall{}), Observe: func(desk.Stats) { commits.Add(1) }})
	cpu, committed := meter{read: ownCPU}, meter{read: func() time.Duration { return time.Duration(commits.Load()) }}
	r.load, err = drive(ctx, callers, length, func() { cpu.edge(); committed.edge() }, func(ctx context.Context, _ int) error {
		n := operations.Add(1)
		payer := int(n*7919) % payers // neighbours in time are no neighbours in a table
		_, err := d.Do(ctx, &payment.Submit{Agreement: agreementOf(payer), AccountRef: referenceOf(payer), Draft: payment.Draft{
			Kind: payment.Pay, OperationID: fmt.Sprintf("operation-%09d", n), Amount: price(), Title: title,
		}})
		if err == nil {
			acknowledged.Add(1)
		}
		return err
	})
	d.Close()
	r.acknowledged = acknowledged.Load()
	if err := errors.Join(err, s.Close()); err != nil {
		return r, err
	}
	r.cpu, r.commits = cpu.each(r.done), float64(committed.grown)/r.took.Seconds()
	r.batch = r.rate() / r.commits
	return r, nil
}

// measureNaive has callers pay in a transaction each.
func measureNaive(ctx context.Context, path string, callers, payers int, length time.Duration) (r engineRun, err error) {
	n, err := openNaive(ctx, path)
	if err != nil {
		return r, err
	}
	var operations, acknowledged atomic.Int64
	cpu := meter{read: ownCPU}
	r.load, err = drive(ctx, callers, length, cpu.edge, func(ctx context.Context, _ int) error {
		err := n.pay(ctx, int(operations.Add(1)*7919)%payers)
		if err == nil {
			acknowledged.Add(1)
		}
		return err
	})
	r.acknowledged = acknowledged.Load()
	if err := errors.Join(err, n.close()); err != nil {
		return r, err
	}
	r.cpu, r.commits, r.batch = cpu.each(r.done), r.rate(), 1
	return r, nil
}
