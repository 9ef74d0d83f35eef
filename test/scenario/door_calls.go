package scenario

import (
	"net/http"
	"strconv"
	"time"

	"okienko/bank/consent"
)

// request is one call of partner-api §7.
type request struct {
	app, customer string // by whose token
	method, path  string // path "" when there is no such call
	body          map[string]any
	operation     string // operationId
	once          string // what is done once, however often it is ordered; "" for readings
	asks          bool   // for a confirmation
}

// success is the status that partner-api §7 gives a call that is served.
func (c *request) success(v Verb) int {
	switch {
	case c.method == http.MethodDelete:
		return http.StatusNoContent
	case v == Hold || v == Pay || v == Capture:
		return http.StatusCreated
	}
	return http.StatusOK
}

// callOf is the call by which an application does what an act says, nil when
// the act is not an application's.
func (d *door) callOf(a *Act, object string) *request {
	c := &request{app: a.Args["app"], customer: a.Args["customer"], method: http.MethodPost}
	switch a.Verb {
	case Hold, AskHold, ChangeHold, AskChangeHold, Capture, Pay, AskPay, ChangePayment, AskChangePayment, AskPermission, Release, Cancel, Read:
	default:
		return nil
	}
	if c.customer == "" {
		c.customer = d.ownerOf(object)
	}
	account := d.accountID(c.app, c.customer)
	if a.Has("naming") {
		account = d.accountID(c.app, a.Args["naming"])
	}
	holds := "/account/" + account + "/blockade"
	switch a.Verb {
	case Hold:
		c.path = holds
	case AskHold:
		c.path = holds + "/authorize"
	case ChangeHold:
		c.method, c.path = http.MethodPut, holds+"/"+object
	case AskChangeHold:
		c.path = holds + "/" + object + "/authorize"
	case Release:
		c.method, c.path, c.once = http.MethodDelete, holds+"/"+object, "release "+object
		return c
	case Pay, Capture:
		c.path = "/payment"
	case AskPay:
		c.path = "/payment/authorize"
	case ChangePayment:
		c.method, c.path = http.MethodPut, "/payment/"+object
	case AskChangePayment:
		c.path = "/payment/" + object + "/authorize"
	case Cancel:
		c.method, c.path, c.once = http.MethodDelete, "/payment/"+object, "cancel "+object
		return c
	case AskPermission:
		c.path, c.asks = "/permission/authorize", true
		c.body = map[string]any{"permissions": []string{a.Args["permission"]}}
		c.back(a)
		return c
	case Read:
		c.method, c.path = http.MethodGet, reading(a.Permission("permission"), account)
		return c
	}
	d.order(c, a, object, account)
	return c
}

// order words what is ordered of a hold or a payment.
func (d *door) order(c *request, a *Act, object, account string) {
	c.operation = d.operation(a)
	c.once = "operation " + c.app + " " + c.operation
	c.body = map[string]any{"operationId": c.operation}
	changesHold := a.Verb == ChangeHold || a.Verb == AskChangeHold
	if a.Has("amount") {
		c.body["amount"] = a.Args["amount"]
	}
	switch {
	case a.Has("title"):
		c.body["title"] = a.Args["title"]
	case !changesHold:
		c.body["title"] = "A scenario"
	}
	if !changesHold {
		c.body["currency"] = "PLN"
	}
	if a.Has("on") {
		c.body["executionDate"] = a.Args["on"]
	}
	switch {
	case a.Has("life"):
		c.body["validTo"] = d.now.Add(a.Duration("life")).Format(time.RFC3339)
	case a.Has("until-date"):
		c.body["validTo"] = a.Moment("until-date", "until-time").Format(time.RFC3339)
	}
	switch a.Verb {
	case Capture:
		c.body["blockadeId"] = object
		fallthrough
	case Pay, AskPay, ChangePayment, AskChangePayment:
		c.body["account_id"] = account
	}
	switch a.Verb {
	case AskHold, AskChangeHold, AskPay, AskChangePayment:
		c.once, c.asks = "question "+c.app+" "+c.operation, true
		c.back(a)
	}
}

// back says how the customer comes back to the application (partner-api §8).
func (c *request) back(a *Act) {
	c.body["appType"], c.body["os_type"], c.body["callbackUri"] = "web", "ALL", callback
	if a.Has("callback") {
		c.body["callbackUri"] = a.Args["callback"]
	}
	if a.Has("app-type") {
		c.body["appType"], c.body["os_type"] = a.Args["app-type"], a.Args["os-type"]
	}
}

// reading is the call that a permission to read allows and that needs no object.
func reading(p consent.Permission, account string) string {
	switch p {
	case consent.Permission{Object: consent.Payments, Action: consent.ReadList}:
		return "/payment"
	case consent.Permission{Object: consent.Blockades, Action: consent.ReadList}:
		return "/account/" + account + "/blockade"
	case consent.Permission{Object: consent.Transactions, Action: consent.ReadList}:
		return "/account/" + account + "/transaction"
	case consent.Permission{Object: consent.User, Action: consent.ReadDet}:
		return "/user"
	}
	return ""
}

func (d *door) operation(a *Act) string {
	if a.Has("id") {
		return a.Args["id"]
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops++
	return "own-" + strconv.Itoa(d.ops)
}

// ownerOf is the customer whose an object is; about what does not exist an
// application speaks by its pairing with anna, whom every file has.
func (d *door) ownerOf(object string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, known := d.owners[object]; known {
		return c
	}
	return "anna"
}

// accountID is the account_id by which an application knows a customer's account.
func (d *door) accountID(app, customer string) string {
	if p := d.pairings[app+" "+customer]; p != nil {
		return p.tokens.AccountID
	}
	return "unknown"
}
