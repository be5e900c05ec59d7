-- Where the database has the two roles of docs/operations.md, the serving role writes the ledger through the functions
-- meant for it alone; they run with their owner's rights.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON escrow_transfer, escrow_transfer_other FROM prepaid_app;
        REVOKE EXECUTE ON FUNCTION escrow_write(escrow_movement[], timestamptz), escrow_close_partition(text),
            escrow_take(escrow_position, bigint[], bigint[], bigint[], text, text, bigint, bigint, bigint, text, timestamptz),
            escrow_standing(bigint, bigint, date),
            escrow_take_days(bigint[], text, timestamptz, date)
            FROM PUBLIC, prepaid_app;
        GRANT EXECUTE ON FUNCTION escrow_post(jsonb, timestamptz), escrow_fold(bigint),
            escrow_pay_lines(bigint, bigint, date),
            escrow_make_partitions(date, date), escrow_lock_agreements(bigint[], boolean), escrow_charge(bigint, bigint, bigint, bigint, boolean, text, text, text, text, text, timestamptz, text, int,
                timestamptz, text, text), escrow_charge_set(jsonb, timestamptz, text, text),
            escrow_resolve(jsonb, timestamptz, text, text), escrow_accrue(bigint[], date, timestamptz, text, text),
            escrow_settle(bigint, jsonb, timestamptz, text, text),
            escrow_release_early(bigint, timestamptz, text, text) TO prepaid_app;
    END IF;
END $$;
REVOKE EXECUTE ON FUNCTION escrow_write(escrow_movement[], timestamptz), escrow_post(jsonb, timestamptz),
    escrow_fold(bigint), escrow_close_partition(text), escrow_make_partitions(date, date),
    escrow_charge(bigint, bigint, bigint, bigint, boolean, text, text, text, text, text, timestamptz, text, int,
                timestamptz, text, text), escrow_charge_set(jsonb, timestamptz, text, text), escrow_resolve(jsonb, timestamptz, text, text),
    escrow_accrue(bigint[], date, timestamptz, text, text), escrow_settle(bigint, jsonb, timestamptz, text, text),
    escrow_release_early(bigint, timestamptz, text, text) FROM PUBLIC;
