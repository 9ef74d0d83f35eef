-- One payment as a function on the server: what the interactive design does in
-- fourteen round trips, in one. It returns the hash with which the caller's
-- chain of audit goes on.
create function naive_pay(agreement text, reference text, operation text, id text, entry text, amount bigint, amount_text text, title text,
	segment text, line bigint, before bytea) returns bytea language plpgsql as $$
#variable_conflict use_variable
declare
	g record;
	payer account;
	payee account;
	a account;
	moment timestamptz;
	at bigint;
	day text;
	month text;
	used_day bigint := 0;
	used_month bigint := 0;
	c record;
	subject text := 'agreement:' || agreement;
	customer text;
	record_text text;
	hash bytea;
	use_text text;
begin
	select x.application, x.customer_id, x.account_ref, x.account_id, x.grants, x.status, x.limit_single, x.limit_daily, x.limit_monthly,
		x.limit_unconfirmed, p.account_id as payee_id, k.blocked_by into strict g
	from agreement x join application p on p.id = x.application join customer k on k.id = x.customer_id
		left join customer_limit l on l.customer_id = k.id where x.id = naive_pay.agreement;
	for a in select * from account x where x.id in (g.account_id, g.payee_id) order by x.id for update loop
		if a.id = g.account_id then payer := a; else payee := a; end if;
	end loop;
	moment := clock_timestamp(); -- only now: an account's postings come in the order of time
	at := (extract(epoch from moment) * 1000000)::bigint;
	day := to_char(moment at time zone 'Europe/Warsaw', 'YYYY-MM-DD');
	month := left(day, 7);
	if exists (select from operation o where o.application_id = g.application and o.operation_id = naive_pay.operation) then
		raise 'known already';
	end if;
	customer := 'customer:' || g.customer_id;
	for c in select x.subject, x.period, x.used from counter x
			where x.subject in (subject, customer) and x.period in (day, month) loop
		if c.subject = subject and c.period = day then used_day := c.used; end if;
		if c.subject = subject and c.period = month then used_month := c.used; end if;
	end loop;
	if g.status <> 'active' or g.blocked_by <> '' or payer.status <> 'open' or payee.status <> 'open' or payer.access_state <> 'on'
		or g.account_ref <> reference or strpos(g.grants, 'PAYMENTS:CREATE') = 0 or amount > g.limit_single or amount > g.limit_unconfirmed
		or used_day + amount > g.limit_daily or used_month + amount > g.limit_monthly
		or payer.booked - payer.held + payer.overdraft < amount then
		raise 'refused';
	end if;

	update account x set booked = v.booked, seq = v.seq
		from (values (payer.id, payer.booked - amount, payer.seq + 1), (payee.id, payee.booked + amount, payee.seq + 1)) v (id, booked, seq)
		where x.id = v.id;
	insert into entry (id, at, kind, payment_id, hold_id) values (entry, at, 'transfer', id, '');
	insert into posting (account_id, at, seq, entry_id, kind, title, amount, balance, currency, other_name, other_number, payment_id, hold_id) values
		(payer.id, at, payer.seq + 1, entry, 'transfer', title, -amount, payer.booked - amount, 'PLN', payee.holder, payee.nrb, id, ''),
		(payee.id, at, payee.seq + 1, entry, 'transfer', title, amount, payee.booked + amount, 'PLN', payer.holder, payer.nrb, id, '');
	insert into payment (id, agreement_id, application_id, account_id, payee_id, operation_id, amount, fee, currency, title, status, created_at,
			execution_date, ended_at, hold_id, reason, use_day, use_in_day, use_month, use_in_month, delta_day, delta_in_day, delta_month, delta_in_month, events)
		values (id, agreement, g.application, payer.id, payee.id, operation, amount, 0, 'PLN', title, 'EXECUTED', at,
			day, at, '', '', day, amount, month, amount, day, amount, month, amount, 0);
	use_text := '{"d":"' || day || '","e":' || amount || ',"m":"' || month || '","n":' || amount || '}';
	insert into operation (application_id, operation_id, content, at, agreement_id, authorisation_id, hold_id, payment_id, answer)
		values (g.application, operation,
			'pay|' || octet_length(agreement) || ':' || agreement || '|0:|0:|' || amount_text || 'PLN|' || octet_length(title) || ':' || title || '||',
			at, agreement, '', '', id,
			'{"a":"' || payer.id || '","p":"' || payee.id || '","m":' || amount || ',"c":"PLN","t":"' || title || '","o":' || at || ',"d":"' || day ||
			'","s":"EXECUTED","e":' || at || ',"u":' || use_text || ',"l":' || use_text || '}');
	insert into counter as x (subject, period, used, currency)
		values (subject, day, amount, 'PLN'), (subject, month, amount, 'PLN'), (customer, day, amount, 'PLN'), (customer, month, amount, 'PLN')
		on conflict on constraint counter_pkey do update set used = x.used + excluded.used;
	record_text := to_char(to_timestamp(at / 1000000) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '.' || lpad((at % 1000000)::text, 6, '0') || 'Z'
		|| '|7:partner|' || octet_length(g.application) || ':' || g.application || '|16:payment.executed|' || octet_length(id) + 8 || ':payment:' || id
		|| '|0:|' || octet_length(amount_text) || ':' || amount_text || '|0:';
	hash := sha256(before || convert_to(record_text, 'UTF8'));
	insert into audit (segment, seq, at, actor_kind, actor_id, act, subject, before_text, after_text, why, hash)
		values (segment, line, at, 'partner', g.application, 'payment.executed', 'payment:' || id, '', amount_text, '', hash);
	update chain_segment x set last_seq = line, last_hash = hash where x.chain = 'audit' and x.segment = naive_pay.segment;
	return hash;
end $$;
