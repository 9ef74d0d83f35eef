package mbank_test

import (
	"net/http"
	"testing"
)

func TestWorldReadsAnAccount(t *testing.T) {
	w := newWorld(t)
	got := w.one.reads(infoPrivilege(90), annas)
	r := w.one.get("/accounts/"+got.refs[0], got.access).is(http.StatusOK)
	if r.text("availableBalance") != "1000.00" {
		t.Error(r.body)
	}
}
