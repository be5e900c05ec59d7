-- Settling agreements of one beneficiary: what is owed goes back, the rest is the merchant's, the agreements close. All in
-- one set, for one agreement or for every card of a shop that is gone.

-- Whatever is owed is paid in this order: from what the agreement holds, from what the merchant has earned, from its
-- reserve; what is left becomes a numbered claim, which later payouts serve first (operations/payouts.py). Interest comes
-- after it in the same order, but "earned" of it from what custody has earned, and none from what is held.
-- commands: [{n, agreement, owed, interest, earned, basis, reference, elsewhere}]. One outcome per command. ``elsewhere``: the
-- channel that sends refunds of a payment whose refunds go to an account instead of back (escrow_payment.refund_account).
CREATE OR REPLACE FUNCTION escrow_settle(beneficiary bigint, commands jsonb, business_time timestamptz, actor text,
    request text)
RETURNS TABLE (n bigint, error text, refund bigint, instruction bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
-- Sets of every size, from one to all cards of a chain: each is planned for its size.
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    agreements bigint[] := ARRAY(SELECT (c->>'agreement')::bigint FROM jsonb_array_elements(commands) c);
    payable escrow_account;
    reserve escrow_account;
    earnings escrow_account;
    refunds bigint;
    next_day date := escrow_next_working_day(escrow_beijing_day(business_time));
    settled escrow_settling[];
    movements escrow_movement[];
    today date := escrow_beijing_day(business_time);
BEGIN
    -- Alone with the beneficiary: nobody else writes its transfers or changes its agreements until we commit.
    PERFORM escrow_fold(beneficiary);
    PERFORM 1 FROM escrow_account a WHERE a.agreement_id = ANY (agreements) ORDER BY a.id FOR NO KEY UPDATE;
    PERFORM 1 FROM escrow_agreement a WHERE a.id = ANY (agreements) ORDER BY a.id FOR NO KEY UPDATE;
    SELECT * INTO payable FROM escrow_account a
    WHERE a.beneficiary_id = beneficiary AND a.agreement_id IS NULL AND a.code = 'payable';
    SELECT * INTO reserve FROM escrow_account a
    WHERE a.beneficiary_id = beneficiary AND a.agreement_id IS NULL AND a.code = 'reserve';
    SELECT * INTO earnings FROM escrow_account a
    WHERE a.beneficiary_id = beneficiary AND a.agreement_id IS NULL AND a.code = 'interest';
    SELECT a.id INTO refunds FROM escrow_account a
    WHERE a.beneficiary_id = beneficiary AND a.agreement_id IS NULL AND a.code = 'refund';

    WITH fact AS (
        SELECT c.n, c.agreement, c.owed, c.interest, c.earned AS of_custody, c.basis, c.reference, a.state AS before,
               p.id AS payment, p.channel, p.amount_fen AS paid, h.id AS held, h.credits_posted - h.debits_posted AS held_fen, r.id AS made,
               CASE WHEN a.id IS NULL OR p.id IS NULL THEN 'NotFound'
                    WHEN (r.owed_fen, r.interest_fen, r.basis, r.reference)
                         = (c.owed, c.interest, c.basis, c.reference) THEN 'Replayed'
                    WHEN a.state NOT IN ('held', 'frozen') THEN 'WrongState'
                    WHEN p.taken_back_at IS NOT NULL THEN 'DepositTakenBack'
                    WHEN c.owed > a.price_fen THEN 'RefundExceedsPaid'
                    WHEN count(*) OVER (PARTITION BY c.agreement ORDER BY c.n ROWS UNBOUNDED PRECEDING) > 1 THEN 'WrongState'
               END AS error
        FROM jsonb_to_recordset(commands) AS c(n bigint, agreement bigint, owed bigint, interest bigint, earned bigint,
                                                  basis text, reference text)
        LEFT JOIN escrow_agreement a ON a.id = c.agreement AND a.beneficiary_id = beneficiary
        LEFT JOIN escrow_account h ON h.agreement_id = a.id AND h.code = 'held' AND h.asset = 'CNY'
        LEFT JOIN escrow_payment p ON p.agreement_id = a.id
        LEFT JOIN escrow_refund r ON r.agreement_id = a.id
    ), asked AS (
        SELECT f.*, least(f.owed, f.held_fen) AS from_held, greatest(f.owed - f.held_fen, 0) AS short,
               least(f.of_custody, greatest(earnings.credits_posted - earnings.debits_posted
                                            - (sum(f.of_custody) OVER (ORDER BY f.n) - f.of_custody), 0)) AS from_interest
        FROM fact f WHERE f.error IS NULL
    ), drawn AS (
        -- What is still missing draws on what the merchant has earned, this settlement's rests included, then on its reserve.
        SELECT a.*, a.short + a.interest - a.from_interest AS missing,
               sum(a.short + a.interest - a.from_interest) OVER (ORDER BY a.n)
               - (a.short + a.interest - a.from_interest) AS drawn_before,
               payable.credits_posted - payable.debits_posted
               + sum(greatest(a.held_fen - a.owed, 0)) OVER () AS earned,
               reserve.credits_posted - reserve.debits_posted AS kept
        FROM asked a
    ), parted AS (
        SELECT d.*, least(d.missing, greatest(d.earned - d.drawn_before, 0))::bigint AS from_payable,
               least(d.missing, greatest(d.earned + d.kept - d.drawn_before, 0))::bigint AS from_both
        FROM drawn d
    )
    SELECT array_agg(ROW(f.n, f.error, coalesce(f.made, CASE WHEN f.error IS NULL THEN nextval('escrow_refund_id_seq') END),
                         CASE WHEN p.from_held + p.from_interest + p.from_both > 0
                              THEN nextval('escrow_instruction_id_seq') END,
                         f.agreement, f.owed, f.basis, f.reference, f.before, f.payment, f.channel, f.held, f.held_fen,
                         p.from_held, p.from_payable, p.from_both - p.from_payable, p.missing - p.from_both,
                         f.interest, p.from_interest, p.short, f.paid,
                         -- The payment takes back what it brought; the interest above that is an order of its own.
                         CASE WHEN p.from_held + p.from_interest + p.from_both > f.paid
                              THEN nextval('escrow_instruction_id_seq') END
                         )::escrow_settling ORDER BY f.n)
    INTO settled
    FROM fact f LEFT JOIN parted p ON p.n = f.n;

    -- Open reservations return first; what they kept is part of what is held.
    PERFORM escrow_resolve(jsonb_agg(jsonb_build_object(
        'n', 0, 'use', u.id, 'to', 'voided', 'because', 'settlement') ORDER BY u.id), business_time, actor, request)
    FROM unnest(settled) s JOIN escrow_use u ON u.agreement_id = s.agreement
    WHERE s.error IS NULL AND u.state IN ('reserved', 'disputed')
    HAVING count(*) > 0;
    PERFORM escrow_fold(beneficiary);  -- their end credits payable with nothing, which is a transfer all the same
    SELECT array_agg(ROW(m.debit, m.credit, m.amount, 'posted', m.reason, NULL, NULL, s.agreement, NULL, s.reference,
                         m.payable_on, NULL)::escrow_movement ORDER BY m.step, s.n)
    INTO movements
    FROM unnest(settled) s
    CROSS JOIN LATERAL (
        VALUES (1, s.held, refunds, s.from_held, 'refund', NULL::date),
               (2, s.held, payable.id, s.held_fen - s.from_held, 'settle', next_day),
               (3, payable.id, refunds, least(s.short, s.from_payable), 'make_good', today),
               (4, reserve.id, refunds, least(greatest(s.short - s.from_payable, 0), s.from_reserve), 'make_good', NULL),
               (5, earnings.id, refunds, s.from_interest, 'refund_interest', NULL),
               (6, payable.id, refunds, greatest(s.from_payable - s.short, 0), 'refund_interest', today),
               (7, reserve.id, refunds, s.from_reserve - least(greatest(s.short - s.from_payable, 0), s.from_reserve),
                'refund_interest', NULL)
        UNION ALL
        SELECT 8, o.id, i.id, o.credits_posted - o.debits_posted, 'forfeit', NULL
        FROM escrow_account o
        JOIN escrow_account i ON i.beneficiary_id = beneficiary AND i.agreement_id IS NULL AND i.code = 'issued'
            AND i.asset = o.asset
        WHERE o.agreement_id = s.agreement AND o.code = 'held' AND o.asset <> 'CNY'
    ) AS m(step, debit, credit, amount, reason, payable_on)
    WHERE s.error IS NULL AND m.amount > 0;
    IF movements IS NOT NULL THEN
        PERFORM escrow_write(movements, business_time);
    END IF;

    INSERT INTO escrow_instruction (id, kind, number, beneficiary_id, channel, payment_id, amount_fen, payee_account,
                                    payee_name, state, due_at, attempts, answer, created_at)
    SELECT o.id, 'refund', 'R' || left(replace(gen_random_uuid()::text, '-', ''), 24), beneficiary,
           CASE WHEN p.refund_account <> '' THEN coalesce(commands->0->>'elsewhere', s.channel) ELSE s.channel END,
           s.payment, o.amount, p.refund_account, p.refund_account_name, 'due', statement_timestamp(), 0, '', business_time
    FROM unnest(settled) s
    JOIN escrow_payment p ON p.id = s.payment
    CROSS JOIN LATERAL (SELECT s.from_held + s.from_payable + s.from_reserve + s.from_interest AS paid_now) AS n
    CROSS JOIN LATERAL (VALUES (s.instruction, least(n.paid_now, s.paid)),
                               (s.interest_instruction, n.paid_now - s.paid)) AS o(id, amount)
    WHERE s.error IS NULL AND o.id IS NOT NULL;
    INSERT INTO escrow_refund (id, agreement_id, owed_fen, interest_fen, amount_fen, settled_fen, basis, reference,
                               instruction_id, interest_instruction_id, decided_at, paid_at)
    SELECT s.refund, s.agreement, s.owed, s.interest, s.from_held + s.from_payable + s.from_reserve + s.from_interest,
           s.held_fen - s.from_held, s.basis, s.reference, s.instruction, s.interest_instruction, business_time,
           CASE WHEN s.owed = 0 THEN business_time END
    FROM unnest(settled) s WHERE s.error IS NULL;
    INSERT INTO escrow_claim (beneficiary_id, refund_id, amount_fen, paid_fen, opened_at)
    SELECT beneficiary, s.refund, s.claimed, 0, business_time
    FROM unnest(settled) s WHERE s.error IS NULL AND s.claimed > 0 ORDER BY s.n;
    UPDATE escrow_agreement a SET state = 'closed', closed_at = business_time
    FROM unnest(settled) s WHERE s.error IS NULL AND a.id = s.agreement;
    INSERT INTO escrow_auditentry (actor, action, target, before, after, request_id, at)
    SELECT escrow_settle.actor, 'escrow.refund', t.target, t.before,
           jsonb_build_object('owed_fen', s.owed, 'interest_fen', s.interest, 'from_held_fen', s.from_held, 'from_payable_fen', s.from_payable,
                              'from_reserve_fen', s.from_reserve, 'from_interest_fen', s.from_interest, 'claimed_fen', s.claimed, 'settled_fen', s.held_fen - s.from_held,
                              'basis', s.basis, 'reference', s.reference),
           escrow_settle.request, business_time
    FROM unnest(settled) s
    CROSS JOIN LATERAL (VALUES ('agreement:' || s.agreement, jsonb_build_object('state', s.before)),
                               ('refund:' || s.refund, NULL)) AS t(target, before)
    WHERE s.error IS NULL;
    RETURN QUERY SELECT s.n, s.error, s.refund, s.instruction FROM unnest(settled) s ORDER BY s.n;
END $$;
