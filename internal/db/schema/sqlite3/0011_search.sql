-- +goose Up
-- What may be found. id begins with the minute of at, so that the highest id is
-- the newest document on both engines; it is made in Go.
create table search_doc (
    id    integer primary key,
    kind  text not null,
    ref   text not null,
    title text not null,
    body  text not null,
    url   text not null,
    at    text not null,
    unique (kind, ref)
);

-- The words of each document, split and folded in Go, without a second copy of
-- the text. The tokenizer ascii takes words as they come: it parts them only at
-- blanks, and letters outside ASCII stay as they are.
create virtual table search_index using fts5 (
    kind, title, words, title_exact, words_exact,
    tokenize = 'ascii', prefix = '2 3', content = '', contentless_delete = 1
);

-- Up to 8 MB of new words are held in memory before they are written out, so
-- that a large import merges less.
insert into search_index (search_index, rank) values ('hashsize', 8388608);
