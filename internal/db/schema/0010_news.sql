-- +goose Up
-- slug is the address. A draft has its id there until it is first published, and
-- from then on the address stays.
create table news_item (
    id            text   primary key,
    slug          text   not null unique,
    category      text   not null,
    category_slug text   not null,
    title         text   not null,
    lead          text   not null,
    body          text   not null,
    byline        text   not null,
    state         text   not null check (state in ('draft', 'published', 'retracted')),
    version       bigint not null,
    views         bigint not null,
    office        text   not null,
    made_at       text   not null,
    updated_at    text   not null,
    published_at  text   not null,
    corrected_at  text   not null,
    retracted_at  text   not null,
    reason        text   not null
);
create index news_item_shown on news_item (state, published_at);

create table news_photo (
    id          text   primary key,
    item_id     text   not null references news_item (id),
    evidence_id text   not null references evidence_item (id),
    hash        text   not null,
    caption     text   not null,
    alt         text   not null,
    ord         bigint not null,
    width       bigint not null,
    height      bigint not null
);
create index news_photo_item on news_photo (item_id);

-- Every version that was saved, never changed: what the public read, and what an
-- editor wrote before another one saved over it. photos is JSON.
create table news_version (
    item_id    text   not null references news_item (id),
    version    bigint not null,
    state      text   not null,
    category   text   not null,
    title      text   not null,
    lead       text   not null,
    body       text   not null,
    byline     text   not null,
    photos     text   not null,
    correction text   not null,
    office     text   not null,
    at         text   not null,
    primary key (item_id, version)
);
