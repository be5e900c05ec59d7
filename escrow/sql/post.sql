-- The one writer of transfers. Everything that moves value ends in escrow_write; nothing else may insert a transfer.

-- Whoever writes transfers of a beneficiary holds this lock shared until it commits. Whoever holds it exclusively knows
-- that no transfer of the beneficiary with a smaller id than those it sees can still appear (docs/ledger.md, "Folding").
CREATE OR REPLACE FUNCTION escrow_share_lock(beneficiary bigint) RETURNS boolean LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock_shared(26, beneficiary::int) IS NOT NULL $$;

CREATE OR REPLACE FUNCTION escrow_exclusive_lock(beneficiary bigint) RETURNS boolean LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock(26, beneficiary::int) IS NOT NULL $$;

-- Accounts whose credits need no guard: they are appended, and folded into the row before anything is taken from it.
CREATE OR REPLACE FUNCTION escrow_appends(code text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT code IN ('payable', 'consumed') $$;

-- +1: the balance is debits − credits (what others owe us), −1: credits − debits (what we owe).
CREATE OR REPLACE FUNCTION escrow_side(code text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN code IN ('custody', 'clearing', 'fees', 'unexplained', 'issued') THEN 1 ELSE -1 END $$;

-- Credits appended and not yet folded, per account.
CREATE OR REPLACE VIEW escrow_unfolded AS
SELECT a.beneficiary_id, a.id AS account_id, a.code, a.asset, sum(t.amount)::bigint AS amount, count(*) AS transfers,
       max(t.id) AS last
FROM escrow_account a
JOIN escrow_transfer t ON t.beneficiary_id = a.beneficiary_id AND t.id > a.folded_to AND t.credit_account_id = a.id
    AND t.kind <> 'pending'
WHERE a.agreement_id IS NULL AND escrow_appends(a.code)
GROUP BY a.id;

-- Add the appended credits of a beneficiary to its account rows. Ends with every such row telling the whole balance.
CREATE OR REPLACE FUNCTION escrow_fold(beneficiary bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM escrow_exclusive_lock(beneficiary);
    UPDATE escrow_account a
    SET credits_posted = a.credits_posted + u.amount, version = a.version + u.transfers, folded_to = u.last
    FROM escrow_unfolded u WHERE u.beneficiary_id = beneficiary AND a.id = u.account_id;
END $$;

-- Every line of the payable account that is due by a day and in no payout yet becomes a line of this one. The caller has
-- folded in the same transaction, so nothing is on its way; what is before paid_to need never be looked at again.
CREATE OR REPLACE FUNCTION escrow_pay_lines(payout bigint, beneficiary bigint, today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    payable escrow_account;
    lines bigint;
BEGIN
    SELECT * INTO payable FROM escrow_account
    WHERE beneficiary_id = beneficiary AND agreement_id IS NULL AND code = 'payable' AND channel = '' AND asset = 'CNY';
    INSERT INTO escrow_payoutline (payout_id, transfer_id, amount_fen)
    SELECT payout, t.id, CASE WHEN t.credit_account_id = payable.id THEN t.amount ELSE -t.amount END
    FROM escrow_transfer t
    WHERE t.beneficiary_id = beneficiary AND t.id > payable.paid_to AND t.payable_on <= today
      AND t.asset = 'CNY'
      AND t.kind <> 'pending' AND NOT EXISTS (SELECT 1 FROM escrow_payoutline l WHERE l.transfer_id = t.id);
    GET DIAGNOSTICS lines = ROW_COUNT;
    UPDATE escrow_account SET paid_to = coalesce(
        (SELECT min(t.id) - 1 FROM escrow_transfer t
         WHERE t.beneficiary_id = beneficiary AND t.id > payable.paid_to AND t.payable_on IS NOT NULL
           AND t.asset = 'CNY'
           AND t.kind <> 'pending' AND NOT EXISTS (SELECT 1 FROM escrow_payoutline l WHERE l.transfer_id = t.id)),
        payable.folded_to)
    WHERE id = payable.id;
    RETURN lines;
END $$;

-- Write the movements in order, all or none; returns the ids of their transfers. The caller holds the beneficiary's lock
-- and has locked the accounts whose rows change, in id order.
CREATE OR REPLACE FUNCTION escrow_write(movements escrow_movement[], business_time timestamptz) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
-- One movement or a hundred thousand: each set is planned for its size.
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    ids bigint[];
BEGIN
    WITH numbered AS MATERIALIZED (  -- once, in the order given, whatever the plan makes of the joins
        SELECT nextval('escrow_transfer_id_seq') AS id, u.* FROM unnest(movements) u
    ), movement AS MATERIALIZED (
        SELECT m.*, d.beneficiary_id, d.asset,
               d.code AS debit_code, c.code AS credit_code,
               d.debits_posted - d.credits_posted AS debit_before, c.debits_posted - c.credits_posted AS credit_before,
               d.version AS debit_version, c.version AS credit_version,
               -- An append-only account that something is taken from was folded just now: it is a row like any other.
               NOT escrow_appends(c.code) OR EXISTS (SELECT 1 FROM unnest(movements) o WHERE o.debit = m.credit)
                   AS credits_row
        FROM numbered m
        JOIN escrow_account d ON d.id = m.debit
        JOIN escrow_account c ON c.id = m.credit
    ), leg AS (
        SELECT id, debit AS account, CASE kind WHEN 'pending' THEN 0 ELSE amount END AS debited, 0::bigint AS credited,
               CASE kind WHEN 'pending' THEN amount WHEN 'resolved' THEN -freed ELSE 0 END AS reserved
        FROM movement
        UNION ALL
        SELECT id, credit, 0, CASE kind WHEN 'pending' THEN 0 ELSE amount END, 0 FROM movement WHERE credits_row
    ), running AS (
        SELECT id, account, sum(debited - credited) OVER so_far AS moved, count(*) OVER so_far AS legs
        FROM leg WINDOW so_far AS (PARTITION BY account ORDER BY id)
    ), net AS (
        SELECT account, sum(debited) AS debited, sum(credited) AS credited, sum(reserved) AS reserved, count(*) AS legs,
               max(id) AS last
        FROM leg GROUP BY account
    ), applied AS (
        UPDATE escrow_account a
        SET debits_posted = a.debits_posted + net.debited, credits_posted = a.credits_posted + net.credited,
            debits_pending = a.debits_pending + net.reserved, version = a.version + net.legs,
            folded_to = CASE WHEN escrow_appends(a.code) THEN net.last ELSE 0 END
        FROM net WHERE a.id = net.account
    ), written AS (
        INSERT INTO escrow_transfer (
            id, beneficiary_id, agreement_id, use_id, debit_account_id, credit_account_id, asset, kind, reason, amount,
            pending_id, corrects_id, reference, at, payable_on,
            debit_balance_after, credit_balance_after, debit_version, credit_version)
        SELECT m.id, m.beneficiary_id, m.agreement, m."use", m.debit, m.credit, m.asset, m.kind, m.reason, m.amount,
               m.pending, m.corrects, m.reference, business_time, m.payable_on,
               escrow_side(m.debit_code) * (m.debit_before + d.moved),
               escrow_side(m.credit_code) * (m.credit_before + c.moved),
               m.debit_version + d.legs, m.credit_version + c.legs
        FROM movement m
        JOIN running d ON d.id = m.id AND d.account = m.debit
        LEFT JOIN running c ON c.id = m.id AND c.account = m.credit
        RETURNING id
    )
    SELECT array_agg(id ORDER BY id) INTO ids FROM written;
    RETURN ids;
END $$;

-- The entry point for movements that a verb has put together (escrow/ledger.py post): locks, checks, writes.
CREATE OR REPLACE FUNCTION escrow_post(movements jsonb, business_time timestamptz) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wanted escrow_movement[];
    taken record;
BEGIN
    SELECT array_agg(m ORDER BY n) INTO wanted
    FROM (SELECT jsonb_populate_record(NULL::escrow_movement, value || jsonb_build_object('freed', (
              SELECT p.amount FROM escrow_transfer p JOIN escrow_account d ON d.beneficiary_id = p.beneficiary_id
              WHERE d.id = (value->>'debit')::bigint AND p.id = (value->>'pending')::bigint))) AS m, n
          FROM jsonb_array_elements(movements) WITH ORDINALITY AS e(value, n)) AS one;
    FOR taken IN
        SELECT a.beneficiary_id, bool_or(escrow_appends(a.code) AND m.is_debit) AS from_appended
        FROM (SELECT (m).debit AS account, (m).kind <> 'pending' AS is_debit FROM unnest(wanted) m
              UNION ALL SELECT (m).credit, false FROM unnest(wanted) m) AS m
        JOIN escrow_account a ON a.id = m.account
        GROUP BY a.beneficiary_id ORDER BY a.beneficiary_id
    LOOP
        IF taken.from_appended THEN
            PERFORM escrow_fold(taken.beneficiary_id);
        ELSE
            PERFORM escrow_share_lock(taken.beneficiary_id);
        END IF;
    END LOOP;
    -- Everybody locks account rows in the same order, so nobody waits in a circle.
    PERFORM 1 FROM escrow_account
    WHERE id IN (SELECT (m).debit FROM unnest(wanted) m
                 UNION SELECT (m).credit FROM unnest(wanted) m
                       WHERE NOT escrow_appends((SELECT code FROM escrow_account WHERE id = (m).credit)))
    ORDER BY id FOR NO KEY UPDATE;

    IF EXISTS (
        SELECT 1 FROM unnest(wanted) m
        LEFT JOIN escrow_account d ON d.id = m.debit
        LEFT JOIN escrow_account c ON c.id = m.credit
        WHERE d.beneficiary_id IS DISTINCT FROM c.beneficiary_id OR d.asset IS DISTINCT FROM c.asset
           OR d.id IS NULL OR c.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a transfer stays within one beneficiary and one asset'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_within_one_beneficiary';
    END IF;
    IF EXISTS (
        SELECT 1 FROM unnest(wanted) m
        JOIN escrow_account d ON d.id = m.debit
        LEFT JOIN escrow_transfer p ON p.beneficiary_id = d.beneficiary_id AND p.id = m.pending
        WHERE m.pending IS NOT NULL
          AND (p.kind IS DISTINCT FROM 'pending' OR p.debit_account_id <> m.debit OR p.credit_account_id <> m.credit
               OR EXISTS (SELECT 1 FROM escrow_transfer r
                          WHERE r.agreement_id = p.agreement_id AND r.pending_id = p.id))
    ) OR (SELECT count(m.pending) <> count(DISTINCT m.pending) FROM unnest(wanted) m) THEN
        RAISE EXCEPTION 'a reservation is resolved once, between its own accounts'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_resolves_once';
    END IF;
    RETURN escrow_write(wanted, business_time);
END $$;
