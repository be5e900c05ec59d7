-- Using what is held. A command that may not be carried out changes nothing and comes back with the name of its error
-- (escrow/errors.py); the others of its set are done. After k of N units floor(P·k/N) has been released, exactly.

-- The nth working day after a day (Civil Code 201: the day itself does not count).
CREATE OR REPLACE FUNCTION escrow_working_day(day date, nth int) RETURNS date LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp AS $$
DECLARE
    found date;
BEGIN
    SELECT w.day INTO found FROM escrow_workingday w
    WHERE w.day > escrow_working_day.day AND w.is_working ORDER BY w.day OFFSET nth - 1 LIMIT 1;
    IF found IS NULL THEN
        RAISE EXCEPTION 'the working-day calendar ends before working day % after %', nth, day
            USING ERRCODE = 'check_violation', CONSTRAINT = 'calendar_missing';
    END IF;
    RETURN found;
END $$;

CREATE OR REPLACE FUNCTION escrow_next_working_day(day date) RETURNS date LANGUAGE sql STABLE AS
$$ SELECT escrow_working_day(day, 1) $$;

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

-- Lock an agreement by its money's account, then read where its value stands, and what is used and reserved (units).
CREATE OR REPLACE FUNCTION escrow_standing(beneficiary bigint, agreement bigint, today date) RETURNS escrow_position
LANGUAGE plpgsql AS $$
DECLARE
    p escrow_position;
BEGIN
    SELECT h.id, h.earned_id, h.credits_posted - h.debits_posted, h.debits_pending, h.version
    INTO p.money, p.money_earned, p.money_balance, p.money_pending, p.money_version
    FROM escrow_account h
    WHERE h.beneficiary_id = beneficiary AND h.agreement_id = agreement AND h.asset = 'CNY' FOR NO KEY UPDATE;
    -- The first statement may have waited: this one sees what the other deed left.
    SELECT a.plan, a.state, a.price_fen, a.bonus_fen, a.units_total, a.free_percent > 0,
           (SELECT w.day FROM escrow_workingday w WHERE w.day > today AND w.is_working
            ORDER BY w.day OFFSET a.payable_after - 1 LIMIT 1),
           o.id, o.asset, o.earned_id, o.credits_posted - o.debits_posted, o.debits_pending, o.version
    INTO p.plan, p.state, p.price_fen, p.bonus_fen, p.units_total, p.may_advance, p.payable_on,
         p.other, p.other_asset, p.other_earned, p.other_balance, p.other_pending, p.other_version
    FROM escrow_agreement a
    LEFT JOIN escrow_account o ON o.beneficiary_id = beneficiary AND o.agreement_id = a.id AND o.asset IN ('VISIT', 'BONUS')
    WHERE a.id = agreement AND a.beneficiary_id = beneficiary;
    IF p.may_advance THEN
        SELECT o.id, o.earned_id, o.credits_posted - o.debits_posted, o.debits_pending, o.version
        INTO p.advance, p.advance_earned, p.advance_balance, p.advance_pending, p.advance_version
        FROM escrow_account o WHERE o.beneficiary_id = beneficiary AND o.agreement_id = agreement AND o.asset = 'ADVANCE';
    END IF;
    p.reserved := 0;
    IF p.other_asset = 'VISIT' THEN
        p.used := p.units_total - p.other_balance;
        p.reserved := p.other_pending;
    ELSE
        p.used := p.units_total - p.money_balance - coalesce(p.other_balance, 0) - coalesce(p.advance_balance, 0);
        -- Of money and gift a reservation keeps its share rounded down, which may be nothing: its units are told by the uses.
        SELECT coalesce(sum(u.units), 0) INTO p.reserved FROM escrow_use u
        WHERE u.agreement_id = agreement AND u.state IN ('reserved', 'disputed');
    END IF;
    RETURN p;
END $$;

-- How much of a share is money the merchant had early: pro rata, as far as what others reserved leaves both.
CREATE OR REPLACE FUNCTION escrow_early(share bigint, p escrow_position, kept_money bigint, kept_advance bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(least(escrow_part(share, p.advance_balance, greatest(p.advance_balance + p.money_balance, 1)),
                          p.advance_balance - p.advance_pending + kept_advance),
                    share - (p.money_balance - p.money_pending + kept_money))
$$;

-- Take what a use takes from the accounts of its card to those it earns into, which are appended to: only the card's rows
-- change. The arrays are money, sessions or gift, what was released early: what is posted, what is added to what is kept
-- back (negative when a reservation ends), and the reservation that ends. The caller has locked the card. Returns how many
-- transfers were written.
CREATE OR REPLACE FUNCTION escrow_take(p escrow_position, moved bigint[], reserved bigint[], pending bigint[], kind text,
    reason text, beneficiary bigint, agreement bigint, "use" bigint, reference text, at timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    written bigint;
BEGIN
    IF moved[1] > 0 AND p.payable_on IS NULL THEN
        RAISE EXCEPTION 'the working-day calendar ends before the money of % becomes payable', at
            USING ERRCODE = 'check_violation', CONSTRAINT = 'calendar_missing';
    END IF;
    UPDATE escrow_account h
    SET debits_posted = h.debits_posted + CASE h.id WHEN p.money THEN moved[1] WHEN p.other THEN moved[2] ELSE moved[3] END,
        debits_pending = h.debits_pending
                         + CASE h.id WHEN p.money THEN reserved[1] WHEN p.other THEN reserved[2] ELSE reserved[3] END,
        version = h.version + 1
    -- A share of nothing is no transfer.
    WHERE h.id IN (CASE WHEN kind <> 'posted' OR moved[1] > 0 THEN p.money END,
                   CASE WHEN kind <> 'posted' OR moved[2] > 0 THEN p.other END,
                   CASE WHEN CASE kind WHEN 'resolved' THEN pending[3] > 0 WHEN 'pending' THEN reserved[3] > 0
                                       ELSE moved[3] > 0 END THEN p.advance END);
    INSERT INTO escrow_transfer (
        beneficiary_id, agreement_id, use_id, debit_account_id, credit_account_id, asset, kind, reason, amount, pending_id,
        reference, at, payable_on, debit_balance_after, debit_version)
    SELECT beneficiary, agreement, "use", t.account, t.earned, t.asset, kind, reason,
           CASE kind WHEN 'pending' THEN t.reserved ELSE t.moved END, t.pending, reference, at, t.payable_on,
           t.balance - t.moved, t.version + 1
    FROM (VALUES (p.money, p.money_earned, 'CNY', moved[1], reserved[1], pending[1], p.money_balance, p.money_version,
                  CASE WHEN moved[1] > 0 THEN p.payable_on END),
                 (p.other, p.other_earned, p.other_asset, moved[2], reserved[2], pending[2], p.other_balance, p.other_version,
                  NULL),
                 (p.advance, p.advance_earned, 'ADVANCE', moved[3], reserved[3], pending[3], p.advance_balance,
                  p.advance_version, NULL))
         AS t(account, earned, asset, moved, reserved, pending, balance, version, payable_on)
    WHERE t.account IS NOT NULL
      AND CASE WHEN kind = 'posted' THEN t.moved > 0 WHEN t.asset <> 'ADVANCE' THEN true
               WHEN kind = 'pending' THEN t.reserved > 0 ELSE t.pending > 0 END;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END $$;

-- Use units of one agreement: final at once, or reserved.
CREATE OR REPLACE FUNCTION escrow_charge(n bigint, beneficiary bigint, agreement bigint, units bigint, is_final boolean,
    command_key text, body text, said text, at_place text, for_lesson text, until timestamptz, on_silence text,
    days_of_silence int, business_time timestamptz, actor text, request text) RETURNS escrow_outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    outcome escrow_outcome := (n, NULL, NULL, 0, 0);
    p escrow_position;
    earlier record;
    taken bigint[];
    nothing CONSTANT bigint[] := ARRAY[0, 0, 0];
    written bigint;
BEGIN
    IF escrow_share_lock(beneficiary) THEN
        p := escrow_standing(beneficiary, agreement, escrow_beijing_day(business_time));
    END IF;
    outcome.error := CASE
        WHEN p.plan IS NULL THEN 'NotFound'
        WHEN p.state = 'frozen' THEN 'AgreementFrozen'
        WHEN p.state <> 'held' THEN 'AgreementNotHeld'
        WHEN p.plan = 'period' OR (for_lesson IS NOT NULL AND (p.plan <> 'course' OR units <> 1)) THEN 'InvalidUnits'
        WHEN units > p.units_total - p.used - p.reserved THEN 'NotEnoughLeft' END;
    IF outcome.error IS NULL AND for_lesson IS NOT NULL AND EXISTS (
        SELECT 1 FROM escrow_use u WHERE u.agreement_id = agreement AND u.lesson = for_lesson AND u.command_key <> escrow_charge.command_key
           AND u.state IN ('reserved', 'disputed', 'final')) THEN
        outcome.error := 'LessonCharged';
    END IF;
    IF outcome.error IS NULL THEN
        IF is_final THEN
            outcome.amount_fen := escrow_part(p.price_fen, p.used + units, p.units_total)
                                  - escrow_part(p.price_fen, p.used, p.units_total);
            outcome.bonus_fen := CASE p.other_asset WHEN 'BONUS' THEN units - outcome.amount_fen ELSE 0 END;
        ELSE
            outcome.amount_fen := escrow_part(p.price_fen, units, p.units_total);
            outcome.bonus_fen := CASE p.other_asset WHEN 'BONUS' THEN escrow_part(p.bonus_fen, units, p.units_total) ELSE 0 END;
        END IF;
        INSERT INTO escrow_use (beneficiary_id, agreement_id, command_key, body_sha256, units, amount_fen, bonus_fen, state,
                                reference, place, lesson, confirm_until, silence, silence_days, used_at, resolved_at)
        VALUES (beneficiary, agreement, command_key, body, units, outcome.amount_fen, outcome.bonus_fen,
                CASE WHEN is_final THEN 'final' ELSE 'reserved' END, said, at_place, for_lesson,
                CASE WHEN NOT is_final THEN until END, CASE WHEN is_final THEN '' ELSE on_silence END,
                CASE WHEN NOT is_final THEN days_of_silence END, business_time, CASE WHEN is_final THEN business_time END)
        ON CONFLICT ON CONSTRAINT use_key_once DO NOTHING RETURNING id INTO outcome."use";
    END IF;
    IF outcome."use" IS NULL THEN  -- refused, or done before under this key
        SELECT u.body_sha256, u.id INTO earlier FROM escrow_use u
        WHERE u.beneficiary_id = beneficiary AND u.command_key = escrow_charge.command_key;
        IF FOUND THEN
            outcome := (n, CASE WHEN earlier.body_sha256 = body THEN 'Replayed' ELSE 'KeyReused' END, earlier.id, 0, 0);
        END IF;
        RETURN outcome;
    END IF;
    taken := ARRAY[outcome.amount_fen, CASE p.other_asset WHEN 'VISIT' THEN units ELSE outcome.bonus_fen END, 0];
    IF p.advance_balance > 0 THEN
        taken[3] := escrow_early(outcome.amount_fen, p, 0, 0);
        taken[1] := outcome.amount_fen - taken[3];
    END IF;
    written := escrow_take(p, CASE WHEN is_final THEN taken ELSE nothing END, CASE WHEN is_final THEN nothing ELSE taken END,
        NULL, CASE WHEN is_final THEN 'posted' ELSE 'pending' END, CASE WHEN is_final THEN 'release' ELSE 'reserve' END,
        beneficiary, agreement, outcome."use", said, business_time);
    INSERT INTO escrow_auditentry (actor, action, target, after, request_id, at)
    VALUES (actor, CASE WHEN is_final THEN 'escrow.charge' ELSE 'escrow.reserve' END, 'use:' || outcome."use",
            jsonb_build_object('state', CASE WHEN is_final THEN 'final' ELSE 'reserved' END, 'units', units,
                               'amount_fen', outcome.amount_fen, 'agreement', agreement), request, business_time);
    RETURN outcome;
END $$;

-- A set of them: one outcome per command, in order.
-- commands: [{n, beneficiary, agreement, units, final, key, body, reference, place, lesson, confirm_until, silence, silence_days}]
CREATE OR REPLACE FUNCTION escrow_charge_set(commands jsonb, business_time timestamptz, actor text, request text)
RETURNS SETOF escrow_outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    c record;
BEGIN
    -- In one order for everybody.
    PERFORM escrow_lock_agreements(ARRAY(SELECT (e->>'agreement')::bigint FROM jsonb_array_elements(commands) e), false);
    FOR c IN SELECT * FROM jsonb_to_recordset(commands) AS r(
        n bigint, beneficiary bigint, agreement bigint, units bigint, final boolean, key text, body text, reference text,
        place text, lesson text, confirm_until timestamptz, silence text, silence_days smallint)
    LOOP
        RETURN NEXT escrow_charge(c.n, c.beneficiary, c.agreement, c.units, c.final, c.key, c.body, c.reference, c.place,
            c.lesson, c.confirm_until, c.silence, c.silence_days, business_time, actor, request);
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
    a escrow_position;
    kept record;
    moved bigint[];
    written bigint;
    done_units bigint;
    outcome escrow_outcome;
    today CONSTANT date := escrow_beijing_day(business_time);
BEGIN
    PERFORM escrow_lock_agreements(ARRAY(
        SELECT r.agreement_id FROM escrow_use r
        WHERE r.id IN (SELECT (e->>'use')::bigint FROM jsonb_array_elements(commands) e)), false);
    FOR c IN SELECT * FROM jsonb_to_recordset(commands) AS r(n bigint, "use" bigint, "to" text, because text, units bigint)
    LOOP
        SELECT * INTO u FROM escrow_use r WHERE r.id = c."use";
        a := escrow_standing(u.beneficiary_id, u.agreement_id, today);
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
                 u.beneficiary_id, u.place, u.silence_from, today) THEN 'ServiceStopped'
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
            outcome.bonus_fen := CASE a.other_asset WHEN 'BONUS' THEN done_units - outcome.amount_fen ELSE 0 END;
        END IF;
        IF c."to" <> 'disputed' THEN
            SELECT array_agg(t.id ORDER BY t.place) AS pending, array_agg(-t.amount ORDER BY t.place) AS freed INTO kept
            FROM (SELECT one.place, p.id, coalesce(p.amount, 0) AS amount
                  FROM unnest(ARRAY[a.money, a.other, a.advance]) WITH ORDINALITY AS one(account, place)
                  LEFT JOIN escrow_transfer p ON p.beneficiary_id = u.beneficiary_id AND p.agreement_id = u.agreement_id
                      AND p.use_id = u.id AND p.at = u.used_at AND p.kind = 'pending' AND p.debit_account_id = one.account) t;
            moved := ARRAY[0, 0, 0];
            IF c."to" = 'final' THEN
                moved := ARRAY[outcome.amount_fen,
                               CASE a.other_asset WHEN 'VISIT' THEN done_units ELSE outcome.bonus_fen END, 0];
                IF kept.pending[3] IS NOT NULL THEN
                    moved[3] := escrow_early(outcome.amount_fen, a, -kept.freed[1], -kept.freed[3]);
                    moved[1] := outcome.amount_fen - moved[3];
                END IF;
            END IF;
            written := escrow_take(a, moved, kept.freed, kept.pending, 'resolved',
                CASE c."to" WHEN 'final' THEN 'release' WHEN 'expired' THEN 'expire' ELSE 'void' END,
                u.beneficiary_id, u.agreement_id, u.id, u.reference, business_time);
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
