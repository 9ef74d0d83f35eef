// Package psd2 is what the bank's interfaces for licensed third parties share,
// whatever their wire form (PSD2 title IV chapter 2, RTS (EU) 2018/389).
//
// It owns the order of checks up to the caller's identity, the replay of
// requests, the registration of clients, what a consent lets be read and how
// far back, confirmations of funds, and how often a third party may come
// without its customer. It knows no wire form: a door (package psd2/mbank) reads
// requests and writes answers, and decides nothing.
package psd2
