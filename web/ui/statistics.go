package ui

import (
	"time"

	"okienko/bank/calendar"
	"okienko/bank/service"
)

// Statistics is the public page on how the interface for third parties did beside
// the bank's own channels (RTS 2018/389 art. 32(4)). Nobody logs in to read it.
type Statistics struct {
	Common
	Quarter  string
	Previous string // address of the quarter before; "" when the bank did not serve yet
	Next     string
	FileURL  string
	Total    []ChannelFigures
	Days     []StatisticsDay // newest first
}

func (Statistics) template() string { return "statistics" }

// StatisticsDay is one day with both channels.
type StatisticsDay struct {
	Day      time.Time
	Channels []ChannelFigures
}

// ChannelFigures are the figures of one channel. Shares are printed percents,
// times milliseconds; "" means that nothing was called.
type ChannelFigures struct {
	Channel                        service.Channel
	Up, Down, Errors               string
	Information, Initiation, Funds string
	Calls                          int64
}

// StatisticsOf draws a report.
func StatisticsOf(r service.Report) Statistics {
	s := Statistics{Quarter: r.Quarter.String()}
	for _, c := range service.Channels {
		s.Total = append(s.Total, figuresOf(c, r.Total[c]))
	}
	for i := len(r.Days) - 1; i >= 0; i-- {
		d := StatisticsDay{Day: noon(r.Days[i].Day)}
		for _, c := range service.Channels {
			d.Channels = append(d.Channels, figuresOf(c, r.Days[i].Channels[c]))
		}
		s.Days = append(s.Days, d)
	}
	return s
}

// noon is an instant of a day that is the same day in every zone of the page.
func noon(d calendar.Date) time.Time { return d.Start().Add(12 * time.Hour) }

func figuresOf(c service.Channel, f *service.Figures) ChannelFigures {
	out := ChannelFigures{
		Channel: c, Information: f.Milliseconds(service.Information), Initiation: f.Milliseconds(service.Initiation),
		Funds: f.Milliseconds(service.Funds), Errors: f.ErrorRate.Percent(),
	}
	if f.Observed > 0 {
		out.Up, out.Down = f.Up().Percent(), (1_000_000 - f.Up()).Percent()
	}
	for _, n := range f.Calls {
		out.Calls += n
	}
	if out.Calls == 0 {
		out.Errors = ""
	}
	return out
}
