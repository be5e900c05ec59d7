"""A night of early warning: every merchant's signals from its days, points, grades; beside adding up the same rows once, in SQL."""

import time
from typing import Any

from benchmarks.figures import Figure, say

MERCHANTS, QUICK = 50_000, 5_000
SECONDS = 60

#: Merchants like one that there is, each with an account of its own, over all sectors.
COPIES = """
CREATE TEMP TABLE sector AS SELECT code, row_number() OVER (ORDER BY code) - 1 AS k FROM merchants_sector;
INSERT INTO escrow_beneficiary SELECT (jsonb_populate_record(b, jsonb_build_object(
    'id', 10000000 + n, 'custody_no', 'B' || n))).*
FROM escrow_beneficiary b, generate_series(1, %(merchants)s::int) n WHERE b.id = %(beneficiary)s;
INSERT INTO merchants_merchant SELECT (jsonb_populate_record(m, jsonb_build_object(
    'id', 10000000 + n, 'beneficiary_id', 10000000 + n, 'uscc', 'B' || lpad(n::text, 17, '0'), 'sector_id', s.code))).*
FROM merchants_merchant m, generate_series(1, %(merchants)s::int) n JOIN sector s ON s.k = n %% (SELECT count(*) FROM sector)
WHERE m.id = %(merchant)s
"""
#: 112 days of each: forty to a hundred cards, a weekly rhythm; one in fifty falls silent, one in thirty sells out.
DAYS = """
INSERT INTO warnings_merchantday (merchant_id, day, cards, uses, use_fen, doubtful, sales, sales_fen, list_fen, term_days,
                                  refunds_asked, refunds_late, disputes, complaints)
SELECT 10000000 + n, %(last)s::date - age, 40 + n %% 60, uses, uses * 12000, 0, sales, sales * 200000, sales * 210000, sales * 365,
       (hashint4(n * 131 + age) & 63 = 0)::int, 0, 0, (hashint4(n * 17 + age) & 255 = 0)::int
FROM generate_series(1, %(merchants)s::int) n, generate_series(0, %(days)s::int - 1) age,
     LATERAL (SELECT CASE WHEN n %% 50 = 0 AND age < 14 THEN 0 ELSE 2 + (hashint4(n * 1009 + age) & 7) END AS uses,
                     CASE WHEN n %% 30 = 0 AND age < 28 THEN 6 ELSE (hashint4(n * 7 + age) & 3) / 3 END AS sales) figures
"""
FLOOR = "SELECT merchant_id, sum(cards), sum(uses), sum(sales_fen) FROM warnings_merchantday GROUP BY merchant_id"


def measure(databases: Any, *, quick: bool) -> list[Figure]:
    """The night of so many merchants, on one core and the server's."""
    from complaints.warnings import operations
    from complaints.warnings.models import Assessment, Measure
    from complaints.warnings.operations import assessing
    from escrow import clock

    merchants = QUICK if quick else MERCHANTS
    with databases.clone(f"{databases.base}_warnings") as name:
        _fill(databases, name, merchants)
        floor = _floor()
        counted, assessing.count_days = (
            assessing.count_days,
            lambda upto: 0,
        )  # the days are there; their counting is another matter
        try:
            began = time.perf_counter()
            weighed = operations.assess(at=clock.now())
            took = time.perf_counter() - began
        finally:
            assessing.count_days = counted
        assert weighed == merchants, weighed
        began = time.perf_counter()
        moved = operations.apply_rules(at=clock.now())
        first = time.perf_counter() - began
        began = time.perf_counter()
        assert operations.apply_rules(at=clock.now()) == 0
        again = time.perf_counter() - began
        watched = Assessment.objects.exclude(grade="A").count()
        say(f"warnings: {watched:,} above A, {moved:,} measures, {Measure.objects.count():,} rows")
    night = f"a night of {merchants:,} merchants"
    return [
        Figure(name=f"{night}: signals, points, grades", value=took, unit="s", limit=("≤", SECONDS * merchants / MERCHANTS)),
        Figure(name=f"{night} ÷ adding up its rows once", value=took / floor, unit="×", note=f"floor {floor:.1f} s"),
        Figure(name="what the rules then say, nothing to begin", value=again, unit="s"),
        Figure(name="a measure that a rule begins", value=1000 * (first - again) / moved, unit="ms", note=f"{moved:,} of them"),
    ]  # fmt: skip


def _floor() -> float:
    from django.db import connection

    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(FLOOR)
        cursor.fetchall()
    return time.perf_counter() - began


def _fill(databases: Any, name: str, merchants: int) -> None:
    from datetime import timedelta

    from django.db import connection

    from complaints.warnings.facts import HABIT, LATELY
    from escrow import clock
    from tests.complaints import factories as make

    shop = make.shop()
    values = {
        "merchants": merchants, "merchant": shop.merchant.pk, "beneficiary": shop.merchant.beneficiary_id,
        "days": LATELY + HABIT, "last": clock.today() - timedelta(days=1),
    }  # fmt: skip
    began = time.perf_counter()
    with databases.use(name, as_owner=True), connection.cursor() as cursor:
        for statement in [*COPIES.split(";\n"), DAYS]:
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    say(
        f"warnings: {merchants:,} merchants with {merchants * values['days']:,} days in {time.perf_counter() - began:.0f} s"
    )
