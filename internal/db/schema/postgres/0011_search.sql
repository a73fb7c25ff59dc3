-- +goose Up
-- What may be found. id begins with the minute of at, so that the highest id is
-- the newest document on both engines; it is made in Go.
create table search_doc (
    id    bigint primary key,
    kind  text not null,
    ref   text not null,
    title text not null,
    body  text not null,
    url   text not null,
    at    text not null,
    unique (kind, ref)
);

-- The words of each document, split and folded in Go: the vectors come ready
-- made, so that no parser and no locale of the server has a say.
create table search_index (
    rowid       bigint primary key,
    kind        text not null,
    title       tsvector not null,
    words       tsvector not null,
    title_exact tsvector not null,
    words_exact tsvector not null
);
create index search_index_words on search_index using gin (title, words, title_exact, words_exact) with (gin_pending_list_limit = 256);
create index search_index_kind on search_index (kind, rowid);
