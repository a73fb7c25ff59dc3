-- +goose Up
-- +goose StatementBegin
create function ledger_leaf_guard() returns trigger language plpgsql as $$
begin
    raise exception 'ledger leaves are never changed or deleted';
end $$;
-- +goose StatementEnd
create trigger ledger_leaf_keep before delete or truncate on ledger_leaf
    for each statement execute function ledger_leaf_guard();
create trigger ledger_leaf_fixed before update of id, object, leaf, hash, at on ledger_leaf
    for each row execute function ledger_leaf_guard();
