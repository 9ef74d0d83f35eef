package payment

import (
	"okienko/bank/audit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/rail"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Initiate has the payment of a consent made: one transfer, a standing order or
// a bundle. What is ordered must be what the customer consented to, to the byte
// (ConsentDiffers otherwise). A consent makes its payment once; the same TPPID
// with the same content gets the first answer again, another content is refused
// as OperationReused. An order that meets a limit or lacks money is accepted and
// rejected, with the reason (psd2 §0.1).
type Initiate struct {
	Consent xs2a.ID
	Client  thirdparty.ClientID
	TPPID   string // TPP-Payment-ID or TPP-Bundle-ID
	Orders  []Initiation
	Bundle  bool
	Total   money.Amount // bundle
}

// Initiation is one payment of an order.
type Initiation struct {
	TPPID string // bundles: of the payment inside it
	Order transfer.Instruction
}

// RunTransfer has a scheduled transfer executed, or rejected, when its time has
// come. Running what is not due is harmless.
type RunTransfer struct{ Transfer transfer.ID }

// RunStanding makes the payment of a standing order that has fallen due. Running
// what is not due is harmless.
type RunStanding struct{ Standing transfer.StandingID }

// Settle writes down what a payment system made of a pending transfer: it is
// booked through the system's clearing account, or its money is free again.
// Settling what has ended already is harmless.
type Settle struct {
	Transfer transfer.ID
	Verdict  rail.Verdict
}

// ReturnFunds books the money of a transfer that was done and came back.
// Returning twice is harmless.
type ReturnFunds struct {
	Transfer transfer.ID
	Reason   string
}

// Revoke cancels what has not been executed: exactly one of the three ids is
// set. Consent is the cancelling consent of a third party, "" when the customer
// cancels in internet banking; a Payments consent with the right CancelPayment
// for exactly this object. Cancelling what is executed, sent or cancelled is
// refused as PaymentFinal; of a bundle every transfer that can be is cancelled,
// and none at all is PaymentFinal. The last call is LastCall before a transfer is
// handed to its payment system.
type Revoke struct {
	Consent  xs2a.ID
	Client   thirdparty.ClientID
	By       audit.Actor      // when Consent is ""
	Customer party.CustomerID // whose it must be when the customer cancels
	Transfer transfer.ID
	Bundle   transfer.BundleID
	Standing transfer.StandingID
}
