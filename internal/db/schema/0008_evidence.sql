-- +goose Up
-- Bytes, known by the SHA-256 of the original. bare says that an image carries no
-- metadata (place, device, names), so that its original may be public.
create table evidence_file (
    hash     text    primary key,
    kind     text    not null check (kind in ('pdf', 'png', 'jpeg', 'docx', 'xlsx')),
    size     bigint  not null,
    width    bigint  not null,
    height   bigint  not null,
    bare     boolean not null,
    added_at text    not null
);

-- One piece of evidence: a use of a file, or a document named by its number and
-- date (hash is null). A withdrawn one stays, and says why.
create table evidence_item (
    id           text primary key,
    room         text not null,
    object       text not null,
    hash         text references evidence_file (hash),
    name         text not null,
    number       text not null,
    dated        text not null,
    abstract     text not null,
    issuer       text not null,
    added_at     text not null,
    withdrawn_at text not null,
    reason       text not null,
    check (hash is not null or number <> '')
);
create index evidence_item_use on evidence_item (room, object);
create index evidence_item_hash on evidence_item (hash);

-- The bytes on PostgreSQL, in pieces of at most 256 KiB, so that the commit of
-- the row covers them. On SQLite this table stays empty: the bytes are files in
-- a folder.
create table evidence_chunk (
    hash    text   not null references evidence_file (hash),
    variant text   not null,
    n       bigint not null,
    body    bytea  not null,
    primary key (hash, variant, n)
);
