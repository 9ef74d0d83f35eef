package verify

import (
	"context"

	"okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/money"
)

type counterRow struct {
	used     int64
	currency string
}

// moved is what every act took from the limits or gave back: of a payment when
// it was made, of a scheduled payment and of a hold with every event.
const moved = `
	select agreement_id, delta_day as day, delta_in_day as in_day, delta_month as month, delta_in_month as in_month
		from payment where delta_day <> ''
	union all
	select p.agreement_id, e.day, e.in_day, e.month, e.in_month
		from payment_event e join payment p on p.id = e.payment_id where e.day <> ''
	union all
	select h.agreement_id, e.day, e.in_day, e.month, e.in_month
		from hold_event e join hold h on h.id = e.hold_id where e.day <> ''`

// transferred is the same of transfers, with the subject under which they are
// counted: one-off ones and the payments of standing orders apart, and every
// currency but PLN by itself.
const transferred = `
	select case when t.standing_id = '' then 'customer:' else 'recurring:' end || t.customer_id
			|| case when t.currency = 'PLN' then '' else ':' || t.currency end as subject, d.day, d.in_day, d.month, d.in_month
		from transfer t join (
			select id, delta_day as day, delta_in_day as in_day, delta_month as month, delta_in_month as in_month from transfer where delta_day <> ''
			union all select transfer_id, day, in_day, month, in_month from transfer_event where day <> '') d on d.id = t.id`

// counters adds up the use of every limit again, per agreement and per
// customer.
func (v *verifier) counters(ctx context.Context) error {
	sums, err := read(ctx, v.data, `
		with moved as materialized (`+moved+`), transferred as materialized (`+transferred+`), counted as (
			select 'agreement:' || agreement_id as subject, day as period, in_day as used from moved
			union all select 'agreement:' || agreement_id, month, in_month from moved
			union all select 'customer:' || a.customer_id, day, in_day from moved m join agreement a on a.id = m.agreement_id
			union all select 'customer:' || a.customer_id, month, in_month from moved m join agreement a on a.id = m.agreement_id
			union all select subject, day, in_day from transferred
			union all select subject, month, in_month from transferred)
		select subject || ' ' || period, cast(sum(used) as bigint) from counted group by subject, period
			order by `+v.data.bytewise("(subject || ' ' || period)"),
		func(scan func(...any) error, sum *int64) (key string, err error) {
			err = scan(&key, sum)
			return key, err
		})
	if err != nil {
		return err
	}
	counters, err := v.openCounters(ctx, "subject not like 'charges:%'")
	if err != nil {
		return err
	}
	missing := func(key string, sum int64) {
		if sum != 0 {
			v.find("counter", key, "it does not exist, and acts used %s", pln(sum))
		}
	}
	for counters.more {
		key := counters.key
		v.counter(key, counters.row, sums.of(key, missing))
		counters.next()
	}
	if err := sums.end(missing); err != nil {
		return err
	}
	v.count("counters", counters.n)
	return counters.end(nil)
}

func (v *verifier) openCounters(ctx context.Context, where string) (*stream[counterRow], error) {
	return read(ctx, v.data, "select subject || ' ' || period, used, currency from counter where "+where+
		" order by "+v.data.bytewise("(subject || ' ' || period)"),
		func(scan func(...any) error, c *counterRow) (key string, err error) {
			err = scan(&key, &c.used, &c.currency)
			return key, err
		})
}

func (v *verifier) counter(key string, c counterRow, sums []int64) {
	var sum int64
	for _, sum = range sums { // at most one
	}
	if c.used != sum {
		v.find("counter", key, "it says that %s is used, and the acts add up to %s", pln(c.used), pln(sum))
	}
	if _, err := money.ParseCurrency(c.currency); err != nil {
		v.find("counter", key, "its currency is %q", c.currency)
	}
}

type feeRow struct {
	at, amount int64
}

// charges adds up the fees charged under each agreement in each month again,
// from the postings on the bank's account of fees.
func (v *verifier) charges(ctx context.Context) error {
	fees, err := read(ctx, v.data, `
		select 'charges:' || coalesce(p.agreement_id, h.agreement_id), q.at, q.amount
		from posting q left join payment p on p.id = q.payment_id left join hold h on h.id = q.hold_id and q.payment_id = ''
		where q.account_id = '`+string(account.FeeIncome)+`' and q.kind = 'fee' and coalesce(p.agreement_id, h.agreement_id) is not null
		order by `+v.data.bytewise("('charges:' || coalesce(p.agreement_id, h.agreement_id))")+", q.at",
		func(scan func(...any) error, f *feeRow) (subject string, err error) {
			err = scan(&subject, &f.at, &f.amount)
			return subject + " " + string(limit.MonthOf(instant(f.at))), err
		})
	if err != nil {
		return err
	}
	counters, err := v.openCounters(ctx, "subject like 'charges:%'")
	if err != nil {
		return err
	}
	missing := func(key string, f feeRow) {
		v.find("counter", key, "it does not exist, and a fee of %s was charged", pln(f.amount))
	}
	for counters.more {
		key := counters.key
		var sum int64
		for _, f := range fees.of(key, missing) {
			sum += f.amount
		}
		v.counter(key, counters.row, []int64{sum})
		counters.next()
	}
	if err := fees.end(missing); err != nil {
		return err
	}
	v.count("counters of charges", counters.n)
	v.count("fees", fees.n)
	return counters.end(nil)
}
