package mbank_test

import (
	"strings"
	"testing"

	"okienko/psd2/mbank"
)

// Whatever a body of authorize holds, reading it ends, and what is read says
// something.
func FuzzAuthorizeBody(f *testing.F) {
	for _, s := range []string{
		`{"scope":"ais","scope_details":{"privilegeList":` + infoPrivilege(90) +
			`,"scopeGroupType":"AIS","consentId":"1","scopeTimeLimit":"2027-01-01T00:00:00Z","throttlingPolicy":"PSD2_REGULATORY"}}`,
		`{"scope":"ais-accounts","scope_details":{"privilegeList":` + listPrivilege + `}}`,
		`{"scope":"pis","scope_details":{"privilegeList":` + onePrivilege(onePayment) +
			`,"scopeGroupType":"PIS","consentId":"1","scopeTimeLimit":"2027-01-01T00:00:00","throttlingPolicy":"PSD2_REGULATORY"}}`,
		`{}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := mbank.ReadDetails(body); err != nil && strings.Contains(err.Error(), "says nothing") {
			t.Errorf("%q: %v", body, err)
		}
	})
}
