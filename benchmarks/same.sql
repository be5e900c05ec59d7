-- What the public verbs send, called from within: pgbench calls these, so that Python's part of a use can be told from the
-- database's. Card c is agreement 1,000,000 + c (cards.py).
CREATE FUNCTION bench_command(n bigint, card bigint, key text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('n', n, 'beneficiary', 1000001 + (card - 1) / 10, 'agreement', 1000000 + card, 'units', 1,
        'final', true, 'key', key, 'body', repeat('0', 64), 'reference', 'bench', 'place', '', 'confirm_until', NULL,
        'silence', 'expires')
$$;
CREATE FUNCTION bench_use(card bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT "use" FROM escrow_charge(0, 1000001 + (card - 1) / 10, 1000000 + card, 1, true, gen_random_uuid()::text,
        repeat('0', 64), 'bench', '', NULL, NULL, 'expires', NULL, '2026-11-23 02:00Z', 'system:bench', '')
$$;
-- Two clients, each with its own half of the cards; twenty sets of a thousand each. The commands are text made beforehand, as
-- Python's are text when they arrive; only their keys are new every time.
CREATE TABLE bench_set (client bigint, n bigint, commands text, PRIMARY KEY (client, n));
INSERT INTO bench_set
SELECT client, n, jsonb_agg(bench_command(i - 1, card, '@' || i))::text
FROM (SELECT client, n, c AS card, row_number() OVER (PARTITION BY client, n ORDER BY random()) AS i
      FROM generate_series(0, 1) client, generate_series(1, 20) n,
           generate_series(client * 5000 + 1, (client + 1) * 5000) c) AS drawn
WHERE i <= 1000 GROUP BY client, n;
CREATE FUNCTION bench_set_of_uses(client bigint, n bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM escrow_charge_set(
        replace((SELECT s.commands FROM bench_set s WHERE (s.client, s.n) = ($1, $2)), '@', gen_random_uuid()::text)::jsonb,
        '2026-11-23 02:00Z', 'system:bench', '')
$$;
