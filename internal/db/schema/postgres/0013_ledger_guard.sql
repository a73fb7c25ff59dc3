-- +goose Up
create trigger ledger_leaf_keep before delete or truncate on ledger_leaf
    for each statement execute function ledger_leaf_guard();
create trigger ledger_leaf_fixed before update on ledger_leaf
    for each statement execute function ledger_leaf_guard();
