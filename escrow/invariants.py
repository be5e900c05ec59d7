"""What must always be true, as SQL over the whole database (docs/ledger.md). ``manage.py prove`` runs every check.

Each check counts the rows that break it: zero is a proof, anything else a finding.
"""

# ruff: noqa: S608 – the SQL is put together from the constants of this file alone

from dataclasses import dataclass

from django.db import connection, transaction

from escrow import proof_checks


@dataclass(frozen=True)
class Finding:
    """One check's result; ``found`` rows break it."""

    name: str
    found: int

    @property
    def ok(self) -> bool:
        return self.found == 0


BALANCE = """(CASE WHEN code IN ('custody', 'clearing', 'fees', 'unexplained', 'issued')
              THEN debits_posted - credits_posted ELSE credits_posted - debits_posted END)"""

#: Legs: every transfer seen from each of its two accounts, with what it did to the counters. An appended credit is not
#: there until it is folded (docs/ledger.md, "Folding"); appended accounts count no reservations.
LEGS = """
    leg AS (
        SELECT t.id, t.debit_account_id AS account_id, t.debit_version AS version, t.debit_balance_after AS balance_after,
               CASE t.kind WHEN 'pending' THEN 0 ELSE t.amount END AS debited, 0::bigint AS credited,
               CASE t.kind WHEN 'pending' THEN t.amount WHEN 'resolved' THEN -p.amount ELSE 0 END AS reserved
        FROM escrow_transfer t LEFT JOIN escrow_transfer p ON p.id = t.pending_id
        UNION ALL
        SELECT t.id, t.credit_account_id, t.credit_version, t.credit_balance_after,
               0, CASE t.kind WHEN 'pending' THEN 0 ELSE t.amount END, 0
        FROM escrow_transfer t JOIN escrow_account a ON a.id = t.credit_account_id
        WHERE NOT escrow_appends(a.code) OR (t.id <= a.folded_to AND t.kind <> 'pending')
    )"""

#: Per agreement: money that moved in and out of ``held``, and the units its uses add up to.
MONEY = """
    money AS (
        SELECT a.id, a.state, a.plan, a.price_fen, a.bonus_fen, a.units_total,
               coalesce(sum(t.amount) FILTER (WHERE t.reason = 'fund'), 0)
                 - coalesce(sum(t.amount) FILTER (WHERE t.reason = 'fund_undone'), 0) AS funded,
               coalesce(sum(t.amount) FILTER (WHERE t.reason = 'release'), 0)
                 - coalesce(sum(t.amount) FILTER (WHERE t.reason = 'undo'), 0) AS released,
               coalesce(sum(t.amount) FILTER (WHERE t.reason = 'settle'), 0) AS settled,
               coalesce(sum(t.amount) FILTER (WHERE t.reason = 'refund'), 0) AS refunded,
               coalesce(sum(t.amount) FILTER (WHERE t.reason = 'advance'), 0) AS advanced,
               -- Of what was released, that which the merchant had had early.
               (SELECT coalesce(sum(CASE e.reason WHEN 'release' THEN e.amount WHEN 'undo' THEN -e.amount END), 0)
                FROM escrow_transfer e WHERE e.agreement_id = a.id AND e.asset = 'ADVANCE' AND e.kind <> 'pending') AS early
        FROM escrow_agreement a
        LEFT JOIN escrow_transfer t ON t.agreement_id = a.id AND t.asset = 'CNY' AND t.kind <> 'pending'
        GROUP BY a.id
    ), held AS (
        SELECT agreement_id, sum(credits_posted - debits_posted) FILTER (WHERE asset = 'CNY') AS money,
               coalesce(sum(credits_posted - debits_posted) FILTER (WHERE asset = 'ADVANCE'), 0) AS advanced,
               sum(credits_posted - debits_posted) AS everything
        FROM escrow_account WHERE code = 'held' GROUP BY agreement_id
    ), used AS (
        SELECT agreement_id, sum(units) FILTER (WHERE state = 'final') AS units,
               sum(units) FILTER (WHERE state IN ('final', 'reserved', 'disputed')) AS taken
        FROM escrow_use GROUP BY agreement_id
    )"""

#: Per agreement earned by the day: the days without service, and those on which both sides agreed.
IDLE = """
    idle AS MATERIALIZED (
        SELECT a.id, escrow_stopped_days(a.beneficiary_id, a.places, '{dark}') AS dark, escrow_paused_days(a.id) AS paused
        FROM escrow_agreement a WHERE a.plan = 'period')"""

#: The table of docs/ledger.md, "Chart of accounts": reason, debit, credit, whether it is money.
CHART = ", ".join(
    f"('{reason}', '{debit}', '{credit}', {money})"
    for reason, debit, credit, money in (
        ("fund", "clearing", "held", True),
        ("fund", "issued", "held", False),
        ("fund_undone", "held", "clearing", True),
        ("gift", "issued", "held", False),
        *((reason, "held", "payable", True) for reason in ("reserve", "release", "void", "expire", "settle")),
        *((reason, "held", "consumed", False) for reason in ("reserve", "release", "void", "expire")),
        ("undo", "payable", "held", True),
        ("undo", "consumed", "held", False),
        ("refund", "held", "refund", True),
        ("make_good", "payable", "refund", True),
        ("make_good", "reserve", "refund", True),
        *(("refund_interest", account, "refund", True) for account in ("interest", "payable", "reserve")),
        ("claim", "payable", "refund", True),
        ("reserved_share", "payable", "reserve", True),
        ("reserve_returned", "reserve", "payable", True),
        ("block", "payable", "blocked", True),
        ("unblock", "blocked", "payable", True),
        ("interest", "custody", "interest", True),
        ("fee", "fees", "custody", True),
        ("fee", "custody", "fees", True),
        ("forfeit", "held", "issued", False),
        ("advance", "held", "payable", True),
        ("advance", "issued", "held", False),
        ("payout", "payable", "payout", True),
        ("payout_returned", "payout", "payable", True),
        ("late", "clearing", "suspense", True),
        ("late_refund", "suspense", "refund", True),
        ("custody_in", "custody", "clearing", True),
        ("custody_out", "refund", "custody", True),
        ("custody_out", "payout", "custody", True),
        ("custody_out", "clearing", "custody", True),
        ("unexplained", "custody", "suspense", True),
        ("unexplained", "unexplained", "custody", True),
        *(("assign", "suspense", code, True) for code in ("clearing", "payable", "refund", "interest", "fees")),
        *(("assign", code, "unexplained", True) for code in ("refund", "payout", "fees", "suspense", "clearing")),
        ("return", "suspense", "refund", True),
        ("return_failed", "refund", "suspense", True),
    )
)

CHECKS: dict[str, str] = {
    "transfers_balanced": """
        SELECT count(*) FROM escrow_transfer t
        JOIN escrow_account d ON d.id = t.debit_account_id JOIN escrow_account c ON c.id = t.credit_account_id
        WHERE d.id = c.id OR d.beneficiary_id <> c.beneficiary_id OR t.beneficiary_id <> d.beneficiary_id
           OR d.asset <> c.asset OR t.asset <> d.asset
           OR (d.agreement_id IS NOT NULL AND d.agreement_id IS DISTINCT FROM t.agreement_id)
           OR (c.agreement_id IS NOT NULL AND c.agreement_id IS DISTINCT FROM t.agreement_id)""",
    "reasons_move_what_they_say": f"""
        SELECT count(*) FROM escrow_transfer t
        JOIN escrow_account d ON d.id = t.debit_account_id JOIN escrow_account c ON c.id = t.credit_account_id
        WHERE (t.reason, d.code, c.code, t.asset = 'CNY') NOT IN ({CHART})""",
    "payable_equals_its_unpaid_lines": """
        SELECT count(*) FROM escrow_account a
        LEFT JOIN escrow_unfolded f ON f.account_id = a.id
        LEFT JOIN (SELECT t.beneficiary_id, sum(CASE d.code WHEN 'payable' THEN -t.amount ELSE t.amount END) AS amount
                   FROM escrow_transfer t JOIN escrow_account d ON d.id = t.debit_account_id
                   LEFT JOIN escrow_payoutline l ON l.transfer_id = t.id
                   WHERE t.payable_on IS NOT NULL AND t.asset = 'CNY' AND l.id IS NULL GROUP BY t.beneficiary_id) u
               ON u.beneficiary_id = a.beneficiary_id
        WHERE a.code = 'payable' AND a.credits_posted - a.debits_posted + coalesce(f.amount, 0) <> coalesce(u.amount, 0)""",
    "nothing_unpaid_is_passed_over": """
        SELECT count(*) FROM escrow_transfer t
        JOIN escrow_account a ON a.beneficiary_id = t.beneficiary_id AND a.code = 'payable' AND t.id <= a.paid_to
        LEFT JOIN escrow_payoutline l ON l.transfer_id = t.id
        WHERE t.payable_on IS NOT NULL AND t.asset = 'CNY' AND t.kind <> 'pending' AND l.id IS NULL""",
    "accounts_equal_their_transfers": f"""
        WITH {LEGS}, total AS (
            SELECT account_id, sum(debited) AS dp, sum(credited) AS cp, sum(reserved) AS dr, count(*) AS n
            FROM leg GROUP BY account_id)
        SELECT count(*) FROM escrow_account a LEFT JOIN total t ON t.account_id = a.id
        WHERE (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending, a.version)
              IS DISTINCT FROM (coalesce(t.dp, 0), coalesce(t.cp, 0), coalesce(t.dr, 0), 0, coalesce(t.n, 0))""",
    "balances_after_continuous": f"""
        WITH {LEGS}, step AS (
            SELECT leg.version, row_number() OVER w AS nth, leg.balance_after,
                   escrow_side(a.code) * sum(leg.debited - leg.credited) OVER w AS expected, escrow_appends(a.code) AS appends
            FROM leg JOIN escrow_account a ON a.id = leg.account_id
            WINDOW w AS (PARTITION BY leg.account_id ORDER BY leg.id))
        SELECT count(*) FROM step
        WHERE (version IS NULL AND NOT appends) OR (version IS NULL) <> (balance_after IS NULL)
           OR version <> nth OR balance_after <> expected""",
    "assets_sum_to_zero": """
        SELECT count(*) FROM (
            SELECT 1 FROM (SELECT beneficiary_id, asset, debits_posted - credits_posted AS net FROM escrow_account
                           UNION ALL SELECT beneficiary_id, asset, -amount FROM escrow_unfolded) a
            GROUP BY beneficiary_id, asset HAVING sum(net) <> 0) s""",
    "nothing_below_zero": f"""
        SELECT count(*) FROM escrow_account
        WHERE {BALANCE} - CASE WHEN code IN ('custody', 'clearing', 'fees', 'unexplained', 'issued')
                               THEN credits_pending ELSE debits_pending END < 0
           OR least(debits_posted, credits_posted, debits_pending, credits_pending) < 0""",
    "liabilities_equal_custody_and_transit": """
        SELECT count(*) FROM (
            SELECT 1 FROM (SELECT beneficiary_id, code, credits_posted - debits_posted AS owed FROM escrow_account
                           WHERE asset = 'CNY'
                           UNION ALL SELECT beneficiary_id, code, amount FROM escrow_unfolded WHERE asset = 'CNY') a
            GROUP BY beneficiary_id
            HAVING coalesce(sum(owed) FILTER (WHERE code NOT IN ('custody', 'clearing', 'fees', 'unexplained')), 0)
                <> coalesce(-sum(owed) FILTER (WHERE code IN ('custody', 'clearing', 'fees', 'unexplained')), 0)) s""",
    "agreements_accounted_for": f"""
        WITH {MONEY} SELECT count(*) FROM money LEFT JOIN held ON held.agreement_id = money.id
        WHERE funded IS DISTINCT FROM held.money + released + settled + refunded + money.advanced
           OR (state <> 'closed' AND money.advanced <> held.advanced + early)
           OR (state IN ('held', 'frozen', 'closed') AND funded <> price_fen)
           OR (state IN ('open', 'cancelled', 'expired') AND funded <> 0)
           OR (state = 'closed' AND held.everything <> 0)""",
    "shares_exact": f"""
        WITH {MONEY} SELECT count(*) FROM money LEFT JOIN used ON used.agreement_id = money.id
        WHERE released + early <> div(price_fen * coalesce(used.units, 0), units_total)""",
    "units_accounted_for": f"""
        WITH {MONEY} SELECT count(*) FROM money JOIN held ON held.agreement_id = money.id
        LEFT JOIN used ON used.agreement_id = money.id
        WHERE state IN ('held', 'frozen')
          AND ((plan IN ('sessions', 'course')
                AND held.everything - held.money - held.advanced <> units_total - coalesce(used.units, 0))
            OR (plan IN ('stored_value', 'discount') AND held.everything <> units_total - coalesce(used.units, 0))
            OR coalesce(used.taken, 0) > units_total)""",
    "reservations_resolved_once": """
        SELECT count(*) FROM escrow_transfer p
        LEFT JOIN escrow_use u ON u.id = p.use_id
        LEFT JOIN (SELECT pending_id, count(*) AS n FROM escrow_transfer WHERE pending_id IS NOT NULL
                   GROUP BY pending_id) r ON r.pending_id = p.id
        WHERE p.kind = 'pending'
          AND coalesce(r.n, 0) <> CASE WHEN u.state IN ('reserved', 'disputed') THEN 0 ELSE 1 END""",
    "uses_equal_their_transfers": """
        SELECT count(*) FROM escrow_use u
        LEFT JOIN (SELECT use_id, sum(amount) AS amount FROM escrow_transfer
                   WHERE reason = 'release' AND asset IN ('CNY', 'ADVANCE') GROUP BY use_id) t ON t.use_id = u.id
        LEFT JOIN (SELECT use_id, sum(amount) FILTER (WHERE asset IN ('CNY', 'ADVANCE')) AS amount,
                          coalesce(sum(amount) FILTER (WHERE asset = 'BONUS'), 0) AS bonus
                   FROM escrow_transfer WHERE kind = 'pending' GROUP BY use_id) p ON p.use_id = u.id
        LEFT JOIN (SELECT use_id, sum(amount) AS amount FROM escrow_transfer
                   WHERE reason = 'release' AND asset = 'BONUS' GROUP BY use_id) b ON b.use_id = u.id
        LEFT JOIN (SELECT use_id FROM escrow_transfer WHERE reason = 'undo' GROUP BY use_id) x ON x.use_id = u.id
        WHERE (u.state IN ('final', 'undone') AND (coalesce(t.amount, 0), coalesce(b.amount, 0))
                                                  <> (u.amount_fen, u.bonus_fen))
           OR (u.state NOT IN ('final', 'undone') AND t.amount IS NOT NULL AND t.amount <> 0)
           OR (u.state IN ('reserved', 'disputed') AND (p.amount, p.bonus) IS DISTINCT FROM (u.amount_fen, u.bonus_fen))
           OR (u.state <> 'undone' AND x.use_id IS NOT NULL)""",
    "commands_have_one_effect": """
        SELECT (SELECT count(*) FROM escrow_use WHERE (command_key IS NULL) <> (day IS NOT NULL)
                   OR (command_key IS NOT NULL AND body_sha256 = ''))
             + (SELECT count(*) FROM (SELECT 1 FROM escrow_use WHERE command_key IS NOT NULL
                                      GROUP BY beneficiary_id, command_key HAVING count(*) > 1) twice)
             + (SELECT count(*) FROM (SELECT 1 FROM escrow_use u JOIN escrow_agreement a ON a.id = u.agreement_id
                                      WHERE u.lesson IS NOT NULL AND u.state IN ('reserved', 'disputed', 'final')
                                      GROUP BY coalesce(a.tops_up_id, a.id), u.lesson HAVING count(*) > 1) twice)""",
    "top_ups_belong_to_their_card": """
        SELECT count(*) FROM escrow_agreement t JOIN escrow_agreement a ON a.id = t.tops_up_id
        WHERE (t.beneficiary_id, t.funder, t.plan) <> (a.beneficiary_id, a.funder, a.plan) OR a.tops_up_id IS NOT NULL
           OR t.plan = 'period' OR a.funded_at IS NULL""",
    "what_follows_is_of_the_same_parties": """
        SELECT count(*) FROM escrow_agreement n JOIN escrow_agreement a ON a.id = n.follows_id
        WHERE n.beneficiary_id <> a.beneficiary_id OR n.plan <> 'period' OR a.plan <> 'period' OR n.id <= a.id
           OR a.funded_at IS NULL OR n.tops_up_id IS NOT NULL""",
    "days_accrue_once_and_all": f"""
        WITH {IDLE}, day AS (
            SELECT u.agreement_id, count(*) AS rows, count(DISTINCT u.day) AS days, sum(u.units) AS units,
                   min(u.day) AS first, max(u.day) AS last, count(*) FILTER (WHERE u.state = 'final') AS final,
                   count(*) FILTER (WHERE u.state = 'final' AND u.day <@ (i.dark + i.paused)) AS kept
            FROM escrow_use u JOIN idle i ON i.id = u.agreement_id
            WHERE u.day IS NOT NULL AND u.state <> 'voided' GROUP BY u.agreement_id
        ), served AS (
            SELECT r.agreement_id, r.accrued_to - r.paid_on - (
                       SELECT coalesce(sum(upper(d) - lower(d)), 0) FROM unnest(
                           (i.dark + i.paused) * datemultirange(daterange(r.paid_on, r.accrued_to, '(]'))) AS d) AS days
            FROM escrow_accrual r JOIN idle i ON i.id = r.agreement_id)
        SELECT (SELECT count(*) FROM escrow_accrual r JOIN escrow_agreement a ON a.id = r.agreement_id
                JOIN served s ON s.agreement_id = a.id LEFT JOIN day d ON d.agreement_id = a.id
                WHERE coalesce(d.rows, 0) > a.units_total OR d.rows <> d.days OR d.rows <> d.units
                   OR d.first <= r.paid_on
                   OR r.paid_on <> escrow_beijing_day(a.funded_at) OR coalesce(d.final, 0) <> r.days_final
                   -- Of a living one, every day up to the mark that was one of service, until all are used, and none after
                   -- it. A frozen one goes on from its mark when it is thawed, which a stop found meanwhile has set back.
                   OR (a.state = 'held' AND (
                       d.last > r.accrued_to OR coalesce(d.rows, 0) <> least(a.units_total, s.days + coalesce(d.kept, 0)))))
             + (SELECT count(*) FROM day d WHERE NOT EXISTS (
                    SELECT 1 FROM escrow_accrual r WHERE r.agreement_id = d.agreement_id))
             + (SELECT count(*) FROM escrow_use u JOIN escrow_agreement a ON a.id = u.agreement_id
                WHERE (a.plan = 'period') <> (u.day IS NOT NULL))""",
    "no_day_accrues_that_nobody_served": f"""
        WITH {IDLE} SELECT count(*) FROM escrow_use u JOIN idle i ON i.id = u.agreement_id
        WHERE (u.state = 'reserved' AND u.day <@ (i.dark + i.paused))
           -- What was final before anybody knew is claimed from the merchant instead.
           OR (u.state = 'final' AND (u.day <@ i.paused OR (u.day <@ i.dark AND NOT EXISTS (
                   SELECT 1 FROM escrow_stoppage s WHERE s.beneficiary_id = u.beneficiary_id AND s.kind = 'dark'
                   AND s.created_at >= u.resolved_at AND s.since <= u.day))))""",
    # Both legs of each, and what is out never more than the agreement leaves free of what is not earned.
    "advances_within_what_is_free": """
        SELECT count(*) FROM (
            SELECT t.agreement_id, t.reference,
                   array_agg(t.amount ORDER BY t.asset) FILTER (WHERE t.asset IN ('ADVANCE', 'CNY')) AS amounts,
                   min(t.credit_balance_after) FILTER (WHERE t.asset = 'ADVANCE') AS early,
                   min(t.debit_balance_after) FILTER (WHERE t.asset = 'CNY') AS money
            FROM escrow_transfer t WHERE t.reason = 'advance' GROUP BY t.agreement_id, t.reference) t
        LEFT JOIN escrow_agreement a ON a.id = t.agreement_id
        WHERE cardinality(t.amounts) <> 2 OR t.amounts[1] <> t.amounts[2]
           OR (100::numeric * t.early <= a.free_percent * (t.early + t.money)) IS NOT TRUE""",
    "early_releases_are_earned": """
        SELECT (SELECT count(*) FROM escrow_earlyrelease r JOIN escrow_earlyreleaserule l ON l.id = r.rule_id
                LEFT JOIN LATERAL (
                    SELECT min(t.id) AS first, coalesce(sum(t.amount) FILTER (WHERE t.asset = 'CNY'), 0) AS amount,
                           max(escrow_beijing_day(a.funded_at)) AS funded
                    FROM escrow_transfer t JOIN escrow_agreement a ON a.id = t.agreement_id
                    WHERE t.beneficiary_id = r.beneficiary_id AND t.reason = 'advance' AND t.reference = 'early:' || r.id) t ON true
                WHERE r.amount_fen <> t.amount OR t.funded + l.cooling_off_days::int >= r.day
                   OR r.outstanding_fen + r.amount_fen > r.cap_fen
                   OR r.cap_fen <> escrow_part(r.earned_fen, l.cap_days, l.window_days)
                   OR l.valid_from IS DISTINCT FROM (SELECT max(valid_from) FROM escrow_earlyreleaserule WHERE valid_from <= r.day)
                   OR r.earned_fen <> escrow_early_earned(r.beneficiary_id, r.day, l.window_days::int, t.first)
                   OR r.outstanding_fen <> (
                        SELECT coalesce(sum(CASE h.id WHEN e.credit_account_id THEN e.amount ELSE -e.amount END), 0)
                        FROM escrow_transfer e JOIN escrow_account h ON h.id IN (e.debit_account_id, e.credit_account_id)
                        WHERE e.beneficiary_id = r.beneficiary_id AND e.asset = 'ADVANCE' AND e.kind <> 'pending'
                          AND e.id < t.first AND h.code = 'held'))
             + (SELECT count(*) FROM escrow_transfer t WHERE t.reason = 'advance' AND NOT EXISTS (
                    SELECT 1 FROM escrow_earlyrelease r
                    WHERE r.beneficiary_id = t.beneficiary_id AND t.reference = 'early:' || r.id))""",
    "payments_fund_their_agreements": """
        SELECT count(*) FROM escrow_payment p JOIN escrow_agreement a ON a.id = p.agreement_id
        LEFT JOIN (SELECT reference, sum(CASE reason WHEN 'fund_undone' THEN -amount ELSE amount END) AS amount
                   FROM escrow_transfer
                   WHERE reason IN ('fund', 'late', 'fund_undone') AND asset = 'CNY' GROUP BY reference) t ON t.reference = p.order_no
        WHERE (p.state IN ('paid', 'late') AND coalesce(t.amount, 0) <> p.amount_fen)
           OR (p.state NOT IN ('paid', 'late') AND coalesce(t.amount, 0) <> 0)
           OR (p.state = 'paid') <> (a.state IN ('held', 'frozen', 'closed'))""",
    "fundings_have_their_payments": """
        SELECT count(*) FROM escrow_transfer t LEFT JOIN escrow_payment p ON p.order_no = t.reference
        WHERE t.reason IN ('fund', 'gift', 'late', 'late_refund')
          AND (p.beneficiary_id IS DISTINCT FROM t.beneficiary_id
            OR (t.reason IN ('fund', 'gift')) <> (t.agreement_id IS NOT NULL)
            OR p.agreement_id <> t.agreement_id)""",
    "payments_go_back_once": """
        SELECT count(*) FROM escrow_payment p
        LEFT JOIN (SELECT payment_id, sum(amount_fen) AS amount FROM escrow_instruction o
                   WHERE kind = 'refund' AND state <> 'failed'
                     AND NOT EXISTS (SELECT 1 FROM escrow_statementline l WHERE l.beneficiary_id = o.beneficiary_id
                                     AND l.kind = 'returned' AND l.reference = o.number AND l.matched_at IS NOT NULL)
                   GROUP BY payment_id) i ON i.payment_id = p.id
        LEFT JOIN escrow_refund r ON r.agreement_id = p.agreement_id
        LEFT JOIN escrow_claim c ON c.refund_id = r.id
        WHERE coalesce(i.amount, 0) <> CASE p.state WHEN 'late' THEN p.amount_fen
                                                    WHEN 'paid' THEN coalesce(r.amount_fen, 0) + coalesce(c.paid_fen, 0)
                                                    ELSE 0 END""",
    "claims_are_what_is_still_owed": """
        SELECT count(*) FROM escrow_refund r
        FULL JOIN escrow_claim c ON c.refund_id = r.id
        LEFT JOIN (SELECT claim_id, sum(p.amount_fen) AS paid, bool_and(p.amount_fen = i.amount_fen) AS same
                   FROM escrow_claimpayment p JOIN escrow_instruction i ON i.id = p.instruction_id
                   GROUP BY claim_id) p ON p.claim_id = c.id
        LEFT JOIN (SELECT reference, sum(amount) AS amount FROM escrow_transfer WHERE reason = 'claim'
                   GROUP BY reference) t ON t.reference = 'C' || lpad(c.id::text, 8, '0')
        WHERE r.owed_fen + r.interest_fen - r.amount_fen <> coalesce(c.amount_fen, 0)
           OR coalesce(c.paid_fen, 0) <> coalesce(p.paid, 0) OR coalesce(c.paid_fen, 0) <> coalesce(t.amount, 0) OR p.same IS FALSE""",
    # A channel gives back at most what the payment brought; what a claim pays above that is interest, and goes last.
    "parts_of_claims_fill_their_payment_first": """
        SELECT count(*) FROM escrow_claim c JOIN escrow_refund r ON r.id = c.refund_id
        JOIN escrow_payment p ON p.agreement_id = r.agreement_id
        LEFT JOIN escrow_instruction i ON i.id = r.instruction_id
        JOIN (SELECT claim_id, coalesce(sum(amount_fen) FILTER (WHERE NOT above), 0) AS within, bool_or(above) AS above
              FROM escrow_claimpayment GROUP BY claim_id) m ON m.claim_id = c.id
        WHERE coalesce(i.amount_fen, 0) + m.within > p.amount_fen
           OR (m.above AND coalesce(i.amount_fen, 0) + m.within < p.amount_fen)""",
    "blocked_money_has_its_orders": """
        SELECT count(*) FROM escrow_account a
        LEFT JOIN (SELECT beneficiary_id, sum(blocked_fen) AS blocked FROM escrow_legalhold GROUP BY 1) h
               ON h.beneficiary_id = a.beneficiary_id
        WHERE a.code = 'blocked' AND a.credits_posted - a.debits_posted <> coalesce(h.blocked, 0)""",
    "payouts_equal_their_lines": """
        SELECT count(*) FROM escrow_payout p
        JOIN escrow_instruction i ON i.id = p.instruction_id
        LEFT JOIN (SELECT payout_id, sum(amount_fen) AS amount FROM escrow_payoutline GROUP BY payout_id) l
               ON l.payout_id = p.id
        LEFT JOIN (SELECT reference, sum(amount) AS amount FROM escrow_transfer WHERE reason = 'payout'
                   GROUP BY reference) t ON t.reference = i.number
        WHERE (p.amount_fen, p.amount_fen, p.amount_fen, p.beneficiary_id)
              IS DISTINCT FROM (coalesce(l.amount, 0), i.amount_fen, coalesce(t.amount, 0), i.beneficiary_id)""",
    "payout_lines_equal_their_transfers": """
        SELECT count(*) FROM escrow_payoutline l JOIN escrow_payout p ON p.id = l.payout_id
        JOIN escrow_transfer t ON t.id = l.transfer_id
        JOIN escrow_account d ON d.id = t.debit_account_id
        WHERE l.amount_fen <> CASE WHEN d.code = 'payable' THEN -t.amount ELSE t.amount END
           OR t.beneficiary_id <> p.beneficiary_id""",
    "refunds_equal_their_instructions": """
        SELECT count(*) FROM escrow_agreement a LEFT JOIN escrow_refund r ON r.agreement_id = a.id
        LEFT JOIN escrow_instruction i ON i.id = r.instruction_id
        LEFT JOIN escrow_instruction x ON x.id = r.interest_instruction_id
        LEFT JOIN escrow_payment p ON p.id = i.payment_id
        LEFT JOIN (SELECT agreement_id, coalesce(sum(amount) FILTER (WHERE reason IN ('refund', 'make_good')), 0) AS refunded,
                          coalesce(sum(amount) FILTER (WHERE reason = 'refund_interest'), 0) AS interest,
                          coalesce(sum(amount) FILTER (WHERE reason = 'settle'), 0) AS settled
                   FROM escrow_transfer WHERE reason IN ('refund', 'make_good', 'refund_interest', 'settle')
                   GROUP BY agreement_id) t
               ON t.agreement_id = r.agreement_id
        WHERE (a.state = 'closed') <> (r.id IS NOT NULL)
           OR r.amount_fen <> coalesce(i.amount_fen, 0) + coalesce(x.amount_fen, 0)
           OR (r.amount_fen, r.settled_fen)
              <> (coalesce(t.refunded, 0) + coalesce(t.interest, 0), coalesce(t.settled, 0))
           -- No more than was paid goes back, by that order or in all (SPC 20); what is more is interest.
           OR r.owed_fen > a.price_fen OR t.refunded > r.owed_fen OR t.interest > r.interest_fen
           OR i.amount_fen > p.amount_fen OR (x.id IS NOT NULL AND i.amount_fen <> p.amount_fen)
           OR p.agreement_id <> r.agreement_id OR x.payment_id <> i.payment_id
           -- Paid: its own order and every part of its claim have succeeded, and no claim of it is open.
           OR (r.id IS NOT NULL AND (r.paid_at IS NULL) = (coalesce(i.state, 'succeeded') = 'succeeded' AND NOT EXISTS (
                  SELECT 1 FROM escrow_claim c LEFT JOIN escrow_claimpayment m ON m.claim_id = c.id
                  LEFT JOIN escrow_instruction o ON o.id = m.instruction_id
                  WHERE c.refund_id = r.id AND (c.closed_at IS NULL OR o.state <> 'succeeded'))))""",
    "large_payouts_have_a_second_person": """
        SELECT count(*) FROM escrow_instruction i
        WHERE i.kind = 'payout' AND i.state NOT IN ('held', 'failed')
          AND i.amount_fen > (SELECT over_fen FROM escrow_approvalrule
                              WHERE kind = 'payout_release'
                                AND valid_from <= (i.created_at AT TIME ZONE 'Asia/Shanghai')::date
                              ORDER BY valid_from DESC LIMIT 1)
          AND NOT EXISTS (SELECT 1 FROM escrow_approval a
                          WHERE a.kind = 'payout_release' AND a.target = 'instruction:' || i.id AND a.state = 'approved'
                            AND a.decided_by <> a.requested_by)""",
    "account_changes_have_a_second_person": """
        SELECT (SELECT count(*) FROM escrow_auditentry e
                WHERE e.action = 'escrow.set_payout_account' AND e.before->>'ends_with' <> '' AND NOT EXISTS (
                    SELECT 1 FROM escrow_approval a
                    WHERE a.kind = 'payout_account' AND a.target = e.target AND a.state = 'approved'
                      AND a.decided_at = e.at AND a.decided_by = e.actor AND a.decided_by <> a.requested_by))
             + (SELECT count(*) FROM escrow_beneficiary b
                WHERE b.payout_account_no <> '' AND NOT EXISTS (
                    SELECT 1 FROM escrow_auditentry e
                    WHERE e.action = 'escrow.set_payout_account' AND e.target = 'beneficiary:' || b.id))""",
    "refunds_by_hand_have_a_second_person": """
        SELECT count(*) FROM (SELECT * FROM escrow_refund WHERE reference LIKE 'approval:%') r
        FULL JOIN (SELECT * FROM escrow_approval WHERE kind = 'manual_refund' AND state = 'approved') a
               ON r.reference = 'approval:' || a.id
        WHERE ('agreement:' || r.agreement_id, r.owed_fen) IS DISTINCT FROM (a.target, a.amount_fen)
           OR a.decided_by = a.requested_by""",
    "reserve_kept_as_its_rule_says": """
        WITH run AS (
            -- A share and the payout of its run, either may be missing; what the reserve held before.
            SELECT t.id, t.beneficiary_id, t.at, t.amount AS kept, coalesce(p.amount, 0) AS paid, p.reference AS payout,
                   t.credit_balance_after - t.amount AS reserve
            FROM escrow_transfer t
            LEFT JOIN LATERAL (
                SELECT amount, reference FROM escrow_transfer p
                WHERE p.beneficiary_id = t.beneficiary_id AND p.at = t.at AND p.reason = 'payout' AND p.id > t.id
                ORDER BY id LIMIT 1) p ON true
            WHERE t.reason = 'reserved_share'
            UNION ALL
            SELECT p.id, p.beneficiary_id, p.at, 0, p.amount, p.reference, NULL FROM escrow_transfer p
            WHERE p.reason = 'payout' AND NOT EXISTS (
                SELECT 1 FROM escrow_transfer t WHERE t.beneficiary_id = p.beneficiary_id AND t.at = p.at
                AND t.reason = 'reserved_share' AND t.id < p.id)
        ), returned AS (
            SELECT i.number AS payout, sum(t.amount) AS amount
            FROM escrow_transfer t JOIN escrow_payoutline l ON l.transfer_id = t.id
            JOIN escrow_payout p ON p.id = l.payout_id JOIN escrow_instruction i ON i.id = p.instruction_id
            WHERE t.reason = 'reserve_returned' GROUP BY i.number
        ), ruled AS (
            SELECT run.*, rule.basis_points, rule.up_to_fen,
                   -- What came back from the reserve bears no share, whenever it is paid.
                   greatest(run.paid + run.kept - coalesce(returned.amount, 0), 0) AS base
            FROM run
            LEFT JOIN returned ON returned.payout = run.payout
            LEFT JOIN LATERAL (
                SELECT basis_points, up_to_fen FROM escrow_reserverule
                WHERE valid_from <= escrow_beijing_day(run.at) ORDER BY valid_from DESC LIMIT 1) rule ON true
        ), known AS (
            SELECT kept, div(base * coalesce(basis_points, 0), 10000) AS share, up_to_fen,
                   -- Looked for only where a share was due and none was kept.
                   coalesce(reserve, CASE WHEN div(base * coalesce(basis_points, 0), 10000) > 0 THEN (
                       SELECT CASE WHEN l.credit_account_id = a.id THEN l.credit_balance_after
                                   ELSE l.debit_balance_after END
                       FROM escrow_account a JOIN escrow_transfer l ON l.beneficiary_id = a.beneficiary_id
                           AND a.id IN (l.credit_account_id, l.debit_account_id) AND l.id < ruled.id
                       WHERE a.beneficiary_id = ruled.beneficiary_id AND a.code = 'reserve'
                       ORDER BY l.id DESC LIMIT 1) END, 0) AS reserve
            FROM ruled)
        SELECT count(*) FROM known WHERE kept <> greatest(least(share, coalesce(up_to_fen, 0) - reserve), 0)""",
    "reserve_returned_when_its_time_is_over": """
        WITH checked AS (
            -- What a return left, and what there still is after the merchant's last run: shares enter it only then.
            SELECT t.id, t.beneficiary_id, t.at, t.debit_balance_after AS reserve, true AS returned
            FROM escrow_transfer t WHERE t.reason = 'reserve_returned'
            UNION ALL
            SELECT run.id, a.beneficiary_id, run.at, a.credits_posted - a.debits_posted, false
            FROM escrow_account a
            CROSS JOIN LATERAL (
                SELECT id, at FROM escrow_transfer t
                WHERE t.beneficiary_id = a.beneficiary_id AND t.reason IN ('payout', 'reserved_share')
                ORDER BY id DESC LIMIT 1) run
            WHERE a.code = 'reserve' AND a.credits_posted > a.debits_posted
        ), needed AS (
            SELECT c.reserve, c.returned, least(coalesce(rule.up_to_fen, 0), (
                SELECT coalesce(sum(s.amount), 0) FROM escrow_transfer s
                WHERE s.beneficiary_id = c.beneficiary_id AND s.reason = 'reserved_share' AND s.id <= c.id
                  AND escrow_beijing_day(s.at) >= escrow_beijing_day(c.at) - rule.keep_days)) AS most
            FROM checked c
            LEFT JOIN LATERAL (
                SELECT up_to_fen, keep_days FROM escrow_reserverule
                WHERE valid_from <= escrow_beijing_day(c.at) ORDER BY valid_from DESC LIMIT 1) rule ON true)
        SELECT count(*) FROM needed WHERE reserve > most OR (returned AND reserve < most)""",
    "refunds_elsewhere_have_a_second_person": """
        SELECT count(*) FROM escrow_instruction i
        WHERE i.kind = 'refund' AND i.payee_account <> ''
          AND NOT EXISTS (SELECT 1 FROM escrow_approval a
                          WHERE a.kind = 'refund_account' AND a.target = 'payment:' || i.payment_id
                            AND a.state = 'approved' AND a.decided_by <> a.requested_by)
          AND NOT EXISTS (SELECT 1 FROM escrow_assignment s
                          WHERE s.payment_id = i.payment_id AND s.accepted_by <> s.assigned_by)""",
    "what_was_assigned_does_not_go_back": """
        SELECT count(*) FROM escrow_instruction i
        WHERE i.kind = 'refund' AND i.payee_account = ''
          AND EXISTS (SELECT 1 FROM escrow_assignment s WHERE s.payment_id = i.payment_id)""",
    "assignments_are_of_what_was_paid": """
        SELECT count(*) FROM escrow_assignment s
        JOIN escrow_payment p ON p.id = s.payment_id
        JOIN escrow_agreement a ON a.id = s.agreement_id
        LEFT JOIN escrow_refund r ON r.agreement_id = a.id
        WHERE p.agreement_id <> s.agreement_id OR a.funded_at IS NULL OR p.refund_account = ''
           OR r.decided_at < s.assigned_at""",
    "holds_and_their_flag": """
        SELECT count(*) FROM escrow_beneficiary b
        WHERE b.payouts_held <> EXISTS (SELECT 1 FROM escrow_payouthold h
                                        WHERE h.beneficiary_id = b.id AND h.released_at IS NULL)""",
    "money_on_its_way_has_its_instructions": """
        SELECT count(*) FROM (
            SELECT b.id,
                   coalesce(sum(i.amount_fen) FILTER (WHERE i.kind IN ('refund', 'return') AND i.state <> 'failed'), 0)
                       AS refunds,
                   coalesce(sum(i.amount_fen) FILTER (WHERE i.kind = 'payout' AND i.state <> 'failed'), 0) AS payouts
            FROM escrow_beneficiary b LEFT JOIN escrow_instruction i ON i.beneficiary_id = b.id GROUP BY b.id) s
        JOIN (SELECT beneficiary_id,
                     sum(credits_posted - debits_posted) FILTER (WHERE code = 'refund') AS refund,
                     sum(credits_posted - debits_posted) FILTER (WHERE code = 'payout') AS payout
              FROM escrow_account WHERE asset = 'CNY' GROUP BY beneficiary_id) a ON a.beneficiary_id = s.id
        LEFT JOIN (SELECT beneficiary_id,
                          coalesce(sum(amount_fen) FILTER (WHERE kind IN ('refund', 'return')), 0) AS refunds,
                          coalesce(sum(amount_fen) FILTER (WHERE kind = 'payout'), 0) AS payouts
                   FROM escrow_statementline WHERE matched_at IS NOT NULL GROUP BY beneficiary_id) l
               ON l.beneficiary_id = s.id
        WHERE a.refund <> s.refunds - coalesce(l.refunds, 0) OR a.payout <> s.payouts - coalesce(l.payouts, 0)""",
    "custody_equals_the_bank_statement": """
        SELECT count(*) FROM escrow_account a
        LEFT JOIN (SELECT beneficiary_id, sum(CASE direction WHEN 'in' THEN amount_fen ELSE -amount_fen END) AS amount
                   FROM escrow_statementline WHERE booked_at IS NOT NULL GROUP BY beneficiary_id) l
               ON l.beneficiary_id = a.beneficiary_id
        WHERE a.code = 'custody' AND a.debits_posted - a.credits_posted <> coalesce(l.amount, 0)""",
    "statement_continuous": """
        SELECT count(*) FROM (
            SELECT balance_after_fen, sum(CASE direction WHEN 'in' THEN amount_fen ELSE -amount_fen END)
                                      OVER (PARTITION BY channel, custody_no ORDER BY line_no) AS expected
            FROM escrow_statementline WHERE beneficiary_id IS NOT NULL AND line_no IS NOT NULL) s
        WHERE balance_after_fen <> expected""",
    "statement_lines_equal_their_transfers": """
        -- One each; a deposit that was undone and brought again has two of both.
        SELECT count(*) FROM (
            SELECT beneficiary_id, direction, booked_as AS reference, amount_fen, count(*) AS n FROM escrow_statementline
            WHERE booked_at IS NOT NULL GROUP BY 1, 2, 3, 4) l
        FULL JOIN (
            SELECT t.beneficiary_id, CASE d.code WHEN 'custody' THEN 'in' ELSE 'out' END AS direction, reference,
                   amount AS amount_fen, count(*) AS n
            FROM escrow_transfer t JOIN escrow_account d ON d.id = t.debit_account_id
            WHERE reason IN ('custody_in', 'custody_out', 'interest', 'fee', 'unexplained') GROUP BY 1, 2, 3, 4) t
        USING (beneficiary_id, direction, reference, amount_fen)
        WHERE t.n IS DISTINCT FROM l.n""",
    "statement_lines_name_what_was_done": """
        SELECT count(*) FROM escrow_statementline l
        LEFT JOIN escrow_payment p ON l.kind = 'payment' AND p.order_no = l.reference
        LEFT JOIN escrow_instruction i ON i.kind = l.kind AND i.number = l.reference
        WHERE l.matched_at IS NOT NULL AND l.kind IN ('payment', 'refund', 'payout', 'return')
          AND coalesce(p.state IN ('paid', 'late'), i.state = 'succeeded', false) IS FALSE""",
    "deposits_have_their_line": """
        -- One that was undone has none, but for as long as the bank's line of it cannot be booked.
        SELECT count(*) FROM escrow_payment p
        WHERE p.channel = 'deposit' AND p.state = 'paid'
          AND NOT (p.taken_back_at IS NOT NULL AND EXISTS (
                SELECT 1 FROM escrow_statementline o WHERE o.beneficiary_id = p.beneficiary_id AND o.booked_at IS NULL))
          AND CASE WHEN p.taken_back_at IS NULL THEN 1 ELSE 0 END <> (
            SELECT count(*) FROM escrow_statementline l
            WHERE l.beneficiary_id = p.beneficiary_id AND l.kind = 'payment' AND l.reference = p.order_no
              AND l.matched_at IS NOT NULL AND l.direction = 'in' AND l.amount_fen = p.amount_fen)""",
    "statement_lines_booked": """
        SELECT count(*) FROM escrow_statementline
        WHERE booked_at IS NULL AND beneficiary_id IS NOT NULL AND currency = 'CNY'""",
    "unexplained_money_has_its_lines": """
        SELECT count(*) FROM escrow_account a
        LEFT JOIN (SELECT beneficiary_id, sum(amount_fen) FILTER (WHERE direction = 'in') AS came,
                          sum(amount_fen) FILTER (WHERE direction = 'out') AS went
                   FROM escrow_statementline WHERE booked_at IS NOT NULL AND matched_at IS NULL GROUP BY beneficiary_id) l
               ON l.beneficiary_id = a.beneficiary_id
        WHERE (a.code = 'suspense' AND a.credits_posted - a.debits_posted <> coalesce(l.came, 0))
           OR (a.code = 'unexplained' AND a.debits_posted - a.credits_posted <> coalesce(l.went, 0))""",
    "receipts_sent_back_have_a_second_person": """
        -- As often as it was sent back: an approval is for one order.
        SELECT count(*) FROM (
            SELECT receipt_id, amount_fen, count(*) AS times FROM escrow_instruction
            WHERE kind = 'return' GROUP BY receipt_id, amount_fen) i
        WHERE i.times > (
            SELECT count(*) FROM escrow_approval a
            WHERE a.kind = 'receipt_return' AND a.target = 'statement_line:' || i.receipt_id AND a.state = 'approved'
              AND a.amount_fen = i.amount_fen AND a.decided_by <> a.requested_by)""",
    "guards_in_place": """
        SELECT count(*) FROM unnest(ARRAY['transfer_immutable', 'transfer_not_truncated', 'audit_immutable',
            'audit_not_truncated', 'payout_line_immutable', 'account_kept', 'account_guard', 'agreement_guard',
            'agreement_kept', 'approval_guard', 'approval_kept', 'instruction_second_person',
            'instruction_return_approved', 'instruction_payee_kept', 'refund_account_second_person',
            'refund_not_back_once_assigned', 'assignment_immutable',
            'block_immutable', 'block_not_truncated', 'daily_root_immutable', 'daily_root_not_truncated',
            'daily_total_immutable', 'daily_total_not_truncated', 'early_release_kept', 'early_release_rule_kept'])
            AS wanted(name)
        LEFT JOIN pg_trigger t ON t.tgname = wanted.name AND t.tgenabled IN ('O', 'A') WHERE t.oid IS NULL""",
    "constraints_in_place": """
        SELECT count(*) FROM unnest(ARRAY['account_at_least_zero',
            'account_counters_not_negative', 'transfer_kind_known', 'transfer_asset_known', 'use_state_known',
            'use_units_positive', 'use_amounts_not_negative', 'use_key_once', 'transfer_amount', 'transfer_resolves_a_reservation',
            'transfer_between_two_accounts', 'agreement_face_value_is_money_plus_gift', 'approval_second_person',
            'assignment_between_two_people'])
            AS wanted(name)
        LEFT JOIN pg_constraint c ON c.conname = wanted.name AND c.convalidated WHERE c.oid IS NULL""",
}


def prove() -> list[Finding]:
    """Run every check on one snapshot of the database, so a running system cannot blur it."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        findings = []
        for name, sql in CHECKS.items():
            cursor.execute(sql)
            findings.append(Finding(name=name, found=cursor.fetchone()[0]))
        findings += [Finding(name=name, found=found) for name, found in proof_checks.check().items()]
    return findings
