-- +goose Up
-- A key task of a cluster. due_at is the moment at which its last day has passed.
create table task (
    id         text   primary key,
    cluster_id text   not null references cluster (id),
    number     bigint not null,
    title      text   not null,
    product    text   not null,
    source     text   not null,
    due_at     text   not null,
    state      text   not null check (state in ('open', 'done', 'cancelled')),
    reason     text   not null,
    version    bigint not null,
    office     text   not null,
    created_at text   not null,
    closed_at  text   not null
);
create index task_cluster on task (cluster_id, due_at);

-- What one unit has to do of a task, and its own tick.
create table task_part (
    task_id    text   not null references task (id),
    unit_id    text   not null references unit (id),
    role       text   not null check (role in ('lead', 'with')),
    ord        bigint not null,
    done_at    text   not null,
    done_by    text   not null,
    excused_at text   not null,
    excused_by text   not null,
    excuse     text   not null,
    asked_at   text   not null,
    primary key (task_id, unit_id)
);
create index task_part_open on task_part (unit_id) where done_at = '' and excused_at = '';

create table task_note (
    id      text primary key,
    task_id text not null references task (id),
    unit_id text not null,
    office  text not null,
    kind    text not null check (kind in ('note', 'asked', 'done', 'excused', 'reopened', 'changed', 'cancelled')),
    body    text not null,
    at      text not null
);
create index task_note_task on task_note (task_id, at);
