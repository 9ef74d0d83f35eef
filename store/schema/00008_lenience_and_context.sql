-- In what the bank is lenient to one third party, and whom a third party says
-- that it sends with a request for a consent.

-- +goose Up

-- A company is found by the number that a third party names. Of a customer only
-- its block ever changes, and that waits while this is made.
create index customer_nip on customer (nip, id) where nip <> '';
create index customer_regon on customer (regon, id) where regon <> '';

alter table tpp_client add column optional_headers boolean not null default false;
alter table tpp_client add column unknown_fields boolean not null default false;
alter table tpp_client add column token_once boolean not null default false;
alter table tpp_client add column optional_tpp_id boolean not null default false;
alter table tpp_client add column loose_numbers boolean not null default false;

-- By whom and for which customer a consent may be given; '' is anybody. Numbers
-- by which they were named are not kept, only whom the bank knows by them:
-- for_nobody means that it knows nobody.
alter table consent_request add column context text not null default '' check (context in ('', 'company', 'personal'));
alter table consent_request add column for_person text not null default '';
alter table consent_request add column for_customers text not null default ''; -- JSON; a number may be that of several
alter table consent_request add column for_nobody boolean not null default false;
