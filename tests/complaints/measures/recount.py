"""The measures of docs/measures.md once more, from the raw tables by SQL alone: nothing of the app is used."""

from collections import defaultdict
from typing import Any

from django.db import connection

_DAY = "(({}) AT TIME ZONE 'Asia/Shanghai')::date"
_EVENTS = f"""
WITH raw AS (
    SELECT e.id, e.case_id, e.kind, e.to_state, e.at, {_DAY.format("e.at")} AS day, e.data,
           count(*) FILTER (WHERE e.kind = 'reopened') OVER (PARTITION BY e.case_id ORDER BY e.id) AS round,
           (e.kind = 'call' AND e.data->>'side' = 'consumer' AND e.data->>'result' = 'reached')
           OR (s.side = 'consumer' AND s.recorded_by_id IS NOT NULL) IS TRUE AS contact
    FROM cases_caseevent e LEFT JOIN cases_statement s ON s.id = e.statement_id
)
"""
_ROUNDS = (
    _EVENTS
    + """
, rounds AS (
    SELECT raw.case_id, raw.round,
           min(raw.day) FILTER (WHERE contact) AS contact_day,
           bool_or(raw.kind = 'overdue') AS marked,
           (array_agg(raw.to_state ORDER BY raw.id) FILTER (WHERE raw.to_state NOT IN ('received', 'dispatched', 'in_hand')))[1]
               AS ended_as,
           (array_agg(raw.day ORDER BY raw.id) FILTER (WHERE raw.to_state NOT IN ('received', 'dispatched', 'in_hand')))[1]
               AS ended_day,
           COALESCE((SELECT (n.data->>'due_before')::date FROM raw n
                     WHERE n.case_id = raw.case_id AND n.round = raw.round + 1 AND n.kind = 'reopened'), max(c.due_on)) AS due_on
    FROM raw JOIN cases_case c ON c.id = raw.case_id
    GROUP BY raw.case_id, raw.round
)
SELECT case_id,
       CASE WHEN contact_day <= due_on THEN contact_day
            WHEN contact_day IS NOT NULL OR marked OR ended_day > due_on THEN due_on
            ELSE ended_day END AS day,
       COALESCE(contact_day <= due_on, false) AS in_time
FROM rounds
WHERE contact_day IS NOT NULL OR marked OR ended_day > due_on OR ended_as IN ('executing', 'closed')
"""
)
_SPANS = (
    _EVENTS
    + """
SELECT DISTINCT ON (r.case_id, span) r.case_id, span, r.day, floor(extract(epoch FROM r.at - c.received_at))::int
FROM raw r JOIN cases_case c ON c.id = r.case_id
CROSS JOIN LATERAL (VALUES ('dispatch', r.kind IN ('dispatched', 'undetermined')), ('contact', r.contact), ('money', r.kind = 'paid'))
    AS v (span, counts)
WHERE counts
ORDER BY r.case_id, span, r.id
"""
)


def _ask(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _kept(seconds: int) -> int:
    unit = 1 if seconds < 600 else 60 if seconds < 86_400 else 3_600
    return max(seconds, 0) // unit * unit


def recounted() -> tuple[dict[tuple, dict[str, int]], dict[tuple, int]]:
    """By (month, district, subdistrict, department, sector) what is counted; and by the same, the time and its length how many."""
    where = {
        row[0]: row[1:]
        for row in _ask("SELECT id, district_id, subdistrict_id, lead_department_id, sector_id FROM cases_case")
    }
    cells: dict[tuple, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def count(case: int, day: Any, **what: bool) -> None:
        for name, value in what.items():
            cells[(day.replace(day=1), *where[case])][name] += int(value)

    received = f"""
        SELECT c.id, {_DAY.format("c.received_at")}, EXISTS (
            SELECT 1 FROM cases_case o LEFT JOIN cases_outsidepurchase op ON op.id = o.outside_id
            WHERE o.complainant_id = c.complainant_id AND o.id <> c.id
            AND COALESCE(o.merchant_id::text, '@' || op.name_key) = COALESCE(c.merchant_id::text, '@' || p.name_key)
            AND (o.received_at, o.id) < (c.received_at, c.id) AND o.received_at >= c.received_at - interval '365 days')
        FROM cases_case c LEFT JOIN cases_outsidepurchase p ON p.id = c.outside_id"""
    for case, day, repeated in _ask(received):
        count(case, day, received=True, repeated=repeated)
    for case, day in _ask(f"SELECT case_id, {_DAY.format('at')} FROM cases_caseevent WHERE kind = 'reopened'"):
        count(case, day, reopened=True)
    for case, day, in_time in _ask(_ROUNDS):
        count(case, day, due=True, contacted=in_time)
    answers = f"""
        SELECT case_id, {_DAY.format("COALESCE(answered_at, lapsed_at)")}, answered_at IS NOT NULL,
               COALESCE(reached, false), COALESCE(resolved, false), COALESCE(satisfied, false)
        FROM cases_callback WHERE state <> 'asked'"""
    for case, day, valid, reached, resolved, satisfied in _ask(answers):
        count(case, day, asked=True, valid=valid, reached=reached, resolved=resolved, satisfied=satisfied)
    durations: dict[tuple, int] = defaultdict(int)
    for case, span, day, seconds in _ask(_SPANS):
        count(case, day, received=False)
        durations[(day.replace(day=1), *where[case], span, _kept(seconds))] += 1
    return cells, durations
