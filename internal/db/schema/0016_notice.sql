-- +goose Up
-- What an account is told. A notice is written in the transaction of the fact that
-- it tells of; name keeps one from being told twice. mail: '' not wanted, wait,
-- sent, failed.
create table notice (
    id         text   primary key,
    account_id text   not null references account (id),
    name       text   not null,
    kind       text   not null,
    lines      text   not null,
    at         text   not null,
    read_at    text   not null,
    mail       text   not null check (mail in ('', 'wait', 'sent', 'failed')),
    tries      bigint not null,
    next_at    text   not null,
    unique (account_id, name)
);
create index notice_account on notice (account_id, at);
create index notice_unread on notice (account_id) where read_at = '';
create index notice_mail on notice (next_at) where mail = 'wait';

-- Where an account wants its notices mailed.
create table notice_address (
    account_id text primary key references account (id),
    email      text not null,
    lang       text not null,
    at         text not null
);

-- Mornings on which reminders have been written.
create table notice_morning (
    day text primary key,
    at  text not null
);
