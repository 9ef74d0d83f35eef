package mobile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/sca"
)

// Headers of a signed request.
const (
	HeaderDevice    = "Okienko-Device"
	HeaderTime      = "Okienko-Time"      // Unix seconds
	HeaderSignature = "Okienko-Signature" // base64
)

// tolerance is how far a phone's clock may be off. Within it a captured request
// could be sent again; it would list the same approvals, or meet an approval
// that can be given once.
const tolerance = 90 * time.Second

// RequestText is what a device signs for a request.
func RequestText(method, path, device, unixSeconds string, body []byte) []byte {
	sum := sha256.Sum256(body)
	return []byte(strings.Join([]string{
		"okienko-mobile-v1", method, path, device, unixSeconds, hex.EncodeToString(sum[:]), "",
	}, "\n"))
}

// device finds the enrolled device that signed a request. An unknown device, a
// removed one and a wrong signature are one answer.
func (d *Door) device(r *http.Request, body []byte) (sca.Device, error) {
	id, at := r.Header.Get(HeaderDevice), r.Header.Get(HeaderTime)
	sig, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get(HeaderSignature))
	if err != nil || !plausible(id) || len(sig) == 0 {
		return sca.Device{}, errUnsigned
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return sca.Device{}, errUnsigned
	}
	if off := d.Wall.Now().Sub(time.Unix(seconds, 0)); off > tolerance || off < -tolerance {
		return sca.Device{}, errStale
	}
	dev, err := d.Book.Device(r.Context(), id)
	if bank.CodeOf(err) == bank.NotFound || err == nil && !dev.RemovedAt.IsZero() {
		return sca.Device{}, errUnsigned
	}
	if err != nil {
		return sca.Device{}, err
	}
	parsed, err := x509.ParsePKIXPublicKey(dev.PublicKey)
	if err != nil {
		return sca.Device{}, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return sca.Device{}, errUnsigned
	}
	sum := sha256.Sum256(RequestText(r.Method, r.URL.EscapedPath(), id, at, body))
	if !ecdsa.VerifyASN1(key, sum[:], sig) {
		return sca.Device{}, errUnsigned
	}
	return dev, nil
}

// plausible keeps out what no id of the bank looks like.
func plausible(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_'
	})
}
