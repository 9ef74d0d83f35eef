// Package main is `make failover`: the cluster of docs/high-availability.md on
// one machine, from Debian's packages and the files of deploy/, with two nodes
// of the built program behind HAProxy. It pays through both, takes machines
// away, and tells what the callers saw: how long nobody was served, and whether
// anything that was acknowledged is missing or was done twice.
//
// It owns the machines, the callers and the counting, and trusts neither the
// program nor the balancer: what is in the books is asked of the last primary,
// in SQL. It needs root, because Linux gives namespaces to nobody else: all of
// it runs in a network and a process namespace of its own, so that nothing can
// collide with other programs of the machine and nothing outlives the run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"okienko/test/process"
)

func main() {
	os.Exit(func() int {
		// A child that is to end with us ends with the thread that started it.
		runtime.LockOSThread()
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := failover(ctx, os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "failover:", err)
			return 1
		}
		return 0
	}())
}

type options struct {
	inside   string // folder of the run: we are in the namespaces
	deploy   string
	database string
	only     string
	keep     bool
}

func failover(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("failover", flag.ContinueOnError)
	flags.StringVar(&o.database, "database", "hosts", "how nodes find the primary: hosts (a list in the DSN), or haproxy (deploy/haproxy/database.cfg)")
	flags.StringVar(&o.only, "only", "", "cluster: only the cluster itself, under pgbench")
	flags.BoolVar(&o.keep, "keep", false, "keep the folder with all logs")
	flags.StringVar(&o.inside, "inside", "", "for the program itself")
	flags.StringVar(&o.deploy, "deploy", "deploy", "the files to try")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.inside != "" {
		return inside(ctx, o, out)
	}
	return outside(ctx, o, args, out)
}

// outside builds the program and runs this one again in namespaces of its own.
func outside(ctx context.Context, o options, args []string, out io.Writer) error {
	if os.Getuid() != 0 {
		return errors.New("namespaces, PostgreSQL's user and two members of staff need root; nothing was tried")
	}
	dir, err := os.MkdirTemp("", "okienko-failover-")
	if err != nil {
		return err
	}
	if o.keep {
		defer fmt.Fprintln(out, "everything is kept in", dir)
	} else {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	if err := os.Chmod(dir, 0o755); err != nil { // every program here has a user of its own
		return err
	}
	if _, err := process.Build(ctx, dir); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	deploy, err := filepath.Abs(o.deploy)
	if err != nil {
		return err
	}
	words := append([]string{"--net", "--pid", "--fork", "--kill-child", "--mount-proc", self}, args...)
	cmd := exec.Command("unshare", append(words, "-inside", dir, "-deploy", deploy)...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin", "OKIENKO_TEST_STORE=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		_ = cmd.Process.Kill() // and with it everything in the namespace
	}()
	return cmd.Wait()
}

// inside is the run itself.
func inside(ctx context.Context, o options, out io.Writer) error {
	if err := run(ctx, "ip", "link", "set", "lo", "up"); err != nil {
		return err
	}
	ca, err := newAuthority(o.inside)
	if err != nil {
		return err
	}
	c, err := newCluster(o.deploy, o.inside, ca)
	if err != nil {
		return err
	}
	d := &drama{options: o, cluster: c, out: out}
	if o.only == "cluster" {
		return d.clusterAlone(ctx)
	}
	return d.play(ctx)
}
