-- Releasing early what an agreement leaves free (Agreement.free_percent), to a beneficiary that has earned it by the rule of
-- the day (models/early.py). What leaves is money of which the merchant has still to earn every fen: the same sum stands
-- in the agreement as ADVANCE, and uses take from both.

-- Why nothing may be released early to a beneficiary on a day; NULL: it has earned it.
CREATE OR REPLACE FUNCTION escrow_early_refused(beneficiary bigint, day date) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN r.id IS NULL THEN 'no_rule'
        WHEN b.payouts_held THEN 'payouts_held'
        WHEN EXISTS (SELECT 1 FROM escrow_legalhold h
                     WHERE h.beneficiary_id = b.id AND h.lifted_at IS NULL AND h.expires_on >= day) THEN 'legal_hold'
        WHEN EXISTS (SELECT 1 FROM escrow_claim c WHERE c.beneficiary_id = b.id AND c.closed_at IS NULL) THEN 'claim'
        WHEN EXISTS (SELECT 1 FROM escrow_stoppage s
                     WHERE s.beneficiary_id = b.id AND (s.until IS NULL OR s.until >= day)) THEN 'stopped'
        WHEN EXISTS (SELECT 1 FROM escrow_stoppage s
                     WHERE s.beneficiary_id = b.id AND s.kind = 'changed_hands' AND s.since > day - r.proven_days::int)
             THEN 'changed_hands'
        WHEN coalesce((SELECT escrow_beijing_day(t.at) FROM escrow_transfer t
                       WHERE t.beneficiary_id = b.id AND t.reason = 'release' ORDER BY t.id LIMIT 1), day)
             > day - r.proven_days::int THEN 'new' END
    FROM escrow_beneficiary b
    LEFT JOIN LATERAL (SELECT * FROM escrow_earlyreleaserule r WHERE r.valid_from <= day
                       ORDER BY r.valid_from DESC LIMIT 1) r ON true
    WHERE b.id = beneficiary
$$;

-- What a beneficiary earned by uses in the days before a day, as far as the transfers before one tell.
CREATE OR REPLACE FUNCTION escrow_early_earned(beneficiary bigint, day date, days integer, before bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT greatest(coalesce(sum(CASE t.reason WHEN 'undo' THEN -t.amount ELSE t.amount END), 0), 0)::bigint
    FROM escrow_transfer t
    WHERE t.beneficiary_id = beneficiary AND t.reason IN ('release', 'undo') AND t.asset IN ('CNY', 'ADVANCE')
      AND t.at >= (day - days)::timestamp AT TIME ZONE 'Asia/Shanghai' AND t.at < day::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND t.id < before
$$;

-- Release to one beneficiary, once a day, from its oldest agreements on, until the cap is reached. Nothing leaves an
-- agreement that is frozen, in the days after its payment, has a use that waits or a refund that somebody asked for.
CREATE OR REPLACE FUNCTION escrow_release_early(beneficiary bigint, business_time timestamptz, actor text, request text,
    OUT refused text, OUT released bigint, OUT agreements bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_variable
DECLARE
    today CONSTANT date := escrow_beijing_day(business_time);
    next_day date;
    rule escrow_earlyreleaserule;
    earned bigint;
    cap bigint;
    outstanding bigint;
    ids bigint[];
    amounts bigint[];
    payable bigint;
    issued bigint;
    consumed bigint;
    made bigint;
BEGIN
    released := 0;
    agreements := 0;
    -- Alone with the beneficiary: what it has earned is weighed, and nobody changes an agreement or a use meanwhile.
    PERFORM escrow_exclusive_lock(beneficiary);
    refused := CASE WHEN EXISTS (SELECT 1 FROM escrow_earlyrelease e WHERE e.beneficiary_id = beneficiary AND e.day = today)
                    THEN 'done' ELSE escrow_early_refused(beneficiary, today) END;
    IF refused IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO rule FROM escrow_earlyreleaserule r WHERE r.valid_from <= today ORDER BY r.valid_from DESC LIMIT 1;
    earned := escrow_early_earned(beneficiary, today, rule.window_days, 9223372036854775807);
    cap := escrow_part(earned, rule.cap_days, rule.window_days);
    SELECT coalesce(sum(e.credits_posted - e.debits_posted), 0) INTO outstanding
    FROM escrow_account e WHERE e.beneficiary_id = beneficiary AND e.code = 'held' AND e.asset = 'ADVANCE';

    WITH fact AS (
        SELECT a.id, a.funded_at, a.free_percent, h.credits_posted - h.debits_posted AS money,
               coalesce(e.credits_posted - e.debits_posted, 0) AS early
        FROM escrow_agreement a
        JOIN escrow_account h ON h.beneficiary_id = beneficiary AND h.agreement_id = a.id AND h.asset = 'CNY'
        LEFT JOIN escrow_account e ON e.beneficiary_id = beneficiary AND e.agreement_id = a.id AND e.asset = 'ADVANCE'
        WHERE a.beneficiary_id = beneficiary AND a.state = 'held' AND a.free_percent > 0
          AND escrow_beijing_day(a.funded_at) + rule.cooling_off_days::int < today
          AND NOT EXISTS (SELECT 1 FROM escrow_use u WHERE u.agreement_id = a.id AND u.state IN ('reserved', 'disputed'))
          AND NOT EXISTS (SELECT 1 FROM escrow_approval p
                          WHERE p.kind = 'manual_refund' AND p.state = 'open' AND p.target = 'agreement:' || a.id)
    ), free AS (  -- money and early together are the price less what is earned
        SELECT f.id, f.funded_at, escrow_part(f.money + f.early, f.free_percent, 100) - f.early AS amount FROM fact f
    ), part AS (
        SELECT f.id, least(f.amount, cap - outstanding
                           - (sum(f.amount) OVER (ORDER BY f.funded_at, f.id) - f.amount))::bigint AS amount
        FROM free f WHERE f.amount > 0
    )
    SELECT array_agg(p.id ORDER BY p.id), array_agg(p.amount ORDER BY p.id), coalesce(sum(p.amount), 0), count(*)
    INTO ids, amounts, released, agreements
    FROM part p WHERE p.amount > 0;
    IF released = 0 THEN
        RETURN;
    END IF;

    next_day := escrow_next_working_day(today);
    INSERT INTO escrow_account (beneficiary_id, agreement_id, code, channel, asset, debits_posted, credits_posted,
                                debits_pending, credits_pending, version)
    SELECT beneficiary, NULL, code, '', 'ADVANCE', 0, 0, 0, 0, 0 FROM unnest(ARRAY['issued', 'consumed']) AS code
    ON CONFLICT DO NOTHING;
    SELECT max(a.id) FILTER (WHERE a.code = 'payable'), max(a.id) FILTER (WHERE a.code = 'issued' AND a.asset = 'ADVANCE'),
           max(a.id) FILTER (WHERE a.code = 'consumed' AND a.asset = 'ADVANCE')
    INTO payable, issued, consumed
    FROM escrow_account a WHERE a.beneficiary_id = beneficiary AND a.agreement_id IS NULL;
    INSERT INTO escrow_account (beneficiary_id, agreement_id, code, channel, asset, debits_posted, credits_posted,
                                debits_pending, credits_pending, version, earned_id)
    SELECT beneficiary, id, 'held', '', 'ADVANCE', 0, 0, 0, 0, 0, consumed FROM unnest(ids) AS id
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM escrow_account a WHERE a.agreement_id = ANY (ids) ORDER BY a.id FOR NO KEY UPDATE;
    PERFORM 1 FROM escrow_account a WHERE a.id = issued FOR NO KEY UPDATE;

    INSERT INTO escrow_earlyrelease (beneficiary_id, day, rule_id, earned_fen, cap_fen, outstanding_fen, amount_fen, released_at)
    VALUES (beneficiary, today, rule.id, earned, cap, outstanding, released, business_time) RETURNING id INTO made;
    PERFORM escrow_write(array_agg(ROW(m.debit, m.credit, one.amount, 'posted', 'advance', NULL, NULL, one.id, NULL,
                                       'early:' || made, m.payable_on, NULL)::escrow_movement ORDER BY one.id, m.step),
                         business_time)
    FROM unnest(ids, amounts) AS one(id, amount)
    JOIN escrow_account h ON h.agreement_id = one.id AND h.asset = 'CNY'
    JOIN escrow_account e ON e.agreement_id = one.id AND e.asset = 'ADVANCE'
    CROSS JOIN LATERAL (VALUES (1, h.id, payable, next_day), (2, issued, e.id, NULL::date)) AS m(step, debit, credit, payable_on);
    INSERT INTO escrow_auditentry (actor, action, target, after, request_id, at)
    VALUES (actor, 'escrow.release_early', 'beneficiary:' || beneficiary,
            jsonb_build_object('early_release', made, 'amount_fen', released, 'agreements', agreements, 'earned_fen', earned,
                               'cap_fen', cap, 'outstanding_fen', outstanding), request, business_time);
END $$;
