package calendar

import "time"

// IsBusinessDay reports whether banks in Poland settle on that day: Monday to Friday
// and not a public holiday.
func IsBusinessDay(d Date) bool {
	switch d.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	_, holiday := Holiday(d)
	return !holiday
}

// NextBusinessDay returns d if it is a business day, otherwise the first one after.
func NextBusinessDay(d Date) Date {
	for !IsBusinessDay(d) {
		d = d.AddDays(1)
	}
	return d
}

// Holiday names the public holiday on that day, and reports whether there is one, by
// the Act of 18 January 1951 on days free from work as it has stood since 1990, with
// its later changes from the day they took effect. Earlier years follow the list of
// 1990. Sundays without a name are not holidays here.
func Holiday(d Date) (name string, ok bool) {
	if name := fixedHoliday(d); name != "" {
		return name, true
	}
	// Easter days lie between 22 March and 24 June (60 days after 25 April).
	if d.Month < time.March || d.Month > time.June {
		return "", false
	}
	switch easter := Easter(d.Year); d {
	case easter:
		return "Easter Sunday", true
	case easter.AddDays(1):
		return "Easter Monday", true
	case easter.AddDays(49):
		return "Pentecost", true
	case easter.AddDays(60):
		return "Corpus Christi", true
	}
	return "", false
}

func fixedHoliday(d Date) string {
	switch d.Month {
	case time.January:
		switch {
		case d.Day == 1:
			return "New Year's Day"
		case d.Day == 6 && d.Year >= 2011: // Act of 24 September 2010
			return "Epiphany"
		}
	case time.May:
		switch d.Day {
		case 1:
			return "State Holiday"
		case 3:
			return "Constitution Day"
		}
	case time.August:
		if d.Day == 15 {
			return "Assumption Day"
		}
	case time.November:
		switch {
		case d.Day == 1:
			return "All Saints' Day"
		case d.Day == 11:
			return "Independence Day"
		case d.Day == 12 && d.Year == 2018: // Act of 7 November 2018, that one day only
			return "Centenary of Independence"
		}
	case time.December:
		switch {
		case d.Day == 24 && d.Year >= 2025: // Act of 6 December 2024
			return "Christmas Eve"
		case d.Day == 25:
			return "Christmas Day"
		case d.Day == 26:
			return "Second Day of Christmas"
		}
	}
	return ""
}

// Easter returns Easter Sunday of a year of the Gregorian calendar, by the anonymous
// algorithm printed in Nature on 20 April 1876 (Meeus, Astronomical Algorithms, ch. 8).
func Easter(year int) Date {
	a := year % 19
	b, c := year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return Date{year, time.Month(n / 31), n%31 + 1}
}
