package partnerapi_test

import (
	"net/http"
	"strings"
	"testing"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/payment"
)

// fault is one thing wrong with a request, and what the answer says about it.
type fault struct {
	name   string
	wreck  func(w *world, a *ask)
	status int
	code   string
	reason string // beginning of X-Okienko-Reason
}

// ordered is a call with all that can be wrong with it, in the order in which it
// must be found (partner-api §6).
type ordered struct {
	method, path, body string
	permission         string
	foreign            func(w *world, a *ask) // nil: the call names no object
	wrong              func(w *world, a *ask) // a wrong parameter; nil: it has none
	used               bool                   // it has an operationId, which may be known
	money              bool                   // it is counted in limits
	stateless          bool                   // it asks for no state
	prepare            func(w *world) string  // makes what the call is about; returns its path
	success            int
}

const noCallLeft = "calls of the permission"

func setHeader(name, value string) func(*world, *ask) {
	return func(_ *world, a *ask) { a.header.Set(name, value) }
}

func replaceBody(from, to string) func(*world, *ask) {
	return func(_ *world, a *ask) { a.body = strings.Replace(a.body, from, to, 1) }
}

func otherAccountInPath(_ *world, a *ask) { a.path = strings.Replace(a.path, accountRef, otherRef, 1) }

func otherAccountInBody(_ *world, a *ask) { a.body = strings.Replace(a.body, accountRef, otherRef, 1) }

func unknownObject(_ *world, a *ask) { a.path = strings.Replace(a.path, "/id-", "/no-", 1) }

func addQuery(q string) func(*world, *ask) { return func(_ *world, a *ask) { a.path += "?" + q } }

func (o *ordered) faults() []fault {
	var all []fault
	add := func(name string, status int, code, reason string, wreck func(*world, *ask)) {
		all = append(all, fault{name, wreck, status, code, reason})
	}
	add("Accept", 406, "not_acceptable", "Accept", setHeader("Accept", "text/xml"))
	add("Content-Type", 415, "unsupported_media_type", "Content-Type", setHeader("Content-Type", "text/plain"))
	if o.body != "" {
		add("size", 413, "content_too_large", "length", func(_ *world, a *ask) { a.body += strings.Repeat(" ", 17<<10) })
	}
	add("no token", 401, "access_token_required", "token_missing", func(_ *world, a *ask) { a.header.Del("access_token") })
	add("unknown token", 401, "aceess_token_not_exist", "token_unknown", setHeader("access_token", "nobody's"))
	add("revoked token", 401, "access_token_invalid", "token_invalid", setHeader("access_token", oldToken))
	if o.permission != "" {
		add("permission", 403, "request_out_of_permissions", "permission_missing", func(w *world, _ *ask) {
			w.mem.change(func(s *payment.State) {
				a := *s.Agreements[pairing]
				a.Grants = nil
				s.Agreements[pairing] = &a
			})
		})
		add("time of the permission", 403, "request_out_of_permissions", "permission_used_up", func(w *world, _ *ask) {
			w.grant(o.permission, func(g *consent.Grant) { g.ValidSeconds, g.GivenAt = 1, startOfTest.Add(-1e10) })
		})
		if o.prepare == nil || !strings.HasPrefix(o.path, "/authorization") {
			add(noCallLeft, 403, "request_out_of_permissions", "permission_used_up", func(w *world, _ *ask) { w.quota(o.permission, 0) })
		}
	}
	if o.foreign != nil {
		add("object", 404, "not_found", "not_found", o.foreign)
	}
	if o.wrong != nil {
		add("parameter", 400, "parameters_error", "invalid_parameter", o.wrong)
	}
	if o.used {
		add("known id", 400, "parameters_error", "operation_reused", func(w *world, a *ask) { a.body = strings.Replace(a.body, `"new"`, `"used"`, 1) })
	}
	if !o.stateless {
		add("customer", 400, "request_reject_by_user_product_state", "customer_blocked", func(w *world, _ *ask) {
			w.mem.change(func(s *payment.State) {
				s.Customers[anna] = &party.Customer{ID: anna, Blocked: party.Block{By: "hotline"}}
			})
		})
		add("account", 400, "request_reject_by_user_product_state", "account_blocked", func(w *world, _ *ask) {
			w.mem.change(func(s *payment.State) {
				a := *s.Accounts[annaPays]
				a.Status = account.Blocked
				s.Accounts[annaPays] = &a
			})
		})
	}
	if o.money {
		all = append(all, moneyFaults(o)...)
	}
	return all
}

// moneyFaults are the limits, each wrecked so that it alone refuses.
func moneyFaults(o *ordered) []fault {
	limits := func(change func(*limit.Limits)) func(*world, *ask) {
		return func(w *world, _ *ask) {
			w.mem.change(func(s *payment.State) {
				a := *s.Agreements[pairing]
				change(&a.Limits)
				s.Agreements[pairing] = &a
			})
		}
	}
	all := []fault{
		{"single", limits(func(l *limit.Limits) { l.Single = pln(1_00) }), 400, "app_limit_exceeded", "single_limit"},
		{"daily", limits(func(l *limit.Limits) { l.Daily = pln(1_00) }), 400, "app_limit_exceeded", "daily_limit"},
		{"monthly", limits(func(l *limit.Limits) { l.Monthly = pln(1_00) }), 400, "app_limit_exceeded", "monthly_limit"},
		{"customer's own", func(w *world, _ *ask) {
			w.mem.change(func(s *payment.State) {
				s.CustomerLimits[anna] = &limit.OfCustomer{OneOff: limit.Caps{Daily: limit.CapAt(pln(1_00))}}
			})
		}, 400, "user_limit exceeded", "customer_limit"},
	}
	if o.method == http.MethodPost && !strings.Contains(o.path, "%") {
		all = append(all, fault{"charges", func(w *world, _ *ask) {
			w.mem.change(func(s *payment.State) {
				app := *s.Applications[shop]
				app.Fees, app.Charges = fee.Table{fee.Hold: 150, fee.Payment: 150}, limit.CapAt(pln(1_00))
				s.Applications[shop] = &app
			})
		}, 400, "charges_limit exceeded", "charges_limit"})
	}
	if !strings.HasPrefix(o.path, "/payment/%") { // a scheduled payment needs its funds on its day
		all = append(all, fault{"funds", func(w *world, _ *ask) {
			w.mem.change(func(s *payment.State) {
				a := *s.Accounts[annaPays]
				a.Booked = a.Held
				s.Accounts[annaPays] = &a
			})
		}, 400, "request_reject_by_user_product_state", "insufficient_funds"})
	}
	if !strings.HasSuffix(o.path, "/authorize") {
		all = append(all, fault{"threshold", limits(func(l *limit.Limits) { l.Unconfirmed = pln(1_00) }), 401, "authorization_required", "authorisation_required"})
	}
	return all
}

func aHold(w *world) string {
	return w.good("POST", holds, holdBody("first", "5.00")).field("blockadeId")
}

func aScheduledPayment(w *world) string {
	return w.good("POST", "/payment", payBody("first", "5.00", `,"executionDate":"2026-12-01"`)).field("paymentId")
}

func aTransaction(w *world) string {
	w.good("POST", "/payment", payBody("first", "5.00", ""))
	body := w.good("GET", "/account/"+accountRef+"/transaction", "").body
	_, rest, _ := strings.Cut(body, `"transactionId":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func anAuthorisation(w *world) string {
	return w.good("POST", "/payment/authorize", confirmed(payBody("first", "300.00", ""))).field("authorizationId")
}

// calls are all calls that need a token. In a path, %s is what prepare makes.
func calls() []*ordered {
	badAmount := replaceBody(`"20.00"`, `"20.0"`)
	badPage := addQuery("pageSize=0")
	const transactions = "/account/" + accountRef + "/transaction"
	const permit = `{"permissions":["USER:READ_DET"]` + wayBack + `}`
	return []*ordered{
		{method: "POST", path: holds, body: holdBody("new", "20.00"), permission: "BLOCKADES:CREATE",
			foreign: otherAccountInPath, wrong: badAmount, used: true, money: true, success: 201},
		{method: "PUT", path: holds + "/%s", body: `{"operationId":"new","amount":"20.00"}`, permission: "BLOCKADES:UPDATE",
			foreign: unknownObject, wrong: badAmount, used: true, money: true, prepare: aHold, success: 200},
		{method: "DELETE", path: holds + "/%s", permission: "BLOCKADES:DELETE", foreign: otherAccountInPath, prepare: aHold, success: 204},
		{method: "GET", path: holds, permission: "BLOCKADES:READ_LIST", foreign: otherAccountInPath, wrong: badPage, success: 200},
		{method: "GET", path: holds + "/%s", permission: "BLOCKADES:READ_DET", foreign: unknownObject, prepare: aHold, success: 200},
		{method: "POST", path: "/payment", body: payBody("new", "20.00", ""), permission: "PAYMENTS:CREATE",
			foreign: otherAccountInBody, wrong: badAmount, used: true, money: true, success: 201},
		{method: "PUT", path: "/payment/%s", body: payBody("new", "20.00", ""), permission: "PAYMENTS:UPDATE",
			foreign: unknownObject, wrong: badAmount, used: true, money: true, prepare: aScheduledPayment, success: 200},
		{method: "DELETE", path: "/payment/%s", permission: "PAYMENTS:DELETE", foreign: unknownObject, prepare: aScheduledPayment, success: 204},
		{method: "GET", path: "/payment", permission: "PAYMENTS:READ_LIST", wrong: badPage, success: 200},
		{method: "GET", path: "/payment/%s", permission: "PAYMENTS:READ_DET", foreign: unknownObject, prepare: aScheduledPayment, success: 200},
		{method: "GET", path: transactions, permission: "TRANSACTIONS:READ_LIST", foreign: otherAccountInPath, wrong: badPage, success: 200},
		{method: "GET", path: transactions + "/%s", permission: "TRANSACTIONS:READ_DET", foreign: unknownObject, prepare: aTransaction, success: 200},
		{method: "GET", path: "/user", permission: "USER:READ_DET", success: 200},
		{method: "POST", path: holds + "/authorize", body: confirmed(holdBody("new", "20.00")), permission: "BLOCKADES:CREATE",
			foreign: otherAccountInPath, wrong: badAmount, used: true, money: true, success: 200},
		{method: "POST", path: "/payment/authorize", body: confirmed(payBody("new", "20.00", "")), permission: "PAYMENTS:CREATE",
			foreign: otherAccountInBody, wrong: badAmount, used: true, money: true, success: 200},
		{method: "POST", path: holds + "/%s/authorize", body: confirmed(`{"operationId":"new","amount":"20.00"}`), permission: "BLOCKADES:UPDATE",
			foreign: unknownObject, wrong: badAmount, used: true, money: true, prepare: aHold, success: 200},
		{method: "POST", path: "/payment/%s/authorize", body: confirmed(payBody("new", "20.00", "")), permission: "PAYMENTS:UPDATE",
			foreign: unknownObject, wrong: badAmount, used: true, money: true, prepare: aScheduledPayment, success: 200},
		{method: "GET", path: "/authorization/%s", permission: "PAYMENTS:CREATE", prepare: anAuthorisation, success: 200},
		{method: "POST", path: "/permission/authorize", body: permit, wrong: replaceBody(`["USER`, `["user`), success: 200},
		{method: "DELETE", path: "/pairing", stateless: true, success: 204},
	}
}

// One request breaks everything and is mended rule by rule: the answer always
// names the first rule that is still broken.
func TestOrderOfChecks(t *testing.T) {
	for _, o := range calls() {
		t.Run(o.method+" "+strings.ReplaceAll(o.path, "%s", "id"), func(t *testing.T) {
			faults := o.faults()
			for mended := range len(faults) + 1 {
				w := newWorld(t)
				a := newAsk(o.method, o.path, o.body)
				if o.used {
					w.good("POST", holds, holdBody("used", "3.33"))
				}
				if o.prepare != nil {
					a.path = strings.Replace(a.path, "%s", o.prepare(w), 1)
				}
				for i := len(faults) - 1; i >= mended; i-- { // the last first: early wrecks overwrite later ones
					if faults[i].name == "known id" && faults[mended].name == noCallLeft {
						continue // a known id needs no call
					}
					faults[i].wreck(w, a)
				}
				booked, held := w.worth()
				r := w.do(a)
				if mended == len(faults) {
					if r.status != o.success {
						t.Errorf("nothing is wrong any more → %d %s %s", r.status, r.body, r.header.Get("X-Okienko-Reason"))
					}
					continue
				}
				f := faults[mended]
				reason := r.header.Get("X-Okienko-Reason")
				if r.status != f.status || r.code() != f.code || !strings.HasPrefix(reason, f.reason) {
					t.Errorf("%s is the first fault → %d %s %s, want %d %s %s", f.name, r.status, r.code(), reason, f.status, f.code, f.reason)
				}
				if b, h := w.worth(); h != held || b != booked {
					t.Errorf("%s: refused, yet money moved", f.name)
				}
			}
		})
	}
}

// The description knows the very calls that the door has, and the other way
// round.
func TestOrderCoversEveryCall(t *testing.T) {
	judge, err := theJudge()
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{"GET /request": true, "POST /grant": true, "GET /openapi.yaml": true}
	for _, o := range calls() {
		path := strings.Replace(o.path, accountRef, "{accountId}", 1)
		for prefix, name := range map[string]string{
			"/account/{accountId}/blockade/": "{blockadeId}", "/payment/": "{paymentId}",
			"/account/{accountId}/transaction/": "{transactionId}", "/authorization/": "{authorizationId}",
		} {
			if strings.HasPrefix(path, prefix) {
				path = strings.Replace(path, "%s", name, 1)
			}
		}
		tested[o.method+" "+path] = true
	}
	for _, c := range judge.Calls() {
		if !tested[c] {
			t.Errorf("%s is described, and its order of checks is not tested", c)
		}
		delete(tested, c)
	}
	for c := range tested {
		t.Errorf("%s is not described", c)
	}
}
