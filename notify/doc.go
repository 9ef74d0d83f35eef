// Package notify owns the ways out of the bank to people's phones: the gateway
// that the bank has configured, reached over HTTPS.
//
// It decides neither what is sent nor whether, and it keeps nothing: messages
// come from the bank's outbox (package notice) by way of package work, and the
// sandbox's phone is one more Gateway. No text of a message and no number ever
// stands in an error of this package.
package notify
