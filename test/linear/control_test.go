package linear

import (
	"math"
	"testing"

	"github.com/anishathalye/porcupine"

	"okienko/bank"
)

// at is a call with its answer, from one instant to another.
func at(begin, end int64, c call, a answer) porcupine.Operation {
	if a.unknown {
		end = math.MaxInt64
	}
	return porcupine.Operation{Call: begin, Return: end, Input: c, Output: a}
}

// The checker must find what is wrong, and nothing else: histories made by hand,
// of a bank that begins with 100 on each of two accounts and allows 150 a day.
func TestChecker(t *testing.T) {
	var (
		done    = answer{}
		unknown = answer{unknown: true}
		no      = func(c bank.Code) answer { return answer{code: c} }
		has     = func(booked, held int64) answer { return answer{booked: booked, held: held} }
		read    = func(account int) call { return call{kind: balance, payer: account, intent: -1} }
		pays    = func(intent int, amount int64) call { return call{kind: pay, amount: amount, intent: intent} }
		holds   = func(slot int, amount int64) call { return call{kind: place, slot: slot, amount: amount, intent: slot} }
		takes   = func(slot int, amount int64) call {
			return call{kind: capture, slot: slot, amount: amount, intent: 60 + slot}
		}
		frees = func(slot int) call { return call{kind: release, slot: slot, intent: -1} }
	)
	for name, c := range map[string]struct {
		fine    bool
		history []porcupine.Operation
	}{
		"one after another": {true, []porcupine.Operation{
			at(1, 2, pays(1, 60), done), at(3, 4, read(0), has(40, 0)), at(5, 6, pays(2, 60), no(bank.InsufficientFunds)), at(7, 8, read(theShop), has(60, 0)),
		}},
		"a read beside a payment sees it or not": {true, []porcupine.Operation{
			at(1, 9, pays(1, 60), done), at(2, 3, read(0), has(100, 0)), at(4, 5, read(0), has(40, 0)),
		}},
		"a read after a payment is answered does not see it": {false, []porcupine.Operation{
			at(1, 2, pays(1, 60), done), at(3, 4, read(0), has(100, 0)),
		}},
		"a read goes back": {false, []porcupine.Operation{
			at(1, 9, pays(1, 60), done), at(2, 3, read(0), has(40, 0)), at(4, 5, read(0), has(100, 0)),
		}},
		"the payer has paid and the shop has nothing": {false, []porcupine.Operation{
			at(1, 9, pays(1, 60), done), at(2, 3, read(0), has(40, 0)), at(4, 5, read(theShop), has(0, 0)),
		}},
		"both take the same money": {false, []porcupine.Operation{
			at(1, 9, pays(1, 60), done), at(2, 8, pays(2, 60), done),
		}},
		"both take what is left of the limit": {false, []porcupine.Operation{
			at(1, 2, pays(1, 90), done),
			at(3, 4, call{kind: transfer, payer: 1, amount: 90, intent: -1}, done),
			at(5, 9, pays(2, 40), done), at(6, 8, pays(3, 40), done),
		}},
		"the second one is told of the limit": {true, []porcupine.Operation{
			at(1, 2, pays(1, 90), done),
			at(3, 4, call{kind: transfer, payer: 1, amount: 90, intent: -1}, done),
			at(5, 9, pays(2, 40), done), at(6, 8, pays(3, 40), no(bank.DailyLimit)),
		}},
		"a hold is captured twice": {false, []porcupine.Operation{
			at(1, 2, holds(1, 50), done), at(3, 9, takes(1, 50), done), at(4, 8, call{kind: capture, slot: 1, amount: 40, intent: 70}, done),
		}},
		"a hold is captured and released": {false, []porcupine.Operation{
			at(1, 2, holds(1, 50), done), at(3, 9, takes(1, 50), done), at(4, 8, frees(1), done),
		}},
		"of two endings one wins and the other is told precisely": {true, []porcupine.Operation{
			at(1, 2, holds(1, 50), done), at(3, 9, takes(1, 50), done), at(4, 8, frees(1), no(bank.HoldCaptured)), at(10, 11, read(0), has(50, 0)),
		}},
		"the loser is told of an ending that was not": {false, []porcupine.Operation{
			at(1, 2, holds(1, 50), done), at(3, 9, takes(1, 50), done), at(4, 8, frees(1), no(bank.HoldReleased)),
		}},
		"a refusal for want of money that was there": {false, []porcupine.Operation{
			at(1, 2, holds(1, 50), done), at(3, 4, frees(1), done), at(5, 6, pays(1, 60), no(bank.InsufficientFunds)),
		}},
		"an unknown payment has its effect late": {true, []porcupine.Operation{
			at(1, 0, pays(1, 60), unknown), at(2, 3, read(0), has(100, 0)), at(4, 5, read(0), has(40, 0)),
		}},
		"an unknown payment never has its effect": {true, []porcupine.Operation{
			at(1, 0, pays(1, 60), unknown), at(2, 3, read(0), has(100, 0)), at(4, 5, pays(2, 60), done), at(6, 7, read(0), has(40, 0)),
		}},
		"an unknown payment is undone": {false, []porcupine.Operation{
			at(1, 0, pays(1, 60), unknown), at(2, 3, read(0), has(40, 0)), at(4, 5, read(0), has(100, 0)),
		}},
		"an unknown payment, repeated, is done twice": {false, []porcupine.Operation{
			at(1, 0, pays(1, 40), unknown), at(2, 3, pays(1, 40), done), at(4, 5, read(0), has(20, 0)),
		}},
		"an unknown payment, repeated, is done once": {true, []porcupine.Operation{
			at(1, 0, pays(1, 40), unknown), at(2, 3, pays(1, 40), done), at(4, 5, read(0), has(60, 0)),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := rules{opening: 100, daily: 150}
			if fine := porcupine.CheckOperations(r.model(), c.history); fine != c.fine {
				t.Errorf("linearizable: %t, want %t", fine, c.fine)
			}
		})
	}
}
