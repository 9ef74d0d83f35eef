package authserver

import (
	"time"

	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// ConsentTokenParams are the parameters of a third party's call for tokens.
type ConsentTokenParams struct {
	Client            thirdparty.ClientID
	GrantType         string
	Code, RedirectURI string           // authorization_code
	RefreshToken      string           // refresh_token
	Narrow            *ConsentNarrow   // refresh_token: nil leaves everything as it is
	ExchangeToken     string           // exchange_token: a good access token
	Exchange          *ConsentExchange // exchange_token
}

// ConsentNarrow is what a refresh asks for. Empty fields leave what stands. The
// ids name what a payment consent is to look at from now on.
type ConsentNarrow struct {
	Scope    xs2a.Scope
	Grants   []xs2a.Grant
	Transfer transfer.ID
	Bundle   transfer.BundleID
	Standing transfer.StandingID
}

// ConsentExchange is what a list of accounts is exchanged for (psd2 §6.3).
type ConsentExchange struct {
	Scope   xs2a.Scope
	TPPID   string   // of the very same consent
	Numbers []string // full, or masked where only one account of the consent fits
	Grants  []xs2a.Grant
	Until   time.Time // the zero time, and any later than the consent's own, mean the consent's
}

// ConsentTokenAnswer are new tokens, with what they allow.
type ConsentTokenAnswer struct {
	AccessToken, RefreshToken string
	ExpiresIn                 int64 // seconds
	Consent                   xs2a.Consent
}
