// Package partnerapi is the door for partners' applications, in the form of the
// Nest Bank API (partner-api): pairing, tokens, holds, transfers to the partner,
// the customer's confirmation above a threshold, and reading.
//
// It owns the wire form and nothing else: how a request is read, which answer a
// refusal of the bank becomes, and how an object is written. It decides nothing
// about money. Whatever a call may do is decided by the core, in the order of
// checks of partner-api §6; where the door cannot read a parameter it hands that
// fact on, so that the refusal comes at its place in the order and not before.
package partnerapi
