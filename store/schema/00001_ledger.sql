-- The bank's memory, first part: accounts and what moves on them, the orders
-- that moved it, limits' counters, and the two chained logs.
--
-- One text for SQLite and PostgreSQL. Money is in minor units, time in
-- microseconds since 1970 UTC (0: not, or not yet), a calendar day "2026-11-21",
-- a month "2026-11"; a text that does not apply is ''. Tables marked clustered
-- are kept in the order of their primary key where the engine can do so, and
-- lines that begin with "-- postgresql:" are for that engine alone (see
-- migrate.go).

-- +goose Up

-- What this file of data is, written once when it is made.
create table meta (
    id          bigint not null primary key check (id = 1),
    environment text   not null check (environment in ('test', 'production')),
    created_at  bigint not null,
    key_check   bytea  not null -- proves that a key is the one with which this store was made
);

create table account (
    id            text   not null primary key,
    kind          text   not null check (kind in ('customer', 'own')),
    customer_id   text   not null,
    nrb           text   not null,
    holder        text   not null,
    name          text   not null,
    product_group text   not null,
    product_type  text   not null,
    status        text   not null check (status in ('open', 'blocked', 'closed')),
    access_state  text   not null check (access_state in ('off', 'on', 'blocked')),
    access_by     text   not null,
    access_at     bigint not null,
    access_why    text   not null,
    opened_at     bigint not null,
    currency      text   not null,
    booked        bigint not null check (booked - held + overdraft >= 0 or kind = 'own'),
    held          bigint not null check (held >= 0),
    overdraft     bigint not null check (overdraft >= 0),
    seq           bigint not null check (seq >= 0),
    check ((kind = 'customer') = (customer_id <> ''))
) /* clustered */;

create unique index account_nrb on account (nrb) where nrb <> '';

create index account_of_customer on account (customer_id, opened_at, id) where customer_id <> '';

-- A balanced movement. What its reader sees stands in each of its postings, so
-- that one page of an account's history is one range of one table.
create table entry (
    id         text   not null primary key,
    at         bigint not null,
    kind       text   not null,
    payment_id text   not null,
    hold_id    text   not null
) /* clustered */;

-- A payment is booked once, and charged once.
create unique index entry_of_payment on entry (payment_id, kind) where payment_id <> '';

create table posting (
    account_id   text   not null references account (id),
    at           bigint not null,
    seq          bigint not null check (seq > 0), -- position in the account's history, without gaps
    entry_id     text   not null references entry (id),
    kind         text   not null,
    title        text   not null,
    amount       bigint not null check (amount <> 0), -- below zero leaves the account
    balance      bigint not null,                     -- booked balance after it
    currency     text   not null,
    other_name   text   not null,
    other_number text   not null,
    payment_id   text   not null,
    hold_id      text   not null,
    primary key (account_id, at, seq)
) /* clustered */;

create table hold (
    id             text   not null primary key,
    agreement_id   text   not null,
    application_id text   not null,
    account_id     text   not null references account (id),
    operation_id   text   not null,
    amount         bigint not null check (amount > 0),
    currency       text   not null,
    title          text   not null,
    created_at     bigint not null,
    valid_to       bigint not null,
    status         text   not null check (status in ('ACTIVE', 'RELEASED', 'CAPTURED', 'EXPIRED')),
    ended_at       bigint not null,
    captured       bigint not null check (captured between 0 and amount),
    use_day        text   not null,
    use_in_day     bigint not null,
    use_month      text   not null,
    use_in_month   bigint not null,
    events         bigint not null check (events > 0),
    check ((status = 'ACTIVE') = (ended_at = 0))
) /* clustered */;

create index hold_due on hold (valid_to, id) where status = 'ACTIVE';
create index hold_of_agreement on hold (agreement_id, created_at, id);
create index hold_of_account on hold (account_id, created_at, id);

create table hold_event (
    hold_id  text   not null references hold (id),
    seq      bigint not null check (seq > 0),
    kind     text   not null check (kind in ('placed', 'changed', 'released', 'captured', 'expired')),
    at       bigint not null,
    by_kind  text   not null,
    by_id    text   not null,
    amount   bigint not null,
    title    text   not null,
    valid_to bigint not null,
    captured bigint not null,
    day      text   not null, -- what the event took from the limits, or gave back, and in which windows
    in_day   bigint not null,
    month    text   not null,
    in_month bigint not null,
    primary key (hold_id, seq)
) /* clustered */;

-- A hold ends once, whatever the program believes.
create unique index hold_ends_once on hold_event (hold_id) where kind in ('released', 'captured', 'expired');

create table payment (
    id              text   not null primary key,
    agreement_id    text   not null,
    application_id  text   not null,
    account_id      text   not null references account (id),
    payee_id        text   not null references account (id),
    operation_id    text   not null,
    amount          bigint not null check (amount > 0),
    fee             bigint not null check (fee >= 0),
    currency        text   not null,
    title           text   not null,
    status          text   not null check (status in ('EXECUTED', 'SCHEDULED', 'REJECTED', 'CANCELLED')),
    created_at      bigint not null,
    execution_date  text   not null,
    ended_at        bigint not null,
    hold_id         text   not null,
    reason          text   not null,
    use_day         text   not null,
    use_in_day      bigint not null,
    use_month       text   not null,
    use_in_month    bigint not null,
    delta_day       text   not null, -- what its creation took from the limits
    delta_in_day    bigint not null,
    delta_month     text   not null,
    delta_in_month  bigint not null,
    events          bigint not null,
    check ((status = 'SCHEDULED') = (ended_at = 0))
) /* clustered */;

create index payment_due on payment (execution_date, id) where status = 'SCHEDULED';
create index payment_of_agreement on payment (agreement_id, created_at, id);
create unique index payment_of_hold on payment (hold_id) where hold_id <> '';

create table payment_event (
    payment_id     text   not null references payment (id),
    seq            bigint not null check (seq > 0),
    kind           text   not null check (kind in ('scheduled', 'changed', 'executed', 'rejected', 'cancelled')),
    at             bigint not null,
    by_kind        text   not null,
    by_id          text   not null,
    amount         bigint not null,
    title          text   not null,
    execution_date text   not null,
    day            text   not null,
    in_day         bigint not null,
    month          text   not null,
    in_month       bigint not null,
    primary key (payment_id, seq)
) /* clustered */;

create unique index payment_ends_once on payment_event (payment_id) where kind in ('executed', 'rejected', 'cancelled');

-- A prepared operation that waits for the customer's word.
create table authorisation (
    id               text   not null primary key,
    agreement_id     text   not null,
    application_id   text   not null,
    customer_id      text   not null,
    person_id        text   not null,
    account_id       text   not null references account (id),
    kind             text   not null,
    operation_id     text   not null, -- '': permissions are asked for without one
    draft_hold_id    text   not null,
    draft_payment_id text   not null,
    draft_amount     bigint not null,
    draft_currency   text   not null, -- '' where the caller named no amount
    title            text   not null,
    valid_to         bigint not null,
    execution_date   text   not null,
    permissions      text   not null, -- parted by blanks
    app_type         text   not null,
    os               text   not null,
    callback         text   not null,
    amount           bigint not null,
    fee              bigint not null,
    currency         text   not null, -- of amount and fee; '' where no money is asked for
    payee_name       text   not null,
    payee_number     text   not null,
    status           text   not null check (status in ('PENDING', 'EXECUTED', 'REJECTED', 'EXPIRED')),
    reason           text   not null,
    created_at       bigint not null,
    expires_at       bigint not null,
    ended_at         bigint not null,
    hold_id          text   not null,
    payment_id       text   not null,
    check ((status = 'PENDING') = (ended_at = 0))
);

-- At most one waits under one operation id.
create unique index authorisation_waiting on authorisation (application_id, operation_id)
    where status = 'PENDING' and operation_id <> '';

-- What was done under a caller's operation id, with the first answer as it was.
create table operation (
    application_id   text   not null,
    operation_id     text   not null,
    content          text   not null,
    at               bigint not null,
    agreement_id     text   not null,
    authorisation_id text   not null,
    hold_id          text   not null,
    payment_id       text   not null,
    answer           text   not null,
    primary key (application_id, operation_id),
    check ((hold_id = '') <> (payment_id = ''))
) /* clustered */;

-- How much of a limit is used in one day or month.
create table counter (
    subject  text   not null,
    period   text   not null,
    used     bigint not null check (used >= 0),
    currency text   not null,
    primary key (subject, period)
) /* clustered */;

-- The two chained logs. A chain runs within a node; a segment of it covers an
-- hour at most, begins with the last hash of the segment before, and its head
-- says where it ends, so that a missing tail is seen.
create table chain_segment (
    chain         text   not null check (chain in ('audit', 'access')),
    segment       text   not null, -- "node/2026-11-21T14"
    node          text   not null,
    opened_at     bigint not null, -- wall clock
    previous      text   not null, -- segment before it on this node
    previous_hash bytea  not null,
    last_seq      bigint not null,
    last_hash     bytea  not null,
    primary key (chain, segment)
);

create index chain_segment_of_node on chain_segment (chain, node, opened_at);

create table audit (
    segment     text   not null,
    seq         bigint not null,
    at          bigint not null,
    actor_kind  text   not null,
    actor_id    text   not null,
    act         text   not null,
    subject     text   not null,
    before_text text   not null,
    after_text  text   not null,
    why         text   not null,
    hash        bytea  not null,
    primary key (segment, seq)
) /* clustered */;

create table access_log (
    segment      text   not null,
    seq          bigint not null,
    at           bigint not null,
    client_id    text   not null,
    agreement_id text   not null,
    act          text   not null,
    subject      text   not null,
    outcome      text   not null,
    hash         bytea  not null,
    primary key (segment, seq)
) /* clustered */;

-- What every batch of orders changes again: room beside a row keeps its new
-- versions on its page, and no index has to learn of them.
-- postgresql: alter table account set (fillfactor = 60);
-- postgresql: alter table counter set (fillfactor = 60);
-- postgresql: alter table chain_segment set (fillfactor = 20);

-- Counts the acts and batches that change what a batch of orders relies on.
-- postgresql: create sequence desk_epoch;

-- A reference of a ledger row costs the server a look-up of its own for every
-- row, a third of the time of a batch. The batch itself proves them: it writes
-- an entry with its postings, and fails unless every account that it names has
-- taken its new balance (docs/decisions/0013-several-nodes.md); verify looks
-- again.
-- postgresql: alter table posting drop constraint posting_account_id_fkey, drop constraint posting_entry_id_fkey;
-- postgresql: alter table payment drop constraint payment_account_id_fkey, drop constraint payment_payee_id_fkey;
-- postgresql: alter table payment_event drop constraint payment_event_payment_id_fkey;
-- postgresql: alter table hold drop constraint hold_account_id_fkey;
-- postgresql: alter table hold_event drop constraint hold_event_hold_id_fkey;
