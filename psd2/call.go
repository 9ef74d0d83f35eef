package psd2

import (
	"net/netip"
	"time"

	"okienko/bank"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// Call is one answered call: a line of the access log, and what the statistics
// of RTS art. 32(4) are made of.
type Call struct {
	At           time.Time  // bank clock
	From         netip.Addr // not valid on a unix socket
	Organisation thirdparty.Organisation
	Client       thirdparty.ClientID // "" while the caller is not known
	Consent      xs2a.ID
	Service      service.Kind
	Act          string    // method and route without the bank's part: "GET /accounts"
	Subject      string    // what the path named: "account:<ref>" …, or ""
	Present      bool      // the customer asked for it
	Outcome      bank.Code // "" when it was served
	Status       int
	Took         time.Duration // wall clock
}
