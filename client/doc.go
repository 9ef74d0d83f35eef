// Package client calls a bank's PSD2 interface as a licensed third party: over
// mutual TLS with its QWAC, every request signed with its QSealC, with consents,
// accounts, payments and confirmations of funds.
//
// It speaks mBank's form (REST v3) and PolishAPI 2.1.1, 2.1.2 and 3.0; Config.Form
// chooses. What callers write and read is the same, in mBank's words, and what a
// form cannot say is refused before it is sent (ErrNotInForm). PolishAPI's answers
// are held against the bank's certificate unless Config says otherwise.
//
// A Client repeats what may be repeated, each time as a request of its own: an
// answer 429 or 503 says when, a read whose answer was lost is read again, and a
// payment is posted again under the same id, which the bank executes once. A code
// or a refresh token is never handed in again, for a bank takes the second time
// for a theft and ends the consent.
//
// It keeps nothing: tokens and ids are the caller's to keep. It draws no page for
// customers, and links no part of the bank but the reading of certificates.
package client
