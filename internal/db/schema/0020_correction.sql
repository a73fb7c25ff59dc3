-- +goose Up
-- A correction of published points: proposed by one person, decided by another. An
-- approved one is a new version of the result, and the old one stays.
create table emulation_correction (
    id         text   primary key,
    period_id  text   not null references cluster_period (id),
    sheet_id   text   not null references emulation_sheet (id),
    criterion  text   not null,
    points     bigint not null,
    reason     text   not null,
    office     text   not null,
    account    text   not null,
    at         text   not null,
    state      text   not null check (state in ('open', 'approved', 'refused')),
    answer     text   not null,
    decided_by text   not null,
    decided_at text   not null,
    version    bigint not null
);
create index emulation_correction_period on emulation_correction (period_id);
