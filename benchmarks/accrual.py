"""``python -m benchmarks.accrual [--json] [AGREEMENTS]``: a day of every period card in one run, and an outage caught up.

Ten thousand agreements of one merchant, in a database of its own that is dropped afterwards. Limit: a day in 5 s, with the
days whose lag is over made final in the same run.
"""

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

#: Copies of one funded agreement, made through the kernel first.
COPIES = """
ALTER TABLE escrow_account DISABLE TRIGGER USER;
CREATE TEMP TABLE one AS
SELECT g AS deal, h AS held, t AS fund FROM escrow_agreement g
JOIN escrow_transfer t ON t.agreement_id = g.id AND t.reason = 'fund' AND t.asset = 'CNY'
JOIN escrow_account h ON h.id = t.credit_account_id;
INSERT INTO escrow_agreement SELECT (jsonb_populate_record(deal, jsonb_build_object('id', 10000000 + i))).*
FROM one, generate_series(1, %(n)s - 1) i;
INSERT INTO escrow_account SELECT (jsonb_populate_record(held, jsonb_build_object(
    'id', 20000000 + i, 'agreement_id', 10000000 + i))).* FROM one, generate_series(1, %(n)s - 1) i;
INSERT INTO escrow_transfer SELECT (jsonb_populate_record(fund, jsonb_build_object(
    'id', (fund).id + i, 'agreement_id', 10000000 + i, 'credit_account_id', 20000000 + i,
    'debit_balance_after', (fund).debit_balance_after * (i + 1), 'debit_version', i + 1))).*
FROM one, generate_series(1, %(n)s - 1) i ORDER BY i;
UPDATE escrow_account SET debits_posted = debits_posted * %(n)s, version = %(n)s FROM one WHERE id = (fund).debit_account_id;
SELECT setval('escrow_transfer_id_seq', max(id)) FROM escrow_transfer;
ALTER TABLE escrow_account ENABLE TRIGGER USER;
"""
#: The checks of ``prove`` that a run of accruals can break.
CHECKS = (
    "accounts_equal_their_transfers",
    "balances_after_continuous",
    "shares_exact",
    "reservations_resolved_once",
    "uses_equal_their_transfers",
    "days_accrue_once_and_all",
    "no_day_accrues_that_nobody_served",
)


def main() -> None:
    """Make a database, measure, print, drop it."""
    root = Path(__file__).resolve().parent.parent
    os.environ.setdefault("PREPAID_VAR", str(root / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    from embedded.services import database_for_this_process

    agreements = next((int(word) for word in sys.argv[1:] if word.isdigit()), 10_000)
    with database_for_this_process():
        import django

        django.setup()
        from tests.databases import Databases

        databases = Databases()
        databases.build_template(reuse=True)
        with databases.clone(f"{databases.base}_accrual") as name:
            with databases.use(name, as_owner=True):
                sell(agreements)
            results = measure(agreements)
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    print(f"{'':50}{'seconds':>10}{'days':>10} {'':<4}{'limit':<10}")
    for result in results:
        limit = result["limit"]
        verdict = "" if limit is None else "met" if result["seconds"] <= limit else "MISSED"
        print(f"{result['name']:50}{result['seconds']:>10.2f}{result['days']:>10,} {'':<4}{limit or '':<10}{verdict}")


def sell(agreements: int) -> None:
    """Fill the database, then let the planner look at it."""
    from django.db import connection

    from escrow.states import Plan
    from tests.escrow.factories import held_agreement

    held_agreement(plan=Plan.PERIOD, price_fen=365_000, units_total=365)
    with connection.cursor() as cursor:
        for statement in COPIES.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"n": agreements})
        cursor.execute("VACUUM ANALYZE")


def measure(agreements: int) -> list[dict[str, Any]]:
    """Each run with the days it reserved, gave back or made final."""
    from django.db import connection

    from escrow import clock, invariants
    from escrow import operations as escrow
    from escrow.models import Beneficiary, Use
    from escrow.states import StoppageKind
    from tests.escrow.factories import AT

    actor, results = "system:bench", []

    def timed(name: str, day: int, limit: float | None = None) -> None:
        started = time.perf_counter()
        done = escrow.accrue(at=AT + timedelta(days=day), actor=actor)
        seconds = time.perf_counter() - started
        days = done.accrued + done.final + done.voided
        results.append({"name": name, "seconds": seconds, "days": days, "limit": limit})

    timed(f"the first day of {agreements:,} cards, reserved", 2, 5)
    for day in range(3, 9):
        escrow.accrue(at=AT + timedelta(days=day), actor=actor)
    timed("a day reserved and a day made final", 9, 5)
    timed("the same run again", 9)
    timed("after an outage of 30 days", 39)
    began = AT + timedelta(days=39)
    started = time.perf_counter()
    escrow.begin_stoppage(
        beneficiary_id=Beneficiary.objects.get().pk,
        kind=StoppageKind.DARK,
        because="benchmark",
        since=clock.beijing_date(began) - timedelta(days=7),
        at=began,
        actor=actor,
    )
    seconds = time.perf_counter() - started
    given_back = Use.objects.filter(state="voided").count()
    name = "a stop found a week late gives the days back"
    results.append({"name": name, "seconds": seconds, "days": given_back, "limit": None})
    with connection.cursor() as cursor:
        for check in CHECKS:
            cursor.execute(invariants.CHECKS[check])
            if cursor.fetchone()[0]:
                raise SystemExit(f"{check} does not hold: these figures mean nothing")
    return results


if __name__ == "__main__":
    main()
