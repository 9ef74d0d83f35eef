// Command totals reads the stream of `go test -json` and writes what is worth reading: one line per package, the output
// of failed tests, the reason of every skipped one, and a closing line of totals. It exists because plain `go test` hides
// skipped tests, and a test that cannot run must say so loudly.
//
//	go test -json ./... | totals allow     skipped tests are named
//	go test -json ./... | totals refuse    skipped tests fail the run, as they do in CI
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 2 || (os.Args[1] != "allow" && os.Args[1] != "refuse") {
		fmt.Fprintln(os.Stderr, "usage: totals allow|refuse <the output of go test -json")
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	sum, err := summarise(os.Stdin, out)
	if err == nil {
		err = sum.verdict(os.Args[1] == "refuse")
	}
	fmt.Fprintln(out, sum)
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output, instead of Package
	Test        string
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string
}

type summary struct {
	packages, failedPackages, untested int
	passed, failed, skipped            int
	took                               time.Duration
}

func (s summary) String() string {
	return fmt.Sprintf("totals: %d packages tested (%d failed, %d without tests); %d tests passed, %d failed, %d skipped; %.1f s",
		s.packages, s.failedPackages, s.untested, s.passed, s.failed, s.skipped, s.took.Seconds())
}

// verdict is an error when the run must not count as passed. A run in which nothing ran has not passed either.
func (s summary) verdict(refuseSkips bool) error {
	switch {
	case s.failed > 0 || s.failedPackages > 0:
		return errors.New("tests failed")
	case s.passed == 0:
		return errors.New("no test ran")
	case refuseSkips && s.skipped > 0:
		return errors.New("tests were skipped, and in CI nothing may be missing that a test needs")
	}
	return nil
}

// summarise reads events to their end, writing what is worth reading as it comes.
func summarise(in io.Reader, out *bufio.Writer) (summary, error) {
	var sum summary
	kept := map[string][]string{} // output by test, until its outcome says whether anybody needs it
	lines := bufio.NewReader(in)
	for {
		line, readErr := lines.ReadString('\n')
		if line != "" {
			var e event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				fmt.Fprint(out, line) // go test also speaks plainly, for example about a bad flag
				sum.failed++
			} else {
				sum.take(e, kept, out)
			}
		}
		if errors.Is(readErr, io.EOF) {
			return sum, nil
		}
		if readErr != nil {
			return sum, fmt.Errorf("reading the test events: %w", readErr)
		}
	}
}

func (s *summary) take(e event, kept map[string][]string, out *bufio.Writer) {
	key := e.Package + e.ImportPath + "\x00" + e.Test
	switch e.Action {
	case "output", "build-output":
		kept[key] = append(kept[key], e.Output)
		return
	case "build-fail":
		show(out, kept[key])
	case "pass", "fail", "skip":
		s.count(e)
		switch {
		case e.Test == "" && e.Action == "fail":
			show(out, kept[key])
			_ = out.Flush()
		case e.Test == "":
			show(out, resultLine(kept[key]))
			_ = out.Flush() // a person is watching
		case e.Action != "pass":
			show(out, kept[key])
		}
	default:
		return
	}
	delete(kept, key)
}

func (s *summary) count(e event) {
	switch {
	case e.Test == "" && e.Action == "skip":
		s.untested++
	case e.Test == "":
		s.packages++
		if e.Action == "fail" {
			s.failedPackages++
		}
		s.took += time.Duration(e.Elapsed * float64(time.Second))
	case e.Action == "pass":
		s.passed++
	case e.Action == "fail":
		s.failed++
	case e.Action == "skip":
		s.skipped++
	}
}

// resultLine is the last line of a package's own output, "ok" or "?" and its name.
func resultLine(output []string) []string {
	for i := len(output) - 1; i >= 0; i-- {
		if strings.HasPrefix(output[i], "ok ") {
			return output[i : i+1]
		}
	}
	return nil
}

func show(out *bufio.Writer, lines []string) {
	for _, line := range lines {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(out, line)
		}
	}
}
