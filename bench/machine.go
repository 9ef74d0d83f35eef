package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What the machine tells about itself and about a process. All of it is asked
// of Linux; elsewhere it is not known, and said to be so.

// ownCPU is the processor time that this process has used.
func ownCPU() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// cpuOf is the processor time that a process has used, 0 when it is not known.
func cpuOf(pid int) time.Duration { return times(pid, 2) }

// times adds the first n of what a process says of its processor time: its own
// in the program and in the system, then that of its ended children in both.
func times(pid, n int) time.Duration {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name of the program stands in brackets and may hold blanks.
	_, rest, _ := bytes.Cut(text, []byte(") "))
	f := strings.Fields(string(rest))
	if len(f) < 15 {
		return 0
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every architecture that we build for
	var all time.Duration
	for _, text := range f[11 : 11+n] {
		ticks, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0
		}
		all += time.Duration(ticks) * tick
	}
	return all
}

// memoryOf is how much memory of a process is resident, and how much ever was,
// in bytes; 0 when it is not known.
func memoryOf(pid int) (now, most int64) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) != 3 || f[2] != "kB" {
			continue
		}
		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			continue
		}
		switch f[0] {
		case "VmRSS:":
			now = n << 10
		case "VmHWM:":
			most = n << 10
		}
	}
	return now, most
}

// fileSystem says on what a folder lies: the longest mount point above it.
func fileSystem(dir string) string {
	text, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return "an unknown file system"
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "an unknown file system"
	}
	kind, longest := "an unknown file system", ""
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		within := dir == f[1] || strings.HasPrefix(dir, strings.TrimSuffix(f[1], "/")+"/")
		if within && len(f[1]) > len(longest) {
			kind, longest = f[2]+" at "+f[1], f[1]
		}
	}
	return kind
}

// loadAverage tells how busy the machine is with everything.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	f := strings.Fields(string(text))
	return strings.Join(f[:min(3, len(f))], " ")
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// children are the processes that a process has started and that are alive.
func children(pid int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var out []int
	for _, f := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(f); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// cpuOfAll is the processor time of a process and of its children, the ended
// ones among them.
func cpuOfAll(pid int) time.Duration {
	all := times(pid, 4)
	for _, child := range children(pid) {
		all += times(child, 2)
	}
	return all
}

// memoryOfAll is the memory of a process and its children; what they share is
// counted once.
func memoryOfAll(pid int) int64 {
	var all int64
	for _, p := range append(children(pid), pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			continue // it has just ended
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
				if n, err := strconv.ParseInt(f[1], 10, 64); err == nil {
					all += n << 10
				}
			}
		}
	}
	return all
}

// flush brings to the disk whatever the machine has not written yet.
func flush() error {
	syscall.Sync()
	return nil
}
