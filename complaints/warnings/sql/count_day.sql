-- The figures of one day (%(day)s, which began at %(begins)s and ended at %(ends)s) of every merchant that was ever paid.
-- Counted again, a day says what is known of it now.
WITH merchant AS (
    SELECT m.id, m.beneficiary_id FROM merchants_merchant m
    WHERE EXISTS (SELECT FROM escrow_agreement a WHERE a.beneficiary_id = m.beneficiary_id AND a.funded_at < %(ends)s)
), cards AS (
    SELECT a.beneficiary_id, count(*) AS cards
    FROM escrow_agreement a JOIN cards_card c ON c.agreement_id = a.id
    WHERE a.funded_at < %(ends)s AND (a.closed_at IS NULL OR a.closed_at >= %(ends)s)
      AND (c.expires_on IS NULL OR c.expires_on >= %(day)s)
      AND (EXISTS (SELECT FROM escrow_account h
                   WHERE h.agreement_id = a.id AND h.code = 'held' AND h.credits_posted > h.debits_posted)
           OR EXISTS (SELECT FROM escrow_use u WHERE u.agreement_id = a.id AND u.used_at >= %(ends)s))  -- used up since
    GROUP BY a.beneficiary_id
), visit AS (  -- a card counts once a day
    SELECT s.merchant_id, r.card_id, c.holder_id, coalesce(sum(u.amount_fen), 0) AS fen,
           bool_or(extract(hour FROM r.at AT TIME ZONE 'Asia/Shanghai') < 5) AS at_night
    FROM cards_redemption r
    JOIN merchants_store s ON s.id = r.store_id
    JOIN cards_card c ON c.id = r.card_id
    LEFT JOIN escrow_use u ON u.id = r.use_id
    WHERE r.at >= %(begins)s AND r.at < %(ends)s AND r.undone_at IS NULL
      AND (u.id IS NULL OR u.state NOT IN ('voided', 'expired', 'undone'))
    GROUP BY s.merchant_id, r.card_id, c.holder_id
), judged AS (  -- its own people's cards, at night, several cards of one person
    SELECT v.merchant_id, v.fen,
           v.at_night OR count(*) OVER (PARTITION BY v.merchant_id, v.holder_id) > 3 OR EXISTS (
               SELECT FROM merchants_staffmember t
               WHERE t.merchant_id = v.merchant_id AND t.user_id = v.holder_id AND t.is_active) AS doubtful
    FROM visit v
), uses AS (
    SELECT merchant_id, count(*) FILTER (WHERE NOT doubtful) AS uses, count(*) FILTER (WHERE doubtful) AS doubtful,
           sum(fen) FILTER (WHERE NOT doubtful) AS fen
    FROM judged GROUP BY merchant_id
), by_day AS (  -- what cards that count days earn of themselves
    SELECT beneficiary_id, sum(amount_fen) AS fen FROM escrow_use
    WHERE day = %(day)s AND state <> 'voided' GROUP BY beneficiary_id
), version AS (  -- what a session, a yuan of face value or a day costs
    SELECT v.id, v.product_id, v.number, v.frozen_at, coalesce(v.days, 365) AS term_days,
           v.price_fen::numeric / coalesce(v.sessions, CASE WHEN v.kind = 'period' THEN v.days END, v.price_fen + v.bonus_fen)
               * coalesce(v.discount_bp, 10000) AS unit
    FROM products_productversion v
), sold AS (  -- beside the dearest at which the product was on sale in half a year
    SELECT p.beneficiary_id, count(*) AS sales, sum(p.amount_fen) AS fen,
           sum(round(p.amount_fen * greatest(1, filed.unit / v.unit))) AS list_fen, sum(v.term_days) AS term_days
    FROM escrow_payment p
    JOIN cards_card c ON c.agreement_id = p.agreement_id
    JOIN version v ON v.id = c.version_id
    CROSS JOIN LATERAL (
        SELECT max(w.unit) AS unit FROM version w
        WHERE w.product_id = v.product_id AND w.frozen_at < %(ends)s AND NOT EXISTS (
            SELECT FROM version n WHERE n.product_id = w.product_id AND n.number > w.number
                                    AND n.frozen_at < %(begins)s - interval '180 days')
    ) filed
    WHERE p.state = 'paid' AND p.paid_at >= %(begins)s AND p.paid_at < %(ends)s
    GROUP BY p.beneficiary_id
), refunds AS (
    SELECT c.issuer_id AS merchant_id,
           count(*) FILTER (WHERE q.requested_at >= %(begins)s AND q.requested_at < %(ends)s) AS asked,
           -- Where silence is consent the money comes all the same; that nobody answered is looked at for four weeks.
           count(*) FILTER (WHERE (q.answered_at IS NULL OR q.answered_at >= %(ends)s) AND q.answer_due_on <= %(day)s
                                  AND (q.closed_at IS NULL OR q.closed_at >= %(ends)s
                                       OR q.lapsed_at >= %(begins)s - interval '27 days')) AS late
    FROM cards_refundrequest q JOIN cards_card c ON c.id = q.card_id
    WHERE q.requested_at < %(ends)s
      AND (q.requested_at >= %(begins)s OR q.closed_at IS NULL OR q.closed_at >= %(begins)s - interval '27 days')
    GROUP BY c.issuer_id
), disputed AS (
    SELECT beneficiary_id, count(*) AS disputes FROM escrow_use
    WHERE state = 'disputed' AND used_at >= %(begins)s AND used_at < %(ends)s GROUP BY beneficiary_id
), complained AS (
    SELECT merchant_id, count(*) AS complaints FROM cases_case
    WHERE received_at >= %(begins)s AND received_at < %(ends)s GROUP BY merchant_id
)
INSERT INTO warnings_merchantday (merchant_id, day, cards, uses, use_fen, doubtful, sales, sales_fen, list_fen, term_days,
                                  refunds_asked, refunds_late, disputes, complaints)
SELECT m.id, %(day)s, coalesce(cards.cards, 0), coalesce(uses.uses, 0), coalesce(uses.fen, 0) + coalesce(by_day.fen, 0),
       coalesce(uses.doubtful, 0), coalesce(sold.sales, 0), coalesce(sold.fen, 0), coalesce(sold.list_fen, 0),
       coalesce(sold.term_days, 0), coalesce(refunds.asked, 0), coalesce(refunds.late, 0), coalesce(disputed.disputes, 0),
       coalesce(complained.complaints, 0)
FROM merchant m
LEFT JOIN cards USING (beneficiary_id)
LEFT JOIN uses ON uses.merchant_id = m.id
LEFT JOIN by_day USING (beneficiary_id)
LEFT JOIN sold USING (beneficiary_id)
LEFT JOIN refunds ON refunds.merchant_id = m.id
LEFT JOIN disputed USING (beneficiary_id)
LEFT JOIN complained ON complained.merchant_id = m.id
ORDER BY m.id  -- two that count the same day wait for each other, in order
ON CONFLICT (merchant_id, day) DO UPDATE SET
    cards = excluded.cards, uses = excluded.uses, use_fen = excluded.use_fen, doubtful = excluded.doubtful,
    sales = excluded.sales, sales_fen = excluded.sales_fen, list_fen = excluded.list_fen, term_days = excluded.term_days,
    refunds_asked = excluded.refunds_asked, refunds_late = excluded.refunds_late, disputes = excluded.disputes,
    complaints = excluded.complaints
