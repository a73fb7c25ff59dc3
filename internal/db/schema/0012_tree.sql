-- +goose Up
-- The ledger becomes a tree: a leaf is kept at its place, and what is written
-- before it has one waits. Leaves of an earlier version wait, and are given their
-- places when the program starts.
alter table ledger_salt rename to ledger_old_salt;
alter table ledger_payload rename to ledger_old_payload;
alter table ledger_leaf rename to ledger_old_leaf;
alter table ledger_head rename to ledger_old_head;

-- idx is the place in the tree, from 0. prev is that of the object's leaf before.
-- A leaf's hash is not kept: it is always computed from the bytes.
create table ledger_leaf (
    idx  integer primary key,
    prev integer,
    leaf text    not null,
    at   text    not null
);

-- What a leaf commits to: the exact bytes, and the salt that opens them.
create table ledger_payload (
    idx     integer primary key references ledger_leaf (idx),
    payload text not null,
    salt    text not null
);

-- The salt of each erasable field of a payload. Deleting it erases the field.
create table ledger_salt (
    idx  integer not null references ledger_leaf (idx),
    name text    not null,
    salt text    not null,
    primary key (idx, name)
);

-- The newest leaf of each object: its hash, which is the next leaf's prev; the
-- place of the newest that has one; how many have none yet.
create table ledger_head (
    object  text    primary key,
    hash    text    not null,
    idx     integer,
    pending integer not null
);

-- Leaves without a place, written by a process that is not the sequencer.
create table ledger_waiting (
    hash    text primary key,
    object  text not null,
    leaf    text not null,
    payload text not null,
    salt    text not null,
    at      text not null
);
create table ledger_waiting_salt (
    hash text not null references ledger_waiting (hash),
    name text not null,
    salt text not null,
    primary key (hash, name)
);

-- Promises given because a leaf had no place in time; idx is the place it got.
create table ledger_promise (
    hash   text primary key,
    object text not null,
    at     text not null,
    note   text not null,
    idx    integer
);

-- The tree's head: one row. checkpoint is the newest that was signed, with the
-- witnesses' cosignatures that have arrived; it may be behind size.
create table ledger_tree (
    id         integer primary key check (id = 1),
    origin     text    not null,
    vkey       text    not null,
    size       integer not null,
    root       text    not null,
    checkpoint text    not null,
    cosigned   text    not null
);

-- The roots of full tiles of 256 hashes: entry n of a level from 1 up. Level 0 are
-- the leaves.
create table ledger_node (
    level integer not null,
    n     integer not null,
    hash  text    not null,
    primary key (level, n)
);

-- Requests that were done: the same key is answered again, and done once.
create table ledger_request (
    actor       text    not null,
    key         text    not null,
    fingerprint text    not null,
    object      text    not null,
    hash        text    not null,
    answer      text    not null,
    replays     integer not null,
    at          text    not null,
    primary key (actor, key)
);
create index ledger_request_at on ledger_request (at);

-- Leaves that came back from a mirror after a loss: the commitment is kept, what
-- it commits to is gone. incident is the leaf that says so.
create table ledger_lost (
    idx      integer primary key references ledger_leaf (idx),
    incident text not null
);

insert into ledger_waiting (hash, object, leaf, payload, salt, at)
    select l.hash, l.object, l.leaf, p.payload, p.salt, l.at from ledger_old_leaf l join ledger_old_payload p on p.leaf_id = l.id;
insert into ledger_waiting_salt (hash, name, salt)
    select l.hash, s.name, s.salt from ledger_old_leaf l join ledger_old_salt s on s.leaf_id = l.id;
insert into ledger_head (object, hash, idx, pending)
    select h.object, h.hash, null, (select count(*) from ledger_old_leaf l where l.object = h.object) from ledger_old_head h;

drop table ledger_old_salt;
drop table ledger_old_payload;
drop table ledger_old_leaf;
drop table ledger_old_head;
