package polishapi

import (
	"net/http"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/edge"
	"okienko/psd2/wire"
)

// External is one kind of eatType: the one-time codes of the bank's own mobile
// application. The dictionary is the bank's to set (psd2 §2.2).
const External = "MOBILE_APP"

// authorizeExt asks for a consent with a one-time code of the bank's application.
// The customer answers there, and the third party is told at its callback
// (psd2 §2.7): nothing of it is known when this call is answered.
func (d *Door) authorizeExt(c *call) (wire.Answer, error) {
	b := c.body
	b.Only("requestHeader", "response_type", "eatCode", "eatType", "client_id", "scope", "scope_details", "state")
	to := authserver.CallbackTo{
		URL: c.head.Need("callbackURL", 1024), APIKey: c.head.Need("apiKey", 512), RequestID: c.Header(requestIDHeader), Form: formWord(c.version),
	}
	code := b.Need("eatCode", 32)
	kind := b.inside("eatType")
	kind.Only("code", "description")
	kind.Text("description", 140)
	if is := kind.Text("code", 32); is != "" && is != External {
		kind.Blame(kind.Path+"code", "It is "+External+".")
	}
	ask, err := d.readAsk(c, false)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	if err := d.core.Auth.AskConsentExternally(c.Ctx(), ask, authserver.ExternalAsk{Code: code, Callback: to}); err != nil {
		return wire.Answer{}, carried(err, &c.asked)
	}
	return wire.Answer{Status: http.StatusNoContent}, nil
}

// formWord is by what a callback remembers how it is to be written.
func formWord(v Version) string { return "polishapi " + string(v) }

// CallbackForm writes a callback: its body and its headers.
type CallbackForm = func(c authserver.Callback, now time.Time) (body []byte, header http.Header, err error)

// CallbackForms are the forms of callbacks by the words that this door gives them.
// The standard's own description of them was not to be had (psd2 §11): a callback
// says what the browser would have brought back, under the responseHeader of the
// call that it answers, and is signed as every answer is.
func CallbackForms(sign func(body []byte) (string, error), seen interface{ Now() time.Time }) map[string]CallbackForm {
	forms := make(map[string]CallbackForm, len(Versions))
	for _, v := range slices.Clone(Versions) {
		forms[formWord(v)] = func(c authserver.Callback, _ time.Time) ([]byte, http.Header, error) {
			b := append(edge.AppendKey([]byte{'{'}, "responseHeader"), '{')
			b = edge.AppendStringField(b, "requestId", c.To.RequestID)
			b = wire.AppendInstant(b, "sendDate", seen.Now())
			b = append(edge.AppendBoolField(b, "isCallback", true), '}')
			b = edge.AppendStringField(b, "consentId", c.TPPID)
			b = wire.MaybeText(b, "state", c.State)
			b = wire.MaybeText(b, "code", c.Code)
			b = append(wire.MaybeText(b, "error", c.Error), '}')
			signature, err := sign(b)
			return b, http.Header{http.CanonicalHeaderKey(signatureHeader): {signature}}, err
		}
	}
	return forms
}
