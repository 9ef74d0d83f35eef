-- Who does the background work that one node does for all.

-- +goose Up

-- No time stands here: see package lease.
create table lease (
    name     text   not null primary key,
    holder   text   not null,               -- '' when nobody has it
    fence    bigint not null check (fence > 0),
    renewals bigint not null
) /* clustered */;
