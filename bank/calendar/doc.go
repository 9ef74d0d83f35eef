// Package calendar knows days, months and business days as a bank in Poland counts
// them: by the civil calendar in Europe/Warsaw.
//
// It owns the time zone, the date without a time, the month, and the public
// holidays. It refuses to know what day it is now: the moment is always handed in.
package calendar
