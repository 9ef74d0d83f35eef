// Package mobile is the door of the bank's own mobile application: a device asks
// what waits for its owner's word, and gives that word with a signature.
//
// Every request is signed by a key that the bank enrolled for the device; there
// is no session and no token that could be stolen. An approval carries a second
// signature, over the very content that it confirms, which package authserver
// judges. The door enrols no device, shows no money and confirms nothing itself.
//
// The text that a device signs for a request has six lines, each ended by a line
// feed: "okienko-mobile-v1", method, path, device id, Unix seconds, and the
// SHA-256 of the body in lower-case hex. Signatures are ECDSA P-256 over its
// SHA-256, in ASN.1 DER, base64.
package mobile
