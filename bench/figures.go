package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// median is the middle of some figures, the lower of the two middles.
func median[T cmp.Ordered](list []T) T {
	s := slices.Sorted(slices.Values(list))
	return s[(len(s)-1)/2]
}

// spread prints the least, the middle and the greatest of some ratios.
func spread(list []float64) string {
	return fmt.Sprintf("%.2f / %.2f / %.2f", slices.Min(list), median(list), slices.Max(list))
}

// pick takes one figure of each run.
func pick[R any, T any](runs []R, of func(R) T) []T {
	out := make([]T, len(runs))
	for i, r := range runs {
		out[i] = of(r)
	}
	return out
}

// ms prints a latency in milliseconds, us a cost in microseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }

func us(d time.Duration) string { return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond)) }

// fine prints a latency that may be short.
func fine(d time.Duration) string {
	if d < time.Millisecond {
		return us(d)
	}
	return ms(d)
}
