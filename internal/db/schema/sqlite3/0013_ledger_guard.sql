-- +goose Up
-- +goose StatementBegin
create trigger ledger_leaf_keep before delete on ledger_leaf
begin
    select raise(abort, 'ledger leaves are never deleted');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger ledger_leaf_fixed before update on ledger_leaf
begin
    select raise(abort, 'ledger leaves are never changed');
end;
-- +goose StatementEnd
