package ui

import "okienko/bank/money"

// Consent is the page where a customer lets an application in.
// Inputs: `account`, `permission` (repeated, optional ones only), `single`, `daily`,
// `monthly`, `threshold`, and the button `decision` (continue, refuse).
type Consent struct {
	Common
	Action      string
	Kind        ConsentKind
	Application Application
	Environment Environment
	Obligatory  []Permission         // fixed; the handler takes them from the application, never from the form
	Optional    []OptionalPermission // checkboxes
	Held        []Permission         // agreed before; for MorePermissions and Renewal
	Accounts    []AccountChoice      // empty when the account is not asked (MorePermissions, Renewal)
	Account     string               // chosen id
	From        AccountLine          // the account of a pairing that exists; for MorePermissions and Renewal
	Limits      *LimitsForm          // nil: the application moves no money, or limits stay as they are
	Payee       Payee                // the partner's account; empty when no money can move
	ValidUntil  Moment               // zero: until the customer ends it
	Calls       int64                // calls allowed until consent is asked again; -1 or 0: no restriction
	MayRelease  bool                 // the customer may release this application's holds
	TakeBackURL string               // "connected applications"; empty names the place without a link
}

func (Consent) template() string { return "consent" }

// ConsentKind is why the application asks.
type ConsentKind string

// The values of ConsentKind.
const (
	NewPairing      ConsentKind = "new"
	AgainPairing    ConsentKind = "again" // paired already; this replaces it
	Renewal         ConsentKind = "renew"
	MorePermissions ConsentKind = "more"
)

// Environment is the status of an application (partner-api §2).
type Environment string

// The values of Environment.
const (
	Sandbox Environment = "SANDBOX"
	Beta    Environment = "BETA"
	Public  Environment = "PUBLIC"
)

// Permission is OBJECT:ACTION of partner-api §5, such as BLOCKADES:CREATE.
type Permission string

// OptionalPermission is a permission the customer may leave out.
type OptionalPermission struct {
	Permission Permission
	Chosen     bool
}

// AccountChoice is one account that the reader may give to an application.
type AccountChoice struct {
	ID        string
	Name      string
	NRB       string
	Available money.Amount
	Obstacle  Obstacle // not empty: shown, but cannot be chosen
}

// Obstacle is why an account cannot be chosen.
type Obstacle string

// The values of Obstacle.
const (
	ObstacleNone     Obstacle = ""
	ObstacleOff      Obstacle = "off"            // API access is switched off
	ObstacleBlocked  Obstacle = "blocked"        // API access is blocked by the bank or the customer
	ObstacleClosed   Obstacle = "closed"         // no money can leave the account
	ObstacleCurrency Obstacle = "currency"       // not in PLN
	ObstaclePayee    Obstacle = "payee"          // it is the partner's own collecting account
	ObstacleOther    Obstacle = "other_currency" // not in the currency of the payment
)

// LimitsForm holds the four limits of an agreement (partner-api §5).
type LimitsForm struct {
	Single, Daily, Monthly, Threshold AmountField
}

// AmountField is an amount that the reader may type.
type AmountField struct {
	Now   money.Amount // shown while Typed is empty
	Typed string       // what came back with a fault
	Max   money.Amount // may not be passed; without a currency nothing is said about it
}
