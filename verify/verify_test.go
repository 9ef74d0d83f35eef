package verify_test

import (
	"path/filepath"
	"strings"
	"testing"

	"okienko/bank/audit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/clock"
	"okienko/store"
	"okienko/store/storetest"
	"okienko/test/postgres"
	"okienko/verify"
)

// engine is one of the two in which a bank's data may lie.
type engine struct {
	name string
	// at says to a store where data lies.
	at func(where string) store.Config
	// everything makes the data of a bank in which all has happened once.
	everything func(t *testing.T) (where string)
	// copied makes a copy of such data, for one test to spoil.
	copied func(t *testing.T, where string) string
	// tamper changes data past every guard that the tables have.
	tamper func(t *testing.T, where, statement string)
}

var engines = [...]engine{
	{"SQLite", inFile, everythingInAFile, copiedFile, tamperFile},
	{"PostgreSQL", inDatabase, everythingInADatabase, copiedDatabase, tamperDatabase},
}

// onBoth runs a test on each engine.
func onBoth(t *testing.T, test func(t *testing.T, e engine)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, e) })
	}
}

func TestCleanBank(t *testing.T) {
	onBoth(t, func(t *testing.T, e engine) {
		report, err := verify.Run(t.Context(), e.everything(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range report.Findings {
			t.Error(f)
		}
		for _, c := range report.Counts {
			if c.N == 0 {
				t.Errorf("no %s were looked at: the data does not hold everything", c.What)
			}
		}
	})
}

func TestBesideABankAtWork(t *testing.T) {
	onBoth(t, func(t *testing.T, e engine) {
		where := e.everything(t)
		cfg := e.at(where)
		cfg.Environment, cfg.Key, cfg.Clock, cfg.Wall = partner.Test, storetest.Key(), clock.Wall{}, clock.Wall{}
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		err = s.Block(t.Context(), "cus-jan", party.Block{By: "staff:anna", Why: "a test"}, audit.Record{Act: "customer.blocked"})
		if err != nil {
			t.Fatal(err)
		}
		if report, err := verify.Run(t.Context(), where); err != nil || !report.Clean() {
			t.Errorf("%v, %v", report.Findings, err)
		}
	})
}

func TestNoData(t *testing.T) {
	if _, err := verify.Run(t.Context(), filepath.Join(t.TempDir(), "none.db")); err == nil {
		t.Error("no file was found clean")
	}
	if _, err := verify.Run(t.Context(), postgres.DSN(t)); err == nil {
		t.Error("an empty database was found clean")
	}
}

// tamperings are things that no bank may do to its data, with the words in
// which they must be found.
var tamperings = []struct{ name, statement, want string }{
	{"a booked balance", "update account set booked = booked + 1 where id = 'acc-jan'", "account acc-jan: its booked balance is"},
	{"money out of nothing", "update posting set amount = amount + 1 where account_id = 'acc-jan' and seq = 2", "it does not balance"},
	{"both sides of an entry", "update posting set amount = amount * 2 where entry_id = (select entry_id from posting where account_id = 'acc-jan' and seq = 2)", "its postings so far add up to"},
	{"a balance after a posting", "update posting set balance = balance + 1 where account_id = 'acc-jan' and seq = 2", "account acc-jan: posting number 2 says"},
	{"a posting removed", "delete from posting where account_id = 'acc-jan' and seq = 2", "account acc-jan: its posting number 3 follows number 1"},
	{"the last posting removed", "delete from posting where account_id = 'acc-jan' and seq = (select seq from account where id = 'acc-jan')", "account acc-jan: it counts"},
	{"an entry removed", "delete from entry where id = (select max(id) from entry)", "and the entry does not exist"},
	{"an entry without postings", "insert into entry values ('e', 1, 'cash', '', '')", "entry e: it has 0 postings"},
	{"an entry at another time", "update entry set at = at + 1 where id = (select max(id) from entry)", "tells another time"},
	{"a foreign posting", "update posting set account_id = 'acc-nobody' where account_id = 'acc-jan' and seq = 2", "and the account does not exist"},
	{"another currency", "update posting set currency = 'EUR' where account_id = 'acc-jan' and seq = 2", "its postings in EUR add up to"},
	{"a held sum", "update account set held = held + 1 where id = 'acc-jan'", "account acc-jan: 70.01 is held on it"},
	{"an overdrawn customer", "update account set booked = -1 where id = 'acc-ola'", "a customer's account was overdrawn"},
	{"the amount of a hold", "update hold set amount = amount + 1 where status = 'ACTIVE'", "its amount, title or end is not that of its last event"},
	{"a hold that lives again", "update hold set status = 'ACTIVE', ended_at = 0 where status = 'RELEASED'", "it is ACTIVE, and its events leave it RELEASED"},
	{"more captured than held", "update hold set captured = amount + 1 where status = 'CAPTURED'", "was captured while it is CAPTURED"},
	{"less captured than paid", "update hold set captured = captured - 1 where status = 'CAPTURED'", "is not what was captured of it"},
	{"a hold without its placing", "delete from hold_event where kind = 'placed'", "it counts"},
	{"a hold that ended twice", "insert into hold_event select hold_id, seq + 1, 'released', at, by_kind, by_id, amount, title, valid_to, 0, '', 0, '', 0 from hold_event where kind = 'captured'", "it has ended 2 times"},
	{"an event of no hold", "update hold_event set hold_id = 'h-nobody' where kind = 'released'", "hold h-nobody: it was released, and the hold does not exist"},
	{"the use of a hold", "update hold set use_in_day = use_in_day + 1 where status = 'ACTIVE'", "what is counted of it in the limits"},
	{"the delta of a hold", "update hold_event set in_month = in_month - 1 where kind = 'released'", "and the acts add up to"},
	{"a payment of more", "update payment set amount = amount + 1 where operation_id = 'p1'", "was never booked"},
	{"a payment to somebody else", "update payment set payee_id = 'acc-ola' where operation_id = 'p1'", "account acc-ola was never booked"},
	{"a payment that was never booked", "update payment set status = 'EXECUTED', ended_at = 1 where operation_id = 's5'", "it is EXECUTED, and its events leave it SCHEDULED"},
	{"a rejected payment that was booked", "update payment set status = 'REJECTED' where operation_id = 's1'", "it is REJECTED, and entry"},
	{"a fee forgiven", "update payment set fee = 0 where operation_id = 'p1'", "booked a fee of"},
	{"a fee never charged", "update payment set fee = fee + 1 where operation_id = 'p1'", "the fee of 0.26 on account own-fee-income was never booked"},
	{"the date of a scheduled payment", "update payment set execution_date = '2027-01-01' where operation_id = 's5'", "its amount, title or date is not that of its last event"},
	{"an event of a payment", "delete from payment_event where kind = 'cancelled'", "it counts 2 events and has 1"},
	{"a payment removed", "delete from payment where operation_id = 'p1'", "and the payment does not exist"},
	{"a used limit", "update counter set used = used - 1 where subject = 'agreement:agr-jan' and period = '2026-11'", "counter agreement:agr-jan 2026-11: it says"},
	{"a customer's used limit", "update counter set used = 0 where subject = 'customer:cus-jan' and length(period) = 7", "counter customer:cus-jan"},
	{"a counter removed", "delete from counter where subject = 'agreement:agr-jan' and period = '2026-11'", "it does not exist, and acts used"},
	{"a counter of nothing", "insert into counter values ('agreement:nobody', '2026-11', 5, 'PLN')", "counter agreement:nobody 2026-11"},
	{"charges", "update counter set used = used + 1 where subject = 'charges:agr-jan'", "counter charges:agr-jan"},
	{"charges removed", "delete from counter where subject = 'charges:agr-jan'", "a fee of"},
	{"an operation forgotten", "delete from operation where operation_id = 'p1'", "the operation id under which it was made is not remembered"},
	{"a hold's operation forgotten", "delete from operation where operation_id = 'h6'", "the operation id under which it was placed is not remembered"},
	{"an operation that points nowhere", "update operation set payment_id = 'p-nobody' where operation_id = 'p1'", "made or changed a payment that does not exist"},
	{"a confirmation that was never given", "update authorisation set status = 'REJECTED' where status = 'EXECUTED'", "through an authorisation that does not exist or was not executed"},
	{"a confirmation of something else", "update authorisation set payment_id = 'p-nobody' where status = 'EXECUTED'", "is not remembered as confirmed by it"},
	{"an agreement removed", "delete from agreement where id = 'agr-ola'", "its agreement does not exist"},
	{"a customer removed", "delete from customer where id = 'cus-ola'", "account acc-ola: its customer does not exist"},
	{"a record of the audit", "update audit set why = 'nobody looks' where act = 'hold.placed' and seq = (select min(seq) from audit where act = 'hold.placed')", "the chain breaks at line"},
	{"a record and its hash", "update audit set why = 'x', hash = (select previous_hash from chain_segment where previous = '' limit 1) where act = 'payment.cancelled'", "the chain breaks at line"},
	{"a record removed from the middle", "delete from audit where act = 'hold.released'", "something between them is missing"},
	{"the tail of a segment", "delete from audit where (segment, seq) in (select segment, last_seq from chain_segment where chain = 'audit')", "and its head says line"},
	{"a whole segment", "delete from chain_segment where chain = 'audit' and previous <> '' and opened_at = (select min(opened_at) from chain_segment where chain = 'audit' and previous <> '')", "a segment is missing"},
	{"a head moved back", "update chain_segment set last_seq = last_seq - 1 where chain = 'audit' and last_seq > 1", "and its head says line"},
	{"the newest segment with its head", "delete from audit where segment = (select max(segment) from audit); delete from chain_segment where chain = 'audit' and segment not in (select segment from audit)", "times and is recorded"},
	{"a transfer of more", "update transfer set amount = amount + 1 where tpp_id = 'order-tpp-done'", "its order is about 10.00 PLN, and it moves 10.01 PLN"},
	{"the order of a transfer", "update transfer set instruction = replace(instruction, '\"n\":1000,', '\"n\":1001,') where tpp_id = 'order-tpp-done'", "its order is about 10.01 PLN"},
	{"a transfer to another clearing account", "update transfer set system = 'Sorbnet' where tpp_id = 'order-tpp-done'", "own-clearing-sorbnet-pln was never booked"},
	{"a transfer that was never booked", "update transfer set status = 'done', ended_at = 1, reserved = 1 = 0 where tpp_id = 'order-tpp-waits'", "it is done, and its events leave it pending"},
	{"a done transfer that waits again", "update transfer set status = 'pending', ended_at = 0, reserved = 1 = 1 where tpp_id = 'order-tpp-done'", "it is pending, and entry"},
	{"the fee of a transfer", "update transfer set fee = fee + 1 where tpp_id = 'order-tpp-done'", "the fee of 0.51 on account own-fee-income was never booked"},
	{"a transfer's fee entry", "delete from posting where kind = 'fee' and payment_id = (select id from transfer where tpp_id = 'order-tpp-euro'); delete from entry where kind = 'fee' and payment_id = (select id from transfer where tpp_id = 'order-tpp-euro')", "the fee of 0.50 on account own-fee-income-eur was never booked"},
	{"the part of a VAT account", "update transfer set from_vat = from_vat - 1 where tpp_id = 'order-tpp-back'", "booked a vat of"},
	{"what is set aside on a VAT account", "update transfer set from_vat = from_vat - 1 where tpp_id = 'order-tpp-waits'", "account vat-account: 4.00 is held on it"},
	{"money set aside for nothing", "update transfer set reserved = 1 = 0 where tpp_id = 'order-tpp-waits'", "it is pending, and money set aside for it is false"},
	{"what is set aside for a transfer", "update account set held = held - 1 where id = 'acc-tpp'", "and the transfers that wait add up to"},
	{"a return that was never booked", "update transfer set returned_at = ended_at where tpp_id = 'order-tpp-done'", "the return of 10.00 on account acc-tpp was never booked"},
	{"a return taken back", "update transfer set returned_at = 0 where tpp_id = 'order-tpp-back'", "booked a return of"},
	{"an event of a transfer", "delete from transfer_event where status = 'rejected' and transfer_id = (select id from transfer where tpp_id = 'order-tpp-refused')", "it counts 2 events and has 1"},
	{"a transfer that ended twice", "insert into transfer_event (transfer_id, seq, status, at, by_kind, by_id, reason, detail, returned, day, in_day, month, in_month) select id, 3, 'cancelled', 1, 'bank', '', '', '', 1 = 0, '', 0, '', 0 from transfer where tpp_id = 'order-tpp-done'", "it was cancelled after it had ended"},
	{"an event of no transfer", "update transfer_event set transfer_id = 't-nobody' where status = 'cancelled' and transfer_id = (select id from transfer where tpp_id = 'order-tpp-cancelled')", "transfer t-nobody: it was cancelled, and the transfer does not exist"},
	{"a transfer removed", "delete from transfer where tpp_id = 'order-tpp-inside'", "and the payment does not exist"},
	{"the use of a transfer", "update transfer set use_in_day = use_in_day + 1 where tpp_id = 'order-tpp-done'", "what is counted of it in the limits"},
	{"the delta of a transfer", "update transfer set delta_in_month = delta_in_month - 1, use_in_month = use_in_month - 1 where tpp_id = 'order-tpp-done'", "counter customer:cus-tpp 2026-"},
	{"what a cancelled transfer gave back", "update transfer_event set in_month = in_month - 1 where status = 'cancelled' and transfer_id = (select id from transfer where tpp_id = 'order-tpp-cancelled')", "counter customer:cus-tpp 2026-"},
	{"the counter of standing orders", "update counter set used = used + 1 where subject = 'recurring:cus-tpp' and length(period) = 7", "counter recurring:cus-tpp 2026-"},
	{"the counter of another currency", "delete from counter where subject = 'customer:cus-tpp:EUR'", "counter customer:cus-tpp:EUR 2026-"},
	{"a transfer without its consent", "update transfer set consent_id = 'c-nobody' where tpp_id = 'order-tpp-done'", "its consent does not exist, or is another third party's"},
	{"a transfer of somebody else's consent", "update tpp_consent set customer_id = 'cus-jan' where id = 'consent-done'", "its consent does not exist, or is another third party's or customer's"},
	{"a consent that made nothing", "update tpp_consent set made = 't-nobody' where id = 'consent-done'", "consent consent-done: it made something that does not exist"},
	{"a consent that forgot", "update tpp_consent set made = '' where id = 'consent-done'", "its consent does not say that it made it"},
	{"a transfer from somebody else's account", "update account set customer_id = 'cus-jan' where id = 'acc-euro'", "it leaves an account of somebody else"},
	{"a submission forgotten", "delete from submission where tpp_id = 'order-tpp-done'", "the id under which it was ordered is not remembered"},
	{"a submission of nothing", "insert into submission (client, tpp_id, content, at, transfer_id, bundle_id, standing_id) values ('c', 't', '', 1, 't-nobody', '', '')", "submission c t: what was ordered under it does not exist"},
	{"the sum of a bundle", "update bundle set total = total + 1 where consent_id = 'consent-set'", "it says 5.01, and its transfers add up to 5.00"},
	{"a transfer taken out of a bundle", "update transfer set bundle_id = '' where bundle_id <> '' and system = 'Internal'", "it names 2 transfers, and 1 are part of it"},
	{"a bundle removed", "delete from bundle where consent_id = 'consent-set'", "and it does not exist"},
	{"the count of a standing order", "update standing_order set made = made + 1 where consent_id = 'consent-every'", "it counts 2 payments and has made 1"},
	{"a payment of a standing order left out", "update transfer set number = 2 where consent_id = 'consent-every'", "stands in place 1"},
	{"a standing order that lives again", "update standing_order set due = 5 where consent_id = 'consent-dropped'", "it is cancelled, its next payment is due at 5"},
	{"a standing order removed", "delete from standing_order where consent_id = 'consent-every'", "is a payment of it, and it does not exist"},
	{"a token that outlives its consent", "update consent_token set revoked_at = 0 where consent_id = 'consent-goes on waiting'", "consent consent-goes on waiting: it has ended, and a token of it is still good"},
	{"a consent ended without its tokens", "update tpp_consent set status = 'ended' where id = 'consent-done'", "consent consent-done: it has ended, and a token of it is still good"},
	{"a code that outlives its consent", "update consent_code set spent_at = 0 where consent_id = 'consent-goes on waiting'", "consent consent-goes on waiting: it has ended, and a code of it is still good"},
	{"a token of another third party", "update consent_token set client = 'c-nobody' where consent_id = 'consent-done'", "consent consent-done: a token of it was issued to another third party"},
	{"a third party removed", "delete from tpp_client", "its third party is not registered"},
	{"a transfer that stands in no log", "insert into transfer_event (transfer_id, seq, status, at, by_kind, by_id, reason, detail, returned, day, in_day, month, in_month) select id, 9, 'pending', 1, 'bank', '', '', '', 1 = 0, '', 0, '', 0 from transfer where tpp_id = 'order-tpp-done'", "audit transfer.pending: it happened"},
	{"a line of the access log", "update access_log set outcome = 'not_found' where seq = 1", "access n1"},
	{"the end of the access log", "delete from access_log where segment = (select max(segment) from access_log)", "and its head says line 1"},
}

func TestFindsTampering(t *testing.T) {
	onBoth(t, func(t *testing.T, e engine) {
		whole := e.everything(t)
		for _, c := range tamperings {
			t.Run(c.name, func(t *testing.T) {
				where := e.copied(t, whole)
				e.tamper(t, where, c.statement)
				report, err := verify.Run(t.Context(), where)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range report.Findings {
					if strings.Contains(f.String(), c.want) {
						return
					}
				}
				t.Errorf("not found: %q in %v", c.want, report.Findings)
			})
		}
	})
}
