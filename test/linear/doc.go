// Package linear checks histories of concurrent clients for linearizability:
// what callers of two nodes over one PostgreSQL saw of holds, payments,
// transfers, limits and balances must be what one teller, serving one caller
// after another, could have answered, each call at one instant between its
// beginning and its answer (porcupine searches for such an order).
//
// It has no rules of its own about how the bank should be built. The model is a
// second, smaller writing of the bank's rules: what it says that a call answers
// is what the specification says.
package linear
