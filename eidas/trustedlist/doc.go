// Package trustedlist reads a national trusted list (ETSI TS 119 612) and gives the issuers whose certificates a bank may
// accept: the services that issue qualified certificates, are granted at this moment, and say that they do so for web
// sites or for seals.
//
// It believes nothing that the configured signer has not signed, fetches nothing, and evaluates no criteria: a service
// whose list narrows it down by NotQualified, or by a critical extension that is not known here, is left out and named.
// Lists signed with RSASSA-PSS or ECDSA are refused, because the library for XML signatures cannot check them.
package trustedlist
