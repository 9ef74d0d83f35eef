package ui

import (
	"time"

	"okienko/bank/calendar"
	"okienko/bank/service"
)

func statisticsStories() []Story {
	figures := func(down time.Duration, faults service.Millionths) *service.Figures {
		return &service.Figures{
			Observed: 24 * time.Hour, Down: down, ErrorRate: faults,
			Calls: map[service.Kind]int64{service.Information: 128_400, service.Initiation: 3_120, service.Funds: 12},
			Mean: map[service.Kind]time.Duration{
				service.Information: 12_340 * time.Microsecond, service.Initiation: 31_020 * time.Microsecond, service.Funds: 4_200 * time.Microsecond,
			},
		}
	}
	quiet := &service.Figures{Observed: 24 * time.Hour}
	both := func(a, b *service.Figures) map[service.Channel]*service.Figures {
		return map[service.Channel]*service.Figures{service.Dedicated: a, service.Own: b}
	}
	day := calendar.DateOf(storyNow())
	page := func(r service.Report) Statistics {
		s := StatisticsOf(r)
		s.Common = Common{Here: "/statistics", LanguageAction: "/language"}
		s.Previous, s.FileURL = "/statistics/2026-Q3", "/statistics/2026-Q4.csv"
		return s
	}
	q := service.QuarterOf(day)
	return []Story{
		{"statistics", page(service.Report{
			Quarter: q, Total: both(figures(61*time.Second, 604), figures(0, 0)),
			Days: []service.Day{
				{Day: day.AddDays(-1), Channels: both(figures(61*time.Second, 1208), figures(0, 0))},
				{Day: day, Channels: both(figures(0, 0), quiet)},
			},
		})},
		{"statistics-none", page(service.Report{Quarter: q, Total: both(&service.Figures{}, &service.Figures{})})},
	}
}
