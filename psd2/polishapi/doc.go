// Package polishapi is the door for licensed third parties in the form of the
// PolishAPI standard (versions 2.1.1, 2.1.2 and 3.0; psd2 §2), which every Polish
// bank but mBank speaks.
//
// It owns paths, headers, words, JSON and the table of errors, and decides
// nothing: who calls, what a consent allows and what happens with the money is
// asked of package psd2, and what reading and writing have in common with the
// other form of package psd2/wire.
package polishapi
