-- +goose Up
-- A delegate may come for a second unit too: one letter, one vote, present for both.
alter table conference_delegate add column also_unit text not null default '';
-- When a paper was handed in first, so that one that was late stays so, and one that was
-- returned after its time does not become it.
alter table conference_paper add column first_at text not null default '';
update conference_paper set first_at = handed_at;
