-- +goose Up
create table cluster (
    id         text primary key,
    code       text not null unique,
    name       text not null,
    superior   text not null,
    basis      text not null,
    closed     boolean not null,
    created_at text not null
);

-- One row is one term: a unit in a role from a day until the day before valid_to.
create table cluster_member (
    id         text   primary key,
    cluster_id text   not null references cluster (id),
    unit_id    text   not null references unit (id),
    code       text   not null,
    role       text   not null check (role in ('lead', 'deputy', 'member')),
    valid_from text   not null,
    valid_to   text   not null,
    ord        bigint not null,
    check (valid_to = '' or valid_to > valid_from)
);
create index cluster_member_cluster on cluster_member (cluster_id);
create index cluster_member_unit on cluster_member (unit_id);

create table cluster_period (
    id           text    primary key,
    cluster_id   text    not null references cluster (id),
    code         text    not null,
    name         text    not null,
    starts_on    text    not null,
    ends_on      text    not null,
    due_at       text    not null,
    freeze_at    text    not null,
    state        text    not null check (state in ('setup', 'open', 'frozen', 'published')),
    trial        boolean not null,
    previous_id  text    not null,
    frozen_at    text    not null,
    published_at text    not null,
    unique (cluster_id, code)
);
