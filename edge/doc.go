// Package edge owns what every door of the bank shares between the network and
// its own wire form: listeners and their limits, the way of a request to its
// door, request ids, the request log, metrics, strict reading of JSON and
// forms, fast writing of JSON, security headers, rate limits and the caller's
// true address.
//
// It knows no business word and no wire form: where it must answer in place of
// a door (no such path, too busy, a panic) it asks the door for the words
// ([ErrorWriter]). It believes no header about who the caller is, and nothing
// a stranger sends gets into a log line unless it is listed here.
package edge
