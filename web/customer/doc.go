// Package customer is the door of the bank's customers: log-in, the pairing
// consent, the consents of licensed third parties (PSD2), the second factor, the
// confirmation of prepared operations, accounts, connected applications, payments
// through third parties, access to accounts and limits, as pages that work
// without JavaScript.
//
// It owns routes, sessions and forms. It decides nothing about money, consent or
// identity: package authserver and the desk do, and whatever a second factor
// confirms is bound to its content by them, never by what a browser sends back.
// It refuses to change anything on a GET, to answer a form from another site, and
// to tell a foreign object from one that does not exist.
package customer
