package client

import (
	"context"
	"errors"
	"net/http"
)

// Form is a way of speaking to a bank. The calls mean the same in all of them.
type Form string

// The forms. In PolishAPI accounts are named by their numbers, so what this package
// calls an account id is a number there, masked as in the list or whole.
const (
	MBank        Form = "mbank" // mBank's REST, version 3
	PolishAPI211 Form = "polishapi-2.1.1"
	PolishAPI212 Form = "polishapi-2.1.2"
	PolishAPI30  Form = "polishapi-3.0"
)

// Forms lists the forms.
func Forms() []Form { return []Form{MBank, PolishAPI211, PolishAPI212, PolishAPI30} }

// paths are the versions as the paths have them: of the standard, and the bank's
// own revision, for which the standard's files write 1.
var paths = map[Form]string{PolishAPI211: "2_1_1.1", PolishAPI212: "2_1_2.1", PolishAPI30: "3_0.1"}

// ErrNotInForm says that the chosen form has no words for what was asked. Nothing
// was sent.
var ErrNotInForm = errors.New("client: the form in which the bank is spoken to cannot say this")

// form words the calls.
type form interface {
	// request builds and signs one try: every try is a request with an id of its
	// own, since the bank takes an id once.
	request(ctx context.Context, k *call, body []byte) (*built, error)
	// proven asks for the bank's signature on an answer that was no refusal.
	proven(ctx context.Context, e *Exchange) error
	// at is the path of Client.Path.
	at(below string) string
	// raw is the call of NewRequest.
	raw(method, path, token string, headers map[string]string, body []byte) (call, []byte, error)

	register(ctx context.Context, statement string) (Registered, error)
	ask(ctx context.Context, k *Consent) (redirect string, err error)
	tokens(ctx context.Context, g *grant) (Tokens, error)
	deleteConsent(ctx context.Context, id string) error

	accounts(ctx context.Context, s Session) ([]Account, error)
	account(ctx context.Context, s Session, id string) (AccountDetails, error)
	transaction(ctx context.Context, s Session, account, id string) (Transaction, error)
	firstPage(ctx context.Context, s Session, account string, f Filter) (Page, error)
	pageAfter(ctx context.Context, s Session, p *Page) (Page, error)
	funds(ctx context.Context, number, amount, currency string) (bool, error)

	pay(ctx context.Context, s Session, id string, p *Payment) (Initiated, error)
	payBundle(ctx context.Context, s Session, id string, b *Bundle) (Initiated, error)
	status(ctx context.Context, s Session, o *ordered) (Initiated, error)
	cancel(ctx context.Context, s Session, o *ordered) error
}

// built is one try as it goes out.
type built struct {
	request *http.Request
	body    []byte
	signed  []byte // the text under the signature; nil when the call has none
}

// grant is what is handed in for tokens.
type grant struct {
	kind        string   // grant_type
	value       string   // the code or the token
	redirectURI string   // of a code
	to          *Consent // what the tokens are to be for, where they change it
}

const (
	byCode     = "authorization_code"
	byRefresh  = "refresh_token"
	byExchange = "exchange_token"
)

// ordered is an order whose status is asked, or which is cancelled: by the bank's
// id or, where that is not known, by the third party's own.
type ordered struct {
	thing thing
	kind  Kind
	id    string
	own   string
	first Initiated // what the bank has said of it before
}

type thing int

const (
	onePayment thing = iota
	aBundle
	aRecurring
)

// form is the one that was chosen.
func (c *Client) form() form {
	if c.cfg.Form == MBank {
		return mbank{c}
	}
	return polishAPI{c}
}

// polish is PolishAPI, for the calls that only it has.
func (c *Client) polish() (polishAPI, error) {
	if p, ok := c.form().(polishAPI); ok {
		return p, nil
	}
	return polishAPI{}, ErrNotInForm
}
