package customer

import (
	"context"
	"encoding/json"
	"slices"

	"okienko/bank/money"
	"okienko/bank/sca"
)

// act is what a session is about to confirm. What it is bound to is kept by the
// bank (the pairing request, the prepared operation, the consent) or, for limits
// and confirmations of funds, asked for here; the challenge is bound to that content in any case, so an act that a
// browser could change would still confirm nothing else.
type act struct {
	Purpose   sca.Purpose `json:"purpose"`
	Subject   string      `json:"subject"`
	Method    sca.Method  `json:"method,omitempty"`
	Challenge sca.ID      `json:"challenge,omitempty"` // "" until a method is chosen
	To        []string    `json:"to,omitempty"`        // limits asked for: amounts, "" for none; funds: issuer and last day
}

// maxActs bounds how many acts a session is in the middle of, for example in
// several windows. The oldest is forgotten and can be begun again.
const maxActs = 8

// path is where the act is confirmed.
func (a *act) path() string { return "/factor/" + string(a.Purpose) + "/" + a.Subject }

func (d *Door) acts(ctx context.Context) []act {
	var all []act
	if s := d.sessions.GetString(ctx, keyActs); s != "" {
		if json.Unmarshal([]byte(s), &all) != nil {
			return nil
		}
	}
	return all
}

// act finds what the session is in the middle of; otherwise it is a new one.
func (d *Door) act(ctx context.Context, p sca.Purpose, subject string) (a act, begun bool) {
	for _, a := range d.acts(ctx) {
		if a.Purpose == p && a.Subject == subject {
			return a, true
		}
	}
	return act{Purpose: p, Subject: subject}, false
}

func (d *Door) keep(ctx context.Context, a act) error {
	all := append(d.without(ctx, &a), a)
	if n := len(all) - maxActs; n > 0 {
		all = all[n:]
	}
	return d.keepActs(ctx, all)
}

func (d *Door) forget(ctx context.Context, a *act) error { return d.keepActs(ctx, d.without(ctx, a)) }

func (d *Door) without(ctx context.Context, a *act) []act {
	return slices.DeleteFunc(d.acts(ctx), func(o act) bool { return o.Purpose == a.Purpose && o.Subject == a.Subject })
}

func (d *Door) keepActs(ctx context.Context, all []act) error {
	b, err := json.Marshal(all)
	if err == nil {
		d.sessions.Put(ctx, keyActs, string(b))
	}
	return err
}

// amounts reads To; ok is false when it is not n amounts.
func (a *act) amounts(n int, c money.Currency) (_ []money.Amount, ok bool) {
	if len(a.To) != n {
		return nil, false
	}
	out := make([]money.Amount, n)
	for i, s := range a.To {
		if s == "" {
			continue
		}
		var err error
		if out[i], err = money.Parse(s, c); err != nil {
			return nil, false
		}
	}
	return out, true
}

// said writes amounts for To.
func said(amounts ...money.Amount) []string {
	out := make([]string, len(amounts))
	for i, a := range amounts {
		if a.Currency() != "" {
			out[i] = a.String()
		}
	}
	return out
}
