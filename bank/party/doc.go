// Package party knows who the bank's customers are: individuals, businesses and
// corporations, and the persons who act for them.
//
// It owns the customer, its segment, the persons with their roles and terms, and
// the Polish numbers that name them: PESEL, NIP, REGON. It refuses to say whether
// a number was ever issued, which only the state's registers know; to prove who
// is at the other end of a line, which is the work of package sca; and to keep
// accounts or money.
package party
