-- Agreements earned by the day. The day of payment does not count (Civil Code 201); each day after it on which service was
-- to be had is one use of one unit, until all units are used. A day is reserved when it is over, and final after the lag of
-- the rule of that day (escrow_accrualrule). Days on which every place is dark, and days of a pause, are no days of service.

-- The days on which all of the places are stopped; no places: the beneficiary as a whole.
CREATE OR REPLACE FUNCTION escrow_stopped_days(beneficiary bigint, places jsonb, kinds text[]) RETURNS datemultirange
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT range_agg(daterange(s.since, s.until, '[]')) FROM escrow_stoppage s
                     WHERE s.beneficiary_id = beneficiary AND s.place = '' AND s.kind = ANY (kinds)), '{}')
         + coalesce((SELECT range_intersect_agg(one.days) FROM (
               SELECT coalesce(range_agg(daterange(s.since, s.until, '[]')) FILTER (WHERE s.id IS NOT NULL), '{}') AS days
               FROM jsonb_array_elements_text(places) AS p(place)
               LEFT JOIN escrow_stoppage s
                      ON s.beneficiary_id = beneficiary AND s.place = p.place AND s.kind = ANY (kinds)
               GROUP BY p.place) AS one), '{}')
$$;

-- The days on which both parties agreed that nothing is served: pauses, and all days once the agreement that follows has begun.
CREATE OR REPLACE FUNCTION escrow_paused_days(agreement bigint) RETURNS datemultirange LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT range_agg(daterange(p.since, p.until, '[]')) FROM escrow_pause p
                     WHERE p.agreement_id = agreement AND p.state = 'agreed'), '{}')
         + coalesce((SELECT datemultirange(daterange(min(escrow_beijing_day(n.funded_at)), NULL, '()'))
                     FROM escrow_agreement n WHERE n.follows_id = agreement AND n.funded_at IS NOT NULL
                     HAVING count(*) > 0), '{}')
$$;

-- Whole days that a day served stays reserved after it is over, by the rule of that day. Without a rule no day is earned:
-- it would be passed over for ever.
CREATE OR REPLACE FUNCTION escrow_lag_days(day date) RETURNS integer LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp AS $$
DECLARE
    found integer;
BEGIN
    SELECT r.lag_days INTO found FROM escrow_accrualrule r
    WHERE r.valid_from <= escrow_lag_days.day ORDER BY r.valid_from DESC LIMIT 1;
    IF found IS NULL THEN
        RAISE EXCEPTION 'no accrual rule is in force on %', day
            USING ERRCODE = 'check_violation', CONSTRAINT = 'accrual_rule_missing';
    END IF;
    RETURN found;
END $$;

-- Write down in the ledger what has become of days: 'reserve', 'release' or 'void'. The caller has locked the accounts and
-- set the amounts of the uses.
CREATE OR REPLACE FUNCTION escrow_take_days(uses bigint[], what text, business_time timestamptz, today date)
RETURNS void LANGUAGE sql AS $$
    WITH payable AS MATERIALIZED (
        SELECT one.payable_after, escrow_working_day(today, one.payable_after) AS payable_on
        FROM (SELECT DISTINCT a.payable_after FROM escrow_use u JOIN escrow_agreement a ON a.id = u.agreement_id
              WHERE u.id = ANY (uses)) one
    ), taken AS MATERIALIZED (
        SELECT u.id AS "use", u.reference, u.day, h.id AS held, h.beneficiary_id, h.agreement_id, h.earned_id,
               p.id AS pending, m.moved, CASE what WHEN 'reserve' THEN u.amount_fen ELSE -p.amount END AS reserved,
               h.credits_posted - h.debits_posted - sum(m.moved) OVER so_far AS balance,
               h.version + row_number() OVER so_far AS version, w.payable_on
        FROM escrow_use u
        JOIN escrow_agreement a ON a.id = u.agreement_id
        JOIN payable w ON w.payable_after = a.payable_after
        JOIN escrow_account h ON h.agreement_id = u.agreement_id AND h.asset = 'CNY'
        LEFT JOIN escrow_transfer p ON what <> 'reserve' AND p.agreement_id = u.agreement_id  -- by the card: it has few
            AND p.use_id = u.id AND p.at = u.used_at AND p.kind = 'pending'
        CROSS JOIN LATERAL (SELECT CASE what WHEN 'release' THEN u.amount_fen ELSE 0 END AS moved) m
        WHERE u.id = ANY (uses)
        WINDOW so_far AS (PARTITION BY h.id ORDER BY u.day)
    ), counted AS (
        UPDATE escrow_account h
        SET debits_posted = h.debits_posted + t.moved, debits_pending = h.debits_pending + t.reserved,
            version = h.version + t.transfers
        FROM (SELECT held, sum(moved) AS moved, sum(reserved) AS reserved, count(*) AS transfers FROM taken GROUP BY held) t
        WHERE h.id = t.held
    )
    INSERT INTO escrow_transfer (
        beneficiary_id, agreement_id, use_id, debit_account_id, credit_account_id, asset, kind, reason, amount, pending_id,
        reference, at, payable_on, debit_balance_after, debit_version)
    SELECT t.beneficiary_id, t.agreement_id, t."use", t.held, t.earned_id, 'CNY',
           CASE what WHEN 'reserve' THEN 'pending' ELSE 'resolved' END, what,
           CASE what WHEN 'reserve' THEN t.reserved ELSE t.moved END, t.pending, t.reference, business_time,
           CASE WHEN t.moved > 0 THEN t.payable_on END, t.balance, t.version
    FROM taken t ORDER BY t.held, t.day
$$;

-- Bring agreements up to yesterday, whatever became known since: reserved days that were not served return, days served get
-- their use, days whose lag is over become final; not while a place is dark, on watch or has just changed hands, for silence
-- says nothing then. `since`: look again at the days from there on, because a stoppage or a pause has changed.
CREATE OR REPLACE FUNCTION escrow_accrue(agreements bigint[], since date, business_time timestamptz, actor text,
    request text, OUT accrued bigint, OUT voided bigint, OUT final bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    today CONSTANT date := escrow_beijing_day(business_time);
    ids bigint[];
    idle datemultirange[];
    silent boolean[];
    made bigint[];
    gone bigint[];
    done bigint[];
BEGIN
    PERFORM escrow_lock_agreements(agreements, false);
    INSERT INTO escrow_accrual (agreement_id, beneficiary_id, paid_on, accrued_to, days_final)
    SELECT a.id, a.beneficiary_id, escrow_beijing_day(a.funded_at), escrow_beijing_day(a.funded_at), 0
    FROM escrow_agreement a WHERE a.id = ANY (agreements) AND a.plan = 'period' AND a.state = 'held'
    ON CONFLICT DO NOTHING;
    UPDATE escrow_accrual r SET accrued_to = greatest(r.paid_on, since - 1)
    WHERE r.agreement_id = ANY (agreements) AND r.accrued_to >= since;

    SELECT array_agg(a.id), array_agg(shop.dark + escrow_paused_days(a.id)), array_agg(today <@ shop.stopped)
    INTO ids, idle, silent
    FROM escrow_agreement a
    JOIN (SELECT one.*, escrow_stopped_days(one.beneficiary_id, one.places, '{dark}') AS dark,
                 escrow_stopped_days(one.beneficiary_id, one.places, '{dark,watch,changed_hands}') AS stopped
          FROM (SELECT DISTINCT beneficiary_id, places FROM escrow_agreement WHERE id = ANY (agreements)) AS one) AS shop
      ON shop.beneficiary_id = a.beneficiary_id AND shop.places = a.places
    WHERE a.id = ANY (agreements) AND a.plan = 'period' AND a.state IN ('held', 'frozen');

    WITH back AS (
        UPDATE escrow_use u SET state = 'voided', resolved_at = business_time
        FROM unnest(ids, idle) AS c(id, idle)
        WHERE u.agreement_id = c.id AND u.state = 'reserved' AND u.day <@ c.idle
        RETURNING u.id, u.agreement_id, u.day
    ), again AS (
        UPDATE escrow_accrual r SET accrued_to = least(r.accrued_to, b.first - 1)
        FROM (SELECT agreement_id, min(day) AS first FROM back GROUP BY agreement_id) b
        WHERE r.agreement_id = b.agreement_id
    )
    SELECT coalesce(array_agg(id), '{}') INTO gone FROM back;
    PERFORM escrow_take_days(gone, 'void', business_time, today);

    WITH behind AS (
        SELECT a.id, a.beneficiary_id, a.price_fen, a.units_total, c.idle, r.accrued_to,
               a.units_total - r.days_final - (SELECT count(*) FROM escrow_use u
                   WHERE u.agreement_id = a.id AND u.state IN ('reserved', 'disputed')) AS room
        FROM unnest(ids, idle) AS c(id, idle)
        JOIN escrow_agreement a ON a.id = c.id AND a.state = 'held'
        JOIN escrow_accrual r ON r.agreement_id = a.id AND r.accrued_to < today - 1
    ), served AS (
        SELECT b.*, d.day, row_number() OVER (PARTITION BY b.id ORDER BY d.day) AS n
        FROM behind b
        CROSS JOIN LATERAL (SELECT b.accrued_to + i AS day FROM generate_series(1, today - 1 - b.accrued_to) AS i) d
        WHERE NOT d.day <@ b.idle AND NOT EXISTS (
            SELECT 1 FROM escrow_use u WHERE u.agreement_id = b.id AND u.day = d.day AND u.state <> 'voided')
    ), lags AS MATERIALIZED (
        SELECT l.day, escrow_lag_days(l.day) AS lag_days FROM (SELECT DISTINCT day FROM served WHERE n <= room) AS l
    ), reserved AS (
        INSERT INTO escrow_use (beneficiary_id, agreement_id, units, amount_fen, bonus_fen, state, reference, place, silence,
                                confirm_until, day, used_at)
        SELECT s.beneficiary_id, s.id, 1, escrow_part(s.price_fen, 1, s.units_total), 0, 'reserved', s.day::text, '',
               '', (s.day + l.lag_days + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', s.day, business_time
        FROM served s JOIN lags l USING (day)
        WHERE s.n <= s.room
        RETURNING id
    ), marked AS (
        UPDATE escrow_accrual r SET accrued_to = today - 1 FROM behind b WHERE r.agreement_id = b.id
    )
    SELECT coalesce(array_agg(id), '{}') INTO made FROM reserved;
    PERFORM escrow_take_days(made, 'reserve', business_time, today);

    WITH due AS (
        SELECT u.id, a.price_fen, a.units_total,
               r.days_final + row_number() OVER (PARTITION BY a.id ORDER BY u.day) AS k
        FROM unnest(ids, silent) AS c(id, silent)
        JOIN escrow_agreement a ON a.id = c.id AND a.state = 'held'
        JOIN escrow_accrual r ON r.agreement_id = a.id
        JOIN escrow_use u ON u.agreement_id = a.id AND u.state = 'reserved' AND u.day IS NOT NULL
                         AND u.confirm_until <= business_time
        WHERE NOT c.silent
    ), earned AS (
        UPDATE escrow_use u
        SET state = 'final', resolved_at = business_time,
            amount_fen = escrow_part(d.price_fen, d.k, d.units_total) - escrow_part(d.price_fen, d.k - 1, d.units_total)
        FROM due d WHERE u.id = d.id
        RETURNING u.id, u.agreement_id
    ), counted AS (
        UPDATE escrow_accrual r SET days_final = r.days_final + e.days
        FROM (SELECT agreement_id, count(*) AS days FROM earned GROUP BY agreement_id) e
        WHERE r.agreement_id = e.agreement_id
    )
    SELECT coalesce(array_agg(id), '{}') INTO done FROM earned;
    PERFORM escrow_take_days(done, 'release', business_time, today);

    accrued := cardinality(made);
    voided := cardinality(gone);
    final := cardinality(done);
    INSERT INTO escrow_auditentry (actor, action, target, after, request_id, at)
    SELECT actor, 'escrow.accrue', 'beneficiary:' || u.beneficiary_id,
           jsonb_build_object('through', today - 1, 'accrued', count(*) FILTER (WHERE u.id = ANY (made)),
                              'voided', count(*) FILTER (WHERE u.id = ANY (gone)),
                              'final', count(*) FILTER (WHERE u.id = ANY (done)),
                              'agreements', count(DISTINCT u.agreement_id)), request, business_time
    FROM escrow_use u WHERE u.id = ANY (made || gone || done) GROUP BY u.beneficiary_id;
END $$;
