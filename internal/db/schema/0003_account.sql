-- +goose Up
-- An account is an office, not a person: nothing here names anybody.
create table account (
    id             text    primary key,
    login          text    not null unique check (login <> ''),
    office         text    not null check (office <> ''),
    search         text    not null,
    password       text    not null,
    one_time       boolean not null,
    password_until text    not null,
    disabled_at    text    not null,
    created_by     text    not null,
    created_at     text    not null,
    check (not one_time or password_until <> '')
);

-- A role is held from a day until the day before valid_to; '' is open. A role
-- revoked before its first day, or on it, has both days equal and never holds.
create table account_role (
    id         text primary key,
    account_id text not null references account (id),
    role       text not null check (role in ('clerk', 'leader', 'secretary', 'lead', 'deputy', 'superior', 'editor', 'auditor', 'operator')),
    unit_id    text not null,
    cluster_id text not null,
    valid_from text not null check (valid_from <> ''),
    valid_to   text not null,
    granted_by text not null,
    ended_by   text not null,
    check (valid_to = '' or valid_to >= valid_from),
    check ((role in ('clerk', 'leader')) = (unit_id <> '')),
    check ((role in ('secretary', 'lead', 'deputy', 'superior', 'auditor')) = (cluster_id <> ''))
);
create index account_role_account on account_role (account_id);

-- The second factor. step is the newest time step whose code was taken: each
-- code counts once.
create table account_factor (
    account_id text   primary key references account (id),
    secret     text   not null,
    step       bigint not null,
    added_at   text   not null
);

create table account_recovery (
    id         text primary key,
    account_id text not null references account (id),
    hash       text not null,
    used_at    text not null
);
create index account_recovery_account on account_recovery (account_id);

-- token is the SHA-256 of the cookie's value: what stands here opens nothing.
-- A session at stage 'factor' has given a password and still owes a code.
create table account_session (
    id         text   primary key,
    token      text   not null unique,
    account_id text   not null references account (id),
    stage      text   not null check (stage in ('factor', 'full')),
    agent      text   not null,
    started_at text   not null,
    seen_at    text   not null,
    proved_at  text   not null,
    ends_at    text   not null,
    tries      bigint not null
);
create index account_session_account on account_session (account_id);
create index account_session_ends on account_session (ends_at);

-- Browsers that have signed in to an account before, by the SHA-256 of a cookie.
create table account_device (
    token      text primary key,
    account_id text not null references account (id),
    seen_at    text not null
);
create index account_device_account on account_device (account_id);

-- Tries to sign in, counted under a hash of what they are counted by.
create table account_attempt (
    key      text   primary key,
    failures bigint not null,
    last_at  text   not null,
    free_at  text   not null
);
create index account_attempt_last on account_attempt (last_at);
