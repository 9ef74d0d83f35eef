// Package app joins the house: it opens the store, builds the core over it,
// hangs the doors on their listeners and starts the workers, stage by stage. It
// is the only package that sees everything, and it decides nothing about money.
//
// The sandbox and the production bank are the same House with other settings.
package app
