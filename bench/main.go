// Command bench measures the bank and prints rates and ratios (design §6), over
// both stores: the engine beside naive designs that write the same rows, the
// partner API over HTTPS beside the engine, what calls cost when the books have
// grown, and what a start and a running program cost. What is compared runs
// alternately in one run, because a disk drifts by several times within an
// hour.
//
// It owns measuring, and refuses to judge: it fails when something is wrong,
// never for being slow. docs/performance.md says what came out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the words of the command line.
type options struct {
	length       time.Duration
	runs         int
	parts        []part
	engines      []engine
	callers      []int
	shapes       []shape
	nodes        []int
	connections  int   // of a naive design to a server
	customers    int   // growth: accounts
	transactions []int // growth: what is compared
	dir          string
	inProcess    bool
	profile      string
}

// part is one of the things that are measured, over the books of a shelf.
type part struct {
	name string
	run  func(context.Context, options, shelf, string) error
	// asked is a part that runs only when it is named.
	asked bool
	// once is a part that is about the embedded store alone.
	once bool
}

func parts() []part {
	return []part{
		{name: "engine", run: benchEngine}, {name: "https", run: benchHTTPS}, {name: "psd2", run: benchPSD2}, {name: "growth", run: benchGrowth, asked: true},
		{name: "start", run: benchStart, once: true},
	}
}

func parse(args []string) (options, error) {
	var o options
	var seconds float64
	var only, stores, callers, shapes, nodes, transactions string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.Float64Var(&seconds, "seconds", 3, "length of one measurement; half a second of warming up comes before it")
	f.IntVar(&o.runs, "runs", 5, "how often what is compared alternates")
	f.StringVar(&only, "only", "", "these parts alone: engine, https, psd2, growth, start")
	f.StringVar(&stores, "stores", "sqlite,postgres", "the stores to measure")
	f.StringVar(&callers, "callers", "1,32,128,512", "engine: numbers of concurrent callers")
	f.StringVar(&shapes, "shapes", "spread,partner,hot", "engine: who pays whom: many payers to many partners, many to one, one to one")
	f.StringVar(&nodes, "nodes", "1,2", "engine: numbers of nodes that share a database")
	f.IntVar(&o.connections, "connections", 32, "engine: connections of a naive design to PostgreSQL")
	f.StringVar(&transactions, "transactions", "100000,1000000", "growth: sizes of the books that are compared, in transactions")
	f.IntVar(&o.customers, "accounts", 100_000, "growth: accounts in all of them")
	f.StringVar(&o.dir, "dir", "", "folder for the data, on the disk to measure; by default one for temporary files")
	f.BoolVar(&o.inProcess, "inprocess", false, "https: run the bank inside this process, for a profile")
	f.StringVar(&o.profile, "cpuprofile", "", "write a processor profile of everything to this file")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.length = time.Duration(seconds * float64(time.Second))
	if o.length <= 0 || o.runs < 1 || o.connections < 1 || o.customers < 1 {
		return o, errors.New("seconds, runs, connections and accounts are above zero")
	}
	var errs [6]error
	o.callers, errs[0] = numbers(callers)
	o.nodes, errs[1] = numbers(nodes)
	o.transactions, errs[2] = numbers(transactions)
	o.engines, errs[3] = choose(stores, []engine{embedded, postgreSQL}, func(e engine) string {
		return map[engine]string{embedded: "sqlite", postgreSQL: "postgres"}[e]
	})
	o.shapes, errs[4] = choose(shapes, everyShape(), func(s shape) string { return s.name })
	if only == "" {
		for _, p := range parts() {
			if !p.asked {
				o.parts = append(o.parts, p)
			}
		}
	} else {
		o.parts, errs[5] = choose(only, parts(), func(p part) string { return p.name })
	}
	return o, errors.Join(errs[:]...)
}

func numbers(list string) ([]int, error) {
	var out []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number above zero", text)
		}
		out = append(out, n)
	}
	return out, nil
}

// choose finds what a list of names names.
func choose[T any](list string, from []T, name func(T) string) ([]T, error) {
	var out []T
	for _, text := range strings.Split(list, ",") {
		found := false
		for _, t := range from {
			if name(t) == text {
				out, found = append(out, t), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no %q", text)
		}
	}
	return out, nil
}

func run(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "okienko-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL may run under another user, who passes through
		return err
	}
	if o.profile != "" {
		f, err := os.Create(filepath.Clean(o.profile))
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Printf("%s  %s/%s  %s  %d cores  data on %s  load before: %s\n", time.Now().UTC().Format(time.DateTime),
		runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU(), fileSystem(dir), loadAverage())
	for _, p := range o.parts {
		for _, e := range o.engines {
			if p.once && e != embedded {
				continue
			}
			if err := p.measure(ctx, o, e, dir); err != nil {
				return fmt.Errorf("%s on %s: %w", p.name, e, err)
			}
		}
	}
	fmt.Printf("\nload after: %s\n", loadAverage())
	return nil
}

// measure runs a part in a folder, and with a server, of its own.
func (p part) measure(ctx context.Context, o options, e engine, dir string) (err error) {
	dir, err = os.MkdirTemp(dir, p.name+"-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if e == embedded {
		return p.run(ctx, o, folder(dir), dir)
	}
	s, err := openServer(dir, measured())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return p.run(ctx, o, s, dir)
}
