// Package seal makes and checks the signatures that PSD2 calls carry: detached JWS (RFC 7515, appendix F) in the two forms
// of the Polish market.
//
// PolishAPI (header X-JWS-SIGNATURE) signs the body as it was sent, so there the payload is the body's bytes and this
// package has nothing to add. mBank (header JWS-Signature) signs a small JSON text made of the request's target, some
// headers and the body, exactly as JSON.stringify of JavaScript writes it; AppendPayload rebuilds that from what arrived.
//
// It chooses no certificate, fetches none, and knows no replay: that a signature holds says only that the key of the
// certificate handed in made it over the payload handed in.
package seal
