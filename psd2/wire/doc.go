// Package wire is what the wire forms of the interface for licensed third
// parties have in common: PolishAPI and mBank's form are two grammars over one
// vocabulary (psd2 §0).
//
// It owns the reading of bodies with the first fault in them, words and their
// spellings, the objects that both forms write alike, handles of payments, the
// frame in which a call is served and noted, and errors on their way to a table.
// It knows no path, no header's name, no code of an error and no enum's
// spelling: those are a door's. It decides nothing; package psd2 does.
package wire
