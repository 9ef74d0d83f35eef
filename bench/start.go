package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"okienko/test/process"
)

// build compiles the program as `make build` does: static and stripped.
func build(ctx context.Context, dir string) (string, error) {
	bin := filepath.Join(dir, "okienko")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "okienko/cmd/okienko")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return bin, nil
}

// benchStart measures how soon a sandbox is open, the first time and again, and
// what it takes up.
func benchStart(ctx context.Context, o options, _ shelf, dir string) error {
	bin, err := build(ctx, dir)
	if err != nil {
		return err
	}
	info, err := os.Stat(bin)
	if err != nil {
		return err
	}
	var first, again []time.Duration
	var memory []int64
	for i := range o.runs {
		data := filepath.Join(dir, fmt.Sprintf("data-%d", i))
		for _, took := range []*[]time.Duration{&first, &again} {
			from := time.Now()
			b, err := process.Start(ctx, bin, data, nil)
			if err != nil {
				return err
			}
			*took = append(*took, time.Since(from))
			resident, _ := memoryOf(b.PID)
			memory = append(memory, resident)
			if status, err := b.Stop(); err != nil || status != 0 {
				return errors.Join(fmt.Errorf("the bank ended with status %d", status), err)
			}
		}
	}
	fmt.Printf("\nThe built program (stripped): %s\n", mebibytes(info.Size()))
	fmt.Printf("sandbox open, from the command to the last listener; medians of %d: the first time %s, again %s; resident then %s\n",
		o.runs, ms(median(first)), ms(median(again)), mebibytes(median(memory)))
	return nil
}
