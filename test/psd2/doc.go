// Package psd2 drives the interface for licensed third parties from outside: over
// mutual TLS with signed requests, customers answering through the sandbox's own
// doors, one HTTP client and no browser.
package psd2
