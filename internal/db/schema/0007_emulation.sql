-- +goose Up
-- A criteria table, one version of it. Never edited once published.
create table emulation_criteria (
    id           text   primary key,
    period_id    text   not null references cluster_period (id),
    version      bigint not null,
    state        text   not null check (state in ('draft', 'published')),
    na_policy    text   not null check (na_policy in ('rescale', 'full')),
    bonus_cap    bigint not null,
    classes      text   not null,
    tie_breakers text   not null,
    note         text   not null,
    made_at      text   not null,
    published_at text   not null,
    unique (period_id, version)
);

create table emulation_group (
    id          text   primary key,
    criteria_id text   not null references emulation_criteria (id),
    code        text   not null,
    name        text   not null,
    max         bigint not null,
    ord         bigint not null,
    unique (criteria_id, code)
);

create table emulation_criterion (
    id                text    primary key,
    criteria_id       text    not null references emulation_criteria (id),
    group_id          text    not null references emulation_group (id),
    code              text    not null,
    name              text    not null,
    max               bigint  not null,
    unit_label        text    not null,
    rule              text    not null,
    evidence_required boolean not null,
    may_not_apply     boolean not null,
    definition        text    not null,
    ord               bigint  not null,
    unique (criteria_id, code)
);

-- A figure a sheet asks for: the input of a criterion, in the order its rule
-- takes them, or (criterion_id '') a figure of the report without points.
create table emulation_input (
    id           text   primary key,
    criteria_id  text   not null references emulation_criteria (id),
    criterion_id text   not null,
    indicator    text   not null,
    label        text   not null,
    unit_label   text   not null,
    definition   text   not null,
    ord          bigint not null
);
create index emulation_input_criteria on emulation_input (criteria_id);

create table emulation_extra (
    id          text   primary key,
    criteria_id text   not null references emulation_criteria (id),
    side        text   not null check (side in ('bonus', 'deduction')),
    code        text   not null,
    name        text   not null,
    points      bigint not null,
    max_cases   bigint not null,
    ord         bigint not null,
    unique (criteria_id, side, code)
);

-- What one unit hands in for one period. version counts its changes.
create table emulation_sheet (
    id           text   primary key,
    period_id    text   not null references cluster_period (id),
    unit_id      text   not null references unit (id),
    criteria_id  text   not null references emulation_criteria (id),
    state        text   not null check (state in ('draft', 'submitted', 'returned', 'verified', 'frozen')),
    version      bigint not null,
    reason       text   not null,
    submitted_at text   not null,
    verified_at  text   not null,
    unique (period_id, unit_id)
);
create index emulation_sheet_unit on emulation_sheet (unit_id);

-- value is in thousandths; null is absent, which is not zero.
create table emulation_figure (
    sheet_id  text    not null references emulation_sheet (id),
    indicator text    not null,
    value     bigint,
    estimate  boolean not null,
    version   bigint  not null,
    office    text    not null,
    at        text    not null,
    primary key (sheet_id, indicator)
);
create index emulation_figure_indicator on emulation_figure (indicator);

-- Points are in tenths. computed is what the rule gives; self_points and
-- verified are set only with a reason; cross_points are shown, not counted.
create table emulation_mark (
    sheet_id        text    not null references emulation_sheet (id),
    criterion_id    text    not null references emulation_criterion (id),
    not_apply       boolean not null,
    not_apply_reason text   not null,
    void            boolean not null,
    void_reason     text    not null,
    self_points     bigint,
    self_reason     text    not null,
    verified        bigint,
    verified_reason text    not null,
    cross_points    bigint,
    cross_by        text    not null,
    primary key (sheet_id, criterion_id)
);

create table emulation_claim (
    id       text   primary key,
    sheet_id text   not null references emulation_sheet (id),
    extra_id text   not null references emulation_extra (id),
    cases    bigint not null,
    reason   text   not null,
    state    text   not null check (state in ('claimed', 'accepted', 'refused', 'withdrawn')),
    decided  text   not null,
    office   text   not null,
    at       text   not null
);
create index emulation_claim_sheet on emulation_claim (sheet_id);

create table emulation_paragraph (
    sheet_id text   not null references emulation_sheet (id),
    section  text   not null,
    body     text   not null,
    version  bigint not null,
    office   text   not null,
    at       text   not null,
    primary key (sheet_id, section)
);

-- Which criterion a piece of evidence stands for.
create table emulation_proof (
    item_id      text not null,
    sheet_id     text not null references emulation_sheet (id),
    criterion_id text not null references emulation_criterion (id),
    primary key (item_id, criterion_id)
);
create index emulation_proof_sheet on emulation_proof (sheet_id);

-- The unit's trail: every change of its sheet, by whom (office), when, from what
-- to what, why. subject is "figure:CODE", "mark:1.1", "state", "paragraph:1.2" …
create table emulation_change (
    id       text   primary key,
    sheet_id text   not null references emulation_sheet (id),
    subject  text   not null,
    old      text   not null,
    new      text   not null,
    reason   text   not null,
    source   text   not null,
    office   text   not null,
    account  text   not null,
    at       text   not null,
    n        bigint not null
);
create index emulation_change_subject on emulation_change (sheet_id, subject);

-- What was published, as it was published: a correction is a new version.
create table emulation_result (
    id        text   primary key,
    period_id text   not null references cluster_period (id),
    version   bigint not null,
    reason    text   not null,
    body      text   not null,
    at        text   not null,
    unique (period_id, version)
);
