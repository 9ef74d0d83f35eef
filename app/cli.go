package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"okienko/bank"
	"okienko/client"
)

// CLI are the commands of the program.
type CLI struct {
	Sandbox SandboxCmd `cmd:"" help:"Start a bank with made-up customers on this machine."`
	Serve   ServeCmd   `cmd:"" help:"Run a bank by a configuration file."`
	Admin   AdminCmd   `cmd:"" help:"What the bank's staff do: partners, applications, customers. Tells first, does with --apply."`
	TPP     TPPCmd     `cmd:"" name:"tpp" help:"Be a licensed third party: make one in a sandbox, ask for consents, read accounts, pay."`
	Migrate MigrateCmd `cmd:"" help:"Bring the tables of a bank up to date and stop; nodes may run meanwhile."`
	Verify  VerifyCmd  `cmd:"" help:"Add up the whole ledger again and prove the audit unbroken."`
	Version VersionCmd `cmd:"" help:"Print the version."`
}

// VersionCmd is `okienko version`.
type VersionCmd struct{}

// Run prints the version.
func (VersionCmd) Run(p *program) error {
	_, err := fmt.Fprintln(p.out, "okienko", p.version)
	return err
}

// program is what every command is handed.
type program struct {
	ctx     context.Context // ends at the first Ctrl-C or SIGTERM
	out     io.Writer
	errs    io.Writer
	version string
}

// Exit statuses.
const (
	exitFailed  = 1 // something went wrong, or verify found a fault
	exitUsage   = 2 // the words on the command line are off
	exitRefused = 3 // the bank said no
)

// Main runs the program and returns its exit status.
func Main(args []string, out, errs io.Writer, version string) int {
	ctx, stop := untilSignal()
	defer stop()

	var cli CLI
	status := -1
	parser, err := kong.New(&cli, kong.Name("okienko"),
		kong.Description("A bank's window for software: partner API, pages and a real ledger in one program."),
		kong.UsageOnError(), kong.Writers(out, errs), kong.Exit(func(code int) { status = code }))
	if err != nil {
		_, _ = fmt.Fprintln(errs, "okienko:", err)
		return exitFailed
	}
	kctx, err := parser.Parse(args)
	if status >= 0 { // --help printed what was asked for
		return status
	}
	if err != nil && len(args) == 0 { // the parser's own words name only the first five
		var names []string
		for _, c := range parser.Model.Children {
			names = append(names, c.Name)
		}
		err = errors.New("a command is needed: " + strings.Join(names, ", "))
	}
	if err != nil {
		_, _ = fmt.Fprintln(errs, "okienko:", err)
		return exitUsage
	}
	p := &program{ctx: ctx, out: out, errs: errs, version: version}
	err = kctx.Run(p, &adminCall{cmd: &cli.Admin, ctx: ctx, out: out}, &tppCall{cmd: &cli.TPP, ctx: ctx, in: input(), out: out, errs: errs})
	var no *bank.Refusal
	var answered *client.Error // by another bank, to `okienko tpp`
	switch {
	case err == nil:
		return 0
	case errors.As(err, &no):
		_, _ = fmt.Fprintln(errs, "okienko: refused:", no.Public)
		return exitRefused
	case errors.As(err, &answered) && answered.Status < 500:
		_, _ = fmt.Fprintln(errs, "okienko: refused:", answered)
		return exitRefused
	case errors.Is(err, errFindings):
		return exitFailed
	}
	_, _ = fmt.Fprintln(errs, "okienko:", err)
	return exitFailed
}

// untilSignal is a context that ends at the first Ctrl-C or SIGTERM: the
// program drains. A second one ends the program at once, however soon it comes.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	next := func() (os.Signal, bool) {
		select {
		case s := <-signals:
			return s, true
		case <-done:
			return nil, false
		}
	}
	go func() {
		if _, ok := next(); !ok {
			return
		}
		cancel()
		if again, ok := next(); ok {
			signal.Reset(again)
			// As if nobody had ever listened for it.
			if p, err := os.FindProcess(os.Getpid()); err == nil {
				_ = p.Signal(again)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

// errFindings ends verify when it has printed what it found.
var errFindings = errors.New("verify found faults")
