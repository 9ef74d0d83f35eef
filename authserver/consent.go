package authserver

import (
	"context"
	"time"

	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/transfer"
)

// ConsentRules are what a bank may set of the consents of licensed third
// parties. Zero fields have the defaults (psd2 §0.1).
type ConsentRules struct {
	CodeLife    time.Duration // 60 s
	AccessLife  time.Duration // 10 min
	RequestLife time.Duration // 15 min: the link to the customer's page
	// ExternalLife is how long a one-time code of the bank's application lives, and
	// WrongCodes how many wrong ones one third party may show within WrongCodesIn
	// before none of its codes is taken until that time is over.
	ExternalLife time.Duration // 2 min
	WrongCodes   int           // 30
	WrongCodesIn time.Duration // 1 h
	// Fees are what transfers cost, in minor units of the payer's account.
	// What is not named is free.
	Fees map[FeeOf]int64
	// BankCodes are the bank's own sort codes. A number with one of them is paid
	// inside the bank or not at all; without any, only numbers that exist here are.
	BankCodes []string
	// ByHotline are the segments whose access by third parties only the hotline
	// switches; nil means businesses (design §3).
	ByHotline []party.Segment
}

// FeeOf names a price: that of one kind of transfer through one payment system.
type FeeOf struct {
	Kind   transfer.Kind
	System transfer.System
}

func (r ConsentRules) withDefaults() ConsentRules {
	for _, d := range []struct {
		set  *time.Duration
		life time.Duration
	}{
		{&r.CodeLife, codeLife},
		{&r.AccessLife, 10 * time.Minute},
		{&r.RequestLife, 15 * time.Minute},
		{&r.ExternalLife, 2 * time.Minute},
		{&r.WrongCodesIn, time.Hour},
	} {
		if *d.set <= 0 {
			*d.set = d.life
		}
	}
	if r.WrongCodes <= 0 {
		r.WrongCodes = 30
	}
	if r.ByHotline == nil {
		r.ByHotline = []party.Segment{party.Business}
	}
	return r
}

// Counters reads how much of some limits is used (payment.Reader has more).
type Counters interface {
	Counters(ctx context.Context, keys []limit.Key) (map[limit.Key]money.Amount, error)
}
