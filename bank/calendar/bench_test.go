package calendar_test

import (
	"testing"
	"time"

	"okienko/bank/calendar"
)

func BenchmarkDateOf(b *testing.B) {
	for name, t := range map[string]time.Time{
		"utc":    time.Date(2026, 7, 21, 22, 30, 0, 0, time.UTC),
		"warsaw": time.Date(2026, 7, 21, 22, 30, 0, 0, calendar.Warsaw()),
		"2050":   time.Date(2050, 7, 21, 22, 30, 0, 0, time.UTC),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				calendar.DateOf(t)
			}
		})
	}
}

func BenchmarkIsBusinessDay(b *testing.B) {
	d := calendar.Date{Year: 2026, Month: time.June, Day: 5}
	for b.Loop() {
		calendar.IsBusinessDay(d)
	}
}

func BenchmarkParseDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = calendar.ParseDate("2026-11-21")
	}
}
