// Package client calls a bank's PSD2 interface in mBank's form (REST v3) as a
// licensed third party: over mutual TLS with its QWAC, every request signed with
// its QSealC, with consents, accounts, payments and confirmations of funds.
//
// A Client repeats what may be repeated: an answer 429 or 503 says when, and a
// payment whose answer was lost is posted again under the same id, which the
// bank executes once. It keeps nothing: tokens and ids are the caller's to keep.
// It links no part of the bank but the reading of certificates.
package client
