-- +goose Up
create table report (
    id           text   primary key,
    slug         text   not null unique,
    period_id    text   not null references cluster_period (id),
    cluster_id   text   not null references cluster (id),
    title        text   not null,
    abstract     text   not null,
    state        text   not null check (state in ('draft', 'published')),
    version      bigint not null,
    letter       text   not null,
    made_at      text   not null,
    published_at text   not null
);

-- generated is what the program last composed; body is what stands there. Where
-- they differ a person has written, and composing anew leaves body alone.
create table report_section (
    report_id text   not null references report (id),
    code      text   not null,
    body      text   not null,
    generated text   not null,
    version   bigint not null,
    office    text   not null,
    at        text   not null,
    primary key (report_id, code)
);

-- A unit's own paragraph taken into a section, as it was when it was taken.
create table report_pick (
    id        text   primary key,
    report_id text   not null references report (id),
    section   text   not null,
    unit_id   text   not null references unit (id),
    body      text   not null,
    ord       bigint not null
);
create index report_pick_report on report_pick (report_id);

create table report_task (
    id        text   primary key,
    report_id text   not null references report (id),
    ord       bigint not null,
    task      text   not null,
    lead_by   text   not null,
    with_whom text   not null,
    due       text   not null,
    product   text   not null
);

-- Each published version, whole: text, figures, points.
create table report_version (
    report_id text   not null references report (id),
    version   bigint not null,
    reason    text   not null,
    body      text   not null,
    at        text   not null,
    primary key (report_id, version)
);
