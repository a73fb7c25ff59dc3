-- +goose Up
-- The secret address of an account's calendar of duties, by its SHA-256; one for each.
create table task_feed (
    token_hash text primary key,
    account_id text not null unique references account (id),
    at         text not null
);
