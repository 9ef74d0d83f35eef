// Package nrb knows the numbers of bank accounts: the Polish NRB of 26 digits
// (order 7/2017 of the President of the National Bank of Poland) and the IBAN of
// other countries (ISO 13616, check digits by ISO 7064 MOD 97-10).
//
// It owns their forms and check digits. It refuses to say whether an account
// exists or which bank stands behind a code: the first is asked of the ledger, the
// second of the central bank's register.
package nrb
