// Package mbank is the interface for licensed third parties in the form in which
// mBank offers it, version 3: REST with a signature over target, headers and
// body (psd2 §3, §4.2).
//
// It is a wire form and an error table. What is allowed is decided by package
// psd2, the authorisation server and the desk, which a second form shares.
package mbank
