-- Who the bank knows, what they have allowed to whom, and how they prove it.
--
-- Times are microseconds since 1970 in UTC; 0 means: not (yet). Money is minor
-- units, its currency in the row. A text that does not apply is ''. What is
-- called sealed is encrypted by the store; a blind is a keyed hash of what is
-- sealed, to find it again. Tables marked clustered are as in the first part.

-- +goose Up

create table person (
    id           text   not null primary key,
    first_name   text   not null,
    last_name    text   not null,
    pesel_sealed bytea  not null,              -- empty when the person has none
    pesel_blind  bytea  not null,              -- empty when the person has none
    phone_sealed bytea  not null,              -- empty when none is known
    language     text   not null
);
create unique index person_pesel on person (pesel_blind) where length(pesel_blind) > 0;

create table customer (
    id          text   not null primary key,
    segment     text   not null check (segment in ('individual', 'business', 'corporation')),
    name        text   not null,
    person_id   text   not null,               -- individuals: the person; '' otherwise
    nip         text   not null,
    regon       text   not null,
    krs         text   not null,
    address     text   not null,
    blocked_by  text   not null,               -- '' means: not blocked
    blocked_at  bigint not null,
    blocked_why text   not null,
    since       bigint not null
) /* clustered */;
create index customer_person on customer (person_id) where person_id <> '';

create table representation (
    customer_id text   not null references customer (id),
    person_id   text   not null references person (id),
    role        text   not null,
    share       bigint not null,               -- per mille, owners only
    valid_from  bigint not null,
    valid_until bigint not null,               -- 0 means: no end
    primary key (customer_id, person_id, role, valid_from)
) /* clustered */;
create index representation_person on representation (person_id);

-- A customer's own limits; a cap that is null does not limit.
create table customer_limit (
    customer_id       text   not null primary key references customer (id),
    currency          text   not null,         -- '' when no cap is set
    oneoff_single     bigint check (oneoff_single >= 0),
    oneoff_daily      bigint check (oneoff_daily >= 0),
    oneoff_monthly    bigint check (oneoff_monthly >= 0),
    recurring_single  bigint check (recurring_single >= 0),
    recurring_daily   bigint check (recurring_daily >= 0),
    recurring_monthly bigint check (recurring_monthly >= 0)
) /* clustered */;

create table login (
    login        text   not null primary key,
    person_id    text   not null references person (id),
    password     text   not null,              -- argon2id, PHC form
    wrong        bigint not null,
    locked_until bigint not null
) /* clustered */;
create unique index login_person on login (person_id);

create table partner (
    id                  text   not null primary key,
    name                text   not null,
    legal_name          text   not null,
    nip                 text   not null,
    regon               text   not null,
    krs                 text   not null,
    address             text   not null,
    email               text   not null,
    phone               text   not null,
    customer_id         text   not null,       -- the partner as a customer; '' while it is none
    agreement_reference text   not null,
    agreement_signed_at bigint not null,
    since               bigint not null
);

-- Persons whom a partner names as its own: they may pair in BETA.
create table partner_employee (
    partner_id text   not null references partner (id),
    person_id  text   not null references person (id),
    place      bigint not null,                -- order in which the partner named them
    primary key (partner_id, person_id)
) /* clustered */;

create table application (
    id                  text    not null primary key,   -- the client_id
    partner_id          text    not null references partner (id),
    name                text    not null,
    description         text    not null,
    logo_type           text    not null,
    logo                bytea   not null,
    lists               text    not null,      -- JSON: addresses, permissions, fees
    currency            text    not null,
    limit_single        bigint  not null,
    limit_daily         bigint  not null,
    limit_monthly       bigint  not null,
    limit_unconfirmed   bigint  not null,
    charges_cap         bigint,                -- null means: fees are not limited
    account_id          text    not null,      -- '' while the partner has none
    domain              text    not null,
    domain_method       text    not null,
    domain_token        text    not null,
    domain_proven_at    bigint  not null,
    status              text    not null check (status in ('SANDBOX', 'BETA', 'PUBLIC')),
    native              boolean not null,
    access_ttl          bigint  not null,      -- microseconds, as times are
    refresh_ttl         bigint  not null,
    release_by_customer boolean not null,
    since               bigint  not null
);

create table application_secret (
    application text   not null references application (id),
    hash        bytea  not null,
    valid_from  bigint not null,
    valid_until bigint not null,               -- 0 means: no end
    primary key (application, hash)
) /* clustered */;

create table agreement (
    id                text   not null primary key,
    version           bigint not null check (version > 0),
    application       text   not null references application (id),
    customer_id       text   not null references customer (id),
    person_id         text   not null,
    account_ref       text   not null,
    account_id        text   not null,
    grants            text   not null,         -- compact, with its version first
    currency          text   not null,
    limit_single      bigint not null check (limit_single >= 0),
    limit_daily       bigint not null check (limit_daily >= 0),
    limit_monthly     bigint not null check (limit_monthly >= 0),
    limit_unconfirmed bigint not null check (limit_unconfirmed >= 0),
    status            text   not null check (status in ('active', 'suspended', 'ended')),
    created_at        bigint not null,
    given_at          bigint not null,
    ended_at          bigint not null,
    ended_by          text   not null,
    last_used         bigint not null
) /* clustered */;
create unique index agreement_pair on agreement (application, customer_id);
create unique index agreement_ref on agreement (account_ref);
create index agreement_customer on agreement (customer_id, created_at);

create table pairing_request (
    id                text   not null primary key,
    client            text   not null references application (id),
    state             text   not null,
    redirect_uri      text   not null,
    code_challenge    text   not null,
    created_at        bigint not null,
    expires_at        bigint not null,
    status            text   not null check (status in ('open', 'given', 'refused')),
    -- What the customer chose; person_id is '' before that.
    person_id         text   not null,
    customer_id       text   not null,
    account_id        text   not null,
    permissions       text   not null,         -- OBJECT:ACTION, separated by spaces
    currency          text   not null,
    limit_single      bigint not null,
    limit_daily       bigint not null,
    limit_monthly     bigint not null,
    limit_unconfirmed bigint not null
);
create index pairing_request_expiry on pairing_request (expires_at);

create table code (
    hash           bytea  not null primary key,
    client         text   not null,
    agreement_id   text   not null references agreement (id),
    state          text   not null,
    redirect_uri   text   not null,
    code_challenge text   not null,
    expires_at     bigint not null,
    spent_at       bigint not null
) /* clustered */;
create index code_unspent on code (agreement_id) where spent_at = 0;
create index code_expiry on code (expires_at);

create table token (
    hash         bytea  not null primary key,
    kind         text   not null check (kind in ('access', 'refresh')),
    client       text   not null,
    agreement_id text   not null references agreement (id),
    family       bytea  not null,              -- hash of the code it descends from
    issued_at    bigint not null,
    expires_at   bigint not null,
    spent_at     bigint not null,
    revoked_at   bigint not null
) /* clustered */;
create index token_live on token (agreement_id) where spent_at = 0 and revoked_at = 0;
create index token_live_family on token (family) where spent_at = 0 and revoked_at = 0;
create index token_expiry on token (expires_at);

create table challenge (
    id             text   not null primary key,
    person_id      text   not null,
    method         text   not null,
    purpose        text   not null,
    subject_id     text   not null,
    binding        text   not null,
    display_text   text   not null,
    display_amount text   not null,
    display_payee  text   not null,
    code_hash      bytea  not null,
    nonce          bytea  not null,
    created_at     bigint not null,
    expires_at     bigint not null,
    tries          bigint not null,
    status         text   not null check (status in ('pending', 'passed', 'spent', 'refused'))
) /* clustered */;
create index challenge_waiting on challenge (person_id, created_at) where status = 'pending' and method = 'mobile';

create table factor (
    person_id    text   not null,
    method       text   not null,
    wrong        bigint not null,
    locked_until bigint not null,
    primary key (person_id, method)
) /* clustered */;

create table device (
    id          text   not null primary key,
    person_id   text   not null references person (id),
    name        text   not null,
    public_key  bytea  not null,
    enrolled_at bigint not null,
    removed_at  bigint not null
);
create index device_person on device (person_id);

create table message (
    id          text   not null primary key,
    channel     text   not null,
    person_id   text   not null,
    to_sealed   bytea  not null,
    text_sealed bytea  not null,               -- empty once delivered or dropped
    created_at  bigint not null,
    expires_at  bigint not null,               -- bank clock
    status      text   not null check (status in ('waiting', 'delivered', 'dropped')),
    tries       bigint not null,
    fence       bigint not null,               -- raised by every claim
    worker      text   not null,
    due_at      bigint not null,               -- wall clock: end of the lease, or time of the next try
    settled_at  bigint not null                -- wall clock
);
create index message_waiting on message (due_at) where status = 'waiting';
create index message_expiry on message (expires_at);

create table proposal (
    id          text   not null primary key,
    act         text   not null,
    subject     text   not null,
    content     text   not null,
    why         text   not null,
    proposed_by text   not null,
    proposed_at bigint not null,
    status      text   not null check (status in ('open', 'approved', 'done', 'rejected')),
    decided_by  text   not null,
    decided_at  bigint not null
);
create index proposal_status on proposal (status, proposed_at);

create table session (
    token_hash bytea  not null primary key,
    data       bytea  not null,
    expires_at bigint not null                 -- wall clock: sessions are the pages' own
) /* clustered */;
create index session_expiry on session (expires_at);
