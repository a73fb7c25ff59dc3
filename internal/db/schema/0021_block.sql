-- +goose Up
-- The block (khối) a unit is ranked in beside the whole cluster, "" for none.
alter table cluster_member add column block text not null default '';
