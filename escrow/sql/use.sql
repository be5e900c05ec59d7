-- Using what is held. A command that may not be carried out changes nothing and comes back with the name of its error
-- (escrow/errors.py); the others of its set are done. After k of N units floor(P·k/N) has been released, exactly.

-- The first working day after a day (Civil Code 201: the day itself does not count).
CREATE OR REPLACE FUNCTION escrow_next_working_day(day date) RETURNS date LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp AS $$
DECLARE
    found date;
BEGIN
    SELECT w.day INTO found FROM escrow_workingday w
    WHERE w.day > escrow_next_working_day.day AND w.is_working ORDER BY w.day LIMIT 1;
    IF found IS NULL THEN
        RAISE EXCEPTION 'the working-day calendar ends before the first working day after %', day
            USING ERRCODE = 'check_violation', CONSTRAINT = 'calendar_missing';
    END IF;
    RETURN found;
END $$;

CREATE OR REPLACE FUNCTION escrow_beijing_day(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT (moment AT TIME ZONE 'Asia/Shanghai')::date $$;

-- The share of `whole` that `units` of `total` have earned, rounded down (escrow/money.py share).
CREATE OR REPLACE FUNCTION escrow_part(whole bigint, units bigint, total bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$ SELECT div(whole::numeric * units, total)::bigint $$;

-- Lock what a verb on agreements will change: their beneficiaries (shared, or alone), then their accounts by id. The
-- accounts' locks are the agreement's own: whoever changes an agreement's state holds them too.
CREATE OR REPLACE FUNCTION escrow_lock_agreements(agreements bigint[], alone boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM CASE WHEN alone THEN escrow_exclusive_lock(b) ELSE escrow_share_lock(b) END FROM (
        SELECT DISTINCT beneficiary_id AS b FROM escrow_agreement WHERE id = ANY (agreements) ORDER BY 1) AS one;
    PERFORM 1 FROM escrow_account WHERE agreement_id = ANY (agreements) ORDER BY id FOR NO KEY UPDATE;
END $$;

-- What an agreement has used and kept back (units), and where its value stands. Locks its accounts, then reads.
CREATE OR REPLACE FUNCTION escrow_standing(agreement bigint, OUT beneficiary bigint, OUT plan text, OUT state text,
    OUT price_fen bigint, OUT bonus_fen bigint, OUT units_total bigint, OUT money bigint, OUT gift bigint, OUT visit bigint,
    OUT used bigint, OUT reserved bigint)
LANGUAGE plpgsql AS $$
DECLARE
    h record;
    other bigint := 0;
    other_pending bigint := 0;
BEGIN
    FOR h IN SELECT a.id, a.asset, a.credits_posted - a.debits_posted AS balance, a.debits_pending FROM escrow_account a
             WHERE a.agreement_id = agreement ORDER BY a.id FOR NO KEY UPDATE
    LOOP
        IF h.asset = 'VISIT' THEN
            visit := h.id;
            used := -h.balance;
            reserved := h.debits_pending;
        ELSE
            IF h.asset = 'CNY' THEN money := h.id; ELSE gift := h.id; END IF;
            other := other - h.balance;
            other_pending := other_pending + h.debits_pending;
        END IF;
    END LOOP;
    SELECT a.beneficiary_id, a.plan, a.state, a.price_fen, a.bonus_fen, a.units_total
    INTO beneficiary, plan, state, price_fen, bonus_fen, units_total
    FROM escrow_agreement a WHERE a.id = agreement;
    IF visit IS NULL THEN
        used := other;
        reserved := 0;
        -- Of money a reservation keeps its share rounded down: its units are told by the uses themselves.
        IF other_pending > 0 THEN
            SELECT coalesce(sum(u.units), 0) INTO reserved FROM escrow_use u
            WHERE u.agreement_id = agreement AND u.state IN ('reserved', 'disputed');
        END IF;
    END IF;
    used := units_total + used;
END $$;

-- Take from held accounts what goes to the accounts their uses earn into, which are appended to: only the held rows
-- change. Per account: what is posted, what is added to what is kept back (negative when a reservation ends), and the
-- reservation that ends. The caller has locked the accounts.
CREATE OR REPLACE FUNCTION escrow_take(held bigint[], moved bigint[], reserved bigint[], pending bigint[], kind text,
    reason text, agreement bigint, "use" bigint, reference text, at timestamptz, payable_on date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH taken AS (
        UPDATE escrow_account h
        SET debits_posted = h.debits_posted + v.moved, debits_pending = h.debits_pending + v.reserved,
            version = h.version + 1
        FROM unnest(held, moved, reserved, pending) AS v(id, moved, reserved, pending)
        -- A share of nothing is no transfer.
        WHERE h.id = v.id AND (v.moved > 0 OR kind <> 'posted')
        RETURNING h.beneficiary_id, h.id, h.earned_id, h.asset, v.moved, v.reserved, v.pending,
                  h.credits_posted - h.debits_posted AS balance, h.version
    )
    INSERT INTO escrow_transfer (
        beneficiary_id, agreement_id, use_id, debit_account_id, credit_account_id, asset, kind, reason, amount, pending_id,
        reference, at, payable_on, debit_balance_after, debit_version)
    SELECT t.beneficiary_id, agreement, "use", t.id, t.earned_id, t.asset, kind, reason,
           CASE kind WHEN 'pending' THEN t.reserved ELSE t.moved END, t.pending, reference, at,
           CASE WHEN t.asset = 'CNY' AND t.moved > 0 THEN payable_on END, t.balance, t.version
    FROM taken t;
END $$;

-- Use units of agreements: final at once, or reserved. One outcome per command, in order.
-- commands: [{n, beneficiary, agreement, units, final, key, body, reference, place, confirm_until, silence, silence_days}]
CREATE OR REPLACE FUNCTION escrow_charge(commands jsonb, business_time timestamptz, actor text, request text)
RETURNS SETOF escrow_outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    c record;
    a record;
    earlier record;
    outcome escrow_outcome;
    taken bigint[];
    nothing CONSTANT bigint[] := ARRAY[0, 0, 0];
    next_day date := escrow_next_working_day(escrow_beijing_day(business_time));
BEGIN
    IF jsonb_array_length(commands) > 1 THEN  -- in one order for everybody; a single one is locked as it is read
        PERFORM escrow_lock_agreements(ARRAY(SELECT (e->>'agreement')::bigint FROM jsonb_array_elements(commands) e), false);
    END IF;
    FOR c IN SELECT * FROM jsonb_to_recordset(commands) AS r(
        n bigint, beneficiary bigint, agreement bigint, units bigint, final boolean, key text, body text, reference text,
        place text, confirm_until timestamptz, silence text, silence_days smallint)
    LOOP
        PERFORM pg_advisory_xact_lock_shared(26, c.beneficiary::int);
        SELECT * INTO a FROM escrow_standing(c.agreement);
        outcome := (c.n, NULL, NULL, 0, 0);
        outcome.error := CASE
            WHEN a.beneficiary IS DISTINCT FROM c.beneficiary THEN 'NotFound'
            WHEN a.state = 'frozen' THEN 'AgreementFrozen'
            WHEN a.state <> 'held' THEN 'AgreementNotHeld'
            WHEN a.plan = 'period' THEN 'InvalidUnits'
            WHEN c.units > a.units_total - a.used - a.reserved THEN 'NotEnoughLeft' END;
        IF outcome.error IS NULL THEN
            outcome."use" := nextval('escrow_use_id_seq');
            INSERT INTO escrow_command (beneficiary_id, key, body_sha256, result)
            VALUES (c.beneficiary, c.key, c.body, jsonb_build_object('use', outcome."use"))
            ON CONFLICT DO NOTHING;
        END IF;
        IF outcome.error IS NOT NULL OR NOT FOUND THEN
            SELECT k.body_sha256, (k.result->>'use')::bigint AS "use" INTO earlier
            FROM escrow_command k WHERE k.beneficiary_id = c.beneficiary AND k.key = c.key;
            IF FOUND THEN
                outcome.error := CASE WHEN earlier.body_sha256 = c.body THEN 'Replayed' ELSE 'KeyReused' END;
                outcome."use" := earlier."use";
            END IF;
            RETURN NEXT outcome;
            CONTINUE;
        END IF;
        IF c.final THEN
            outcome.amount_fen := escrow_part(a.price_fen, a.used + c.units, a.units_total)
                                  - escrow_part(a.price_fen, a.used, a.units_total);
            outcome.bonus_fen := CASE WHEN a.gift IS NULL THEN 0 ELSE c.units - outcome.amount_fen END;
        ELSE
            outcome.amount_fen := escrow_part(a.price_fen, c.units, a.units_total);
            outcome.bonus_fen := CASE WHEN a.gift IS NULL THEN 0 ELSE escrow_part(a.bonus_fen, c.units, a.units_total) END;
        END IF;
        INSERT INTO escrow_use (id, beneficiary_id, agreement_id, units, amount_fen, bonus_fen, state, reference, place,
                                confirm_until, silence, silence_days, used_at, resolved_at)
        VALUES (outcome."use", c.beneficiary, c.agreement, c.units, outcome.amount_fen, outcome.bonus_fen,
                CASE WHEN c.final THEN 'final' ELSE 'reserved' END, c.reference, c.place,
                CASE WHEN NOT c.final THEN c.confirm_until END, CASE WHEN c.final THEN '' ELSE c.silence END,
                CASE WHEN NOT c.final THEN c.silence_days END, business_time, CASE WHEN c.final THEN business_time END);
        taken := ARRAY[outcome.amount_fen, outcome.bonus_fen, CASE WHEN a.visit IS NULL THEN 0 ELSE c.units END];
        PERFORM escrow_take(
            ARRAY[a.money, a.gift, a.visit], CASE WHEN c.final THEN taken ELSE nothing END,
            CASE WHEN c.final THEN nothing ELSE taken END, NULL, CASE WHEN c.final THEN 'posted' ELSE 'pending' END,
            CASE WHEN c.final THEN 'release' ELSE 'reserve' END,
            c.agreement, outcome."use", c.reference, business_time, next_day);
        INSERT INTO escrow_auditentry (actor, action, target, after, request_id, at)
        VALUES (actor, CASE WHEN c.final THEN 'escrow.charge' ELSE 'escrow.reserve' END, 'use:' || outcome."use",
                jsonb_build_object('state', CASE WHEN c.final THEN 'final' ELSE 'reserved' END, 'units', c.units,
                                   'amount_fen', outcome.amount_fen, 'agreement', c.agreement), request, business_time);
        RETURN NEXT outcome;
    END LOOP;
END $$;

-- Decide reservations, each once: to final (wholly, or only `units` of it: the rest returns), voided, expired or disputed.
-- `because`: holder (the consumer or the merchant, until the time is up; where silence confirms, until it has), silence
-- (when it is up), withdrawal (the merchant gives up a disputed one), decision (of a dispute), settlement (the agreement
-- ends, and with it every reservation). One outcome per command, in order.
-- commands: [{n, use, to, because, units}]
CREATE OR REPLACE FUNCTION escrow_resolve(commands jsonb, business_time timestamptz, actor text, request text)
RETURNS SETOF escrow_outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    c record;
    u escrow_use;
    a record;
    p record;
    done_units bigint;
    outcome escrow_outcome;
    next_day date := escrow_next_working_day(escrow_beijing_day(business_time));
BEGIN
    PERFORM escrow_lock_agreements(ARRAY(
        SELECT r.agreement_id FROM escrow_use r
        WHERE r.id IN (SELECT (e->>'use')::bigint FROM jsonb_array_elements(commands) e)), false);
    FOR c IN SELECT * FROM jsonb_to_recordset(commands) AS r(n bigint, "use" bigint, "to" text, because text, units bigint)
    LOOP
        SELECT * INTO u FROM escrow_use r WHERE r.id = c."use";
        SELECT * INTO a FROM escrow_standing(u.agreement_id);
        done_units := coalesce(c.units, u.units);
        outcome := (c.n, NULL, c."use", 0, 0);
        outcome.error := CASE
            WHEN u.id IS NULL THEN 'NotFound'
            WHEN u.state IN ('final', 'undone') THEN 'ReservationConfirmed'
            WHEN u.state = 'voided' THEN 'ReservationVoided'
            WHEN u.state = 'expired' THEN 'ReservationExpired'
            WHEN u.day IS NOT NULL AND c.because <> 'settlement' THEN 'WrongState'  -- only its time decides a day
            WHEN u.state = 'disputed' AND c.because NOT IN ('decision', 'withdrawal', 'settlement')
                 THEN 'ReservationDisputed'
            WHEN u.state = 'reserved' AND c.because = 'decision' THEN 'WrongState'
            WHEN c.because = 'holder' AND u.silence <> 'confirms' AND u.confirm_until <= business_time
                 THEN 'ReservationExpired'
            WHEN c.because = 'silence' AND (u.confirm_until IS NULL OR u.confirm_until > business_time
                 OR (c."to" = 'final') <> (u.silence = 'confirms')) THEN 'WrongState'
            WHEN c.because = 'silence' AND u.silence = 'confirms' AND escrow_silence_stopped(
                 u.beneficiary_id, u.place, u.silence_from, escrow_beijing_day(business_time)) THEN 'ServiceStopped'
            WHEN done_units NOT BETWEEN 1 AND u.units THEN 'InvalidUnits'
            WHEN c."to" = 'final' AND a.state = 'frozen' THEN 'AgreementFrozen'
            WHEN c."to" = 'final' AND a.state <> 'held' THEN 'AgreementNotHeld' END;
        IF outcome.error IS NOT NULL THEN
            RETURN NEXT outcome;
            CONTINUE;
        END IF;
        IF c."to" = 'final' THEN
            outcome.amount_fen := escrow_part(a.price_fen, a.used + done_units, a.units_total)
                                  - escrow_part(a.price_fen, a.used, a.units_total);
            outcome.bonus_fen := CASE WHEN a.gift IS NULL THEN 0 ELSE done_units - outcome.amount_fen END;
        END IF;
        IF c."to" <> 'disputed' THEN
            SELECT array_agg(t.debit_account_id) AS held, array_agg(-t.amount) AS freed, array_agg(t.id) AS pending,
                   array_agg(CASE WHEN c."to" <> 'final' THEN 0 WHEN t.asset = 'CNY' THEN outcome.amount_fen
                                  WHEN t.asset = 'VISIT' THEN done_units ELSE outcome.bonus_fen END) AS moved
            INTO p FROM escrow_transfer t
            WHERE t.beneficiary_id = u.beneficiary_id AND t.agreement_id = u.agreement_id AND t.use_id = u.id
              AND t.at = u.used_at AND t.kind = 'pending';
            PERFORM escrow_take(p.held, p.moved, p.freed, p.pending, 'resolved',
                CASE c."to" WHEN 'final' THEN 'release' WHEN 'expired' THEN 'expire' ELSE 'void' END,
                u.agreement_id, u.id, u.reference, business_time, next_day);
        END IF;
        UPDATE escrow_use r
        SET state = c."to", resolved_at = CASE WHEN c."to" <> 'disputed' THEN business_time END,
            units = CASE WHEN c."to" = 'final' THEN done_units ELSE r.units END,
            amount_fen = CASE WHEN c."to" = 'final' THEN outcome.amount_fen ELSE r.amount_fen END,
            bonus_fen = CASE WHEN c."to" = 'final' THEN outcome.bonus_fen ELSE r.bonus_fen END
        WHERE r.id = u.id;
        INSERT INTO escrow_auditentry (actor, action, target, before, after, request_id, at)
        VALUES (actor, CASE c."to" WHEN 'final' THEN 'escrow.confirm_use' WHEN 'voided' THEN 'escrow.void_use'
                                   WHEN 'expired' THEN 'escrow.expire_use' ELSE 'escrow.dispute_use' END,
                'use:' || u.id, jsonb_build_object('state', u.state, 'units', u.units),
                jsonb_build_object('state', c."to", 'units', done_units, 'amount_fen', outcome.amount_fen, 'because', c.because,
                                   'agreement', u.agreement_id), request, business_time);
        RETURN NEXT outcome;
    END LOOP;
END $$;
