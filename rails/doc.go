// Package rails has the simulator of payment systems: what Elixir, Express
// Elixir, Sorbnet, BlueCash, the SEPA schemes, T2 and SWIFT make of a payment in
// the sandbox.
//
// It keeps nothing and throws no dice. What becomes of a payment follows from
// the order alone, by the table of scenarios in docs/sandbox.md, so a repeated
// question gets the same answer, on every node and after a crash. It knows no
// timetable (package bank/rail does) and moves no money (package bank/payment
// does).
package rails
