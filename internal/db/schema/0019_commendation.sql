-- +goose Up
-- Commendation of units for a period (xét khen thưởng).
create table commendation_round (
    id          text   primary key,
    period_id   text   not null unique references cluster_period (id),
    cluster_id  text   not null references cluster (id),
    state       text   not null check (state in ('open', 'proposed', 'decided')),
    titles      text   not null,
    version     bigint not null,
    office      text   not null,
    at          text   not null,
    proposed_at text   not null,
    number      text   not null,
    dated       text   not null,
    issuer      text   not null,
    decided_at  text   not null
);

-- What excludes a unit for a time, by its document.
create table commendation_record (
    id         text primary key,
    cluster_id text not null references cluster (id),
    unit_id    text not null references unit (id),
    kind       text not null,
    valid_from text not null,
    valid_to   text not null,
    number     text not null,
    dated      text not null,
    issuer     text not null,
    abstract   text not null,
    office     text not null,
    at         text not null,
    ended_why  text not null,
    ended_at   text not null
);
create index commendation_record_cluster on commendation_record (cluster_id);

create table commendation_candidate (
    round_id text not null references commendation_round (id),
    title    text not null,
    unit_id  text not null references unit (id),
    primary key (round_id, title, unit_id)
);

-- A secret ballot on paper: only its totals are kept. n counts the countings of one
-- title; the last holds, each says why it was needed.
create table commendation_ballot (
    id        text   primary key,
    round_id  text   not null references commendation_round (id),
    title     text   not null,
    n         bigint not null,
    members   bigint not null,
    present   bigint not null,
    issued    bigint not null,
    returned  bigint not null,
    valid     bigint not null,
    threshold text   not null,
    base      text   not null check (base in ('valid', 'present', 'members')),
    place     text   not null,
    held_at   text   not null,
    board     text   not null,
    reason    text   not null,
    office    text   not null,
    at        text   not null,
    unique (round_id, title, n)
);

create table commendation_vote (
    ballot_id text   not null references commendation_ballot (id),
    unit_id   text   not null references unit (id),
    votes     bigint not null,
    primary key (ballot_id, unit_id)
);

-- A title awarded; code is its public address.
create table commendation_award (
    code     text primary key,
    round_id text not null references commendation_round (id),
    unit_id  text not null references unit (id),
    title    text not null,
    name     text not null,
    at       text not null,
    unique (round_id, unit_id)
);

-- Where the program prints on a cluster's pre-printed sheets, millimetres as JSON.
create table commendation_layout (
    cluster_id text   primary key references cluster (id),
    body       text   not null,
    version    bigint not null,
    office     text   not null,
    at         text   not null
);
