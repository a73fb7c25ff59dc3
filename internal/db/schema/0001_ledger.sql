-- +goose Up
-- Leaves are never changed: a trigger on each engine refuses it (0002).
-- idx is the place in the tree, given by the sequencer; empty until then.
create table ledger_leaf (
    id      text   primary key,
    object  text   not null,
    leaf    text   not null,
    hash    text   not null unique,
    idx     bigint unique,
    at      text   not null
);
create index ledger_leaf_object on ledger_leaf (object);
create index ledger_leaf_waiting on ledger_leaf (id) where idx is null;

-- What a leaf commits to: the exact bytes, and the salt that opens them.
create table ledger_payload (
    leaf_id text primary key references ledger_leaf (id),
    payload text not null,
    salt    text not null
);

-- The salt of each erasable field of a payload. Deleting it erases the field.
create table ledger_salt (
    leaf_id text not null references ledger_leaf (id),
    name    text not null,
    salt    text not null,
    primary key (leaf_id, name)
);

-- The hash of each object's newest leaf: the next leaf's prev.
create table ledger_head (
    object text primary key,
    hash   text not null
);
