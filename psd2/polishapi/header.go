package polishapi

import (
	"errors"
	"net/netip"
	"strings"

	"okienko/bank"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// The headers that are the standard's own (psd2 §2).
const (
	requestIDHeader = "X-REQUEST-ID"
	signatureHeader = "X-JWS-SIGNATURE"
)

// agreed are headers by which form and language of an answer are agreed. The
// standard demands them; a bank can do without (thirdparty.Lenience).
var agreed = []string{"Accept-Encoding", "Accept-Language", "Accept-Charset"}

// checkHeaders asks for the headers of a call and reads its body: the first check
// after the route, before anything is known of the caller.
func (d *Door) checkHeaders(c *call) error {
	if err := d.checkPresence(c); err != nil {
		return err
	}
	for _, name := range []string{"Content-Type", signatureHeader, requestIDHeader, "Authorization"} {
		if len(c.R.Header.Values(name)) > 1 {
			return wire.Refuse(fieldInvalid, "header twice").Saying(name + ": A header stands twice.")
		}
	}
	if !psd2.WellFormedRequestID(c.Header(requestIDHeader)) {
		return wire.Refuse(fieldInvalid, requestIDHeader).Saying(requestIDHeader + ": It is not a UUID.")
	}
	if !edge.AcceptsJSON(c.R.Header.Values("Accept")...) {
		return wire.Refuse(notAcceptable, "Accept")
	}
	if !takesUTF8(c.R.Header.Values("Accept-Charset")) {
		return wire.Refuse(notAcceptable, "Accept-Charset")
	}
	var known bool
	if c.packing, known = edge.Packing(c.R.Header.Values("Accept-Encoding")...); !known {
		return wire.Refuse(fieldInvalid, "Accept-Encoding").Saying("Accept-Encoding: It is gzip or deflate.")
	}
	return d.readBody(c)
}

func (d *Door) checkPresence(c *call) error {
	missing := func(name string) error {
		return wire.Refuse(headerMissing, "header "+name).Saying("The header " + name + " is missing.")
	}
	for _, name := range agreed {
		if c.Header(name) != "" {
			continue
		}
		lenience, err := d.lenience(c)
		if err != nil {
			return err
		}
		if !lenience.OptionalHeaders {
			return missing(name)
		}
	}
	if c.Header(requestIDHeader) == "" {
		return missing(requestIDHeader)
	}
	if c.op.token && c.Header("Authorization") == "" {
		return missing("Authorization")
	}
	if !c.op.stranger && c.Header(signatureHeader) == "" {
		return wire.Refuse(signatureMissing, "header "+signatureHeader)
	}
	return nil
}

// lenience is asked only when something is missing that not every caller must
// send.
func (d *Door) lenience(c *call) (thirdparty.Lenience, error) {
	if c.R.TLS == nil {
		return thirdparty.Lenience{}, nil
	}
	return d.core.LenienceOf(c.Ctx(), c.R.TLS.PeerCertificates)
}

// takesUTF8 tells whether a caller takes UTF-8; no header means that it takes
// anything (RFC 9110 §12.5.2).
func takesUTF8(header []string) bool {
	said := false
	for _, item := range strings.Split(strings.Join(header, ","), ",") {
		name, params, _ := strings.Cut(item, ";")
		if name = strings.ToLower(strings.TrimSpace(name)); name == "" {
			continue
		}
		said = true
		if (name == "utf-8" || name == "*") && strings.ReplaceAll(params, " ", "") != "q=0" {
			return true
		}
	}
	return !said
}

func (d *Door) readBody(c *call) (err error) {
	if !edge.IsJSON(c.R.Header.Get("Content-Type")) {
		return wire.Refuse(unsupportedMedia, "Content-Type")
	}
	most := c.op.maxBody
	if most == 0 {
		most = usualBody
	}
	c.Body, err = edge.ReadPackedBody(c.W, c.R, most)
	switch {
	case errors.Is(err, edge.ErrBodyTooLarge):
		return wire.Refuse(tooLarge, "length of the body")
	case errors.Is(err, edge.ErrBodyEncoded):
		return wire.Refuse(unsupportedMedia, "Content-Encoding")
	case err != nil:
		return wire.Refuse(badRequest, "the body broke off or does not unpack").Because(err)
	}
	return nil
}

// open parses the body.
func (c *call) open() error {
	o, err := edge.ParseObject(c.Body)
	if err != nil {
		return wire.Refuse(badRequest, "body").Because(err)
	}
	c.body = branch{c.reading.Open(o, ""), c.version}
	return nil
}

// headerKind is which requestHeader an operation has (psd2 §2.1).
type headerKind int

const (
	plainHeader    headerKind = iota
	noHeader                  // registration
	askHeader                 // of calls to the authorisation server
	externalHeader            // the same, with the address to call back
	tokenHeader               // with the token
	readingHeader             // with the token, and whether the customer asks
	callbackHeader            // with the token, and an address that is never called
)

// headerFields are the fields of each kind beside those that all have.
var headerFields = map[headerKind][]string{
	askHeader:      {"isCompanyContext", "psuIdentifierType", "psuIdentifierValue", "psuContextIdentifierType", "psuContextIdentifierValue"},
	externalHeader: {"isCompanyContext", "psuIdentifierType", "psuIdentifierValue", "psuContextIdentifierType", "psuContextIdentifierValue", "callbackURL", "apiKey"},
	tokenHeader:    {"token"},
	readingHeader:  {"token", "isDirectPsu", "callbackURL", "apiKey"},
	callbackHeader: {"token", "callbackURL", "apiKey"},
}

// head is a requestHeader as it was read.
type head struct {
	branch
	token   string
	address string // of the customer
	present bool   // the customer asks
}

// headless tells whether an operation may lack its requestHeader: deleteConsent
// has none before 2.1.2, and of the token call only grant_type is required.
func (c *call) headless() bool {
	return c.op.header == noHeader || (c.op.name == "deleteConsent" && c.version == V211) || c.op.name == "token"
}

// readHead reads requestHeader and compares it with what was proven: its request
// id with the header's, its organisation with the certificate's. A callbackURL in
// it is never called (psd2 §10 case 82).
func (c *call) readHead() error {
	if _, there := c.body.Get("requestHeader"); !there {
		if c.headless() {
			return nil
		}
		return bank.RefuseField("requestHeader", "The field is required.")
	}
	h := &c.head
	h.branch = c.body.inside("requestHeader")
	h.Only(append([]string{"requestId", "userAgent", "ipAddress", "sendDate", "tppId"}, headerFields[c.op.header]...)...)
	id := h.Need("requestId", 36)
	h.Text("userAgent", 1024)
	h.address = h.Text("ipAddress", 64)
	if sent := h.Text("sendDate", 40); sent != "" {
		if _, ok := wire.ParseInstant(sent); !ok {
			h.Blame(h.Path+"sendDate", "An instant is needed, 2026-11-21T12:00:00Z.")
		}
	}
	organisation := h.Text("tppId", 128)
	h.token = h.Text("token", 512)
	h.present = h.Flag("isDirectPsu")
	h.Text("callbackURL", 1024)
	h.Text("apiKey", 512)
	if organisation == "" && c.version.since(V300) && !c.Caller.Client.Lenience.OptionalTPPID {
		h.Blame(h.Path+"tppId", "The field is required.")
	}
	if id != "" && !strings.EqualFold(id, c.Header(requestIDHeader)) {
		h.Blame(h.Path+"requestId", "It is not that of the header X-REQUEST-ID.")
	}
	if h.address != "" || h.present {
		if _, err := netip.ParseAddr(h.address); err != nil {
			h.Blame(h.Path+"ipAddress", "It is not an IP address; a call that the customer asks for needs the customer's.")
		}
	}
	if err := h.Err(); err != nil {
		return err
	}
	c.Line.Present = h.present
	if organisation != "" {
		return c.Caller.Named(organisation)
	}
	return nil
}
