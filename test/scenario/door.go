package scenario

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/app"
	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/okienkotest"
	"okienko/test/engine"
)

// door is the engine that calls a whole bank over HTTPS, as partners do. What
// partners have no call for, customers and staff do behind the doors.
type door struct {
	bank   *okienkotest.Bank
	inside *app.Inside
	now    time.Time // the bank clock stands but for us

	apps     map[string]*registered
	pairings map[string]*paired // by application and customer
	holders  map[string]string  // customer, by account
	numbers  int                // account numbers given so far

	mu    sync.Mutex // below: several callers at once
	steps int
	ops   int
	// owners tells whose an object is: by which pairing an application speaks of it.
	owners map[string]string
	// answered are the first answers of operations, and what else was done already:
	// a repeat is told by the very same answer.
	answered map[string]string
	asked    map[string]prepared // by the id of the confirmation
}

// registered is an application with its secret.
type registered struct {
	client app.ReadyClient
	office documents
}

// paired is an application's pairing with a customer.
type paired struct {
	mu      sync.Mutex // its tokens
	tokens  *okienkotest.Pairing
	renewal time.Time // when the access token is too old
	id      consent.ID
	ended   bool
}

type prepared struct{ app, customer, operation string }

// openDoor is an engine over a bank of its own. Close does nothing: the bank closes
// with the test.
func openDoor(t testing.TB) *door {
	b := okienkotest.Start(t, okienkotest.Frozen(Beginning()), okienkotest.Database(engine.DSN(t)))
	return &door{
		bank: b, inside: b.Inside(), now: Beginning(), apps: map[string]*registered{}, pairings: map[string]*paired{}, holders: map[string]string{},
		owners: map[string]string{}, answered: map[string]string{}, asked: map[string]prepared{},
	}
}

func (d *door) Close(context.Context) error { return nil }

// Steps is how many acts and looks the engine was asked for.
func (d *door) Steps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps
}

func (d *door) step() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.steps++
}

// The people and things of a scenario live among those of the sandbox, so they
// carry names of their own.
const mark = "scenario-"

func personOf(customer string) party.PersonID { return party.PersonID(mark + customer + "-person") }

func customerOf(customer string) party.CustomerID { return party.CustomerID(mark + customer) }

func (d *door) Do(ctx context.Context, a *Act, object string) (Answer, error) {
	d.step()
	if c := d.callOf(a, object); c != nil {
		return d.partner(ctx, a, c)
	}
	answer, err := d.behind(ctx, a, object)
	if no := (*bank.Refusal)(nil); errors.As(err, &no) {
		return Answer{Code: no.Code, Field: no.Field}, nil
	}
	return answer, err
}

// partner makes a call with an application's token.
func (d *door) partner(ctx context.Context, a *Act, c *request) (Answer, error) {
	p, err := d.pairing(c.app, c.customer)
	if err != nil {
		return Answer{}, err
	}
	if c.path == "" {
		return Answer{}, fmt.Errorf("%w: %s", ErrCannot, a.Text)
	}
	got, err := d.send(ctx, p, c)
	if err != nil {
		return Answer{}, err
	}
	if got.Status >= 300 {
		no, err := refusalOf(got)
		if err == nil && no.Code == bank.TokenInvalid && p.ended {
			no.Code = bank.AgreementEnded // all that a partner sees of it
		}
		return no, err
	}
	if want := c.success(a.Verb); got.Status != want {
		return Answer{}, fmt.Errorf("the door answers %d, not %d: %s", got.Status, want, got.Body)
	}
	return d.done(c, got)
}

// done tells a first answer from its repeat.
func (d *door) done(c *request, got *okienkotest.Answer) (Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := Answer{}
	for _, name := range []string{"authorizationId", "blockadeId", "paymentId"} {
		// A payment names the hold that it settles too.
		if id := got.Field(name); id != "" {
			out.ID = id
			d.owners[id] = c.customer
		}
	}
	if c.asks {
		d.asked[out.ID] = prepared{c.app, c.customer, c.operation}
	}
	if c.once == "" {
		return out, nil
	}
	said := string(got.Body)
	switch first, again := d.answered[c.once]; {
	case !again:
	case first == out.ID && first != "":
		// The operation was done by a confirmation, which answers with no body.
		out.Repeated = true
	case c.asks && !strings.Contains(first, strconv.Quote(out.ID)):
		// Asked for anew, after the first question had ended.
	case first == said:
		out.Repeated = true
	default:
		return Answer{}, fmt.Errorf("the first answer was %s, its repeat %s", first, said)
	}
	d.answered[c.once] = said
	return out, nil
}

// pairing is that of an application with a customer.
func (d *door) pairing(app, customer string) (*paired, error) {
	p := d.pairings[app+" "+customer]
	if p == nil {
		return nil, fmt.Errorf("%s is not paired with %s", app, customer)
	}
	return p, nil
}

// tokenLife is how long an access token of these applications lives (the
// longest that staff may give), and renewBefore how long before that it is
// renewed.
const (
	tokenLife   = 24 * time.Hour
	renewBefore = time.Hour
)

// send makes a call, with new tokens when the old ones come to their end.
func (d *door) send(ctx context.Context, p *paired, c *request) (*okienkotest.Answer, error) {
	p.mu.Lock()
	if !d.now.Before(p.renewal) && !p.ended {
		if err := d.renew(ctx, p); err != nil {
			p.mu.Unlock()
			return nil, err
		}
	}
	tokens := *p.tokens
	p.mu.Unlock()
	return tokens.Ask(ctx, c.method, c.path, c.body)
}

// renew needs p.mu.
func (d *door) renew(ctx context.Context, p *paired) error {
	p.renewal = d.now.Add(tokenLife - renewBefore)
	return p.tokens.Refresh(ctx)
}
