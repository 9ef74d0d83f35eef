package psd2test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"

	"okienko/authserver"
	"okienko/bank/sca"
)

// annasPhone is Anna's device with the bank's application.
const annasPhone = "device-anna"

func newPhone() (key *ecdsa.PrivateKey, public []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	if public, err = x509.MarshalPKIXPublicKey(&key.PublicKey); err != nil {
		panic(err)
	}
	return key, public
}

// Code draws a one-time code on Anna's phone.
func (w *World) Code() string {
	w.T.Helper()
	c, err := w.Auth.NewExternalCode(w.T.Context(), AnnaP)
	Must(w.T, err)
	return c.Code
}

// Waiting are the approvals that wait on Anna's phone, newest first.
func (w *World) Waiting() []sca.Challenge {
	w.T.Helper()
	all, err := w.Auth.WaitingApprovals(w.T.Context(), annasPhone)
	Must(w.T, err)
	return all
}

// signed is a text under the key of Anna's phone.
func (w *World) signed(text []byte) []byte {
	w.T.Helper()
	sum := sha256.Sum256(text)
	signature, err := ecdsa.SignASN1(rand.Reader, w.phone, sum[:])
	Must(w.T, err)
	return signature
}

// Approves has Anna approve a consent that was asked for with her code.
func (w *World) Approves(c sca.Challenge) {
	w.T.Helper()
	passed, err := w.Auth.Approve(w.T.Context(), c.ID, annasPhone, w.signed(authserver.SignedText(c)))
	Must(w.T, err)
	Must(w.T, w.Auth.ConfirmExternal(w.T.Context(), passed))
}

// Rejects has her say no.
func (w *World) Rejects(c sca.Challenge) {
	w.T.Helper()
	refused, err := w.Auth.Reject(w.T.Context(), c.ID, annasPhone, w.signed(authserver.RejectionText(c)))
	Must(w.T, err)
	Must(w.T, w.Auth.RejectExternal(w.T.Context(), refused))
}
