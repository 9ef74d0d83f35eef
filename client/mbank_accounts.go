package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func (m mbank) accounts(ctx context.Context, s Session) ([]Account, error) {
	var out struct {
		Accounts []Account `json:"accounts"`
	}
	err := m.get(ctx, s, m.bank("/accounts"), &out)
	return out.Accounts, err
}

func (m mbank) accountPath(id string) string { return m.bank("/accounts/" + url.PathEscape(id)) }

func (m mbank) account(ctx context.Context, s Session, id string) (AccountDetails, error) {
	var out AccountDetails
	err := m.get(ctx, s, m.accountPath(id), &out)
	return out, err
}

func (m mbank) transaction(ctx context.Context, s Session, account, id string) (Transaction, error) {
	var out Transaction
	err := m.get(ctx, s, m.accountPath(account)+"/transactions/"+url.PathEscape(id), &out)
	return out, err
}

func (m mbank) firstPage(ctx context.Context, s Session, account string, f Filter) (Page, error) {
	var p Page
	if f.FromID+f.BookedFrom+f.BookedTo+f.MinAmount+f.MaxAmount+f.Category != "" {
		return p, fmt.Errorf("%w: mBank's filter has a status, days and a page size", ErrNotInForm)
	}
	err := m.get(ctx, s, m.accountPath(account)+"/transactions"+f.query(), &p)
	return p, err
}

func (m mbank) pageAfter(ctx context.Context, s Session, p *Page) (Page, error) {
	var next Page
	err := m.get(ctx, s, m.pathOf(p.Next()), &next)
	return next, err
}

// pathOf is the path of a link, whether the bank wrote it whole or not. A link to
// another host is no path, and is refused before a token goes there.
func (m mbank) pathOf(href string) string { return strings.TrimPrefix(href, m.c.base) }

func (f *Filter) query() string {
	var q []string // in the order of the description, for whoever reads a log
	add := func(name, value string) {
		if value != "" {
			q = append(q, name+"="+url.QueryEscape(value))
		}
	}
	add("transactionStatus", f.Status)
	add("transactionDateFrom", f.From)
	add("transactionDateTo", f.To)
	if f.PageSize > 0 {
		add("pageSize", strconv.Itoa(f.PageSize))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + strings.Join(q, "&")
}

func (m mbank) funds(ctx context.Context, number, amount, currency string) (bool, error) {
	var out struct {
		Available bool `json:"fundsAvailable"`
	}
	err := m.c.do(ctx, call{
		method: http.MethodPost, path: m.bank("/funds-confirmation"), repeatable: true,
		body: map[string]string{"accountNumber": number, "amount": amount, "currency": currency},
	}, &out)
	return out.Available, err
}
