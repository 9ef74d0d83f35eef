package mbank_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
)

// The customer's side of a consent.

// authorizeBody is a body of authorize; privilege is the JSON of privilegeList.
func (p *tpp) authorizeBody(scope, consentID, privileges string) string {
	group := map[string]string{"ais-accounts": "AIS_ACCOUNTS", "ais": "AIS", "pis": "PIS"}[scope]
	return fmt.Sprintf(`{"response_type":"code","client_id":%q,"redirect_uri":%q,"scope":%q,"state":"st&te=1",
		"scope_details":{"privilegeList":%s,"scopeGroupType":%q,"consentId":%q,"scopeTimeLimit":%q,"throttlingPolicy":"PSD2_REGULATORY"}}`,
		p.client, goBack, scope, privileges, group, consentID, p.w.Clock.Now().AddDate(0, 0, 90).Format(time.RFC3339))
}

// authorize is the request that starts a consent.
func (p *tpp) authorize(body string) *ask {
	return p.ask("POST", "/auth/authorize", body).set("PSU-User-Agent", "Mozilla/5.0", "PSU-IP-Address", "193.41.230.87", "PSU-IP-Port", "23456")
}

// asks has a consent asked for and returns the request behind the link.
func (p *tpp) asks(body string) authserver.RequestID {
	p.w.T.Helper()
	link := p.authorize(body).send().is(http.StatusOK).text("authorizationRedirectUri")
	id, ok := strings.CutPrefix(link, people+"/consent/")
	if !ok {
		p.w.T.Fatalf("the link is %q", link)
	}
	return authserver.RequestID(id)
}

// tokens are what a code, refresh or exchange gave.
type tokens struct {
	access, refresh string
	refs            []string // accountId of each element
	reply           reply
}

func (r reply) tokens() tokens {
	r.t.Helper()
	r.is(http.StatusOK)
	out := tokens{access: r.text("access_token"), refresh: r.text("refresh_token"), reply: r}
	list, _ := r.at("scope_details", "privilegeList").([]any)
	for _, e := range list {
		o, _ := e.(map[string]any)
		ref, _ := o["accountId"].(string)
		out.refs = append(out.refs, ref)
	}
	return out
}

func (p *tpp) redeem(code string) reply {
	p.w.T.Helper()
	return p.ask("POST", "/auth/token", fmt.Sprintf(`{"client_id":%q,"code":%q,"grant_type":"authorization_code","redirect_uri":%q}`, p.client, code, goBack)).send()
}

func (p *tpp) refresh(token string) reply {
	p.w.T.Helper()
	return p.ask("POST", "/auth/token", fmt.Sprintf(`{"refresh_token":%q,"grant_type":"refresh_token"}`, token)).send()
}

// The privileges of the tests.
const (
	listPrivilege = `[{"ais-accounts:accounts":{}}]`
	allStatuses   = `["DONE","PENDING","SCHEDULED","REJECTED","HOLD","CANCELLED"]`
)

// infoPrivilege reads everything of the accounts that the customer chooses.
func infoPrivilege(days int) string {
	return fmt.Sprintf(`[{"ais:accountDetails":{},"ais:transactions":{"maxAllowedHistoryLong":%d,"transactionStatus":%s},"ais:transactionDetails":{}}]`, days, allStatuses)
}

// lists has Anna consent to the list of some of her accounts.
func (p *tpp) lists(consentID string, accounts ...account.ID) tokens {
	p.w.T.Helper()
	id := p.asks(p.authorizeBody("ais-accounts", consentID, listPrivilege))
	return p.redeem(p.w.Gives(id, annaP, anna, accounts...)).tokens()
}

// reads has Anna consent to reading some of her accounts.
func (p *tpp) reads(privileges string, accounts ...account.ID) tokens {
	p.w.T.Helper()
	id := p.asks(p.authorizeBody("ais", newUUID(p.w.Wall.Now()), privileges))
	return p.redeem(p.w.Gives(id, annaP, anna, accounts...)).tokens()
}
