-- +goose Up
-- What the operator entered in place of what the program ships.
create table legal_day (
    day       text primary key,
    kind      text not null check (kind in ('work', 'holiday', 'in_lieu', 'swap_off', 'swap_work', 'proposed')),
    vi        text not null,
    en        text not null,
    source    text not null,
    confirmed text not null,
    at        text not null
);

create table legal_rule (
    rule       text   not null,
    valid_from text   not null,
    effect     text   not null check (effect in ('latest', 'minimum', 'validity')),
    value      bigint not null check (value > 0),
    unit       text   not null,
    vi         text   not null,
    en         text   not null,
    trigger_vi text   not null,
    trigger_en text   not null,
    article    text   not null,
    confirmed  text   not null,
    at         text   not null,
    primary key (rule, valid_from)
);

-- Deadlines that rooms have set: counted again when the calendar or a rule changes
-- while they are open.
create table legal_deadline (
    room       text not null,
    object     text not null,
    rule       text not null,
    started_at text not null,
    due_at     text not null,
    closed_at  text not null,
    primary key (room, object)
);
create index legal_deadline_open on legal_deadline (due_at) where closed_at = '';
