package storetest

import (
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/service"
)

// services holds the counting of calls and of outages to its promises.
func services(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"what nodes have counted at once is added up", talliesAddUp},
		{"a silence of all nodes is one outage", outages},
		{"the report of a quarter says what was counted", quarterlyReport},
	})
}

var serviceDay = calendar.Date{Year: 2026, Month: time.November, Day: 21}

func talliesAddUp(b *bed) {
	mine := []service.Tally{
		{Day: serviceDay, Channel: service.Dedicated, Kind: service.Information, Calls: 3, Faults: 1, Took: 300 * time.Millisecond},
		{Day: serviceDay, Channel: service.Own, Kind: service.Initiation, Calls: 1, Took: time.Second},
	}
	for _, err := range together(fight, func(int) error { return b.AddTallies(b.ctx, mine) }) {
		b.must(err)
	}
	got, err := b.Tallies(b.ctx, serviceDay, serviceDay)
	b.must(err)
	want := []service.Tally{
		{Day: serviceDay, Channel: service.Own, Kind: service.Initiation, Calls: fight, Took: fight * time.Second},
		{Day: serviceDay, Channel: service.Dedicated, Kind: service.Information, Calls: 3 * fight, Faults: fight, Took: fight * 300 * time.Millisecond},
	}
	b.same(got, want)
	if got, err = b.Tallies(b.ctx, serviceDay.AddDays(1), serviceDay.AddDays(30)); err != nil || len(got) != 0 {
		b.Errorf("other days: %+v, %v", got, err)
	}
}

func outages(b *bed) {
	start := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	beats := func(at time.Time) {
		b.Helper()
		for _, err := range together(fight, func(int) error { return b.Alive(b.ctx, service.Dedicated, at) }) {
			b.must(err)
		}
	}
	beats(start)
	beats(start.Add(service.Beat))
	beats(start.Add(service.Beat + service.Silence)) // just in time
	down := start.Add(service.Beat + service.Silence)
	up := down.Add(service.Silence + time.Second)
	beats(up)
	b.must(b.Alive(b.ctx, service.Dedicated, start)) // a node whose clock is behind takes nothing back
	beats(up.Add(service.Beat))
	got, err := b.Outages(b.ctx, start, start.Add(time.Hour))
	b.must(err)
	b.same(got, []service.Outage{{Channel: service.Dedicated, From: down, To: up}})
	since, err := b.Since(b.ctx, service.Dedicated)
	b.must(err)
	if !since.Equal(start) {
		b.Errorf("served since %v", since)
	}
	if since, err = b.Since(b.ctx, service.Own); err != nil || !since.IsZero() {
		b.Errorf("the other channel: %v, %v", since, err)
	}
}

func quarterlyReport(b *bed) {
	begin := serviceDay.Start().Add(12 * time.Hour)
	b.must(b.Alive(b.ctx, service.Dedicated, begin))
	b.must(b.Alive(b.ctx, service.Dedicated, begin.Add(36*time.Minute))) // an outage of 36 minutes
	b.must(b.Alive(b.ctx, service.Own, begin))
	b.must(b.AddTallies(b.ctx, []service.Tally{
		{Day: serviceDay, Channel: service.Dedicated, Kind: service.Information, Calls: 4, Faults: 1, Took: 2 * time.Second},
		{Day: serviceDay.AddDays(1), Channel: service.Dedicated, Kind: service.Information, Calls: 6, Took: time.Second},
	}))
	q := service.QuarterOf(serviceDay)
	if q.String() != "2026-Q4" {
		b.Fatalf("quarter %s", q)
	}
	now := serviceDay.AddDays(1).Start().Add(12 * time.Hour) // 24 hours after the beginning
	r, err := service.Compile(b.ctx, b, q, now)
	b.must(err)
	if len(r.Days) != 2 || r.Days[0].Day != serviceDay {
		b.Fatalf("%d days: %+v", len(r.Days), r.Days)
	}
	first := r.Days[0].Channels[service.Dedicated]
	if first.Observed != 12*time.Hour || first.Down != 36*time.Minute || first.Up().Percent() != "95.0000" {
		b.Errorf("first day: observed %v, down %v, up %s", first.Observed, first.Down, first.Up().Percent())
	}
	if first.Mean[service.Information] != 500*time.Millisecond || first.ErrorRate.Percent() != "25.0000" {
		b.Errorf("first day: mean %v, errors %s", first.Mean, first.ErrorRate.Percent())
	}
	all := r.Total[service.Dedicated]
	if all.Observed != 24*time.Hour || all.Up().Percent() != "97.5000" || all.Calls[service.Information] != 10 || all.ErrorRate.Percent() != "10.0000" {
		b.Errorf("quarter: %+v, up %s", all, all.Up().Percent())
	}
	if own := r.Total[service.Own]; own.Up().Percent() != "100.0000" || len(own.Mean) != 0 {
		b.Errorf("own channel: %+v", own)
	}
}
