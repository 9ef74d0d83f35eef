// Package scenario plays scenarios that a banker can read (the *.txt files
// beside it) against any bank that implements Engine: the core over the Book in
// memory, the core over the SQLite store, and the partner API over HTTPS.
//
// A file is lines. What follows a # is a remark. A line says who does what, and
// after -> what the bank answers; without -> it must be done:
//
//	it is 2026-03-10 12:00
//	customer anna
//	account purse of anna with 100.00
//	application shop
//	anna pairs shop on purse daily 80.00
//
//	scenario "a hold sets money aside"
//	shop holds 30.00 of anna for 10m as h1
//	shop takes 80.00 from anna -> refused daily_limit
//	expect account purse booked 100.00 held 30.00
//	wait 10m
//	expect hold h1 EXPIRED
//
// Lines before the first scenario are the background of each: every scenario
// starts in a bank of its own. "core only" as the first line of a scenario says
// that no door can express it, and the runner counts such scenarios. The lines
// between "at once" and "end" are ordered at the same moment by different
// callers, and "end" says how many succeed. The whole grammar is the table in
// forms.go; a line that does not fit it is answered with the form that it
// resembles most.
//
// The package knows no rule of the bank: what must come out is in the files.
package scenario
