-- +goose Up
create table unit (
    id text primary key,
    at text not null
);

-- Every write to units takes this row first, so that two of them never check
-- the same code at the same time.
create table unit_gate (
    id   text   primary key,
    turn bigint not null
);
insert into unit_gate (id, turn) values ('unit', 0);

-- One row is one file taken in. Versions that came from it carry its id: their
-- dates are those of the list, not of a decision.
create table unit_import (
    id     text   primary key,
    kind   text   not null check (kind in ('list', 'links', 'national', 'snapshot')),
    day    text   not null,
    sha256 text   not null,
    rows   bigint not null,
    opened bigint not null,
    changed bigint not null,
    closed bigint not null,
    links  bigint not null,
    at     text   not null
);

-- A version holds from a day until the day before valid_to; '' is open. A code
-- means something only with a date and a level.
create table unit_version (
    id         text   primary key,
    unit_id    text   not null references unit (id),
    name       text   not null check (name <> ''),
    kind       text   not null,
    level      bigint not null,
    code       text   not null,
    parent_id  text   not null,
    valid_from text   not null check (valid_from <> ''),
    valid_to   text   not null,
    basis      text   not null,
    search     text   not null,
    import_id  text   not null,
    check (valid_to = '' or valid_to > valid_from),
    unique (unit_id, valid_from)
);
create unique index unit_version_running on unit_version (unit_id) where valid_to = '';
create unique index unit_version_code_running on unit_version (level, code) where valid_to = '' and code <> '';
create index unit_version_code on unit_version (code);
create index unit_version_parent on unit_version (parent_id);

-- Where a unit went. A share stands only where somebody gave one, with how it
-- was found; share_den 0 means that nobody did.
create table unit_link (
    id           text   primary key,
    from_unit    text   not null references unit (id),
    to_unit      text   not null references unit (id),
    kind         text   not null check (kind in ('whole', 'part', 'remainder', 'rename')),
    at_day       text   not null,
    basis        text   not null,
    share_num    bigint not null,
    share_den    bigint not null,
    share_method text   not null,
    import_id    text   not null,
    check (from_unit <> to_unit),
    check ((share_den = 0 and share_num = 0 and share_method = '')
        or (share_den > 0 and share_num between 0 and share_den and share_method <> '')),
    unique (from_unit, to_unit, at_day)
);
create index unit_link_to on unit_link (to_unit);
