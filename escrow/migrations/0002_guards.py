"""What the database itself guarantees: one writer of transfers, immutability, and rights (docs/ledger.md)."""

from django.db import migrations

POST = """
CREATE FUNCTION escrow_post(movements jsonb, business_time timestamptz) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ids bigint[];
BEGIN
    -- Everybody locks accounts in the same order, so nobody waits in a circle.
    PERFORM 1 FROM escrow_account
    WHERE id IN (SELECT (m->>'debit')::bigint FROM jsonb_array_elements(movements) m
                 UNION SELECT (m->>'credit')::bigint FROM jsonb_array_elements(movements) m)
    ORDER BY id FOR NO KEY UPDATE;

    IF EXISTS (
        SELECT 1 FROM jsonb_array_elements(movements) m
        LEFT JOIN escrow_account d ON d.id = (m->>'debit')::bigint
        LEFT JOIN escrow_account c ON c.id = (m->>'credit')::bigint
        LEFT JOIN escrow_transfer p ON p.id = (m->>'pending')::bigint
        WHERE d.beneficiary_id IS DISTINCT FROM c.beneficiary_id OR d.asset IS DISTINCT FROM c.asset
           OR d.id IS NULL OR c.id IS NULL
           OR (m->>'pending' IS NOT NULL
               AND (p.kind IS DISTINCT FROM 'pending' OR p.debit_account_id <> d.id OR p.credit_account_id <> c.id))
    ) THEN
        RAISE EXCEPTION 'a transfer stays within one beneficiary and one asset, and resolves a reservation of its own accounts'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_within_one_beneficiary';
    END IF;

    WITH movement AS (
        SELECT m.*, coalesce(p.amount, 0) AS freed
        FROM ROWS FROM (jsonb_to_recordset(movements) AS (
            debit bigint, credit bigint, amount bigint, kind text, reason text, pending bigint, corrects bigint,
            agreement bigint, "use" bigint, reference text, payable_on date)) WITH ORDINALITY
            AS m(debit, credit, amount, kind, reason, pending, corrects, agreement, "use", reference, payable_on, ord)
        LEFT JOIN escrow_transfer p ON p.id = m.pending
    ), leg AS (
        SELECT ord, debit AS account,
               CASE kind WHEN 'pending' THEN 0 ELSE amount END AS debited, 0::bigint AS credited,
               CASE kind WHEN 'pending' THEN amount WHEN 'resolved' THEN -freed ELSE 0 END AS debit_reserved,
               0::bigint AS credit_reserved
        FROM movement
        UNION ALL
        SELECT ord, credit, 0, CASE kind WHEN 'pending' THEN 0 ELSE amount END,
               0, CASE kind WHEN 'pending' THEN amount WHEN 'resolved' THEN -freed ELSE 0 END
        FROM movement
    ), running AS (
        SELECT leg.ord, leg.account,
               CASE WHEN a.code IN ('custody', 'clearing', 'issued') THEN 1 ELSE -1 END
               * (a.debits_posted - a.credits_posted + sum(leg.debited - leg.credited) OVER so_far) AS balance_after,
               a.version + count(*) OVER so_far AS version
        FROM leg JOIN escrow_account a ON a.id = leg.account
        WINDOW so_far AS (PARTITION BY leg.account ORDER BY leg.ord)
    ), net AS (
        SELECT account, sum(debited) AS debited, sum(credited) AS credited, sum(debit_reserved) AS debit_reserved,
               sum(credit_reserved) AS credit_reserved, count(*) AS transfers
        FROM leg GROUP BY account
    ), applied AS (
        UPDATE escrow_account a
        SET debits_posted = a.debits_posted + net.debited,
            credits_posted = a.credits_posted + net.credited,
            debits_pending = a.debits_pending + net.debit_reserved,
            credits_pending = a.credits_pending + net.credit_reserved,
            version = a.version + net.transfers
        FROM net WHERE a.id = net.account
    ), written AS (
        INSERT INTO escrow_transfer (
            beneficiary_id, agreement_id, use_id, debit_account_id, credit_account_id, asset, kind, reason, amount,
            pending_id, corrects_id, reference, at, payable_on,
            debit_balance_after, credit_balance_after, debit_version, credit_version)
        SELECT d.beneficiary_id, m.agreement, m."use", m.debit, m.credit, d.asset, m.kind, m.reason, m.amount,
               m.pending, m.corrects, m.reference, business_time, m.payable_on,
               rd.balance_after, rc.balance_after, rd.version, rc.version
        FROM movement m
        JOIN escrow_account d ON d.id = m.debit
        JOIN running rd ON rd.ord = m.ord AND rd.account = m.debit
        JOIN running rc ON rc.ord = m.ord AND rc.account = m.credit
        ORDER BY m.ord
        RETURNING id
    )
    SELECT array_agg(id ORDER BY id) INTO ids FROM written;
    RETURN ids;
END $$;
REVOKE EXECUTE ON FUNCTION escrow_post(jsonb, timestamptz) FROM PUBLIC;
"""

IMMUTABLE = """
CREATE FUNCTION escrow_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is written once: a mistake is corrected by another row', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER transfer_immutable BEFORE UPDATE OR DELETE ON escrow_transfer
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER transfer_not_truncated BEFORE TRUNCATE ON escrow_transfer EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER audit_immutable BEFORE UPDATE OR DELETE ON escrow_auditentry
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON escrow_auditentry EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER payout_line_immutable BEFORE UPDATE OR DELETE ON escrow_payoutline
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER account_kept BEFORE DELETE ON escrow_account FOR EACH ROW EXECUTE FUNCTION escrow_refuse();

CREATE FUNCTION escrow_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.debits_posted, NEW.credits_posted, NEW.debits_pending, NEW.credits_pending, NEW.version)
           IS DISTINCT FROM (0, 0, 0, 0, 0) THEN
            RAISE EXCEPTION 'an account starts at zero' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF (NEW.id, NEW.beneficiary_id, NEW.agreement_id, NEW.code, NEW.channel, NEW.asset)
          IS DISTINCT FROM (OLD.id, OLD.beneficiary_id, OLD.agreement_id, OLD.code, OLD.channel, OLD.asset)
          OR NEW.debits_posted < OLD.debits_posted OR NEW.credits_posted < OLD.credits_posted
          OR NEW.version <= OLD.version THEN
        RAISE EXCEPTION 'an account keeps its identity and its posted counters only grow'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_guard BEFORE INSERT OR UPDATE ON escrow_account
    FOR EACH ROW EXECUTE FUNCTION escrow_account_guard();

CREATE FUNCTION escrow_agreement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.beneficiary_id, NEW.funder, NEW.plan, NEW.price_fen, NEW.bonus_fen, NEW.units_total)
       IS DISTINCT FROM (OLD.id, OLD.beneficiary_id, OLD.funder, OLD.plan, OLD.price_fen, OLD.bonus_fen, OLD.units_total)
    THEN
        RAISE EXCEPTION 'what was agreed does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agreement_guard BEFORE UPDATE ON escrow_agreement
    FOR EACH ROW EXECUTE FUNCTION escrow_agreement_guard();
CREATE TRIGGER agreement_kept BEFORE DELETE ON escrow_agreement FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
"""

#: Where the database has the two roles of docs/operations.md, the serving role cannot write the ledger but through
#: escrow_post, which runs with its owner's rights.
RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON escrow_transfer FROM prepaid_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON escrow_account FROM prepaid_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON escrow_auditentry, escrow_payoutline FROM prepaid_app;
        REVOKE DELETE, TRUNCATE ON escrow_agreement, escrow_beneficiary, escrow_command, escrow_instruction,
            escrow_payment, escrow_payout, escrow_refund, escrow_statementline, escrow_use FROM prepaid_app;
        GRANT EXECUTE ON FUNCTION escrow_post(jsonb, timestamptz) TO prepaid_app;
    END IF;
END $$;
"""

UNDO = """
DROP TRIGGER transfer_immutable ON escrow_transfer;
DROP TRIGGER transfer_not_truncated ON escrow_transfer;
DROP TRIGGER audit_immutable ON escrow_auditentry;
DROP TRIGGER audit_not_truncated ON escrow_auditentry;
DROP TRIGGER payout_line_immutable ON escrow_payoutline;
DROP TRIGGER account_kept ON escrow_account;
DROP TRIGGER account_guard ON escrow_account;
DROP TRIGGER agreement_guard ON escrow_agreement;
DROP TRIGGER agreement_kept ON escrow_agreement;
DROP FUNCTION escrow_agreement_guard();
DROP FUNCTION escrow_account_guard();
DROP FUNCTION escrow_refuse();
DROP FUNCTION escrow_post(jsonb, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("escrow", "0001_initial")]
    operations = [migrations.RunSQL(POST + IMMUTABLE + RIGHTS, UNDO)]
