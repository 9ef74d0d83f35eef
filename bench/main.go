// Command bench measures the bank and prints rates and ratios (design §6): the
// engine beside a naive design that writes the same rows, the partner API over
// HTTPS beside the engine, and what a start and a running program cost. What is
// compared runs alternately in one run, because a disk drifts by several times
// within an hour.
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
	"slices"
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
	length    time.Duration
	callers   []int
	runs      int
	only      string
	dir       string // on the disk that is measured
	inProcess bool
	profile   string
}

func parse(args []string) (options, error) {
	var o options
	var seconds float64
	var callers string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.Float64Var(&seconds, "seconds", 3, "length of one measurement; half a second of warming up comes before it")
	f.StringVar(&callers, "callers", "1,32,128,512", "numbers of concurrent callers of the engine")
	f.IntVar(&o.runs, "runs", 5, "how often what is compared alternates")
	f.StringVar(&o.only, "only", "", "engine, https or start: one part alone")
	f.StringVar(&o.dir, "dir", "", "folder for the data, on the disk to measure; by default one for temporary files")
	f.BoolVar(&o.inProcess, "inprocess", false, "https: run the bank inside this process, for a profile")
	f.StringVar(&o.profile, "cpuprofile", "", "write a processor profile of everything to this file")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.length = time.Duration(seconds * float64(time.Second))
	for _, text := range strings.Split(callers, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return o, fmt.Errorf("%q is no number of callers", text)
		}
		o.callers = append(o.callers, n)
	}
	switch {
	case o.length <= 0 || o.runs < 1:
		return o, errors.New("seconds and runs are above zero")
	case !slices.Contains([]string{"", "engine", "https", "start"}, o.only):
		return o, fmt.Errorf("there is no part %q", o.only)
	}
	return o, nil
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
	for _, part := range []struct {
		name string
		run  func(context.Context, options, string) error
	}{{"engine", benchEngine}, {"https", benchHTTPS}, {"start", benchStart}} {
		if o.only != "" && o.only != part.name {
			continue
		}
		folder := filepath.Join(dir, part.name)
		if err := errors.Join(os.Mkdir(folder, 0o700), part.run(ctx, o, folder)); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	fmt.Printf("\nload after: %s\n", loadAverage())
	return nil
}
