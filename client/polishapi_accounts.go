package client

import (
	"context"
	"errors"
	"fmt"
)

// reading is a call that reads for a customer, who is there or is not.
func (p polishAPI) reading(s Session, operation string, body any) call {
	about := requestHeader{IsDirectPSU: s.Present != nil}.from(s.Present)
	k := p.under(s, "accounts", operation, about, body)
	k.repeatable = true
	return k
}

type pageInfo struct {
	Next string `json:"nextPage"`
}

// accounts reads all pages: a list of accounts is short.
func (p polishAPI) accounts(ctx context.Context, s Session) ([]Account, error) {
	var list []Account
	for page := ""; ; {
		body := map[string]string{}
		if page != "" {
			body["pageId"] = page
		}
		var out struct {
			Accounts []Account `json:"accounts"`
			Page     pageInfo  `json:"pageInfo"`
		}
		if err := p.c.do(ctx, p.reading(s, "getAccounts", body), &out); err != nil {
			return nil, err
		}
		for i := range out.Accounts {
			out.Accounts[i].spell()
		}
		list = append(list, out.Accounts...)
		switch out.Page.Next {
		case "":
			return list, nil
		case page:
			return nil, errCircle
		}
		page = out.Page.Next
	}
}

// spell puts the words of an account into this package's spelling.
func (a *Account) spell() {
	for i := range a.Relations {
		r := &a.Relations[i]
		r.Type, r.Proxy = plain(r.Type), plain(r.Proxy)
	}
}

func (p polishAPI) account(ctx context.Context, s Session, id string) (AccountDetails, error) {
	var out struct {
		Account struct {
			AccountDetails
			Bank *polishBank `json:"bank"`
		} `json:"account"`
	}
	if err := p.c.do(ctx, p.reading(s, "getAccount", map[string]string{"accountNumber": id}), &out); err != nil {
		return AccountDetails{}, err
	}
	a := out.Account.AccountDetails
	a.spell()
	a.HolderType = plain(a.HolderType)
	if lines := a.NameAddress.Value; len(lines) > 0 {
		a.Name = lines[0]
	}
	if b := out.Account.Bank; b != nil {
		a.Bank.BIC, a.Bank.Name, a.Bank.Address = b.BIC, b.Name, b.Address.lines
	}
	return a, nil
}

// polishItem is one item of a history. Amounts have no sign here: the category has.
type polishItem struct {
	ID              string            `json:"itemId"`
	Amount          string            `json:"amount"`
	Currency        string            `json:"currency"`
	Description     string            `json:"description"`
	Type            string            `json:"transactionType"`
	Category        string            `json:"transactionCategory"`
	Status          Code              `json:"transactionStatus"`
	TradeDate       string            `json:"tradeDate"`
	BookingDate     string            `json:"bookingDate"`
	Balance         string            `json:"postTransactionBalance"`
	MCC             string            `json:"mcc"`
	Initiator       polishLines       `json:"initiator"`
	Sender          polishParty       `json:"sender"`
	Recipient       polishParty       `json:"recipient"`
	RejectionReason string            `json:"rejectionReason"`
	RejectionDate   string            `json:"rejectionDate"`
	HoldExpiration  string            `json:"holdExpirationDate"`
	AuxData         map[string]string `json:"auxData"`
}

// transaction is an item in this package's words. status is that of the list in
// which it stands, "" where it is not known.
func (w *polishItem) transaction(status string) Transaction {
	t := Transaction{
		ID: w.ID, Amount: w.Amount, Currency: w.Currency, Description: w.Description, Type: w.Type, Category: w.Category,
		Status: status, TradeDate: w.TradeDate, BookingDate: w.BookingDate, Balance: w.Balance, MCC: w.MCC,
		Sender: w.Sender.party(), Recipient: w.Recipient.party(), RejectionReason: w.RejectionReason, RejectionDate: w.RejectionDate,
		HoldExpiration: w.HoldExpiration, AuxData: w.AuxData,
	}
	if t.Status == "" {
		t.Status = plain(w.Status.Code)
	}
	if t.Category == "" && status == StatusHold {
		t.Category = "DEBIT"
	}
	if t.Category == "DEBIT" {
		t.Amount = "-" + t.Amount
	}
	if len(w.Initiator.Value) > 0 {
		t.Initiator = w.Initiator.Value[0]
	}
	return t
}

func (p polishAPI) transaction(ctx context.Context, s Session, account, id string) (Transaction, error) {
	var out struct {
		Base            polishItem `json:"baseInfo"`
		CurrencyDate    string     `json:"currencyDate"`
		OwnID           string     `json:"tppTransactionId"`
		RejectionReason string     `json:"rejectionReason"`
		HoldExpiration  string     `json:"holdExpirationDate"`
		SplitPayment    bool       `json:"splitPayment"`
		Split           *Split     `json:"transactionInfoSp"`
		TaxForm         *TaxForm   `json:"usInfo"`
		ZUS             *ZUSForm   `json:"zusInfo"`
		Card            *Card      `json:"cardInfo"`
		Rates           []Rate     `json:"transactionRate"`
		BaseCurrency    string     `json:"baseCurrency"`
		BaseAmount      string     `json:"amountBaseCurrency"`
		InstrumentID    string     `json:"usedPaymentInstrumentId"`
		TPPName         string     `json:"tppName"`
	}
	err := p.c.do(ctx, p.reading(s, "getTransactionDetail", map[string]string{"itemId": id, "accountNumber": account}), &out)
	if err != nil {
		return Transaction{}, err
	}
	t := out.Base.transaction("")
	t.CurrencyDate, t.OwnID, t.SplitPayment, t.Split, t.TaxForm = out.CurrencyDate, out.OwnID, out.SplitPayment, out.Split, out.TaxForm
	t.RejectionReason, t.HoldExpiration = out.RejectionReason, out.HoldExpiration
	t.ZUS, t.Card, t.Rates, t.BaseCurrency, t.BaseAmount = out.ZUS, out.Card, out.Rates, out.BaseCurrency, out.BaseAmount
	t.InstrumentID, t.TPPName = out.InstrumentID, out.TPPName
	return t, nil
}

// historyBody asks for one page of a history.
type historyBody struct {
	AccountNumber string `json:"accountNumber"`
	FromID        string `json:"itemIdFrom,omitempty"`
	From          string `json:"transactionDateFrom,omitempty"`
	To            string `json:"transactionDateTo,omitempty"`
	BookedFrom    string `json:"bookingDateFrom,omitempty"`
	BookedTo      string `json:"bookingDateTo,omitempty"`
	MinAmount     string `json:"minAmount,omitempty"`
	MaxAmount     string `json:"maxAmount,omitempty"`
	PageID        string `json:"pageId,omitempty"`
	PageSize      int    `json:"perPage,omitempty"`
	Category      string `json:"type,omitempty"`
}

func (p polishAPI) firstPage(ctx context.Context, s Session, account string, f Filter) (Page, error) {
	return p.page(ctx, s, account, f, "")
}

func (p polishAPI) pageAfter(ctx context.Context, s Session, page *Page) (Page, error) {
	if page.next == "" {
		return Page{}, errors.New("client: there is no page after the last one")
	}
	return p.page(ctx, s, page.account, page.filter, page.next)
}

func (p polishAPI) page(ctx context.Context, s Session, account string, f Filter, id string) (Page, error) {
	operation, ok := histories[f.Status]
	if !ok {
		return Page{}, fmt.Errorf("%w: PolishAPI reads one status at a time, and %q is none", ErrNotInForm, f.Status)
	}
	body := historyBody{
		AccountNumber: account, FromID: f.FromID, From: f.From, To: f.To, BookedFrom: f.BookedFrom, BookedTo: f.BookedTo,
		MinAmount: f.MinAmount, MaxAmount: f.MaxAmount, PageID: id, PageSize: f.PageSize, Category: f.Category,
	}
	var out struct {
		Transactions []polishItem `json:"transactions"`
		Holds        []polishItem `json:"holds"`
		Page         pageInfo     `json:"pageInfo"`
	}
	if err := p.c.do(ctx, p.reading(s, operation, &body), &out); err != nil {
		return Page{}, err
	}
	page := Page{next: out.Page.Next, account: account, filter: f}
	for _, list := range [][]polishItem{out.Transactions, out.Holds} {
		for i := range list {
			page.Transactions = append(page.Transactions, list[i].transaction(f.Status))
		}
	}
	return page, nil
}

func (p polishAPI) funds(ctx context.Context, number, amount, currency string) (bool, error) {
	var out struct {
		Available bool `json:"fundsAvailable"`
	}
	k := p.call("confirmation", "getConfirmationOfFunds", &requestHeader{}, map[string]string{"accountNumber": number, "amount": amount, "currency": currency})
	k.repeatable = true
	err := p.c.do(ctx, k, &out)
	return out.Available, err
}
