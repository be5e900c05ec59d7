"""``python -m benchmarks.sum_tree [--json] [AGREEMENTS [MERCHANTS]]``: sealing, a day's sum tree, one proof out of it.

A million agreements of a thousand merchants, funded the day before, in a database of its own that is dropped
afterwards. Limits: the tree in 30 s with less than 1 GB of memory, a proof in 5 ms.
"""

import json
import os
import random
import resource
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PROOFS = 300
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

#: What funding through the kernel would leave, written at once: ``%(n)s`` agreements spread over all merchants.
FUNDED = """
ALTER TABLE escrow_account DISABLE TRIGGER USER;
INSERT INTO escrow_beneficiary (custody_no, payout_account_no, payout_account_name, payouts_held, payouts_held_because,
                                created_at)
SELECT 'bench' || i, '', '', false, '', %(at)s FROM generate_series(1, %(merchants)s) i;
INSERT INTO escrow_agreement (beneficiary_id, funder, plan, price_fen, bonus_fen, units_total, state, pay_until,
                              opened_at, funded_at)
SELECT b.id, gen_random_uuid(), 'sessions', 1 + floor(random() * 500000), 0, 10, 'held', %(at)s, %(at)s, %(at)s
FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM escrow_beneficiary) b
JOIN generate_series(1, %(n)s) i ON 1 + i %% %(merchants)s = b.nth ORDER BY i;
INSERT INTO escrow_account (beneficiary_id, code, channel, asset, debits_posted, credits_posted, debits_pending,
                            credits_pending, version)
SELECT beneficiary_id, 'clearing', 'bench', 'CNY', sum(price_fen), 0, 0, 0, count(*)
FROM escrow_agreement GROUP BY beneficiary_id;
INSERT INTO escrow_account (beneficiary_id, agreement_id, code, channel, asset, debits_posted, credits_posted,
                            debits_pending, credits_pending, version)
SELECT beneficiary_id, id, 'held', '', 'CNY', 0, price_fen, 0, 0, 1 FROM escrow_agreement ORDER BY id;
INSERT INTO escrow_transfer (beneficiary_id, agreement_id, debit_account_id, credit_account_id, asset, kind, reason,
                             amount, reference, at, debit_balance_after, credit_balance_after, debit_version,
                             credit_version)
SELECT g.beneficiary_id, g.id, c.id, h.id, 'CNY', 'posted', 'fund', g.price_fen, 'bench', %(at)s,
       sum(g.price_fen) OVER w, g.price_fen, row_number() OVER w, 1
FROM escrow_agreement g JOIN escrow_account h ON h.agreement_id = g.id
JOIN escrow_account c ON c.beneficiary_id = g.beneficiary_id AND c.code = 'clearing'
WINDOW w AS (PARTITION BY g.beneficiary_id ORDER BY g.id) ORDER BY g.id;
ALTER TABLE escrow_account ENABLE TRIGGER USER;
"""


def main() -> None:
    """Make a database, measure, print, drop it."""
    root = Path(__file__).resolve().parent.parent
    os.environ.setdefault("PREPAID_VAR", str(root / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    from embedded.services import database_for_this_process

    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    agreements, merchants = [*numbers, *(1_000_000, 1_000)[len(numbers) :]]
    with database_for_this_process():
        import django

        django.setup()
        from tests.databases import Databases

        databases = Databases()
        databases.build_template(reuse=True)
        with databases.clone(f"{databases.base}_sum_tree") as name:
            with databases.use(name, as_owner=True):
                fund(agreements, merchants)
            results = measure(agreements)
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    print(f"{'':46}{'measured':>12} {'':<12}{'limit':<12}")
    for result in results:
        limit = f"{result['limit']:,} {result['unit']}" if result["limit"] else ""
        verdict = "" if not limit else "met" if result["value"] <= result["limit"] else "MISSED"
        print(f"{result['name']:46}{result['value']:>12,.1f} {result['unit']:<12}{limit:<12}{verdict}")


def fund(agreements: int, merchants: int) -> None:
    """Fill the database, then let the planner look at it."""
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in FUNDED.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"n": agreements, "merchants": merchants, "at": AT})
        cursor.execute("VACUUM ANALYZE")


def measure(agreements: int) -> list[dict[str, Any]]:
    """Each figure with its unit and the limit it is held to."""
    from escrow import blocks, proof_checks, totals, verifier
    from escrow import operations as escrow
    from escrow.models import Agreement

    day = AT.date()
    night = totals.end_of(day) + totals.SETTLES_IN
    started = time.perf_counter()
    for beneficiary_id in blocks.unsealed():
        escrow.seal(beneficiary_id=beneficiary_id, at=AT + timedelta(hours=1), actor="system:bench")
    sealing = time.perf_counter() - started

    started = time.perf_counter()
    root = escrow.publish_total(day=day, at=night, actor="system:bench")
    building = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    first, last = (Agreement.objects.order_by(order).values_list("pk", flat=True)[0] for order in ("id", "-id"))
    draw = random.Random(1)
    proving, checking = [], []
    for deal in Agreement.objects.filter(pk__in={draw.randint(first, last) for _ in range(PROOFS)}):
        started = time.perf_counter()
        share = totals.share_of(deal)
        proving.append(time.perf_counter() - started)
        started = time.perf_counter()
        verifier.check_proof(share.proof if share else None)
        checking.append(time.perf_counter() - started)
    started = time.perf_counter()
    broken = sum(proof_checks.check().values())
    assert not broken, "what was built does not hold"
    proved = time.perf_counter() - started
    figures = [
        (f"sealing {agreements:,} transfers", agreements / sealing, "per second", None),
        (f"sum tree over {root.agreements if root else 0:,} agreements", building, "s", 30),
        ("memory at its peak", memory, "MB", 1000),
        ("one proof, median", statistics.median(proving) * 1000, "ms", 5),
        ("one proof, 99 of 100", statistics.quantiles(proving, n=100)[98] * 1000, "ms", 5),
        ("checking a proof, median", statistics.median(checking) * 1000, "ms", None),
        ("prove: blocks and tree again", proved, "s", None),
    ]
    return [dict(zip(("name", "value", "unit", "limit"), figure, strict=True)) for figure in figures]


if __name__ == "__main__":
    main()
