-- How the interface for third parties did, beside the bank's own channels
-- (package service). Times are of the wall clock.

-- +goose Up

create table service_day (
    day     text   not null,
    channel text   not null,
    kind    text   not null,
    calls   bigint not null,
    faults  bigint not null,
    took    bigint not null, -- microseconds, of all calls together
    primary key (day, channel, kind)
) /* clustered */;

create table service_alive (
    channel text   not null primary key,
    since   bigint not null,
    at      bigint not null
) /* clustered */;

create table service_outage (
    channel text   not null,
    from_at bigint not null,
    to_at   bigint not null check (to_at > from_at),
    primary key (channel, from_at)
) /* clustered */;
