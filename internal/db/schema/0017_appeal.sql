-- +goose Up
-- A unit's appeal (kiến nghị) of the points of one line of its verified sheet.
-- subject is "criterion:3.1" or "claim:ID". due_at is the moment by which it is to
-- be answered, by a rule of the legal clock.
create table emulation_appeal (
    id          text   primary key,
    sheet_id    text   not null references emulation_sheet (id),
    subject     text   not null,
    reason      text   not null,
    office      text   not null,
    at          text   not null,
    due_at      text   not null,
    state       text   not null check (state in ('open', 'accepted', 'refused', 'withdrawn')),
    answer      text   not null,
    answered_by text   not null,
    answered_at text   not null
);
create index emulation_appeal_sheet on emulation_appeal (sheet_id);
create unique index emulation_appeal_one on emulation_appeal (sheet_id, subject) where state = 'open';
create index emulation_appeal_open on emulation_appeal (due_at) where state = 'open';
