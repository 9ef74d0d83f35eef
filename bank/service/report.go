package service

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
)

// Quarter is a quarter of a year.
type Quarter struct{ Year, Number int }

// QuarterOf is the quarter in which a day lies.
func QuarterOf(d calendar.Date) Quarter {
	return Quarter{Year: d.Year, Number: (int(d.Month)-1)/3 + 1}
}

// ParseQuarter reads "2026-Q4".
func ParseQuarter(s string) (Quarter, error) {
	bad := bank.RefuseField("quarter", "A quarter is written 2026-Q4.")
	if len(s) != 7 || s[4:6] != "-Q" || s[6] < '1' || s[6] > '4' {
		return Quarter{}, bad
	}
	year, err := strconv.Atoi(s[:4])
	if err != nil || year < 2000 {
		return Quarter{}, bad
	}
	return Quarter{Year: year, Number: int(s[6] - '0')}, nil
}

// String is "2026-Q4".
func (q Quarter) String() string { return fmt.Sprintf("%04d-Q%d", q.Year, q.Number) }

// First and Last are its first and last day.
func (q Quarter) First() calendar.Date {
	return calendar.Date{Year: q.Year, Month: time.Month(3*q.Number - 2), Day: 1}
}

// Last is the last day of the quarter.
func (q Quarter) Last() calendar.Date { return q.Next().First().AddDays(-1) }

// Next is the quarter after it.
func (q Quarter) Next() Quarter {
	if q.Number == 4 {
		return Quarter{Year: q.Year + 1, Number: 1}
	}
	return Quarter{Year: q.Year, Number: q.Number + 1}
}

// Previous is the quarter before it.
func (q Quarter) Previous() Quarter {
	if q.Number == 1 {
		return Quarter{Year: q.Year - 1, Number: 4}
	}
	return Quarter{Year: q.Year, Number: q.Number - 1}
}

// Millionths is a share, in millionths: 999 929 is 99.9929 %.
type Millionths int64

// Percent prints a share as "99.9929".
func (m Millionths) Percent() string { return fmt.Sprintf("%d.%04d", m/10_000, m%10_000) }

// Figures are how one channel did on one day, or in all days of a report.
type Figures struct {
	Observed  time.Duration // of the day, as far as it has passed and the channel existed
	Down      time.Duration
	Calls     map[Kind]int64
	Mean      map[Kind]time.Duration // of an answer; absent where nothing was called
	ErrorRate Millionths             // calls answered by a fault of the bank
}

// Up is the share of the observed time in which the channel was served.
func (f *Figures) Up() Millionths {
	if f.Observed < time.Microsecond {
		return 0
	}
	// A quarter has 8·10¹² microseconds: a million times that still fits.
	return Millionths(1_000_000 - f.Down.Microseconds()*1_000_000/f.Observed.Microseconds())
}

// Day is one day of a report.
type Day struct {
	Day      calendar.Date
	Channels map[Channel]*Figures
}

// Report is what is published of one quarter.
type Report struct {
	Quarter Quarter
	Days    []Day // that have begun and on which the bank served
	Total   map[Channel]*Figures
}

// Compile makes the report of a quarter from what was counted.
func Compile(ctx context.Context, b Book, q Quarter, now time.Time) (Report, error) {
	r := Report{Quarter: q, Total: map[Channel]*Figures{}}
	tallies, err := b.Tallies(ctx, q.First(), q.Last())
	if err != nil {
		return r, err
	}
	outages, err := b.Outages(ctx, q.First().Start(), q.Next().First().Start())
	if err != nil {
		return r, err
	}
	since := map[Channel]time.Time{}
	for _, c := range Channels {
		if since[c], err = b.Since(ctx, c); err != nil {
			return r, err
		}
		r.Total[c] = &Figures{}
	}
	for d := q.First(); !d.After(q.Last()); d = d.AddDays(1) {
		day := Day{Day: d, Channels: map[Channel]*Figures{}}
		seen := false
		for _, c := range Channels {
			f := figures(d, c, since[c], now, tallies, outages)
			day.Channels[c] = f
			seen = seen || f.Observed > 0
			r.Total[c].Observed += f.Observed
			r.Total[c].Down += f.Down
		}
		if seen {
			r.Days = append(r.Days, day)
		}
	}
	for _, c := range Channels {
		count(r.Total[c], c, func(calendar.Date) bool { return true }, tallies)
	}
	return r, nil
}

func figures(d calendar.Date, c Channel, since, now time.Time, tallies []Tally, outages []Outage) *Figures {
	f := &Figures{}
	from, to := later(d.Start(), since), earlier(d.AddDays(1).Start(), now)
	if !since.IsZero() && from.Before(to) {
		f.Observed = to.Sub(from)
		for _, o := range outages {
			if o.Channel != c {
				continue
			}
			if down := earlier(o.To, to).Sub(later(o.From, from)); down > 0 {
				f.Down += down
			}
		}
	}
	count(f, c, func(day calendar.Date) bool { return day == d }, tallies)
	return f
}

// count adds up the calls of the days that are taken.
func count(f *Figures, c Channel, take func(calendar.Date) bool, tallies []Tally) {
	f.Calls, f.Mean = map[Kind]int64{}, map[Kind]time.Duration{}
	var calls, faults int64
	took := map[Kind]time.Duration{}
	for _, t := range tallies {
		if t.Channel != c || !take(t.Day) {
			continue
		}
		f.Calls[t.Kind] += t.Calls
		took[t.Kind] += t.Took
		calls += t.Calls
		faults += t.Faults
	}
	for k, n := range f.Calls {
		if n > 0 {
			f.Mean[k] = took[k] / time.Duration(n)
		}
	}
	if calls > 0 {
		f.ErrorRate = Millionths(faults * 1_000_000 / calls)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Milliseconds prints the mean time of an answer as "392.6", "" where nothing
// was called.
func (f *Figures) Milliseconds(k Kind) string {
	mean, called := f.Mean[k]
	if !called {
		return ""
	}
	tenths := (mean.Microseconds() + 50) / 100
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

// CSV is the report as a file: one line per day and channel, then the totals of
// the quarter. Shares are per cent, times milliseconds.
func (r *Report) CSV() []byte {
	b := []byte("day,channel,uptime_percent,downtime_percent,ais_mean_ms,pis_mean_ms,caf_mean_ms,error_rate_percent,calls\n")
	line := func(day string, c Channel, f *Figures) {
		if f.Observed <= 0 && len(f.Calls) == 0 {
			return
		}
		var calls int64
		for _, n := range f.Calls {
			calls += n
		}
		b = fmt.Appendf(b, "%s,%s,%s,%s,%s,%s,%s,%s,%d\n", day, c, f.Up().Percent(), (1_000_000 - f.Up()).Percent(),
			f.Milliseconds(Information), f.Milliseconds(Initiation), f.Milliseconds(Funds), f.ErrorRate.Percent(), calls)
	}
	for _, d := range r.Days {
		for _, c := range Channels {
			line(d.Day.String(), c, d.Channels[c])
		}
	}
	for _, c := range Channels {
		line(r.Quarter.String(), c, r.Total[c])
	}
	return b
}
