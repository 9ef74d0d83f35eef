package partnerapi_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"okienko/api"
	"okienko/api/contract"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/fee"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/edge"
	"okienko/partnerapi"
)

func TestEveryRefusalHasAForm(t *testing.T) {
	known := partnerapi.Forms()
	for _, c := range bank.Codes {
		f, ok := partnerapi.FormFor(c)
		if !ok {
			t.Errorf("no form for %q", c)
		} else if !slices.Contains(known, f) {
			t.Errorf("the form of %q, %v, is not in the list of forms", c, f)
		}
	}
	if n := partnerapi.Refusals(); n != len(bank.Codes) {
		t.Errorf("%d rows for %d codes: some stand for a code that is gone", n, len(bank.Codes))
	}
}

func row(f partnerapi.Form) string {
	return "| " + strconv.Itoa(f.Status) + " | `" + f.Code + "` | " + f.Description + " |"
}

func TestDescriptionListsEveryError(t *testing.T) {
	j, err := contract.Load(api.Partner)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range partnerapi.Forms() {
		codes = append(codes, f.Code)
		if !strings.Contains(string(api.Partner), row(f)) {
			t.Errorf("the table of api/partner.yaml lacks %s", row(f))
		}
	}
	listed := j.ErrorCodes("error")
	slices.Sort(codes)
	slices.Sort(listed)
	if !slices.Equal(codes, listed) {
		t.Errorf("codes of the door %q, of the description %q", codes, listed)
	}
}

// The published table is the law: every row of it, to the letter.
func TestErrorsAreThoseOfTheSpecification(t *testing.T) {
	folder := os.Getenv("OKIENKO_SPEC_DIR")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "spec")
	}
	text, err := os.ReadFile(filepath.Join(folder, "partner", "partner-api.md"))
	if err != nil {
		t.Skipf("THE SPECIFICATION IS NOT HERE, so the error table was held against api/partner.yaml only: %v", err)
	}
	ours := make([]string, 0, len(partnerapi.Forms()))
	for _, f := range partnerapi.Forms() {
		ours = append(ours, row(f))
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| 4") {
			continue
		}
		rows++
		if !slices.Contains(ours, line) {
			t.Errorf("the specification has %s", line)
		}
	}
	if rows != 14 {
		t.Errorf("found %d rows in the specification, want 14", rows)
	}
}

// Every error that the door has is provoked once by a request that deserves it.
func TestEveryErrorCanHappen(t *testing.T) {
	unlimited := func(w *world) {
		w.mem.change(func(s *payment.State) {
			a := *s.Agreements[pairing]
			a.Limits.Single, a.Limits.Daily, a.Limits.Monthly, a.Limits.Unconfirmed = pln(1e8), pln(1e8), pln(1e8), pln(1e8)
			s.Agreements[pairing] = &a
		})
	}
	form := func(w *world, answer error) reply {
		w.auth.answer = answer
		a := newAsk("POST", "/grant", "grant_type=refresh_token&client_id=shop&client_secret=s&refresh_token=r")
		a.header.Set("Content-Type", "application/x-www-form-urlencoded")
		return w.do(a)
	}
	without := func(a *ask, name string) *ask { a.header.Del(name); return a }
	with := func(a *ask, name, value string) *ask { a.header.Set(name, value); return a }
	provoke := map[string]func(w *world) reply{
		"parameters_error":   func(w *world) reply { return w.call("POST", holds, holdBody("o", "0.00")) },
		"app_limit_exceeded": func(w *world) reply { return w.call("POST", holds, holdBody("o", "500.01")) },
		"user_limit exceeded": func(w *world) reply {
			w.mem.change(func(s *payment.State) {
				s.CustomerLimits[anna] = &limit.OfCustomer{OneOff: limit.Caps{Daily: limit.CapAt(pln(10_00))}}
			})
			return w.call("POST", holds, holdBody("o", "10.01"))
		},
		"charges_limit exceeded": func(w *world) reply {
			w.mem.change(func(s *payment.State) {
				s.Applications[shop].Fees, s.Applications[shop].Charges = fee.Table{fee.Hold: 200}, limit.CapAt(pln(1_00))
			})
			return w.call("POST", holds, holdBody("o", "10.00"))
		},
		"activation_parameters_empty": func(w *world) reply {
			w.auth.answer = bank.RefuseField("state", "A state is needed.")
			return w.call("GET", "/request?client_id=shop", "")
		},
		"token_request_parameters_empty": func(w *world) reply { return form(w, bank.RefuseField("code", "A code is needed.")) },
		"callback_uri_empty": func(w *world) reply {
			return w.call("POST", holds+"/authorize", strings.Replace(confirmed(holdBody("o", "1.00")), callback, "", 1))
		},
		"request_reject_by_user_product_state": func(w *world) reply {
			unlimited(w)
			return w.call("POST", holds, holdBody("o", "5000.01"))
		},
		"access_token_required":  func(w *world) reply { return w.do(without(newAsk("GET", "/user", ""), "access_token")) },
		"aceess_token_not_exist": func(w *world) reply { return w.do(with(newAsk("GET", "/user", ""), "access_token", "nobody's")) },
		"access_token_invalid":   func(w *world) reply { return w.do(with(newAsk("GET", "/user", ""), "access_token", oldToken)) },
		"authorization_required": func(w *world) reply { return w.call("POST", holds, holdBody("o", "200.01")) },
		"invalid_request": func(w *world) reply {
			w.auth.answer = bank.Refuse(bank.RedirectUnknown, "The address is not registered.")
			return w.call("GET", "/request?client_id=shop", "")
		},
		"request_out_of_permissions": func(w *world) reply {
			w.quota("USER:READ_DET", 0)
			return w.call("GET", "/user", "")
		},
		"invalid_client": func(w *world) reply { return form(w, bank.Refuse(bank.ClientWrong, "No.")) },
		"invalid_grant":  func(w *world) reply { return form(w, bank.Refuse(bank.GrantInvalid, "No.")) },
		"ip_not_allowed": func(w *world) reply { return form(w, bank.Refuse(bank.AddressNotAllowed, "No.")) },
		"not_found":      func(w *world) reply { return w.call("GET", "/payment/unknown", "") },
		"method_not_allowed": func(w *world) reply {
			r := w.call("PATCH", "/payment", "{}")
			if allow := r.header.Get("Allow"); !strings.Contains(allow, "POST") {
				t.Errorf("Allow is %q", allow)
			}
			return r
		},
		"not_acceptable":         func(w *world) reply { return w.do(with(newAsk("GET", "/user", ""), "Accept", "text/html")) },
		"content_too_large":      func(w *world) reply { return w.call("POST", "/payment", strings.Repeat(" ", 16<<10)+"{}") },
		"unsupported_media_type": func(w *world) reply { return w.do(without(newAsk("POST", "/payment", "{}"), "Content-Type")) },
		"too_many_requests": func(w *world) reply {
			w.good("GET", "/user", "")
			return w.call("GET", "/user", "")
		},
		"internal_error": func(w *world) reply {
			w.mem.broken = errors.New("disk at /var/lib/bank is full")
			return w.call("POST", holds, holdBody("o", "1.00"))
		},
		"service_unavailable": func(w *world) reply {
			w.mem.broken = bank.Refuse(bank.Busy, "Too many orders wait.")
			return w.call("POST", holds, holdBody("o", "1.00"))
		},
	}
	for _, f := range partnerapi.Forms() {
		t.Run(f.Code, func(t *testing.T) {
			if provoke[f.Code] == nil {
				t.Fatal("nothing provokes this error")
			}
			w := newWorld(t, func(c *partnerapi.Config) {
				if f.Code == "too_many_requests" {
					c.Rates.Pairing = edge.Rate{Burst: 1, Every: time.Minute}
				}
			})
			r := provoke[f.Code](w)
			want := `{"error":"` + f.Code + `","error_description":"` + f.Description + `"}`
			if r.status != f.Status || r.body != want {
				t.Errorf("→ %d %s, want %d %s", r.status, r.body, f.Status, want)
			}
			if got := r.header.Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
			if (f.Status == http.StatusTooManyRequests || f.Status == http.StatusServiceUnavailable) && r.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if f.Status == http.StatusUnauthorized && r.header.Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
}

// What is blocked, closed or switched off is one answer, and says no more.
func TestStatesAreOneAnswer(t *testing.T) {
	states := map[bank.Code]func(*account.Account){
		bank.AccountBlocked: func(a *account.Account) { a.Status = account.Blocked },
		bank.AccountClosed:  func(a *account.Account) { a.Status = account.Closed },
		bank.AccessBlocked:  func(a *account.Account) { a.Access.State = account.AccessBlocked },
		bank.AccessOff:      func(a *account.Account) { a.Access.State = account.AccessOff },
	}
	for code, change := range states {
		w := newWorld(t)
		w.mem.change(func(s *payment.State) {
			a := *s.Accounts[annaPays]
			change(&a)
			s.Accounts[annaPays] = &a
		})
		for _, r := range []reply{
			w.call("POST", holds, holdBody("o", "1.00")), w.call("GET", "/payment", ""), w.call("GET", "/user", ""),
			w.call("GET", "/account/"+accountRef+"/transaction", ""),
		} {
			w.refused(r, 400, "request_reject_by_user_product_state")
			if got := r.header.Get("X-Okienko-Reason"); got != string(code) {
				t.Errorf("reason %q, want %q", got, code)
			}
		}
	}
	w := newWorld(t)
	w.mem.change(func(s *payment.State) {
		s.Customers[anna] = &party.Customer{ID: anna, Blocked: party.Block{By: "hotline", At: startOfTest}}
	})
	w.refused(w.call("GET", "/user", ""), 400, "request_reject_by_user_product_state")
}

func TestReasonIsToldInTheSandboxAlone(t *testing.T) {
	w := newWorld(t, func(c *partnerapi.Config) { c.Sandbox = false })
	r := w.call("POST", holds, holdBody("o", "500.01"))
	w.refused(r, 400, "app_limit_exceeded")
	if got := r.header.Get("X-Okienko-Reason"); got != "" {
		t.Errorf("a real bank said %q", got)
	}
}
