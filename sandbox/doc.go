// Package sandbox makes up a world: people, companies, accounts and months of
// history from a seed, partners with ready applications, certificates for the
// own machine, a phone that shows what a bank would send, and the moving of the
// bank clock.
//
// It refuses to be a second bank. Whatever it makes comes in through the doors
// that a real bank has (a batch, a message gateway, a clock that is handed in),
// and the program that runs in the world is the production program. Nothing here
// is secret: keys and secrets follow from the seed, so that a document can name
// them.
package sandbox
