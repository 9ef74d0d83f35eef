package sandbox

import (
	"context"
	"net/http"
	"time"

	"okienko/bank"
)

// drawnCode is the last one-time code for third parties that a phone has drawn.
type drawnCode struct {
	code  string
	until time.Time
}

// HasCodes tells whether an owner's phone draws codes for third parties.
func (p *Phone) HasCodes(login string) bool {
	o, err := p.owner(login)
	return err == nil && o.Device != "" && p.cfg.NewCode != nil
}

// NewCode draws a one-time code for third parties, in the place of the one before.
func (p *Phone) NewCode(ctx context.Context, login string) (code string, until time.Time, err error) {
	o, err := p.owner(login)
	if err != nil {
		return "", time.Time{}, err
	}
	if o.Device == "" || p.cfg.NewCode == nil {
		return "", time.Time{}, bank.Refuse(bank.FactorMissing, "This phone draws no codes.")
	}
	if code, until, err = p.cfg.NewCode(ctx, o.Person); err != nil {
		return "", time.Time{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[login] = drawnCode{code, until}
	return code, until, nil
}

// Code is the code that an owner's phone has drawn last, "" when it has drawn
// none or it has expired. The phone does not learn whether it was used.
func (p *Phone) Code(login string, now time.Time) (code string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.codes[login]
	if !now.Before(c.until) {
		return "", time.Time{}
	}
	return c.code, c.until
}

type codeJSON struct {
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (p *Phone) serveCode(w http.ResponseWriter, r *http.Request) error {
	code, until, err := p.NewCode(r.Context(), r.PathValue("login"))
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, codeJSON{Code: code, ExpiresAt: until})
	return nil
}
