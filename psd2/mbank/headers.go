package mbank

import (
	"errors"
	"net/http"

	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// everyCall are the headers that each call carries (psd2 §3.3), in the order in
// which they are asked for.
var everyCall = []string{"Accept", "Accept-Encoding", "Accept-Language", "TPP-Request-ID", "TPP-ID"}

// registerCall are those of registration, which knows neither a signature nor
// who calls (psd2 §3.3).
var registerCall = []string{"Accept-Language", "TPP-Request-ID"}

// oneValue are headers that may stand once. Those that are signed are looked at
// with the signature; a second Content-Type could be read by somebody before us.
var oneValue = []string{"Content-Type", "JWS-Signature"}

// checkHeaders asks for the headers of a call and reads its body: the first
// check after the route, before anything is known of the caller.
func (d *Door) checkHeaders(c *call) error {
	h, needed := c.R.Header, everyCall
	if c.route.stranger {
		needed = registerCall
	}
	for _, list := range [][]string{needed, c.route.own} {
		for _, name := range list {
			if c.Header(name) == "" {
				return wire.Refuse(headerMissing, "header "+name).Saying("The header " + name + " is missing.")
			}
		}
	}
	if c.route.token && c.Header("Authorization") == "" {
		return wire.Refuse(headerMissing, "header Authorization").Saying("The header Authorization is missing.")
	}
	if !c.route.stranger && c.Header("JWS-Signature") == "" {
		return wire.Refuse(signatureMissing, "header JWS-Signature")
	}
	for _, name := range oneValue {
		if len(h.Values(name)) > 1 {
			return wire.Refuse(fieldError, "header twice").Saying(name + ": A header stands twice.")
		}
	}
	if !psd2.WellFormedRequestID(c.Header("TPP-Request-ID")) {
		return wire.Refuse(fieldError, "TPP-Request-ID").Saying("TPP-Request-ID: It is not a UUID.")
	}
	if !edge.AcceptsJSON(h.Values("Accept")...) {
		return wire.Refuse(notAcceptable, "Accept")
	}
	return d.readBody(c)
}

// readBody reads the bytes of a call that takes a body. A body on one that takes
// none is signed like any other and then ignored, so it is read too.
func (d *Door) readBody(c *call) (err error) {
	if media := c.R.Header.Get("Content-Type"); (c.route.body || media != "") && !edge.IsJSON(media) {
		return wire.Refuse(unsupportedMedia, "Content-Type")
	}
	most := c.route.maxBody
	if most == 0 {
		most = usualBody
	}
	c.Body, err = edge.ReadBody(c.W, c.R, most)
	switch {
	case errors.Is(err, edge.ErrBodyTooLarge):
		return wire.Refuse(contentTooLarge, "length of the body")
	case errors.Is(err, edge.ErrBodyEncoded):
		return wire.Refuse(unsupportedMedia, "Content-Encoding")
	case err != nil:
		return wire.Refuse(bodyError, "the body broke off").Because(err)
	case !c.route.body && len(c.Body) > 0 && c.R.Method == http.MethodGet:
		return wire.Refuse(bodyError, "a body on GET").Saying("A GET has no body.")
	}
	return nil
}
