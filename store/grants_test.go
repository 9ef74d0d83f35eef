package store

import (
	"reflect"
	"testing"
	"time"

	"okienko/bank/consent"
)

func TestGrantsComeBack(t *testing.T) {
	given := time.Date(2026, 11, 21, 10, 20, 30, 123456000, time.UTC)
	var all []consent.Grant
	for _, o := range consent.Objects {
		for _, a := range consent.Actions {
			all = append(all, consent.Grant{Permission: consent.Permission{Object: o, Action: a}, GivenAt: given,
				ValidSeconds: int64(len(all)) + 1, Quota: consent.Unrestricted, Left: consent.Unrestricted})
		}
	}
	used := all[0]
	used.ValidSeconds, used.Quota, used.Left = consent.Unrestricted, 10, 0
	for _, want := range [][]consent.Grant{nil, {used}, all} {
		got, err := decodeGrants(encodeGrants(want))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// A text that is kept today must be readable in every later release.
func TestGrantsOfForm1(t *testing.T) {
	got, err := decodeGrants("1|PAYMENTS:CREATE 1795256430123456 3600 10 7|USER:READ_DET 1795256430123456 -1 -1 -1")
	if err != nil {
		t.Fatal(err)
	}
	given := time.UnixMicro(1795256430123456).UTC()
	want := []consent.Grant{
		{Permission: consent.Permission{Object: consent.Payments, Action: consent.Create}, GivenAt: given, ValidSeconds: 3600, Quota: 10, Left: 7},
		{Permission: consent.Permission{Object: consent.User, Action: consent.ReadDet}, GivenAt: given, ValidSeconds: -1, Quota: -1, Left: -1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestBrokenGrantsAreNotFewerGrants(t *testing.T) {
	for _, text := range []string{
		"", "2", "1|", "x|PAYMENTS:CREATE 1 -1 -1 -1", "1|PAYMENTS:CREATE 1 -1 -1", "1|PAYMENTS:CREATE 1 -1 -1 -1 -1",
		"1|PAYMENTS:FLY 1 -1 -1 -1", "1|PAYMENTS:CREATE 1 -1 x -1", "1|PAYMENTS:CREATE 1 -1 -1 -1|",
	} {
		if got, err := decodeGrants(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}
