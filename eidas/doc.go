// Package eidas reads and judges the certificates by which third parties are known: the QWAC with which a TPP opens the
// connection and the QSealC with which it signs, both with the statement of ETSI TS 119 495 that names its payment roles.
//
// It owns the codec of the statements, the chain to the issuers that the bank has configured (never those of the
// machine), the rules for each kind, and revocation by CRL and OCSP. It refuses to know who a TPP is to the bank: what
// the register says, which client belongs to an organisation and what a role permits are decided elsewhere. It proves no
// possession of a key either: for a QWAC the TLS handshake has done that, for a QSealC package seal does.
package eidas
