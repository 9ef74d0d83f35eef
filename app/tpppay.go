package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"okienko/bank"
	"okienko/client"
)

type (
	tppPay struct {
		To       string `help:"Account number of the payee." placeholder:"NUMBER"`
		Name     string `help:"Name of the payee."`
		Amount   string `help:"12.50"`
		Title    string `help:"What for."`
		Currency string `default:"PLN"`
		System   string `help:"ELIXIR, EXPRESS_ELIXIR, SORBNET, BLUE_CASH or INTERNAL; the bank chooses when left out." placeholder:"NAME"`
		Delivery string `help:"EXPRESS_D0 or STANDARD_D1." default:"EXPRESS_D0"`
		Date     string `help:"A later day, 2026-12-01." placeholder:"DAY"`
		From     string `help:"Account number of the payer; the customer chooses when left out. With --file it is what the made-up customer chooses." placeholder:"NUMBER"`
		File     string `help:"Read a payment, a standing order or a bundle from a file, as the interface words it; - for standard input." placeholder:"FILE"`
		Kind     string `help:"Of what is in the file: domestic, tax, eea, non-eea." default:"domestic" enum:"domestic,tax,eea,non-eea"`
		ID       string `name:"id" help:"The third party's own id of it; a new one when left out."`
	}
	tppStatus struct {
		ID        string `arg:"" help:"The bank's id of the payment, the standing order or the bundle."`
		Kind      string `help:"Its kind, where this folder did not order it." default:"domestic" enum:"domestic,tax,eea,non-eea"`
		Bundle    bool   `help:"It is a bundle that this folder did not order." xor:"what"`
		Recurring bool   `help:"It is a standing order that this folder did not make; PolishAPI asks for them elsewhere." xor:"what"`
	}
	tppCancel struct {
		ID        string `arg:"" help:"The bank's id of the payment, the standing order or the bundle."`
		Kind      string `help:"Its kind, where this folder did not order it." default:"domestic" enum:"domestic,tax,eea,non-eea"`
		Bundle    bool   `help:"It is a bundle that this folder did not order." xor:"what"`
		Recurring bool   `help:"It is a standing order that this folder did not make; PolishAPI asks for them elsewhere." xor:"what"`
	}
)

// readAll reads what is typed or piped in: no order is longer than a megabyte.
func readAll(in io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(in, 1<<20)) }

// order is what is to be made: a payment or a bundle.
type order struct {
	payment *client.Payment
	bundle  *client.Bundle
}

// about is an order in a few words.
func (o *order) about() string {
	if o.bundle != nil {
		return fmt.Sprintf("bundle of %d payments, %s", len(o.bundle.Transfers), o.bundle.Total)
	}
	p := o.payment
	what := "payment"
	if p.ExecutionMode == "RECURRING" {
		what = "standing order"
	}
	return fmt.Sprintf("%s of %s %s to %s", what, p.TransferData.Amount, p.TransferData.Currency, p.Recipient.Name)
}

func (t *tppPay) order(in io.Reader) (*order, error) {
	if t.File == "" {
		for name, value := range map[string]string{"to": t.To, "name": t.Name, "amount": t.Amount, "title": t.Title} {
			if value == "" {
				return nil, fmt.Errorf("--%s is missing: a payment has --to, --name, --amount and --title, or comes from a --file", name)
			}
		}
		p := &client.Payment{
			Recipient:    client.Party{AccountNumber: t.To, Name: t.Name},
			TransferData: client.TransferData{Description: t.Title, Amount: t.Amount, Currency: t.Currency, ExecutionDate: t.Date},
			DeliveryMode: t.Delivery, System: t.System, Sender: client.Party{AccountNumber: t.From},
		}
		if t.Date != "" {
			p.ExecutionMode = "FUTURE_DATED"
		}
		return &order{payment: p}, nil
	}
	text, err := t.read(in)
	if err != nil {
		return nil, err
	}
	var shape struct{ Transfers []json.RawMessage }
	if err := json.Unmarshal(text, &shape); err != nil {
		return nil, fmt.Errorf("%s: %w", t.File, err)
	}
	o := &order{payment: &client.Payment{Kind: client.Kind(t.Kind)}}
	into := any(o.payment)
	if shape.Transfers != nil {
		o = &order{bundle: &client.Bundle{Kind: client.Kind(t.Kind)}}
		into = o.bundle
	}
	// What this program does not know it would leave out, and another payment than
	// the one in the file would be made.
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return nil, fmt.Errorf("%s: %w", t.File, err)
	}
	return o, nil
}

func (t *tppPay) read(in io.Reader) ([]byte, error) {
	if t.File == "-" {
		return readAll(in)
	}
	return os.ReadFile(t.File)
}

// payer is the account from which an order is paid, where it says so.
func (o *order) payer() []string {
	p := o.payment
	if o.bundle != nil && len(o.bundle.Transfers) > 0 {
		p = &o.bundle.Transfers[0]
	}
	if p == nil || p.Sender.AccountNumber == "" {
		return nil
	}
	return []string{p.Sender.AccountNumber}
}

// Run makes an order and follows it until nothing more happens at once.
func (t tppPay) Run(c *tppCall) error {
	o, err := t.order(c.in)
	if err != nil {
		return err
	}
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	payer := o.payer()
	if payer == nil && t.From != "" {
		payer = []string{t.From}
	}
	kept, tokens, err := c.consented(p, o.about(), 90, client.Consent{Payment: o.payment, Bundle: o.bundle}, payer...)
	if err != nil {
		return err
	}
	id := t.ID
	if id == "" {
		id = client.NewID()
	}
	session := client.Session{Token: tokens.Access, Present: whoIsThere()}
	var made client.Initiated
	if o.bundle != nil {
		made, err = p.PayBundle(c.ctx, session, id, *o.bundle)
	} else {
		made, err = p.Pay(c.ctx, session, id, *o.payment)
	}
	if err != nil {
		return err
	}
	kept.Made, kept.Kind = made, made.Kind
	if err := p.keep(*kept); err != nil {
		return err
	}
	c.told(&made)
	now, err := c.follow(p, kept)
	if err != nil {
		return err
	}
	if now.GeneralStatus != made.GeneralStatus {
		c.told(&now)
	}
	c.say("Later: okienko tpp --as '%s' status %s", p.path, made.PaymentID+made.BundleID)
	return rejected(&now)
}

// follow refreshes the tokens of an order and asks where it stands: for two
// seconds where its payment system is an instant one.
func (c *tppCall) follow(p *thirdParty, kept *keptConsent) (client.Initiated, error) {
	tokens, err := p.Client.Refresh(c.ctx, kept.Refresh)
	if err != nil {
		return client.Initiated{}, err
	}
	kept.Refresh = tokens.Refresh
	if err := p.keep(*kept); err != nil {
		return client.Initiated{}, err
	}
	session := client.Session{Token: tokens.Access, Present: whoIsThere()}
	kept.Made.Kind = kept.Kind
	for try := 0; ; try++ {
		now, err := status(c.ctx, p, session, kept.Made)
		if err != nil || now.Final() || !instant(now.System) || try == 20 {
			return now, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-c.ctx.Done():
			return now, c.ctx.Err()
		}
	}
}

// instant tells whether a payment system answers at once.
func instant(system string) bool {
	switch system {
	case client.SystemExpressElixir, client.SystemBlueCash, client.SystemInstantSEPA, client.SystemInternal:
		return true
	}
	return false
}

func status(ctx context.Context, p *thirdParty, s client.Session, made client.Initiated) (client.Initiated, error) {
	if made.BundleID != "" {
		return p.BundleStatus(ctx, s, made)
	}
	return p.PaymentStatus(ctx, s, made)
}

// told says where an order stands.
func (c *tppCall) told(i *client.Initiated) {
	id := i.PaymentID
	if i.BundleID != "" {
		id = "bundle " + i.BundleID
	}
	system := ""
	if i.System != "" {
		system = " (" + i.System + ")"
	}
	c.say("%s%s: %s. %s", id, system, i.GeneralStatus, i.DetailedStatus)
	if r := i.Rejection; r != nil {
		c.say("  reason %s, reference %s", r.Reason, r.Reference)
	}
	for k := range i.Transfers {
		t := &i.Transfers[k]
		c.say("  %s %s: %s. %s", t.OwnPaymentID, t.PaymentID, t.GeneralStatus, t.DetailedStatus)
	}
}

// rejected is the bank's no to a payment that it had taken: scripts see it by the
// exit status.
func rejected(i *client.Initiated) error {
	if i.GeneralStatus != client.StatusRejected {
		return nil
	}
	return bank.Refuse(bank.RailRefused, "The payment was rejected.")
}

// orderOf finds what this folder ordered under an id, or takes the caller's word.
func (p *thirdParty) orderOf(id, kind string, bundle, recurring bool) (keptConsent, bool, error) {
	list, err := p.kept()
	if err != nil {
		return keptConsent{}, false, err
	}
	for _, k := range list {
		if id == k.Made.PaymentID || id == k.Made.BundleID {
			return k, true, nil
		}
	}
	k := keptConsent{Kind: client.Kind(kind), Made: client.Initiated{PaymentID: id}}
	switch {
	case bundle:
		k.Made = client.Initiated{BundleID: id}
	case recurring:
		k.Made.RecurringStatus = client.StatusSubmitted // what it was once; by it a standing order is known
	}
	return k, false, nil
}

func (k *keptConsent) target() *client.Target {
	if k.Made.BundleID != "" {
		return &client.Target{BundleID: k.Made.BundleID}
	}
	return &client.Target{PaymentID: k.Made.PaymentID, Recurring: k.Made.RecurringStatus != ""}
}

// Run asks where an order stands: by the consent under which it was made, or by
// one for its status.
func (t tppStatus) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	kept, ours, err := p.orderOf(t.ID, t.Kind, t.Bundle, t.Recurring)
	if err != nil {
		return err
	}
	if !ours {
		given, _, err := c.consented(p, "status of "+t.ID, 90, client.Consent{Status: kept.target()})
		if err != nil {
			return err
		}
		given.Made, given.Kind = kept.Made, kept.Kind
		kept = *given
	}
	now, err := c.follow(p, &kept)
	if err != nil {
		return err
	}
	c.told(&now)
	return rejected(&now)
}

// Run cancels with a consent of its own.
func (t tppCancel) Run(c *tppCall) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.Close()
	kept, _, err := p.orderOf(t.ID, t.Kind, t.Bundle, t.Recurring)
	if err != nil {
		return err
	}
	given, tokens, err := c.consented(p, "cancelling of "+t.ID, 1, client.Consent{Cancel: kept.target()})
	if err != nil {
		return err
	}
	session := client.Session{Token: tokens.Access, Present: whoIsThere()}
	switch to := kept.target(); {
	case to.BundleID != "":
		err = p.CancelBundle(c.ctx, session, kept.Kind, t.ID)
	case to.Recurring:
		err = p.CancelRecurring(c.ctx, session, kept.Kind, t.ID)
	default:
		err = p.Cancel(c.ctx, session, kept.Kind, t.ID)
	}
	if err := errors.Join(err, p.forget(given.ID)); err != nil {
		return err
	}
	c.say("%s is cancelled.", strings.TrimSpace(t.ID))
	return nil
}
