// Package trustservice is the trust service of the sandbox: a root, a qualified issuer below it, the QWAC and QSealC that
// they give to made-up TPPs, and what they publish about revocation.
//
// Everything it makes carries the mark of sandboxes in its issuer's name, so no production bank accepts any of it. It
// makes certificates that are wrong on purpose, each in one way only, and never a right one for anybody outside: the
// sandbox that owns the keys is the only place where they count.
package trustservice
