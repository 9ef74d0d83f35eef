-- When the last batch of orders was decided, by the bank clock of its node: the
-- next one is decided no earlier, on whatever node.

-- +goose Up

create table desk_turn (
    id bigint not null primary key check (id = 1),
    at bigint not null
);
insert into desk_turn (id, at) select 1, coalesce(max(at), 0) from entry;
