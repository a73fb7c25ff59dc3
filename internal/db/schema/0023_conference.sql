-- +goose Up
-- A conference of a cluster. programme is the draft as JSON, in order; what was
-- published stands in conference_programme.
create table conference (
  id text primary key, code text not null unique, cluster_id text not null references cluster (id), period_id text not null, kind text not null,
  title text not null, theme text not null, place text not null, starts_at text not null, state text not null, public bigint not null,
  programme text not null, version bigint not null, speech_minutes bigint not null, taking bigint not null,
  item text not null, item_at text not null, number text not null, letter text not null,
  minutes_state text not null, minutes_version bigint not null, news_id text not null,
  cloned_from text not null, office text not null, created_at text not null, opened_at text not null, closed_at text not null
);
create index conference_of_cluster on conference (cluster_id, starts_at);
create table conference_programme (
  conference_id text not null references conference (id), version bigint not null, items text not null, starts_at text not null, place text not null,
  note text not null, office text not null, at text not null, primary key (conference_id, version)
);
-- An item that was begun; several rows where it was come back to.
create table conference_run (
  id text primary key, conference_id text not null references conference (id), item text not null, started_at text not null, ended_at text not null
);
create index conference_run_of on conference_run (conference_id, started_at);
create table conference_delegate (
  id text primary key, conference_id text not null references conference (id), ord bigint not null, unit_id text not null, body text not null,
  office text not null, name text not null, role text not null, rank bigint not null, seat text not null, mark text not null, secret text not null,
  answer text not null, reason text not null, substitute text not null, answered_at text not null, answered_by text not null,
  present_at text not null, present_how text not null, present_by text not null, left_at text not null, walk_in bigint not null, feedback_day text not null,
  version bigint not null, removed_at text not null
);
create unique index conference_delegate_mark on conference_delegate (conference_id, mark);
-- Each scan as its desk sent it, the second and third too. id is made by the desk.
create table conference_scan (
  id text primary key, conference_id text not null references conference (id), delegate_id text not null references conference_delegate (id),
  desk text not null, how text not null, at text not null, got_at text not null, fresh bigint not null, undone_at text not null
);
create index conference_scan_of on conference_scan (delegate_id, at);
create table conference_desk (
  id text primary key, conference_id text not null references conference (id), name text not null, secret text not null unique, office text not null, at text not null, closed_at text not null
);
create table conference_paper (
  id text primary key, conference_id text not null references conference (id), unit_id text not null, ord bigint not null, title text not null, presenter text not null,
  reading bigint not null, minutes bigint not null, due_at text not null, state text not null, body text not null, file_id text not null, remark text not null,
  version bigint not null, handed_at text not null, decided_at text not null, office text not null, unique (conference_id, unit_id)
);
create table conference_speech (
  id text primary key, conference_id text not null references conference (id), item text not null, delegate_id text not null, unit_id text not null, label text not null,
  kind text not null, subject text not null, how text not null, state text not null, ord bigint not null, minutes bigint not null,
  asked_at text not null, started_at text not null, ended_at text not null,
  note text not null, note_version bigint not null, note_office text not null, note_at text not null
);
create index conference_speech_of on conference_speech (conference_id, ord);
-- A delegate waits once.
create unique index conference_speech_waits on conference_speech (conference_id, delegate_id) where state = 'waiting' and delegate_id <> '';
create unique index conference_speech_speaks on conference_speech (conference_id) where state = 'speaking';
create table conference_vote (
  id text primary key, conference_id text not null references conference (id), item text not null, question text not null, way text not null, state text not null,
  present bigint not null, yes bigint not null, no bigint not null, abstain bigint not null, issued bigint not null, returned bigint not null, valid bigint not null,
  opened_at text not null, closed_at text not null, office text not null, cancelled text not null
);
create index conference_vote_of on conference_vote (conference_id, opened_at);
-- Who has voted, and how often each choice was made: nothing leads from one to the other.
create table conference_voter (
  vote_id text not null references conference_vote (id), delegate_id text not null references conference_delegate (id), primary key (vote_id, delegate_id)
);
create table conference_tally (
  vote_id text not null references conference_vote (id), choice text not null, n bigint not null, primary key (vote_id, choice)
);
create table conference_note (
  conference_id text not null references conference (id), item text not null, body text not null, version bigint not null, office text not null, at text not null,
  primary key (conference_id, item)
);
-- Minutes as they were signed, and why they were opened again.
create table conference_minutes (
  conference_id text not null references conference (id), version bigint not null, content text not null, office text not null, at text not null,
  reopened_at text not null, reopened_by text not null, reason text not null, primary key (conference_id, version)
);
create table conference_conclusion (
  id text primary key, conference_id text not null references conference (id), ord bigint not null, item text not null, body text not null, task_id text not null,
  office text not null, at text not null, version bigint not null, removed_at text not null
);
create unique index conference_conclusion_task on conference_conclusion (task_id) where task_id <> '';
create table conference_feedback (
  id text primary key, conference_id text not null references conference (id), useful bigint not null, timely bigint not null, better text not null, day text not null
);
