// Package authserver owns how applications and people prove who they are:
// pairing requests, the consents of licensed third parties, codes, tokens, client
// secrets, log-in and the second factor; and who may switch access by third
// parties to an account.
//
// It knows no wire form: doors turn its refusals into answers. It moves no
// money and draws no page.
package authserver
