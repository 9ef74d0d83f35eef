package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"okienko/bank/audit"
)

// The naive designs are those that suggest themselves: one transaction for each
// payment, which reads, checks, writes and commits. They keep their statements
// prepared, check less than the bank does, and remember where their audit ends,
// so whatever they lose by is their form.

var errNaive = errors.New("the naive design refused a payment")

// balance is an account as a transfer sees it.
type balance struct {
	id, holder, nrb, status, access string
	booked, held, overdraft, seq    int64
}

// calendarDay is in which windows of the limits an instant lies.
func calendarDay(at time.Time) (day, month string) {
	at = at.In(warsaw())
	return at.Format(time.DateOnly), at.Format("2006-01")
}

// content is the text by which a repeat of a payment is known.
func content(agreement string) string {
	return fmt.Sprintf("pay|%d:%s|0:|0:|%sPLN|%d:%s||", len(agreement), agreement, price(), len(title), title)
}

// executed is the line of audit of a payment.
func executed(at time.Time, app, id string) audit.Record {
	return audit.Record{At: at, Actor: audit.Actor{Kind: audit.Partner, ID: app}, Act: "payment.executed", Subject: "payment:" + id, After: price().String()}
}

// follow is the hash of a text in a chain.
func follow(before, text []byte) []byte {
	h := sha256.New()
	h.Write(before)
	h.Write(text)
	return h.Sum(nil)
}

// firstAnswer is the text in which the store keeps the answer to an operation.
func firstAnswer(from, to string, amount, at int64, day, month string) string {
	type window struct {
		Day     string `json:"d"`
		InDay   int64  `json:"e"`
		Month   string `json:"m"`
		InMonth int64  `json:"n"`
	}
	w := window{day, amount, month, amount}
	text, err := json.Marshal(struct {
		From     string `json:"a"`
		To       string `json:"p"`
		Amount   int64  `json:"m"`
		Currency string `json:"c"`
		Title    string `json:"t"`
		Created  int64  `json:"o"`
		Date     string `json:"d"`
		Status   string `json:"s"`
		Ended    int64  `json:"e"`
		Use      window `json:"u"`
		Delta    window `json:"l"`
	}{from, to, amount, "PLN", title, at, day, "EXECUTED", at, w, w})
	if err != nil {
		panic("bench: an answer does not marshal: " + err.Error()) // cannot be
	}
	return string(text)
}

// warsaw is where days and months begin and end.
var warsaw = sync.OnceValue(func() *time.Location {
	l, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		panic("bench: no time zone of Warsaw: " + err.Error()) // the core links them in
	}
	return l
})
