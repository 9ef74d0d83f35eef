-- Consents that a third party asks for with a one-time code of the bank's
-- application, and the callbacks by which it is told (psd2 §2.7).

-- +goose Up

alter table tpp_client add column callback_urls text not null default ''; -- JSON

-- The person of whose code a request came with; '' of one that has a link.
alter table consent_request add column asked_of text not null default '';

-- A person has one code at a time, and no two persons have the same.
create table external_code (
    person_id text   not null primary key,
    hash      bytea  not null,               -- keyed: eight digits are found from a plain one
    until     bigint not null
);
create unique index external_code_hash on external_code (hash);
create index external_code_expiry on external_code (until);

-- The wrong codes of one third party, since the first of them.
create table external_try (
    client text   not null primary key,
    wrong  bigint not null check (wrong >= 0),
    since  bigint not null
) /* clustered */;

-- It lies here from the request on, and goes when the third party has been told.
-- No code is in it: each try has its own.
create table consent_callback (
    request_id     text   not null primary key,
    consent_id     text   not null references tpp_consent (id),
    client         text   not null,
    tpp_id         text   not null,
    state          text   not null,
    url            text   not null,
    api_key_sealed bytea  not null,
    reference      text   not null,          -- id of the third party's call
    form           text   not null,
    expires_at     bigint not null,          -- bank clock: when nobody can answer the request any more
    status         text   not null check (status in ('open', 'given', 'refused')),
    code_hash      bytea  not null,          -- of the last try
    since          bigint not null,          -- wall clock: when it was decided
    tries          bigint not null,
    fence          bigint not null,          -- raised by every claim
    worker         text   not null,
    due_at         bigint not null           -- wall clock: end of the lease, or time of the next try
);
create index consent_callback_open on consent_callback (expires_at, request_id) where status = 'open';
create index consent_callback_due on consent_callback (due_at, request_id) where status <> 'open';
