// Command with runs another command beside a private PostgreSQL server, whose
// address it hands over in OKIENKO_TEST_POSTGRES, and removes the server when
// the command has ended. Its exit status is the command's.
//
//	with go test ./...
//
// A server whose address is set already is used. On a machine without
// PostgreSQL the command runs without one, and the tests decide.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"okienko/test/postgres"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: with <command> [words]")
		os.Exit(2)
	}
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

func run(words []string) (status int, err error) {
	// A terminal sends its Ctrl-C to the command as well; who ends only us means
	// the command. Either way we stay until it has ended.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	cmd := exec.Command(words[0], words[1:]...) //nolint:noctx // ended by its own means
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, os.Environ()
	if os.Getenv(postgres.Environment) == "" {
		dsn, stop, err := postgres.Serve()
		switch {
		case errors.Is(err, postgres.ErrMissing):
			fmt.Fprintln(os.Stderr, "WITHOUT PostgreSQL:", err)
		case err != nil:
			return 1, err
		default:
			defer func() {
				if stopErr := stop(); stopErr != nil {
					status, err = max(status, 1), stopErr
				}
			}()
			cmd.Env = append(cmd.Env, postgres.Environment+"="+dsn)
		}
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s != syscall.SIGINT {
				_ = cmd.Process.Signal(s)
			}
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 1, err
			}
			if status := cmd.ProcessState.ExitCode(); status >= 0 {
				return status, nil
			}
			return 1, fmt.Errorf("%s: %s", words[0], cmd.ProcessState)
		}
	}
}
