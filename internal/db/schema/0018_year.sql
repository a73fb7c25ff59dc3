-- +goose Up
-- Cross-scoring of a period: the units mark one another's sheets. The seed is
-- published, so that the draw can be repeated. conflicts are pairs of units, JSON.
create table emulation_draw (
    period_id text   primary key references cluster_period (id),
    seed      text   not null,
    each      bigint not null,
    spread    bigint not null,
    conflicts text   not null,
    state     text   not null check (state in ('open', 'third', 'closed')),
    due_at    text   not null,
    version   bigint not null,
    office    text   not null,
    at        text   not null,
    closed_at text   not null
);

-- One scorer's table for one sheet. third marks one called in because the others
-- were far apart; lines are then the criteria it looks at, JSON.
create table emulation_cross (
    id        text    primary key,
    period_id text    not null references emulation_draw (period_id),
    scorer    text    not null references unit (id),
    sheet_id  text    not null references emulation_sheet (id),
    third     boolean not null,
    lines     text    not null,
    state     text    not null check (state in ('open', 'handed')),
    remark    text    not null,
    version   bigint  not null,
    office    text    not null,
    handed_at text    not null,
    unique (scorer, sheet_id)
);
create index emulation_cross_period on emulation_cross (period_id);
create index emulation_cross_sheet on emulation_cross (sheet_id);

-- points are tenths; null is not marked yet.
create table emulation_cross_mark (
    cross_id     text   not null references emulation_cross (id),
    criterion_id text   not null references emulation_criterion (id),
    points       bigint,
    remark       text   not null,
    version      bigint not null,
    office       text   not null,
    primary key (cross_id, criterion_id)
);

-- Steps that a sheet goes through after it is handed in, from a day on. Rows are
-- never changed: another chain from a later day takes over for sheets handed in then.
create table emulation_chain (
    id         text primary key,
    cluster_id text not null references cluster (id),
    valid_from text not null,
    reason     text not null,
    office     text not null,
    at         text not null
);
create index emulation_chain_cluster on emulation_chain (cluster_id);

create table emulation_step (
    chain_id text   not null references emulation_chain (id),
    ord      bigint not null,
    name     text   not null,
    role     text   not null,
    days     bigint not null,
    primary key (chain_id, ord)
);

-- Where a sheet stands in its chain: the step it waits at (0 is the unit itself),
-- since when, and by when the unit hands it in again after it was returned.
alter table emulation_sheet add column chain_id text not null default '';
alter table emulation_sheet add column step bigint not null default 0;
alter table emulation_sheet add column step_at text not null default '';
alter table emulation_sheet add column due_at text not null default '';

-- Registration of a unit for a period: its targets, the titles and models it goes
-- for. version counts what was sent: each accepted one stays as it was.
create table emulation_call (
    period_id text primary key references cluster_period (id),
    due_at    text not null,
    office    text not null,
    at        text not null
);

create table emulation_registration (
    id         text   primary key,
    period_id  text   not null references cluster_period (id),
    unit_id    text   not null references unit (id),
    n          bigint not null,
    state      text   not null check (state in ('draft', 'sent', 'returned', 'accepted')),
    titles     text   not null,
    models     text   not null,
    reason     text   not null,
    answer     text   not null,
    version    bigint not null,
    office     text   not null,
    sent_at    text   not null,
    decided_by text   not null,
    decided_at text   not null,
    unique (period_id, unit_id, n)
);

-- Figures are in thousandths; null is not given.
create table emulation_target (
    registration_id text   not null references emulation_registration (id),
    criterion       text   not null,
    baseline        bigint,
    target          bigint,
    measure         text   not null,
    due             text   not null,
    note            text   not null,
    version         bigint not null,
    office          text   not null,
    primary key (registration_id, criterion)
);

-- The covenant of a period (giao ước), each version as it was.
create table emulation_pledge (
    id         text   primary key,
    period_id  text   not null references cluster_period (id),
    n          bigint not null,
    state      text   not null check (state in ('draft', 'signed')),
    body       text   not null,
    place      text   not null,
    reason     text   not null,
    version    bigint not null,
    office     text   not null,
    at         text   not null,
    signed_on  text   not null,
    unique (period_id, n)
);
