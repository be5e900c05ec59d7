-- Whether silence says nothing: on some day of the term (after `since`, up to today) the place, or the whole beneficiary,
-- was closed, on watch or had just changed hands.
CREATE OR REPLACE FUNCTION escrow_silence_stopped(beneficiary bigint, at_place text, since date, today date)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM escrow_stoppage s
        WHERE s.beneficiary_id = beneficiary AND s.place IN ('', at_place) AND s.since <= today
          AND s.kind IN ('dark', 'watch', 'changed_hands')
          AND (s.until IS NULL OR s.until > escrow_silence_stopped.since))
$$;
