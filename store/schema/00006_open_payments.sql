-- An account's payments that were not executed, for a third party's list of
-- accounts: those that were stand in its history, and cost nothing here.
--
-- The table may be large and is being written: the index is made beside that.
-- One that was broken off is made anew.

-- +goose NO TRANSACTION
-- +goose Up

drop index
-- postgresql: concurrently
    if exists payment_open_of_account;

create index
-- postgresql: concurrently
    payment_open_of_account on payment (account_id, created_at, id) where status <> 'EXECUTED';
