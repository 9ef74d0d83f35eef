// Package cells plays a bank that has outgrown one cluster: two cells, each a
// bank's books of their own on a real store with a desk of its own, and
// transfers between them through clearing accounts, as between banks
// (docs/decisions/0016-cells.md). Cells are killed at every step between an
// order and its settling, messages are lost, doubled, late and out of order; a
// seed plays the same again.
//
// After every step the money of both cells is added up by queries that share
// nothing with the store. Play returns an error as soon as money is lost or
// made; what must fail is tried too: see Broken.
//
// The act that books a transfer to another cell is not in the core yet. It is
// made here of the core's own ledger functions, within transactions of the
// store; the decision record says what a cell in production still needs.
package cells
