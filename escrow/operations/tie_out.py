"""Every day, for every beneficiary: does custody in the ledger equal what the bank says? And does clearing return to zero?

Both are one set-based statement, however many beneficiaries there are. Rows are written anew when facts come late.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection

from escrow import audit
from escrow.clock import beijing_date
from escrow.models import ClearingAlarm, StatementLine
from escrow.reconciliation import PASSING
from escrow.transactions import transaction

logger = logging.getLogger(__name__)

#: The ledger's custody as of a bank day: the account less what lines of later days moved. The bank's: the closing of the
#: latest statement until then, or the balance after the last line if that is later than the statement was made.
TIE_OUT = """
WITH scope AS (
    SELECT b.id, d.day FROM escrow_beneficiary b CROSS JOIN unnest(%(days)s::date[]) AS d(day)
    WHERE %(beneficiaries)s::bigint[] IS NULL OR b.id = ANY(%(beneficiaries)s)
), known AS (
    SELECT scope.id, scope.day, a.net - coalesce(later.fen, 0) AS ledger_fen, bank.fen AS bank_fen,
           bank.day AS bank_day, unmatched.n, unmatched.fen AS unmatched_fen
    FROM scope
    JOIN LATERAL (SELECT debits_posted - credits_posted AS net FROM escrow_account
                  WHERE beneficiary_id = scope.id AND code = 'custody' AND agreement_id IS NULL) a ON true
    LEFT JOIN LATERAL (
        SELECT sum(CASE direction WHEN 'in' THEN amount_fen ELSE -amount_fen END)::bigint AS fen
        FROM escrow_statementline
        WHERE beneficiary_id = scope.id AND day > scope.day AND booked_at IS NOT NULL) later ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS n,
               coalesce(sum(CASE direction WHEN 'in' THEN amount_fen ELSE -amount_fen END)
                            FILTER (WHERE booked_at IS NULL), 0)::bigint AS fen
        FROM escrow_statementline
        WHERE beneficiary_id = scope.id AND day <= scope.day AND matched_at IS NULL AND currency = 'CNY'
    ) unmatched ON true
    LEFT JOIN LATERAL (
        SELECT fen, day FROM (
            (SELECT closing_fen AS fen, to_day AS day, coalesce(made_at, (to_day + 1)::timestamptz) AS told
             FROM escrow_statement s
             WHERE beneficiary_id = scope.id AND to_day <= scope.day AND closing_fen IS NOT NULL AND currency = 'CNY'
             -- Of several on one day that do not say when they were made, the one no other continues.
             ORDER BY to_day DESC, made_at DESC NULLS LAST, EXISTS (
                 SELECT 1 FROM escrow_statement n
                 WHERE n.beneficiary_id = s.beneficiary_id AND n.to_day = s.to_day AND n.opening_fen = s.closing_fen
                   AND n.id <> s.id AND n.sum_fen <> 0), id DESC LIMIT 1)
            UNION ALL
            (SELECT balance_after_fen, day, at FROM escrow_statementline
             WHERE beneficiary_id = scope.id AND day <= scope.day AND balance_after_fen IS NOT NULL
               AND currency = 'CNY'
             ORDER BY day DESC, at DESC, line_no DESC NULLS LAST, id DESC LIMIT 1)
        ) said ORDER BY day DESC, told DESC LIMIT 1) bank ON true
    WHERE bank.fen IS NOT NULL OR a.net <> 0
)
INSERT INTO escrow_tieout (beneficiary_id, day, ledger_fen, bank_fen, bank_day, unmatched, unmatched_fen, checked_at)
SELECT id, day, ledger_fen, bank_fen, bank_day, n, unmatched_fen, %(at)s FROM known ORDER BY id, day
ON CONFLICT (beneficiary_id, day) DO UPDATE
SET ledger_fen = excluded.ledger_fen, bank_fen = excluded.bank_fen, bank_day = excluded.bank_day,
    unmatched = excluded.unmatched, unmatched_fen = excluded.unmatched_fen, checked_at = excluded.checked_at
"""

#: Accounts that should be empty, with the age of the oldest movement in them that no bank line shows.
STANDING = """
SELECT a.beneficiary_id, a.code, a.channel, abs(a.debits_posted - a.credits_posted), CASE a.code
    WHEN 'clearing' THEN (
        SELECT min(p.paid_at) FROM escrow_payment p
        WHERE p.beneficiary_id = a.beneficiary_id AND p.channel = a.channel AND p.state IN ('paid', 'late')
          AND NOT EXISTS (SELECT 1 FROM escrow_statementline l
                          WHERE l.beneficiary_id = p.beneficiary_id AND l.kind = 'payment' AND l.reference = p.order_no
                            AND l.matched_at IS NOT NULL))
    ELSE (
        SELECT min(i.created_at) FROM escrow_instruction i
        WHERE i.beneficiary_id = a.beneficiary_id AND CASE i.kind WHEN 'return' THEN 'refund' ELSE i.kind END = a.code
          AND i.state <> 'failed'
          AND NOT EXISTS (SELECT 1 FROM escrow_statementline l
                          WHERE l.beneficiary_id = i.beneficiary_id AND l.kind = i.kind AND l.reference = i.number
                            AND l.matched_at IS NOT NULL))
    END AS since
FROM escrow_account a
WHERE a.code = ANY(%s) AND a.asset = 'CNY' AND a.debits_posted <> a.credits_posted
"""


def tie_out(
    *, days: Sequence[date], at: datetime, beneficiaries: Sequence[int] | None = None, later: bool = False
) -> int:
    """Write how these days tie out, for some beneficiaries or all; ``later``: also the days after them that were written
    before. Returns the number of rows."""
    if not days:
        return 0
    with transaction(), connection.cursor() as cursor:
        wanted = set(days)
        if later:
            cursor.execute(
                "SELECT DISTINCT day FROM escrow_tieout WHERE day > %s AND beneficiary_id = ANY(%s)",
                [min(days), list(beneficiaries or [])],
            )
            wanted |= {day for (day,) in cursor.fetchall()}
        values = {"days": sorted(wanted), "beneficiaries": list(beneficiaries) if beneficiaries else None, "at": at}
        cursor.execute(TIE_OUT, values)
        return cursor.rowcount


def tie_out_lately(*, at: datetime) -> int:
    """Today and yesterday, and the last three days the bank told of (its calendar is not the demo's)."""
    told = StatementLine.objects.order_by("-day").values_list("day", flat=True).distinct()[:3]
    today = beijing_date(at)
    return tie_out(days=sorted({today, today - timedelta(days=1), *told}), at=at)


def watch_clearing(*, at: datetime) -> int:
    """Raise an alarm for each account that has stood above zero for longer than ``CLEARING_ALARM_AFTER``, clear those
    that returned to zero, and return how many are open."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [[code.value for code in PASSING]])
        standing = cursor.fetchall()
    late = {
        (owner, code, channel): (amount, since or at)
        for owner, code, channel, amount, since in standing
        if since is None or since <= at - settings.CLEARING_ALARM_AFTER
    }
    with transaction():
        open_ = {
            (alarm.beneficiary_id, alarm.code, alarm.channel): alarm
            for alarm in ClearingAlarm.objects.select_for_update(of=("self",)).filter(cleared_at=None).order_by("pk")
        }
        for key, alarm in open_.items():
            if key not in late:
                alarm.cleared_at = at
                alarm.save(update_fields=["cleared_at"])
            elif (alarm.amount_fen, alarm.since) != late[key]:
                alarm.amount_fen, alarm.since = late[key]
                alarm.save(update_fields=["amount_fen", "since"])
        for (owner, code, channel), (amount, since) in late.items():
            if (owner, code, channel) in open_:
                continue
            _alarm, new = ClearingAlarm.objects.get_or_create(
                beneficiary_id=owner,
                code=code,
                channel=channel,
                cleared_at=None,
                defaults={"amount_fen": amount, "since": since, "raised_at": at},
            )
            if new:
                logger.error("clearing does not return to zero: %s %s %s", owner, code, channel)
                audit.record(
                    actor="system:reconciliation",
                    action="escrow.clearing_alarm",
                    target=f"beneficiary:{owner}",
                    after={"account": code, "channel": channel, "amount_fen": amount, "since": since.isoformat()},
                    at=at,
                )
    return len(late)
