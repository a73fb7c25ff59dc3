-- +goose Up
create table indicator (
    id   text primary key,
    code text not null unique
);

-- A definition holds from a day until the day before valid_to. A figure is read
-- under the definition of its own time.
create table indicator_definition (
    id           text primary key,
    indicator_id text not null references indicator (id),
    name         text not null,
    unit_label   text not null,
    definition   text not null,
    valid_from   text not null,
    valid_to     text not null,
    unique (indicator_id, valid_from)
);
