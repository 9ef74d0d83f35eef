package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const requestID = "6a2f1f00-c6d1-11f0-8de9-0242ac120002"

// header is a good one, but for the changes; an empty value takes a header away.
func header(change ...string) http.Header {
	h := requestHeaders()
	for i := 0; i < len(change); i += 2 {
		h.Set(change[i], change[i+1])
		if change[i+1] == "" {
			h.Del(change[i])
		}
	}
	return h
}

func TestOfficialOperations(t *testing.T) {
	for version, want := range map[string]int{"2.1.1": 26, "2.1.2": 26, "3.0": 27} {
		o := published(t)[version]
		if got := len(o.Operations()); got != want {
			t.Errorf("%s has %d operations, want %d", version, got, want)
		}
		path := fmt.Sprintf("/v%[1]s.1/accounts/v%[1]s.1/getAccounts", strings.ReplaceAll(version, ".", "_"))
		if o.Path("accounts/getAccounts") != path {
			t.Errorf("getAccounts of %s is at %s", version, o.Path("accounts/getAccounts"))
		}
		want := []int{204, 400, 401, 403, 405, 406, 415, 422, 500, 501, 503}
		if version == "2.1.1" {
			want = slices.DeleteFunc(want, func(status int) bool { return status == 501 })
		}
		if got := o.Statuses("accounts/deleteConsent"); !slices.Equal(got, want) {
			t.Errorf("deleteConsent of %s answers %d, want %d", version, got, want)
		}
	}
}

func TestOfficialJudgesRequests(t *testing.T) {
	const tpp = `"tppId":"PSDPL-KNF-1"`
	const plain = `{"requestHeader":{"requestId":"` + requestID + `",` + tpp + `,"token":"t"}`
	funds := func(amount string) string {
		return `{"requestHeader":{"requestId":"` + requestID + `",` + tpp + `},"accountNumber":"61109010140000071219812874","amount":` + amount + `,"currency":"PLN"}`
	}
	for _, c := range []struct {
		name, operation string
		header          http.Header
		body            string
		breaks          string // part of the verdict, "" when the request is good
	}{
		{"a list", "accounts/getAccounts", header(), plain + `}`, ""},
		{"a list by page", "accounts/getAccounts", header(), plain + `,"pageId":"p","perPage":5}`, ""},
		{"no operation", "accounts/getMoney", header(), plain + `}`, "no such operation"},
		{"no signature", "accounts/getAccounts", header("X-JWS-SIGNATURE", ""), plain + `}`, "X-JWS-SIGNATURE"},
		{"no request id", "accounts/getAccounts", header("X-REQUEST-ID", ""), plain + `}`, "X-REQUEST-ID"},
		{"no language", "accounts/getAccounts", header("Accept-Language", ""), plain + `}`, "Accept-Language"},
		{"another compression", "accounts/getAccounts", header("Accept-Encoding", "gzip, br"), plain + `}`, `"br"`},
		{"another charset", "accounts/getAccounts", header("Accept-Charset", "iso-8859-2"), plain + `}`, "Accept-Charset"},
		{"no token", "accounts/getAccounts", header("Authorization", ""), plain + `}`, "Authorization"},
		{"no bearer", "accounts/getAccounts", header("Authorization", "Basic x"), plain + `}`, "Authorization"},
		{"a form", "accounts/getAccounts", header("Content-Type", "text/plain"), plain + `}`, "content type"},
		{"no body", "accounts/getAccounts", header(), ``, "EOF"},
		{"two bodies", "accounts/getAccounts", header(), plain + `}{}`, "follows"},
		{"a text as a body", "accounts/getAccounts", header(), `"x"`, "object"},
		{"a field too many", "accounts/getAccounts", header(), plain + `,"colour":"red"}`, "colour"},
		{"a field too many, deeper", "accounts/getAccounts", header(), strings.Replace(plain, `"token"`, `"colour":"red","token"`, 1) + `}`, "colour"},
		{"a field missing in what allOf made", "accounts/getAccounts", header(), strings.Replace(plain, `,"token":"t"`, ``, 1) + `}`, "token"},
		{"a base field missing", "accounts/getAccounts", header(), strings.Replace(plain, `"requestId":"`+requestID+`",`, ``, 1) + `}`, "requestId"},
		{"no UUID", "accounts/getAccounts", header(), strings.Replace(plain, requestID, "17", 1) + `}`, "requestId"},
		{"a page of nothing", "accounts/getAccounts", header(), plain + `,"perPage":0}`, "perPage"},
		{"a page as a text", "accounts/getAccounts", header(), plain + `,"perPage":"5"}`, "perPage"},
		{"no such date", "accounts/getTransactionsDone", header(), plain + `,"accountNumber":"1","bookingDateFrom":"2026-02-30"}`, "bookingDateFrom"},
		{"an instant as a date", "accounts/getTransactionsDone", header(), plain + `,"accountNumber":"1","bookingDateFrom":"2026-02-03T10:00:00Z"}`, "bookingDateFrom"},
		{"no account in a list", "accounts/getTransactionsDone", header(), plain + `}`, "accountNumber"},
		{"credits as holds", "accounts/getHolds", header(), plain + `,"accountNumber":"1","type":"CREDIT"}`, "type"},
		{"funds", "confirmation/getConfirmationOfFunds", header("Authorization", ""), funds(`"12.50"`), ""},
		{"funds with one decimal", "confirmation/getConfirmationOfFunds", header(), funds(`"12.5"`), "amount"},
		{"negative funds", "confirmation/getConfirmationOfFunds", header(), funds(`"-12.50"`), "amount"},
		{"funds as a number", "confirmation/getConfirmationOfFunds", header(), funds(`12.5`), "amount"},
	} {
		for version, o := range published(t) {
			t.Run(version+" "+c.name, func(t *testing.T) {
				judge(t, c.breaks, o.Request(c.operation, c.header, []byte(c.body)))
			})
		}
	}
}

func TestOfficialJudgesTheTokenRequest(t *testing.T) {
	for version, o := range published(t) {
		for body, breaks := range map[string]string{
			`{"grant_type":"authorization_code","Code":"c","redirect_uri":"https://tpp.example/"}`: "",
			`{"grant_type":"authorization_code","code":"c","redirect_uri":"https://tpp.example/"}`: "",
			`{"code":"c"}`: "grant_type",
			`{"grant_type":"refresh_token","CODE":""}`: "CODE",
		} {
			t.Run(version, func(t *testing.T) { judge(t, breaks, o.Request("auth/token", requestHeaders(), []byte(body))) })
		}
	}
}

// What the versions differ in.
func TestOfficialVersionsDiffer(t *testing.T) {
	consent := func(head string) string { return `{` + head + `"consentId":"c"}` }
	withID := `"requestHeader":{"requestId":"` + requestID + `"},`
	withTPP := `"requestHeader":{"requestId":"` + requestID + `","tppId":"PSDPL-KNF-1"},`
	for _, c := range []struct{ version, body, breaks string }{
		{"2.1.1", consent(""), ""},
		{"2.1.1", consent(withID), "requestHeader"},
		{"2.1.2", consent(""), "requestHeader"},
		{"2.1.2", consent(withID), ""},
		{"3.0", consent(withID), "tppId"},
		{"3.0", consent(withTPP), ""},
	} {
		t.Run(c.version, func(t *testing.T) {
			judge(t, c.breaks, published(t)[c.version].Request("accounts/deleteConsent", requestHeaders(), []byte(c.body)))
		})
	}
	statement := []byte(`{"software_statement":"h.p.s"}`)
	unsigned := header("X-JWS-SIGNATURE", "", "Authorization", "")
	judge(t, "no such operation", published(t)["2.1.2"].Request("auth/register", unsigned, statement))
	judge(t, "", published(t)["3.0"].Request("auth/register", unsigned, statement))
	failure := []byte(`{"code":"x","message":"y"}`)
	judge(t, "not declared", published(t)["2.1.1"].Answer("auth/token", 501, header("X-JWS-SIGNATURE", ""), failure))
	judge(t, "", published(t)["2.1.2"].Answer("auth/token", 501, header("X-JWS-SIGNATURE", ""), failure))
}

func TestOfficialJudgesAnswers(t *testing.T) {
	head := `"responseHeader":{"requestId":"` + requestID + `","sendDate":"2026-11-21T12:00:00.000+01:00","isCallback":false}`
	const failure = `{"code":"x","message":"y"`
	signed, bare, unsigned := header(), http.Header{}, header("X-JWS-SIGNATURE", "")
	for _, c := range []struct {
		name, operation string
		status          int
		header          http.Header
		body            string
		breaks          string
	}{
		{"funds", "confirmation/getConfirmationOfFunds", 200, signed, `{` + head + `,"fundsAvailable":true}`, ""},
		{"an instant without an offset", "confirmation/getConfirmationOfFunds", 200, signed, `{"responseHeader":{"sendDate":"2026-11-21T12:00:00.000"},"fundsAvailable":true}`, ""},
		{"no instant", "confirmation/getConfirmationOfFunds", 200, signed, `{"responseHeader":{"sendDate":"2026-11-21"},"fundsAvailable":true}`, "sendDate"},
		{"no signature", "confirmation/getConfirmationOfFunds", 200, unsigned, `{` + head + `,"fundsAvailable":true}`, "X-JWS-SIGNATURE"},
		{"a field missing", "confirmation/getConfirmationOfFunds", 200, signed, `{` + head + `}`, "fundsAvailable"},
		{"a field too many", "confirmation/getConfirmationOfFunds", 200, signed, `{` + head + `,"fundsAvailable":true,"balance":"1.00"}`, "balance"},
		{"a text as a boolean", "confirmation/getConfirmationOfFunds", 200, signed, `{` + head + `,"fundsAvailable":"true"}`, "fundsAvailable"},
		{"no JSON", "confirmation/getConfirmationOfFunds", 200, signed, `yes`, "invalid character"},
		{"another content type", "confirmation/getConfirmationOfFunds", 200, header("Content-Type", "text/html"), `{` + head + `,"fundsAvailable":true}`, "content type"},
		{"an undeclared status", "confirmation/getConfirmationOfFunds", 404, unsigned, failure + `}`, "not declared"},
		{"a status of other operations", "confirmation/getConfirmationOfFunds", 401, unsigned, failure + `}`, "not declared"},
		{"an error", "confirmation/getConfirmationOfFunds", 429, unsigned, `{` + head + `,` + failure[1:] + `}`, ""},
		{"an error of OAuth", "auth/token", 400, unsigned, failure + `,"error":"invalid_grant","error_description":"used"}`, ""},
		{"an error with a field too many", "auth/token", 400, unsigned, failure + `,"stack":"x"}`, "stack"},
		{"an error with a signature", "auth/token", 400, signed, failure + `}`, "signature"},
		{"an error without a body", "auth/token", 400, unsigned, ``, "EOF"},
		{"no content", "accounts/deleteConsent", 204, bare, ``, ""},
		{"content where there is none", "accounts/deleteConsent", 204, bare, `{}`, "none is declared"},
		{"a signature of nothing", "accounts/deleteConsent", 204, http.Header{"X-Jws-Signature": {"e..s"}}, ``, "signature"},
		{"success with another status", "accounts/deleteConsent", 200, signed, `{}`, "not declared"},
		{"no operation", "accounts/getMoney", 200, signed, `{}`, "no such operation"},
		{"a negative amount", "accounts/getHolds", 200, signed, `{` + head + `,"holds":[{"itemId":"1","amount":"-1.00"}]}`, "amount"},
		{"a hold", "accounts/getHolds", 200, signed, `{` + head + `,"holds":[{"itemId":"1","amount":"1.00","auxData":{"any":"x"}}]}`, ""},
		{"a hold without an id", "accounts/getHolds", 200, signed, `{` + head + `,"holds":[{"amount":"1.00"}]}`, "itemId"},
		{"a title too long", "accounts/getHolds", 200, signed, `{` + head + `,"holds":[{"itemId":"1","amount":"1.00","description":"` + strings.Repeat("ż", 141) + `"}]}`, "description"},
		{"a line too long", "accounts/getHolds", 200, signed, `{` + head + `,"holds":[{"itemId":"1","amount":"1.00","initiator":{"value":["` + strings.Repeat("ż", 36) + `"]}}]}`, "initiator"},
		{"an id of a tax payer as a number", "accounts/getTransactionDetail", 200, signed,
			`{` + head + `,"baseInfo":{"itemId":"1","amount":"1.00","transactionCategory":"DEBIT"},"usInfo":{"formCode":"VAT-7","payerInfo":{"payorId":"x","payorIdType":1}}}`, "payorIdType"},
		{"an id of a tax payer as a text", "accounts/getTransactionDetail", 200, signed,
			`{` + head + `,"baseInfo":{"itemId":"1","amount":"1.00","transactionCategory":"DEBIT"},"usInfo":{"formCode":"VAT-7","payerInfo":{"payorId":"x","payorIdType":"1"}}}`, ""},
		{"a status of no payment", "payments/getPayment", 200, signed,
			`{` + head + `,"paymentId":"1","tppTransactionId":"2","generalStatus":"paid","detailedStatus":"","executionMode":"Immediate"}`, "generalStatus"},
	} {
		for version, o := range published(t) {
			t.Run(version+" "+c.name, func(t *testing.T) {
				judge(t, c.breaks, o.Answer(c.operation, c.status, c.header, []byte(c.body)))
			})
		}
	}
}

func judge(t *testing.T, breaks string, err error) {
	t.Helper()
	switch {
	case breaks == "" && err != nil:
		t.Errorf("refused: %v", err)
	case breaks != "" && (err == nil || !strings.Contains(err.Error(), breaks)):
		t.Errorf("verdict %v, want one about %q", err, breaks)
	}
}
