-- Rows cannot be written, changed or taken away around the parent table either.
CREATE OR REPLACE FUNCTION escrow_close_partition(name text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER transfer_not_truncated BEFORE TRUNCATE ON %I EXECUTE FUNCTION escrow_refuse()', name);
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON %I FROM prepaid_app', name);
    END IF;
END $$;

-- Make the partitions of the months from one day to another; those that exist, or whose rows have gone to the default
-- partition already, stay as they are. Returns how many were made.
CREATE OR REPLACE FUNCTION escrow_make_partitions(since date, until date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month date := date_trunc('month', since)::date;
    name text;
    made int := 0;
BEGIN
    WHILE month <= until LOOP
        name := 'escrow_transfer_' || to_char(month, 'YYYYMM');
        IF to_regclass(name) IS NULL AND NOT EXISTS (
            SELECT 1 FROM escrow_transfer_other
            WHERE at >= month::timestamp AT TIME ZONE 'UTC' AND at < (month + interval '1 month') AT TIME ZONE 'UTC'
        ) THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF escrow_transfer FOR VALUES FROM (%L) TO (%L)', name,
                           month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
            PERFORM escrow_close_partition(name);
            made := made + 1;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END $$;
