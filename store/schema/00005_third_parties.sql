-- Licensed third parties (PSD2): who they are, what customers have consented to
-- for them, and the credit transfers that they have ordered.
--
-- Money, times, days and empty texts are as in the first part. What a program
-- reads whole and never searches (rights, accounts and orders of a consent, the
-- words of an order) is one JSON text with the version of its form in it.

-- +goose Up

create table tpp_client (
    id            text    not null primary key,   -- a UUID: the Client-ID
    organisation  text    not null,
    name          text    not null,
    email         text    not null,
    redirect_uris text    not null,               -- JSON
    status        text    not null check (status in ('waiting', 'active', 'blocked')),
    status_by     text    not null,
    status_why    text    not null,
    any_uuid      boolean not null,
    since         bigint  not null
);

-- An organisation is registered once, whoever registers it at the same time.
create unique index tpp_client_organisation on tpp_client (organisation);

create table tpp_key (
    client      text   not null references tpp_client (id),
    thumbprint  text   not null,                  -- x5t#S256
    certificate bytea  not null,                  -- DER
    url         text   not null,
    added_at    bigint not null,
    place       bigint not null,                  -- order in which they were added
    primary key (client, place)
);
create unique index tpp_key_thumbprint on tpp_key (client, thumbprint);

-- The supervisor's list as it was imported last.
create table register_entry (
    organisation text   not null primary key,
    name         text   not null,
    country      text   not null,
    roles        text   not null,                 -- parted by blanks
    since        bigint not null,
    withdrawn_at bigint not null,
    imported_at  bigint not null
) /* clustered */;

create table admission (
    organisation text    not null primary key,
    name         text    not null,
    applied_by   text    not null,
    by_owner     boolean not null,
    status       text    not null check (status in ('applied', 'admitted', 'refused')),
    decided_by   text    not null,
    reason       text    not null,
    applied_at   bigint  not null,
    decided_at   bigint  not null
) /* clustered */;

create table admission_paper (
    organisation   text   not null references admission (organisation),
    id             text   not null,
    place          bigint not null,
    kind           text   not null,
    file_name      text   not null,
    digest         bytea  not null,
    content_sealed bytea  not null,
    status         text   not null check (status in ('handed_in', 'accepted', 'refused')),
    handed_in      bigint not null,
    reviewer       text   not null,
    reason         text   not null,
    reviewed       bigint not null,
    primary key (organisation, id)
);

-- Ids of requests that have been served: none is served twice, on whatever node.
create table tpp_request (
    organisation text   not null,
    request_id   text   not null,
    at           bigint not null,
    primary key (organisation, request_id)
) /* clustered */;

create index tpp_request_age on tpp_request (at);

create table tpp_consent (
    id           text    not null primary key,
    version      bigint  not null check (version > 0),
    client       text    not null,                -- '': given on a page to an organisation
    organisation text    not null,
    name         text    not null,
    tpp_id       text    not null,
    scope        text    not null check (scope in ('ais-accounts', 'ais', 'pis', 'caf')),
    status       text    not null check (status in ('asked', 'active', 'refused', 'ended')),
    valid_until  bigint  not null,
    customer_id  text    not null,
    person_id    text    not null,
    asked_at     bigint  not null,
    given_at     bigint  not null,
    proven_at    bigint  not null,
    ended_at     bigint  not null,
    ended_by     text    not null,
    last_used    bigint  not null,
    last_read    text    not null,
    made         text    not null,                -- transfer, bundle or standing order that was made
    told_at      bigint  not null,
    single       text    not null,                -- the rights that may be used once, parted by blanks
    funds_number text    not null,                -- caf: the number of its account
    content      text    not null,                -- JSON: rights, numbers, accounts, orders
    check (client <> '' or scope = 'caf')
) /* clustered */;

-- A consent id is taken once per third party, also by what was refused.
create unique index tpp_consent_taken on tpp_consent (client, tpp_id) where client <> '';
create index tpp_consent_customer on tpp_consent (customer_id, asked_at, id) where customer_id <> '';
create index tpp_consent_funds on tpp_consent (organisation, funds_number, given_at) where scope = 'caf' and status = 'active';
create index tpp_consent_untold on tpp_consent (valid_until, id) where status = 'active' and told_at = 0 and scope <> 'pis';

create table consent_request (
    id           text   not null primary key,
    consent_id   text   not null references tpp_consent (id),
    client       text   not null references tpp_client (id),
    state        text   not null,
    redirect_uri text   not null,
    created_at   bigint not null,
    expires_at   bigint not null,
    status       text   not null check (status in ('open', 'given', 'refused')),
    -- What the customer chose; person_id is '' before that.
    person_id    text   not null,
    customer_id  text   not null,
    accounts     text   not null                  -- JSON
);
create unique index consent_request_once on consent_request (consent_id);
create index consent_request_expiry on consent_request (expires_at);

create table consent_code (
    hash           bytea  not null primary key,
    client         text   not null,
    consent_id     text   not null references tpp_consent (id),
    state          text   not null,
    redirect_uri   text   not null,
    code_challenge text   not null,
    expires_at     bigint not null,
    spent_at       bigint not null
) /* clustered */;
create index consent_code_unspent on consent_code (consent_id) where spent_at = 0;
create index consent_code_expiry on consent_code (expires_at);

create table consent_token (
    hash       bytea   not null primary key,
    kind       text    not null check (kind in ('access', 'refresh')),
    client     text    not null,
    consent_id text    not null references tpp_consent (id),
    family     bytea   not null,
    looks_only boolean not null,
    issued_at  bigint  not null,
    expires_at bigint  not null,
    spent_at   bigint  not null,
    revoked_at bigint  not null
) /* clustered */;
create index consent_token_live on consent_token (consent_id) where spent_at = 0 and revoked_at = 0;
create index consent_token_live_family on consent_token (family) where spent_at = 0 and revoked_at = 0;
create index consent_token_expiry on consent_token (expires_at);

-- When a third party called by itself in the last 24 hours (RTS art. 36(5)(b)).
create table background_call (
    consent_id text   not null references tpp_consent (id),
    ref        text   not null,
    kind       text   not null,
    calls      text   not null,                   -- JSON: instants, the oldest first
    expires_at bigint not null,                   -- when the last of them counts no more
    primary key (consent_id, ref, kind)
) /* clustered */;
create index background_call_expiry on background_call (expires_at);

create table transfer (
    id              text    not null primary key,
    consent_id      text    not null,
    client          text    not null,
    tpp_id          text    not null,
    bundle_id       text    not null,
    standing_id     text    not null,
    number          bigint  not null,
    customer_id     text    not null,
    account_id      text    not null references account (id),
    vat_id          text    not null,
    payee_id        text    not null,
    instruction     text    not null,             -- JSON
    amount          bigint  not null check (amount > 0),
    currency        text    not null,
    system          text    not null,
    fee             bigint  not null check (fee >= 0),
    status          text    not null check (status in ('submitted', 'pending', 'scheduled', 'done', 'rejected', 'cancelled')),
    reason          text    not null,
    detail          text    not null,
    reserved        boolean not null,
    from_vat        bigint  not null check (from_vat between 0 and amount), -- what of the amount the VAT account pays
    created_at      bigint  not null,
    due             bigint  not null,
    ended_at        bigint  not null,
    returned_at     bigint  not null,
    use_day         text    not null,
    use_in_day      bigint  not null,
    use_month       text    not null,
    use_in_month    bigint  not null,
    delta_day       text    not null,
    delta_in_day    bigint  not null,
    delta_month     text    not null,
    delta_in_month  bigint  not null,
    events          bigint  not null,
    check ((status in ('done', 'rejected', 'cancelled')) = (ended_at <> 0)),
    check (not reserved or ended_at = 0),
    check (returned_at = 0 or status = 'done')
) /* clustered */;

create index transfer_due on transfer (due, id) where due <> 0;
create index transfer_of_account on transfer (account_id, created_at, id);
create index transfer_open_of_account on transfer (account_id, created_at, id) where status <> 'done';
create index transfer_of_bundle on transfer (bundle_id, created_at, id) where bundle_id <> '';
create index transfer_of_standing on transfer (standing_id, created_at, id) where standing_id <> '';

-- A consent makes its payment once, and a standing order each of its payments.
create unique index transfer_of_consent on transfer (consent_id) where bundle_id = '' and standing_id = '';
create unique index transfer_of_turn on transfer (standing_id, number) where standing_id <> '';

create table transfer_event (
    transfer_id text    not null references transfer (id),
    seq         bigint  not null check (seq > 0),
    status      text    not null,
    at          bigint  not null,
    by_kind     text    not null,
    by_id       text    not null,
    reason      text    not null,
    detail      text    not null,
    returned    boolean not null,
    day         text    not null,
    in_day      bigint  not null,
    month       text    not null,
    in_month    bigint  not null,
    primary key (transfer_id, seq)
) /* clustered */;

-- A transfer ends once, and its money comes back once.
create unique index transfer_ends_once on transfer_event (transfer_id) where status in ('done', 'rejected', 'cancelled') and not returned;
create unique index transfer_returns_once on transfer_event (transfer_id) where returned;

create table bundle (
    id          text   not null primary key,
    consent_id  text   not null,
    client      text   not null,
    tpp_id      text   not null,
    customer_id text   not null,
    account_id  text   not null references account (id),
    kind        text   not null,
    total       bigint not null,
    currency    text   not null,
    transfers   text   not null,                  -- JSON: their ids, in the order of the bundle
    created_at  bigint not null
) /* clustered */;
create unique index bundle_of_consent on bundle (consent_id);

create table standing_order (
    id           text   not null primary key,
    consent_id   text   not null,
    client       text   not null,
    tpp_id       text   not null,
    customer_id  text   not null,
    account_id   text   not null references account (id),
    payee_id     text   not null,
    instruction  text   not null,                 -- JSON
    currency     text   not null,
    system       text   not null,
    fee          bigint not null check (fee >= 0),
    status       text   not null check (status in ('submitted', 'inProgress', 'cancelled', 'close')),
    next_day     text   not null,
    due          bigint not null,
    made         bigint not null check (made >= 0),
    created_at   bigint not null,
    ended_at     bigint not null
) /* clustered */;
create unique index standing_order_of_consent on standing_order (consent_id);
create index standing_order_due on standing_order (due, id) where due <> 0;
create index standing_order_customer on standing_order (customer_id, created_at, id);

-- What a third party has ordered by its own id: payments, bundles and standing
-- orders share one space.
create table submission (
    client      text   not null,
    tpp_id      text   not null,
    content     text   not null,
    at          bigint not null,
    transfer_id text   not null,
    bundle_id   text   not null,
    standing_id text   not null,
    primary key (client, tpp_id),
    check ((case when transfer_id = '' then 0 else 1 end) + (case when bundle_id = '' then 0 else 1 end)
        + (case when standing_id = '' then 0 else 1 end) = 1)
) /* clustered */;

-- References of what batches write are proven by the batch itself, as in the
-- first part.
-- postgresql: alter table transfer drop constraint transfer_account_id_fkey;
-- postgresql: alter table transfer_event drop constraint transfer_event_transfer_id_fkey;
-- postgresql: alter table bundle drop constraint bundle_account_id_fkey;
-- postgresql: alter table standing_order drop constraint standing_order_account_id_fkey;
