package calendar_test

import (
	"testing"

	"okienko/bank/calendar"
)

// The dates of Easter Sunday, Easter Monday, Pentecost and Corpus Christi as printed
// in Polish calendars.
var movable = []struct{ easter, monday, pentecost, corpusChristi string }{
	{"2024-03-31", "2024-04-01", "2024-05-19", "2024-05-30"},
	{"2025-04-20", "2025-04-21", "2025-06-08", "2025-06-19"},
	{"2026-04-05", "2026-04-06", "2026-05-24", "2026-06-04"},
	{"2027-03-28", "2027-03-29", "2027-05-16", "2027-05-27"},
	{"2028-04-16", "2028-04-17", "2028-06-04", "2028-06-15"},
	{"2029-04-01", "2029-04-02", "2029-05-20", "2029-05-31"},
	{"2030-04-21", "2030-04-22", "2030-06-09", "2030-06-20"},
}

func TestHolidaysOfEachYearAndNoOthers(t *testing.T) {
	for _, year := range movable {
		y := year.easter[:4]
		want := map[string]string{
			y + "-01-01": "New Year's Day", y + "-01-06": "Epiphany",
			year.easter: "Easter Sunday", year.monday: "Easter Monday",
			y + "-05-01": "State Holiday", y + "-05-03": "Constitution Day",
			year.pentecost: "Pentecost", year.corpusChristi: "Corpus Christi",
			y + "-08-15": "Assumption Day", y + "-11-01": "All Saints' Day", y + "-11-11": "Independence Day",
			y + "-12-25": "Christmas Day", y + "-12-26": "Second Day of Christmas",
		}
		if y >= "2025" {
			want[y+"-12-24"] = "Christmas Eve"
		}
		for d := mustDate(t, y+"-01-01"); d.String()[:4] == y; d = d.AddDays(1) {
			name, ok := calendar.Holiday(d)
			if name != want[d.String()] || ok != (want[d.String()] != "") {
				t.Errorf("%v: %q, %v; want %q", d, name, ok, want[d.String()])
			}
		}
	}
}

func TestEasterAtItsEdges(t *testing.T) {
	for _, s := range []string{"1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2008-03-23", "2038-04-25", "2285-03-22"} {
		want := mustDate(t, s)
		if got := calendar.Easter(want.Year); got != want {
			t.Errorf("Easter %d = %v, want %v", want.Year, got, want)
		}
	}
}

func TestHolidaysThatCameByLaw(t *testing.T) {
	for day, want := range map[string]bool{
		"2010-01-06": false, "2011-01-06": true,
		"2024-12-24": false, "2025-12-24": true,
		"2017-11-12": false, "2018-11-12": true, "2019-11-12": false,
	} {
		if _, got := calendar.Holiday(mustDate(t, day)); got != want {
			t.Errorf("%s a holiday: %v, want %v", day, got, want)
		}
	}
}

func TestNextBusinessDay(t *testing.T) {
	for day, want := range map[string]string{
		"2026-11-20": "2026-11-20", // a Friday stays
		"2026-11-21": "2026-11-23", // Saturday
		"2026-11-22": "2026-11-23", // Sunday
		"2026-11-11": "2026-11-12", // Independence Day, a Wednesday
		"2026-04-03": "2026-04-03", // Good Friday is a working day in Poland
		"2026-04-04": "2026-04-07", // Easter
		"2026-06-04": "2026-06-05", // Corpus Christi, a Thursday
		"2026-12-24": "2026-12-28", // Christmas Eve, Christmas, then a weekend
		"2024-12-24": "2024-12-24", // before the law of 2024
		"2025-12-31": "2025-12-31",
		"2026-01-01": "2026-01-02",
		"2018-11-10": "2018-11-13", // weekend, Independence Day, centenary
	} {
		d := mustDate(t, day)
		if got := calendar.NextBusinessDay(d).String(); got != want {
			t.Errorf("NextBusinessDay(%s) = %s, want %s", day, got, want)
		}
		if got := calendar.IsBusinessDay(d); got != (day == want) {
			t.Errorf("IsBusinessDay(%s) = %v", day, got)
		}
	}
}
