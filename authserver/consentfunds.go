package authserver

import (
	"time"

	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
)

// FundsAsk is what a customer chose on the page for confirmations of funds
// (PSD2 art. 65).
type FundsAsk struct {
	Person   party.PersonID
	Customer party.CustomerID
	Account  account.ID
	Issuer   thirdparty.Organisation
	Until    time.Time
}
