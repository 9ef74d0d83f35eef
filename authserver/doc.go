// Package authserver owns how applications and people prove who they are:
// pairing requests, codes, tokens, client secrets, log-in and the second
// factor.
//
// It knows no wire form: doors turn its refusals into answers. It moves no
// money and draws no page.
package authserver
